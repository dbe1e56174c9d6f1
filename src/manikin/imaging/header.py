"""What a file of a picture or volume says before its values are read."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, final

from manikin.cohort.source_format import SourceOptions
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

_MAX_VALUES = 1 << 31
"""Places of one picture or volume beyond which a file is taken for a bomb."""


@final
@dataclass(frozen=True)
class ImageGeometry:
    """Where a picture or volume lies, as far as its file says; it tells nothing of a patient.

    Args:
        affine: From places of the grid to mm, (4, 4).
        axes: The orientation of the axes, such as "LPS".
        heights: Of slices with uneven gaps, where they lie in mm from the first; empty: gaps are uneven,
            but not alike in all volumes; None: they are even, or not known.
        flat: The spacing within slices with uneven gaps, in mm.
    """

    affine: Sequence[Sequence[float]] | None = None
    axes: str | None = None
    heights: Sequence[float] | None = None
    flat: Sequence[float] | None = None


@final
@dataclass(frozen=True)
class GeometryOptions(SourceOptions):
    """What the pictures of each field share of their geometry."""

    facts: Mapping[str, ImageGeometry] | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The geometry of each field among these options."""
        told: Mapping[str, Any] = options.get("facts", {})
        return cls({name: ImageGeometry(**one) for name, one in told.items()})

    def to_options(self) -> dict[str, Any]:
        """What is known of each field, by name."""
        if self.facts is None:
            return {}
        told = {name: asdict(one).items() for name, one in self.facts.items()}
        return {"facts": {name: {k: v for k, v in one if v is not None} for name, one in told.items()}}

    def get_geometry(self, name: str) -> ImageGeometry:
        """The geometry of the field of this name; empty where nothing is known."""
        return (self.facts or {}).get(name, ImageGeometry())


@final
@dataclass(frozen=True)
class ImageHeader:
    """A picture without its values.

    Args:
        shape: (channels, H, W) or (channels, D, H, W).
        dtype: Of the values as they will be read.
        spacing: Per axis of the grid in mm; empty: unknown.
        is_physical: Whether values have a unit of their own, so that files of several types may be
            joined; the values of plain pictures depend on their bits.
        geometry: Where it lies.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    spacing: tuple[float, ...] = ()
    is_physical: bool = False
    geometry: ImageGeometry = ImageGeometry()


def check_size(shape: Sequence[int], path: Path) -> None:
    """Refuse a picture that is empty, or that no memory holds.

    Raises:
        FormatError: Its header asks for nothing, or for more than 2^31 values.
    """
    if not 0 < math.prod(shape) <= _MAX_VALUES:
        size = " x ".join(map(str, shape))
        raise FormatError(f"its header says {size}; no picture is so", path, can_skip=True)
