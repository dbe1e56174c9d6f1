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

from manikin.cohort.fingerprint import compute_fingerprint
from manikin.cohort.sample_evidence import SampleEvidence
from manikin.cohort.scalar_matrix import read_survival
from manikin.evaluation.card.burned_text_check import BURNED_IN_KEY, find_burned_text
from manikin.evaluation.measuring.evaluation_data import should_pool_training
from manikin.evaluation.report.histograms import (
    MIN_SHOWN_RECORDS,
    compute_bin_edges,
    compute_histograms,
    count_in_bins,
    find_trimmed_range,
    to_shares,
)
from manikin.stats.association import AssociationLayout, compute_associations
from manikin.stats.nearest_neighbors import compute_nearest_distance
from manikin.stats.survival_curves import compute_product_limit, compute_survival_at

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.contracts.split import EvaluationOptions, Sample
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import EvaluationData
    from manikin.evaluation.measuring.repeats import Repeats

SIDE_NAMES = ("train", "holdout", "synthetic")
MAX_RECORDS = 20_000  # records of a side that enter a figure
MAX_NEIGHBOR_RECORDS = 2_000  # records of a side whose neighbours are looked for
MAX_POINTS = 1_000  # synthetic records that are drawn
DISTANCE_BINS = 30
CURVE_POINTS = 120  # of a survival curve


def collect_metadata(
    cohorts: tuple[Cohort, ...], question: EvaluationOptions, seed: int, subsampled: list[str]
) -> dict[str, Any]:
    """Sizes, what was asked, fingerprints and versions."""
    sides = dict(zip(SIDE_NAMES, cohorts, strict=True))
    return {
        "label": question.label,
        "subgroups": list(question.subgroups),
        "seed": seed,
        "fields": len(cohorts[0].schema),
        "records": {side: len(cohort) for side, cohort in sides.items()},
        "subjects": {side: len(np.unique(cohort.subject)) for side, cohort in sides.items()},
        "hashes": {side: compute_fingerprint(cohort) for side, cohort in sides.items()},
        "versions": {"manikin": version("manikin"), "python": platform.python_version()},
        "subsampled": subsampled,
        "unsupported": list(cohorts[2].origin.find_options(SampleEvidence).unsupported or ()),
        "pooled": should_pool_training(len(cohorts[1])),
        **({BURNED_IN_KEY: text} if (text := find_burned_text(cohorts[0])) else {}),
        "evaluated": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def compute_plots(sides: EvaluationData, draws: list[Repeats], key: Key) -> dict[str, Any]:
    """Marginals, correlations, embedding, neighbours, survival and null distributions."""
    real, synthetic = (
        side.subsample(MAX_RECORDS, key.child("plots").numpy()) for side in (sides.real, sides.synthetic)
    )
    found = {"nulls": {draw.name: draw.null_interval for draw in draws if draw.is_measured}}
    if real.x.shape[1] > 1:  # of one direction the marginals show all
        found["embedding"] = compute_embedding(real, synthetic)
    if real.x.shape[1]:
        found["neighbours"] = compute_neighbor_distances(sides, key.child("neighbours"))
    if real.fields.names:
        found["marginals"] = compute_histograms(real, synthetic)
        found["correlation"] = compute_correlation(real, synthetic)
    if (survived := compute_survival_curves(real, synthetic)) is not None:
        found["survival"] = survived
    return found


def compute_correlation(real: Sample, synthetic: Sample) -> dict[str, Any]:
    """The association matrices of both sides, rounded to three digits."""
    layout = AssociationLayout.from_table(real.table, real.fields.is_categorical)
    names = [real.fields.names[j] for j in layout.column_order]
    a, b = (compute_associations(side.table, layout)[0].round(3).tolist() for side in (real, synthetic))
    return {"fields": names, "real": a, "synthetic": b}


def compute_embedding(real: Sample, synthetic: Sample) -> dict[str, Any]:
    """The two directions in which real records differ most: density of these, points of synthetic ones."""
    centre = real.x.mean(axis=0)
    _, strength, axes = np.linalg.svd(
        np.cov((real.x - centre).T.astype(float), ddof=0).reshape(-1, real.x.shape[1])
    )
    plane = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    flat, spots = ((side.x - centre) @ plane.T for side in (real, synthetic))
    x, y = (compute_bin_edges(flat[:, j], count_grid_cells(len(flat))) for j in range(flat.shape[1]))
    density = np.histogram2d(flat[:, 0], flat[:, 1], bins=(x, y))[0].T
    return {
        "density": (np.where(density < MIN_SHOWN_RECORDS, 0, density) / len(flat)).round(5).tolist(),
        "extent": [x[0], x[-1], y[0], y[-1]],
        "synthetic": spots[:MAX_POINTS].round(2).tolist(),
        "explained": (strength[:2] / strength.sum()).round(4).tolist(),
    }


def count_grid_cells(n: int) -> int:
    """Cells along one side of a density grid: fewer where records are few."""
    return int(np.clip(np.sqrt(n / 8), 6, 40))


def compute_neighbor_distances(sides: EvaluationData, key: Key) -> dict[str, Any]:
    """How far held-out and synthetic records lie from the nearest training record."""
    train = sides.train.subsample(MAX_RECORDS, key.numpy())
    far = {
        name: compute_nearest_distance(side.subsample(MAX_NEIGHBOR_RECORDS, key.numpy()).x, train.x)
        for name, side in (("real", sides.holdout), ("synthetic", sides.synthetic))
    }
    bins = np.linspace(
        0, find_trimmed_range(np.concatenate(list(far.values())))[1] or 1.0, DISTANCE_BINS + 1
    )
    return {
        "edges": bins.round(4).tolist(),
        "real": to_shares(count_in_bins(far["real"], bins), small=MIN_SHOWN_RECORDS),
        "synthetic": to_shares(count_in_bins(far["synthetic"], bins)),
    }


def compute_survival_curves(real: Sample, synthetic: Sample) -> dict[str, Any] | None:
    """Kaplan-Meier curves of both sides, as far as five real records are followed; None: no times."""
    pair, other = (read_survival(side.cohort) for side in (real, synthetic))
    if pair is None or other is None or not np.isfinite(pair[0]).any():
        return None
    followed = np.sort(pair[0][np.isfinite(pair[0])])
    grid = np.linspace(0, followed[-min(MIN_SHOWN_RECORDS, len(followed))], CURVE_POINTS)
    field = real.source_cohort.schema[real.source_cohort.schema.find_by_role("time") or ""]
    return {
        "time": grid.round(4).tolist(),
        "real": compute_survival_at(*compute_product_limit(*pair), grid).round(4).tolist(),
        "synthetic": compute_survival_at(*compute_product_limit(*other), grid).round(4).tolist(),
        "unit": getattr(field, "unit", None),
    }
