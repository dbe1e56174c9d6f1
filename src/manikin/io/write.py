"""Write a cohort as a file or a folder, in the format that a suffix names or that it came in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manikin.core.atomic import write_atomically
from manikin.core.progress_display import show_step
from manikin.errors import FormatError
from manikin.io.format import FileOptions
from manikin.io.formats import find_format, load_format
from manikin.schema.kinds import Codes, Image, Signal
from manikin.tables.layout_options import SeriesOptions

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.io.format import Format


def write(cohort: Cohort, path: str | Path) -> None:
    """Write a cohort in the format that the suffix names; without suffix, as the cohort came in.

    The file or folder appears whole or not at all: it is written under another name and renamed. A
    file is replaced; a folder that holds anything is not.

    Raises:
        FormatError: No such format, a field that it cannot hold, or no room or right to write.
    """
    path, chosen = _choose_target(cohort, Path(path))
    with show_step(f"writing {len(cohort):,} records"), write_atomically(path) as part:
        chosen.write(cohort, part)


def _choose_target(cohort: Cohort, path: Path) -> tuple[Path, Format]:
    """Where a cohort is written and by which format."""
    if not path.suffix:
        origin = cohort.origin.format
        arrays = any(isinstance(kind, Image | Signal) for kind in cohort.schema.values())
        events = any(isinstance(kind, Codes) for kind in cohort.schema.values())
        if _should_write_folder(cohort) and (arrays or events or origin == "text"):
            if path.is_dir() and any(path.iterdir()):
                raise FormatError("the folder is not empty", path, "name another, or empty it first")
            return path, load_format(origin)
        path = path.with_name(path.name + _choose_suffix(cohort, arrays=arrays))
    if path.is_dir():
        raise FormatError("is a folder", path, "name a file, or leave out the suffix")
    return path, find_format(path)


def _should_write_folder(cohort: Cohort) -> bool:
    """Whether a cohort goes into a folder: it came in one, or no single file of its format holds it."""
    format_ = load_format(cohort.origin.format)
    one = format_.can_write_file and (len(cohort) == 1 or format_.has_many_records)
    came_alone = bool(cohort.origin.find_options(FileOptions).suffix)
    return format_.can_write_folder and not (one and came_alone)


def _choose_suffix(cohort: Cohort, *, arrays: bool) -> str:
    """The suffix of the file that the cohort came in, or of one that can hold it."""
    came = cohort.origin.find_options(FileOptions).suffix or ""
    if arrays:
        series = cohort.origin.find_options(SeriesOptions).series
        tabled = load_format(cohort.origin.format).has_file_links and series is None
        return came if came and not tabled else ".npz"
    format_ = load_format(cohort.origin.format)
    return came if came and (format_.has_many_records or not format_.can_write_folder) else ".csv"
