"""One picture or volume from one file, whatever its format, or from one series of DICOM files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging.dicom import pixel_data
from manikin.imaging.dicom.burned_in_annotation import assess_burned_in_risk
from manikin.imaging.files import nifti, raster

if TYPE_CHECKING:
    import numpy as np

    from manikin.imaging.dicom.series import Series
    from manikin.imaging.header import ImageHeader


def read_header(path: Path | Series, *, labels: bool = False) -> ImageHeader:
    """Shape, type and geometry of a file; `labels` says that it is a label map.

    Raises:
        FormatError: It cannot be read; the message names it.
    """
    if not isinstance(path, Path):
        return path.header
    match _detect_format(path):
        case "nifti":
            return nifti.read_header(path)
        case "dicom":
            return pixel_data.read_header(path)
    return raster.read_header(path, labels=labels)


def read_values(path: Path | Series, *, labels: bool = False) -> np.ndarray:
    """The values, channels first.

    Raises:
        FormatError: It cannot be read, or holds values that are no finite number.
    """
    if not isinstance(path, Path):
        return path.read_values()
    match _detect_format(path):
        case "nifti":
            return nifti.read_values(path)
        case "dicom":
            return pixel_data.read_values(path)
    return raster.read_values(path, labels=labels)


def read_burned_in_risk(path: Path | Series) -> str:
    """What a header says of text burned into the pixels: "yes", "likely", "no" or "unknown"."""
    if not isinstance(path, Path):
        found = {piece.tags.burned_in_risk for piece in path.slices}
        return next((risk for risk in ("yes", "likely", "unknown") if risk in found), "no")
    if _detect_format(path) != "dicom":
        return "unknown"
    return assess_burned_in_risk(pixel_data.read_dataset(path))


def _detect_format(path: Path) -> str:
    if not path.is_file():
        raise FormatError("no such file", path, "correct the table, or leave the record out")
    found = record_files.detect_file_format(path)
    if found is None:
        raise FormatError(
            "no picture by its suffix", path, f"there are {', '.join(record_files.IMAGE_SUFFIXES)}"
        )
    return found
