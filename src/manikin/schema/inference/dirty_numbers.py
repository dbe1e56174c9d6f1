"""Text that hides numbers: units, thousands marks, detection limits, strays; refused with a way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from manikin.schema.vocabulary import NUMBER_PATTERN

if TYPE_CHECKING:
    from manikin.schema.inference.columns import DistinctValues

_UNIT_PATTERN = (
    r"(kg|g|mg|ug|µg|μg|mcg|ng|pg|lbs?|oz|cm|mm|m|km|in|inch(es)?|ft|ml|cl|dl|l|mmol|umol|µmol|nmol|mol|meq|iu|u"
    r"|mmhg|cmh2o|kpa|bpm|mins?|minutes?|h|hrs?|hours?|s|secs?|d|days?|wks?|weeks?|mos?|months?|yrs?|years?|y/?o"
    r"|%|°c?|kcal|hz|mv|ms|percent|units?|cells?)"
)
_NUMBER_WITH_UNIT = (
    rf"(?i)^[+-]?\d+([.,]\d+)?\s*{_UNIT_PATTERN}([/·*x ^]*({_UNIT_PATTERN}|\d|min|m2|m²|mm3))*\.?$"
)
_NUMBER_WITH_SUFFIX = r"^[+-]?\d+([.,]\d+)?\s*[A-Za-z%°µ][A-Za-z%°µ/0-9]*$"
_MONEY_PATTERN = r"^[$€£]\s*\d+([.,]\d+)*$"
_THOUSANDS_PATTERN = r"^[+-]?\d{1,3}([,' ]\d{3})+(\.\d+)?$"
_DECIMAL_COMMA_PATTERN = r"^[+-]?\d+,\d+$"
_NUMBER_PAIR_PATTERN = r"^\d+(\.\d+)?\s*[/x]\s*\d+(\.\d+)?$"
_LIMIT_PATTERN = r"^[<>≤≥]=?\s*\d+([.,]\d+)?$"
_DATE_PATTERN = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}([T ]|$)"
_CODE_PATTERN = r"^([A-Za-z]{1,3}[-. ]?\d+[0-9A-Za-z.]*|\d+[A-Za-z]{1,2})$"
_DECADE_PATTERN = r"(?i)^(low|lower|mid|early|late|high|upper)[ -]+\d+0'?s?$"
_YEAR_PATTERN = r"^(1[89]|20)\d\d$"
_YEAR_ENDING_PATTERN = r"((1[89]|20)\d\d|[/.-]\d{2})$"
_MAX_LEVELS = 10
_MIN_SHARED_RECORDS = 5


def _are_suffixed_alike(words: DistinctValues) -> np.ndarray:
    """Numbers with something after them that is the same everywhere, such as "72 points"."""
    matched = words.are_matching(_NUMBER_WITH_SUFFIX)
    endings = {re.sub(r"^[+-]?[\d.,]+\s*", "", word) for word in words.list_values(matched)}
    return matched if len(endings) == 1 and matched.sum() >= 5 else matched & False  # noqa: PLR2004 - fewer are levels


def explain_dirty_numbers(words: DistinctValues) -> str | None:
    """Why a text column cannot be taken as it is, and what to do; None: it can.

    Intervals ("[10-20)", "<=20", "$11-$25k") and codes ("V27" among "250.83") are levels and pass.

    Example:
        >>> import pyarrow as pa
        >>> from manikin.schema.inference.columns import DistinctValues
        >>> explain_dirty_numbers(DistinctValues.from_column(pa.array(["72 kg", "80 kg"])))
        'numbers with a unit; write bare numbers and declare the unit in schema.toml'
        >>> explain_dirty_numbers(DistinctValues.from_column(pa.array(["<=20", "20-50", ">50"])))
    """
    plain = words.are_matching(NUMBER_PATTERN)
    marks = {
        "numbers with a unit; write bare numbers and declare the unit in schema.toml": (
            words.are_matching(_NUMBER_WITH_UNIT) | _are_suffixed_alike(words)
        ),
        "numbers with a thousands mark; write them without": words.are_matching(_THOUSANDS_PATTERN),
        "sums of money with a currency sign; write bare numbers": words.are_matching(_MONEY_PATTERN),
        "numbers with a decimal comma; write a decimal point": words.are_matching(_DECIMAL_COMMA_PATTERN)
        & ~words.are_matching(_THOUSANDS_PATTERN),
        "two numbers in one cell; give each a column of its own": words.are_matching(_NUMBER_PAIR_PATTERN),
        "numbers among limits such as '<5'; write the limit, or leave the cell empty": words.are_matching(
            _LIMIT_PATTERN
        ),
    }
    if words.counts[words.are_matching(_DATE_PATTERN)].sum() > words.n_rows / 2:
        return "dates that are not all valid in one layout and time zone; write them as YYYY-MM-DD"
    odd = np.logical_or.reduce(list(marks.values()))
    if not odd.any() or _are_levels(words, plain, odd, marks):
        return _explain_stray_values(words, plain)
    return max(marks, key=lambda reason: int(words.counts[marks[reason]].sum()))


def _are_levels(
    words: DistinctValues, plain: np.ndarray, odd: np.ndarray, marks: dict[str, np.ndarray]
) -> bool:
    """Whether marked numbers are plainly the levels of a category, or too few to matter."""
    *_, pair, limit = marks.values()
    if (
        words.counts[odd | plain].sum() < words.n_rows / 2
        or (odd & words.are_matching(_CODE_PATTERN)).sum() == odd.sum() > 0
    ):
        return True
    if (limit | pair)[odd].all():
        return len(words.values) <= _MAX_LEVELS
    return not (odd | plain).all() and odd.sum() + plain.sum() <= _MAX_LEVELS


def _explain_stray_values(words: DistinctValues, plain: np.ndarray) -> str | None:
    """Numbers and other text in one column: levels where both repeat, codes, or a mistake."""
    if not plain.any() or plain.all():
        return None
    other = ~plain
    few = (
        plain.sum() <= _MAX_LEVELS
        and len(words.values) <= _MAX_LEVELS + 2
        and (words.counts[other] > 1).all()
    )
    if (words.are_matching(_CODE_PATTERN) & ~words.are_matching(_DECADE_PATTERN))[other].all() or (
        few and words.n_rows >= 5 * len(words.values)
    ):
        return None
    dates = (
        words.are_matching(_YEAR_PATTERN)[plain].all()
        and words.are_matching(_YEAR_ENDING_PATTERN)[other].all()
    )
    if dates or words.counts[plain].sum() < words.n_rows / 2:
        return None
    return (
        f"{words.counts[plain].sum()} values are numbers and {words.counts[other].sum()} are text "
        f"(the first in record {words.find_first_record(other)}{_describe_shared_strays(words, other)}); "
        "correct them, or declare in schema.toml "
        'kind = "number" with missing = ["..."], or kind = "category"'
    )


def _describe_shared_strays(words: DistinctValues, other: np.ndarray) -> str:
    """Stray spellings that many records share, and so are no one's own."""
    rough = words.list_values(
        other & words.are_matching(_DECADE_PATTERN)
    )  # such as "low 90s", which names nobody
    common = [
        word
        for word in words.list_values(other & (words.counts >= _MIN_SHARED_RECORDS))
        if not re.search(r"\d", word)
    ][:3]
    common += rough[:12]
    return f"; often {', '.join(map(repr, common))}" if common else ""
