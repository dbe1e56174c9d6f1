"""Infer what the fields of a table are: kinds, recording grids, missing spellings, roles."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute

from manikin.cohort import histories
from manikin.cohort.cohort import Cohort, Origin
from manikin.errors import AbsentField, SchemaError, UnreadableFields
from manikin.schema.inference import coercion as declaration
from manikin.schema.inference import datetimes, numeric, roles, textual
from manikin.schema.inference.distinct_values import Words
from manikin.schema.inference.fallback_kinds import describe_cure, suggest_kind, usual_gaps
from manikin.schema.inference.inferred_column import Finding
from manikin.schema.inference.sentinel_dates import drop_sentinels
from manikin.schema.kinds import Category, Codes, Image, Kind, Schema, Signal, Text, Time

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_EXPRESSIBLE = "numbers, text, booleans, dates, moments, lists of codes or events, arrays of one shape"


def infer(
    table: pa.Table, declared: Schema | None = None, *, spelled: bool = False, origin: Origin | None = None
) -> Cohort:
    """A cohort from a table: what `declared` does not say is inferred, and reported in the notes.

    Columns keep their physical type: a 0/1 code stays an integer, its kind is `Category((0, 1))`.
    Inference reads names and values; it cannot know what a code means, which zero is a hidden gap,
    or where a measurement must end. Look at the notes and correct `schema.toml`.

    Args:
        table: One row per record.
        declared: Kinds that override inference, for any of the fields.
        spelled: Whether columns of text come from a file that spells everything as text, as csv
            does, so that numerals are numbers.
        origin: The format the table came in.

    Raises:
        SchemaError: A field's values contradict its declaration, mix numbers with other text, or
            have a type that no kind describes.

    Example:
        >>> table = pa.table({"sex": ["F", "M", "F"], "age": ["61", "?", "47"], "sbp": [120.5, 131, 118]})
        >>> cohort = infer(table, spelled=True)
        >>> cohort.schema["sex"].levels, cohort.schema["age"].missing, cohort.columns["age"].type
        (('F', 'M'), ('?',), DataType(int64))
    """
    declared = Schema(declared or {})
    _check(table, declared)
    found, problems, cures = {}, [], {}
    for name in table.column_names:
        try:
            found[name] = _find(name, table[name], declared.get(name), spelled=spelled)
        except SchemaError as error:
            problems.append(str(error))
            if name not in declared:
                column = _plain(_whole(table[name]))
                kind = suggest_kind(name, column)
                cures[name] = (kind, describe_cure(name, kind, column))
    if problems:
        # Without a cure for each, none would do.
        raise UnreadableFields(_listed(problems), cures if len(cures) == len(problems) else None)
    found = roles.assign(found, set(found) - set(declared))
    columns = pa.table({name: finding.values for name, finding in found.items()})
    notes = tuple(f"{name}: {note}" for name, finding in found.items() for note in _notes(finding))
    schema = Schema({name: finding.kind for name, finding in found.items()})
    return Cohort(columns, schema, origin or Origin(), notes)


def _listed(problems: list[str]) -> str:
    """All that is wrong with a table, each field in a line of its own."""
    if len(problems) == 1:
        return problems[0]
    return "\n  ".join([f"{len(problems)} fields cannot be read as they are:", *problems])


def _check(table: pa.Table, declared: Schema) -> None:
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


def _find(name: str, chunks: pa.ChunkedArray, kind: Kind | None, *, spelled: bool) -> Finding:
    column = _whole(chunks)
    if kind is not None:
        return declaration.fit(name, _plain(column), kind, trim=spelled)
    if isinstance(column.type, pa.FixedShapeTensorType):
        return Finding(column, Signal() if len(column.type.shape) == 2 else Image())  # noqa: PLR2004 - (channels, time)
    if isinstance(column, pa.DictionaryArray) and _leveled(column.type.value_type):
        return _nominal(name, column)
    return _typed(name, _plain(column), spelled=spelled)


def _whole(chunks: pa.ChunkedArray) -> pa.Array:
    column = chunks.combine_chunks()
    return column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)


def _leveled(kind: pa.DataType) -> bool:
    """Whether values of this type can be levels."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_boolean)
    return any(test(kind) for test in tests) or pa.types.is_floating(kind)


def _plain(column: pa.Array) -> pa.Array:
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
        return _marks(column)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), None, column)
    return column


def _marks(column: pa.Array) -> pa.Array:
    """Bytes that are UUIDs, sixteen each, as their hexadecimal digits; others as they are."""
    present = column.drop_null()
    if not len(present) or not pc.all(pc.equal(pc.binary_length(present), 16)).as_py():
        return column
    return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())


def _typed(name: str, column: pa.Array, *, spelled: bool) -> Finding:  # noqa: PLR0911 - one kind each
    kind = column.type
    if column.null_count == len(column):
        return Finding(column, Category(), ("no value at all",))
    if pa.types.is_string(kind):
        return textual.text(name, column, spelled=spelled)
    if pa.types.is_boolean(kind):
        levels = tuple(sorted(pc.unique(column.drop_null()).to_pylist()))
        return Finding(column, Category(levels), () if len(levels) > 1 else ("constant",))
    if pa.types.is_integer(kind) and numeric.large(column):
        return numeric.mark(column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return numeric.quantity(name, column)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column, gap, notes = drop_sentinels(column)
        return Finding(column, Time(unit=datetimes.unit(column), missing=gap), notes)
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type):
        return Finding(column, Codes())
    if (events := histories.timed(column)) is not None:
        return Finding(events, Codes())
    raise SchemaError(f"field {name!r}: its type, {kind}, is not one of {_EXPRESSIBLE}; convert it")


def _nominal(name: str, column: pa.DictionaryArray) -> Finding:
    """A column that came with its levels, as a factor of R or a nominal attribute does."""
    values, levels = _plain(column), column.dictionary.to_pylist()
    if values.null_count == len(values):
        return Finding(
            values, Category(tuple(levels), ordered=bool(column.type.ordered)), ("no value at all",)
        )
    if pa.types.is_string(values.type):
        words = Words.of(values)
        if (reason := textual.hidden(name, words)) is not None:
            return Finding(values, Text(role="identifier"), (reason,))
    return Finding(values, Category(tuple(levels), ordered=bool(column.type.ordered)))


def _notes(finding: Finding) -> list[str]:
    """What was noticed, the spellings of missing and the share of missing values among it."""
    share = finding.values.null_count / len(finding.values)
    notes = list(finding.notes)
    if spellings := getattr(finding.kind, "missing", ()):
        shown = usual_gaps(spellings)
        listed = ", ".join(map(repr, shown)) + f" and {len(spellings) - len(shown)} words" * (
            shown != spellings
        )
        notes.append(f"{listed} read as missing ({share:.1%} of the records)")
    elif share >= 0.5 and finding.values.null_count < len(finding.values):  # noqa: PLR2004 - half
        notes.append(f"{share:.1%} missing")
    return notes
