"""Evidence: what stands on the card beside its scores, as plain numbers.

Figures of real records are aggregated, and whatever fewer than five of them make is left out; single
records are shown only of the synthetic side, and never one that equals a real record.
"""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.fingerprint import digest
from manikin.cohort.scalar_matrix import survival
from manikin.evaluation.card.burned_text_check import KEY, find_text
from manikin.evaluation.measuring.evaluation_data import pooled
from manikin.evaluation.report.histograms import SMALL, columns, counted, edges, shares, trimmed
from manikin.metrics.fidelity.association import association, layout
from manikin.metrics.validity.rules_and_survival import product_limit, survivors
from manikin.stats.nearest_neighbors import distance

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.contracts.metric import Question, Sample
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import Sides
    from manikin.evaluation.measuring.repeats import Draws

SIDES = ("train", "holdout", "synthetic")
MOST = 20_000  # records of a side that enter a figure
NEAR = 2_000  # records of a side whose neighbours are looked for
SPOTS = 1_000  # synthetic records that are drawn
BINS = 30
POINTS = 120  # of a survival curve


def about(
    cohorts: tuple[Cohort, ...], question: Question, seed: int, subsampled: list[str]
) -> dict[str, Any]:
    """Sizes, what was asked, fingerprints and versions."""
    sides = dict(zip(SIDES, cohorts, strict=True))
    return {
        "label": question.label,
        "subgroups": list(question.subgroups),
        "seed": seed,
        "fields": len(cohorts[0].schema),
        "records": {side: len(cohort) for side, cohort in sides.items()},
        "subjects": {side: len(np.unique(cohort.subject)) for side, cohort in sides.items()},
        "hashes": {side: digest(cohort) for side, cohort in sides.items()},
        "versions": {"manikin": version("manikin"), "python": platform.python_version()},
        "subsampled": subsampled,
        "unsupported": list(cohorts[2].origin.options.get("unsupported", ())),
        "pooled": pooled(len(cohorts[1])),
        **({KEY: text} if (text := find_text(cohorts[0])) else {}),
        "evaluated": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def plots(sides: Sides, draws: list[Draws], key: Key) -> dict[str, Any]:
    """Marginals, correlations, embedding, neighbours, survival and null distributions."""
    real, synthetic = (few(side, MOST, key.child("plots")) for side in (sides.real, sides.synthetic))
    found = {"nulls": {draw.name: draw.null for draw in draws if draw.measured}}
    if real.x.shape[1] > 1:  # of one direction the marginals show all
        found["embedding"] = embedding(real, synthetic)
    if real.x.shape[1]:
        found["neighbours"] = neighbours(sides, key.child("neighbours"))
    if real.fields.names:
        found["marginals"] = columns(real, synthetic)
        found["correlation"] = correlation(real, synthetic)
    if (survived := curves(real, synthetic)) is not None:
        found["survival"] = survived
    return found


def few(sample: Sample, most: int, key: Key) -> Sample:
    """At most so many records, drawn at random."""
    if len(sample) <= most:
        return sample
    return sample.take(np.sort(key.numpy().choice(len(sample), most, replace=False)))


def correlation(real: Sample, synthetic: Sample) -> dict[str, Any]:
    """The association matrices of both sides, rounded to three digits."""
    plan = layout(real)
    names = [real.fields.names[j] for j in plan.order]
    a, b = (association(side, plan)[0].round(3).tolist() for side in (real, synthetic))
    return {"fields": names, "real": a, "synthetic": b}


def embedding(real: Sample, synthetic: Sample) -> dict[str, Any]:
    """The two directions in which real records differ most: density of these, points of synthetic ones."""
    centre = real.x.mean(axis=0)
    _, strength, axes = np.linalg.svd(
        np.cov((real.x - centre).T.astype(float), ddof=0).reshape(-1, real.x.shape[1])
    )
    plane = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    flat, spots = ((side.x - centre) @ plane.T for side in (real, synthetic))
    x, y = (edges(flat[:, j], cells(len(flat))) for j in range(flat.shape[1]))
    density = np.histogram2d(flat[:, 0], flat[:, 1], bins=(x, y))[0].T
    return {
        "density": (np.where(density < SMALL, 0, density) / len(flat)).round(5).tolist(),
        "extent": [x[0], x[-1], y[0], y[-1]],
        "synthetic": spots[:SPOTS].round(2).tolist(),
        "explained": (strength[:2] / strength.sum()).round(4).tolist(),
    }


def cells(n: int) -> int:
    """Cells along one side of a density grid: fewer where records are few."""
    return int(np.clip(np.sqrt(n / 8), 6, 40))


def neighbours(sides: Sides, key: Key) -> dict[str, Any]:
    """How far held-out and synthetic records lie from the nearest training record."""
    train = few(sides.train, MOST, key)
    far = {
        name: distance(few(side, NEAR, key).x, train.x)
        for name, side in (("real", sides.holdout), ("synthetic", sides.synthetic))
    }
    bins = np.linspace(0, trimmed(np.concatenate(list(far.values())))[1] or 1.0, BINS + 1)
    return {
        "edges": bins.round(4).tolist(),
        "real": shares(counted(far["real"], bins), small=SMALL),
        "synthetic": shares(counted(far["synthetic"], bins)),
    }


def curves(real: Sample, synthetic: Sample) -> dict[str, Any] | None:
    """Kaplan-Meier curves of both sides, as far as five real records are followed; None: no times."""
    pair, other = (survival(side.cohort) for side in (real, synthetic))
    if pair is None or other is None or not np.isfinite(pair[0]).any():
        return None
    followed = np.sort(pair[0][np.isfinite(pair[0])])
    grid = np.linspace(0, followed[-min(SMALL, len(followed))], POINTS)
    field = real.whole.schema[real.whole.schema.named("time") or ""]
    return {
        "time": grid.round(4).tolist(),
        "real": survivors(*product_limit(*pair), grid).round(4).tolist(),
        "synthetic": survivors(*product_limit(*other), grid).round(4).tolist(),
        "unit": getattr(field, "unit", None),
    }
