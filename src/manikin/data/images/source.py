"""One picture or volume from one file, whatever its format, or from one series of DICOM files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manikin.data import folders
from manikin.errors import FormatError

if TYPE_CHECKING:
    import numpy as np

    from manikin.data.dicom.series import Series
    from manikin.data.images.header import Header


def header(path: Path | Series, *, labels: bool = False) -> Header:
    """Shape, type and geometry of a file; `labels` says that it is a label map.

    Raises:
        FormatError: It cannot be read; the message names it.
    """
    if not isinstance(path, Path):
        return path.header
    match _format(path):
        case "nifti":
            from manikin.data.images import volume

            return volume.header(path)
        case "dicom":
            from manikin.data.dicom import pixels

            return pixels.header(path)
    from manikin.data.images import raster

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
            from manikin.data.images import volume

            return volume.values(path)
        case "dicom":
            from manikin.data.dicom import pixels

            return pixels.values(path)
    from manikin.data.images import raster

    return raster.pixels(path, labels=labels)


def burned(path: Path | Series) -> str:
    """What a header says of text burned into the pixels: "yes", "likely", "no" or "unknown"."""
    if not isinstance(path, Path):
        found = {str(piece.facts.get("burned", "unknown")) for piece in path.slices}
        return next((risk for risk in ("yes", "likely", "unknown") if risk in found), "no")
    if _format(path) != "dicom":
        return "unknown"
    from manikin.data.dicom import pixels
    from manikin.data.dicom.burned import risk

    return risk(pixels.dataset(path))


def _format(path: Path) -> str:
    if not path.is_file():
        raise FormatError(f"{path}: no such file; correct the table, or leave the record out")
    found = folders.kind(path)
    if found is None:
        raise FormatError(f"{path}: no picture by its suffix; there are {', '.join(folders.PICTURES)}")
    return found
