"""ARFF, the attribute-relation file format of Weka: nominal attributes declare their levels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat, SourceOptions
from manikin.core.arrow import pc
from manikin.core.text_files import read_bytes, to_utf8, write_bytes
from manikin.errors import FormatError
from manikin.io.format import Format, raise_if_not_scalar
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from manikin.schema.kinds import Kind, Schema

_ERROR_MESSAGES = {
    "BadNominalValue": "a value is not among the declared levels",
    "BadNominalFormatting": "a value with a blank lacks quotation marks",
    "BadStringValue": "a value with a blank lacks quotation marks",
    "BadNumericalValue": "a value of a numeric attribute is no number",
    "BadAttributeName": "an attribute's name repeats",
    "BadAttributeType": "an attribute's type is not known (dates are not supported; declare a string)",
    "BadAttributeFormat": "an attribute is not declared as @attribute NAME TYPE",
    "BadRelationFormat": "the relation is not declared as @relation NAME",
    "BadDataFormat": "a line does not have one value for each attribute",
}


@final
@dataclass(frozen=True)
class ArffOptions(SourceOptions):
    """The name of the relation, and the types of the attributes that are not nominal."""

    relation: str | None = None
    types: Mapping[str, str] | None = None


@final
class Arff(Format):
    """Weka's attribute-relation file format."""

    suffixes: ClassVar[tuple[str, ...]] = (".arff",)

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Nominal attributes become categories with the declared levels; whole numbers are integers."""
        del skip_bad  # a file that breaks the grammar is damaged as a whole
        text = to_utf8(read_bytes(path), path)
        found = _parse(text.data.decode(), path)
        if not found["data"]:
            raise FormatError("declares attributes but holds no record", path)
        rows = zip(*found["data"], strict=True)
        columns = {
            name: _to_column(list(row), kind)
            for (name, kind), row in zip(found["attributes"], rows, strict=True)
        }
        types = {name: kind for name, kind in found["attributes"] if isinstance(kind, str)}
        origin = SourceFormat("arff").add_options(ArffOptions(found["relation"], types))
        return Cohort.from_table(pa.table(columns), schema, origin=origin).add_notes(*text.notes)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Categories become nominal attributes, unless they came as another type; "?" is missing."""
        import arff

        raise_if_not_scalar(cohort, path)
        came = cohort.origin.find_options(ArffOptions)
        types = came.types or {}
        attributes = [
            (name, _choose_type(kind, cohort, name, types.get(name)))
            for name, kind in cohort.schema.items()
        ]
        columns = [_format_cells(cohort, name) for name in cohort.schema]
        table = {
            "relation": "cohort" if came.relation is None else came.relation,
            "attributes": attributes,
            "data": list(zip(*columns, strict=True)),
        }
        write_bytes(path, arff.dumps(table).encode())


__plugin__ = Arff


def _parse(text: str, path: Path) -> dict[str, Any]:
    """The parsed file; the parser's own messages quote values, which may be a patient's."""
    import arff

    try:
        return arff.loads("\n".join(_quote_line(line) for line in text.splitlines()))
    except arff.ArffException as error:
        what = _ERROR_MESSAGES.get(type(error).__name__, "the layout is not that of ARFF")
        where = f"line {error.line}: " if error.line > 0 else ""
        raise FormatError(f"{where}{what}", path) from None


def _quote_line(line: str) -> str:
    """The line with quotation marks around values that hold a blank, which many writers leave out."""
    if " " not in line.strip() or "'" in line or '"' in line or line.lstrip().startswith("%"):
        return line
    declared = re.match(r"(?i)(\s*@attribute\s+\S+\s*\{)(.*)(\}\s*)$", line)
    if declared is None and line.lstrip().startswith(("@", "{")):
        return line
    head, values, tail = declared.groups() if declared else ("", line, "")
    return head + ",".join(_quote_value(value.strip()) for value in values.split(",")) + tail


def _quote_value(value: str) -> str:
    return f"'{value}'" if re.search(r"\s", value) else value


def _to_column(values: list[Any], kind: str | list[str]) -> pa.Array:
    if isinstance(kind, list):
        words = pa.array(values, pa.string())
        levels = pa.array(kind, pa.string())
        return pa.DictionaryArray.from_arrays(pc.index_in(words, levels), levels)
    if kind == "STRING":
        return pa.array(values, pa.string())
    numbers = pa.array(values, pa.float64(), from_pandas=True)
    whole = kind != "REAL" and pc.all(pc.equal(numbers, pc.round(numbers))).as_py()
    return numbers.cast(pa.int64()) if whole else numbers


def _choose_type(kind: Kind, cohort: Cohort, name: str, came: str | None) -> str | list[str]:
    if came is not None:
        return came
    if isinstance(kind, Category) and kind.levels:
        levels = pa.array(kind.levels, cohort.columns[name].type)
        return format_column(levels, kind).to_pylist()
    return "NUMERIC" if isinstance(kind, Number) else "STRING"


def _format_cells(cohort: Cohort, name: str) -> list[str | None]:
    values = cohort.columns[name].combine_chunks()
    text = format_column(values, cohort.schema[name], blank="")
    if pc.any(pc.match_substring_regex(text, r"[{}]")).as_py():
        raise FormatError(f"field {name!r} holds braces, which ARFF cannot quote; write .csv or .parquet")
    return pc.if_else(values.is_null(), None, text).to_pylist()
