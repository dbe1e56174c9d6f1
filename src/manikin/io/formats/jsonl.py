"""JSON lines: one object on each line, one record each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, final

import pyarrow as pa

from manikin.core.text_files import decode_text, read_bytes, write_bytes
from manikin.errors import FormatError
from manikin.io.format import Format, raise_if_not_scalar
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Time
from manikin.tables.column_types import from_typed_table, to_typed_table

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class JsonLines(Format):
    """One JSON object on each line (jsonlines.org); what is absent in one is missing there."""

    suffixes: ClassVar[tuple[str, ...]] = (".jsonl",)
    extra_suffixes: ClassVar[tuple[str, ...]] = (".ndjson",)  # lines that are no resources of FHIR

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Every key is a field; the values of a field are all text, all numbers or all booleans."""
        del skip_bad  # a line that cannot be read may be any record
        return from_typed_table(_parse_table(decode_text(read_bytes(path), path), path), schema, "jsonl")

    def write(self, cohort: Cohort, path: Path) -> None:
        """Values in the types they came in, missing ones as null."""
        raise_if_not_scalar(cohort, path)
        write_bytes(path, "".join(f"{line}\n" for line in _format_lines(cohort)).encode())


def is_plain_jsonl(text: str) -> bool:
    """Whether lines of JSON are records of any kind, and not resources of FHIR."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return first.lstrip().startswith("{") and '"resourceType"' not in first


def _parse_table(text: str, path: Path) -> pa.Table:
    found: dict[str, list[Any]] = {}
    kinds: dict[str, tuple[str, int]] = {}
    rows = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        for name, value in _parse_record(line, f"{path}: line {number}").items():
            kind = _describe_type(value)
            if kind is None:
                raise FormatError(
                    f"line {number}: {name!r} holds a list or an object", path, "one value is wanted"
                )
            before, where = kinds.setdefault(name, (kind, number)) if kind else (kind, 0)
            if kind != before:
                raise FormatError(
                    f"line {number}: {name!r} is {kind}, but {before} in line {where}", path, "make it one"
                )
            column = found.setdefault(name, [])
            column += [None] * (rows - len(column))
            column.append(value)
        rows += 1
    columns = {name: column + [None] * (rows - len(column)) for name, column in found.items()}
    try:
        return pa.table({name: pa.array(column) for name, column in columns.items()})
    except (pa.ArrowInvalid, OverflowError) as error:
        raise FormatError("holds a number too large for 64 bits", path, "write it as text") from error


def _parse_record(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise FormatError(f"no JSON ({error.msg} at character {error.pos + 1})", where) from None
    if not isinstance(record, dict) or not record:
        raise FormatError("is no object with fields", where, "write one as {...}")
    return record


def _describe_type(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """What a value is in words; empty for null, None for what no field holds."""
    if value is None:
        return ""
    kinds = {str: "text", bool: "a truth value", int: "a number", float: "a number"}
    return kinds.get(type(value))


def _format_lines(cohort: Cohort) -> list[str]:
    table = to_typed_table(cohort)
    columns = []
    for name in table.column_names:
        values, kind = table[name].combine_chunks(), cohort.schema[name]
        if isinstance(kind, Time) and not pa.types.is_string(values.type):
            spelled, there = format_column(values, kind).to_pylist(), values.is_valid().to_pylist()
            columns.append([text if here else None for text, here in zip(spelled, there, strict=True)])
        else:
            columns.append([None if value != value else value for value in values.to_pylist()])  # noqa: PLR0124 - NaN
    rows = zip(*columns, strict=True)
    return [json.dumps(dict(zip(table.column_names, row, strict=True)), ensure_ascii=False) for row in rows]


__plugin__ = JsonLines
