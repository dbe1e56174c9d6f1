"""Which format a file or a folder is of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from manikin.core import record_files, registry
from manikin.errors import FormatError
from manikin.io.formats import FORMAT_BY_SUFFIX, SHIPPED_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manikin.io.format import Format

_FORMATS_PACKAGE = "io.formats"
_HEAD_BYTES = 16
_FOREIGN_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
}


@cache
def load_format(name: str) -> Format:
    """The format called `name`; its module is imported when it is first asked for."""
    return registry.find(_FORMATS_PACKAGE, name)()


def find_format(path: Path) -> Format:
    """The format of a file by its suffix.

    Raises:
        FormatError: No format has this suffix.
    """
    return load_format(find_format_name(path))


def find_format_name(path: Path) -> str:
    """The name of the format of a file by its suffix; formats of other packages come after those shipped.

    Raises:
        FormatError: No format has this suffix.
    """
    suffix = split_suffixes(path)[0].lower()
    if (name := FORMAT_BY_SUFFIX.get(suffix) or map_suffixes().get(suffix)) is not None:
        return name
    what = f"the suffix {suffix!r} is not known" if suffix else "a name without suffix says no format"
    known = ", ".join(sorted(map_suffixes()))
    raise FormatError(f"{path}: {what}; there are {known}, also with .gz, or .zip")


@cache
def map_suffixes() -> dict[str, str]:
    """Which format each suffix belongs to, {".csv": "csv", ...}; formats of other packages are imported."""
    added = {
        suffix: name
        for name in registry.list_installed(_FORMATS_PACKAGE)
        for suffix in load_format(name).suffixes
    }
    return added | FORMAT_BY_SUFFIX


def split_suffixes(path: Path) -> list[str]:
    """The suffix of the format, and ".gz" where the file is compressed.

    Example:
        >>> from pathlib import Path
        >>> split_suffixes(Path("a.b.csv.gz")), split_suffixes(Path("a.PNG"))
        (['.csv', '.gz'], ['.PNG'])
    """
    gz = path.suffix.lower() == ".gz"
    return [path.with_suffix("").suffix if gz else path.suffix, *([path.suffix] if gz else [])]


def raise_if_unreadable(path: Path) -> None:
    """Refuse what is no file, or is plainly of another format than its name says.

    Raises:
        FormatError: It is absent, cannot be opened, or begins as files of another format do.
    """
    if not path.exists():
        header = path.with_name(f"{path.name}.hea") if path.name else path
        beside = f"; there is a record {header.name}: name that" if header.is_file() else ""
        raise FormatError(f"{path}: no such file{beside}")
    if path.is_dir():
        return
    chosen = find_format_name(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from error
    for name, marks in SHIPPED_FORMATS.items():
        if marks.signature and head.startswith(marks.signature) and name != chosen:
            raise FormatError(
                f"{path}: holds {name}, whatever its suffix says; rename it to {marks.suffixes[0]}"
            )
    strange = next((what for mark, what in _FOREIGN_SIGNATURES.items() if head.startswith(mark)), None)
    if strange and not load_format(chosen).is_binary:
        raise FormatError(f"{path}: is {strange}; save the table as .csv")


@dataclass(frozen=True)
class FolderContents:
    """The files of a folder, listed once for all tests of what it is."""

    folder: Path

    @cached_property
    def files(self) -> list[Path]:
        """All files below the folder."""
        return record_files.list_files(self.folder)

    @cached_property
    def table_names(self) -> set[str]:
        """What its tables are called."""
        return {record_files.get_table_name(path) for path in self.files}

    @cached_property
    def counts(self) -> Counter[str]:
        """How many files are records of each format; tables and notes are none."""
        found = map(record_files.detect_file_format, self.files)
        return Counter(name for name in found if name is not None)

    def has_notes_alone(self) -> bool:
        """Whether there are notes, and neither tables nor records of another format."""
        if self.counts or record_files.list_tables(self.folder):
            return False
        return bool(record_files.list_note_files(self.folder))

    def has_tables_alone(self) -> bool:
        """Whether there are tables, and no record of another format."""
        return not self.counts and any(record_files.is_table_name(path) for path in self.files)


_FOLDER_TESTS: dict[str, Callable[[FolderContents], bool]] = {
    "mimic": lambda found: {"patients", "admissions"} <= found.table_names,
    "omop": lambda found: {"person", "visit_occurrence"} <= found.table_names,
    "meds": lambda found: bool(record_files.list_meds_files(found.folder)),
    "text": FolderContents.has_notes_alone,
    "csv": FolderContents.has_tables_alone,
}
"""Folders that are known by what they hold together, in the order in which they are asked."""


def detect_folder_format(folder: Path) -> str:
    """The format of a folder: the first whose test passes, else that of most of its files.

    Raises:
        FormatError: The folder holds no record.
    """
    found = FolderContents(folder)
    for name, has_format in _FOLDER_TESTS.items():
        if has_format(found):
            return name
    if found.counts:
        return found.counts.most_common(1)[0][0]
    what = "picture, DICOM file, NIfTI volume, recording, history or note" if found.files else "file"
    raise FormatError(
        f"{folder}: is a folder without a {what}; name a file, an archive or a folder of records"
    )
