"""One file per format, and how files of each are recognised, so that only the one format is imported."""

from __future__ import annotations

from typing import NamedTuple


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
