"""Signals: families on beats and on stays with equal budgets, and what is learned from what they make.

    python benchmarks/signals.py --data DATA [--sets mitbih,...] [--families diffusion,...] [--minutes M]

A cell is one family on one set: the signals are learned under the label (of stays, with all other fields
before them), and as many are drawn as were learned. Utility is measured on unseen subjects (of beats: on
unseen records of patients), fidelity against held-out stretches of the same ones: there are only twelve
patients, and none is like another. One line of JSON is appended for each cell, and lines that exist are
not computed again. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from clock import processor
from lines import append, line, rows
from signal_sets import SETS, signals, stretches

import manikin as mk
from manikin.core.registry import find
from manikin.signals.analysis.features import compute_series_features

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

FIELDS = {"mitbih": "ecg", "physionet2012": "series"}
UNSEEN = (105, 116, 119)  # records of MIT-BIH on which utility is measured
SCORES = ("c2st_auc", "frechet_distance", "precision", "recall", "coverage", "spectrum_distance")
SCORES += ("intensity_distance", "autocorrelation_distance", "channel_correlation_distance")
SCORES += (
    "missing_rate_distance",
    "forecast_error",
    "disguised_copies",
    "near_match_excess",
    "membership_auc",
)
JUDGED = 3_000  # records of a side that the card looks at
TIMED = 1_000


def main() -> None:
    given = arguments()
    processor()
    for name in given.sets.split(","):
        for family in given.families.split(","):
            once(given, name, family)
    print(report(rows(given.results)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with signals/")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--families", default="diffusion,vae,gan,autoregressive,masked")
    parser.add_argument(
        "--steps", type=int, default=None, help="steps of training; the default of the family"
    )
    parser.add_argument("--minutes", type=float, default=None, help="CPU minutes of training")
    parser.add_argument("--options", default="{}", help="options of the family, as JSON")
    parser.add_argument("--cap", type=int, default=None, help="records of a set that are used")
    parser.add_argument("--results", type=Path, default=Path("out/benchmarks/signals.jsonl"))
    return parser.parse_args()


def once(given: argparse.Namespace, name: str, family: str) -> None:
    """Make, measure and judge one cell, unless its line is there already."""
    cell = {
        "set": name,
        "family": family,
        "steps": given.steps,
        "minutes": given.minutes,
        "options": json.loads(given.options),
    }
    if any(cell.items() <= row.items() for row in rows(given.results)):
        return
    train, holdout, unseen, label = parts(name, given.data, given.cap)
    field = FIELDS[name]
    others = [n for n in train.schema.modelled_fields if n != field]
    clock = [(time.perf_counter(), time.process_time())]
    model = mk.Synthesizer(
        field,
        tuple(others),
        find("families", family)(**cell["options"]),
        training=mk.Training(steps=given.steps, minutes=given.minutes),
    )
    model = model.fit(train, quiet=True)
    clock.append((time.perf_counter(), time.process_time()))
    asked = train.select(*others)
    synthetic = model.sample(condition=asked)
    clock.append((time.perf_counter(), time.process_time()))
    spent = [[round(b - a, 1) for a, b in zip(*pair, strict=True)] for pair in pairwise(clock)]
    spent[1] = [round(part * TIMED / len(train), 2) for part in spent[1]]
    row = cell | {"records": len(train), "fit": spent[0], "sample": spent[1]}
    row |= {"facts": model.models[0].learner.facts}
    row |= {"tstr": auroc(synthetic, unseen, label, field), "trtr": auroc(train, unseen, label, field)}
    card = mk.evaluate(*(some(side) for side in (synthetic, train, holdout)), label=label)
    row |= {
        "verdicts": card.verdicts,
        "scores": {s.name: [s.value, s.ceiling, s.calibrated] for s in card.scores},
    }
    append(given.results, row)
    card.to_html(given.results.with_name(f"{name}-{family}.html"))


def parts(name: str, data: Path, cap: int | None) -> tuple[Cohort, Cohort, Cohort, str]:
    """Records learned from, held-out ones for the card, and unseen patients for utility."""
    cohort, label = signals(name, data)
    if name == "mitbih":
        unseen = np.isin(cohort["subject"], UNSEEN)
        known, rest = stretches(cohort.take(np.flatnonzero(~unseen))), cohort.take(np.flatnonzero(unseen))
    else:
        known, rest = cohort.split(0.25, seed=0)
    if cap:
        known = known.take(np.sort(np.random.default_rng(0).permutation(len(known))[:cap]))
    train, holdout = known.split(0.2, seed=0)
    return train, holdout, rest, label


def auroc(learned: Cohort, unseen: Cohort, label: str, field: str) -> float:
    """AUROC on unseen patients of gradient boosting that learned from `learned`.

    It reads waveforms as they are, or what is measured of series (level, spread, change, ...) with all
    other fields.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.05, random_state=0)
    model.fit(columns(learned, label, field), learned[label].astype(int))
    guessed = model.predict_proba(columns(unseen, label, field))[:, 1]
    return round(float(roc_auc_score(unseen[label].astype(int), guessed)), 4)


def columns(cohort: Cohort, label: str, field: str) -> np.ndarray:
    x = cohort[field]
    if x.dtype.kind == "f" and np.isnan(x).any():
        rest = [n for n in cohort.schema.modelled_fields if n not in (label, field)]
        beside = [np.array(cohort.columns[n].cast("float64").to_pylist(), dtype=float) for n in rest]
        return np.column_stack([compute_series_features(x), *beside])
    return x.reshape(len(x), -1).astype(np.float32)


def some(cohort: Cohort) -> Cohort:
    if len(cohort) <= JUDGED:
        return cohort
    return cohort.take(np.sort(np.random.default_rng(0).permutation(len(cohort))[:JUDGED]))


def report(cells: list[dict]) -> str:
    """One table in Markdown per set: value (fresh real records) and calibrated, family by family."""
    lines = []
    for name in dict.fromkeys(cell["set"] for cell in cells):
        same = [cell for cell in cells if cell["set"] == name]
        lines += [f"\n## {name}", line(("", *(f"`{c['family']}` {c['options'] or ''}" for c in same)))]
        lines.append(line(["---"] * (len(same) + 1)))
        lines.append(line(("TSTR AUROC (TRTR)", *(f"{c['tstr']:.3f} ({c['trtr']:.3f})" for c in same))))
        for score in [s for s in same[0]["scores"] if s.partition("[")[0] in SCORES]:
            lines.append(line((score, *(shown(c["scores"].get(score)) for c in same))))
        lines.append(line(("fit s (CPU s)", *(f"{c['fit'][0]:g} ({c['fit'][1]:g})" for c in same))))
        lines.append(
            line(("sampling 1,000, s (CPU s)", *(f"{c['sample'][0]:g} ({c['sample'][1]:g})" for c in same)))
        )
    return "\n".join(lines)


def shown(found: list[float | None] | None) -> str:
    if found is None or found[0] is None:
        return ""
    real = "" if found[1] is None else f" ({found[1]:.3f})"
    return f"{found[0]:.3f}{real}" + ("" if found[2] is None else f" {found[2]:.2f}")


if __name__ == "__main__":
    main()
