"""Comma- or otherwise separated text: the delimiter is found, every column judged as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.core.text_files import write_bytes
from manikin.io.format import Format, raise_if_not_scalar
from manikin.schema.kinds import Codes, Schema, Signal
from manikin.tables.delimited import convert_decimal_commas, read_delimited, render_delimited

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from manikin.schema.kinds import Kind


@final
class Csv(Format):
    """Comma-separated values (RFC 4180) and their kin: tabs, semicolons, vertical bars."""

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")
    has_file_links: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Everything as text first; then each column is judged by all its values.

        With `skip_bad` rows of events or measurements that cannot be read are left out and noted.
        """
        table, delimiter, note, renamed = read_delimited(path)
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
        if delimiter == ";" and (table := convert_decimal_commas(whole := table)) is not whole:
            options["decimal"] = ","
            note = (*note, "decimal commas")
        cohort = Cohort.from_table(table, schema, spelled=True, origin=SourceFormat("csv", options))
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
