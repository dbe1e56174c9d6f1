"""Gaps: what is missing in a signal, and lines drawn across it."""

from __future__ import annotations

import numpy as np


def interpolate_gaps(x: np.ndarray) -> np.ndarray:
    """Signals (n, channels, time) as float32 with straight lines across gaps; level before and behind.

    A channel without any value is 0 throughout.

    Example:
        >>> interpolate_gaps(np.array([[[np.nan, 1.0, np.nan, 3.0, np.nan], [np.nan] * 5]]))[0].tolist()
        [[1.0, 1.0, 2.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    x = x.astype(np.float32)
    absent = np.isnan(x)
    if not absent.any():
        return x
    length = x.shape[-1]
    place = np.arange(length)
    before = np.maximum.accumulate(np.where(absent, -1, place), axis=-1)
    after = np.minimum.accumulate(np.where(absent, length, place)[..., ::-1], axis=-1)[..., ::-1]
    low = np.where(before < 0, after, before)
    high = np.where(after == length, before, after)
    known = np.nan_to_num(x)
    a, b = (np.take_along_axis(known, np.clip(end, 0, length - 1), axis=-1) for end in (low, high))
    weight = (place - low) / np.maximum(high - low, 1)
    return np.where(absent, a + (b - a) * weight, x).astype(np.float32)


def compute_missing_share(x: np.ndarray) -> np.ndarray:
    """The share of places that are missing, (n, channels); 0 for whole numbers."""
    return np.isnan(x).mean(axis=2) if x.dtype.kind == "f" else np.zeros(x.shape[:2])


def compute_changes(x: np.ndarray) -> np.ndarray:
    """Changes from one observation to the next over the time between them, NaN elsewhere.

    Args:
        x: Signals (n, channels, time).

    Returns:
        Float32 (n, channels, time): what changed up to each observation but the first, for each place.

    Example:
        >>> compute_changes(np.array([[[1.0, np.nan, 5.0, 4.0]]])).tolist()
        [[[nan, nan, 2.0, -1.0]]]
    """
    x = x.astype(np.float32)
    absent, place = np.isnan(x), np.arange(x.shape[-1])
    last = np.maximum.accumulate(np.where(absent, -1, place), axis=-1)
    before = np.concatenate([np.full_like(last[..., :1], -1), last[..., :-1]], axis=-1)
    earlier = np.take_along_axis(np.nan_to_num(x), np.maximum(before, 0), axis=-1)
    return np.where(absent | (before < 0), np.nan, (x - earlier) / np.maximum(place - before, 1))
