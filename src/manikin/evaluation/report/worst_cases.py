"""Worst: which fields, synthetic records and rules a data scientist should look at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.downstream.subgroup_comparison import compare_subgroups
from manikin.errors import Unsupported
from manikin.stats.marginals import MarginalScale
from manikin.stats.two_sample import TwoSampleProblem, fit_boosted_judge

if TYPE_CHECKING:
    from manikin.contracts.split import Sample, Split
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import EvaluationData

REPEATS = 8
MAX_ROWS = 10
MAX_UNUSUAL_VALUES = 4  # values named for one record
MAX_JUDGED_RECORDS = 4_000  # synthetic records among which the worst are looked for


def build_tables(sides: EvaluationData, key: Key) -> dict[str, Any]:
    """The worst fields, records, subgroups and rules, each a list of flat rows, worst first."""
    found = {
        "records": rank_records(sides, key),
        "subgroups": compare_subgroups(sides.full_split, sides.real),
        "rules": rank_rules(sides.full_split),
    }
    if sides.train.fields.names:
        found["columns"] = rank_fields(sides, key)
    return found


def rank_fields(sides: EvaluationData, key: Key) -> list[dict[str, Any]]:
    """The fields whose values or gaps differ most, beside what fresh real records differ."""
    scale = MarginalScale.fit(sides.train.table, sides.train.fields.levels)
    pairs = [sides.draw("holdout", r, key.child("columns")) for r in range(REPEATS)]
    value, fresh = (
        np.mean([scale.compute_distances(s.holdout.table, s.synthetic.table) for s in splits], axis=0)
        for splits in zip(*pairs, strict=True)
    )
    gaps = [np.isnan(side.table).mean(axis=0) for side in (sides.real, sides.synthetic)]
    worst = np.argsort(-(value - fresh + np.abs(gaps[0] - gaps[1])), kind="stable")[:MAX_ROWS]
    return [
        {
            "field": sides.train.fields.names[j],
            "distance": round(float(value[j]), 4),
            "of fresh real records": round(float(fresh[j]), 4),
            "missing, real": round(float(gaps[0][j]), 4),
            "missing, synthetic": round(float(gaps[1][j]), 4),
        }
        for j in worst
    ]


def rank_records(sides: EvaluationData, key: Key) -> list[dict[str, Any]]:
    """The synthetic records that a judge tells from real ones most surely, with their rarest values."""
    order = key.child("records").numpy().permutation(len(sides.synthetic))[:MAX_JUDGED_RECORDS]
    candidate = sides.synthetic.take(np.sort(order))
    real, synthetic = ((side.x, side.subject) for side in (sides.holdout, candidate))
    try:
        problem = TwoSampleProblem.from_samples(real, synthetic, key.child("folds").numpy())
    except Unsupported:
        return []
    scores = problem.cross_validate(fit_boosted_judge, key)[len(sides.holdout) :]
    known = {row.tobytes() for row in _to_comparable(sides.real.table)}
    equal = np.array([row.tobytes() in known for row in _to_comparable(candidate.table)])
    worst = [i for i in np.argsort(-scores, kind="stable") if not equal[i]][:MAX_ROWS]
    rare = _compute_rarity(candidate, sides.real)
    return [
        {
            "record": int(candidate.rows[i]) + 1,
            "judged synthetic": round(float(scores[i]), 3),
            "least usual values": _describe_rare_values(candidate, i, rare[i]),
        }
        for i in worst
    ]


def rank_rules(split: Split) -> list[dict[str, Any]]:
    """How often each rule is broken by synthetic and by real records; worst first."""
    rows = [
        {
            "rule": f"{rule.name} (imposed)" if rule in split.options.enforced_rules else rule.name,
            "broken, synthetic": round(float(np.mean(~np.asarray(rule.holds(split.synthetic.cohort)))), 5),
            "broken, real": round(float(np.mean(~np.asarray(rule.holds(split.holdout.cohort)))), 5),
        }
        for rule in (*split.options.rules, *split.options.enforced_rules)
    ]
    return sorted(rows, key=lambda row: row["broken, real"] - row["broken, synthetic"])


def _to_comparable(table: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.nan_to_num(table, nan=np.inf) + 0.0)


def _compute_rarity(candidate: Sample, real: Sample) -> np.ndarray:
    """How usual each value is among real ones (n, p): twice the smaller tail, or the level's share."""
    rarity = np.ones(candidate.table.shape)
    for j, levels in enumerate(real.fields.levels):
        known = np.sort(real.table[~np.isnan(real.table[:, j]), j])
        values = candidate.table[:, j]
        below = np.searchsorted(known, values, side="right") / max(len(known), 1)
        above = 1 - np.searchsorted(known, values, side="left") / max(len(known), 1)
        usual = np.minimum(2 * np.minimum(below, above), 1) if levels is None else below + above - 1
        rarity[:, j] = np.where(np.isnan(values), 1.0, usual)
    return rarity


def _describe_rare_values(sample: Sample, row: int, rarity: np.ndarray) -> str:
    rarest = np.argsort(rarity, kind="stable")[:MAX_UNUSUAL_VALUES]
    return "; ".join(
        f"{sample.fields.names[j]}: {_format_value(sample, row, j)}" for j in rarest if rarity[j] < 1
    )


def _format_value(sample: Sample, row: int, j: int) -> str:
    levels, value = sample.fields.levels[j], sample.table[row, j]
    if levels is None:
        return f"{value:.6g}"
    return levels[int(value)] if int(value) < len(levels) else "a level of no real record"
