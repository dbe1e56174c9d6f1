"""Meaning: what a metric is, taken from where it is written down: the metric's own docstring."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manikin.evaluation.attacks import canaries, shadow_models
from manikin.evaluation.card import provenance_score
from manikin.evaluation.evaluate import all_metrics

if TYPE_CHECKING:
    from manikin.contracts.metric import Metric

SECTION = re.compile(r"^(Args|Returns|Raises|Example|Examples|Note|Yields):", re.MULTILINE)
BLIND = re.compile(r"cannot (see|tell|show|say)|blind to|does not see|knows only|misses", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.;:])\s+(?=[A-Z])")
FLOORS = {
    "independent": "columns drawn alone",
    "uniform": "evenly spread values",
    "wild": "values far out of range",
    "collapsed": "few records repeated",
    "copies": "copies of patients",
    "complete": "gaps wrongly filled",
    "superimposed": "records laid over each other",
}


@dataclass(frozen=True)
class Meaning:
    """What a metric is, for people.

    Args:
        summary: What it measures, in one sentence.
        reading: How to read it; may be empty.
        blind: What it cannot see; may be empty.
        source: Where it was published.
    """

    summary: str
    reading: str
    blind: str
    source: str


def meaning(name: str) -> Meaning | None:
    """What the metric behind a score is; None for a score of no metric that is installed.

    Example:
        >>> meaning("not_a_metric") is None
        True
    """
    if name == provenance_score.NAME:
        return explained(provenance_score.provenance_record.__doc__ or "", provenance_score.SOURCE)
    for attack in (shadow_models, canaries):
        if name in attack.MEANINGS:
            return explained(attack.MEANINGS[name], attack.SOURCE)
    metric = _metric(name)
    return explained(metric.meaning, metric.source) if metric else None


def floor(name: str) -> str:
    """What the bad generator was that marks the lower end of a score."""
    if name in (*shadow_models.MEANINGS, *canaries.MEANINGS):
        return FLOORS["copies"]
    metric = _metric(name)
    plan = metric.plan.floor if metric else None
    return FLOORS.get(plan, "bad generator") if isinstance(plan, str) else "bad generator"


def explained(docstring: str, source: str) -> Meaning:
    r"""A docstring taken apart: its first line, how to read it, what it cannot see.

    Example:
        >>> text = "Distance.\n\n    0 is best. It cannot see dependence.\n\n    Args:\n        x: y"
        >>> explained(text, "Villani 2009").blind
        'It cannot see dependence.'
    """
    lines = "\n".join(line.strip() for line in docstring.splitlines())
    prose = SECTION.split(lines)[0].replace("`", "")
    first, *rest = [
        " ".join(paragraph.split()) for paragraph in prose.split("\n\n") if paragraph.strip()
    ] or [""]
    sentences = [sentence for paragraph in rest for sentence in SENTENCE.split(paragraph)]
    start = next((i for i, sentence in enumerate(sentences) if BLIND.search(sentence)), len(sentences))
    return Meaning(first, " ".join(sentences[:start]), " ".join(sentences[start:]), source)


def _metric(name: str) -> Metric | None:
    """The metric behind a score; several features may make several scores of it."""
    return next((metric for metric in all_metrics() if metric.name == name.partition("[")[0]), None)
