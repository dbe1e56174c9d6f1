"""Segmentation objects (PS3.3, A.51): the masks of the series that they refer to.

A frame belongs to the slice that it names as its source, else to the slice at its position. Places of
segment k have level k; where segments overlap the last one counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.errors import FormatError
from manikin.imaging import orientation
from manikin.imaging.dicom import pixel_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydicom import Dataset

    from manikin.imaging.dicom.series import Series
    from manikin.imaging.dicom.slice import Slice
    from manikin.imaging.header import ImageHeader

SEGMENTATION_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
"""Segmentation Storage."""
_MAX_SLICE_DISTANCE = 0.05
"""A frame lies on a slice that is nearer than this many mm."""


@final
@dataclass(frozen=True)
class SegmentationMask:
    """The label map of a series, in the place of a file.

    Args:
        image: The series whose places have levels.
        paths: Its segmentation objects.
    """

    image: Series
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Those of its picture."""
        return self.image.slices

    @property
    def header(self) -> ImageHeader:
        """The grid of its picture, one channel of whole numbers."""
        mine = self.image.header
        shape, dtype = (1, *mine.shape[1:]), np.dtype(np.uint8)
        return replace(mine, shape=shape, dtype=dtype, is_physical=True)

    @property
    def name(self) -> str:
        """The name of its first file."""
        return self.paths[0].name

    @property
    def parent(self) -> Path:
        """The folder of its first file."""
        return self.paths[0].parent

    def __str__(self) -> str:
        return str(self.paths[0])

    def read_values(self) -> np.ndarray:
        """Levels of shape (1, H, W), or (1, D, H, W).

        Raises:
            FormatError: A file cannot be decoded, or its frames lie on no slice of the picture.
        """
        x = np.zeros((len(self.slices), *_get_plane_shape(self.slices)), np.uint8)
        for path in self.paths:
            _paint_frames(x, pixel_data.read_dataset(path, values=True), self.slices, path)
        stacked = x[None, 0] if len(self.slices) == 1 else x[None]
        code, target = self.image.axis_codes, self.image.target
        return orientation.turn_array(stacked, code, target) if target else stacked


def _get_plane_shape(slices: Sequence[Slice]) -> tuple[int, ...]:
    return slices[0].header.shape[-2:]


def _paint_frames(x: np.ndarray, found: Dataset, slices: Sequence[Slice], path: Path) -> None:
    """Write the frames of one object onto the slices of its picture."""
    planes = pixel_data.decode_pixels(found, path)
    planes = planes[None] if planes.ndim == 2 else planes  # noqa: PLR2004 - one frame
    if planes.shape[1:] != x.shape[1:]:
        raise FormatError("a segmentation on another grid than its pictures", path, "resample it")
    half = int(found.get("MaximumFractionalValue") or 1) / 2
    shared = next(iter(found.get("SharedFunctionalGroupsSequence", [])), None)
    by_name = {piece.identity.instance: k for k, piece in enumerate(slices)}
    for frame, group in zip(planes, found.get("PerFrameFunctionalGroupsSequence", []), strict=False):
        place = _find_slice(group, shared, slices, by_name)
        if place is None:
            if frame.any():
                raise FormatError("a segmentation with a frame on no slice of its pictures", path)
            continue
        x[place][frame > half if half > 1 else frame > 0] = _read_segment_number(group, shared)


def _find_slice(group: Any, shared: Any, slices: Sequence[Slice], by_name: dict[str, int]) -> int | None:  # noqa: ANN401 - of pydicom
    """The slice of a frame: the one that it names, else the one at its position."""
    for name in _list_source_instances(group):
        if name in by_name:
            return by_name[name]
    position = _read_group_value(group, shared, "PlanePositionSequence", "ImagePositionPatient")
    if not position:
        return None
    height = float(np.dot([float(x) for x in position], slices[0].normal))
    far = [abs(piece.height - height) for piece in slices]
    nearest = int(np.argmin(far))
    return nearest if slices[nearest].position and far[nearest] < _MAX_SLICE_DISTANCE else None


def _list_source_instances(group: Any) -> list[str]:  # noqa: ANN401 - of pydicom
    return [
        str(source.get("ReferencedSOPInstanceUID"))
        for item in group.get("DerivationImageSequence", None) or []
        for source in item.get("SourceImageSequence", None) or []
    ]


def _read_segment_number(group: Any, shared: Any) -> int:  # noqa: ANN401 - of pydicom
    return int(
        _read_group_value(group, shared, "SegmentIdentificationSequence", "ReferencedSegmentNumber") or 1
    )


def _read_group_value(group: Any, shared: Any, sequence: str, keyword: str) -> Any:  # noqa: ANN401 - of pydicom
    for items in (group, shared):
        inner = items.get(sequence) if items is not None else None
        if inner and inner[0].get(keyword) is not None:
            return inner[0].get(keyword)
    return None


def is_segmentation(path: Path) -> bool:
    """Whether a file is a segmentation object."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID", "Modality"])
    except (InvalidDicomError, OSError, ValueError, AttributeError, KeyError):
        return False  # whoever reads it as a picture says what is wrong with it
    return found.get("SOPClassUID") == SEGMENTATION_CLASS


def match_masks(
    paths: Sequence[Path], images: Sequence[Series]
) -> tuple[list[SegmentationMask], list[str]]:
    """The mask of each series, where every series has one; else none, and a note that counts them.

    Args:
        paths: Segmentation objects.
        images: The series that are records.
    """
    by_image: dict[int, list[Path]] = {}
    lost = 0
    for path in paths:
        place = _find_series(pixel_data.read_dataset(path), images)
        lost += place is None
        if place is not None:
            by_image.setdefault(place, []).append(path)
    notes = [f"{lost} segmentation objects of no series here are left out"] if lost else []
    if not by_image:
        return [], notes
    if bare := len(images) - len(by_image):
        kept = sum(map(len, by_image.values()))
        notes.append(
            f"{kept} segmentation objects are left out, as {bare} of {len(images)} series have none"
        )
        return [], notes
    return [SegmentationMask(image, tuple(by_image[i])) for i, image in enumerate(images)], notes


def _find_series(found: Dataset, images: Sequence[Series]) -> int | None:
    """The series that an object refers to, by its slices or by its number."""
    named = {
        name
        for group in found.get("PerFrameFunctionalGroupsSequence", [])
        for name in _list_source_instances(group)
    }
    series = {str(item.get("SeriesInstanceUID")) for item in found.get("ReferencedSeriesSequence", [])}
    for i, image in enumerate(images):
        if named & {piece.identity.instance for piece in image.slices}:
            return i
    for i, image in enumerate(images):
        if image.slices[0].identity.series in series:
            return i
    same = [i for i, image in enumerate(images) if _is_on_series(found, image)]
    return same[0] if len(same) == 1 else None


def _is_on_series(found: Dataset, image: Series) -> bool:
    """Whether all frames of an object lie on slices of a series, in the same frame of reference."""
    reference, groups = (
        str(found.get("FrameOfReferenceUID") or ""),
        found.get("PerFrameFunctionalGroupsSequence", []),
    )
    first = image.slices[0]
    if not groups or not reference or reference != first.identity.frame_of_reference:
        return False
    shared = next(iter(found.get("SharedFunctionalGroupsSequence", [])), None)
    grid = (int(found.Rows), int(found.Columns)) == first.header.shape[-2:]
    return grid and all(_find_slice(group, shared, image.slices, {}) is not None for group in groups)
