"""Arrays brought to fewer places along each axis by means over areas."""

from __future__ import annotations

import numpy as np


def downsample(x: np.ndarray, most: int) -> np.ndarray:
    """Arrays (n, *grid) whose every side is at most `most`: means over the area of each new place.

    Example:
        >>> downsample(np.array([[[0.0, 2.0, 4.0, 6.0]]]), 2)
        array([[[1., 5.]]], dtype=float32)
    """
    x = x.astype(np.float32)
    for axis, side in enumerate(x.shape[1:], 1):
        if side > most:
            x = np.moveaxis(np.tensordot(x, compute_area_weights(side, most), axes=(axis, 1)), -1, axis)
    return x


def compute_area_weights(old: int, new: int) -> np.ndarray:
    """What each of `old` places adds to each of `new` fewer ones along an axis, (new, old)."""
    edges = np.arange(new + 1) * old / new
    places = np.arange(old)
    covered = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    mass = np.clip(covered, 0, None)
    return (mass / mass.sum(axis=1, keepdims=True)).astype(np.float32)
