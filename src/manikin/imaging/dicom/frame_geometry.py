"""Frames of enhanced objects: their positions, their order and their spacing (PS3.3, C.7.6.16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset

_NEAR_POSITION_DISTANCE = 1e-3
"""Frames that lie nearer than this many mm are at one position."""


@final
@dataclass(frozen=True)
class FrameGeometry:
    """Where the frames of a file lie.

    Args:
        axes: Six direction cosines; empty: unknown, or not the same for all frames.
        heights: Of each frame along the normal, in mm, in the order of the file; empty: unknown.
        n_orientations: How many orientations there are.
    """

    axes: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    n_orientations: int = 0

    @property
    def order(self) -> list[int] | None:
        """Which frame comes first along the normal, and so on; None: unknown, or several at one place."""
        rounded = np.round(np.array(self.heights) / _NEAR_POSITION_DISTANCE)
        if not self.heights or len(set(rounded.tolist())) < len(rounded):
            return None
        return [int(i) for i in np.argsort(rounded, kind="stable")]

    @property
    def has_repeats(self) -> bool:
        """Whether several frames lie at one position."""
        return bool(self.heights) and self.order is None


def read_frame_geometry(found: Dataset) -> FrameGeometry:
    """The places of the frames of an enhanced object; nothing of other files."""
    shared = next(iter(found.get("SharedFunctionalGroupsSequence", [])), None)
    each = list(found.get("PerFrameFunctionalGroupsSequence", []))
    if not each:
        return FrameGeometry()
    ways = [
        _read_numbers(group, shared, "PlaneOrientationSequence", "ImageOrientationPatient")
        for group in each
    ]
    places = [
        _read_numbers(group, shared, "PlanePositionSequence", "ImagePositionPatient") for group in each
    ]
    distinct = {tuple(round(x, 3) for x in way) for way in ways if way}
    if len(distinct) != 1 or not all(ways) or not all(places):
        return FrameGeometry(n_orientations=len(distinct))
    axes = next(iter(distinct))
    normal = np.cross(axes[:3], axes[3:])
    return FrameGeometry(axes, tuple(float(np.dot(place, normal)) for place in places), 1)


def _read_numbers(group: Any, shared: Any, sequence: str, keyword: str) -> Sequence[float]:  # noqa: ANN401 - of pydicom
    """The numbers of one frame, or those that all share."""
    for items in (group, shared):
        inner = items.get(sequence) if items is not None else None
        if inner and inner[0].get(keyword):
            return [float(x) for x in inner[0].get(keyword)]
    return []
