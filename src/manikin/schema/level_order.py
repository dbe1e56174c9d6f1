"""The order of levels: intervals, scales of severity, Roman numerals; else as people sort."""

from __future__ import annotations

import re

_SCALES = (
    ("none", "trace", "minimal", "slight", "minor", "mild", "moderate", "marked", "major", "severe"),
    ("very low", "low", "normal", "norm", "medium", "intermediate", "moderate", "high", "very high"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    ("small", "medium", "large", "very large"),
    ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"),
    ("not improved", "unchanged", "improved"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("absent", "present"), ("negative", "positive"), ("neg", "pos"), ("pre", "peri", "post"),
    ("alive", "dead"), ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"),
)  # fmt: skip
_LIMIT_WORDS = r"under|below|less than|up to|at most|over|above|more than|at least"
_INTERVAL_PATTERN = re.compile(
    rf"^(?P<sign>[<>≤≥]=?|=[<>]|{_LIMIT_WORDS})?\s*[\[(]?\s*[$€£]?(?P<low>-?\d+(\.\d+)?)\s*[k%]?"
    r"(?P<end>\s*(-|–|to|,|:)\s*[$€£]?(?P<high>-?\d+(\.\d+)?)\s*[k%]?"
    r"|\s*\+|\s+(or|and) (more|over|older|above))?"
    r"\s*[\])]?\s*[A-Za-z]*$",
    re.IGNORECASE,
)
_BELOW_WORDS = ("<", "≤", "=<", "under", "below", "less", "up to", "at most")


def _split_numbers(level: str) -> list[tuple[int, float, str]]:
    parts = re.split(r"(\d+(?:\.\d+)?)", level.casefold())
    return [(0, float(part), "") if i % 2 else (1, 0.0, part) for i, part in enumerate(parts)]


def _parse_lower_bound(level: str) -> tuple[float, float] | None:
    """Where an interval begins, with a tie-breaker; None: not an interval."""
    if level.casefold() in ("norm", "normal"):
        return (float("-inf"), 0.0)
    found = _INTERVAL_PATTERN.match(level.strip())
    if found is None or not (found["sign"] or found["end"]):
        return None
    low = float(found["low"])
    sign = (found["sign"] or "").casefold()
    if sign.startswith(_BELOW_WORDS):
        return (low, -2.0)
    return (low, 1.0 if sign else -1.0) if not found["high"] else (low, float(found["high"]) / 1e12)


def _sort_intervals(levels: list[str]) -> list[str] | None:
    bounds = {level: _parse_lower_bound(level) for level in levels}
    if len(levels) < 2 or any(bound is None for bound in bounds.values()):  # noqa: PLR2004 - one has no order
        return None
    below = [level for level in levels if level.strip().casefold().startswith(_BELOW_WORDS)]
    rest = [level for level in levels if level not in below]
    return sorted(below, key=lambda level: bounds[level] or (0, 0)) + sorted(
        rest, key=lambda level: bounds[level] or (0, 0)
    )


def order_levels(levels: list[str]) -> tuple[tuple[str, ...], bool]:
    """Levels in their order, and whether that order means something.

    Two levels such as "no" and "yes" come in their natural order but need no order.

    Example:
        >>> order_levels([">50", "20-50", "<=20"])
        (('<=20', '20-50', '>50'), True)
        >>> order_levels(["severe", "mild", "none"])
        (('none', 'mild', 'severe'), True)
        >>> order_levels(["V27", "E909", "V3"])
        (('E909', 'V3', 'V27'), False)
    """
    if (intervals := _sort_intervals(levels)) is not None:
        return tuple(intervals), True
    lower = [level.casefold() for level in levels]
    for scale in _SCALES:
        if len(set(lower)) == len(levels) and set(lower) <= set(scale):
            two = len(levels) < 3  # noqa: PLR2004 - an order of two levels says nothing
            return tuple(sorted(levels, key=lambda level: scale.index(level.casefold()))), not two
    return tuple(sorted(levels, key=_split_numbers)), False
