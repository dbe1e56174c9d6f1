"""The distinct spellings of a text column: how many rows share each, and what they look like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.spellings import (
    LIMIT_PATTERN,
    MISSING_NUMBER_SPELLINGS,
    MISSING_SPELLINGS,
    NUMBER_PATTERN,
    SEVERITY_WORDS,
)


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
