"""Texture: a picture's intensities, edges, spectrum and co-occurrences as some sixty numbers.

Definitions follow the Image Biomarker Standardisation Initiative's reference manual (Zwanenburg et
al. 2016, arXiv 1612.07003, sections 3.3, 3.4, 3.6) where it has them; all are computed for many pictures
at once. What looks at coarse structure sees a picture averaged down to `MAX_SIDES` places along
each axis; what looks at fine structure sees every pixel.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from manikin.imaging.analysis.intensity import COLOUR_CHANNELS, quantize, to_grey
from manikin.imaging.analysis.power_spectrum import compute_radial_spectrum
from manikin.stats.downsample import downsample

MAX_SIDES = {1: 256, 2: 96, 3: 32}  # places along an axis, by the number of axes
HISTOGRAM_BINS, GREY_LEVELS = 32, 16
MAX_PIXELS = 10_000  # pixels whose intensities are counted, evenly taken
SIGMAS = (1.0, 2.0, 4.0)
DISTANCES = (1, 2, 4)
MAX_CELLS = 1 << 21  # places of pictures in memory at once
TINY = 1e-6


def compute_texture_features(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Vectors float32 (n, d) of pictures or volumes (n, channels, *grid).

    Args:
        x: Pictures.
        low: The intensity that counts as 0; the same for all pictures.
        high: The intensity that counts as 1.

    Example:
        >>> x = np.random.default_rng(0).random((4, 1, 32, 32))
        >>> compute_texture_features(x, 0, 1).shape
        (4, 58)
    """
    step = max(1, MAX_CELLS // max(int(np.prod(x.shape[1:])), 1))
    parts = [_compute_batch(x[i : i + step], low, high) for i in range(0, len(x), step)]
    return (
        np.concatenate(parts)
        if parts
        else np.zeros((0, _compute_batch(_build_blank(x), low, high).shape[1]), np.float32)
    )


def _build_blank(x: np.ndarray) -> np.ndarray:
    return np.zeros((1, *x.shape[1:]), dtype=np.float32)


def _compute_batch(x: np.ndarray, low: float, high: float) -> np.ndarray:
    whole = (to_grey(x) - low) / (high - low)
    coarse = downsample(whole, MAX_SIDES[min(whole.ndim - 1, 3)])
    blocks = [
        compute_intensity_features(whole),
        compute_edge_features(whole),
        compute_blob_features(coarse),
        compute_radial_spectrum(coarse),
        compute_glcm_features(coarse),
    ]
    if x.shape[1] > 1:
        blocks.append(compute_colour_features((x.astype(np.float32) - low) / (high - low)))
    return np.concatenate(blocks, axis=1).astype(np.float32)


def compute_intensity_features(x: np.ndarray) -> np.ndarray:
    """Moments, percentiles and histogram of intensities, (n, 14): IBSI 3.3 and 3.4."""
    flat = x.reshape(len(x), -1)
    flat = flat[:, :: max(1, flat.shape[1] // MAX_PIXELS)]
    moments = _compute_moments(flat)
    ends = np.quantile(flat, (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98), axis=1).T
    counts = _count_codes(quantize(flat, 0.0, 1.0, HISTOGRAM_BINS), HISTOGRAM_BINS) / flat.shape[1]
    entropy = -(counts * np.log2(counts + TINY)).sum(axis=1)
    uniformity = (counts**2).sum(axis=1)
    usual = np.abs(flat - ends[:, 3:4]).mean(axis=1)
    return np.column_stack([moments, ends, entropy, uniformity, usual])


def compute_edge_features(x: np.ndarray) -> np.ndarray:
    """First and second differences of neighbouring pixels at full resolution, (n, 8).

    What alternates from one pixel to the next along every axis at once stands by itself.
    """
    axes = [axis for axis in range(1, x.ndim) if x.shape[axis] > 2]  # noqa: PLR2004 - a second difference
    steps = [np.diff(x, axis=axis).reshape(len(x), -1) for axis in axes]
    bends = [np.diff(x, 2, axis=axis).reshape(len(x), -1) for axis in axes]
    first, second = np.concatenate(steps, axis=1), np.concatenate(bends, axis=1)
    share = np.abs(steps[0]).mean(axis=1) / (np.abs(first).mean(axis=1) + TINY)
    mixed = x
    for axis in axes:
        mixed = np.diff(mixed, axis=axis)
    alternating = np.log(np.abs(mixed).reshape(len(x), -1).mean(axis=1) + TINY)
    size = np.abs(first)
    return np.column_stack(
        [
            np.log(size.mean(axis=1) + TINY),
            np.log(size.std(axis=1) + TINY),
            np.quantile(size, (0.5, 0.95), axis=1).T,
            (size < TINY).mean(axis=1),
            share,
            np.log(np.abs(second).mean(axis=1) + TINY),
            alternating,
        ]
    )


def compute_blob_features(x: np.ndarray) -> np.ndarray:
    """The Laplacian of Gaussian at three scales: spread, skewness and kurtosis, (n, 9)."""
    found = []
    for sigma in SIGMAS:
        moments = _compute_moments(_filter_laplacian(x, sigma).reshape(len(x), -1))
        found.append(np.column_stack([np.log(moments[:, 1] + TINY), moments[:, 2:]]))
    return np.concatenate(found, axis=1)


def _filter_laplacian(x: np.ndarray, sigma: float) -> np.ndarray:
    """The sum over the axes of second derivatives of a picture blurred along the others."""
    axes = range(1, x.ndim)
    filters = [_build_filters(side, min(sigma, side / 6)) for side in x.shape[1:]]
    found = np.zeros_like(x)
    for bent in axes:
        y = x
        for axis in axes:
            matrix = filters[axis - 1][1 if axis == bent else 0]
            y = np.moveaxis(np.tensordot(y, matrix, axes=(axis, 1)), -1, axis)
        found += y
    return found


@cache
def _build_filters(side: int, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian and its second derivative along an axis with a mirrored border, as matrices."""
    from scipy.ndimage import gaussian_filter1d

    one = np.eye(side)
    blurred, bent = (gaussian_filter1d(one, sigma, axis=0, order=k, mode="reflect") for k in (0, 2))
    return blurred.astype(np.float32), bent.astype(np.float32)


def compute_glcm_features(x: np.ndarray) -> np.ndarray:
    """Contrast, correlation, homogeneity, energy and entropy at three distances, (n, 15): IBSI 3.6.

    Pairs of all directions are counted together, so that a turned picture gives the same.
    """
    codes = quantize(x, 0.0, 1.0, GREY_LEVELS)
    return np.concatenate([_compute_haralick(_count_pairs(codes, d)) for d in DISTANCES], axis=1)


def compute_colour_features(x: np.ndarray) -> np.ndarray:
    """Mean and spread of each channel (the first eight), and how neighbouring channels go together."""
    flat = x.reshape(*x.shape[:2], -1)[:, :8]
    centred = flat - flat.mean(axis=2, keepdims=True)
    spread = centred.std(axis=2)
    nearby = [
        (a, (a + 1) % flat.shape[1])
        for a in range(flat.shape[1] if flat.shape[1] >= COLOUR_CHANNELS else 1)
    ]
    together = [
        (centred[:, a] * centred[:, b]).mean(axis=1) / (spread[:, a] * spread[:, b] + TINY)
        for a, b in nearby
    ]
    return np.column_stack([flat.mean(axis=2), spread, *together])


def _compute_moments(flat: np.ndarray) -> np.ndarray:
    """Mean, standard deviation, skewness and excess kurtosis, (n, 4); bounded where nothing varies."""
    mean = flat.mean(axis=1)
    centred = flat - mean[:, None]
    spread = centred.std(axis=1)
    z = centred / (spread[:, None] + TINY)
    square = z * z
    skewness, kurtosis = (square * z).mean(axis=1), (square * square).mean(axis=1) - 3
    return np.column_stack([mean, spread, np.arcsinh(skewness), np.arcsinh(kurtosis)])


def _count_codes(codes: np.ndarray, size: int) -> np.ndarray:
    """How often each code stands in each row, (n, size)."""
    rows = np.arange(len(codes))[:, None] * size
    return np.bincount((codes + rows).ravel(), minlength=len(codes) * size).reshape(len(codes), size)


def _list_offsets(axes: int, distance: int) -> list[tuple[int, ...]]:
    """One of each pair of opposite directions: 4 in a plane, 13 in a volume (IBSI 3.6)."""
    steps = [step for step in product((-1, 0, 1), repeat=axes) if step > (0,) * axes]
    return [tuple(distance * part for part in step) for step in steps]


def _count_pairs(codes: np.ndarray, distance: int) -> np.ndarray:
    """The symmetric matrix of co-occurring levels over all directions, (n, LEVELS, LEVELS), of sum 1."""
    n, grid = len(codes), codes.shape[1:]
    counts = np.zeros((n, GREY_LEVELS**2))
    for offset in _list_offsets(len(grid), distance):
        if any(abs(step) >= side for step, side in zip(offset, grid, strict=True)):
            continue
        first = tuple(
            slice(max(0, -step), side - max(0, step)) for step, side in zip(offset, grid, strict=True)
        )
        other = tuple(
            slice(max(0, step), side + min(0, step)) for step, side in zip(offset, grid, strict=True)
        )
        both = codes[(slice(None), *first)] * GREY_LEVELS + codes[(slice(None), *other)]
        counts += _count_codes(both.reshape(n, -1), GREY_LEVELS**2)
    square = counts.reshape(n, GREY_LEVELS, GREY_LEVELS)
    square = square + square.transpose(0, 2, 1)
    return square / np.maximum(square.sum(axis=(1, 2), keepdims=True), 1)


def _compute_haralick(p: np.ndarray) -> np.ndarray:
    """Contrast, correlation, inverse difference, angular second moment and entropy, as in IBSI 3.6."""
    i = np.arange(GREY_LEVELS)
    gap = np.abs(i[:, None] - i)
    margin = p.sum(axis=2)
    mean = margin @ i
    variance = margin @ i**2 - mean**2
    correlation = (np.einsum("nij,i,j->n", p, i, i, optimize=True) - mean**2) / (variance + TINY)
    return np.column_stack(
        [
            np.log1p((p * gap**2).sum(axis=(1, 2))),
            np.where(variance > TINY, correlation, 1.0),
            (p / (1 + gap)).sum(axis=(1, 2)),
            (p**2).sum(axis=(1, 2)),
            -(p * np.log2(p + TINY)).sum(axis=(1, 2)),
        ]
    )
