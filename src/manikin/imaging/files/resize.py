"""Bring a picture or volume to another size without distorting it.

All axes are scaled by one factor, the largest at which everything fits, and the rest is filled with
background. Measured values are averaged over the area that a new place covers; where a
picture is enlarged they are interpolated linearly. A label map takes the nearest level.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from manikin.core import arrow
from manikin.errors import SchemaError
from manikin.stats.downsample import compute_area_weights

if TYPE_CHECKING:
    from manikin.schema.kinds import Image


def compute_scale_factor(grid: tuple[int, ...], size: tuple[int, ...]) -> float:
    """By how much a picture is scaled to fit within `size`.

    Example:
        >>> compute_scale_factor((100, 50), (50, 50))
        0.5
    """
    return min(new / old for new, old in zip(size, grid, strict=True))


def fit_to_size(x: np.ndarray, size: tuple[int, ...], *, labels: bool = False) -> np.ndarray:
    """A picture of shape (channels, *grid) as (channels, *size), in its own type.

    Whole numbers are rounded; values never leave the range of the original. The background is, per
    channel, the middle value of the border, and level 0 in a label map.

    Example:
        >>> fit_to_size(np.array([[[0, 2], [4, 6], [1, 1], [1, 1]]]), (2, 2))
        array([[[3, 1],
                [1, 1]]])
    """
    if x.shape[1:] == size:
        return x
    scale = compute_scale_factor(x.shape[1:], size)
    inner = tuple(max(1, min(new, round(old * scale))) for old, new in zip(x.shape[1:], size, strict=True))
    small = _resample_nearest(x, inner) if labels else _resample_average(x, inner)
    canvas = np.empty((len(x), *size), x.dtype)
    canvas[...] = 0 if labels else _estimate_background(x).reshape(-1, *(1,) * len(size))
    before = [(new - old) // 2 for old, new in zip(inner, size, strict=True)]
    place = tuple(slice(start, start + side) for start, side in zip(before, inner, strict=True))
    canvas[(slice(None), *place)] = small
    return canvas


def conform_images(x: np.ndarray, kind: Image, *, labels: bool) -> tuple[np.ndarray, Image]:
    """Pictures (n, channels, *grid) at the size that `kind` asks for, and the spacing that goes with it.

    Raises:
        SchemaError: The size has another number of axes.
    """
    grid = x.shape[2:]
    if not kind.size or grid == kind.size:
        return x, kind
    if len(kind.size) != len(grid):
        raise SchemaError(f"size {kind.size} is declared, but the records have {len(grid)} axes")
    y = arrow.allocate_array((*x.shape[:2], *kind.size), x.dtype)
    for i, record in enumerate(x):
        y[i] = fit_to_size(record, kind.size, labels=labels)
    scale = compute_scale_factor(grid, kind.size)
    return y, replace(kind, spacing=tuple(step / scale for step in kind.spacing))


def _resample_nearest(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    centres = [
        ((np.arange(new) + 0.5) * old / new).astype(int) for old, new in zip(x.shape[1:], size, strict=True)
    ]
    return x[(slice(None), *np.ix_(*centres))]


def _resample_average(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    y = x.astype(np.float32 if x.dtype.itemsize <= 2 else np.float64)  # noqa: PLR2004 - 24 bits hold 16
    for axis, new in enumerate(size, 1):
        y = np.moveaxis(
            np.tensordot(y, build_resampling_matrix(y.shape[axis], new), axes=(axis, 1)), -1, axis
        )
    return (np.rint(y) if x.dtype.kind in "iu" else y).astype(x.dtype)


def build_resampling_matrix(old: int, new: int) -> np.ndarray:
    """What each of `old` places adds to each of `new` along one axis: (new, old), rows summing to 1.

    Example:
        >>> build_resampling_matrix(4, 2)
        array([[0.5, 0.5, 0. , 0. ],
               [0. , 0. , 0.5, 0.5]], dtype=float32)
    """
    if new < old:
        return compute_area_weights(old, new)
    centres = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    mass = np.clip(1 - np.abs(centres[:, None] - np.arange(old)), 0, None)
    return (mass / mass.sum(axis=1, keepdims=True)).astype(np.float32)


def _estimate_background(x: np.ndarray) -> np.ndarray:
    """Per channel the middle value of the border, one that stands in the picture."""
    border = np.ones(x.shape[1:], dtype=bool)
    border[tuple(slice(1, -1) for _ in x.shape[1:])] = False
    edge = np.sort(x[:, border], axis=1)
    return edge[:, edge.shape[1] // 2]
