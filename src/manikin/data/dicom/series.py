"""Slices that belong together as one volume, sorted by their position (PS3.3, C.7.6.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.data.dicom import attributes, pixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pydicom import Dataset

    from manikin.data.images.header import Header

_EVEN = 0.01
"""Gaps that differ by more than this share of the usual gap are uneven."""
_TILT = 0.5
"""Degrees between the direction of the slices and their normal from which on the gantry was tilted."""


@final
@dataclass(frozen=True)
class Slice:
    """One file of a series.

    Args:
        path: The file.
        key: What slices of one volume share.
        header: Of its pixels.
        position: Of its first pixel, in mm; None: unknown.
        normal: Of its plane.
        order: Its number in the series, where there is no position.
        facts: What separates slices at one position, the subject, and the allowed attributes.
    """

    path: Path
    key: tuple[Any, ...]
    header: Header
    position: tuple[float, ...] | None
    normal: tuple[float, ...]
    order: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def height(self) -> float:
        """The place along the normal, in mm."""
        return float(np.dot(self.position, self.normal)) if self.position else self.order


@final
@dataclass(frozen=True)
class Series:
    """A volume of several files, or a picture of one, in the place of a file.

    Args:
        slices: In the order of their position.
        header: Of the whole.
        notes: What is odd about its geometry.
    """

    slices: tuple[Slice, ...]
    header: Header
    notes: tuple[str, ...] = ()

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

    def values(self) -> np.ndarray:
        """(channels, H, W), or (channels, D, H, W) of several slices."""
        planes = [pixels.values(piece.path) for piece in self.slices]
        return (
            planes[0]
            if len(planes) == 1
            else np.stack(planes, axis=1).astype(self.header.dtype, copy=False)
        )


def slice_of(path: Path) -> Slice:
    """What the header of a file says of its place.

    Raises:
        FormatError: It cannot be read.
    """
    found = pixels.dataset(path)
    header = pixels.header(path)
    axes = tuple(round(float(x), 3) for x in found.get("ImageOrientationPatient") or ())
    position = tuple(float(x) for x in found.get("ImagePositionPatient") or ()) or None
    normal = tuple(np.cross(axes[:3], axes[3:]).tolist()) if len(axes) == 6 else (0.0, 0.0, 1.0)  # noqa: PLR2004
    alone = len(header.shape) > 3  # noqa: PLR2004 - several frames are a volume of their own
    series = str(found.get("SeriesInstanceUID") or path.parent)
    key = (series, axes, header.shape, header.spacing, str(path) if alone else "")
    facts = {
        "subject": str(found.get("PatientID") or "") or series,
        "repeat": _repeat(found),
        "tilt": float(found.get("GantryDetectorTilt") or 0),
        "given": attributes.of(found),
        "class": str(found.get("PresentationIntentType") or ""),
    }
    return Slice(path, key, header, position, normal, float(found.get("InstanceNumber") or 0), facts)


def _repeat(found: Dataset) -> tuple[str, ...]:
    """What tells slices at the same position apart: echoes, times, b-values, acquisitions."""
    names = ("EchoTime", "TemporalPositionIdentifier", "DiffusionBValue", "ImageType", "AcquisitionNumber")
    return tuple(str(found.get(name) or "") for name in names)


def volumes(slices: Iterable[Slice]) -> list[Series]:
    """One volume for each series, orientation, size and repetition, in the order of the files."""
    groups: dict[tuple[Any, ...], list[Slice]] = {}
    for piece in slices:
        groups.setdefault(piece.key, []).append(piece)
    parted = [part for group in groups.values() for part in _parted(group)]
    return sorted((_series(part) for part in parted), key=str)


def single(piece: Slice) -> Series:
    """One slice as a picture of its own."""
    return Series((piece,), piece.header)


def _parted(group: list[Slice]) -> list[list[Slice]]:
    """Slices at one position belong to repetitions, each a volume of its own."""
    if max(Counter(round(piece.height, 3) for piece in group).values()) == 1:
        return [group]
    parts: dict[Any, list[Slice]] = {}
    for piece in group:
        parts.setdefault(piece.facts["repeat"], []).append(piece)
    if len(parts) == 1 and not any(piece.position for piece in group):
        return [[piece] for piece in group]
    return list(parts.values())


def _series(group: Sequence[Slice]) -> Series:
    pieces = tuple(sorted(group, key=lambda piece: (piece.height, piece.order, piece.path.name)))
    first = pieces[0].header
    if len(pieces) == 1:
        return Series(pieces, first)
    gaps = np.diff([piece.height for piece in pieces])
    known = all(piece.position for piece in pieces)
    usual = float(np.median(gaps))
    spacing = (round(usual, 5), *first.spacing) if known and usual > 0 and first.spacing else ()
    shape = (first.shape[0], len(pieces), *first.shape[1:])
    dtype = np.result_type(*{piece.header.dtype for piece in pieces})
    return Series(
        pieces, replace(first, shape=shape, dtype=dtype, spacing=spacing), _odd(pieces, gaps, usual)
    )


def _odd(pieces: tuple[Slice, ...], gaps: np.ndarray, usual: float) -> tuple[str, ...]:
    """Gaps and tilt, in words: they distort what is taken for an even grid."""
    if not all(piece.position for piece in pieces):
        return ("slices without a position, in the order of their numbers",)
    notes = []
    if uneven := int((np.abs(gaps - usual) > _EVEN * max(usual, 1e-6)).sum()):
        notes.append(
            f"uneven gaps: {uneven} of {len(gaps)} differ from {usual:g} mm; slices may be missing"
        )
    way = np.subtract(pieces[-1].position or (), pieces[0].position or ())
    cosine = abs(float(np.dot(way, pieces[0].normal))) / max(float(np.linalg.norm(way)), 1e-9)
    angle = float(np.degrees(np.arccos(min(1.0, cosine))))
    if angle > _TILT or any(piece.facts["tilt"] for piece in pieces):
        notes.append(f"gantry tilt: slices are sheared by {angle:.1f} degrees; they are not straightened")
    return tuple(notes)
