"""Patches: a convolutional layer of random filters over whitened patches, frozen.

Coates and Ng 2011 (The importance of encoding versus training with sparse coding and vector
quantization): on whitened patches random filters do about as well as learned ones. Of the training
pictures only
the covariance of their patches is learned: filters or components fitted to them would know them from
held-out pictures, and membership attacks would accuse honest records.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

MIN_CONTRAST = 0.01  # deviation below which a patch counts as flat, of intensities 0 to 1 (section 4.2)
WHITENING_RIDGE = 0.1  # of the whitening, over the mean eigenvalue
MAX_PATCHES = 20_000  # patches
MAX_CELLS = 1 << 24  # activations in memory at once


class PatchFilters(NamedTuple):
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


def fit_filters(
    x: np.ndarray, side: int, stride: int, count: int, rng: np.random.Generator
) -> PatchFilters:
    """Filters from pictures (n, channels, *grid) of intensities about 0 to 1."""
    cut = _cut_patches(x, side, 1)
    n, places = cut.shape[0], cut.shape[1]
    many = min(MAX_PATCHES, n * places)
    flat = _normalize_patches(cut[rng.integers(n, size=many), rng.integers(places, size=many)])
    mean = flat.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((flat - mean).T.astype(float)))
    whiten = (axes / np.sqrt(np.maximum(values, 0) + WHITENING_RIDGE * values.mean() + 1e-9)) @ axes.T
    white = ((flat - mean) @ whiten).astype(np.float32)
    return PatchFilters(side, stride, mean, whiten.astype(np.float32), _draw_filters(white, count, rng))


def pool_activations(x: np.ndarray, filters: PatchFilters) -> np.ndarray:
    """Mean activations in each half of each axis, float32 (n, filters * 2 ** axes)."""
    places = int(np.prod([(side - filters.side) // filters.stride + 1 for side in x.shape[2:]]))
    step = max(1, MAX_CELLS // (places * max(len(filters.centres), filters.mean.size)))
    return np.concatenate([_pool_batch(x[i : i + step], filters) for i in range(0, len(x), step)])


def _pool_batch(x: np.ndarray, filters: PatchFilters) -> np.ndarray:
    cut = _normalize_patches(_cut_patches(x, filters.side, filters.stride).reshape(-1, filters.mean.size))
    white = ((cut - filters.mean) @ filters.whiten).astype(np.float32)
    far = np.sqrt(np.maximum(_compute_squared_distances(white, filters.centres), 0))
    active = np.maximum(far.mean(axis=1, keepdims=True) - far, 0)  # equation 3
    grid = [(side - filters.side) // filters.stride + 1 for side in x.shape[2:]]
    active = active.reshape(len(x), *grid, -1)
    halves = [(slice(0, (side + 1) // 2), slice(side // 2, None)) for side in grid]
    axes = tuple(range(1, 1 + len(grid)))
    return np.concatenate(
        [active[(slice(None), *part)].mean(axis=axes) for part in product(*halves)], axis=1
    )


def _cut_patches(x: np.ndarray, side: int, stride: int) -> np.ndarray:
    """All patches as a view or copy, (n, places, channels * side ** axes)."""
    axes = tuple(range(2, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(x, (side,) * len(axes), axis=axes)
    windows = windows[(slice(None), slice(None), *(slice(None, None, stride),) * len(axes))]
    return np.moveaxis(windows, 1, len(axes) + 1).reshape(len(x), -1, x.shape[1] * side ** len(axes))


def _normalize_patches(patches: np.ndarray) -> np.ndarray:
    """Brightness and contrast of each patch taken off (section 4.2)."""
    centred = patches - patches.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + MIN_CONTRAST**2)


def _draw_filters(white: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Random directions, as long as whitened patches usually are."""
    drawn = rng.standard_normal((count, white.shape[1]))
    length = np.median(np.linalg.norm(white, axis=1))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True) * length).astype(np.float32)


def _compute_squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
