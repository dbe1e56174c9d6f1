"""Association: does every pair of fields, and of gaps, belong together as in reality?"""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.association import AssociationLayout, compute_associations, correlate_missingness

SOURCE = (
    "Spearman 1904; correlation ratio of Pearson 1905, adjusted as by Kelley 1935; "
    "Cramér's V with the bias correction of Bergsma 2013"
)


@metric(
    "fidelity",
    MetricDescription(
        "Root mean square difference between the association matrices of candidate and real records.",
        reading="""0 to 2; 0: every pair of fields is as strongly linked as in reality. Pairs that few
        records tell of weigh less.""",
        blind_spot="""It cannot see links of three or more fields, a link that is not monotone, nor
        which level of a category does what.""",
        source=SOURCE,
    ),
    better="low",
    feature="table",
)
def correlation_distance(split: Split) -> float:
    layout = compute_once(split.train, _find_layout)
    real, pairs = compute_once(split.holdout, _associate, layout)
    gap = real - compute_once(split.synthetic, _associate, layout)[0]
    upper = np.triu_indices_from(gap, 1)
    if pairs[upper].sum() == 0:
        raise Unsupported("no two fields with values in the same records")
    return float(np.sqrt(np.average(gap[upper] ** 2, weights=pairs[upper])))


@metric(
    "fidelity",
    MetricDescription(
        'Root mean square difference in the correlations of "is missing" with all other fields.',
        reading="""0 to 2; 0: what is missing depends on the other values, and on what else is missing,
        as it does in reality. Fields that often lack values weigh more.""",
        blind_spot="It cannot see whether a value is missing because of itself, which no data show.",
        source="Rubin 1976; Pearson 1900",
    ),
    better="low",
    feature="table",
)
def missingness_links(split: Split) -> float:
    layout = compute_once(split.train, _find_layout)
    real, weights = compute_once(split.holdout, _correlate_gaps, layout)
    gap = real - compute_once(split.synthetic, _correlate_gaps, layout)[0]
    if weights.sum() == 0:
        raise Unsupported("no value is missing in the real records")
    return float(np.sqrt(np.average(gap**2, weights=weights)))


def _find_layout(train: Sample) -> AssociationLayout:
    return AssociationLayout.from_table(train.table, train.fields.is_categorical)


def _associate(sample: Sample, layout: AssociationLayout) -> tuple[np.ndarray, np.ndarray]:
    return compute_associations(sample.table, layout)


def _correlate_gaps(sample: Sample, layout: AssociationLayout) -> tuple[np.ndarray, np.ndarray]:
    return correlate_missingness(sample.table, layout)


__plugin__ = (correlation_distance, missingness_links)
