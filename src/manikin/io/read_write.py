"""Read a file into a cohort and write it back, whatever its format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from manikin.core import zip_archives
from manikin.core.atomic import write_atomically
from manikin.core.progress_display import show_step
from manikin.errors import AbsentField, FormatError, SchemaError
from manikin.io.detect import (
    detect_folder_format,
    find_format,
    load_format,
    raise_if_unreadable,
    split_suffixes,
)
from manikin.io.format import FileOptions
from manikin.schema import schema_files
from manikin.schema.kinds import Codes, Image, Schema, Signal
from manikin.tables.layout_options import SeriesOptions

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.io.format import Format


def read(path: str | Path, schema: Schema | str | Path | None = None, *, skip_bad: bool = False) -> Cohort:
    r"""The records of a file or a folder.

    Args:
        path: A file of any format in `io/formats`, also compressed (".gz"); or a folder of
            pictures, DICOM files, NIfTI volumes or recordings (WFDB, EDF), with or without a table (csv)
            that lists them, or of histories (FHIR, MIMIC, OMOP); or a zip archive of one of these, also
            in a folder that holds nothing else.
        schema: Kinds that override what is inferred, or the path of a `schema.toml`; None: for
            `heart.csv` the `heart.schema.toml` or else the `schema.toml` beside it, if there is one. A
            `schema.toml` that was made from another file and declares fields that these data do not
            have is not used, and a note says so.
        skip_bad: Whether pictures, recordings and events that cannot be read are left out, named in
            the notes, instead of being an error.

    Raises:
        FormatError: The file is absent, empty, damaged, or of a format that is not known.
        SchemaError: The data contradict the schema; the message names file and field.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("sex,age\nF,61\nM,47\n")
        ...     cohort = read(Path(folder, "a.csv"))
        >>> len(cohort), list(cohort.schema)
        (2, ['sex', 'age'])
    """
    path = zip_archives.find_only_archive(Path(path)) or Path(path)
    archive = path.suffix.lower() == zip_archives.SUFFIX and path.is_file()
    if not archive:
        raise_if_unreadable(path)
    beside = schema_files.find_schema(path) if schema is None else None
    if beside is None:
        declared, note = Schema.read(schema) if isinstance(schema, str | Path) else schema, ()
    else:
        declared, note = (
            Schema.read(beside),
            (f"{beside.name} beside the data overrides what was inferred",),
        )
    if archive:
        with zip_archives.unpack(path) as inside:
            return read(inside, declared, skip_bad=skip_bad).add_notes(*note)
    try:
        with show_step("reading records"):
            cohort = _read_path(path, declared, skip_bad=skip_bad)
    except SchemaError as error:
        if beside is None:
            raise error.reword(lambda text: f"{path}: {text}") from error
        if not (isinstance(error, AbsentField) and schema_files.is_foreign(beside, path)):
            advice = f"{beside.name} lies beside the data: correct it, or move it away"
            raise error.reword(lambda text: f"{path}: {text}; {advice}") from error
        note = (f"{beside.name} beside the data was made from another file and is not used",)
        cohort = _read_path(path, None, skip_bad=skip_bad)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror or error})") from error
    folder = path.is_dir() or not _is_own_format(path, cohort)
    origin = cohort.origin.add_options(FileOptions("" if folder else "".join(split_suffixes(path))))
    found = replace(cohort, origin=origin).add_notes(*note)
    return found.add_notes(*found.find_duplicates().describe())


def _read_path(path: Path, declared: Schema | None, *, skip_bad: bool) -> Cohort:
    if path.is_dir():
        return load_format(detect_folder_format(path)).read_folder(path, declared, skip_bad=skip_bad)
    return find_format(path).read(path, declared, skip_bad=skip_bad)


def _is_own_format(path: Path, cohort: Cohort) -> bool:
    """Whether a file is of the format that the cohort goes back to: a manifest is of another."""
    back = load_format(cohort.origin.format)
    return (
        isinstance(find_format(path), type(back)) or split_suffixes(path)[0].lower() in back.extra_suffixes
    )


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
                raise FormatError(f"{path}: the folder is not empty; name another, or empty it first")
            return path, load_format(origin)
        path = path.with_name(path.name + _choose_suffix(cohort, arrays=arrays))
    if path.is_dir():
        raise FormatError(f"{path}: is a folder; name a file, or leave out the suffix")
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
