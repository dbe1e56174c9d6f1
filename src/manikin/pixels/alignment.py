"""Alignment: the most similar picture of a set, however it was moved, mirrored, cropped or recoloured.

Pictures become ranks of their intensities, so that no brightness, contrast or gamma changes them;
an inversion changes the sign of a correlation only. A coarse search tries every mirror image, turn, crop
and
shift; the best few candidates are laid over each other pixel by pixel (normalised cross-correlation,
Lewis 1995) with small shifts.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np

from manikin.nearest import Near, settled
from manikin.pixels.grids import grey, small

FINE = {1: 128, 2: 32, 3: 16}  # places along an axis in which pictures are compared
COARSE = {1: 32, 2: 14, 3: 6}  # ... and searched
REACH = {1: 3, 2: 2, 3: 1}  # places by which a candidate is moved about
ZOOMS = (1.0, 0.95, 0.9, 0.85, 0.8)  # share of a picture that a crop has kept
KEPT = 6  # candidates that are compared; as many again of others than the best one's subject
PAIRS = 4_000_000  # of pictures, beyond which coarse shifts and every other crop are left out
CELLS, BATCH = 1 << 22, 128  # of a matrix in memory at once; queries searched together
TINY = 1e-9


class Pose(NamedTuple):
    """How a picture is laid out: its crop, mirror image and coarse shift."""

    zoom: float
    flips: tuple[int, ...]
    turned: bool
    shift: tuple[int, ...]


def ranked(x: np.ndarray) -> np.ndarray:
    """Pictures (n, channels, *grid) as centred ranks of intensities, float32 (n, *fine grid)."""
    from scipy.stats import rankdata

    flat = small(grey(x), FINE[x.ndim - 2])
    ranks = rankdata(flat.reshape(len(flat), -1), axis=1)
    return (ranks - ranks.mean(axis=1, keepdims=True)).reshape(flat.shape).astype(np.float32)


def aligned(
    queries: np.ndarray, references: np.ndarray, owner: np.ndarray, apart: np.ndarray | None = None
) -> Near:
    """The nearest reference of each query over all poses, and the nearest of another subject.

    Distances are √(1 − |r|), r being the correlation of ranks over the places that both pictures share.

    Args:
        queries: As `ranked` gives them, (n, *grid).
        references: The same, (m, *grid), of at least two subjects.
        owner: To whom each reference belongs, shape (m,).
        apart: To whom each query belongs: it is not compared with references of that subject.
    """
    grid = queries.shape[1:]
    poses = _poses(grid, few=len(queries) * len(references) > PAIRS)
    step = max(1, min(CELLS // max(len(references), 1), BATCH))

    def search(start: int) -> tuple[np.ndarray, ...]:
        rows = slice(start, start + step)
        mine = None if apart is None else apart[rows]
        return _searched(queries[rows], references, owner, mine, poses)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = list(pool.map(search, range(0, len(queries), step)))
    return Near(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _searched(
    queries: np.ndarray,
    references: np.ndarray,
    owner: np.ndarray,
    apart: np.ndarray | None,
    poses: list[Pose],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    likeness, pose = _coarse(queries, references, poses)
    if apart is not None:
        likeness[apart[:, None] == owner] = -1.0

    def compare(found: np.ndarray) -> np.ndarray:
        chosen = np.take_along_axis(pose, found, axis=1)
        plain = _plain(poses)[chosen]
        return np.maximum(*(_compared(queries, references, found, laid, poses) for laid in (chosen, plain)))

    return settled(likeness, owner, KEPT, compare)


def _poses(grid: tuple[int, ...], *, few: bool = False) -> list[Pose]:
    axes = len(grid)
    square = axes == 2 and grid[0] == grid[1]  # noqa: PLR2004 - a plane
    shifts = list(product((0,) if few else (-1, 0, 1), repeat=axes))
    flips = list(product((1, -1), repeat=axes))
    return [
        Pose(*pose)
        for pose in product(
            ZOOMS[::2] if few else ZOOMS, flips, (False, True) if square else (False,), shifts
        )
    ]


def _plain(poses: list[Pose]) -> np.ndarray:
    """For each pose the one that is neither cropped nor shifted: the coarse search may have missed it."""
    place = {pose: i for i, pose in enumerate(poses)}
    return np.array([place[Pose(1.0, p.flips, p.turned, (0,) * len(p.shift))] for p in poses])


def _coarse(
    queries: np.ndarray, references: np.ndarray, poses: list[Pose]
) -> tuple[np.ndarray, np.ndarray]:
    """The best likeness of each pair over all poses, and which pose it is, (n, m)."""
    known = _unit(small(references, COARSE[references.ndim - 1])).T
    best = np.full((len(queries), len(references)), -1.0, dtype=np.float32)
    which = np.zeros(best.shape, dtype=np.int16)
    laid: dict[tuple[float, tuple[int, ...], bool], np.ndarray] = {}
    for place, pose in enumerate(poses):
        form = pose[:3]
        if form not in laid:
            laid = {form: small(_laid(queries, pose), COARSE[queries.ndim - 1])}
        likeness = np.abs(_unit(_moved(laid[form], pose.shift)) @ known)
        better = likeness > best
        np.copyto(best, likeness, where=better)
        which[better] = place
    return best, which


def _compared(
    queries: np.ndarray, references: np.ndarray, found: np.ndarray, chosen: np.ndarray, poses: list[Pose]
) -> np.ndarray:
    """The correlation of each query, in its pose, with its candidates, (n, candidates)."""
    r = np.zeros(found.shape)
    cell = [max(1.0, side / COARSE[queries.ndim - 1]) for side in queries.shape[1:]]
    forms = {pose[:3] for pose in poses}
    for form in sorted(forms):
        members = np.array([pose[:3] == form for pose in poses])
        rows, columns = np.nonzero(members[chosen])
        if not len(rows):
            continue
        some, back = np.unique(rows, return_inverse=True)
        laid = _laid(queries[some], Pose(*form, ()))[back]
        for shift in {poses[p].shift for p in np.unique(chosen[rows, columns])}:
            mine = np.array([poses[p].shift == shift for p in chosen[rows, columns]])
            start = tuple(round(step * size) for step, size in zip(shift, cell, strict=True))
            pairs = laid[mine], references[found[rows[mine], columns[mine]]]
            r[rows[mine], columns[mine]] = _overlaid(*pairs, start)
    return r


def _overlaid(a: np.ndarray, b: np.ndarray, start: tuple[int, ...]) -> np.ndarray:
    """The largest |correlation| of pairs (n, *grid) over small shifts about `start`, (n,)."""
    best = np.zeros(len(a))
    reach = REACH[a.ndim - 1]
    for step in product(range(-reach, reach + 1), repeat=a.ndim - 1):
        shift = [s + d for s, d in zip(start, step, strict=True)]
        if any(abs(s) * 3 > side for s, side in zip(shift, a.shape[1:], strict=True)):
            continue
        first = tuple(
            slice(max(0, -s), side - max(0, s)) for s, side in zip(shift, a.shape[1:], strict=True)
        )
        other = tuple(
            slice(max(0, s), side + min(0, s)) for s, side in zip(shift, a.shape[1:], strict=True)
        )
        best = np.maximum(best, _correlation(a[(slice(None), *first)], b[(slice(None), *other)]))
    return best


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    x, y = a.reshape(len(a), -1), b.reshape(len(b), -1)
    n = x.shape[1]
    sums = x.sum(axis=1), y.sum(axis=1)
    squares = np.einsum("ij,ij->i", x, x), np.einsum("ij,ij->i", y, y)
    cross = np.einsum("ij,ij->i", x, y) - sums[0] * sums[1] / n
    spread = [np.maximum(square - total**2 / n, 0) for square, total in zip(squares, sums, strict=True)]
    return np.abs(cross) / np.sqrt(np.maximum(spread[0] * spread[1], TINY))


def _laid(x: np.ndarray, pose: Pose) -> np.ndarray:
    """Pictures (n, *grid) shrunken to the part that a crop had kept, mirrored and turned."""
    for axis, sign in enumerate(pose.flips, 1):
        x = np.flip(x, axis) if sign < 0 else x
    x = np.swapaxes(x, 1, 2) if pose.turned else x
    if pose.zoom == 1:
        return x
    for axis in range(1, x.ndim):
        x = np.moveaxis(np.tensordot(x, _zoom(x.shape[axis], 1 / pose.zoom), axes=(axis, 1)), -1, axis)
    return x


def _zoom(side: int, share: float) -> np.ndarray:
    """What each place adds to each place when an axis is read at `share` of its pace, about the middle."""
    places = np.clip((np.arange(side) - (side - 1) / 2) * share + (side - 1) / 2, 0, side - 1)
    return np.clip(1 - np.abs(places[:, None] - np.arange(side)), 0, None).astype(np.float32)


def _moved(x: np.ndarray, shift: tuple[int, ...]) -> np.ndarray:
    for axis, step in enumerate(shift, 1):
        if step:
            x = np.take(x, np.clip(np.arange(x.shape[axis]) - step, 0, x.shape[axis] - 1), axis=axis)
    return x


def _unit(x: np.ndarray) -> np.ndarray:
    """Vectors of length one and mean zero, (n, places)."""
    flat = x.reshape(len(x), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), TINY)
