"""Surrogates: what stands in place of identifiers, which are never modelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from manikin.data.schema import Kind


def surrogate(name: str, kind: Kind, dtype: pa.DataType, n: int) -> pa.Array:
    """Invented values for an identifier: running numbers, or texts that say that they are synthetic.

    Every record gets its own, so every synthetic record is a subject of its own.

    Example:
        >>> from manikin.data.schema import Text
        >>> surrogate("name", Text(), pa.string(), 2).to_pylist()
        ['synthetic-000001', 'synthetic-000002']
    """
    number = np.arange(1, n + 1)
    if pa.types.is_integer(dtype) or pa.types.is_floating(dtype):
        return pa.array(number).cast(dtype)
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return pa.array([f"synthetic-{i:06d}" for i in number], type=dtype)
    del name, kind
    return pa.nulls(n, dtype)
