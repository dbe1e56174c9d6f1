"""One file of a series: its pixels by their header, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from manikin.imaging.header import ImageHeader


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
        facts: What separates slices at one position, the subject, and the allowed attributes.
    """

    path: Path
    volume_key: tuple[Any, ...]
    header: ImageHeader
    position: tuple[float, ...] | None
    normal: tuple[float, ...]
    instance_number: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def height(self) -> float:
        """The place along the normal, in mm."""
        return float(np.dot(self.position, self.normal)) if self.position else self.instance_number
