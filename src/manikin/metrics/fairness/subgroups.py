"""Fairness: does what holds for all patients hold for every group of them?

A group counts in a repeat if fifty real records, or twenty-five test patients, are in it: of
smaller ones nothing can be said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.contracts.metric import Sample, Split, compute_once, metric
from manikin.core.short_lists import list_names
from manikin.downstream import prediction_models
from manikin.downstream.subgroups import build_group_masks
from manikin.downstream.task import Task, build_task
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import compute_auroc

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MIN_RECORDS = 50  # real records of a group that are compared in one repeat
MIN_TESTED, MIN_PER_CLASS = 25, 5  # test patients of a group, and of either class
BINS = 16  # of a quantity whose distribution is compared
CONFIDENCE_Z = 1.96  # standard errors that are taken for chance
EXPECTED_KS = 0.8687  # expected statistic of two equal samples, in units of sqrt(1/n + 1/m)
MAX_NAMED = 5
MAX_LEARNED = 4_000  # records of a side that learn for the table
BHANOT = "Bhanot et al. 2021, The problem of fairness in synthetic healthcare data"


def drop_subgroup(split: Split) -> Cohort:
    """The floor: fresh records without the largest group that is less than half of them."""
    try:
        found = compute_once(split.synthetic, build_group_masks, split)
    except Unsupported:  # without groups the metric is not assessed either
        return split.synthetic.cohort
    half = len(split.synthetic) // 2
    members = {name: rows for name, rows in found.items() if 0 < rows.sum() <= half}
    if not members:
        return split.synthetic.cohort  # one group alone cannot be lost: floor and ceiling are the same
    lost = max(members.values(), key=np.sum)
    left = np.flatnonzero(~lost)
    rng = split.key.child("without").numpy()
    return split.synthetic.take(rng.choice(left, len(lost))).cohort


def describe_missed_groups(split: Split) -> str:
    """The groups whose share differs most from that in all real records."""
    learned, held, synthetic = (
        _find_members(s, split) for s in (split.train, split.holdout, split.synthetic)
    )
    real = {name: np.concatenate([rows, held[name]]) for name, rows in learned.items()}
    gaps = _compute_prevalence_gaps(real, synthetic)
    worst = sorted((name for name in gaps if gaps[name] > 0), key=lambda name: -gaps[name])
    said = [f"{name}: {synthetic[name].mean():.1%} (real {real[name].mean():.1%})" for name in worst]
    return list_names(said, MAX_NAMED, "; ")


@metric(
    "fairness",
    better="low",
    source=BHANOT + "; two-proportion z",
    feature="table",
    cost="heavy",
    floor=drop_subgroup,
    reference="real",
    note=describe_missed_groups,
)
def subgroup_prevalence(split: Split) -> float:
    """How far, beyond chance, the share of the worst group is from its share among real patients.

    0 to 1: the difference less 1.96 standard errors, over the larger of the two shares; 1 is a
    large group that is lost. Counted are groups, their intersections, and either
    with each class of the label. It cannot see groups too small to compare.
    """
    return max(
        _compute_prevalence_gaps(
            _find_members(split.holdout, split), _find_members(split.synthetic, split)
        ).values()
    )


@metric(
    "fairness",
    better="low",
    source=BHANOT,
    feature="table",
    cost="heavy",
    floor="uniform",
    reference="real",
)
def subgroup_fidelity(split: Split) -> float:
    """How far the values within the worst group are from those of its real patients, beyond chance.

    0 to 1: the mean over the fields of the Kolmogorov-Smirnov distance, or for levels and gaps the
    total variation, less what two equal samples of that size differ by. 1 is a group that is lost.
    It looks at one field at a time.
    """
    found = compute_once(split, compute_group_distances)
    return max(found.values())


@metric("fairness", better="low", source=BHANOT, feature="table", cost="heavy", reference="train")
def subgroup_tstr_gap(split: Split) -> float:
    """How much worse models serve the worst group when trained on the records and not on real ones.

    Area under the ROC curve on real patients of that group, of a model trained on real records less
    that of one trained on as many of these. -1 to 1; real data are a little above 0, being a maximum.
    It reads the order of patients and cannot see whether the probabilities are right.
    """
    asked = _find_class_task(split)
    areas = [_compute_group_aurocs(side, split, asked) for side in (split.train, split.synthetic)]
    gaps = [areas[0][name] - areas[1][name] for name in areas[0]]
    if not gaps:
        raise Unsupported(
            f"no subgroup has {MIN_TESTED} test patients in a repeat, {MIN_PER_CLASS} of each class"
        )
    return max(gaps)


def compare_subgroups(split: Split, known: Sample) -> list[dict[str, Any]]:
    """The table of all groups: their share, the prevalence of the label, fidelity and utility; worst first.

    Groups of fewer than fifty real records are left out.

    Args:
        split: All training, held-out and synthetic records; models are tested on the held-out ones.
        known: All real records, which the others are compared with.
    """
    try:
        far = compute_group_distances(replace(split, holdout=known, memo={}))
    except Unsupported:
        return []
    real, synthetic = (compute_once(side, build_group_masks, split) for side in (known, split.synthetic))
    rows = [
        {
            "group": name,
            "real": int(real[name].sum()),
            "synthetic": int(synthetic[name].sum()),
            "share, real": round(float(real[name].mean()), 4),
            "share, synthetic": round(float(synthetic[name].mean()), 4),
            "distance": round(distance, 4),
            **_describe_label(split, known, name),
        }
        for name, distance in far.items()
    ]
    return sorted(rows, key=lambda row: -row["distance"])


def compute_group_distances(split: Split) -> dict[str, float]:
    """How far the candidate's values lie from the real ones within each group that is large enough."""
    real, candidate = (
        compute_once(side, build_group_masks, split) for side in (split.holdout, split.synthetic)
    )
    binned = [compute_once(side, _bin_values, split) for side in (split.holdout, split.synthetic)]
    return {
        name: _compute_distance(binned[0][rows], binned[1][candidate[name]], split)
        for name, rows in _select_large_groups(real).items()
    }


def _select_large_groups(members: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {name: rows for name, rows in members.items() if rows.sum() >= MIN_RECORDS}
    if not found:
        raise Unsupported(f"no subgroup has {MIN_RECORDS} real records in a repeat")
    return found


def _compute_prevalence_gaps(
    real: dict[str, np.ndarray], candidate: dict[str, np.ndarray]
) -> dict[str, float]:
    """The difference in the share of each large group beyond chance, over the larger share."""
    return {
        name: _compute_excess(rows.sum(), len(rows), candidate[name].sum(), len(candidate[name]))
        for name, rows in _select_large_groups(real).items()
    }


def _compute_excess(a: int, n: int, b: int, m: int) -> float:
    p, q, pooled = a / n, b / m, (a + b) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(max(abs(p - q) - CONFIDENCE_Z * error, 0) / max(p, q))


def _find_members(side: Sample, split: Split) -> dict[str, np.ndarray]:
    """The groups, and each with each class of the label where classes are predicted."""
    found = compute_once(side, build_group_masks, split)
    try:
        asked = _find_class_task(split)
    except Unsupported:
        return found
    outcome = asked.compute_outcome(side)
    named = [
        (f"{asked.label} = {_spell_class(split, code)}", outcome == k)
        for k, code in enumerate(asked.classes)
    ]
    return {**found, **{f"{a}, {b}": x & y for a, x in found.items() for b, y in named}}


def _find_class_task(split: Split) -> Task:
    asked = compute_once(split.train, build_task, split.options)
    if not asked.classes:
        raise Unsupported(f"the label {asked.label!r} is a quantity: no area under the curve speaks of it")
    return asked


def _fit_bin_edges(train: Sample) -> np.ndarray:
    """The inner edges of the bins of each field, shape (15, p); of levels, halves between their codes."""
    filled = np.where(np.isnan(train.table).all(axis=0), 0.0, train.table)
    edges = np.nanquantile(filled, np.arange(1, BINS) / BINS, axis=0)
    kinds = train.fields.is_categorical
    edges[:, kinds] = np.arange(BINS - 1)[:, None] + 0.5
    return edges


def _bin_values(side: Sample, split: Split) -> np.ndarray:
    """The bin of each value, (n, p); the last is for what is missing."""
    edges = compute_once(split.train, _fit_bin_edges)
    table = side.table
    placed = [np.searchsorted(edges[:, j], np.nan_to_num(table[:, j])) for j in range(table.shape[1])]
    return np.where(np.isnan(table), BINS, np.stack(placed, axis=1))


def _compute_distance(real: np.ndarray, candidate: np.ndarray, split: Split) -> float:
    """The mean distance over the fields, less what is chance at the real number of records."""
    if not len(candidate):
        return 1.0
    a, b = _compute_bin_shares(real), _compute_bin_shares(candidate)
    steps = np.abs((a - b)[:, :BINS].cumsum(axis=1)).max(axis=1)
    apart = np.abs(a - b).sum(axis=1) / 2
    far = np.where(split.fields.is_categorical, apart, np.maximum(steps, np.abs(a - b)[:, BINS]))
    return float(max(far.mean() - EXPECTED_KS * np.sqrt(2 / len(real)), 0))


def _compute_bin_shares(placed: np.ndarray) -> np.ndarray:
    p = placed.shape[1]
    counts = np.bincount((placed + (BINS + 1) * np.arange(p)).ravel(), minlength=(BINS + 1) * p)
    return counts.reshape(p, -1) / len(placed)


def _compute_group_aurocs(learn: Sample, split: Split, asked: Task) -> dict[str, float]:
    """The area under the curve of a model within each group of held-out patients that is large enough."""
    outcome = asked.compute_outcome(split.holdout)
    p = prediction_models.fit_default_model(learn, asked)(split.holdout)
    found = {}
    for name, members in compute_once(split.holdout, build_group_masks, split).items():
        rows = members & ~np.isnan(outcome)
        counts = np.bincount(outcome[rows].astype(int), minlength=2)
        if rows.sum() >= MIN_TESTED and np.sort(counts)[-2] >= MIN_PER_CLASS:
            found[name] = compute_auroc(outcome[rows].astype(int), p[rows])
    return found


def _describe_label(split: Split, known: Sample, name: str) -> dict[str, float | None]:
    """How frequent the label is in a group, and how well it is predicted there, on both sides."""
    try:
        asked = _find_class_task(split)
    except Unsupported:
        return {}
    learn = compute_once(split, _choose_learning_records)
    last = len(asked.classes) - 1
    spelt = _spell_class(split, asked.classes[last])
    row: dict[str, float | None] = {}
    for what, side in (("real", known), ("synthetic", split.synthetic)):
        outcome = asked.compute_outcome(side)[compute_once(side, build_group_masks, split)[name]]
        given = outcome[~np.isnan(outcome)]
        row[f"{asked.label} = {spelt}, {what}"] = (
            _round_value((given == last).mean()) if len(given) else None
        )
        row[f"AUROC, trained on {what}"] = _round_value(
            compute_once(learn[what], _compute_group_aurocs, split, asked).get(name)
        )
    return row


def _round_value(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _choose_learning_records(split: Split) -> dict[str, Sample]:
    """As many training as synthetic records, at most four thousand of each."""
    n = min(len(split.train), len(split.synthetic), MAX_LEARNED)
    rng = split.key.child("subgroups").numpy()
    sides = {"real": split.train, "synthetic": split.synthetic}
    return {what: side.take(np.sort(rng.permutation(len(side))[:n])) for what, side in sides.items()}


def _spell_class(split: Split, code: float) -> str:
    """How a class of the label is written."""
    levels = split.fields.levels[compute_once(split.train, build_task, split.options).column]
    return f"{code:g}" if levels is None else levels[int(code)]


__plugin__ = (subgroup_prevalence, subgroup_fidelity, subgroup_tstr_gap)
