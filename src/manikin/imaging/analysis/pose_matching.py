"""Alignment: the most similar picture of a set, however it was moved, turned, bent, cropped or recoloured.

Pictures become ranks of their intensities, so that no brightness, contrast or gamma changes them;
an inversion changes the sign of a correlation only. A coarse search over mirror images, turns, crops and
shifts finds candidates. Each is registered by an affine map, by ranks and then by its details (local
contrast, which strangers of one anatomy do not share), and compared by both (normalised
cross-correlation, Lewis 1995).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np

from manikin.imaging.analysis.intensity import to_grey
from manikin.imaging.analysis.registration import register_images, warp_images
from manikin.stats.downsample import downsample
from manikin.stats.nearest_neighbors import NearestNeighbors, refine_candidates

FINE_SIDES = {1: 128, 2: 48, 3: 16}  # places along an axis in which pictures are compared
SEARCH_SIDES = {1: 64, 2: 32, 3: 12}  # ... laid out for the search
COARSE_SIDES = {1: 32, 2: 16, 3: 6}  # ... and searched
ZOOMS = (1.0, 0.92, 0.84)  # share of a picture that a crop has kept
TURNS = (0.0, -8.0, 8.0)  # degrees
MAX_CANDIDATES = 6  # candidates that are registered; as many again of others than the best one's subject
MAX_DETAILED = 3  # of these, that are compared by their details
MAX_PAIRS = 4_000_000  # of pictures, beyond which coarse shifts, turns and every other crop are left out
MAX_CELLS, BATCH_SIZE = 1 << 22, 128  # of a matrix in memory at once; queries searched together
DETAILS_PER_SIDE, MIN_CONTRAST = (
    16,
    0.5,
)  # places of an axis over the width of local contrast; its least share of the usual
SMOOTHING_SIGMA = 0.012  # deviation of a Gaussian over grain, of the longest side
RANGE_QUANTILES = (0.01, 0.99)
TINY = 1e-9


class Pose(NamedTuple):
    """How a picture is laid out: its crop, mirror image, turn and coarse shift."""

    zoom: float
    flips: tuple[int, ...]
    is_transposed: bool
    turn: float
    shift: tuple[int, ...]


def normalize_images(x: np.ndarray) -> np.ndarray:
    """Pictures (n, channels, *grid) halfway between ranks and intensities, float32 (n, *fine grid), mean 0.

    Ranks do not change with brightness, contrast or gamma; but in a dark background they are of noise
    alone, which intensities (from a picture's 1st to its 99th percentile) hardly show.
    """
    from scipy.ndimage import gaussian_filter
    from scipy.stats import rankdata

    flat = downsample(to_grey(x), FINE_SIDES[x.ndim - 2])
    axes = tuple(range(1, flat.ndim))
    flat = gaussian_filter(flat, SMOOTHING_SIGMA * max(flat.shape[1:]), axes=axes)
    ranks = (rankdata(flat.reshape(len(flat), -1), axis=1) / flat[0].size).reshape(flat.shape)
    low, high = np.quantile(flat, RANGE_QUANTILES, axis=axes, keepdims=True)
    mixed = ranks + np.clip((flat - low) / np.maximum(high - low, TINY), 0, 1)
    return (mixed - mixed.mean(axis=axes, keepdims=True)).astype(np.float32)


def extract_details(ranks: np.ndarray) -> np.ndarray:
    """What stands out from its surroundings, in units of local contrast, float32 (n, *grid)."""
    from scipy.ndimage import gaussian_filter

    axes = tuple(range(1, ranks.ndim))
    width = max(1.0, max(ranks.shape[1:]) / DETAILS_PER_SIDE)
    raised = ranks - gaussian_filter(ranks, width, axes=axes)
    local = np.sqrt(np.maximum(gaussian_filter(raised**2, width, axes=axes), 0))
    usual = np.sqrt((raised**2).mean(axis=axes, keepdims=True))
    return (raised / (local + MIN_CONTRAST * usual + TINY)).astype(np.float32)


def match_images(
    queries: np.ndarray, references: np.ndarray, owner: np.ndarray, apart: np.ndarray | None = None
) -> NearestNeighbors:
    """The nearest reference of each query over all poses, and the nearest of another subject.

    Distances are √(1 − r), where 1 − r is the geometric mean of 1 − |correlation| of ranks and of details,
    over the places that both pictures share.

    Args:
        queries: As `normalize_images` gives them, (n, *grid).
        references: The same, (m, *grid), of at least two subjects.
        owner: To whom each reference belongs, shape (m,).
        apart: To whom each query belongs: it is not compared with references of that subject.
    """
    poses = _list_poses(queries.shape[1:], few=len(queries) * len(references) > MAX_PAIRS)
    step = max(1, min(MAX_CELLS // max(len(references), 1), BATCH_SIZE))

    def search(start: int) -> tuple[np.ndarray, ...]:
        rows = slice(start, start + step)
        mine = None if apart is None else apart[rows]
        return _search_batch(queries[rows], references, owner, mine, poses)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = list(pool.map(search, range(0, len(queries), step)))
    return NearestNeighbors(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _search_batch(
    queries: np.ndarray,
    references: np.ndarray,
    owner: np.ndarray,
    apart: np.ndarray | None,
    poses: list[Pose],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    likeness, pose = _search_coarse(queries, references, poses)
    if apart is not None:
        likeness[apart[:, None] == owner] = -1.0
    maps = np.array([_build_affine_map(one, queries.shape[1:]) for one in poses])

    def compare(found: np.ndarray) -> np.ndarray:
        start = maps[np.take_along_axis(pose, found, axis=1)]
        return _compare_candidates(queries, references, found, start, owner)

    return refine_candidates(likeness, owner, MAX_CANDIDATES, compare)


def _compare_candidates(
    queries: np.ndarray, references: np.ndarray, found: np.ndarray, start: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """How alike each query and its candidates are when registered, (n, candidates), 1 at most."""
    rows = np.repeat(np.arange(len(found)), found.shape[1])
    pairs, first, back = np.unique(
        np.stack([rows, found.ravel()]), axis=1, return_index=True, return_inverse=True
    )
    query, reference = pairs
    ranks, maps = register_images(
        queries[query], references[reference], start.reshape(-1, *start.shape[2:])[first]
    )
    details = np.zeros(len(ranks))
    back = back.reshape(found.shape)
    some = np.unique(back[np.arange(len(found))[:, None], _choose_best(ranks[back], owner[found])])
    known, place = np.unique(reference[some], return_inverse=True)
    details[some], _ = register_images(
        extract_details(queries)[query[some]], extract_details(references[known])[place], maps[some]
    )
    return (1 - np.sqrt(np.maximum((1 - ranks) * (1 - details), 0)))[back]


def _choose_best(r: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The candidates that are most alike, and those of others than the best one's subject, (n, some)."""
    order = np.argsort(-r, axis=1, kind="stable")
    mine = owner == np.take_along_axis(owner, order[:, :1], axis=1)
    others = np.argsort(np.where(mine, 1.0, -r), axis=1, kind="stable")
    return np.concatenate([order[:, :MAX_DETAILED], others[:, :MAX_DETAILED]], axis=1)


def _list_poses(grid: tuple[int, ...], *, few: bool = False) -> list[Pose]:
    axes = len(grid)
    plane = axes == 2  # noqa: PLR2004 - a plane
    swaps = (False, True) if plane and grid[0] == grid[1] else (False,)
    flips = list(product((1, -1), repeat=axes))
    turns = TURNS if plane and not few else TURNS[:1]
    shifts = list(product((0,) if few else (-1, 0, 1), repeat=axes))
    return [Pose(*pose) for pose in product(ZOOMS[::2] if few else ZOOMS, flips, swaps, turns, shifts)]


def _build_linear_map(pose: Pose, grid: tuple[int, ...]) -> np.ndarray:
    """From places of the reference to places of the query, from -1 to 1 along each axis, (axes, axes)."""
    found = np.diag(np.array(pose.flips, dtype=float))
    found = found[:, ::-1] if pose.is_transposed else found
    if pose.turn:
        cosine, sine = np.cos(np.deg2rad(pose.turn)), np.sin(np.deg2rad(pose.turn))
        aspect = grid[1] / grid[0]
        found = found @ np.array([[cosine, -sine * aspect], [sine / aspect, cosine]])
    return found / pose.zoom


def _build_affine_map(pose: Pose, grid: tuple[int, ...]) -> np.ndarray:
    """The same with its coarse shift, (axes, axes + 1)."""
    most = COARSE_SIDES[len(grid)]
    step = [2 / max(min(side, most) - 1, 1) for side in grid]
    linear = _build_linear_map(pose, grid)
    return np.concatenate([linear, -(linear @ (np.array(pose.shift) * step))[:, None]], axis=1)


def _search_coarse(
    queries: np.ndarray, references: np.ndarray, poses: list[Pose]
) -> tuple[np.ndarray, np.ndarray]:
    """The best likeness of each pair over all poses, and which pose it is, (n, m)."""
    axes = queries.ndim - 1
    known = _normalize_vectors(downsample(references, COARSE_SIDES[axes])).T
    half = downsample(queries, SEARCH_SIDES[axes])
    best = np.full((len(queries), len(references)), -1.0, dtype=np.float32)
    which = np.zeros(best.shape, dtype=np.int16)
    laid: dict[tuple[object, ...], np.ndarray] = {}
    for place, pose in enumerate(poses):
        form = pose[:-1]
        if form not in laid:
            laid = {form: downsample(_apply_pose(half, pose), COARSE_SIDES[axes])}
        likeness = np.abs(_normalize_vectors(_shift_images(laid[form], pose.shift)) @ known)
        better = likeness > best
        np.copyto(best, likeness, where=better)
        which[better] = place
    return best, which


def _apply_pose(x: np.ndarray, pose: Pose) -> np.ndarray:
    """Pictures (n, *grid) shrunken to the part that a crop had kept, mirrored and turned."""
    grid = x.shape[1:]
    linear = _build_linear_map(pose, grid)
    maps = np.concatenate([linear, np.zeros((len(grid), 1))], axis=1)
    return warp_images(x, np.broadcast_to(maps, (len(x), *maps.shape)), grid)[0].reshape(x.shape)


def _shift_images(x: np.ndarray, shift: tuple[int, ...]) -> np.ndarray:
    for axis, step in enumerate(shift, 1):
        if step:
            x = np.take(x, np.clip(np.arange(x.shape[axis]) - step, 0, x.shape[axis] - 1), axis=axis)
    return x


def _normalize_vectors(x: np.ndarray) -> np.ndarray:
    """Vectors of length one and mean zero, (n, places)."""
    flat = x.reshape(len(x), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), TINY)
