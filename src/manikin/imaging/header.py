"""What a file of a picture or volume says before its values are read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

_MAX_VALUES = 1 << 31
"""Places of one picture or volume beyond which a file is taken for a bomb."""


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
        facts: What a writer of the format needs, and nothing of a patient.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    spacing: tuple[float, ...] = ()
    is_physical: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def check_size(shape: Sequence[int], path: Path) -> None:
    """Refuse a picture that is empty, or that no memory holds.

    Raises:
        FormatError: Its header asks for nothing, or for more than 2^31 values.
    """
    if not 0 < math.prod(shape) <= _MAX_VALUES:
        size = " x ".join(map(str, shape))
        raise FormatError(f"its header says {size}; no picture is so", path, can_skip=True)
