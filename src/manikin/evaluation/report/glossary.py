"""Glossary: what the metric behind a score is, and the bad generator that marks its lower end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.evaluation.attacks import canaries, shadow_models
from manikin.evaluation.card import provenance_score
from manikin.evaluation.measuring.catalogue import find_metric

if TYPE_CHECKING:
    from manikin.contracts.metric import MetricDescription

ATTACK_DESCRIPTIONS = {**shadow_models.SCORE_DESCRIPTIONS, **canaries.SCORE_DESCRIPTIONS}
UNMEASURED_DESCRIPTIONS = {**ATTACK_DESCRIPTIONS, **provenance_score.SCORE_DESCRIPTIONS}
"""Of scores that no metric gives."""

FLOOR_DESCRIPTIONS = {
    "independent": "columns drawn alone",
    "uniform": "evenly spread values",
    "wild": "values far out of range",
    "collapsed": "few records repeated",
    "copies": "copies of patients",
    "complete": "gaps wrongly filled",
    "superimposed": "records laid over each other",
}


def describe_metric(name: str) -> MetricDescription | None:
    """What the metric behind a score is; None for a score of no metric that is installed.

    Example:
        >>> describe_metric("not_a_metric") is None
        True
        >>> describe_metric("shadow_auc").summary
        'How surely one who can run the generator tells who was learned from.'
    """
    if name in UNMEASURED_DESCRIPTIONS:
        return UNMEASURED_DESCRIPTIONS[name]
    metric = find_metric(name)
    return metric.description if metric else None


def describe_floor(name: str) -> str:
    """What the bad generator was that marks the lower end of a score."""
    if name in ATTACK_DESCRIPTIONS:
        return FLOOR_DESCRIPTIONS["copies"]
    metric = find_metric(name)
    plan = metric.plan.floor if metric else None
    return FLOOR_DESCRIPTIONS.get(plan, "bad generator") if isinstance(plan, str) else "bad generator"
