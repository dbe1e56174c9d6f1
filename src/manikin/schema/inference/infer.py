"""Infer what the fields of a table are: kinds, recording grids, missing spellings, roles."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import AbsentField, SchemaError, UnreadableFields
from manikin.schema.history_type import to_history_type
from manikin.schema.inference import coercion as declaration
from manikin.schema.inference import datetimes, numeric, roles, textual
from manikin.schema.inference.distinct_values import DistinctValues
from manikin.schema.inference.fallback_kinds import describe_suggestion, select_common_missing, suggest_kind
from manikin.schema.inference.inferred_column import NO_VALUE, InferredColumn
from manikin.schema.inference.sentinel_dates import drop_sentinels
from manikin.schema.kinds import Category, Codes, Image, Kind, Schema, Signal, Text, Time
from manikin.schema.remark import assign_field

_READABLE_TYPES = "numbers, text, booleans, dates, moments, lists of codes or events, arrays of one shape"


@dataclass(frozen=True)
class Inferred:
    """What a table was taken for.

    Args:
        columns: The table in the physical types of its kinds.
        schema: What each field is, in the order of the columns.
        notes: What was noticed, in words, without any patient's value.
    """

    columns: pa.Table
    schema: Schema
    notes: tuple[str, ...]


def infer_table(table: pa.Table, declared: Schema | None = None, *, spelled: bool = False) -> Inferred:
    """What `declared` does not say of the fields of a table is inferred, and reported in the notes.

    Columns keep their physical type: a 0/1 code stays an integer, its kind is `Category((0, 1))`.
    Inference reads names and values; it cannot know what a code means, which zero is a hidden gap,
    or where a measurement must end. Look at the notes and correct `schema.toml`.

    Args:
        table: One row per record.
        declared: Kinds that override inference, for any of the fields.
        spelled: Whether columns of text come from a file that spells everything as text, as csv
            does, so that numerals are numbers.

    Raises:
        SchemaError: A field's values contradict its declaration, mix numbers with other text, or
            have a type that no kind describes.

    Example:
        >>> table = pa.table({"sex": ["F", "M", "F"], "age": ["61", "?", "47"], "sbp": [120.5, 131, 118]})
        >>> found = infer_table(table, spelled=True)
        >>> found.schema["sex"].levels, found.schema["age"].missing, found.columns["age"].type
        (('F', 'M'), ('?',), DataType(int64))
    """
    declared = Schema(declared or {})
    _raise_if_invalid(table, declared)
    found, problems, cures = {}, [], {}
    for name in table.column_names:
        try:
            found[name] = _infer_column(name, table[name], declared.get(name), spelled=spelled)
        except SchemaError as error:
            problems.append(str(error))
            if name not in declared:
                column = _simplify_type(_combine_chunks(table[name]))
                kind = suggest_kind(name, column)
                cures[name] = (kind, describe_suggestion(name, kind, column))
    if problems:
        # Without a cure for each, none would do.
        raise UnreadableFields(_join_problems(problems), cures if len(cures) == len(problems) else None)
    found = roles.assign_roles(found, set(found) - set(declared))
    columns = pa.table({name: finding.values for name, finding in found.items()})
    notes = tuple(
        assign_field(note, name) for name, finding in found.items() for note in _collect_notes(finding)
    )
    schema = Schema({name: finding.kind for name, finding in found.items()})
    return Inferred(columns, schema, notes)


def _join_problems(problems: list[str]) -> str:
    """All that is wrong with a table, each field in a line of its own."""
    if len(problems) == 1:
        return problems[0]
    return "\n  ".join([f"{len(problems)} fields cannot be read as they are:", *problems])


def _raise_if_invalid(table: pa.Table, declared: Schema) -> None:
    if absent := [name for name in declared if name not in table.column_names]:
        raise AbsentField(
            f"the schema declares {', '.join(absent)}, which the data do not have; "
            f"the fields are {', '.join(table.column_names)}",
            absent,
        )
    if not table.num_columns or not table.num_rows:
        raise SchemaError("the table has no record")
    repeated = {name for name in table.column_names if table.column_names.count(name) > 1}
    if repeated:
        raise SchemaError(f"column names repeat: {', '.join(sorted(repeated))}; rename them")


def _infer_column(
    name: str, chunks: pa.ChunkedArray, kind: Kind | None, *, spelled: bool
) -> InferredColumn:
    column = _combine_chunks(chunks)
    if kind is not None:
        return declaration.coerce_column(name, _simplify_type(column), kind, trim=spelled)
    if isinstance(column.type, pa.FixedShapeTensorType):
        return InferredColumn(column, Signal() if len(column.type.shape) == 2 else Image())  # noqa: PLR2004 - (channels, time)
    if isinstance(column, pa.DictionaryArray) and _can_be_levels(column.type.value_type):
        return _infer_nominal(name, column)
    return _infer_by_type(name, _simplify_type(column), spelled=spelled)


def _combine_chunks(chunks: pa.ChunkedArray) -> pa.Array:
    column = chunks.combine_chunks()
    return column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)


def _can_be_levels(kind: pa.DataType) -> bool:
    """Whether values of this type can be levels."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_boolean)
    return any(test(kind) for test in tests) or pa.types.is_floating(kind)


def _simplify_type(column: pa.Array) -> pa.Array:
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


def _infer_by_type(name: str, column: pa.Array, *, spelled: bool) -> InferredColumn:  # noqa: PLR0911 - one kind each
    kind = column.type
    if column.null_count == len(column):
        return InferredColumn(column, Category(), (NO_VALUE,))
    if pa.types.is_string(kind):
        return textual.infer_text_column(name, column, spelled=spelled)
    if pa.types.is_boolean(kind):
        levels = tuple(sorted(pc.unique(column.drop_null()).to_pylist()))
        return InferredColumn(column, Category(levels), () if len(levels) > 1 else ("constant",))
    if pa.types.is_integer(kind) and numeric.has_inexact_integers(column):
        return numeric.infer_large_integers(column)
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
    values, levels = _simplify_type(column), column.dictionary.to_pylist()
    if values.null_count == len(values):
        return InferredColumn(
            values, Category(tuple(levels), ordered=bool(column.type.ordered)), (NO_VALUE,)
        )
    if pa.types.is_string(values.type):
        words = DistinctValues.from_column(values)
        if (reason := textual.explain_hidden_text(name, words)) is not None:
            return InferredColumn(values, Text(role="identifier"), (reason,))
    return InferredColumn(values, Category(tuple(levels), ordered=bool(column.type.ordered)))


def _collect_notes(finding: InferredColumn) -> list[str]:
    """What was noticed, the spellings of missing and the share of missing values among it."""
    share = finding.values.null_count / len(finding.values)
    notes = list(finding.notes)
    if spellings := getattr(finding.kind, "missing", ()):
        shown = select_common_missing(spellings)
        others = "" if shown == spellings else f" and {len(spellings) - len(shown)} words"
        listed = ", ".join(map(repr, shown)) + others
        notes.append(f"{listed} read as missing ({share:.1%} of the records)")
    elif share >= 0.5 and finding.values.null_count < len(finding.values):  # noqa: PLR2004 - half
        notes.append(f"{share:.1%} missing")
    return notes
