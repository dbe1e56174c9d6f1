"""ARFF, the attribute-relation file format of Weka: nominal attributes declare their levels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, final

import pyarrow as pa
import pyarrow.compute

from manikin.cohort.cohort import Origin
from manikin.errors import FormatError
from manikin.io.format import Format, columns_only, content, store, utf8
from manikin.schema.inference.formatting import cells
from manikin.schema.inference.infer import infer
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind, Schema

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_WHAT = {
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
class Arff(Format):
    """Weka's attribute-relation file format."""

    suffixes: ClassVar[tuple[str, ...]] = (".arff",)

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """Nominal attributes become categories with the declared levels; whole numbers are integers."""
        data, note = utf8(content(path), path)
        found = _load(data.decode(), path)
        if not found["data"]:
            raise FormatError(f"{path}: declares attributes but holds no record")
        rows = zip(*found["data"], strict=True)
        columns = {
            name: _column(list(row), kind)
            for (name, kind), row in zip(found["attributes"], rows, strict=True)
        }
        types = {name: kind for name, kind in found["attributes"] if isinstance(kind, str)}
        options = {"relation": found["relation"], "types": types}
        return infer(pa.table(columns), schema, origin=Origin("arff", options)).noted(*note)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Categories become nominal attributes, unless they came as another type; "?" is missing."""
        import arff

        columns_only(cohort, path)
        types = cohort.origin.options.get("types", {})
        attributes = [
            (name, _type(kind, cohort, name, types.get(name))) for name, kind in cohort.schema.items()
        ]
        columns = [_cells(cohort, name) for name in cohort.schema]
        table = {
            "relation": cohort.origin.options.get("relation", "cohort"),
            "attributes": attributes,
            "data": list(zip(*columns, strict=True)),
        }
        store(path, arff.dumps(table).encode())


__plugin__ = Arff


def _load(text: str, path: Path) -> dict[str, Any]:
    """The parsed file; the parser's own messages quote values, which may be a patient's."""
    import arff

    try:
        return arff.loads("\n".join(_quoted(line) for line in text.splitlines()))
    except arff.ArffException as error:
        what = _WHAT.get(type(error).__name__, "the layout is not that of ARFF")
        where = f"line {error.line}: " if error.line > 0 else ""
        raise FormatError(f"{path}: {where}{what}") from None


def _quoted(line: str) -> str:
    """The line with quotation marks around values that hold a blank, which many writers leave out."""
    if " " not in line.strip() or "'" in line or '"' in line or line.lstrip().startswith("%"):
        return line
    declared = re.match(r"(?i)(\s*@attribute\s+\S+\s*\{)(.*)(\}\s*)$", line)
    if declared is None and line.lstrip().startswith(("@", "{")):
        return line
    head, values, tail = declared.groups() if declared else ("", line, "")
    return head + ",".join(_quote(value.strip()) for value in values.split(",")) + tail


def _quote(value: str) -> str:
    return f"'{value}'" if re.search(r"\s", value) else value


def _column(values: list[Any], kind: str | list[str]) -> pa.Array:
    if isinstance(kind, list):
        words = pa.array(values, pa.string())
        levels = pa.array(kind, pa.string())
        return pa.DictionaryArray.from_arrays(pc.index_in(words, levels), levels)
    if kind == "STRING":
        return pa.array(values, pa.string())
    numbers = pa.array(values, pa.float64(), from_pandas=True)
    whole = kind != "REAL" and pc.all(pc.equal(numbers, pc.round(numbers))).as_py()
    return numbers.cast(pa.int64()) if whole else numbers


def _type(kind: Kind, cohort: Cohort, name: str, came: str | None) -> str | list[str]:
    if came is not None:
        return came
    if isinstance(kind, Category) and kind.levels:
        levels = pa.array(kind.levels, cohort.columns[name].type)
        return cells(levels, kind).to_pylist()
    return "NUMERIC" if isinstance(kind, Number) else "STRING"


def _cells(cohort: Cohort, name: str) -> list[str | None]:
    values = cohort.columns[name].combine_chunks()
    text = cells(values, cohort.schema[name], blank="")
    if pc.any(pc.match_substring_regex(text, r"[{}]")).as_py():
        raise FormatError(f"field {name!r} holds braces, which ARFF cannot quote; write .csv or .parquet")
    return pc.if_else(values.is_null(), None, text).to_pylist()
