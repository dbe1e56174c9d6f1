"""Arrow columns as floats, and floats as Arrow columns of a file's type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_floats(column: pa.ChunkedArray, *, months: bool = False) -> np.ndarray:
    """Values as float64, NaN where missing; moments in microseconds, or in months, since 1970."""
    if not pa.types.is_temporal(column.type):
        return column.cast(pa.float64()).to_numpy().astype(float)
    moments = column.cast(pa.timestamp("us")).to_numpy()
    counted = moments.astype("datetime64[M]" if months else "datetime64[us]").astype(float)
    return np.where(np.isnat(moments), np.nan, counted)


def parse_arrow_type(dtype: str) -> pa.DataType:
    """The Arrow type called so by `str`.

    Example:
        >>> types = pa.int8(), pa.date32(), pa.timestamp("s", tz="UTC")
        >>> all(parse_arrow_type(str(t)) == t for t in types)
        True
    """
    if moment := re.fullmatch(r"timestamp\[(\w+)(?:, tz=(.+))?\]", dtype):
        return pa.timestamp(moment[1], tz=moment[2])
    return pa.type_for_alias({"date32[day]": "date32", "date64[ms]": "date64"}.get(dtype, dtype))


def from_floats(values: np.ndarray, dtype: str, *, months: bool = False) -> pa.Array:
    """The inverse of `to_floats`, in the type that `parse_arrow_type` reads; NaN becomes missing."""
    kind, missing = parse_arrow_type(dtype), np.isnan(values)
    if pa.types.is_floating(kind):
        return pa.array(values, type=kind, mask=missing)
    whole = np.where(missing, 0, np.round(values)).astype(np.int64)
    if not pa.types.is_temporal(kind):
        return pa.array(whole, mask=missing).cast(kind)
    moments = whole.astype("datetime64[M]" if months else "datetime64[us]").astype("datetime64[us]")
    return pa.array(moments, mask=missing).cast(kind, safe=False)


def complete_columns(given: pa.Table, drawn: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Given values as they stand, to the last digit, and drawn ones in their gaps.

    Example:
        >>> complete_columns(pa.table({"age": [40, None]}), {"age": pa.array([1, 2])})["age"].to_pylist()
        [40, 2]
    """
    there = [name for name in drawn if name in given.column_names]
    return {**drawn, **{name: pc.coalesce(given[name].combine_chunks(), drawn[name]) for name in there}}
