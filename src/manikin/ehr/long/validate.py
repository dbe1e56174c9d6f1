"""Rows of a long table of events that can be read, and what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.errors import FormatError
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.distinct_values import MISSING, NUMBER, Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.ehr.long.read import Columns

BINARY = (".parquet", ".feather")
"""Files whose columns are named apart from their rows."""

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see


def legible(table: pa.Table, columns: Columns, path: Path, *, skip_bad: bool) -> tuple[pa.Table, list[str]]:
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
        Fault(gaps(table[name]), f"no {name}; fill it in") for name in (columns.subject, columns.code)
    ]
    if columns.value:
        faults.append(Fault(wordy(table[columns.value]), f"the {columns.value} is no number"))
    faults.append(Fault(timeless(table[columns.time]), f"the {columns.time} is no time"))
    faults.append(Fault(unlike(table[columns.time]), f"the {columns.time} is spelled otherwise than most"))
    kept, notes = admitted(faults, path, skip_bad=skip_bad)
    return (table.filter(pa.array(kept)) if notes else table), notes


@final
@dataclass(frozen=True, eq=False)
class Fault:
    """What is wrong with some rows of a table: which ones, (m,) of booleans, and what."""

    rows: np.ndarray
    what: str


def admitted(faults: Sequence[Fault], path: Path, *, skip_bad: bool) -> tuple[np.ndarray, list[str]]:
    """Which rows of a table can be read, (m,), and a note on the others.

    Raises:
        FormatError: A row cannot be read, and none may be left out; the message names the first.
    """
    bad = np.logical_or.reduce([fault.rows for fault in faults])
    if not bad.any():
        return ~bad, []
    row = int(bad.argmax())
    first = next(fault.what for fault in faults if fault.rows[row])
    header = 0 if path.suffix in BINARY else 1
    said = f"{path}: row {row + 1 + header}: {first}"
    if not skip_bad:
        raise FormatError(f"{said}; correct it, or leave bad rows out (skip_bad)")
    return ~bad, [f"{int(bad.sum())} bad rows are left out, the first: {said}"]


def gaps(column: pa.ChunkedArray) -> np.ndarray:
    """Where nothing stands, (m,)."""
    gap = pc.is_null(column)
    if pa.types.is_string(column.type):
        gap = pc.or_(gap, pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(sorted(MISSING))))
    return gap.to_numpy(zero_copy_only=False) if isinstance(gap, pa.Array) else gap.to_numpy()


def wordy(column: pa.ChunkedArray) -> np.ndarray:
    """Where something stands that is no number, (m,)."""
    values = column.combine_chunks()
    if pa.types.is_floating(values.type):
        return pc.is_inf(values).fill_null(False).to_numpy(zero_copy_only=False)
    if not pa.types.is_string(values.type):
        return np.zeros(len(values), dtype=bool)
    words = _spelled(values)
    return np.append(~words.like(NUMBER), False)[words.codes]


def unlike(column: pa.ChunkedArray) -> np.ndarray:
    """Where a time is spelled otherwise than most are, so that together they cannot be read, (m,)."""
    values = column.combine_chunks()
    if _dated(values):
        return np.zeros(len(values), dtype=bool)
    words = _spelled(values.cast(pa.string()))
    whole = words.words.to_pylist()
    if not elapsed_time.mixed(whole):
        return np.zeros(len(values), dtype=bool)
    place, none = {text: i for i, text in enumerate(whole)}, set(elapsed_time.unreadable(whole))
    texts = [text for i, text in enumerate(whole) if i not in none]
    odd = (
        {texts[i] for i in elapsed_time.unreadable(texts, texts[:1])}
        if elapsed_time.mixed(texts)
        else set()
    )
    if sum(words.counts[place[text]] for text in odd) * 2 > len(values):
        other = next(text for text in texts if text in odd)
        odd = {texts[i] for i in elapsed_time.unreadable(texts, [other])}
    wrong = np.zeros(len(place) + 1, dtype=bool)
    wrong[[place[text] for text in odd]] = True
    return wrong[words.codes]


def timeless(column: pa.ChunkedArray) -> np.ndarray:
    """Where something stands that is no time even by itself, (m,)."""
    values = column.combine_chunks()
    if _dated(values):
        return np.zeros(len(values), dtype=bool)
    words = _spelled(values.cast(pa.string()))
    wrong = np.zeros(len(words.words) + 1, dtype=bool)
    wrong[elapsed_time.unreadable(words.words.to_pylist())] = True
    return wrong[words.codes]


def _spelled(values: pa.Array) -> Words:
    """The texts that stand somewhere, gaps left out."""
    words = Words.of(values)
    return words.without(words.among(tuple(MISSING)))


def _dated(values: pa.Array) -> bool:
    """Whether the file itself holds times."""
    return pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
