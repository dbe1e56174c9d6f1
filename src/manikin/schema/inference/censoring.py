"""Censoring: "<0.01", ">90", "90+": numbers of which only a limit is known.

A laboratory reports what lies below its limit of detection as "<0.01", a register ages above 90 as "90+".
Such a cell becomes a number on the right side of its limit, so that orders hold: one unit of its last digit
beyond a limit that is not meant, half of it where nothing would be left, and the limit itself where it is
meant (90+). What lies there or farther out is written back as the file spelled it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.limits import MAX_EXACT_INTEGER
from manikin.schema.vocabulary import LIMIT_PATTERN

if TYPE_CHECKING:
    import numpy as np

    from manikin.schema.inference.columns import DistinctValues

_LIMIT_REGEX = re.compile(LIMIT_PATTERN)
MIN_DISTINCT_NUMBERS = 10  # distinct words from which on numbers among limits are no levels


class Limit(NamedTuple):
    """What a spelling says.

    Args:
        spelling: As the file has it.
        value: The number that stands for it.
        above: Whether it is a limit from below, such as ">90".
    """

    spelling: str
    value: float
    above: bool


def parse_limit(spelling: str) -> Limit | None:
    """The limit that a word spells; None: it spells none.

    Example:
        >>> parse_limit(">90"), parse_limit("90+").value, parse_limit("<0.01").value
        (Limit(spelling='>90', value=91.0, above=True), 90.0, 0.005)
    """
    found = _LIMIT_REGEX.match(spelling.strip())
    if found is None:
        return None
    sign, more = found["sign"] or "", found["least"] is not None
    number = (found["number"] or found["least"]).replace(",", ".")
    limit, unit = float(number), 10.0 ** -len(number.partition(".")[2])
    above = more or sign.startswith((">", "≥", "=>")) or sign in ("over", "above")
    meant = more or "=" in sign or sign in ("≥", "≤")
    if meant:
        return Limit(spelling, limit, above)
    if above:
        return Limit(spelling, round(limit + unit, 12), above)
    return Limit(spelling, round(limit - unit, 12) if limit > unit else limit / 2, above)


def are_limits(words: DistinctValues) -> np.ndarray:
    """Which words are limits, (k,) of booleans."""
    return words.are_matching(LIMIT_PATTERN)


def are_numbers_among_limits(words: DistinctValues, plain: np.ndarray) -> bool:
    """Whether words are numbers, with limits among them, rather than levels of which some are intervals."""
    limits = are_limits(words)
    whole = bool((plain | limits).all() and limits.any() and plain.any())
    return (
        whole and len(words.values) > MIN_DISTINCT_NUMBERS and 2 * words.counts[plain].sum() >= words.n_rows
    )


def read_limits(words: DistinctValues, plain: np.ndarray) -> pa.Array:
    """Words that are numbers and limits as numbers, whole ones where all are, (k,)."""
    texts = words.values.to_pylist()
    values = [
        float(text) if number else parse_limit(text).value  # type: ignore[union-attr]
        for text, number in zip(texts, plain, strict=True)
    ]
    whole = all("." not in text and "," not in text and "e" not in text.lower() for text in texts)
    found = pa.array(values, pa.float64())
    exact = all(v == int(v) and abs(v) <= MAX_EXACT_INTEGER for v in values) if whole else False
    return found.cast(pa.int64()) if exact else found


def spell_limits(values: pa.Array, text: pa.Array, censored: tuple[str, ...]) -> pa.Array:
    """The texts of numbers, those that stand for a limit as the file spelled it.

    Example:
        >>> spell_limits(pa.array([45, 91, 93]), pa.array(["45", "91", "93"]), (">90",)).to_pylist()
        ['45', '>90', '>90']
    """
    numbers = values.cast(pa.float64())
    limits = [found for spelling in censored if (found := parse_limit(spelling))]
    for above in (False, True):
        side = sorted((one for one in limits if one.above == above), key=lambda one: one.value)
        outer = side[-1 if above else 0] if side else None
        for one in side:
            test = pc.equal if one is not outer else pc.greater_equal if above else pc.less_equal
            text = pc.if_else(test(numbers, one.value), one.spelling, text)
    return text


def replace_limits(values: pa.Array, censored: tuple[str, ...]) -> pa.Array:
    """Given words in which the limits of a field are replaced by the numbers that stand for them.

    Example:
        >>> replace_limits(pa.array(["90+", "45"]), ("90+",)).to_pylist()
        ['90', '45']
    """
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    words = pc.utf8_trim_whitespace(values)
    for spelling in censored:
        if (limit := parse_limit(spelling)) is not None:
            words = pc.if_else(pc.equal(words, spelling.strip()), f"{limit.value:.12g}", words)
    return words
