"""Names of files: which files of a folder are records, and of which format."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm", ".ppm", ".npy")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
EDF_SUFFIXES = (".edf", ".bdf", ".rec")
WFDB_SUFFIXES = (".hea", ".dat")
RECORDING_SUFFIXES = (".hea", *EDF_SUFFIXES)
"""Files by which recordings are named."""
ARCHIVE_SUFFIX = ".zip"
SCHEMA_FILE_NAME = "schema.toml"
FHIR_SUFFIXES = (".json", ".ndjson")
_LABEL_MAP_NAME = re.compile(
    r"(^|_)(masks?|label_?maps?|labelmaps?|seg(mentations?)?s?|annotations?|ground_?truths?|gt|roi|lesions?)(_|$)"
)

_DICOM_PREAMBLE_BYTES = 128
_MAX_NAME_BYTES = 255
_MAX_PATH_BYTES = 2_048  # bytes of a whole path, with room for the folder (PATH_MAX is 4,096)
"""Bytes that a file's name has at most in the file systems of today."""


class RecordFile(Protocol):
    """What a record is read from: the path of a file, or several files in its place."""

    @property
    def name(self) -> str:
        """The name of the file, or of the first of several."""
        ...


def get_suffix(path: RecordFile) -> str:
    """The suffix of a file in lower case, ".nii.gz" in one piece.

    Example:
        >>> from pathlib import Path
        >>> get_suffix(Path("a.b.NII.GZ")), get_suffix(Path("a.PNG"))
        ('.nii.gz', '.png')
    """
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else PurePath(name).suffix


def is_possible_path(text: str) -> bool:
    """Whether a cell can be the path of a file at all: notes are too long for that.

    Example:
        >>> is_possible_path("scans/a.png"), is_possible_path("No fever. " * 40), is_possible_path("")
        (True, False, False)
    """
    size = len(text.encode())
    return (
        0 < size <= _MAX_PATH_BYTES
        and "\0" not in text
        and all(len(part.encode()) <= _MAX_NAME_BYTES for part in text.split("/"))
    )


def is_image_path(text: str) -> bool:
    """Whether a cell ends as the name of a picture or volume does.

    Example:
        >>> is_image_path("scans/IMD003.PNG"), is_image_path("ct.nii.gz"), is_image_path("a.csv")
        (True, True, False)
    """
    return text.lower().endswith((*IMAGE_SUFFIXES, *DICOM_SUFFIXES, *NIFTI_SUFFIXES))


def find_recording(folder: Path, name: str) -> Path | None:
    """The recording of a folder that a cell names, with or without its suffix; None: there is none.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, "100.hea").touch()
        ...     find_recording(Path(folder), "100").name, find_recording(Path(folder), "no fever")
        ('100.hea', None)
    """
    if not is_possible_path(f"{name}{RECORDING_SUFFIXES[-1]}") or not name:
        return None
    files = (folder / f"{name}{suffix}" for suffix in ("", *RECORDING_SUFFIXES))
    return next((file for file in files if file.suffix in RECORDING_SUFFIXES and file.is_file()), None)


def is_label_map_name(name: str) -> bool:
    """Whether a field, folder or file is called like a label map.

    Example:
        >>> [is_label_map_name(name) for name in ("masks", "T1", "lesion_mask", "image")]
        [True, False, True, False]
    """
    return bool(_LABEL_MAP_NAME.search(re.sub(r"[^a-z0-9]+", "_", name.lower())))


def strip_suffix(path: Path) -> str:
    """The name of a file without its suffix."""
    return (
        path.name[: len(path.name) - len(get_suffix(path))]
        if get_suffix(path) in NIFTI_SUFFIXES
        else path.stem
    )


def is_dicom(path: Path) -> bool:
    """Whether a file is called like DICOM, or has no suffix and begins as DICOM does (PS3.10, 7.1)."""
    if get_suffix(path) in DICOM_SUFFIXES:
        return True
    if path.suffix[1:].isalpha() or path.name == "DICOMDIR":
        return False
    with path.open("rb") as file:
        return file.read(_DICOM_PREAMBLE_BYTES + 4)[_DICOM_PREAMBLE_BYTES:] == b"DICM"


def list_files(folder: Path) -> list[Path]:
    """All files below a folder in the order of their names; hidden ones are left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def detect_file_format(path: Path) -> str | None:
    """Of which format a file is a record: "pictures", "nifti", "edf", ...; None: of none."""
    if get_suffix(path) in IMAGE_SUFFIXES:
        return "pictures"
    if get_suffix(path) in NIFTI_SUFFIXES:
        return "nifti"
    if get_suffix(path) in EDF_SUFFIXES:
        return "edf"
    if get_suffix(path) in WFDB_SUFFIXES:
        return "wfdb"
    if PurePath(path.name.lower().removesuffix(".gz")).suffix in FHIR_SUFFIXES:
        return "fhir"
    return "dicom" if is_dicom(path) else None


def list_meds_files(folder: Path) -> list[Path]:
    """The Parquet files in the folder `data` of a folder, as a dataset of MEDS has them; none elsewhere."""
    return [
        path
        for path in list_files(folder)
        if path.relative_to(folder).parts[0] == "data" and get_suffix(path) == ".parquet"
    ]


def list_tables(folder: Path) -> list[Path]:
    """The tables directly in a folder."""
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".csv", ".tsv", ".tab")]


def is_table_name(path: Path) -> bool:
    """Whether a file is a table by its name, or a text that may be one."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith((".csv", ".tsv", ".tab", ".txt"))


def get_table_name(path: Path) -> str:
    """What a table of a set is called, in lower case; "" of other files.

    Example:
        >>> from pathlib import Path
        >>> [get_table_name(Path(name)) for name in ("PERSON.csv.gz", "person.parquet", "a.md")]
        ['person', 'person', '']
    """
    name = path.name.lower().removesuffix(".gz")
    return next((name.removesuffix(end) for end in (".csv", ".parquet") if name.endswith(end)), "")


def is_delimited_text(path: Path) -> bool:
    """Whether a text file is a table: its first lines have the same number of some delimiter."""
    with path.open("rb") as file:
        head = file.read(1 << 12)
    if b"\0" in head:
        return False
    head = re.sub(rb"[,;] ", b" ", head)  # as between the clauses of a sentence
    lines = [line for line in head.splitlines() if line.strip()][:3]
    marks = [{line.count(mark) for line in lines} for mark in (b",", b"\t", b";", b"|")]
    return len(lines) > 1 and any(len(each) == 1 and each != {0} for each in marks)


def list_note_files(folder: Path) -> list[Path]:
    """The text files below a folder, where they are notes: empty if the first of them is a table."""
    found = [path for path in list_files(folder) if path.suffix.lower() == ".txt"]
    return [] if not found or is_delimited_text(found[0]) else found


def list_subfolders(folder: Path) -> list[str]:
    """The names of the folders directly in a folder; hidden ones are left out."""
    return sorted(sub.name for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))


def has_image_folder(folder: Path) -> bool:
    """Whether a subfolder is called as folders of pictures or of label maps are."""
    return any(sub.startswith("image") or is_label_map_name(sub) for sub in list_subfolders(folder))


def find_only_archive(path: Path) -> Path | None:
    """The archive that a folder holds, if it holds nothing else but a schema; None: it is none such."""
    found = [file for file in list_files(path) if file.name != SCHEMA_FILE_NAME] if path.is_dir() else []
    return found[0] if len(found) == 1 and found[0].suffix.lower() == ARCHIVE_SUFFIX else None


def find_schema_file(path: Path) -> Path | None:
    """The schema file beside some data: `heart.schema.toml` for `heart.csv`, else `schema.toml`.

    In a folder of records it lies inside the folder. None: there is neither.
    """
    names = [SCHEMA_FILE_NAME] if path.is_dir() else [name_schema_file(path), SCHEMA_FILE_NAME]
    folder = path if path.is_dir() else path.parent
    return next((folder / name for name in names if (folder / name).is_file()), None)


def name_schema_file(path: Path) -> str:
    """What the schema file of one file alone is called.

    Example:
        >>> from pathlib import Path
        >>> name_schema_file(Path("heart.csv")), name_schema_file(Path("heart.csv.gz"))
        ('heart.schema.toml', 'heart.schema.toml')
    """
    stem = path.name.removesuffix(path.suffix) if path.suffix.lower() == ".gz" else path.name
    return f"{stem.rpartition('.')[0] or stem}.{SCHEMA_FILE_NAME}"
