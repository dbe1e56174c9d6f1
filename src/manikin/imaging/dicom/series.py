"""Slices that belong together as one volume, sorted by their position (PS3.3, C.7.6.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.imaging import orientation
from manikin.imaging.dicom import pixel_data, tags
from manikin.imaging.dicom import slice_stack as apart
from manikin.imaging.dicom.burned_in_annotation import assess_burned_in_risk
from manikin.imaging.dicom.frame_geometry import read_frame_geometry
from manikin.imaging.dicom.slice import Slice, SliceIdentity, SliceTags

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pydicom import Dataset

    from manikin.imaging.header import ImageHeader

_SPATIAL_AXES = 3
_MIN_TILT_DEGREES = 0.5
"""Degrees between the direction of the slices and their normal from which on the gantry was tilted."""


@final
@dataclass(frozen=True)
class Series:
    """A volume of several files, or a picture of one, in the place of a file.

    Args:
        slices: In the order of their position.
        header: Of the whole.
        notes: What is odd about its geometry.
        target: The orientation to which it is turned when its values are read; "": as it is.
        is_resampled: Whether it is interpolated to even steps.
    """

    slices: tuple[Slice, ...]
    header: ImageHeader
    notes: tuple[str, ...] = ()
    target: str = ""
    is_resampled: bool = False

    @property
    def axis_codes(self) -> str:
        """Its orientation in the files, such as "LPS"; "" where they do not say."""
        return self.slices[0].header.geometry.axes or ""

    @property
    def name(self) -> str:
        """The name of its first file."""
        return self.slices[0].path.name

    @property
    def parent(self) -> Path:
        """The folder of its first file."""
        return self.slices[0].path.parent

    def __str__(self) -> str:
        return str(self.slices[0].path)

    def read_values(self) -> np.ndarray:
        """(channels, H, W), or (channels, D, H, W) of several slices."""
        planes = [pixel_data.read_values(piece.path) for piece in self.slices]
        x = planes[0] if len(planes) == 1 else np.stack(planes, axis=1)
        if self.is_resampled:
            x = apart.resample_evenly(x, _compute_heights(self.slices))
        x = x.astype(self.header.dtype, copy=False)
        return orientation.turn_array(x, self.axis_codes, self.target) if self.target else x

    def turn_to(self, target: str) -> Series:
        """The same, turned to another orientation when its values are read."""
        if target == self.axis_codes:
            return self
        grid = tuple(map(int, orientation.turn_sizes(self.header.shape[1:], self.axis_codes, target)))
        geometry = replace(self.header.geometry, axes=target)
        if geometry.heights is not None and self.axis_codes[2:] != target[2:]:
            turned = [round(geometry.heights[-1] - z, 3) for z in reversed(geometry.heights)]
            geometry = replace(geometry, heights=turned)
        spacing = orientation.turn_sizes(self.header.spacing, self.axis_codes, target)
        shape = (self.header.shape[0], *grid)
        header = replace(self.header, shape=shape, spacing=spacing, geometry=geometry)
        return replace(self, header=header, target=target)


def read_slice(path: Path) -> Slice:
    """What the header of a file says of its place.

    Raises:
        FormatError: It cannot be read.
    """
    found = pixel_data.read_dataset(path)
    header = pixel_data.read_header(path)
    places = read_frame_geometry(found)
    axes = places.axes or tuple(round(float(x), 3) for x in found.get("ImageOrientationPatient") or ())
    position = tuple(float(x) for x in found.get("ImagePositionPatient") or ()) or None
    normal = tuple(np.cross(axes[:3], axes[3:]).tolist()) if len(axes) == 6 else (0.0, 0.0, 1.0)  # noqa: PLR2004
    alone = len(header.shape) > 3  # noqa: PLR2004 - several frames are a volume of their own
    series = str(found.get("SeriesInstanceUID") or path.parent)
    key = (series, axes, header.shape, header.spacing, str(path) if alone else "")
    identity = SliceIdentity(
        str(found.get("PatientID") or ""),
        series,
        str(found.get("SOPInstanceUID") or ""),
        str(found.get("FrameOfReferenceUID") or ""),
    )
    said = SliceTags(
        tags.read_allowed_tags(found),
        str(found.get("PresentationIntentType") or ""),
        assess_burned_in_risk(found),
        _read_repeat_key(found),
        float(found.get("GantryDetectorTilt") or 0),
        places,
    )
    number = float(found.get("InstanceNumber") or 0)
    return Slice(path, key, header, position, normal, number, identity, said)


def _read_repeat_key(found: Dataset) -> tuple[str, ...]:
    """What tells slices at the same position apart: echoes, times, b-values, acquisitions."""
    names = ("EchoTime", "TemporalPositionIdentifier", "DiffusionBValue", "ImageType", "AcquisitionNumber")
    return tuple(str(found.get(name) or "") for name in names)


def group_volumes(slices: Iterable[Slice], *, even: bool = False) -> list[Series]:
    """One volume for each series, orientation, size and repetition, in the order of the files.

    Args:
        slices: Every SOP instance once.
        even: Whether volumes with uneven gaps are interpolated to even ones.
    """
    groups: dict[tuple[Any, ...], list[Slice]] = {}
    for piece in slices:
        groups.setdefault(piece.volume_key, []).append(piece)
    parted = [apart.split_repetitions(group) for group in groups.values()]
    return sorted(
        (_build_series(part, note, even=even) for parts, note in parted for part in parts), key=str
    )


def from_slice(piece: Slice) -> Series:
    """One slice as a picture of its own."""
    return Series((piece,), piece.header)


def unify_orientation(found: Sequence[Series]) -> tuple[list[Series], list[str]]:
    """All series in the commonest orientation, where a turn brings them there; and a note.

    Others stay as they are, and are refused where one array is made of them.
    """
    codes = Counter(volume.axis_codes for volume in found if volume.axis_codes)
    if len(codes) < 2:  # noqa: PLR2004 - one needs no turn
        return list(found), []
    target, deep = codes.most_common(1)[0][0], len(found[0].header.shape) > _SPATIAL_AXES
    out = [
        volume.turn_to(target)
        if orientation.can_turn(volume.axis_codes, target, volume.header.spacing, deep=deep)
        else volume
        for volume in found
    ]
    count = sum(volume.target != "" for volume in out)
    return out, [f"{count} of {len(out)} series are turned to {target}, as most lie"] if count else []


def _compute_heights(pieces: Sequence[Slice]) -> list[float]:
    """The heights of sorted slices, or of the sorted frames of one file, from the first."""
    if len(pieces) == 1:
        return [float(z) for z in pieces[0].header.geometry.heights or ()]
    return [piece.height - pieces[0].height for piece in pieces]


def _build_series(group: Sequence[Slice], note: str = "", *, even: bool = False) -> Series:
    pieces = tuple(sorted(group, key=lambda piece: (piece.height, piece.instance_number, piece.path.name)))
    first, told = pieces[0].header, (note,) if note else ()
    if len(pieces) == 1:
        return _even_spacing(Series(pieces, first, (*told, *_describe_frame_faults(pieces[0]))), even=even)
    spacing, geometry = (), first.geometry
    if all(piece.position for piece in pieces):
        spacing, geometry = pixel_data.derive_spacing(first.spacing, _compute_heights(pieces), geometry)
    shape = (first.shape[0], len(pieces), *first.shape[1:])
    dtype = np.result_type(*{piece.header.dtype for piece in pieces})
    header = replace(first, shape=shape, dtype=dtype, spacing=spacing, geometry=geometry)
    return _even_spacing(Series(pieces, header, (*told, *_describe_faults(pieces))), even=even)


def _even_spacing(volume: Series, *, even: bool) -> Series:
    """With even steps, where that is asked for and they are not."""
    heights, flat = volume.header.geometry.heights, volume.header.geometry.flat or ()
    if not even or heights is None:
        return volume
    geometry = replace(volume.header.geometry, heights=None, flat=None)
    count, usual = apart.count_even_slices(heights), float(np.median(np.diff(heights)))
    old, shape = volume.header, (volume.header.shape[0], count, *volume.header.shape[2:])
    step = round(heights[-1] / (count - 1), 5)
    header = replace(old, shape=shape, spacing=(step, *flat) if flat else (), geometry=geometry)
    uneven = _describe_gaps(_compute_heights(volume.slices))
    notes = tuple(note for note in volume.notes if note not in uneven)
    told = f"uneven gaps: {len(heights)} slices are interpolated to {count}, {usual:g} mm apart"
    return replace(volume, header=header, notes=(*notes, told), is_resampled=True)


def _describe_frame_faults(piece: Slice) -> tuple[str, ...]:
    """What is odd about the frames of one file."""
    places = piece.tags.frames
    if places.n_orientations > 1:
        return (f"frames of {places.n_orientations} orientations in one file, in the order of the file",)
    if places.has_repeats:
        return ("several frames at one position, in the order of the file",)
    return _describe_gaps(_compute_heights([piece]))


def _describe_gaps(heights: Sequence[float]) -> tuple[str, ...]:
    """Uneven gaps, in words."""
    count, gaps = apart.count_uneven_gaps(heights), np.diff(heights)
    if not count:
        return ()
    told = f"uneven gaps: {count} of {len(gaps)} differ from {np.median(gaps):g} mm; slices may be missing"
    return (f"{told}; even = true in schema.toml interpolates",)


def _describe_faults(pieces: tuple[Slice, ...]) -> tuple[str, ...]:
    """Gaps and tilt, in words: they distort what is taken for an even grid."""
    if not all(piece.position for piece in pieces):
        return ("slices without a position, in the order of their numbers",)
    notes = list(_describe_gaps(_compute_heights(pieces)))
    way = np.subtract(pieces[-1].position or (), pieces[0].position or ())
    cosine = abs(float(np.dot(way, pieces[0].normal))) / max(float(np.linalg.norm(way)), 1e-9)
    angle = float(np.degrees(np.arccos(min(1.0, cosine))))
    if angle > _MIN_TILT_DEGREES or any(piece.tags.tilt for piece in pieces):
        notes.append(f"gantry tilt: slices are sheared by {angle:.1f} degrees; they are not straightened")
    return tuple(notes)
