"""Read a file or a folder into a cohort, whatever its format; `io.write` writes it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from manikin.core import record_files
from manikin.core.progress_display import show_step
from manikin.errors import AbsentField, FormatError, SchemaError
from manikin.io.format import FileOptions
from manikin.io.formats import SHIPPED_FORMATS, find_format, find_format_name, load_format, split_suffixes
from manikin.schema.kinds import Schema

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_HEAD_BYTES = 16
_FOREIGN_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
}


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
    path = record_files.find_only_archive(Path(path)) or Path(path)
    is_archive = path.suffix.lower() == record_files.ARCHIVE_SUFFIX and path.is_file()
    if not is_archive:
        _raise_if_unreadable(path)
    beside = record_files.find_schema_file(path) if schema is None else None
    if beside is None:
        declared, note = Schema.read(schema) if isinstance(schema, str | Path) else schema, ()
    else:
        declared = Schema.read(beside)
        note = (f"{beside.name} beside the data overrides what was inferred",)
    if is_archive:
        from manikin.core.zip_archives import unpack  # few files are archives, and `zipfile` loads slowly

        with unpack(path) as inside:
            return read(inside, declared, skip_bad=skip_bad).add_notes(*note)
    try:
        with show_step("reading records"):
            cohort = _read_path(path, declared, skip_bad=skip_bad)
    except SchemaError as error:
        if beside is None:
            raise error.reword(lambda text: f"{path}: {text}") from error
        if not (isinstance(error, AbsentField) and _is_made_from_another(beside, path)):
            advice = f"{beside.name} lies beside the data: correct it, or move it away"
            raise error.reword(lambda text: f"{path}: {text}; {advice}") from error
        note = (f"{beside.name} beside the data was made from another file and is not used",)
        cohort = _read_path(path, None, skip_bad=skip_bad)
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror or error})", path) from error
    is_folder = path.is_dir() or not _is_own_format(path, cohort)
    origin = cohort.origin.add_options(FileOptions("" if is_folder else "".join(split_suffixes(path))))
    found = replace(cohort, origin=origin).add_notes(*note)
    return found.add_notes(*found.find_duplicates().describe())


def _raise_if_unreadable(path: Path) -> None:
    """Refuse what is no file, or is plainly of another format than its name says.

    Raises:
        FormatError: It is absent, cannot be opened, or begins as files of another format do.
    """
    if not path.exists():
        header = path.with_name(f"{path.name}.hea") if path.name else path
        beside = f"; there is a record {header.name}: name that" if header.is_file() else ""
        raise FormatError(f"no such file{beside}", path)
    if path.is_dir():
        return
    chosen = find_format_name(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FormatError(f"cannot be read ({error.strerror})", path) from error
    for name, marks in SHIPPED_FORMATS.items():
        if marks.signature and head.startswith(marks.signature) and name != chosen:
            raise FormatError(
                f"holds {name}, whatever its suffix says", path, f"rename it to {marks.suffixes[0]}"
            )
    strange = next((what for mark, what in _FOREIGN_SIGNATURES.items() if head.startswith(mark)), None)
    if strange and not load_format(chosen).is_binary:
        raise FormatError(f"is {strange}", path, "save the table as .csv")


def _read_path(path: Path, declared: Schema | None, *, skip_bad: bool) -> Cohort:
    if not path.is_dir():
        return find_format(path).read(path, declared, skip_bad=skip_bad)
    from manikin.io.folder_formats import detect_folder_format  # needed for folders alone

    return load_format(detect_folder_format(path)).read_folder(path, declared, skip_bad=skip_bad)


def _is_made_from_another(schema: Path, data: Path) -> bool:
    from manikin.schema.schema_files import is_foreign  # needed where a schema beside the data does not fit

    return is_foreign(schema, data)


def _is_own_format(path: Path, cohort: Cohort) -> bool:
    """Whether a file is of the format that the cohort goes back to: a manifest is of another."""
    back = load_format(cohort.origin.format)
    return (
        isinstance(find_format(path), type(back)) or split_suffixes(path)[0].lower() in back.extra_suffixes
    )
