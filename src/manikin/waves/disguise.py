"""Disguise: signals altered as people and programs alter them, so that a search can be tried on them."""

from __future__ import annotations

import numpy as np

LATER, GAIN, NOISE = 0.1, (0.6, 1.6), (0.02, 0.1)  # share of the length; factor; share of the deviation
WIDEST = 5  # places of a moving average


def disguised(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each signal begun elsewhere, with another gain, and in one way more: turned over, noisy or smoothed.

    Args:
        x: Signals (n, channels, time); what is missing stays so.
        rng: Where the ways are drawn from.

    Returns:
        The same as float64.
    """
    return np.stack([_disguised(one.astype(float), rng) for one in x])


def _disguised(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    length = x.shape[1]
    most = max(1, round(LATER * length))
    by = int(rng.integers(-most, most + 1))
    x = x[:, np.clip(np.arange(length) - by, 0, length - 1)] * rng.uniform(*GAIN)
    way = int(rng.integers(3))
    if way == 0:
        return -x
    if way == 1:
        known = [row[~np.isnan(row)] for row in x]
        spread = np.array([row.std() if len(row) else 0.0 for row in known])[:, None]
        return x + rng.uniform(*NOISE) * spread * rng.standard_normal(x.shape)
    return _smoothed(x, int(rng.integers(2, WIDEST + 1)))


def _smoothed(x: np.ndarray, width: int) -> np.ndarray:
    """A moving average over what is known; gaps stay."""
    from scipy.ndimage import uniform_filter1d

    known = ~np.isnan(x)
    total = uniform_filter1d(np.where(known, x, 0.0), width, axis=1, mode="nearest")
    share = uniform_filter1d(known.astype(float), width, axis=1, mode="nearest")
    return np.where(known, total / np.maximum(share, 1e-9), np.nan)
