"""A table whose cells name recordings: its other columns are fields of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.cohort.source_format import SourceFormat
from manikin.core.record_files import find_recording
from manikin.core.skipped import SkippedRecords
from manikin.errors import FormatError
from manikin.signals.files import edf, folder_index, wfdb
from manikin.signals.files.assemble import assemble_recordings

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema
    from manikin.signals.files.recording import Recording


def join_recordings(
    cells: Cohort, named: str, path: Path, schema: Schema | None, *, skip_bad: bool
) -> Cohort:
    """The recordings that a column of a table names, with or without suffix, with the other columns.

    Args:
        cells: The table.
        named: The column.
        path: The file that the table stands in.
        schema: Kinds that a person declared, those of signals among them.
        skip_bad: Whether rows whose recording is absent or cannot be read are left out and noted.

    Raises:
        FormatError: A recording is absent or cannot be read.
    """
    values = cells.columns[named].to_pylist()
    bad, found, rows = SkippedRecords(skip=skip_bad), [], []
    for row, value in enumerate(values):
        file = find_recording(path.parent, value or "")
        if file is None:
            problem = f"column {named!r}, record {row + 1}: names no recording"
            bad.add(row, path, FormatError(problem, path, "add the file, or remove the row"))
            continue
        try:
            found.append(_read_recording(file, path.parent))
        except FormatError as error:
            bad.add(row, file, error)
        else:
            rows.append(row)
    if not found:
        raise FormatError("no recording can be read", path, next(iter(bad.values())))
    told: tuple[str, ...] = ()
    format_ = "wfdb" if found[0].path.suffix == ".hea" else "edf"
    if format_ == "edf":
        found, told = edf.drop_free_text(found)
    rest = [name for name in cells.schema if name != named]
    kept = folder_index.assign_label_role(cells.take(rows).select(*rest), named) if rest else None
    cohort = assemble_recordings(found, schema, SourceFormat(format_), kept, skip_bad=skip_bad)
    return replace(cohort, notes=(*bad.values(), *cohort.notes, *told))


def _read_recording(file: Path, folder: Path) -> Recording:
    """What the header of a file says."""
    person = (
        file.resolve().as_posix() if folder not in file.parents else folder_index.find_subject(file, folder)
    )
    return (wfdb if file.suffix == ".hea" else edf).read_recording(file, person)
