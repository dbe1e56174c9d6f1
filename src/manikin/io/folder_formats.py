"""Which format a folder is of, by the files in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from manikin.core import record_files
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
        f"is a folder without a {what}", folder, "name a file, an archive or a folder of records"
    )
