"""Sentinel dates: 9999-12-31 for "no end", 0001-01-01 and 1900-01-01 for "not known" stand for a gap."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.inference.columns import DistinctValues

SENTINEL_YEARS = ("9999", "2999", "0001")
"""Years that no record of a patient has."""
SENTINEL_DAYS = (
    "1900-01-01", "1899-12-30", "1899-12-31", "1800-01-01", "1753-01-01", "2099-12-31", "2100-01-01",
    "3000-01-01",
)  # fmt: skip
"""Days that systems write where they know none."""
MIN_YEARS_APART = 15.0
"""Years between a usual stand-in and all other dates, so that it is none of them."""
_DAYS_PER_YEAR = 365.25
_DATE_PATTERN = (
    r"^(\d{4})[-/.](\d{2})[-/.](\d{2})(?:$|[T ])|^(\d{2})[-/.](\d{2})[-/.](\d{4})(?:$|[T ])"
    r"|^(\d{4})(\d{2})(\d{2})$"
)


def find_sentinels(words: DistinctValues) -> np.ndarray:
    """Which words (k,) are dates that stand for a gap.

    A day of the years 9999, 2999 or 1 always is one. Another usual one (1900-01-01, 2099-12-31) is one
    where it lies 15 years or more from every other date.

    Example:
        >>> from manikin.schema.inference.columns import DistinctValues
        >>> words = DistinctValues.from_column(pa.array(["2020-05-01", "9999-12-31", "2021-01-01"]))
        >>> find_sentinels(words).tolist()
        [False, True, False]
        >>> words = DistinctValues.from_column(pa.array(["1900-01-01", "1911-02-03", "1899-06-01"]))
        >>> find_sentinels(words).tolist()
        [False, False, False]
    """
    days = [_normalize_day(word) for word in words.values.to_pylist()]
    always = np.array([day is not None and day[:4] in SENTINEL_YEARS for day in days], dtype=bool)
    usual = np.array([day in SENTINEL_DAYS for day in days], dtype=bool)
    rest = [
        _to_years(day) for day, odd in zip(days, always | usual, strict=True) if day is not None and not odd
    ]
    if not rest:
        return always
    found = always.copy()
    for i in np.flatnonzero(usual):
        year = _to_years(days[i] or "")
        found[i] = not min(rest) - MIN_YEARS_APART < year < max(rest) + MIN_YEARS_APART
    return found


def drop_sentinels(values: pa.Array) -> tuple[pa.Array, tuple[str, ...], tuple[str, ...]]:
    """A column of dates or moments (n,) without such days; how these are spelled, and notes on them."""
    words = DistinctValues.from_column(
        pc.strftime(values.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%d")
    )
    chosen = find_sentinels(words) if len(words.values) else np.zeros(0, dtype=bool)
    if not chosen.any() or chosen.all():
        return values, (), ()
    gap = pa.array(np.append(chosen, False)[words.codes])
    return pc.if_else(gap, None, values), words.list_values(chosen), describe_sentinels(words, chosen)


def drop_declared_sentinels(values: pa.Array, spellings: tuple[str, ...]) -> pa.Array:
    """A column of dates or moments (n,) without the days that a schema declares as missing."""
    days = pc.strftime(values.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%d")
    return pc.if_else(pc.is_in(days, value_set=pa.array(spellings, pa.string())), None, values)


def describe_sentinels(words: DistinctValues, chosen: np.ndarray) -> tuple[str, ...]:
    """A note for each stand-in: what it is, and in how many records it stands."""
    return tuple(
        f"{word} in {int(words.counts[i])} of {words.n_rows} records stands far from every other date "
        "and is read as missing; if it is a date, declare kind and format in schema.toml, and no missing"
        for i, word in enumerate(words.values.to_pylist())
        if chosen[i]
    )


def _normalize_day(word: str) -> str | None:
    found = re.match(_DATE_PATTERN, word)
    if found is None:
        return None
    year, month, day, *rest = found.groups()
    if year is None:
        first, second, year = rest[:3]
        if year is None:
            year, month, day = rest[3:]
        else:
            month, day = (second, first) if int(first) > 12 or first == second else (first, second)  # noqa: PLR2004
    return f"{year}-{month}-{day}"


def _to_years(day: str) -> float:
    year, month, date = (int(part) for part in day.split("-"))
    return year + (month - 1) / 12 + date / _DAYS_PER_YEAR
