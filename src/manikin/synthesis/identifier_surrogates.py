"""Surrogates: what stands in place of identifiers, which are never modelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.ehr.code_names import restrict_code_names

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.cohort.source_format import SourceFormat
    from manikin.contracts.codec import Codec


_MAX_START, _MAX_SURROGATES = 10**18, 10**9
"""The largest power of ten in 64 bits; as many surrogates as nobody draws."""


def generate_surrogates(dtype: pa.DataType, n: int, start: int = 1) -> pa.Array:
    """Invented values for an identifier: running numbers, or texts that say that they are synthetic.

    Every record gets its own, so every synthetic record is a subject of its own. Numbers run from
    `start`, in 64 bits where the type is too narrow. A type that can hold neither (a date, say) is
    left empty.

    Example:
        >>> generate_surrogates(pa.string(), 2).to_pylist(), generate_surrogates(pa.int64(), 2).to_pylist()
        (['synthetic-000001', 'synthetic-000002'], [1, 2])
    """
    number = np.arange(n) + start
    if pa.types.is_integer(dtype) or pa.types.is_floating(dtype):
        wide = pa.types.is_integer(dtype) and np.iinfo(dtype.to_pandas_dtype()).max < number[-1]
        return pa.array(number).cast(pa.int64() if wide else dtype)
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return pa.array([f"synthetic-{i:06d}" for i in range(1, n + 1)], type=dtype)
    return pa.nulls(n, dtype)


def find_surrogate_start(column: pa.ChunkedArray) -> int:
    """Where surrogate numbers start so that they meet no real one: the next power of ten.

    Real ones of nineteen digits leave none; surrogates then have few digits.

    Example:
        >>> [find_surrogate_start(pa.chunked_array([x])) for x in ([1, 918], ["a"])]
        [1000, 1]
    """
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return 1
    values = np.abs(column.drop_null().to_numpy().astype(np.float64))
    values = values[np.isfinite(values)]
    most = values.max(initial=0)
    if most >= _MAX_START:
        return 1 if values.min() > _MAX_SURROGATES else _MAX_START
    return 10 ** (len(str(int(most))) if most >= 1 else 0)


def redact_origin(train: Cohort, codec: Codec) -> SourceFormat:
    """The format in which records came, with names of those codes only that a fitted codec has."""
    return restrict_code_names(train.origin, codec.code_names)
