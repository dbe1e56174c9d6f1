"""What a folder holds: which of its files are records, and of which format."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.imaging.dicom.series import Series

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm", ".ppm", ".npy")
NIFTI = (".nii", ".nii.gz")
DICOM = (".dcm", ".dicom", ".ima")
EDF = (".edf", ".bdf", ".rec")
WFDB = (".hea", ".dat")
FHIR = (".json", ".ndjson")
SETS = {
    "mimic": {"patients", "admissions"},
    "omop": {"person", "visit_occurrence"},
}
"""Tables by which folders of histories are known."""

_PREAMBLE = 128
_NAME = 255
_PATH = 2_048  # bytes of a whole path, with room for the folder (PATH_MAX is 4,096)
"""Bytes that a file's name has at most in the file systems of today."""


def suffix(path: Path | Series) -> str:
    """The suffix of a file in lower case, ".nii.gz" in one piece.

    Example:
        >>> from pathlib import Path
        >>> suffix(Path("a.b.NII.GZ")), suffix(Path("a.PNG"))
        ('.nii.gz', '.png')
    """
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else PurePath(name).suffix


def is_name(text: str) -> bool:
    """Whether a cell can be the path of a file at all: notes are too long for that.

    Example:
        >>> is_name("scans/a.png"), is_name("No fever. " * 40), is_name("")
        (True, False, False)
    """
    size = len(text.encode())
    return (
        0 < size <= _PATH
        and "\0" not in text
        and all(len(part.encode()) <= _NAME for part in text.split("/"))
    )


def stem(path: Path) -> str:
    """The name of a file without its suffix."""
    return path.name[: len(path.name) - len(suffix(path))] if suffix(path) in NIFTI else path.stem


def is_dicom(path: Path) -> bool:
    """Whether a file is called like DICOM, or has no suffix and begins as DICOM does (PS3.10, 7.1)."""
    if suffix(path) in DICOM:
        return True
    if path.suffix[1:].isalpha() or path.name == "DICOMDIR":
        return False
    with path.open("rb") as file:
        return file.read(_PREAMBLE + 4)[_PREAMBLE:] == b"DICM"


def files(folder: Path) -> list[Path]:
    """All files below a folder in the order of their names; hidden ones are left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def kind(path: Path) -> str | None:
    """Of which format a file is a record: "pictures", "nifti", "edf", ...; None: of none."""
    if suffix(path) in PICTURES:
        return "pictures"
    if suffix(path) in NIFTI:
        return "nifti"
    if suffix(path) in EDF:
        return "edf"
    if suffix(path) in WFDB:
        return "wfdb"
    if PurePath(path.name.lower().removesuffix(".gz")).suffix in FHIR:
        return "fhir"
    return "dicom" if is_dicom(path) else None


def meds(folder: Path) -> list[Path]:
    """The Parquet files in the folder `data` of a folder, as a dataset of MEDS has them; none elsewhere."""
    return [
        path
        for path in files(folder)
        if path.relative_to(folder).parts[0] == "data" and suffix(path) == ".parquet"
    ]


def tables(folder: Path) -> list[Path]:
    """The tables directly in a folder."""
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".csv", ".tsv", ".tab")]


def table(path: Path) -> bool:
    """Whether a file is a table by its name, or a text that may be one."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith((".csv", ".tsv", ".tab", ".txt"))


def table_name(path: Path) -> str:
    """What a table of a set is called, in lower case; "" of other files.

    Example:
        >>> from pathlib import Path
        >>> table_name(Path("PERSON.csv.gz")), table_name(Path("person.parquet")), table_name(Path("a.md"))
        ('person', 'person', '')
    """
    name = path.name.lower().removesuffix(".gz")
    return next((name.removesuffix(end) for end in (".csv", ".parquet") if name.endswith(end)), "")


def tabled(path: Path) -> bool:
    """Whether a text file is a table: its first lines have the same number of some delimiter."""
    with path.open("rb") as file:
        head = file.read(1 << 12)
    if b"\0" in head:
        return False
    head = re.sub(rb"[,;] ", b" ", head)  # as between the clauses of a sentence
    lines = [line for line in head.splitlines() if line.strip()][:3]
    marks = [{line.count(mark) for line in lines} for mark in (b",", b"\t", b";", b"|")]
    return len(lines) > 1 and any(len(each) == 1 and each != {0} for each in marks)


def prose(folder: Path) -> list[Path]:
    """The text files below a folder, where they are notes: empty if the first of them is a table."""
    found = [path for path in files(folder) if path.suffix.lower() == ".txt"]
    return [] if not found or tabled(found[0]) else found


def format_of(folder: Path) -> str:
    """The format of most files of a folder; tables count where there is nothing else.

    Raises:
        FormatError: The folder holds no record.
    """
    found = files(folder)
    names = {table_name(path) for path in found}
    for name, needed in SETS.items():
        if needed <= names:
            return name
    if meds(folder):
        return "meds"
    counts = Counter(kind(path) for path in found)
    del counts[None]
    if not counts and prose(folder) and not tables(folder):
        return "text"
    if not counts and any(table(path) for path in found):
        return "csv"
    if not counts:
        what = "is a folder without a " + (
            "picture, DICOM file, NIfTI volume, recording, history or note" if found else "file"
        )
        raise FormatError(f"{folder}: {what}; name a file, an archive or a folder of records")
    return counts.most_common(1)[0][0] or ""
