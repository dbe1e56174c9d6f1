"""Surrogates: what stands in place of identifiers, which are never modelled."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def surrogate(dtype: pa.DataType, n: int) -> pa.Array:
    """Invented values for an identifier: running numbers, or texts that say that they are synthetic.

    Every record gets its own, so every synthetic record is a subject of its own. A type that can
    hold neither (a date, say) is left empty.

    Example:
        >>> surrogate(pa.string(), 2).to_pylist(), surrogate(pa.int64(), 2).to_pylist()
        (['synthetic-000001', 'synthetic-000002'], [1, 2])
    """
    number = np.arange(1, n + 1)
    if pa.types.is_integer(dtype) or pa.types.is_floating(dtype):
        return pa.array(number).cast(dtype)
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return pa.array([f"synthetic-{i:06d}" for i in number], type=dtype)
    return pa.nulls(n, dtype)
