"""Rows of a long table of events that can be read, and what is wrong with the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.data.signals import clock
from manikin.data.words import MISSING, NUMBER, Words
from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.data.events.long import Columns

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
    bad, notes = np.zeros(table.num_rows, dtype=bool), []
    faults = [(name, _gaps, "no {}; fill it in") for name in (columns.subject, columns.code)]
    faults += [(columns.value, _wordy, "the {} is no number; correct it")] if columns.value else []
    faults += [(columns.time, _timeless, "the {} is no time; write numbers, or dates")]
    for name, seek, what in faults:
        wrong = seek(table[name])
        if wrong.any():
            notes.append(f"{path}: row {int(wrong.argmax()) + 2}: {what.format(name)}")
        bad |= wrong
    if not bad.any():
        return table, []
    if not skip_bad:
        raise FormatError(f"{notes[0]}, or leave bad rows out (skip_bad)")
    return table.filter(pa.array(~bad)), [f"{int(bad.sum())} bad rows are left out, the first: {notes[0]}"]


def _gaps(column: pa.ChunkedArray) -> np.ndarray:
    """Where nothing stands, (m,)."""
    gap = pc.is_null(column)
    if pa.types.is_string(column.type):
        gap = pc.or_(gap, pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(sorted(MISSING))))
    return gap.to_numpy(zero_copy_only=False) if isinstance(gap, pa.Array) else gap.to_numpy()


def _wordy(column: pa.ChunkedArray) -> np.ndarray:
    """Where something stands that is no number, (m,)."""
    if not pa.types.is_string(column.type):
        return np.zeros(len(column), dtype=bool)
    words = Words.of(column.combine_chunks())
    words = words.without(words.among(tuple(MISSING)))
    return np.append(~words.like(NUMBER), False)[words.codes]


def _timeless(column: pa.ChunkedArray) -> np.ndarray:
    """Where something stands that is no time even by itself, (m,)."""
    values = column.combine_chunks()
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return np.zeros(len(values), dtype=bool)
    words = Words.of(values.cast(pa.string()))
    words = words.without(words.among(tuple(MISSING)))
    wrong = np.zeros(len(words.words) + 1, dtype=bool)
    wrong[clock.unreadable(words.words.to_pylist())] = True
    return wrong[words.codes]
