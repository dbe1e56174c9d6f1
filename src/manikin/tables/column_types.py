"""Tables from files that carry types: what must be remembered to write them back as they came."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.dataframe import FrameOptions
from manikin.cohort.source_format import SourceFormat, SourceOptions
from manikin.core.arrow import pc
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Category
from manikin.schema.vocabulary import NUMBER_PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.schema.kinds import Kind, Schema


@final
@dataclass(frozen=True)
class TypedTableOptions(SourceOptions):
    """Columns that came as factors, columns that came as text, and the metadata of pandas (JSON)."""

    nominal: Sequence[str] | None = None
    text: Sequence[str] | None = None
    pandas: str | None = None


def from_typed_table(table: pa.Table, schema: Schema | None, name: str) -> Cohort:
    """A cohort from a typed table; the origin holds what inference changes.

    Args:
        table: As the file gives it.
        schema: Kinds that override inference.
        name: The format.
    """
    table = table.select(
        [column for column in table.column_names if not re.match(r"__index_level_\d+__$", column)]
    )
    fields = {field.name: field.type for field in table.schema}
    nominal = [column for column, kind in fields.items() if pa.types.is_dictionary(kind)]
    text = [
        column
        for column, kind in fields.items()
        if pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ]
    origin = SourceFormat(name).add_options(TypedTableOptions(nominal, text))
    if pandas := (table.schema.metadata or {}).get(b"pandas"):
        dtypes = _read_dtypes(json.loads(pandas), table.column_names)
        origin = origin.add_options(TypedTableOptions(pandas=pandas.decode()), FrameOptions(dtypes))
    return Cohort.from_table(table, schema, origin=origin)


def _read_dtypes(metadata: dict[str, Any], names: list[str]) -> dict[str, str]:
    """The types of pandas that Arrow alone would not give back."""
    special = re.compile(r"^(U?Int\d+|Float\d+|boolean|string.*|object)$")
    found = {
        column["field_name"]: column for column in metadata["columns"] if column["field_name"] in names
    }
    nominal = {name: "category" for name, column in found.items() if column["pandas_type"] == "categorical"}
    return nominal | {
        name: column["numpy_type"]
        for name, column in found.items()
        if name not in nominal and special.match(str(column["numpy_type"]))
    }


def to_typed_table(cohort: Cohort) -> pa.Table:
    """The table as its file would hold it: gaps as they were spelled, text and factors as such."""
    came = cohort.origin.find_options(TypedTableOptions)
    columns = {
        name: _restore_column(cohort.columns[name].combine_chunks(), kind, name, came)
        for name, kind in cohort.schema.items()
    }
    table = pa.table(columns)
    if came.pandas is None:
        return table
    known = {**json.loads(came.pandas), "index_columns": []}
    known["columns"] = [column for column in known["columns"] if column["field_name"] in columns]
    return table.replace_schema_metadata({"pandas": json.dumps(known)})


def _restore_column(values: pa.Array, kind: Kind, name: str, came: TypedTableOptions) -> pa.Array:
    spellings = getattr(kind, "missing", ())
    if name in (came.text or ()) and not pa.types.is_string(values.type):
        text = format_column(values, kind, blank="")
        return pc.if_else(values.is_null(), pa.scalar(next(iter(spellings), None), pa.string()), text)
    values = _fill_missing(values, spellings)
    if name in (came.nominal or ()) and isinstance(kind, Category):
        levels = pa.array(kind.levels, values.type)
        return pa.DictionaryArray.from_arrays(pc.index_in(values, levels), levels, ordered=kind.ordered)
    return values


def _fill_missing(values: pa.Array, spellings: tuple[str, ...]) -> pa.Array:
    """Nulls spelled as the file spelled them, where its type can hold that."""
    if pa.types.is_string(values.type):
        return values.fill_null(spellings[0]) if spellings else values
    days = [text for text in spellings if re.match(r"^\d{4}-\d{2}-\d{2}$", text)]
    if days and pa.types.is_temporal(values.type):
        return values.fill_null(pa.scalar(np.datetime64(days[0], "s")).cast(values.type))
    numbers = [text for text in spellings if re.match(NUMBER_PATTERN, text)]
    if numbers and (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return values.fill_null(pa.scalar(float(numbers[0])).cast(values.type))
    return values
