"""Rows of a long table of events that can be read, and what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import FormatError
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.columns import DistinctValues
from manikin.schema.vocabulary import MISSING_SPELLINGS, NUMBER_PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.tables import EventColumns

BINARY_SUFFIXES = (".parquet", ".feather")
"""Files whose columns are named apart from their rows."""


def drop_unreadable_rows(
    table: pa.Table, columns: EventColumns, path: Path, *, skip_bad: bool
) -> tuple[pa.Table, list[str]]:
    """The rows that can be read, and a note on the others.

    Args:
        table: A long table of events.
        columns: What is what.
        path: Where it came from.
        skip_bad: Whether rows that cannot be read are left out, instead of being an error.

    Raises:
        FormatError: A row cannot be read, and none may be left out.
    """
    faults = [
        RowIssue(is_missing(table[name]), f"no {name}; fill it in")
        for name in (columns.subject, columns.code)
    ]
    if columns.value:
        faults.append(RowIssue(is_not_number(table[columns.value]), f"the {columns.value} is no number"))
    faults.append(RowIssue(is_not_time(table[columns.time]), f"the {columns.time} is no time"))
    faults.append(
        RowIssue(
            has_minority_time_format(table[columns.time]),
            f"the {columns.time} is spelled otherwise than most",
        )
    )
    kept, notes = check_rows(faults, path, skip_bad=skip_bad)
    return (table.filter(pa.array(kept)) if notes else table), notes


@final
@dataclass(frozen=True, eq=False)
class RowIssue:
    """What is wrong with some rows of a table: which ones, (m,) of booleans, and what."""

    is_bad: np.ndarray
    message: str


def check_rows(faults: Sequence[RowIssue], path: Path, *, skip_bad: bool) -> tuple[np.ndarray, list[str]]:
    """Which rows of a table can be read, (m,), and a note on the others.

    Raises:
        FormatError: A row cannot be read, and none may be left out; the message names the first.
    """
    bad = np.logical_or.reduce([fault.is_bad for fault in faults])
    if not bad.any():
        return ~bad, []
    row = int(bad.argmax())
    first = next(fault.message for fault in faults if fault.is_bad[row])
    header = 0 if path.suffix in BINARY_SUFFIXES else 1
    said = f"{path}: row {row + 1 + header}: {first}"
    if not skip_bad:
        raise FormatError(f"{said}; correct it, or leave bad rows out (skip_bad)")
    return ~bad, [f"{int(bad.sum())} bad rows are left out, the first: {said}"]


def is_missing(column: pa.ChunkedArray) -> np.ndarray:
    """Where nothing stands, (m,)."""
    gap = pc.is_null(column)
    if pa.types.is_string(column.type):
        gap = pc.or_(
            gap, pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(sorted(MISSING_SPELLINGS)))
        )
    return gap.to_numpy(zero_copy_only=False) if isinstance(gap, pa.Array) else gap.to_numpy()


def is_not_number(column: pa.ChunkedArray) -> np.ndarray:
    """Where something stands that is no number, (m,)."""
    values = column.combine_chunks()
    if pa.types.is_floating(values.type):
        return pc.is_inf(values).fill_null(False).to_numpy(zero_copy_only=False)
    if not pa.types.is_string(values.type):
        return np.zeros(len(values), dtype=bool)
    words = _list_distinct_texts(values)
    return np.append(~words.are_matching(NUMBER_PATTERN), False)[words.codes]


def has_minority_time_format(column: pa.ChunkedArray) -> np.ndarray:
    """Where a time is spelled otherwise than most are, so that together they cannot be read, (m,)."""
    values = column.combine_chunks()
    if _has_time_type(values):
        return np.zeros(len(values), dtype=bool)
    words = _list_distinct_texts(values.cast(pa.string()))
    whole = words.values.to_pylist()
    if not elapsed_time.has_mixed_formats(whole):
        return np.zeros(len(values), dtype=bool)
    place, none = {text: i for i, text in enumerate(whole)}, set(elapsed_time.find_unparsable(whole))
    texts = [text for i, text in enumerate(whole) if i not in none]
    odd = (
        {texts[i] for i in elapsed_time.find_unparsable(texts, texts[:1])}
        if elapsed_time.has_mixed_formats(texts)
        else set()
    )
    if sum(words.counts[place[text]] for text in odd) * 2 > len(values):
        other = next(text for text in texts if text in odd)
        odd = {texts[i] for i in elapsed_time.find_unparsable(texts, [other])}
    wrong = np.zeros(len(place) + 1, dtype=bool)
    wrong[[place[text] for text in odd]] = True
    return wrong[words.codes]


def is_not_time(column: pa.ChunkedArray) -> np.ndarray:
    """Where something stands that is no time even by itself, (m,)."""
    values = column.combine_chunks()
    if _has_time_type(values):
        return np.zeros(len(values), dtype=bool)
    words = _list_distinct_texts(values.cast(pa.string()))
    wrong = np.zeros(len(words.values) + 1, dtype=bool)
    wrong[elapsed_time.find_unparsable(words.values.to_pylist())] = True
    return wrong[words.codes]


def _list_distinct_texts(values: pa.Array) -> DistinctValues:
    """The texts that stand somewhere, gaps left out."""
    words = DistinctValues.from_column(values)
    return words.drop_values(words.are_in(tuple(MISSING_SPELLINGS)))


def _has_time_type(values: pa.Array) -> bool:
    """Whether the file itself holds times."""
    return pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
