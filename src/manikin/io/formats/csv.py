"""Delimited text: the first that fits of a list of layouts says what the rows of a table are.

A reader of a layout imports what its kind of data needs when it is called: a table of plain columns loads
neither signals nor imaging nor histories, which would take most of the time of a first read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.core import record_files
from manikin.core.text_files import write_bytes
from manikin.errors import AbsentField
from manikin.io.format import Format
from manikin.schema.kinds import Image, Schema, Signal
from manikin.tables import EventColumns, SeriesColumns, has_channel_columns
from manikin.tables.delimited import DelimitedOptions, convert_decimal_commas, read_delimited

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manikin.tables.delimited import DelimitedText

_HEAD_ROWS = 20


@final
class Csv(Format):
    """Comma-separated values (RFC 4180) and their kin: tabs, semicolons, vertical bars."""

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")
    has_file_links: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Everything as text first; then rows by the layout of the table, each column by all its values.

        With `skip_bad` rows of events or measurements, and records whose files cannot be read, are left out
        and noted.
        """
        return read_table(TableFile(read_delimited(path), path, schema, skip_bad))

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The one long table of a folder, or one table of measurements for each subject."""
        from manikin.signals.files.stay_folder import read_cohort  # for folders alone

        return read_cohort(path, schema, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Numbers on their recording grid, missing values as they were spelled, quotes where needed."""
        usual = "\t" if ".tsv" in path.name.lower() or ".tab" in path.name.lower() else ","
        came = cohort.origin.find_options(DelimitedOptions)
        delimiter = came.delimiter if cohort.origin.format == "csv" and usual == "," else usual
        from manikin.io.render_table import render_table  # loads the layouts of signals and histories

        text = render_table(cohort, delimiter or usual, path)
        write_bytes(path, text.encode(came.encoding or "utf-8"))


__plugin__ = Csv


@dataclass(frozen=True)
class TableFile:
    """A table of text before it is known what its rows are.

    Args:
        text: Its columns as they are spelled, and how the file writes them.
        path: The file.
        schema: What a person declared, of the cells and of what files beside the table hold.
        skip_bad: Whether records that cannot be read are left out and noted.
    """

    text: DelimitedText
    path: Path
    schema: Schema | None
    skip_bad: bool = False

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        return self.text.columns.column_names

    @cached_property
    def row_schema(self) -> Schema:
        """What is declared of the rows: all but pictures, which lie in files."""
        declared = (self.schema or {}).items()
        return Schema({name: kind for name, kind in declared if not isinstance(kind, Image)})

    @property
    def origin(self) -> SourceFormat:
        """How the file writes its columns."""
        # a program that writes eight bits asks for a mark before UTF-8
        encoding = "utf-8-sig" if self.text.is_western else None
        return SourceFormat("csv").add_options(DelimitedOptions(self.text.delimiter, encoding))

    @cached_property
    def cells(self) -> Cohort:
        """A record for each row, whatever files its cells name."""
        columns, origin, notes = self.text.columns, self.origin, self.text.encoding_notes
        if self.text.delimiter == ";":
            columns = convert_decimal_commas(columns)
        if columns is not self.text.columns:
            origin = origin.add_options(DelimitedOptions(decimal=","))
            notes = (*notes, "decimal commas")
        declared = {
            name: kind
            for name, kind in self.row_schema.items()
            if name in self.names
            or not isinstance(kind, Signal)  # a signal that is no column lies in files
        }
        cohort = Cohort.from_table(columns, Schema(declared), spelled=True, origin=origin)
        return cohort.add_notes(*notes, *self.text.name_notes)

    def list_texts(self, name: str, count: int | None = None) -> list[str]:
        """What stands in the first cells of a column, or in all; nothing where it holds no text."""
        values = self.cells.columns[name]
        found = values.slice(0, count).to_pylist() if pa.types.is_string(values.type) else []
        return [text for text in found if text]


class Layout(NamedTuple):
    """What the rows of a table may be.

    Args:
        row: What a row is, in words.
        find: What shows that a table has this layout, such as its columns by their meaning; None or False:
            it has another.
        read: Its records, by what was found.
    """

    row: str
    find: Callable[[TableFile], Any]
    read: Callable[[TableFile, Any], Cohort]


def read_table(table: TableFile) -> Cohort:
    """The records of a table, with the files that its cells name.

    Raises:
        FormatError: A row, or a file that a cell names, cannot be read.
        SchemaError: The data contradict the schema.
    """
    found = _read_by_layout(table, (*_ROW_LAYOUTS, *_FILE_LAYOUTS))
    if found is None:
        found = table.cells
        _raise_if_absent(table, found)
    return found


def read_cells(path: Path, schema: Schema | None) -> Cohort:
    """The records of a table of text, whatever files its cells name.

    Args:
        path: The table.
        schema: What a person declared: of the cells, and of what files beside the table hold, which is
            passed over.

    Raises:
        FormatError: It is no table, or a row cannot be read.
        SchemaError: The data contradict the schema.
    """
    text = read_delimited(path)
    declared = {name: kind for name, kind in (schema or {}).items() if name in text.columns.column_names}
    table = TableFile(text, path, Schema(declared))
    found = _read_by_layout(table, _ROW_LAYOUTS)
    return table.cells if found is None else found


def _read_by_layout(table: TableFile, layouts: tuple[Layout, ...]) -> Cohort | None:
    """The records of a table by the first layout that fits; None: it is one of plain columns."""
    for layout in layouts:
        if found := layout.find(table):
            return layout.read(table, found)
    return None


def _find_event_columns(table: TableFile) -> EventColumns | None:
    return EventColumns.from_names(table.names, table.row_schema)


def _read_events(table: TableFile, columns: EventColumns) -> Cohort:
    from manikin.ehr.long.read import build_cohort

    cohort = build_cohort(
        table.text.columns, columns, table.path, table.row_schema, table.origin, skip_bad=table.skip_bad
    )
    return _add_file_notes(table, cohort)


def _find_series_columns(table: TableFile) -> SeriesColumns | None:
    return SeriesColumns.from_names(table.names)


def _read_measurements(table: TableFile, columns: SeriesColumns) -> Cohort:
    from manikin.signals.files.long_table import build_cohort

    cohort = build_cohort(
        table.text.columns, columns, table.path, table.row_schema, table.origin, skip_bad=table.skip_bad
    )
    return _add_file_notes(table, cohort)


def _are_channels_declared(table: TableFile) -> bool:
    return has_channel_columns(table.names, table.row_schema)


def _read_moments(table: TableFile, _: bool) -> Cohort:
    from manikin.signals.files.wide_table import build_cohort

    cohort = build_cohort(
        table.text.columns, table.path, table.row_schema, table.origin, skip_bad=table.skip_bad
    )
    return _add_file_notes(table, cohort)


def _add_file_notes(table: TableFile, cohort: Cohort) -> Cohort:
    return cohort.add_notes(*table.text.encoding_notes, *table.text.name_notes)


def _find_recording_column(table: TableFile) -> str | None:
    """The column of which most of the first cells name recordings: one that is absent is an error."""
    for name in table.cells.schema:
        head = table.list_texts(name, _HEAD_ROWS)
        hits = sum(record_files.find_recording(table.path.parent, text) is not None for text in head)
        if 2 * hits > len(head):
            return name
    return None


def _read_recordings(table: TableFile, column: str) -> Cohort:
    from manikin.signals.files.manifest import join_recordings

    return join_recordings(table.cells, column, table.path, table.schema, skip_bad=table.skip_bad)


def _may_list_images(table: TableFile) -> bool:
    """Whether a column holds names of pictures, or pictures beside the table may be called after one."""
    if record_files.has_image_folder(table.path.parent):
        return True
    columns = map(table.list_texts, table.cells.schema)
    return any(texts and all(map(record_files.is_image_path, texts)) for texts in columns)


def _read_images(table: TableFile, _: bool) -> Cohort:
    from manikin.imaging.files.manifest import join_images

    found = join_images(table.cells, table.path, table.schema, skip_bad=table.skip_bad)
    _raise_if_absent(table, found)
    return found


def _raise_if_absent(table: TableFile, found: Cohort) -> None:
    """Refuse a schema of pictures or signals that neither the cells nor files beside them hold."""
    if absent := [name for name in table.schema or () if name not in found.schema]:
        raise AbsentField(
            f"the schema declares {', '.join(absent)}, which the data do not have; the fields are "
            f"{', '.join(found.schema)}; `channels` of a signal name columns, or cells name its files"
        )


_ROW_LAYOUTS = (
    Layout("a coded event of a subject", _find_event_columns, _read_events),
    Layout("a measurement of a subject", _find_series_columns, _read_measurements),
    Layout("a moment, with a column for each channel", _are_channels_declared, _read_moments),
)
"""Layouts by the names of columns and by what is declared, in the order in which they are asked."""
_FILE_LAYOUTS = (
    Layout("a record, of which a cell names a recording", _find_recording_column, _read_recordings),
    Layout("a record, of which a cell names a picture, or the reverse", _may_list_images, _read_images),
)
"""Layouts by the files beside a table, asked after the others."""
