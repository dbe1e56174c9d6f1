"""A table whose cells name recordings: its other columns are fields of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.cohort.cohort import Origin
from manikin.core.record_files import is_name
from manikin.errors import FormatError
from manikin.imaging.files.assemble import Bad
from manikin.signals.files import folder_index
from manikin.signals.files.assemble import gather

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema
    from manikin.signals.files.recording import Recording

_ENDINGS = ("", ".hea", ".edf", ".bdf", ".rec")
_HEAD = 20


def joined(cells: Cohort, path: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort | None:
    """The recordings that a column of a table names, with or without suffix; None: no column does.

    Raises:
        FormatError: A recording is absent or cannot be read.
    """
    named = next((name for name in cells.schema if _names(cells, name, path)), None)
    if named is None:
        return None
    values = cells.columns[named].to_pylist()
    bad, found, rows = Bad(skip=skip_bad), [], []
    for row, value in enumerate(values):
        file = _file(path.parent, value)
        where = f"{path}: column {named!r}, record {row + 1}"
        if file is None:
            bad.add(row, path, FormatError(f"{where}: names no recording; add the file, or remove the row"))
            continue
        try:
            found.append(_recording(file, path.parent))
        except FormatError as error:
            bad.add(row, file, error)
        else:
            rows.append(row)
    if not found:
        raise FormatError(f"{path}: no recording can be read; {next(iter(bad.values()))}")
    told: tuple[str, ...] = ()
    format_ = "wfdb" if found[0].path.suffix == ".hea" else "edf"
    if format_ == "edf":
        from manikin.io.formats.edf import without_prose

        found, told = without_prose(found)
    rest = [name for name in cells.schema if name != named]
    kept = folder_index.labelled(cells.take(rows).select(*rest), named) if rest else None
    cohort = gather(found, schema, Origin(format_), kept, skip_bad=skip_bad)
    return replace(cohort, notes=(*bad.values(), *cohort.notes, *told))


def _names(cells: Cohort, name: str, path: Path) -> bool:
    """Whether a column names recordings: the first cells decide, so that one that is absent is an error."""
    values = cells.columns[name]
    if not pa.types.is_string(values.type):
        return False
    head = [value for value in values.slice(0, _HEAD).to_pylist() if value]
    hits = sum(_file(path.parent, value) is not None for value in head)
    return 2 * hits > len(head)


def _file(folder: Path, value: str | None) -> Path | None:
    """The file that a cell names."""
    if not value or not is_name(f"{value}{_ENDINGS[-1]}"):
        return None
    files = (folder / f"{value}{ending}" for ending in _ENDINGS)
    return next((file for file in files if file.suffix in _ENDINGS[1:] and file.is_file()), None)


def _recording(file: Path, folder: Path) -> Recording:
    """What the header of a file says."""
    from manikin.io.formats import edf, wfdb

    person = file.resolve().as_posix() if folder not in file.parents else folder_index.person(file, folder)
    return (wfdb if file.suffix == ".hea" else edf).recording(file, person)
