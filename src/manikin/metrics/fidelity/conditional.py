"""Relation: does a picture or signal belong to the patient whose age, sex and findings stand beside it?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.schema.kinds import SCALAR_TYPES

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MIN_RECORDS = 8  # records with and without a level, in which it can be told at all
RIDGE = 1.0  # over the mean eigenvalue, times d / n
TINY = 1e-9
SOURCE = "multiple correlation: Pearson 1903; ridge regression: Hoerl and Kennard 1970"


def shuffle_arrays(split: Split) -> Cohort:
    """The floor: real pictures or signals beside real values, of other patients."""
    cohort = split.synthetic.cohort
    order = pa.array(split.key.child("shuffled").numpy().permutation(len(cohort)))
    columns = {
        name: column.take(order) if isinstance(cohort.schema[name], SCALAR_TYPES) else column
        for name, column in zip(cohort.schema, cohort.columns.columns, strict=True)
    }
    return replace(cohort, columns=pa.table(columns))


@metric(
    "fidelity",
    MetricDescription(
        "How well the scalar fields of a record are foretold from its picture or signal, as in real ones.",
        reading="""-1 to 1: the mean correlation, over fields and levels, of their values with what a
        ridge regression that has learned from real records of other patients reads from it; the
        ceiling is what never-seen patients reach.""",
        blind_spot="""It sees flipped labels and an age, sex or finding that does not fit; it cannot
        see relations that are not about linear in the vectors.""",
        source=SOURCE,
    ),
    better="high",
    feature="grid",
    floor=shuffle_arrays,
)
def picture_relation(split: Split) -> float:
    wanted, weights, centre = compute_once(split.holdout, _fit_ridge)
    actual = _build_targets(split.synthetic)[:, wanted]
    foretold = (split.synthetic.x - centre) @ weights
    found = [_compute_correlation(a, f) for a, f in zip(actual.T, foretold.T, strict=True)]
    known = [r for r in found if r is not None]
    if not known:
        raise Unsupported("no scalar field varies enough")
    return float(np.mean(known))


def _fit_ridge(real: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which targets can be learned, weights (d, targets) and the centre of the vectors."""
    targets = _build_targets(real)
    wanted = np.flatnonzero([_has_variation(column) for column in targets.T])
    if not len(wanted):
        raise Unsupported("no scalar field beside the pictures or signals varies enough")
    x = real.x.astype(float)
    centre = x.mean(axis=0)
    z = x - centre
    penalty = RIDGE * np.trace(z.T @ z) / z.shape[1] * min(z.shape[1] / len(z), 1.0)
    targets = targets[:, wanted]
    filled = np.where(np.isnan(targets), np.nanmean(targets, axis=0), targets)
    weights = np.linalg.solve(z.T @ z + penalty * np.eye(z.shape[1]), z.T @ (filled - filled.mean(axis=0)))
    return wanted, weights, centre


def _build_targets(sample: Sample) -> np.ndarray:
    """Quantities as ranks would order them, levels as zeros and ones, (n, targets); NaN where missing."""
    schema, columns = sample.source_cohort.schema, []
    for j, name in enumerate(sample.fields.names):
        if name not in schema:
            continue
        levels, values = sample.fields.levels[j], sample.table[:, j]
        if levels is None:
            columns.append(values)
        else:
            hot = (values[:, None] == np.arange(len(levels))).astype(float)
            hot[np.isnan(values)] = np.nan
            columns.extend(hot.T)
    return np.column_stack(columns) if columns else np.zeros((len(sample), 0))


def _has_variation(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    usual = np.unique(known, return_counts=True)[1]
    return len(usual) > 1 and len(known) - usual.max() >= MIN_RECORDS


def _compute_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Of the records that have both; None where one does not vary."""
    known = ~np.isnan(a)
    if not known.any():
        return None
    x, y = a[known] - a[known].mean(), b[known] - b[known].mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > TINY else None


__plugin__ = (picture_relation,)
