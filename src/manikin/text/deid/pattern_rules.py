"""Shapes: patterns for what its form or an announcement tells, and the looks around that rule a match out."""

# ruff: noqa: E501

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[re.Match[str]], bool]


class PatternRule(NamedTuple):
    """What an identifier looks like.

    Args:
        kind: What is found.
        pattern: Read in text as `truecase` gives it; its group `x`, where there is one, identifies.
        check: Whether a match is one; None: always.
    """

    kind: str
    pattern: re.Pattern[str]
    check: Check | None = None


def compile_rules(*rules: tuple[str, str] | tuple[str, str, Check]) -> tuple[PatternRule, ...]:
    """Shapes from kinds, patterns and checks."""
    return tuple(PatternRule(rule[0], re.compile(rule[1], re.MULTILINE), *rule[2:]) for rule in rules)


_UNIT_AFTER = re.compile(
    r"\s?(?:[munpk]?(?:g|l|mol|eq|iu)\b|mcg|µg|mmHg|cm\b|mm\b|m\b|kg|lbs?\b|oz\b|%|/|per\b|units?\b|u\b|iu\b|cells?\b"
    r"|copies|cfu|x\b|×|\^|h(?:rs?|ours?)?\b|min|sec|days?\b|weeks?\b|months?\b|bpm|mEq|meq|kU|Da\b|kDa|counts?\b"
    r"|reads?\b|bp\b|base|platelets|leu[ck]ocytes|times\b|doses?\b|fields?\b|tab|cap|steps\b|cc\b|fr\b|french\b"
    r"|calories|kcal|ppm|hz\b|khz|mhz|[.,]\d)",
    re.IGNORECASE,
)
_COUNT_BEFORE = re.compile(
    r"(?:count|platelets?|plt|wbc|rbc|load|copies|signal|value|level|titer|titre|number of|copy number|score|result|sum"
    r"|total|volume|area|intensity|counts?|ferritin|ck|ldh|bnp|pro-?bnp|hcg|ast|alt|snomed|loinc|icd-?\d*|cpt|code|codes"
    r"|atc|rxnorm|ndc|omim|pmid|drg|dose|heparin|units|cells|reads|afp|ca|psa|d-?dimer|trop\w*)[\s:=~<>]*(?:ct|of|was|is"
    r"|at|above|below|over|under)?[\s:=~<>]*$",
    re.IGNORECASE,
)


def is_measure(match: re.Match[str]) -> bool:
    """Whether a number is a quantity: a unit or a fraction behind it, a count or a code before it."""
    text = match.string
    return bool(
        _UNIT_AFTER.match(text, match.end())
        or _COUNT_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
    )


def is_preceded_by(match: re.Match[str], pattern: re.Pattern[str], reach: int = 40) -> bool:
    """Whether a pattern ends where the match begins, at most so many signs before."""
    return bool(pattern.search(match.string[max(0, match.start() - reach) : match.start()]))
