"""Text that hides numbers: units, thousands marks, detection limits, strays; refused with a way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from manikin.schema.inference.distinct_values import NUMBER

if TYPE_CHECKING:
    from manikin.schema.inference.distinct_values import Words

_UNIT = (
    r"(kg|g|mg|ug|µg|μg|mcg|ng|pg|lbs?|oz|cm|mm|m|km|in|inch(es)?|ft|ml|cl|dl|l|mmol|umol|µmol|nmol|mol|meq|iu|u"
    r"|mmhg|cmh2o|kpa|bpm|mins?|minutes?|h|hrs?|hours?|s|secs?|d|days?|wks?|weeks?|mos?|months?|yrs?|years?|y/?o"
    r"|%|°c?|kcal|hz|mv|ms|percent|units?|cells?)"
)
_WITH_UNIT = rf"(?i)^[+-]?\d+([.,]\d+)?\s*{_UNIT}([/·*x ^]*({_UNIT}|\d|min|m2|m²|mm3))*\.?$"
_SUFFIX = r"^[+-]?\d+([.,]\d+)?\s*[A-Za-z%°µ][A-Za-z%°µ/0-9]*$"
_MONEY = r"^[$€£]\s*\d+([.,]\d+)*$"
_THOUSANDS = r"^[+-]?\d{1,3}([,' ]\d{3})+(\.\d+)?$"
_COMMA = r"^[+-]?\d+,\d+$"
_PAIR = r"^\d+(\.\d+)?\s*[/x]\s*\d+(\.\d+)?$"
_LIMIT = r"^[<>≤≥]=?\s*\d+([.,]\d+)?$"
_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}([T ]|$)"
_CODE = r"^([A-Za-z]{1,3}[-. ]?\d+[0-9A-Za-z.]*|\d+[A-Za-z]{1,2})$"
_DECADE = r"(?i)^(low|lower|mid|early|late|high|upper)[ -]+\d+0'?s?$"
_YEAR = r"^(1[89]|20)\d\d$"
_DATED = r"((1[89]|20)\d\d|[/.-]\d{2})$"
_FEW = 10
_SHARED = 5


def _suffixed(words: Words) -> np.ndarray:
    """Numbers with something after them that is the same everywhere, such as "72 points"."""
    matched = words.like(_SUFFIX)
    endings = {re.sub(r"^[+-]?[\d.,]+\s*", "", word) for word in words.spelled(matched)}
    return matched if len(endings) == 1 and matched.sum() >= 5 else matched & False  # noqa: PLR2004 - fewer are levels


def refusal(words: Words) -> str | None:
    """Why a text column cannot be taken as it is, and what to do; None: it can.

    Intervals ("[10-20)", "<=20", "$11-$25k") and codes ("V27" among "250.83") are levels and pass.

    Example:
        >>> import pyarrow as pa
        >>> from manikin.schema.inference.distinct_values import Words
        >>> refusal(Words.of(pa.array(["72 kg", "80 kg"])))
        'numbers with a unit; write bare numbers and declare the unit in schema.toml'
        >>> refusal(Words.of(pa.array(["<=20", "20-50", ">50"])))
    """
    plain = words.like(NUMBER)
    marks = {
        "numbers with a unit; write bare numbers and declare the unit in schema.toml": (
            words.like(_WITH_UNIT) | _suffixed(words)
        ),
        "numbers with a thousands mark; write them without": words.like(_THOUSANDS),
        "sums of money with a currency sign; write bare numbers": words.like(_MONEY),
        "numbers with a decimal comma; write a decimal point": words.like(_COMMA) & ~words.like(_THOUSANDS),
        "two numbers in one cell; give each a column of its own": words.like(_PAIR),
        "numbers among limits such as '<5'; write the limit, or leave the cell empty": words.like(_LIMIT),
    }
    if words.counts[words.like(_DATE)].sum() > words.rows / 2:
        return "dates that are not all valid in one layout and time zone; write them as YYYY-MM-DD"
    odd = np.logical_or.reduce(list(marks.values()))
    if not odd.any() or _levels(words, plain, odd, marks):
        return _stray(words, plain)
    return max(marks, key=lambda reason: int(words.counts[marks[reason]].sum()))


def _levels(words: Words, plain: np.ndarray, odd: np.ndarray, marks: dict[str, np.ndarray]) -> bool:
    """Whether marked numbers are plainly the levels of a category, or too few to matter."""
    *_, pair, limit = marks.values()
    if words.counts[odd | plain].sum() < words.rows / 2 or (odd & words.like(_CODE)).sum() == odd.sum() > 0:
        return True
    if (limit | pair)[odd].all():
        return len(words.words) <= _FEW
    return not (odd | plain).all() and odd.sum() + plain.sum() <= _FEW


def _stray(words: Words, plain: np.ndarray) -> str | None:
    """Numbers and other text in one column: levels where both repeat, codes, or a mistake."""
    if not plain.any() or plain.all():
        return None
    other = ~plain
    few = plain.sum() <= _FEW and len(words.words) <= _FEW + 2 and (words.counts[other] > 1).all()
    if (words.like(_CODE) & ~words.like(_DECADE))[other].all() or (
        few and words.rows >= 5 * len(words.words)
    ):
        return None
    dates = words.like(_YEAR)[plain].all() and words.like(_DATED)[other].all()
    if dates or words.counts[plain].sum() < words.rows / 2:
        return None
    return (
        f"{words.counts[plain].sum()} values are numbers and {words.counts[other].sum()} are text "
        f"(the first in record {words.first(other)}{_shared(words, other)}); correct them, or declare "
        'in schema.toml kind = "number" with missing = ["..."], or kind = "category"'
    )


def _shared(words: Words, other: np.ndarray) -> str:
    """Stray spellings that many records share, and so are no one's own."""
    rough = words.spelled(other & words.like(_DECADE))  # such as "low 90s", which names nobody
    common = [
        word for word in words.spelled(other & (words.counts >= _SHARED)) if not re.search(r"\d", word)
    ][:3]
    common += rough[:12]
    return f"; often {', '.join(map(repr, common))}" if common else ""
