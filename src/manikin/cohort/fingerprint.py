"""Digest: a fingerprint of the records themselves, whatever file or type they stand in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core import arrow
from manikin.core.arrow import pc

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort


def compute_fingerprint(cohort: Cohort) -> str:
    """SHA-256 of the names and values of all fields, in order (FIPS 180-4), as hexadecimal digits.

    Integers, booleans and floats of the same value count as the same, and so do all spellings of
    missing, so that records keep their digest through a file. One changed cell, or another order of
    records or fields, changes it. It cannot tell who the records are about.

    Example:
        >>> from manikin.schema.kinds import Number
        >>> from manikin.cohort.cohort import Cohort
        >>> age = Cohort.from_arrays({"age": np.array([61, 40])}, {"age": Number()})
        >>> same = Cohort.from_arrays({"age": np.array([61.0, 40.0])}, {"age": Number()})
        >>> compute_fingerprint(age) == compute_fingerprint(same)
        True
        >>> compute_fingerprint(age) == compute_fingerprint(age.take([1, 0]))
        False
    """
    total = hashlib.sha256()
    for name, values in zip(cohort.columns.column_names, cohort.columns.columns, strict=True):
        total.update(hashlib.sha256(name.encode()).digest())
        total.update(_hash_column(values).digest())
    return total.hexdigest()


def _hash_column(values: pa.ChunkedArray) -> Any:  # noqa: ANN401 - a hash of hashlib, whose type has no name
    if not isinstance(values.type, pa.FixedShapeTensorType):
        return hashlib.sha256(_serialize_values(values.combine_chunks()))
    found = hashlib.sha256()
    for block in arrow.iterate_blocks(arrow.to_array(values)):
        found.update(np.ascontiguousarray(block, dtype="<f8").tobytes())
    return found


def _serialize_values(values: pa.Array) -> bytes:
    if isinstance(values, pa.ChunkedArray):  # what an empty column gives
        values = pa.array([], values.type)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_temporal(values.type) and not pa.types.is_duration(values.type):
        values = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    if (
        pa.types.is_integer(values.type)
        or pa.types.is_floating(values.type)
        or pa.types.is_boolean(values.type)
    ):
        return _serialize_numbers(values)
    if pa.types.is_list(values.type):
        lengths = pc.list_value_length(values).fill_null(-1)
        return _serialize_values(lengths) + _serialize_values(values.flatten())
    if pa.types.is_struct(values.type):
        return b"".join(_serialize_values(part) for part in values.flatten())
    return "\x1f".join("\x00" if v is None else str(v) for v in values.to_pylist()).encode()


def _serialize_numbers(values: pa.Array) -> bytes:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    # one NaN for all kinds of missing, and no negative zero
    return np.where(np.isnan(numbers), np.nan, numbers + 0.0).astype("<f8").tobytes()
