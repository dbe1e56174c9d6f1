"""One picture or volume from one file, whatever its format, or from one series of DICOM files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manikin.core import record_files
from manikin.errors import FormatError

if TYPE_CHECKING:
    import numpy as np

    from manikin.imaging.dicom.series import Series
    from manikin.imaging.files.header import Header


def header(path: Path | Series, *, labels: bool = False) -> Header:
    """Shape, type and geometry of a file; `labels` says that it is a label map.

    Raises:
        FormatError: It cannot be read; the message names it.
    """
    if not isinstance(path, Path):
        return path.header
    match _format(path):
        case "nifti":
            from manikin.imaging.files import nifti

            return nifti.header(path)
        case "dicom":
            from manikin.imaging.dicom import pixel_data

            return pixel_data.header(path)
    from manikin.imaging.files import raster

    return raster.header(path, labels=labels)


def values(path: Path | Series, *, labels: bool = False) -> np.ndarray:
    """The values, channels first.

    Raises:
        FormatError: It cannot be read, or holds values that are no finite number.
    """
    if not isinstance(path, Path):
        return path.values()
    match _format(path):
        case "nifti":
            from manikin.imaging.files import nifti

            return nifti.values(path)
        case "dicom":
            from manikin.imaging.dicom import pixel_data

            return pixel_data.values(path)
    from manikin.imaging.files import raster

    return raster.pixels(path, labels=labels)


def burned(path: Path | Series) -> str:
    """What a header says of text burned into the pixels: "yes", "likely", "no" or "unknown"."""
    if not isinstance(path, Path):
        found = {str(piece.facts.get("burned", "unknown")) for piece in path.slices}
        return next((risk for risk in ("yes", "likely", "unknown") if risk in found), "no")
    if _format(path) != "dicom":
        return "unknown"
    from manikin.imaging.dicom import pixel_data
    from manikin.imaging.dicom.burned_in_annotation import risk

    return risk(pixel_data.dataset(path))


def _format(path: Path) -> str:
    if not path.is_file():
        raise FormatError(f"{path}: no such file; correct the table, or leave the record out")
    found = record_files.kind(path)
    if found is None:
        raise FormatError(f"{path}: no picture by its suffix; there are {', '.join(record_files.PICTURES)}")
    return found
