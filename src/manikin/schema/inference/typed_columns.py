"""Columns that come with a type, as from Parquet or pandas: what they are."""

from __future__ import annotations

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema.history_type import to_history_type
from manikin.schema.inference import datetimes, numeric, textual
from manikin.schema.inference.columns import NO_VALUE, ColumnDescription, DistinctValues, InferredColumn
from manikin.schema.inference.sentinel_dates import drop_sentinels
from manikin.schema.kinds import Category, Codes, Image, Signal, Text, Time
from manikin.schema.limits import MAX_EXACT_INTEGER
from manikin.schema.remark import Remark

_READABLE_TYPES = "numbers, text, booleans, dates, moments, lists of codes or events, arrays of one shape"


def infer_typed_column(name: str, values: pa.Array) -> InferredColumn:
    """What a column is, by its type first.

    Raises:
        SchemaError: No kind describes the type, or what the values are is not certain.
    """
    if isinstance(values.type, pa.FixedShapeTensorType):
        return InferredColumn(values, Signal() if len(values.type.shape) == 2 else Image())  # noqa: PLR2004 - (channels, time)
    if isinstance(values, pa.DictionaryArray) and _can_be_levels(values.type.value_type):
        return _infer_nominal(name, values)
    return _infer_by_type(name, simplify_type(values))


def _can_be_levels(kind: pa.DataType) -> bool:
    """Whether values of this type can be levels."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_boolean)
    return any(test(kind) for test in tests) or pa.types.is_floating(kind)


def simplify_type(column: pa.Array) -> pa.Array:
    """The column in one of few types: dictionaries decoded, long text as text, decimals as floats."""
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if isinstance(column, pa.ExtensionArray) and column.type.extension_name == "arrow.uuid":
        column = column.storage
    if (
        pa.types.is_null(column.type)
        or pa.types.is_large_string(column.type)
        or pa.types.is_string_view(column.type)
    ):
        return column.cast(pa.string())
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64())
    if pa.types.is_fixed_size_binary(column.type) or pa.types.is_binary(column.type):
        return _decode_uuids(column)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), None, column)
    return column


def _decode_uuids(column: pa.Array) -> pa.Array:
    """Bytes that are UUIDs, sixteen each, as their hexadecimal digits; others as they are."""
    present = column.drop_null()
    if not len(present) or not pc.all(pc.equal(pc.binary_length(present), 16)).as_py():
        return column
    return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())


def _infer_by_type(name: str, column: pa.Array) -> InferredColumn:  # noqa: PLR0911 - one kind each
    kind = column.type
    if column.null_count == len(column):
        return InferredColumn(column, Category(), (NO_VALUE,))
    if pa.types.is_string(kind):
        return textual.infer_text_column(ColumnDescription(name, column))
    if pa.types.is_boolean(kind):
        levels = tuple(sorted(pc.unique(column.drop_null()).to_pylist()))
        return InferredColumn(column, Category(levels), () if len(levels) > 1 else ("constant",))
    if pa.types.is_integer(kind) and has_inexact_integers(column):
        return _infer_large_integers(column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return numeric.infer_numeric_column(name, column)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column, gap, notes = drop_sentinels(column)
        return InferredColumn(column, Time(unit=datetimes.find_resolution(column), missing=gap), notes)
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type):
        return InferredColumn(column, Codes())
    if (events := to_history_type(column)) is not None:
        return InferredColumn(events, Codes())
    raise SchemaError(f"field {name!r}: its type, {kind}, is not one of {_READABLE_TYPES}; convert it")


def _infer_nominal(name: str, column: pa.DictionaryArray) -> InferredColumn:
    """A column that came with its levels, as a factor of R or a nominal attribute does."""
    values, levels = simplify_type(column), column.dictionary.to_pylist()
    if values.null_count == len(values):
        return InferredColumn(
            values, Category(tuple(levels), ordered=bool(column.type.ordered)), (NO_VALUE,)
        )
    if pa.types.is_string(values.type):
        words = DistinctValues.from_column(values)
        if (reason := textual.explain_hidden_text(name, words)) is not None:
            return InferredColumn(values, Text(role="identifier"), (reason,))
    return InferredColumn(values, Category(tuple(levels), ordered=bool(column.type.ordered)))


def has_inexact_integers(values: pa.Array) -> bool:
    """Whether integers are too large to be exact as floating-point numbers, as no quantity is."""
    bounds = pc.min_max(values)
    return any(abs(bounds[end].as_py() or 0) > MAX_EXACT_INTEGER for end in ("min", "max"))


def _infer_large_integers(values: pa.Array) -> InferredColumn:
    """Integers beyond 2**53: levels where there are few, else numbers given to something."""
    levels = tuple(sorted(pc.unique(values.drop_null()).to_pylist()))
    if len(levels) <= numeric.MAX_UNNAMED_CODES and len(values) >= 10 * len(levels):
        return InferredColumn(values, Category(levels), (numeric.describe_codes(len(levels)),))
    note = "whole numbers too large to be a quantity: never modelled, a surrogate takes their place"
    return InferredColumn(values, Text(role="identifier"), (Remark(note, topic="values"),))
