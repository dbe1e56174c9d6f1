"""One file per format, and how files of each are recognised, so that only the one format is imported."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from manikin.core import registry
from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.io.format import Format

_PACKAGE = "io.formats"


class FileMarks(NamedTuple):
    """How files of a format are recognised without reading them.

    Args:
        suffixes: Their suffixes, in lower case and without ".gz"; the first is the usual one. None: the
            format has folders only.
        signature: How every such file begins; empty where no such mark exists.
    """

    suffixes: tuple[str, ...] = ()
    signature: bytes = b""


SHIPPED_FORMATS = {
    "arff": FileMarks((".arff",)),
    "csv": FileMarks((".csv", ".tsv", ".tab")),
    "dicom": FileMarks((".dcm", ".dicom", ".ima")),
    "edf": FileMarks((".edf", ".bdf", ".rec")),
    "feather": FileMarks((".feather", ".arrow"), b"ARROW1"),
    "fhir": FileMarks((".json", ".ndjson")),
    "jsonl": FileMarks((".jsonl",)),
    "meds": FileMarks(),
    "mimic": FileMarks(),
    "nifti": FileMarks((".nii",)),
    "npz": FileMarks((".npz", ".npy")),
    "omop": FileMarks(),
    "parquet": FileMarks((".parquet", ".pq"), b"PAR1"),
    "pictures": FileMarks((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm", ".ppm")),
    "text": FileMarks((".txt",)),
    "wfdb": FileMarks((".hea", ".dat", ".atr", ".mat")),
}
"""The module of each format that is shipped. The class in the module declares the same; a test compares."""

FORMAT_BY_SUFFIX = {suffix: name for name, marks in SHIPPED_FORMATS.items() for suffix in marks.suffixes}


@cache
def load_format(name: str) -> Format:
    """The format called `name`; its module is imported when it is first asked for."""
    return registry.find(_PACKAGE, name)()


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
    raise FormatError(what, path, f"there are {known}, also with .gz, or .zip")


@cache
def map_suffixes() -> dict[str, str]:
    """Which format each suffix belongs to, {".csv": "csv", ...}; formats of other packages are imported."""
    added = {
        suffix: name for name in registry.list_installed(_PACKAGE) for suffix in load_format(name).suffixes
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
