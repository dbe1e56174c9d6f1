"""Values as DICOM stores them: whole numbers of 8 or 16 bits, with a slope and an intercept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

_AIR_HOUNSFIELD = -1024
_STORED_LEVELS = 1 << 16
_BYTE_BITS = 8


@final
@dataclass(frozen=True)
class PixelEncoding:
    """How the values of a field are stored: value = stored * slope + intercept (PS3.3, C.11.1).

    Args:
        bits: 8, 12 or 16.
        slope, intercept: Of the rescale.
        exact: Whether every value returns as it was.
    """

    bits: int
    slope: float = 1.0
    intercept: float = 0.0
    exact: bool = True

    @classmethod
    def from_values(cls, x: np.ndarray, *, hounsfield: bool = False) -> PixelEncoding:
        """What holds all values of a field with the smallest loss: none for whole numbers of 16 bits.

        Example:
            >>> PixelEncoding.from_values(np.array([-1024, 3071]), hounsfield=True)
            PixelEncoding(bits=12, slope=1.0, intercept=-1024, exact=True)
        """
        low, high = float(x.min()), float(x.max())
        whole = x.dtype.kind in "iu"
        if x.dtype == np.uint8 and not hounsfield:
            return cls(8)
        if not whole or high - min(low, 0) >= _STORED_LEVELS:
            return cls(16, max(high - low, 1e-6) / (_STORED_LEVELS - 1), low, exact=False)
        shift = min(_AIR_HOUNSFIELD, int(low)) if hounsfield else min(0, int(low))
        return cls(12 if high - shift < 1 << 12 else 16, 1.0, shift)

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Stored values, unsigned."""
        if self.exact:
            return (x.astype(np.int64) - int(self.intercept)).astype(
                np.uint8 if self.bits == _BYTE_BITS else np.uint16
            )
        return (
            np.rint((x.astype(np.float64) - self.intercept) / self.slope)
            .clip(0, _STORED_LEVELS - 1)
            .astype(np.uint16)
        )
