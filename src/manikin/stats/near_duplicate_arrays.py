"""Thumbnails: small forms of pictures and signals, which find those that are nearly equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

THUMBNAIL_SIDES = {1: 128, 2: 16, 3: 8}  # places along each axis, by the number of axes
MAX_THUMBNAIL_DISTANCE = 0.04  # root mean square difference of thumbnails, in standard deviations of one
MAX_ARRAY_DISTANCE = 0.2
"""The same of the arrays themselves: compression adds that much, another picture more."""

COMPARISON_SIDE = 96  # places along an axis, to which large arrays are reduced before they are compared
MAX_DISTANCE_CELLS = 1 << 22  # distances in memory at once
MIN_DISTINCT_VALUES = 8  # distinct values of a thumbnail, below which a picture is empty


def compute_thumbnails(x: np.ndarray, tick: Callable[[int], None] | None = None) -> np.ndarray:
    """Each array averaged over equal parts, then centred and scaled, float32 (n, d); empty ones are 0.

    Args:
        x: Arrays (n, channels, *grid), NaN where a value is missing.
        tick: Told how many arrays are done.

    Example:
        >>> ramp = np.arange(512.0).reshape(1, 1, 512)
        >>> float(np.abs(compute_thumbnails(ramp) - compute_thumbnails(3 * ramp + 1)).max()) < 1e-6
        True
    """
    side = THUMBNAIL_SIDES.get(x.ndim - 2, 4)
    found = []
    for start in range(0, len(x), 256):
        found.append(_standardize(_average_blocks(x[start : start + 256], side)))
        if tick:
            tick(min(start + 256, len(x)))
    return np.concatenate(found) if found else np.zeros((0, 1), np.float32)


def find_near_pairs(x: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Pairs of arrays that are nearly equal, as positions (pairs, 2), the first the smaller one.

    Candidates are thumbnails that lie near each other; they are sorted along the direction in which they
    differ most, so that only neighbours in this order are compared.

    Args:
        x: Arrays (n, channels, *grid).
        small: Their thumbnails, (n, d).
    """
    rows = np.flatnonzero(np.abs(small).max(axis=1) > 0)
    pairs = rows[_find_candidate_pairs(small[rows])]
    if not len(pairs):
        return pairs
    keep = [_compute_distance(x[i], x[j]) <= MAX_ARRAY_DISTANCE for i, j in pairs.tolist()]
    return np.sort(pairs[np.array(keep)], axis=1)


def _find_candidate_pairs(small: np.ndarray) -> np.ndarray:
    """Pairs of thumbnails within reach of each other, (pairs, 2)."""
    if len(small) < 2:  # noqa: PLR2004 - a pair
        return np.zeros((0, 2), dtype=int)
    reach = MAX_THUMBNAIL_DISTANCE * np.sqrt(small.shape[1])
    score = small @ _compute_main_axis(small)
    order = np.argsort(score, kind="stable")
    x, score = small[order], score[order]
    last = np.searchsorted(score, score + reach, "right")
    found, start = [np.zeros((0, 2), dtype=int)], 0
    while start < len(x):
        stop = start + max(1, min(256, MAX_DISTANCE_CELLS // max(last[start] - start, 1)))
        end = last[min(stop, len(x)) - 1]
        likeness = x[start:stop] @ x[start:end].T
        norms = (x[start:end] ** 2).sum(axis=1)
        far = norms[: stop - start, None] + norms - 2 * likeness
        a, b = np.nonzero(far <= reach**2)
        found.append(np.stack([a, b], axis=1)[a < b] + start)
        start = stop
    return order[np.concatenate(found)]


def _compute_main_axis(small: np.ndarray) -> np.ndarray:
    """The direction in which thumbnails differ most, by a few power iterations, (d,)."""
    centred = small - small.mean(axis=0)
    axis = centred[np.argmax((centred**2).sum(axis=1))].astype(np.float32)
    for _ in range(8):
        axis = centred.T @ (centred @ axis)
        axis /= max(float(np.linalg.norm(axis)), 1e-12)
    return axis


def _average_blocks(x: np.ndarray, side: int) -> np.ndarray:
    """Means over equal parts of every axis of the grid, float64."""
    found = np.nan_to_num(x.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    for axis in range(2, x.ndim):
        length = found.shape[axis]
        if length > side:
            edges = np.arange(side) * length // side
            widths = np.diff([*edges, length]).reshape(-1, *[1] * (x.ndim - axis - 1))
            found = np.add.reduceat(found, edges, axis=axis) / widths
    return found


def _standardize(x: np.ndarray) -> np.ndarray:
    flat = x.reshape(len(x), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    spread = flat.std(axis=1, keepdims=True)
    ordered = np.sort(flat, axis=1)
    empty = (ordered[:, 1:] > ordered[:, :-1]).sum(axis=1) < MIN_DISTINCT_VALUES - 1
    scaled = np.divide(flat, spread, out=np.zeros_like(flat), where=spread > 0)
    scaled[empty] = 0
    return scaled.astype(np.float32)


def _compute_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference of two arrays, each centred and in its standard deviations."""
    a, b = (_standardize(_average_blocks(part[None], COMPARISON_SIDE))[0] for part in (a, b))
    return float(np.sqrt(np.mean((a - b) ** 2)))
