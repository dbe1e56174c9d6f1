"""Fidelity: are the values of each field spread as in reality, and missing as often?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import Sample, Split, compute_once, metric

if TYPE_CHECKING:
    from collections.abc import Callable

QUANTILE_LEVELS = (np.arange(256) + 0.5) / 256  # the levels at which two quantile functions are compared
KS = "Kolmogorov 1933, Smirnov 1948; total variation; together as in SDMetrics, column shapes"


@metric("fidelity", better="low", source="Villani 2009, definition 6.1", feature="table", floor="uniform")
def column_distance(split: Split) -> float:
    """Mean distance between each field's values and the real ones.

    From 0, which is best; in robust deviations for quantities (Wasserstein-1) and in shares of
    records for categories (total variation). It looks at one field at a time and cannot see
    whether fields belong together.
    """
    return float(np.mean(compute_field_distances(split)))


@metric("fidelity", better="high", source=KS, feature="table", floor="uniform")
def shape(split: Split) -> float:
    """Mean likeness of the distribution of each field: 1 minus Kolmogorov-Smirnov or total variation.

    0 to 1, which is best. It counts in shares of records and so does not feel how far a value
    is off; it looks at one field at a time.
    """
    kinds = split.fields.is_categorical
    far = compute_once(split, compute_shape_distances).copy()
    far[kinds] = compute_level_differences(split, np.sum) / 2
    return float(1 - np.mean(far))


@metric("fidelity", better="low", source=KS, feature="table", floor="uniform")
def worst_column(split: Split) -> float:
    """The largest of all differences between a field's distribution and the real one.

    0 to 1; 0 is best. Kolmogorov-Smirnov for a quantity, the largest difference in the share of
    one level for a category; fields that are mostly missing weigh less. One spoilt field among
    many shows here when it is lost in a mean. It cannot see whether fields belong together.
    """
    present = np.minimum(*(1 - np.isnan(side.table).mean(axis=0) for side in _pick_sides(split)))
    return float(np.max(compute_once(split, compute_shape_distances) * np.sqrt(present)))


@metric("fidelity", better="low", source="difference of proportions", feature="table", floor="complete")
def missingness_distance(split: Split) -> float:
    """Mean difference, over the fields, in the share of records that lack a value.

    0 to 1; 0 is best. It cannot see which records lack the values: `missingness_links` does.
    """
    real, candidate = (np.isnan(side.table).mean(axis=0) for side in _pick_sides(split))
    return float(np.mean(np.abs(real - candidate)))


def compute_field_distances(split: Split) -> np.ndarray:
    """How far each field's values lie from the real ones, shape (p,); missing values left out.

    Quantities: the Wasserstein-1 distance on the scale of `features/table.py` (asinh of robust
    deviations, so that no outlier decides). Categories: the total variation of the levels.
    """
    kinds = split.fields.is_categorical
    far = np.zeros(len(kinds))
    real, candidate = (_compute_quantiles(side.table[:, ~kinds]) for side in _pick_sides(split))
    centre, scale = compute_once(split.train, _fit_scales)
    curves = [np.arcsinh((side - centre) / scale) for side in (real, candidate)]
    far[~kinds] = np.abs(curves[0] - curves[1]).mean(axis=0)
    far[kinds] = compute_level_differences(split, np.sum) / 2
    return far


def compute_shape_distances(split: Split) -> np.ndarray:
    """The largest difference of the distributions of each field, shape (p,).

    Quantities: the Kolmogorov-Smirnov statistic. Categories: the largest difference in the share
    of one level. By chance alone both vary alike in every field, so that a maximum can be told.
    """
    kinds = split.fields.is_categorical
    far = np.zeros(len(kinds))
    for j in np.flatnonzero(~kinds):
        far[j] = _compute_ks(*(_sort_present(side.table[:, j]) for side in _pick_sides(split)))
    far[kinds] = compute_level_differences(split, np.max)
    return far


def compute_level_differences(split: Split, combine: Callable[[np.ndarray], float]) -> np.ndarray:
    """The differences in the share of each level, combined for each category."""
    fields = split.fields
    far = []
    for j in np.flatnonzero(fields.is_categorical):
        size = len(fields.levels[j] or ()) + 1
        real, candidate = (_compute_shares(side.table[:, j], size) for side in _pick_sides(split))
        far.append(combine(np.abs(real - candidate)))
    return np.array(far)


def _pick_sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _sort_present(values: np.ndarray) -> np.ndarray:
    return np.sort(values[~np.isnan(values)])


def _compute_shares(codes: np.ndarray, size: int) -> np.ndarray:
    counts = np.bincount(codes[~np.isnan(codes)].astype(int), minlength=size)
    return counts / max(counts.sum(), 1)


def _compute_ks(a: np.ndarray, b: np.ndarray) -> float:
    """The two-sample statistic of sorted values; 1 where only one side has any, 0 where none."""
    if not len(a) or not len(b):
        return float(len(a) != len(b))
    points = np.concatenate([a, b])
    steps = [np.searchsorted(side, points, side="right") / len(side) for side in (a, b)]
    return float(np.abs(steps[0] - steps[1]).max())


def _compute_quantiles(values: np.ndarray) -> np.ndarray:
    """The quantile function of each column at the levels of GRID, shape (256, p); no values: 0."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = (~np.isnan(ordered)).sum(axis=0)
    place = np.clip(QUANTILE_LEVELS[:, None] * count - 0.5, 0, np.maximum(count - 1, 0))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(ordered, rows, axis=0) for rows in (low, high))
    return np.where(count > 0, below + (place - low) * (above - below), 0.0)


def _fit_scales(train: Sample) -> tuple[np.ndarray, np.ndarray]:
    """The median and a robust deviation of each quantity, shapes (p,)."""
    table = train.table[:, ~train.fields.is_categorical]
    if not table.size:
        return np.zeros(table.shape[1]), np.ones(table.shape[1])
    low, centre, high = _compute_quantiles(table)[[64, 128, 192]]
    spread = np.nan_to_num(np.nanstd(np.where(np.isnan(table).all(axis=0), 0.0, table), axis=0))
    scale = np.where(high > low, (high - low) / 1.349, spread)
    return centre, np.where(scale > 0, scale, 1.0)


__plugin__ = (column_distance, shape, worst_column, missingness_distance)
