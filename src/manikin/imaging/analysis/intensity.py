"""Intensities of images: brought to one channel, and their range in bins."""

from __future__ import annotations

import numpy as np

LUMINANCE_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, section 2.5.1
COLOUR_CHANNELS = 3


def to_grey(x: np.ndarray) -> np.ndarray:
    """One channel, float32 (n, *grid): luminance of three channels, else their mean.

    Example:
        >>> to_grey(np.full((1, 3, 1, 1), 10, dtype=np.uint8)).round(2)
        array([[[10.]]], dtype=float32)
    """
    if x.shape[1] == 1:
        return x[:, 0].astype(np.float32)
    if x.shape[1] == COLOUR_CHANNELS:
        return np.tensordot(x.astype(np.float32), LUMINANCE_WEIGHTS, axes=(1, 0))
    return x.mean(axis=1, dtype=np.float32)


def find_intensity_range(x: np.ndarray, tail: float = 0.001) -> tuple[float, float]:
    """The range of nearly all intensities: what lies beyond in either tail is left out.

    All pictures share it: a range for each picture would take away what its intensities mean.
    """
    step = max(1, x.size // 2_000_000)
    low, high = np.quantile(x.reshape(-1)[::step].astype(np.float64), (tail, 1 - tail))
    return float(low), float(high if high > low else low + 1.0)


def quantize(x: np.ndarray, low: float, high: float, count: int) -> np.ndarray:
    """Intensities in `count` bins of equal width, the outer ones open (IBSI 2.7, fixed bin width)."""
    placed = (x - low) * (count / (high - low))
    return np.clip(placed, 0, count - 1).astype(np.intp)
