"""Survival: do models that learn from the records foretell who of real patients has the event first?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.downstream.cox import fit_design, fit_hazards, select_survival_sample
from manikin.stats.prediction_scores import compute_concordance

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.downstream.task import Design

SOURCE = "Esteban et al. 2017, section 4.2; Harrell et al. 1982; Cox 1972"
RIDGE = 1.0
MAX_TESTED = 1_500  # patients that are compared with each other


@metric(
    "utility",
    MetricDescription(
        "How often a Cox model trained on the records puts two real patients in the right order.",
        reading="0.5 for a guess, 1 is best; the ceiling is what as many real training records reach.",
        blind_spot="It cannot see whether the times themselves are right: survival_distance does.",
        source=SOURCE,
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def tstr_c_index(split: Split) -> float:
    return _compute_concordance(split, split.synthetic, split.holdout)


@metric(
    "utility",
    MetricDescription(
        """How often a Cox model trained on never-seen real patients puts two of the records in the
        right order.""",
        reading="""0.5 for a guess. It sees times that contradict the rest of the record, and rewards
        records that are too easy.""",
        source=SOURCE,
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def trts_c_index(split: Split) -> float:
    return _compute_concordance(split, split.holdout, split.synthetic)


def _compute_concordance(split: Split, learn: Sample, test: Sample) -> float:
    columns = compute_once(split.train, fit_design, split.options)
    risk = compute_once(learn, _fit_risk, columns)
    known = compute_once(test, select_survival_sample)
    few = np.arange(min(len(known.time), MAX_TESTED))
    return compute_concordance(known.time[few], known.event[few], risk(known.sample.take(few)))


def _fit_risk(sample: Sample, columns: Design) -> Callable[[Sample], np.ndarray]:
    """A Cox model of the sample: the log hazard of other records, shape (n,)."""
    known = compute_once(sample, select_survival_sample)
    beta, _ = fit_hazards(columns.encode(known.sample), known.time, known.event, RIDGE)
    return lambda new: columns.encode(new) @ beta


__plugin__ = (tstr_c_index, trts_c_index)
