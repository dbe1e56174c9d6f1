"""Fidelity: are the values of each field spread as in reality, and missing as often?"""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.stats.marginals import MarginalScale

KS = "Kolmogorov 1933, Smirnov 1948; total variation; together as in SDMetrics, column shapes"


@metric(
    "fidelity",
    MetricDescription(
        "Mean distance between each field's values and the real ones.",
        reading="""From 0, which is best; in robust deviations for quantities (Wasserstein-1) and in
        shares of records for categories (total variation).""",
        blind_spot="It looks at one field at a time and cannot see whether fields belong together.",
        source="Villani 2009, definition 6.1",
    ),
    better="low",
    feature="table",
    floor="uniform",
)
def column_distance(split: Split) -> float:
    scale = compute_once(split.train, _fit_scale)
    return float(np.mean(scale.compute_distances(split.holdout.table, split.synthetic.table)))


@metric(
    "fidelity",
    MetricDescription(
        "Mean likeness of the distribution of each field: 1 minus Kolmogorov-Smirnov or total variation.",
        reading="""0 to 1, which is best. It counts in shares of records and so does not feel how far a
        value is off; it looks at one field at a time.""",
        source=KS,
    ),
    better="high",
    feature="table",
    floor="uniform",
)
def shape(split: Split) -> float:
    scale = compute_once(split.train, _fit_scale)
    far = compute_once(split, _compute_shape_distances).copy()
    sides = split.holdout.table, split.synthetic.table
    far[split.fields.is_categorical] = scale.compute_level_differences(*sides, np.sum) / 2
    return float(1 - np.mean(far))


@metric(
    "fidelity",
    MetricDescription(
        "The largest of all differences between a field's distribution and the real one.",
        reading="""0 to 1; 0 is best. Kolmogorov-Smirnov for a quantity, the largest difference in the
        share of one level for a category; fields that are mostly missing weigh less. One spoilt field
        among many shows here when it is lost in a mean.""",
        blind_spot="It cannot see whether fields belong together.",
        source=KS,
    ),
    better="low",
    feature="table",
    floor="uniform",
)
def worst_column(split: Split) -> float:
    sides = split.holdout, split.synthetic
    present = np.minimum(*(1 - np.isnan(side.table).mean(axis=0) for side in sides))
    return float(np.max(compute_once(split, _compute_shape_distances) * np.sqrt(present)))


@metric(
    "fidelity",
    MetricDescription(
        "Mean difference, over the fields, in the share of records that lack a value.",
        reading="0 to 1; 0 is best.",
        blind_spot="It cannot see which records lack the values: missingness_links does.",
        source="difference of proportions",
    ),
    better="low",
    feature="table",
    floor="complete",
)
def missingness_distance(split: Split) -> float:
    real, candidate = (np.isnan(side.table).mean(axis=0) for side in (split.holdout, split.synthetic))
    return float(np.mean(np.abs(real - candidate)))


def _fit_scale(train: Sample) -> MarginalScale:
    return MarginalScale.fit(train.table, train.fields.levels)


def _compute_shape_distances(split: Split) -> np.ndarray:
    scale = compute_once(split.train, _fit_scale)
    return scale.compute_shape_distances(split.holdout.table, split.synthetic.table)


__plugin__ = (column_distance, shape, worst_column, missingness_distance)
