"""Comma- or otherwise separated text: the delimiter is found, every column judged as a whole."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, ClassVar, final

import pyarrow as pa
import pyarrow.compute
from pyarrow import csv as arrow

from manikin.cohort.cohort import SourceFormat
from manikin.errors import FormatError
from manikin.io.format import Format, raise_if_not_scalar, read_bytes, to_utf8, write_bytes
from manikin.schema.inference.censoring import are_limits
from manikin.schema.inference.distinct_values import DistinctValues, are_missing
from manikin.schema.inference.formatting import format_column
from manikin.schema.inference.infer import infer_cohort
from manikin.schema.kinds import Codes, Schema, Signal
from manikin.tables import quotes

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_DELIMITERS = (",", "\t", ";", "|")
_HEAD_BYTES = 1 << 16
_ROWS_PER_BLOCK = 1 << 16
_BLOCK_BYTES = 1 << 26  # bytes read at a time; a row must fit into one, with a very long note in it


@final
class Csv(Format):
    """Comma-separated values (RFC 4180) and their kin: tabs, semicolons, vertical bars."""

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")
    has_file_links: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """Everything as text first; then each column is judged by all its values."""
        return self._read(path, schema, skip_bad=False)

    def read_skipping_bad(self, path: Path, schema: Schema | None) -> Cohort:
        """As `read`, but rows of events or measurements that cannot be read are left out and noted."""
        return self._read(path, schema, skip_bad=True)

    def _read(self, path: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort:
        table, delimiter, note, renamed = _read_columns(path)
        options = {"delimiter": delimiter}
        if any("not in UTF-8" in text for text in note):  # the program that wrote it asks for a mark
            options["encoding"] = "utf-8-sig"
        found = _read_events(table, path, schema, options, skip_bad=skip_bad)
        found = found or _read_series(table, path, schema, options, skip_bad=skip_bad)
        if found is not None:
            return found.add_notes(*note, *renamed)
        schema = Schema(
            {name: kind for name, kind in (schema or {}).items() if not _is_in_files(name, kind, table)}
        )
        if delimiter == ";" and (table := _convert_decimal_commas(whole := table)) is not whole:
            options["decimal"] = ","
            note = (*note, "decimal commas")
        cohort = infer_cohort(table, schema, spelled=True, origin=SourceFormat("csv", options))
        return cohort.add_notes(*note, *renamed)

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The one long table of a folder, or one table of measurements for each subject."""
        from manikin.signals.files import stay_folder

        return stay_folder.read_cohort(path, schema, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Numbers on their recording grid, missing values as they were spelled, quotes where needed."""
        usual = "\t" if ".tsv" in path.name.lower() or ".tab" in path.name.lower() else ","
        came = cohort.origin.options.get("delimiter", usual) if cohort.origin.format == "csv" else usual
        delimiter = usual if usual == "\t" else came
        encoding = cohort.origin.options.get("encoding", "utf-8")
        write_bytes(path, _render_cohort(cohort, delimiter, path).encode(encoding))


__plugin__ = Csv


def read_text_columns(path: Path) -> pa.Table:
    """The columns of a table as they are spelled.

    Raises:
        FormatError: It is no table.
    """
    return _read_columns(path)[0]


def _read_columns(path: Path) -> tuple[pa.Table, str, tuple[str, ...], tuple[str, ...]]:
    """All columns as text, the delimiter, and notes on the encoding and on the names."""
    data, note = to_utf8(read_bytes(path), path)
    data = data if b"\n" in data else data.replace(b"\r", b"\n")
    if b'"' in data:
        quotes.raise_if_unclosed_quote(data, path)
    delimiter = _sniff_delimiter(data[:_HEAD_BYTES].decode(errors="ignore"), path)
    names, lines, renamed = _read_header(data, delimiter, path)
    return _parse_table(data, delimiter, names, lines, path), delimiter, note, renamed


def _read_events(
    table: pa.Table, path: Path, schema: Schema | None, options: dict[str, Any], *, skip_bad: bool
) -> Cohort | None:
    """Histories, where the rows are coded events of subjects."""
    from manikin.ehr.long import read

    columns = read.detect_columns(table.column_names, schema)
    if columns is None:
        return None
    return read.build_cohort(table, columns, path, schema, SourceFormat("csv", options), skip_bad=skip_bad)


def _read_series(
    table: pa.Table, path: Path, schema: Schema | None, options: dict[str, Any], *, skip_bad: bool
) -> Cohort | None:
    """Signals, where the rows are moments of subjects: by the names of columns, or as declared."""
    from manikin.signals.files import long_table, wide_table

    if (columns := long_table.detect_columns(table.column_names)) is not None:
        return long_table.build_cohort(table, columns, path, schema, options, skip_bad=skip_bad)
    if schema is not None and wide_table.is_wide_table(schema, table.column_names):
        return wide_table.build_cohort(table, path, schema, options, skip_bad=skip_bad)
    return None


def _is_in_files(name: str, kind: Kind, table: pa.Table) -> bool:
    """Whether a field is a signal that lies in files, not in a column."""
    return isinstance(kind, Signal) and name not in table.column_names


def _render_cohort(cohort: Cohort, delimiter: str, path: Path) -> str:
    if any(isinstance(kind, Codes) for kind in cohort.schema.values()):
        from manikin.ehr.long import write as events

        return events.render_long_table(cohort, delimiter)
    form = cohort.origin.options.get("series", {}).get("form")
    if form and any(isinstance(kind, Signal) for kind in cohort.schema.values()):
        from manikin.signals.files import long_table, wide_table

        if form == "long":
            return long_table.render_long_table(cohort, delimiter)
        return wide_table.render_wide_table(cohort, delimiter)
    raise_if_not_scalar(cohort, path)
    return render_delimited(cohort, delimiter)


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


def _read_header(data: bytes, delimiter: str, path: Path) -> tuple[list[str], int, tuple[str, ...]]:
    """The field names, how many lines they fill, and a note on names that were absent."""
    blank = len(data) - len(data.lstrip(b"\r\n"))
    reader = csv.reader(
        io.StringIO(data[blank : blank + _HEAD_BYTES].decode(errors="ignore")), delimiter=delimiter
    )
    names = [name.strip() for name in next(reader)]
    skipped = reader.line_num + data[:blank].count(b"\n")
    empty = [i for i, name in enumerate(names) if not name]
    for i in empty:
        names[i] = "unnamed" if len(empty) == 1 else f"unnamed_{i + 1}"
    _check_names(names, path)
    if not b"".join(data.split(b"\n", skipped)[skipped:]).strip():
        raise FormatError(f"{path}: holds a header but no record")
    return names, skipped, ("a column without a name is called 'unnamed'",) if empty else ()


def _check_names(names: list[str], path: Path) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    numbers = sum(_is_number(name) for name in names)
    if (repeated and numbers) or any("." in name and _is_number(name) for name in names):
        raise FormatError(f"{path}: the first line holds values, not names; add a line of column names")
    if repeated:
        raise FormatError(f"{path}: column names repeat: {', '.join(repeated)}; rename them")


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
        raise FormatError(f"{path}: cannot be cut into values; look for an open quotation mark") from None
    if ragged:
        number, width = ragged[0]
        more = f", and {len(ragged) - 1} more rows do not fit it" if len(ragged) > 1 else ""
        raise FormatError(
            f"{path}: row {number} has {width} values, the header (row 1) has {len(names)} names{more}; "
            "look for an open quotation mark, and put values that hold the delimiter in quotation marks"
        )
    return table


def _convert_decimal_commas(table: pa.Table) -> pa.Table:
    """The table with decimal points where a column is written with decimal commas."""
    for i, name in enumerate(table.column_names):
        words = DistinctValues.from_column(table[name].combine_chunks())
        words = words.drop_values(are_missing(words))
        numbers = words.are_matching(r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$") | are_limits(words)
        if words.are_matching(r"^[+-]?\d+,\d+$").any() and numbers.all():
            table = table.set_column(i, name, pc.replace_substring(table[name], ",", "."))
    return table


def render_delimited(cohort: Cohort, delimiter: str = ",") -> str:
    """A cohort of scalar fields as delimited text.

    Example:
        >>> import pyarrow as pa
        >>> drugs = infer_cohort(pa.table({"drug": ["A, B", "C"], "dose": [0.5, None]}))
        >>> print(render_delimited(drugs), end="")
        drug,dose
        "A, B",0.5
        C,
    """
    head = delimiter.join(_quote_texts(pa.array(list(cohort.schema)), delimiter).to_pylist())
    texts = [_render_field(cohort, name, delimiter) for name in cohort.schema]
    body = [
        line
        for start in range(0, len(cohort), _ROWS_PER_BLOCK)
        for line in _join_lines(texts, start, delimiter)
    ]
    return "\n".join((head, *body, ""))


def _render_field(cohort: Cohort, name: str, delimiter: str) -> pa.Array:
    values = cohort.columns[name].combine_chunks()
    text = format_column(values, cohort.schema[name])
    plain = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if (
        pa.types.is_floating(values.type)
        and delimiter == ";"
        and cohort.origin.options.get("decimal") == ","
    ):
        text = pc.replace_substring(text, ".", ",")
    lone = len(cohort.schema) == 1  # an empty line would be no record
    return text if plain and not lone else _quote_texts(text, delimiter, lone=lone)


def _quote_texts(text: pa.Array, delimiter: str, *, lone: bool = False) -> pa.Array:
    """Text with quotation marks around what would not read back, decided once per distinct word."""
    coded = text.dictionary_encode()
    words = coded.dictionary
    special = r'["\r\n' + ("\\" if delimiter == "|" else "") + delimiter + "]" + ("|^$" if lone else "")
    marks = pc.binary_join_element_wise('"', pc.replace_substring(words, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(words, special), marks, words).take(coded.indices)


def _join_lines(texts: list[pa.Array], start: int, delimiter: str) -> list[str]:
    parts = [text.slice(start, _ROWS_PER_BLOCK) for text in texts]
    return pc.binary_join_element_wise(*parts, delimiter).to_pylist()
