"""Histories as a type of Arrow columns: lists of timed events, and bags of codes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc

EVENT_TYPE = pa.struct(
    [("time", pa.float64()), ("visit", pa.int32()), ("code", pa.string()), ("value", pa.float64())]
)
HISTORY_TYPE = pa.list_(EVENT_TYPE)
"""A history: events by visit, then by time; days since the first one, visits numbered from 0."""


def is_history_type(dtype: pa.DataType) -> bool:
    """Whether a column of this type holds histories."""
    return pa.types.is_list(dtype) and pa.types.is_struct(dtype.value_type)


def is_codes_type(dtype: pa.DataType) -> bool:
    """Whether a column of this type holds histories or bags of codes."""
    return pa.types.is_list(dtype) and (is_history_type(dtype) or pa.types.is_string(dtype.value_type))


def to_history_type(column: pa.Array) -> pa.Array | None:
    """The column in the type of histories, where it is a list of events with at least a time and a code."""
    if not is_history_type(column.type):
        return None
    known = {column.type.value_type.field(i).name for i in range(column.type.value_type.num_fields)}
    if not {"time", "code"} <= known <= {"time", "visit", "code", "value"}:
        return None
    events, m = column.flatten(), len(column.flatten())
    blank = {"visit": pa.array(np.zeros(m, np.int32)), "value": pa.nulls(m, pa.float64())}
    parts = [(events.field(f.name) if f.name in known else blank[f.name]).cast(f.type) for f in EVENT_TYPE]
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    start = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    return pa.ListArray.from_arrays(start, pa.StructArray.from_arrays(parts, fields=list(EVENT_TYPE)))
