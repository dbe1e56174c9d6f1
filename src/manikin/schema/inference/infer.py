"""Infer what the fields of a table are: kinds, recording grids, missing spellings, roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import AbsentField, SchemaError, UnreadableFields
from manikin.schema import column_names
from manikin.schema.inference import textual
from manikin.schema.inference.columns import ColumnDescription, InferredColumn, select_common_missing
from manikin.schema.kinds import Category, Kind, Number, Schema, Text, Time
from manikin.schema.remark import assign_field

if TYPE_CHECKING:
    from collections.abc import Mapping


_MIN_KEY_VALUES = 10
"""Columns of fewer distinct values are keys only where their name says so."""


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
    columns = {name: _describe_column(name, table[name], is_spelled=spelled) for name in table.column_names}
    found, problems = {}, {}
    for name, column in columns.items():
        try:
            found[name] = _infer_column(column, declared.get(name))
        except SchemaError as error:
            problems[name] = error
    if problems:
        _raise_problems(problems, columns, declared)
    free = set(found) - set(declared)
    if any(_may_have_role(columns[name], found[name]) for name in free):
        from manikin.schema.inference.roles import (
            assign_roles,  # keys take six modules; many tables have none
        )

        found = assign_roles(found, free)
    values = pa.table({name: finding.values for name, finding in found.items()})
    notes = tuple(
        assign_field(note, name) for name, finding in found.items() for note in _collect_notes(finding)
    )
    schema = Schema({name: finding.kind for name, finding in found.items()})
    return Inferred(values, schema, notes)


def _raise_problems(
    problems: Mapping[str, SchemaError], columns: Mapping[str, ColumnDescription], declared: Schema
) -> NoReturn:
    """Refuse a table, each field in a line of its own, with a cure for each where there is one for all."""
    from manikin.schema.inference.fallback_kinds import describe_suggestion, suggest_kind  # rare
    from manikin.schema.inference.typed_columns import simplify_type

    told = [str(error) for error in problems.values()]
    if len(told) > 1:
        told = [f"{len(told)} fields cannot be read as they are:", *told]
    cures: dict[str, tuple[Kind, str]] | None = None
    if not problems.keys() & declared.keys():
        cures = {}
        for name in problems:
            values = simplify_type(columns[name].values)
            kind = suggest_kind(name, values)
            cures[name] = kind, describe_suggestion(name, kind, values)
    raise UnreadableFields("\n  ".join(told), cures)


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


def _describe_column(name: str, chunks: pa.ChunkedArray, *, is_spelled: bool) -> ColumnDescription:
    whole = chunks.combine_chunks()
    values = whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)
    return ColumnDescription(name, values, is_spelled)


def _infer_column(column: ColumnDescription, kind: Kind | None) -> InferredColumn:
    if kind is not None:
        from manikin.schema.inference.coercion import coerce_column  # where nothing is declared, unused

        return coerce_column(column.name, column.values, kind, trim=column.is_spelled)
    if column.is_text:
        return textual.infer_text_column(column)
    from manikin.schema.inference.typed_columns import infer_typed_column  # files of text hold none

    return infer_typed_column(column.name, column.values)


def _may_have_role(column: ColumnDescription, finding: InferredColumn) -> bool:
    """Whether a role is to be looked for: the name announces one, or the values may be those of a key."""
    name, kind = column.name, finding.kind
    if isinstance(kind, Time):
        return column_names.is_birth_date(name)
    if not isinstance(kind, Number | Category | Text):
        return False
    if kind.role is not None or column_names.has_role_in_name(name):
        return True
    quantity = column.number_meaning == "quantity" and column_names.is_non_key(name)
    fraction = isinstance(kind, Number) and kind.step is not None and kind.step % 1 != 0
    if quantity or fraction:
        return False
    present = finding.values.drop_null()
    count = pc.count_distinct(present).as_py()
    return count >= _MIN_KEY_VALUES or count == len(present)


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
