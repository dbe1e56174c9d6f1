"""Comma- or otherwise separated text: the delimiter is found, every column judged as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from manikin.core.text_files import write_bytes
from manikin.io.format import Format, raise_if_not_scalar
from manikin.io.table_layouts import TableFile, read_table
from manikin.schema.kinds import Codes, Signal
from manikin.tables.delimited import DelimitedOptions, read_delimited, render_delimited
from manikin.tables.layout_options import LongLayout, SeriesOptions

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


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
        from manikin.signals.files import stay_folder

        return stay_folder.read_cohort(path, schema, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Numbers on their recording grid, missing values as they were spelled, quotes where needed."""
        usual = "\t" if ".tsv" in path.name.lower() or ".tab" in path.name.lower() else ","
        came = cohort.origin.find_options(DelimitedOptions)
        delimiter = came.delimiter if cohort.origin.format == "csv" and usual == "," else usual
        text = _render_cohort(cohort, delimiter or usual, path)
        write_bytes(path, text.encode(came.encoding or "utf-8"))


__plugin__ = Csv


def _render_cohort(cohort: Cohort, delimiter: str, path: Path) -> str:
    if any(isinstance(kind, Codes) for kind in cohort.schema.values()):
        from manikin.ehr.long import write as events

        return events.render_long_table(cohort, delimiter)
    layout = cohort.origin.find_options(SeriesOptions).series
    if layout is not None and any(isinstance(kind, Signal) for kind in cohort.schema.values()):
        from manikin.signals.files import long_table, wide_table

        if isinstance(layout, LongLayout):
            return long_table.render_long_table(cohort, layout, delimiter)
        return wide_table.render_wide_table(cohort, layout, delimiter)
    raise_if_not_scalar(cohort, path)
    return render_delimited(cohort, delimiter)
