"""Disguise: signals altered as people and programs alter them, so that a search can be tried on them."""

from __future__ import annotations

import numpy as np

MAX_DELAY, GAIN_RANGE, NOISE_SHARE = (
    0.1,
    (0.6, 1.6),
    0.02,
)  # share of the length; factor; share of the deviation


def distort_signals(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each signal begun up to a tenth of its length away, with another gain, some turned over or noisy.

    Args:
        x: Signals (n, channels, time); what is missing stays so.
        rng: Where the ways are drawn from.

    Returns:
        The same as float64.

    Example:
        >>> x = np.sin(np.arange(60) / 5)[None, None]
        >>> distort_signals(x, np.random.default_rng(0)).shape
        (1, 1, 60)
    """
    return np.stack([_distort_signal(one.astype(float), rng) for one in x])


def _distort_signal(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    length = x.shape[1]
    most = max(1, round(MAX_DELAY * length))
    by = int(rng.integers(-most, most + 1))
    x = x[:, np.clip(np.arange(length) - by, 0, length - 1)] * rng.uniform(*GAIN_RANGE)
    way = int(rng.integers(3))
    if way == 0:
        return -x
    if way == 1:
        return x
    known = [row[~np.isnan(row)] for row in x]
    spread = np.array([row.std() if len(row) else 0.0 for row in known])[:, None]
    return x + NOISE_SHARE * spread * rng.standard_normal(x.shape)
