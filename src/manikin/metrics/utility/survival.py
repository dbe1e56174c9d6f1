"""Survival: do models that learn from the records foretell who of real patients has the event first?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import Sample, Split, metric, once
from manikin.downstream.cox import design, followed, hazards
from manikin.stats.prediction_scores import concordance

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.downstream.task import Design

SOURCE = "Esteban et al. 2017, section 4.2; Harrell et al. 1982; Cox 1972"
RIDGE = 1.0
TESTED = 1_500  # patients that are compared with each other


@metric("utility", better="high", source=SOURCE, cost="heavy", reference="train")
def tstr_c_index(split: Split) -> float:
    """How often a Cox model trained on the records puts two real patients in the right order.

    0.5 for a guess, 1 is best; the ceiling is what as many real training records reach. It cannot
    see whether the times themselves are right: `survival_distance` does.
    """
    return _concordance(split, split.synthetic, split.holdout)


@metric("utility", better="high", source=SOURCE, cost="heavy", reference="train")
def trts_c_index(split: Split) -> float:
    """How often a Cox model trained on never-seen real patients puts two of the records in the right order.

    0.5 for a guess. It sees times that contradict the rest of the record, and rewards records that
    are too easy.
    """
    return _concordance(split, split.holdout, split.synthetic)


def _concordance(split: Split, learn: Sample, test: Sample) -> float:
    columns = once(split.train, design, split.question)
    risk = once(learn, _risk, columns)
    known = once(test, followed)
    few = np.arange(min(len(known.time), TESTED))
    return concordance(known.time[few], known.event[few], risk(known.sample.take(few)))


def _risk(sample: Sample, columns: Design) -> Callable[[Sample], np.ndarray]:
    """A Cox model of the sample: the log hazard of other records, shape (n,)."""
    known = once(sample, followed)
    beta, _ = hazards(columns.encode(known.sample), known.time, known.event, RIDGE)
    return lambda new: columns.encode(new) @ beta


__plugin__ = (tstr_c_index, trts_c_index)
