"""One file of a series: its pixels by their header, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from manikin.imaging.dicom.frame_geometry import FrameGeometry
    from manikin.imaging.header import ImageHeader


@final
@dataclass(frozen=True)
class SliceIdentity:
    """Whose a file is and what it belongs to. It is compared, and never written.

    Args:
        patient: The number of the patient; "": the file has none.
        series: The series, or the folder where none is named.
        instance: The file as an object of DICOM.
        frame_of_reference: The space in which positions are.
    """

    patient: str
    series: str
    instance: str
    frame_of_reference: str

    @property
    def subject(self) -> str:
        """The patient, else the series."""
        return self.patient or self.series


@final
@dataclass(frozen=True)
class SliceTags:
    """What else the header of a file says.

    Args:
        allowed: Attributes that may become fields.
        intent: What its pixels are for: "FOR PRESENTATION" or "FOR PROCESSING".
        burned_in_risk: Whether text may stand in its pixels: "yes", "likely", "no" or "unknown".
        repeat_key: What tells slices at the same position apart: echoes, times, b-values, acquisitions.
        tilt: Of the gantry, in degrees.
        frames: Where its frames lie.
    """

    allowed: Mapping[str, Any]
    intent: str
    burned_in_risk: str
    repeat_key: tuple[str, ...]
    tilt: float
    frames: FrameGeometry


@final
@dataclass(frozen=True)
class Slice:
    """One file of a series.

    Args:
        path: The file.
        volume_key: What slices of one volume share.
        header: Of its pixels.
        position: Of its first pixel, in mm; None: unknown.
        normal: Of its plane.
        instance_number: Its number in the series, where there is no position.
        identity: Whose it is.
        tags: What else its header says.
    """

    path: Path
    volume_key: tuple[Any, ...]
    header: ImageHeader
    position: tuple[float, ...] | None
    normal: tuple[float, ...]
    instance_number: float
    identity: SliceIdentity
    tags: SliceTags

    @property
    def height(self) -> float:
        """The place along the normal, in mm."""
        return float(np.dot(self.position, self.normal)) if self.position else self.instance_number
