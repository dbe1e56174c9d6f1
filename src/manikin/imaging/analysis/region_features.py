"""Regions: what a picture looks like inside a label map that belongs to it."""

from __future__ import annotations

import numpy as np

from manikin.imaging.analysis.intensity import to_grey

TINY = 1e-6


def compute_region_features(x: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """How the inside of a region differs from the rest of the picture, (n, 4), zeros where it is empty.

    The difference of mean intensities in standard deviations of the picture, the ratio of spreads inside
    and outside (logarithm), the mean outside, and how steep intensities are along the border of the region,
    over what they are elsewhere (logarithm).

    Args:
        x: Pictures (n, channels, *grid).
        inside: Which places belong to the region, bool (n, *grid).
    """
    whole = to_grey(x)
    axes = tuple(range(1, whole.ndim))
    weight = inside.astype(np.float32)
    first, second = (_compute_moments(whole, w, axes) for w in (weight, 1 - weight))
    spread = whole.std(axis=axes) + TINY
    steep = [np.abs(np.diff(whole, axis=a)) for a in axes]
    border = [np.diff(inside, axis=a) for a in axes]
    on = np.sum([(s * b).sum(axis=axes) for s, b in zip(steep, border, strict=True)], axis=0)
    count = np.sum([b.sum(axis=axes) for b in border], axis=0)
    usual = np.mean([s.mean(axis=axes) for s in steep], axis=0) + TINY * spread
    there = (count > 0) & (weight.sum(axis=axes) > 0)
    columns = [
        (first[0] - second[0]) / spread,
        np.log((first[1] + 0.01 * spread) / (second[1] + 0.01 * spread)),
        second[0],
        np.log(on / np.maximum(count, 1) / usual + 0.01),
    ]
    return np.where(there[:, None], np.column_stack(columns), 0.0).astype(np.float32)


def _compute_moments(
    x: np.ndarray, weight: np.ndarray, axes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    total = np.maximum(weight.sum(axis=axes), 1)
    mean = (x * weight).sum(axis=axes) / total
    shape = (-1, *(1,) * len(axes))
    return mean, np.sqrt((weight * (x - mean.reshape(shape)) ** 2).sum(axis=axes) / total)
