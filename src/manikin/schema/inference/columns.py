"""A column of a table: its distinct spellings, what it shows, and what it was taken for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.remark import Remark
from manikin.schema.vocabulary import (
    LIMIT_PATTERN,
    MISSING_NUMBER_SPELLINGS,
    MISSING_SPELLINGS,
    NUMBER_PATTERN,
    SEVERITY_WORDS,
)

if TYPE_CHECKING:
    from manikin.schema.kinds import Kind


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


@dataclass(frozen=True)
class DistinctValues:
    """A text column as distinct words and the word of each row.

    Args:
        values: The distinct spellings, (k,).
        codes: The word of each row, (n,); -1 where there is none.

    Example:
        >>> column = DistinctValues.from_column(pa.array(["a", " a", "?", None]))
        >>> column.values.to_pylist(), column.codes.tolist(), column.counts.tolist()
        (['a', '?'], [0, 0, 1, -1], [2, 1])
    """

    values: pa.Array
    codes: np.ndarray

    @classmethod
    def from_column(cls, column: pa.Array, *, trim: bool = True) -> DistinctValues:
        """The words of a text column; with `trim`, without the blanks around them."""
        coded = column.dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        if not trim:
            return cls(coded.dictionary, codes)
        trimmed = pc.utf8_trim_whitespace(coded.dictionary).dictionary_encode()
        index = np.append(trimmed.indices.to_numpy(zero_copy_only=False), -1)
        return cls(trimmed.dictionary, index[codes])

    @cached_property
    def counts(self) -> np.ndarray:
        """In how many rows each word stands, (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @property
    def n_rows(self) -> int:
        """How many rows hold a word."""
        return int(self.counts.sum())

    def are_matching(self, pattern: str) -> np.ndarray:
        """Which words match a regular expression, (k,) of booleans."""
        found = pc.match_substring_regex(self.values, pattern)
        return found.to_numpy(zero_copy_only=False).astype(bool)

    def are_in(self, spellings: frozenset[str] | tuple[str, ...], *, lower: bool = False) -> np.ndarray:
        """Which words are among these spellings, (k,) of booleans."""
        words = pc.utf8_lower(self.values) if lower else self.values
        found = pc.is_in(words, value_set=pa.array(sorted(spellings), self.values.type))
        return found.to_numpy(zero_copy_only=False).astype(bool)

    def drop_values(self, dropped: np.ndarray) -> DistinctValues:
        """The same column where the words of the mask `dropped` (k,) are missing."""
        place = np.where(dropped, -1, np.cumsum(~dropped) - 1)
        return replace(
            self, values=self.values.filter(pa.array(~dropped)), codes=np.append(place, -1)[self.codes]
        )

    def broadcast(self, values: pa.Array) -> pa.Array:
        """One value per word, (k,), laid out over the rows, (n,)."""
        codes = pa.array(self.codes, mask=self.codes < 0)
        return values.take(codes)

    def find_first_record(self, chosen: np.ndarray) -> int:
        """The number of the first row, counted from 1, whose word is chosen by the mask (k,)."""
        return int(np.argmax(np.append(chosen, False)[self.codes])) + 1

    def list_values(self, chosen: np.ndarray) -> tuple[str, ...]:
        """The words chosen by the mask (k,), the most frequent first."""
        order = np.argsort(-self.counts, kind="stable")
        return tuple(self.values[int(i)].as_py() for i in order if chosen[i])


def are_missing(column: DistinctValues, kept: tuple[str, ...] = ()) -> np.ndarray:
    """Which words stand for a missing value, (k,); those of `kept` never do.

    "None" is a level, not a gap, on a scale of severity (none, mild, severe). Spellings such as
    "." or "unknown" are gaps only where everything else is a number or a date.
    """
    gap = column.are_in(MISSING_SPELLINGS) & ~column.are_in(kept)
    if column.are_in(SEVERITY_WORDS, lower=True).any():
        gap &= ~column.are_in(("None",))
    loose = column.are_in(MISSING_NUMBER_SPELLINGS, lower=True) & ~gap & ~column.are_in(kept)
    rest = ~gap & ~loose
    quantities = (
        column.are_matching(NUMBER_PATTERN)
        | column.are_matching(LIMIT_PATTERN)
        | column.are_matching(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]|$)")
    )
    return gap | loose if rest.any() and quantities[rest].all() else gap


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


@dataclass(frozen=True, eq=False)
class ColumnDescription:
    """What a column shows, found out once and asked by all that judge what it is.

    Args:
        name: The field.
        values: As they came, (n,).
        is_spelled: Whether the file spells everything as text, as csv does, so that numerals are numbers.
    """

    name: str
    values: pa.Array
    is_spelled: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return pa.types.is_string(self.values.type)

    @cached_property
    def words(self) -> DistinctValues:
        """Of a column of text the distinct spellings."""
        return DistinctValues.from_column(self.values, trim=self.is_spelled)

    @cached_property
    def gaps(self) -> np.ndarray:
        """Which spellings stand for a missing value whatever the column is, (k,) of booleans."""
        return are_missing(self.words)

    @cached_property
    def present(self) -> DistinctValues:
        """The spellings without those that stand for a missing value."""
        return self.words.drop_values(self.gaps)

    @cached_property
    def plain(self) -> np.ndarray:
        """Which of those present are numbers, (k,) of booleans."""
        return self.present.are_matching(NUMBER_PATTERN)

    @cached_property
    def has_digits(self) -> bool:
        """Whether a digit stands in any of those present."""
        return bool(self.plain.any() or self.present.are_matching(r"\d").any())

    @cached_property
    def number_meaning(self) -> str | None:
        """Whether the name announces a "code" or a "quantity"."""
        return column_names.classify_number_name(self.name)


NO_VALUE = Remark("no value at all", topic="values")


@dataclass(frozen=True)
class InferredColumn:
    """A column in its physical type, its kind, and notes in words without any patient's value.

    A note that holds only while the column is a quantity or a category is a `Remark` on its "values".
    """

    values: pa.Array
    kind: Kind
    notes: tuple[str, ...] = ()


def select_common_missing(missing: tuple[str, ...]) -> tuple[str, ...]:
    """Spellings of missing values that may be shown: the first, which is written, and those in common use.

    Others may be a word about one patient.

    Example:
        >>> select_common_missing(("", "NA", "refused by Mrs Jones", "-99"))
        ('', 'NA', '-99')
    """
    column = DistinctValues.from_column(pa.array(missing, pa.string()))
    usual = set(
        column.list_values(column.are_in(MISSING_SPELLINGS) | column.are_matching(NUMBER_PATTERN))
    ) | set(missing[:1])
    return tuple(word for word in missing if word in usual)
