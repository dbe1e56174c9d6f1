"""Delimited text (RFC 4180 and its kin): columns of text out of the bytes of a file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, final

import pyarrow as pa
from pyarrow import csv as arrow

from manikin.cohort.source_format import SourceOptions
from manikin.core.arrow import pc
from manikin.core.text_files import read_bytes, read_head, to_utf8
from manikin.errors import EmptyTable, FormatError
from manikin.schema.inference.columns import DistinctValues, are_missing
from manikin.schema.vocabulary import LIMIT_PATTERN

if TYPE_CHECKING:
    from pathlib import Path

_DELIMITERS = (",", "\t", ";", "|")
_HEAD_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 26  # bytes read at a time; a row must fit into one, with a very long note in it


@final
@dataclass(frozen=True)
class DelimitedOptions(SourceOptions):
    """How a file of delimited text is written: the delimiter, the decimal mark, the encoding."""

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None


class DelimitedText(NamedTuple):
    """A table as its file spells it.

    `columns` are all of text; `is_western` says that the file came in an encoding of eight bits;
    `encoding_notes` and `name_notes` say in words what was noticed of the encoding and of the names in the
    header.
    """

    columns: pa.Table
    delimiter: str
    is_western: bool
    encoding_notes: tuple[str, ...]
    name_notes: tuple[str, ...]


def read_delimited(path: Path) -> DelimitedText:
    """All columns of a table as text, and how the file writes them.

    Raises:
        FormatError: It is no table.
    """
    text = to_utf8(read_bytes(path), path)
    data = _to_newlines(text.data)
    if b'"' in data:
        from manikin.tables.quotes import raise_if_unclosed_quote  # most files have no quotation mark

        raise_if_unclosed_quote(data, path)
    delimiter = _sniff_delimiter(data[:_HEAD_BYTES].decode(errors="ignore"), path)
    names, line_count, name_notes = _cut_header(data, delimiter)
    _check_names(names, path)
    if not b"".join(data.split(b"\n", line_count)[line_count:]).strip():
        raise EmptyTable("holds a header but no record", path)
    columns = _parse_table(data, delimiter, names, line_count, path)
    return DelimitedText(columns, delimiter, text.is_western, text.notes, name_notes)


def read_text_columns(path: Path) -> pa.Table:
    """The columns of a table as they are spelled.

    Raises:
        FormatError: It is no table.
    """
    return read_delimited(path).columns


def read_header(path: Path) -> list[str]:
    """The names that the first line of a file gives its columns, without reading the rest.

    Nothing is checked: it may be the first line of prose. A file that is empty or no text has no names.

    Raises:
        FormatError: The file is damaged.
    """
    head = read_head(path)
    try:
        data = _to_newlines(to_utf8(head, path).data)
        if not data.strip():
            return []
        return _cut_header(data, _sniff_delimiter(data.decode(errors="ignore"), path)).names
    except (FormatError, csv.Error):  # binary, or no lines
        return []


def _to_newlines(data: bytes) -> bytes:
    """Text whose lines end in a newline, also where they ended in carriage returns alone."""
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _sniff_delimiter(head: str, path: Path) -> str:
    """The delimiter that cuts the first lines into the same number of values, more than one."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    if path.name.lower().split(".gz")[0].endswith((".tsv", ".tab")) and "\t" in lines[0]:
        return "\t"
    widths = {mark: [len(row) for row in csv.reader(lines, delimiter=mark)] for mark in _DELIMITERS}
    scores = {
        mark: (found.count(found[0]) / len(found), found[0])
        for mark, found in widths.items()
        if found[0] > 1
    }
    return max(scores, key=lambda mark: scores[mark]) if scores else ","


class _Header(NamedTuple):
    """The names of columns, how many lines they fill, and a note where names were absent."""

    names: list[str]
    line_count: int
    notes: tuple[str, ...]


def _cut_header(data: bytes, delimiter: str) -> _Header:
    """The names in the first line that is not blank; a column without one is called "unnamed"."""
    blank = len(data) - len(data.lstrip(b"\r\n"))
    reader = csv.reader(
        io.StringIO(data[blank : blank + _HEAD_BYTES].decode(errors="ignore")), delimiter=delimiter
    )
    names = [name.strip() for name in next(reader)]
    skipped = reader.line_num + data[:blank].count(b"\n")
    empty = [i for i, name in enumerate(names) if not name]
    for i in empty:
        names[i] = "unnamed" if len(empty) == 1 else f"unnamed_{i + 1}"
    return _Header(names, skipped, ("a column without a name is called 'unnamed'",) if empty else ())


def _check_names(names: list[str], path: Path) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    numbers = sum(_is_number(name) for name in names)
    if (repeated and numbers) or any("." in name and _is_number(name) for name in names):
        raise FormatError("the first line holds values, not names", path, "add a line of column names")
    if repeated:
        raise FormatError(f"column names repeat: {', '.join(repeated)}", path, "rename them")


def _is_number(name: str) -> bool:
    return name.lstrip("+-").replace(".", "", 1).isdigit()


def _parse_table(data: bytes, delimiter: str, names: list[str], lines: int, path: Path) -> pa.Table:
    """All columns as text.

    Raises:
        FormatError: Lines of another length than the header, or open quotation marks; no word of
            the line is shown, since it is a patient's.
    """
    ragged: list[tuple[int, int]] = []

    def note(row: arrow.InvalidRow) -> str:
        ragged.append((row.number or 0, row.actual_columns))
        return "skip"

    try:
        table = arrow.read_csv(
            io.BytesIO(data),
            arrow.ReadOptions(
                column_names=names, skip_rows=lines, use_threads=False, block_size=_BLOCK_BYTES
            ),
            arrow.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in data, invalid_row_handler=note
            ),
            arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        raise FormatError("cannot be cut into values", path, "look for an open quotation mark") from None
    if ragged:
        number, width = ragged[0]
        more = f", and {len(ragged) - 1} more rows do not fit it" if len(ragged) > 1 else ""
        raise FormatError(
            f"row {number} has {width} values, the header (row 1) has {len(names)} names{more}",
            path,
            "look for an open quotation mark, and put values that hold the delimiter in quotation marks",
        )
    return table


def convert_decimal_commas(table: pa.Table) -> pa.Table:
    """The table with decimal points where a column is written with decimal commas."""
    for i, name in enumerate(table.column_names):
        words = DistinctValues.from_column(table[name].combine_chunks())
        words = words.drop_values(are_missing(words))
        numbers = words.are_matching(r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$") | words.are_matching(
            LIMIT_PATTERN
        )
        if words.are_matching(r"^[+-]?\d+,\d+$").any() and numbers.all():
            table = table.set_column(i, name, pc.replace_substring(table[name], ",", "."))
    return table
