"""Fairness: does what holds for all patients hold for every group of them?

A group counts in a repeat if fifty real records, or twenty-five test patients, are in it: of
smaller ones nothing can be said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.contracts.metric import Sample, Split, metric, once
from manikin.core.short_lists import list_names
from manikin.downstream import prediction_models
from manikin.downstream.subgroups import groups
from manikin.downstream.task import Task, task
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import auroc

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

FEWEST = 50  # real records of a group that are compared in one repeat
TESTED, EACH = 25, 5  # test patients of a group, and of either class
BINS = 16  # of a quantity whose distribution is compared
SURE = 1.96  # standard errors that are taken for chance
KOLMOGOROV = 0.8687  # expected statistic of two equal samples, in units of sqrt(1/n + 1/m)
SHOWN = 5
MOST = 4_000  # records of a side that learn for the table
BHANOT = "Bhanot et al. 2021, The problem of fairness in synthetic healthcare data"


def without_a_group(split: Split) -> Cohort:
    """The floor: fresh records without the largest group that is less than half of them."""
    try:
        found = once(split.synthetic, groups, split)
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


def missed(split: Split) -> str:
    """The groups whose share differs most from that in all real records."""
    learned, held, synthetic = (_members(s, split) for s in (split.train, split.holdout, split.synthetic))
    real = {name: np.concatenate([rows, held[name]]) for name, rows in learned.items()}
    gaps = _gaps(real, synthetic)
    worst = sorted((name for name in gaps if gaps[name] > 0), key=lambda name: -gaps[name])
    said = [f"{name}: {synthetic[name].mean():.1%} (real {real[name].mean():.1%})" for name in worst]
    return list_names(said, SHOWN, "; ")


@metric(
    "fairness",
    better="low",
    source=BHANOT + "; two-proportion z",
    feature="table",
    cost="heavy",
    floor=without_a_group,
    reference="real",
    note=missed,
)
def subgroup_prevalence(split: Split) -> float:
    """How far, beyond chance, the share of the worst group is from its share among real patients.

    0 to 1: the difference less 1.96 standard errors, over the larger of the two shares; 1 is a
    large group that is lost. Counted are groups, their intersections, and either
    with each class of the label. It cannot see groups too small to compare.
    """
    return max(_gaps(_members(split.holdout, split), _members(split.synthetic, split)).values())


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
    found = once(split, distances)
    return max(found.values())


@metric("fairness", better="low", source=BHANOT, feature="table", cost="heavy", reference="train")
def subgroup_tstr_gap(split: Split) -> float:
    """How much worse models serve the worst group when trained on the records and not on real ones.

    Area under the ROC curve on real patients of that group, of a model trained on real records less
    that of one trained on as many of these. -1 to 1; real data are a little above 0, being a maximum.
    It reads the order of patients and cannot see whether the probabilities are right.
    """
    asked = _classes(split)
    areas = [_areas(side, split, asked) for side in (split.train, split.synthetic)]
    gaps = [areas[0][name] - areas[1][name] for name in areas[0]]
    if not gaps:
        raise Unsupported(f"no subgroup has {TESTED} test patients in a repeat, {EACH} of each class")
    return max(gaps)


def subgroups(split: Split, known: Sample) -> list[dict[str, Any]]:
    """The table of all groups: their share, the prevalence of the label, fidelity and utility; worst first.

    Groups of fewer than fifty real records are left out.

    Args:
        split: All training, held-out and synthetic records; models are tested on the held-out ones.
        known: All real records, which the others are compared with.
    """
    try:
        far = distances(replace(split, holdout=known, memo={}))
    except Unsupported:
        return []
    real, synthetic = (once(side, groups, split) for side in (known, split.synthetic))
    rows = [
        {
            "group": name,
            "real": int(real[name].sum()),
            "synthetic": int(synthetic[name].sum()),
            "share, real": round(float(real[name].mean()), 4),
            "share, synthetic": round(float(synthetic[name].mean()), 4),
            "distance": round(distance, 4),
            **_label(split, known, name),
        }
        for name, distance in far.items()
    ]
    return sorted(rows, key=lambda row: -row["distance"])


def distances(split: Split) -> dict[str, float]:
    """How far the candidate's values lie from the real ones within each group that is large enough."""
    real, candidate = (once(side, groups, split) for side in (split.holdout, split.synthetic))
    binned = [once(side, _binned, split) for side in (split.holdout, split.synthetic)]
    return {
        name: _distance(binned[0][rows], binned[1][candidate[name]], split)
        for name, rows in _large(real).items()
    }


def _large(members: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {name: rows for name, rows in members.items() if rows.sum() >= FEWEST}
    if not found:
        raise Unsupported(f"no subgroup has {FEWEST} real records in a repeat")
    return found


def _gaps(real: dict[str, np.ndarray], candidate: dict[str, np.ndarray]) -> dict[str, float]:
    """The difference in the share of each large group beyond chance, over the larger share."""
    return {
        name: _excess(rows.sum(), len(rows), candidate[name].sum(), len(candidate[name]))
        for name, rows in _large(real).items()
    }


def _excess(a: int, n: int, b: int, m: int) -> float:
    p, q, pooled = a / n, b / m, (a + b) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(max(abs(p - q) - SURE * error, 0) / max(p, q))


def _members(side: Sample, split: Split) -> dict[str, np.ndarray]:
    """The groups, and each with each class of the label where classes are predicted."""
    found = once(side, groups, split)
    try:
        asked = _classes(split)
    except Unsupported:
        return found
    outcome = asked.outcome(side)
    named = [
        (f"{asked.label} = {_spelt(split, code)}", outcome == k) for k, code in enumerate(asked.classes)
    ]
    return {**found, **{f"{a}, {b}": x & y for a, x in found.items() for b, y in named}}


def _classes(split: Split) -> Task:
    asked = once(split.train, task, split.question)
    if not asked.classes:
        raise Unsupported(f"the label {asked.label!r} is a quantity: no area under the curve speaks of it")
    return asked


def _edges(train: Sample) -> np.ndarray:
    """The inner edges of the bins of each field, shape (15, p); of levels, halves between their codes."""
    filled = np.where(np.isnan(train.table).all(axis=0), 0.0, train.table)
    edges = np.nanquantile(filled, np.arange(1, BINS) / BINS, axis=0)
    kinds = train.fields.categorical
    edges[:, kinds] = np.arange(BINS - 1)[:, None] + 0.5
    return edges


def _binned(side: Sample, split: Split) -> np.ndarray:
    """The bin of each value, (n, p); the last is for what is missing."""
    edges = once(split.train, _edges)
    table = side.table
    placed = [np.searchsorted(edges[:, j], np.nan_to_num(table[:, j])) for j in range(table.shape[1])]
    return np.where(np.isnan(table), BINS, np.stack(placed, axis=1))


def _distance(real: np.ndarray, candidate: np.ndarray, split: Split) -> float:
    """The mean distance over the fields, less what is chance at the real number of records."""
    if not len(candidate):
        return 1.0
    a, b = _shares(real), _shares(candidate)
    steps = np.abs((a - b)[:, :BINS].cumsum(axis=1)).max(axis=1)
    apart = np.abs(a - b).sum(axis=1) / 2
    far = np.where(split.fields.categorical, apart, np.maximum(steps, np.abs(a - b)[:, BINS]))
    return float(max(far.mean() - KOLMOGOROV * np.sqrt(2 / len(real)), 0))


def _shares(placed: np.ndarray) -> np.ndarray:
    p = placed.shape[1]
    counts = np.bincount((placed + (BINS + 1) * np.arange(p)).ravel(), minlength=(BINS + 1) * p)
    return counts.reshape(p, -1) / len(placed)


def _areas(learn: Sample, split: Split, asked: Task) -> dict[str, float]:
    """The area under the curve of a model within each group of held-out patients that is large enough."""
    outcome = asked.outcome(split.holdout)
    p = prediction_models.usual(learn, asked)(split.holdout)
    found = {}
    for name, members in once(split.holdout, groups, split).items():
        rows = members & ~np.isnan(outcome)
        counts = np.bincount(outcome[rows].astype(int), minlength=2)
        if rows.sum() >= TESTED and np.sort(counts)[-2] >= EACH:
            found[name] = auroc(outcome[rows].astype(int), p[rows])
    return found


def _label(split: Split, known: Sample, name: str) -> dict[str, float | None]:
    """How frequent the label is in a group, and how well it is predicted there, on both sides."""
    try:
        asked = _classes(split)
    except Unsupported:
        return {}
    learn = once(split, _learners)
    last = len(asked.classes) - 1
    spelt = _spelt(split, asked.classes[last])
    row: dict[str, float | None] = {}
    for what, side in (("real", known), ("synthetic", split.synthetic)):
        outcome = asked.outcome(side)[once(side, groups, split)[name]]
        given = outcome[~np.isnan(outcome)]
        row[f"{asked.label} = {spelt}, {what}"] = _rounded((given == last).mean()) if len(given) else None
        row[f"AUROC, trained on {what}"] = _rounded(once(learn[what], _areas, split, asked).get(name))
    return row


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _learners(split: Split) -> dict[str, Sample]:
    """As many training as synthetic records, at most four thousand of each."""
    n = min(len(split.train), len(split.synthetic), MOST)
    rng = split.key.child("subgroups").numpy()
    sides = {"real": split.train, "synthetic": split.synthetic}
    return {what: side.take(np.sort(rng.permutation(len(side))[:n])) for what, side in sides.items()}


def _spelt(split: Split, code: float) -> str:
    """How a class of the label is written."""
    levels = split.fields.levels[once(split.train, task, split.question).column]
    return f"{code:g}" if levels is None else levels[int(code)]


__plugin__ = (subgroup_prevalence, subgroup_fidelity, subgroup_tstr_gap)
