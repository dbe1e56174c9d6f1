"""Registration: pictures laid over others by the affine map under which they are most alike.

Inverse compositional Gauss-Newton (Baker and Matthews 2004, Lucas-Kanade 20 years on, section 3.2), many
pairs at once, with any gain, offset or sign between the two. Coordinates run from -1 to 1 along each axis.
"""

from __future__ import annotations

from itertools import product

import numpy as np

MAX_STEPS = 6  # of Gauss-Newton
DAMPING = 1e-3  # of the Hessian's mean diagonal: flat pictures have no gradient
MIN_OVERLAP = 0.5  # of the places, that both pictures must have in common
BATCH_SIZE = 64  # pairs at once: larger ones leave the cache
TINY = 1e-9


def register_images(
    queries: np.ndarray, references: np.ndarray, start: np.ndarray, steps: int = MAX_STEPS
) -> tuple[np.ndarray, np.ndarray]:
    """The largest |correlation| of pairs over affine maps near those given, (n,), and these maps.

    Args:
        queries: Pictures of any scale, (n, *grid), grids of one to three axes.
        references: Those that they are compared with, (n, *grid).
        start: Where to begin: maps from places of the reference to those of the query, (n, axes, axes + 1).
        steps: How often a map is improved.

    Example:
        >>> x = np.add.outer(np.sin(np.arange(24) / 3), np.cos(np.arange(24) / 4))[None]
        >>> start = np.eye(2, 3)[None] + 0.05
        >>> r, found = register_images(3 - 2 * x, x, start, 20)
        >>> bool(r[0] > 0.999)
        True
    """
    parts = [
        _register_batch(
            queries[i : i + BATCH_SIZE], references[i : i + BATCH_SIZE], start[i : i + BATCH_SIZE], steps
        )
        for i in range(0, len(queries), BATCH_SIZE)
    ]
    axes = queries.ndim - 1
    if not parts:
        return np.zeros(0), np.zeros((0, axes, axes + 1))
    return np.concatenate([r for r, _ in parts]), np.concatenate([maps for _, maps in parts])


def warp_images(x: np.ndarray, maps: np.ndarray, grid: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, *any grid) read where maps (n, axes, axes + 1) lead, (n, places), and what lies inside.

    Beyond their edge pictures go on as they end.
    """
    return _interpolate(x, maps, _build_coordinates(grid))


def _register_batch(
    queries: np.ndarray, references: np.ndarray, start: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    places = _build_coordinates(references.shape[1:])
    flat = references.reshape(len(references), -1)
    descent = _compute_steepest_descent(references, places)
    inverse = _invert_hessian(descent @ descent.transpose(0, 2, 1))
    now, best, kept = start.astype(float), np.full(len(start), -1.0), start.astype(float)
    for step in range(steps + 1):
        r, wrong = _compare_overlap(*_interpolate(queries, now, places), flat)
        better = r > best
        best[better], kept[better] = r[better], now[better]
        if step < steps:
            move = inverse @ (descent @ wrong[..., None].astype(np.float32))
            now = _compose_maps(now, move[..., 0].reshape(start.shape))
    return np.maximum(best, 0.0), kept


def _build_coordinates(grid: tuple[int, ...]) -> np.ndarray:
    """The coordinates of all places, and a 1, (axes + 1, places)."""
    sides = [np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in grid]
    ends = np.meshgrid(*sides, indexing="ij")
    return np.stack([*ends, np.ones(grid)]).reshape(len(grid) + 1, -1).astype(np.float32)


def _compute_steepest_descent(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How each picture changes with each number of a map, (n, axes * (axes + 1), places)."""
    axes = x.ndim - 1
    found = []
    for axis in range(axes):
        side = x.shape[axis + 1]
        slope = np.gradient(x, axis=axis + 1) * ((side - 1) / 2) if side > 1 else np.zeros_like(x)
        found.append(slope.reshape(len(x), 1, -1) * places)
    return np.concatenate(found, axis=1).astype(np.float32)


def _invert_hessian(hessian: np.ndarray) -> np.ndarray:
    size = hessian.shape[1]
    usual = np.trace(hessian, axis1=1, axis2=2)[:, None, None] / size
    return np.linalg.inv(hessian + (DAMPING * usual + TINY) * np.eye(size))


def _interpolate(x: np.ndarray, maps: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values between places by linear interpolation, and which of them lie inside, both (n, places)."""
    at = maps.astype(np.float32) @ places
    sides = x.shape[1:]
    inside = np.abs(at).max(axis=1) <= 1 + TINY
    low, part = [], []
    for axis, side in enumerate(sides):
        place = np.clip((at[:, axis] + 1) * np.float32((side - 1) / 2), 0, side - 1)
        below = np.minimum(place.astype(np.int32), max(side - 2, 0))
        low.append(below)
        part.append(place - below)
    flat, base = x.reshape(-1), np.arange(len(x), dtype=np.int64)[:, None]
    found = np.zeros(at[:, 0].shape, dtype=np.float32)
    for corner in product((0, 1), repeat=len(sides)):
        index, weight = base, np.ones((), dtype=np.float32)
        for side, below, share, up in zip(sides, low, part, corner, strict=True):
            index = index * side + np.minimum(below + up, side - 1)
            weight = weight * (share if up else 1 - share)
        found += flat[index] * weight
    return found, inside


def _compare_overlap(
    read: np.ndarray, inside: np.ndarray, flat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """|Correlation| over the places in common, 0 where these are few; what is left over, (n, places)."""
    known = inside.astype(np.float32)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    a, b = (
        (x - (x * known).sum(axis=1, keepdims=True) / count) * known
        for x in (read, flat.astype(np.float32))
    )
    cross, aa, bb = (np.einsum("ij,ij->i", *pair) for pair in ((a, b), (a, a), (b, b)))
    r = np.abs(cross) / np.sqrt(np.maximum(aa * bb, TINY * TINY))
    r[(count[:, 0] < MIN_OVERLAP * flat.shape[1]) | (aa * bb <= TINY)] = 0.0
    gain = cross / np.maximum(aa, TINY)
    return r, gain[:, None] * a - b


def _compose_maps(maps: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Each map after the inverse of a small move."""
    n, axes = len(maps), maps.shape[1]
    last = np.broadcast_to(np.eye(axes + 1)[-1:], (n, 1, axes + 1))
    small = np.concatenate([np.eye(axes, axes + 1) + np.clip(move, -0.3, 0.3), last], axis=1)
    return (np.concatenate([maps, last], axis=1) @ np.linalg.inv(small))[:, :axes]
