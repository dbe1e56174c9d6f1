"""Patches: a convolutional layer whose filters are the typical patches of the training pictures.

Coates, Lee and Ng 2011 (An analysis of single-layer networks in unsupervised feature learning): patches
are normalised and whitened, k-means finds the filters, "triangle" activations are pooled over parts of the
picture. On small data it rivals deep networks, is learned in seconds, and needs no labels.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

CONTRAST = 0.01  # deviation below which a patch counts as flat, of intensities 0 to 1 (section 4.2)
RIDGE = 0.1  # of the whitening, over the mean eigenvalue
ROUNDS = 12
SEEN = 20_000  # patches
CELLS = 1 << 24  # activations in memory at once


class Filters(NamedTuple):
    """What is learned.

    Args:
        side: Of a patch, in places.
        stride: Between patches.
        mean: Of normalised patches, (p,).
        whiten: Symmetric whitening (p, p).
        centres: Filters (k, p) among whitened patches.
    """

    side: int
    stride: int
    mean: np.ndarray
    whiten: np.ndarray
    centres: np.ndarray


def learn(x: np.ndarray, side: int, stride: int, count: int, rng: np.random.Generator) -> Filters:
    """Filters from pictures (n, channels, *grid) of intensities about 0 to 1."""
    cut = _cut(x, side, 1)
    n, places = cut.shape[0], cut.shape[1]
    many = min(SEEN, n * places)
    flat = _normal(cut[rng.integers(n, size=many), rng.integers(places, size=many)])
    mean = flat.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((flat - mean).T.astype(float)))
    whiten = (axes / np.sqrt(np.maximum(values, 0) + RIDGE * values.mean() + 1e-9)) @ axes.T
    white = ((flat - mean) @ whiten).astype(np.float32)
    return Filters(side, stride, mean, whiten.astype(np.float32), _means(white, count, rng))


def pooled(x: np.ndarray, filters: Filters) -> np.ndarray:
    """Mean activations in each half of each axis, float32 (n, filters * 2 ** axes)."""
    places = int(np.prod([(side - filters.side) // filters.stride + 1 for side in x.shape[2:]]))
    step = max(1, CELLS // (places * max(len(filters.centres), filters.mean.size)))
    return np.concatenate([_pooled(x[i : i + step], filters) for i in range(0, len(x), step)])


def _pooled(x: np.ndarray, filters: Filters) -> np.ndarray:
    cut = _normal(_cut(x, filters.side, filters.stride).reshape(-1, filters.mean.size))
    white = ((cut - filters.mean) @ filters.whiten).astype(np.float32)
    far = np.sqrt(np.maximum(_squared(white, filters.centres), 0))
    active = np.maximum(far.mean(axis=1, keepdims=True) - far, 0)  # equation 3
    grid = [(side - filters.side) // filters.stride + 1 for side in x.shape[2:]]
    active = active.reshape(len(x), *grid, -1)
    halves = [(slice(0, (side + 1) // 2), slice(side // 2, None)) for side in grid]
    axes = tuple(range(1, 1 + len(grid)))
    return np.concatenate(
        [active[(slice(None), *part)].mean(axis=axes) for part in product(*halves)], axis=1
    )


def _cut(x: np.ndarray, side: int, stride: int) -> np.ndarray:
    """All patches as a view or copy, (n, places, channels * side ** axes)."""
    axes = tuple(range(2, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(x, (side,) * len(axes), axis=axes)
    windows = windows[(slice(None), slice(None), *(slice(None, None, stride),) * len(axes))]
    return np.moveaxis(windows, 1, len(axes) + 1).reshape(len(x), -1, x.shape[1] * side ** len(axes))


def _normal(patches: np.ndarray) -> np.ndarray:
    """Brightness and contrast of each patch taken off (section 4.2)."""
    centred = patches - patches.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + CONTRAST**2)


def _means(x: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The centres of k-means; one that nobody is near starts anew."""
    centres = x[rng.choice(len(x), min(count, len(x)), replace=False)].copy()
    for _ in range(ROUNDS):
        nearest = _squared(x, centres).argmin(axis=1)
        hot = np.bincount(nearest, minlength=len(centres))
        order = np.argsort(nearest, kind="stable")
        filled = np.flatnonzero(hot)
        starts = np.concatenate([[0], np.cumsum(hot[filled])[:-1]])
        centres[filled] = np.add.reduceat(x[order], starts, axis=0) / hot[filled, None]
        centres[hot == 0] = x[rng.integers(len(x), size=int((hot == 0).sum()))]
    return centres


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
