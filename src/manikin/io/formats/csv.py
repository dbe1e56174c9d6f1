"""Comma- or otherwise separated text: the delimiter is found, every column judged as a whole."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, ClassVar, final

import pyarrow as pa
import pyarrow.compute
from pyarrow import csv as arrow

from manikin.cohort.cohort import Origin
from manikin.errors import FormatError
from manikin.io.format import Format, columns_only, content, store, utf8
from manikin.schema.inference.censoring import are_limits
from manikin.schema.inference.distinct_values import Words, missing
from manikin.schema.inference.formatting import cells
from manikin.schema.inference.infer import infer
from manikin.schema.kinds import Codes, Schema, Signal
from manikin.tables import quotes

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_DELIMITERS = (",", "\t", ";", "|")
_HEAD = 1 << 16
_ROWS = 1 << 16
_BLOCK = 1 << 26  # bytes read at a time; a row must fit into one, with a very long note in it


@final
class Csv(Format):
    """Comma-separated values (RFC 4180) and their kin: tabs, semicolons, vertical bars."""

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")
    names_files: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """Everything as text first; then each column is judged by all its values."""
        return self._read(path, schema, skip_bad=False)

    def read_most(self, path: Path, schema: Schema | None) -> Cohort:
        """As `read`, but rows of events or measurements that cannot be read are left out and noted."""
        return self._read(path, schema, skip_bad=True)

    def _read(self, path: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort:
        table, delimiter, note, renamed = _cut(path)
        options = {"delimiter": delimiter}
        if any("not in UTF-8" in text for text in note):  # the program that wrote it asks for a mark
            options["encoding"] = "utf-8-sig"
        found = _events(table, path, schema, options, skip_bad=skip_bad)
        found = found or _series(table, path, schema, options, skip_bad=skip_bad)
        if found is not None:
            return found.noted(*note, *renamed)
        schema = Schema(
            {name: kind for name, kind in (schema or {}).items() if not _elsewhere(name, kind, table)}
        )
        if delimiter == ";" and (table := _points(whole := table)) is not whole:
            options["decimal"] = ","
            note = (*note, "decimal commas")
        cohort = infer(table, schema, spelled=True, origin=Origin("csv", options))
        return cohort.noted(*note, *renamed)

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The one long table of a folder, or one table of measurements for each subject."""
        from manikin.signals.files import stay_folder

        return stay_folder.cohort(path, schema, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Numbers on their recording grid, missing values as they were spelled, quotes where needed."""
        usual = "\t" if ".tsv" in path.name.lower() or ".tab" in path.name.lower() else ","
        came = cohort.origin.options.get("delimiter", usual) if cohort.origin.format == "csv" else usual
        delimiter = usual if usual == "\t" else came
        encoding = cohort.origin.options.get("encoding", "utf-8")
        store(path, _written(cohort, delimiter, path).encode(encoding))


__plugin__ = Csv


def texts(path: Path) -> pa.Table:
    """The columns of a table as they are spelled.

    Raises:
        FormatError: It is no table.
    """
    return _cut(path)[0]


def _cut(path: Path) -> tuple[pa.Table, str, tuple[str, ...], tuple[str, ...]]:
    """All columns as text, the delimiter, and notes on the encoding and on the names."""
    data, note = utf8(content(path), path)
    data = data if b"\n" in data else data.replace(b"\r", b"\n")
    if b'"' in data:
        quotes.refuse_open_quote(data, path)
    delimiter = _sniff(data[:_HEAD].decode(errors="ignore"), path)
    names, lines, renamed = _header(data, delimiter, path)
    return _table(data, delimiter, names, lines, path), delimiter, note, renamed


def _events(
    table: pa.Table, path: Path, schema: Schema | None, options: dict[str, Any], *, skip_bad: bool
) -> Cohort | None:
    """Histories, where the rows are coded events of subjects."""
    from manikin.ehr.long import read

    columns = read.detected(table.column_names, schema)
    if columns is None:
        return None
    return read.cohort(table, columns, path, schema, Origin("csv", options), skip_bad=skip_bad)


def _series(
    table: pa.Table, path: Path, schema: Schema | None, options: dict[str, Any], *, skip_bad: bool
) -> Cohort | None:
    """Signals, where the rows are moments of subjects: by the names of columns, or as declared."""
    from manikin.signals.files import long_table, wide_table

    if (columns := long_table.detected(table.column_names)) is not None:
        return long_table.cohort(table, columns, path, schema, options, skip_bad=skip_bad)
    if schema is not None and wide_table.declared(schema, table.column_names):
        return wide_table.cohort(table, path, schema, options, skip_bad=skip_bad)
    return None


def _elsewhere(name: str, kind: Kind, table: pa.Table) -> bool:
    """Whether a field is a signal that lies in files, not in a column."""
    return isinstance(kind, Signal) and name not in table.column_names


def _written(cohort: Cohort, delimiter: str, path: Path) -> str:
    if any(isinstance(kind, Codes) for kind in cohort.schema.values()):
        from manikin.ehr.long import write as events

        return events.rendered(cohort, delimiter)
    form = cohort.origin.options.get("series", {}).get("form")
    if form and any(isinstance(kind, Signal) for kind in cohort.schema.values()):
        from manikin.signals.files import long_table, wide_table

        return (long_table if form == "long" else wide_table).rendered(cohort, delimiter)
    columns_only(cohort, path)
    return render(cohort, delimiter)


def _sniff(head: str, path: Path) -> str:
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


def _header(data: bytes, delimiter: str, path: Path) -> tuple[list[str], int, tuple[str, ...]]:
    """The field names, how many lines they fill, and a note on names that were absent."""
    blank = len(data) - len(data.lstrip(b"\r\n"))
    reader = csv.reader(
        io.StringIO(data[blank : blank + _HEAD].decode(errors="ignore")), delimiter=delimiter
    )
    names = [name.strip() for name in next(reader)]
    skipped = reader.line_num + data[:blank].count(b"\n")
    empty = [i for i, name in enumerate(names) if not name]
    for i in empty:
        names[i] = "unnamed" if len(empty) == 1 else f"unnamed_{i + 1}"
    _check(names, path)
    if not b"".join(data.split(b"\n", skipped)[skipped:]).strip():
        raise FormatError(f"{path}: holds a header but no record")
    return names, skipped, ("a column without a name is called 'unnamed'",) if empty else ()


def _check(names: list[str], path: Path) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    numbers = sum(_number(name) for name in names)
    if (repeated and numbers) or any("." in name and _number(name) for name in names):
        raise FormatError(f"{path}: the first line holds values, not names; add a line of column names")
    if repeated:
        raise FormatError(f"{path}: column names repeat: {', '.join(repeated)}; rename them")


def _number(name: str) -> bool:
    return name.lstrip("+-").replace(".", "", 1).isdigit()


def _table(data: bytes, delimiter: str, names: list[str], lines: int, path: Path) -> pa.Table:
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
            arrow.ReadOptions(column_names=names, skip_rows=lines, use_threads=False, block_size=_BLOCK),
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


def _points(table: pa.Table) -> pa.Table:
    """The table with decimal points where a column is written with decimal commas."""
    for i, name in enumerate(table.column_names):
        words = Words.of(table[name].combine_chunks())
        words = words.without(missing(words))
        numbers = words.like(r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$") | are_limits(words)
        if words.like(r"^[+-]?\d+,\d+$").any() and numbers.all():
            table = table.set_column(i, name, pc.replace_substring(table[name], ",", "."))
    return table


def render(cohort: Cohort, delimiter: str = ",") -> str:
    """A cohort of scalar fields as delimited text.

    Example:
        >>> import pyarrow as pa
        >>> print(render(infer(pa.table({"drug": ["A, B", "C"], "dose": [0.5, None]}))), end="")
        drug,dose
        "A, B",0.5
        C,
    """
    head = delimiter.join(_quoted(pa.array(list(cohort.schema)), delimiter).to_pylist())
    texts = [_field(cohort, name, delimiter) for name in cohort.schema]
    body = [line for start in range(0, len(cohort), _ROWS) for line in _lines(texts, start, delimiter)]
    return "\n".join((head, *body, ""))


def _field(cohort: Cohort, name: str, delimiter: str) -> pa.Array:
    values = cohort.columns[name].combine_chunks()
    text = cells(values, cohort.schema[name])
    plain = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if (
        pa.types.is_floating(values.type)
        and delimiter == ";"
        and cohort.origin.options.get("decimal") == ","
    ):
        text = pc.replace_substring(text, ".", ",")
    lone = len(cohort.schema) == 1  # an empty line would be no record
    return text if plain and not lone else _quoted(text, delimiter, lone=lone)


def _quoted(text: pa.Array, delimiter: str, *, lone: bool = False) -> pa.Array:
    """Text with quotation marks around what would not read back, decided once per distinct word."""
    coded = text.dictionary_encode()
    words = coded.dictionary
    special = r'["\r\n' + ("\\" if delimiter == "|" else "") + delimiter + "]" + ("|^$" if lone else "")
    marks = pc.binary_join_element_wise('"', pc.replace_substring(words, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(words, special), marks, words).take(coded.indices)


def _lines(texts: list[pa.Array], start: int, delimiter: str) -> list[str]:
    parts = [text.slice(start, _ROWS) for text in texts]
    return pc.binary_join_element_wise(*parts, delimiter).to_pylist()
