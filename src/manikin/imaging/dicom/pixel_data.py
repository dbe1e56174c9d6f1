"""The pixels of one DICOM file in their unit (PS3.3, C.7.6.3 and C.11.1).

Stored values become modality values (slope and intercept, or a look-up table), MONOCHROME1 is turned
so that larger is brighter, and colours become RGB. Window settings are for viewing and change nothing.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.errors import FormatError, MissingExtra
from manikin.imaging import orientation
from manikin.imaging.dicom import frame_geometry as framed
from manikin.imaging.dicom import slice_stack
from manikin.imaging.header import ImageGeometry, ImageHeader, check_size

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

_DAMAGE_ERRORS = (
    EOFError,
    ValueError,
    AttributeError,
    KeyError,
    TypeError,
    IndexError,
    OSError,
    struct.error,
)
_INTEGER_DTYPES = ("uint8", "uint16", "int16", "int32")
_REQUIRED_KEYWORDS = ("Rows", "Columns", "BitsAllocated", "PhotometricInterpretation")


def read_dataset(path: Path, *, values: bool = False) -> Dataset:
    """A data set, with or without its pixels.

    Raises:
        FormatError: The file is no DICOM, is truncated, or holds no picture.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        found = pydicom.dcmread(path, stop_before_pixels=not values)
        complete = all(name in found for name in _REQUIRED_KEYWORDS) and (
            not values or "PixelData" in found
        )
    except InvalidDicomError as error:
        raise FormatError("not a DICOM file, whatever its name says", path, can_skip=True) from error
    except (*_DAMAGE_ERRORS, NotImplementedError) as error:
        raise _build_damage_error(path) from error
    if not complete:
        raise (
            _build_damage_error(path)
            if values
            else FormatError("a DICOM file without a picture", path, can_skip=True)
        )
    return found


def _build_damage_error(path: Path) -> FormatError:
    return FormatError("truncated or damaged", path, "copy it again", can_skip=True)


def read_header(path: Path) -> ImageHeader:
    """Shape (channels, H, W), with frames (channels, frames, H, W); type and spacing."""
    found = read_dataset(path)
    try:
        frames = int(found.get("NumberOfFrames") or 1)
        channels = 3 if is_colour(found) else 1
        grid = (*((frames,) if frames > 1 else ()), int(found.Rows), int(found.Columns))
        check_size(grid, path)
        places = framed.read_frame_geometry(found)
        spacing = _read_spacing(found, frames)
        code = orientation.to_axis_codes(places.axes or found.get("ImageOrientationPatient") or ())
        geometry = ImageGeometry(axes=code or None)
        if frames > 1 and places.order:
            spacing, geometry = derive_spacing(spacing, sorted(places.heights), geometry)
        shape, dtype = (channels, *grid), choose_dtype(found)
        return ImageHeader(shape, dtype, spacing, is_physical=True, geometry=geometry)
    except _DAMAGE_ERRORS as error:
        raise _build_damage_error(path) from error


def read_values(path: Path) -> np.ndarray:
    """Modality values of shape (channels, *grid), frames in the order of their positions.

    Raises:
        FormatError: The pixels cannot be decoded.
        MissingExtra: They are compressed in a way for which a decoder must be installed.
    """
    from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

    found = read_dataset(path, values=True)
    x, order = decode_pixels(found, path), framed.read_frame_geometry(found).order
    try:
        if found.PhotometricInterpretation == "PALETTE COLOR":
            x = apply_color_lut(x, found)
            x = (x >> 8).astype(np.uint8) if x.dtype == np.uint16 else x
        if is_colour(found):
            return _sort_frames(
                np.ascontiguousarray(np.moveaxis(x, -1, 0).astype(choose_dtype(found))), order
            )
        if found.PhotometricInterpretation == "MONOCHROME1":
            low, high = compute_stored_range(found)
            x = low + high - x.astype(np.int32)
        if "ModalityLUTSequence" in found:
            return _sort_frames(apply_modality_lut(x, found).astype(np.uint16)[None], order)
        return _sort_frames(_rescale_values(x, found)[None], order)
    except _DAMAGE_ERRORS as error:
        raise _build_damage_error(path) from error


def decode_pixels(found: Dataset, path: Path) -> np.ndarray:
    """Stored values as the file has them, decompressed.

    Raises:
        FormatError: They cannot be decoded.
        MissingExtra: A decoder must be installed.
    """
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = found.file_meta.TransferSyntaxUID
    if syntax.is_compressed and not syntax.is_deflated:
        try:
            known = get_decoder(syntax).is_available
        except NotImplementedError as error:
            raise FormatError(
                f"compressed as {syntax.name}, which is not read", path, "convert it"
            ) from error
        if not known:
            raise MissingExtra(
                f"{path}: compressed as {syntax.name}; pip install 'manikin[dicom]' to read it"
            )
    try:
        return pixel_array(found)
    except (*_DAMAGE_ERRORS, RuntimeError, NotImplementedError) as error:
        raise _build_damage_error(path) from error


def _sort_frames(x: np.ndarray, order: list[int] | None) -> np.ndarray:
    """(channels, frames, H, W) with the frames in this order."""
    return x[:, order] if order and x.ndim > 3 and len(order) == x.shape[1] else x  # noqa: PLR2004


def derive_spacing(
    spacing: tuple[float, ...], heights: list[float], geometry: ImageGeometry
) -> tuple[tuple[float, ...], ImageGeometry]:
    """The spacing of sorted frames or slices; where gaps are uneven none, but a geometry with heights."""
    usual = round(float(np.median(np.diff(heights))), 5)
    if slice_stack.count_uneven_gaps(heights):
        places = [round(z - heights[0], 3) for z in heights]
        return (), replace(geometry, heights=places, flat=list(spacing[-2:]))
    return ((usual, *spacing[-2:]) if len(spacing) > 1 else ()), geometry


def is_colour(found: Dataset) -> bool:
    """Whether pixels have three channels."""
    return int(found.get("SamplesPerPixel") or 1) > 1 or found.PhotometricInterpretation == "PALETTE COLOR"


def compute_stored_range(found: Dataset) -> tuple[int, int]:
    """The range that stored values may have."""
    bits = int(found.get("BitsStored") or found.BitsAllocated)
    if int(found.get("PixelRepresentation") or 0):
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _read_rescales(found: Dataset) -> list[tuple[float, float]]:
    """Slope and intercept of the file, or of each frame (PS3.3, C.7.6.16.2.9)."""
    groups = [
        *found.get("SharedFunctionalGroupsSequence", []),
        *found.get("PerFrameFunctionalGroupsSequence", []),
    ]
    items = [item for group in groups for item in group.get("PixelValueTransformationSequence", [])]
    return [
        (float(item.get("RescaleSlope") or 1), float(item.get("RescaleIntercept") or 0))
        for item in items or [found]
    ]


def choose_dtype(found: Dataset) -> np.dtype:
    """The smallest type that holds every value the file may have."""
    if is_colour(found):
        return np.dtype(np.uint8 if int(found.BitsAllocated) <= 8 else np.uint16)  # noqa: PLR2004 - one byte
    if "ModalityLUTSequence" in found:
        return np.dtype(np.uint16)
    if found.get("Modality") == "CT":
        return np.dtype(np.int16)  # Hounsfield units, of which fractions mean nothing (PS3.3, C.8.2.1)
    if any(number != int(number) for pair in _read_rescales(found) for number in pair):
        return np.dtype(np.float32)
    ends = [
        end * slope + shift for end in compute_stored_range(found) for slope, shift in _read_rescales(found)
    ]
    return np.dtype(
        next(
            (
                name
                for name in _INTEGER_DTYPES
                if np.iinfo(name).min <= min(ends) and max(ends) <= np.iinfo(name).max
            ),
            "float32",
        )
    )


def _rescale_values(x: np.ndarray, found: Dataset) -> np.ndarray:
    pairs = _read_rescales(found)
    if len(pairs) > 1:
        slopes, shifts = (np.array(part)[:, None, None] for part in zip(*pairs, strict=True))
    else:
        slopes, shifts = pairs[0]
    x = x.astype(np.float64) * np.asarray(slopes) + np.asarray(shifts)
    target = choose_dtype(found)
    if target.kind == "f":
        return x.astype(target)
    ends = np.iinfo(target)
    return np.rint(x).clip(ends.min, ends.max).astype(target)


def _read_spacing(found: Dataset, frames: int) -> tuple[float, ...]:
    """Millimetres along the axes, where the file says them; of a single slice only (H, W)."""
    groups = found.get("SharedFunctionalGroupsSequence", [])
    measures: Any = next(
        (group.PixelMeasuresSequence[0] for group in groups if "PixelMeasuresSequence" in group), found
    )
    plane = measures.get("PixelSpacing") or measures.get("ImagerPixelSpacing")
    if not plane:
        return ()
    flat = tuple(round(float(step), 5) for step in plane)
    if frames == 1:
        return flat
    depth = measures.get("SpacingBetweenSlices") or measures.get("SliceThickness")
    return (
        (round(float(depth), 5), *flat)
        if depth
        else flat
        if framed.read_frame_geometry(found).order
        else ()
    )
