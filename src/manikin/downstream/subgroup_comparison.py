"""Groups of patients compared: how far their values lie apart, and how well models serve each.

A group counts if fifty real records, or twenty-five test patients, are in it: of smaller ones nothing can
be said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.contracts.split import compute_once
from manikin.downstream import prediction_models
from manikin.downstream.subgroups import build_group_masks
from manikin.downstream.task import Task, build_task
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import compute_auroc

if TYPE_CHECKING:
    from manikin.contracts.split import Sample, Split

MIN_RECORDS = 50  # real records of a group that are compared in one repeat
MIN_TESTED, MIN_PER_CLASS = 25, 5  # test patients of a group, and of either class
BINS = 16  # of a quantity whose distribution is compared
EXPECTED_KS = 0.8687  # expected statistic of two equal samples, in units of sqrt(1/n + 1/m)
MAX_LEARNED = 4_000  # records of a side that learn for the table


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
        for name, rows in select_large_groups(real).items()
    }


def select_large_groups(members: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The groups with fifty records or more, of who is in which group, bool (n,) each.

    Raises:
        Unsupported: There is none.
    """
    found = {name: rows for name, rows in members.items() if rows.sum() >= MIN_RECORDS}
    if not found:
        raise Unsupported(f"no subgroup has {MIN_RECORDS} real records in a repeat")
    return found


def find_class_task(split: Split) -> Task:
    """What is predicted, where it is a class.

    Raises:
        Unsupported: The label is a quantity, or nothing can be predicted.
    """
    asked = compute_once(split.train, build_task, split.options)
    if not asked.classes:
        raise Unsupported(f"the label {asked.label!r} is a quantity: no area under the curve speaks of it")
    return asked


def compute_group_aurocs(learn: Sample, split: Split, asked: Task) -> dict[str, float]:
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


def spell_class(split: Split, code: float) -> str:
    """How a class of the label is written."""
    levels = split.fields.levels[compute_once(split.train, build_task, split.options).column]
    return f"{code:g}" if levels is None else levels[int(code)]


def _describe_label(split: Split, known: Sample, name: str) -> dict[str, float | None]:
    """How frequent the label is in a group, and how well it is predicted there, on both sides."""
    try:
        asked = find_class_task(split)
    except Unsupported:
        return {}
    learn = compute_once(split, _choose_learning_records)
    last = len(asked.classes) - 1
    spelt = spell_class(split, asked.classes[last])
    row: dict[str, float | None] = {}
    for what, side in (("real", known), ("synthetic", split.synthetic)):
        outcome = asked.compute_outcome(side)[compute_once(side, build_group_masks, split)[name]]
        given = outcome[~np.isnan(outcome)]
        row[f"{asked.label} = {spelt}, {what}"] = (
            _round_value((given == last).mean()) if len(given) else None
        )
        row[f"AUROC, trained on {what}"] = _round_value(
            compute_once(learn[what], compute_group_aurocs, split, asked).get(name)
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
