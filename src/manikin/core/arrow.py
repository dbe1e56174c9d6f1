"""Arrow: its compute functions, and arrays of many records as its columns.

Arrays lie in memory while they are small, in a mapped file beyond that. A mapped file lies in the folder
for temporary files (the environment variable TMPDIR names it), has no name there, and is gone with the last
cohort that uses it, even after a crash. The operating system brings in the parts that are read and may drop
them again, so that a data set needs room on the disk, not in memory.
"""

from __future__ import annotations

import math
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pc: Any = pyarrow.compute
"""They exist only once their module is imported, which type checkers do not see."""

MIN_MAPPED_BYTES = 256 << 20
"""Bytes from which on an array is a mapped file."""
_BLOCK_BYTES = 64 << 20
"""Bytes copied at once."""


def allocate_array(shape: Sequence[int], dtype: np.dtype | type | str) -> np.ndarray:
    """An array of zeros to be filled record by record.

    Example:
        >>> allocate_array((3, 1, 28, 28), "uint8").shape
        (3, 1, 28, 28)
    """
    dtype = np.dtype(dtype)
    if math.prod(shape) * dtype.itemsize <= MIN_MAPPED_BYTES:
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile(prefix="manikin-") as file:
        return np.memmap(file, dtype, "w+", shape=tuple(shape))


def to_column(x: np.ndarray) -> pa.Array:
    """A column that shares the memory of an array (n, ...)."""
    values = pa.array(np.ascontiguousarray(x).reshape(-1))
    shape = x.shape[1:]
    storage = pa.FixedSizeListArray.from_arrays(values, math.prod(shape))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(values.type, shape), storage)


def to_arrow_column(values: np.ndarray) -> pa.Array:
    """A column of scalars, or of arrays, from an array of shape (n, ...)."""
    values = np.ascontiguousarray(values)
    if values.ndim > 1:
        return to_column(values)
    if values.dtype.kind == "f":
        return pa.array(values, from_pandas=True)
    return pa.array(values.tolist() if values.dtype == object else values)


def to_array(chunks: pa.ChunkedArray) -> np.ndarray:
    """The array (n, ...) of a column; without a copy where the column is one piece."""
    pieces = [piece for piece in chunks.chunks if len(piece)]
    if len(pieces) == 1:
        return _to_records(pieces[0])
    dtype = chunks.type.value_type.to_pandas_dtype()
    x = allocate_array((len(chunks), *chunks.type.shape), dtype)
    start = 0
    for piece in pieces:
        x[start : start + len(piece)] = _to_records(piece)
        start += len(piece)
    return x


def _to_records(piece: pa.Array) -> np.ndarray:
    order = piece.type.permutation or range(len(piece.type.shape))
    x = piece.storage.flatten().to_numpy().reshape(len(piece), *piece.type.shape)
    return x.transpose(0, *(place + 1 for place in order))


def take_rows(x: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The records at these positions: a view where they follow one another, else a copy."""
    positions = np.where(positions < 0, positions + len(x), positions)
    if len(positions) and (np.diff(positions) == 1).all():
        return x[positions[0] : positions[-1] + 1]
    taken = allocate_array((len(positions), *x.shape[1:]), x.dtype)
    step = _count_block_records(x)
    for start in range(0, len(positions), step):
        taken[start : start + step] = x[positions[start : start + step]]
    return taken


def iterate_blocks(x: np.ndarray) -> Iterator[np.ndarray]:
    """Views of the records, some at a time."""
    step = _count_block_records(x)
    for start in range(0, len(x), step):
        yield x[start : start + step]


def _count_block_records(x: np.ndarray) -> int:
    """How many records are handled at once."""
    return max(1, _BLOCK_BYTES // max(1, math.prod(x.shape[1:]) * x.itemsize))
