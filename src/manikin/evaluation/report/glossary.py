"""Meaning: what a metric is, taken from where it is written down: the metric's own docstring."""

from __future__ import annotations

import re
from dataclasses import dataclass

from manikin.evaluation.attacks import canaries, shadow_models
from manikin.evaluation.card import provenance_score
from manikin.evaluation.measuring.catalogue import find_metric

SECTION_PATTERN = re.compile(r"^(Args|Returns|Raises|Example|Examples|Note|Yields):", re.MULTILINE)
LIMITATION_PATTERN = re.compile(
    r"cannot (see|tell|show|say)|blind to|does not see|knows only|misses", re.IGNORECASE
)
SENTENCE_BREAK = re.compile(r"(?<=[.;:])\s+(?=[A-Z])")
FLOOR_DESCRIPTIONS = {
    "independent": "columns drawn alone",
    "uniform": "evenly spread values",
    "wild": "values far out of range",
    "collapsed": "few records repeated",
    "copies": "copies of patients",
    "complete": "gaps wrongly filled",
    "superimposed": "records laid over each other",
}


@dataclass(frozen=True)
class MetricDescription:
    """What a metric is, for people.

    Args:
        summary: What it measures, in one sentence.
        reading: How to read it; may be empty.
        blind_spot: What it cannot see; may be empty.
        source: Where it was published.
    """

    summary: str
    reading: str
    blind_spot: str
    source: str


def describe_metric(name: str) -> MetricDescription | None:
    """What the metric behind a score is; None for a score of no metric that is installed.

    Example:
        >>> describe_metric("not_a_metric") is None
        True
    """
    if name == provenance_score.SCORE_NAME:
        return parse_docstring(provenance_score.score_provenance.__doc__ or "", provenance_score.SOURCE)
    for attack in (shadow_models, canaries):
        if name in attack.SCORE_DESCRIPTIONS:
            return parse_docstring(attack.SCORE_DESCRIPTIONS[name], attack.SOURCE)
    metric = find_metric(name)
    return parse_docstring(metric.description, metric.source) if metric else None


def describe_floor(name: str) -> str:
    """What the bad generator was that marks the lower end of a score."""
    if name in (*shadow_models.SCORE_DESCRIPTIONS, *canaries.SCORE_DESCRIPTIONS):
        return FLOOR_DESCRIPTIONS["copies"]
    metric = find_metric(name)
    plan = metric.plan.floor if metric else None
    return FLOOR_DESCRIPTIONS.get(plan, "bad generator") if isinstance(plan, str) else "bad generator"


def parse_docstring(docstring: str, source: str) -> MetricDescription:
    r"""A docstring taken apart: its first line, how to read it, what it cannot see.

    Example:
        >>> text = "Distance.\n\n    0 is best. It cannot see dependence.\n\n    Args:\n        x: y"
        >>> parse_docstring(text, "Villani 2009").blind_spot
        'It cannot see dependence.'
    """
    lines = "\n".join(line.strip() for line in docstring.splitlines())
    prose = SECTION_PATTERN.split(lines)[0].replace("`", "")
    first, *rest = [
        " ".join(paragraph.split()) for paragraph in prose.split("\n\n") if paragraph.strip()
    ] or [""]
    sentences = [sentence for paragraph in rest for sentence in SENTENCE_BREAK.split(paragraph)]
    start = next(
        (i for i, sentence in enumerate(sentences) if LIMITATION_PATTERN.search(sentence)), len(sentences)
    )
    return MetricDescription(first, " ".join(sentences[:start]), " ".join(sentences[start:]), source)
