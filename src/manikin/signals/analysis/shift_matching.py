"""Matching: the most similar signal of a set, whenever it begins and however strong it is.

The likeness of two signals is the largest size of their normalised cross-correlation (Lewis 1995) over
all shifts in time that leave half of them in common: gain, offset and sign change nothing. A coarse
search over all pairs finds candidates; these are compared sample by sample.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from manikin.stats.downsample import downsample
from manikin.stats.nearest_neighbors import NearestNeighbors, refine_candidates

FINE_LENGTH, COARSE_LENGTH = 512, 64  # places in time in which signals are compared, and searched, at most
COARSE_VALUES, MIN_COARSE_LENGTH = (
    192,
    16,
)  # values of a coarse signal over all channels; places in time it has at least
MAX_CANDIDATES = (
    24  # candidates that are compared, over the channels; as many of others than the best one's subject
)
MIN_CANDIDATES = 6
MAX_MULTIPLICATIONS = (
    2e11  # multiplications of a search, beyond which every second, fourth, ... shift is looked at
)
MAX_CELLS = 1 << 22  # of a matrix in memory at once
TINY = 1e-12


def normalize_signals(x: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Signals as float32 of mean 0 in each channel, at most 512 places; what is missing is 0.

    Args:
        x: Signals (n, channels, time).
        spread: A usual deviation of each channel, (channels,): units must not decide.
    """
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=2, keepdims=True), 1)
    mean = np.nan_to_num(x).sum(axis=2, keepdims=True, dtype=np.float64) / count
    flat = np.where(known, (x - mean) / spread[:, None], 0.0).astype(np.float32)
    return _downsample(flat, FINE_LENGTH)


def compute_channel_deviations(x: np.ndarray) -> np.ndarray:
    """The deviation of each channel within records, (channels,); 1 where nothing varies."""
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=2, keepdims=True), 1)
    mean = np.nan_to_num(x).sum(axis=2, keepdims=True, dtype=np.float64) / count
    square = np.where(known, (x - mean) ** 2, 0.0).sum(axis=(0, 2)) / np.maximum(known.sum(axis=(0, 2)), 1)
    return np.where(square > TINY, np.sqrt(np.maximum(square, TINY)), 1.0)


def match_signals(
    queries: np.ndarray, references: np.ndarray, owner: np.ndarray, apart: np.ndarray | None = None
) -> NearestNeighbors:
    """The nearest reference of each query over all shifts, and the nearest of another subject.

    Distances are √(1 − |r|), r being the largest normalised cross-correlation.

    Args:
        queries: As `normalize_signals` gives them, (n, channels, time).
        references: The same, (m, channels, time), of at least two subjects.
        owner: To whom each reference belongs, shape (m,).
        apart: To whom each query belongs: it is not compared with references of that subject.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((3, 1, 64)).astype(np.float32)
        >>> moved = -2 * np.roll(x[1:2], 9, axis=2)[..., 9:]
        >>> near = match_signals(np.pad(moved, ((0, 0), (0, 0), (9, 0))), x, np.arange(3))
        >>> int(near.positions[0]), bool(near.distances[0] < 0.3 * near.second_distances[0])
        (1, True)
    """
    coarse = [
        _downsample(x, int(np.clip(COARSE_VALUES // x.shape[1], MIN_COARSE_LENGTH, COARSE_LENGTH)))
        for x in (queries, references)
    ]
    shifts = _list_shifts(coarse)
    step = max(1, MAX_CELLS // max(len(references), 1))
    count = int(np.clip(MAX_CANDIDATES // queries.shape[1], MIN_CANDIDATES, MAX_CANDIDATES))

    def search(start: int) -> tuple[np.ndarray, ...]:
        rows = slice(start, start + step)
        likeness = _search_coarse(coarse[0][rows], coarse[1], shifts)
        if apart is not None:
            likeness[apart[rows][:, None] == owner] = -1.0
        return refine_candidates(
            likeness, owner, count, lambda found: _compare_candidates(queries[rows], references, found)
        )

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = list(pool.map(search, range(0, len(queries), step)))
    return NearestNeighbors(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def compute_max_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The largest |normalised cross-correlation| of pairs (n, channels, time) over shifts, (n,).

    All channels move together; means are taken off over what both have in common, channel by channel.

    Example:
        >>> x = np.sin(np.arange(100) ** 1.5)[None, None]
        >>> compute_max_correlation(x[..., :80], -3 * x[..., 20:] + 5).round(6).tolist()
        [1.0]
    """
    length = a.shape[2]
    reach = length // 2
    cross = _cross_correlate(a, b, reach)
    (sum_a, square_a), (sum_b, square_b) = _sum_overlaps(a, reach), _sum_overlaps(b[..., ::-1], reach)
    common = length - np.abs(np.arange(-reach, reach + 1))
    product = (cross - sum_a * sum_b / common).sum(axis=1)
    spread = [
        np.maximum(square - total**2 / common, 0).sum(axis=1)
        for total, square in ((sum_a, square_a), (sum_b, square_b))
    ]
    size = np.sqrt(spread[0] * spread[1])
    floor = TINY * np.sqrt(
        (a.astype(float) ** 2).sum(axis=(1, 2)) * (b.astype(float) ** 2).sum(axis=(1, 2))
    )
    valid = size > floor[:, None]
    return np.where(valid, np.abs(product) / np.where(valid, size, 1.0), 0.0).max(axis=1)


def _cross_correlate(a: np.ndarray, b: np.ndarray, reach: int) -> np.ndarray:
    """Sums of products a[t] b[t + s] for shifts s from -reach to reach, (n, channels, shifts)."""
    size = 2 * a.shape[2]
    spectrum = np.conj(np.fft.rfft(a.astype(float), size, axis=2)) * np.fft.rfft(
        b.astype(float), size, axis=2
    )
    found = np.fft.irfft(spectrum, size, axis=2)
    return np.concatenate([found[..., size - reach :], found[..., : reach + 1]], axis=2)


def _sum_overlaps(x: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums and sums of squares of what is in common at each shift, (n, channels, shifts).

    At a shift s > 0 the first signal has lost its last s places, at s < 0 its first; mirrored in time this
    holds for the second.
    """
    length = x.shape[2]
    lost = np.arange(1, reach + 1)
    found = []
    for y in (x.astype(float), x.astype(float) ** 2):
        total = np.cumsum(y, axis=2)
        whole = total[..., -1:]
        late = whole - total[..., lost - 1]
        found.append(np.concatenate([late[..., ::-1], whole, total[..., length - 1 - lost]], axis=2))
    return found[0], found[1]


def _downsample(x: np.ndarray, most: int) -> np.ndarray:
    flat = downsample(x.reshape(-1, x.shape[2]), most)
    return flat.reshape(*x.shape[:2], -1)


def _list_shifts(coarse: list[np.ndarray]) -> np.ndarray:
    """The shifts of a coarse search, in places."""
    (n, channels, places), m = coarse[0].shape, len(coarse[1])
    reach = places // 2
    pace = 1
    while n * m * channels * places * (2 * reach // pace + 1) > MAX_MULTIPLICATIONS and pace < reach:
        pace *= 2
    return np.arange(-(reach // pace) * pace, reach + 1, pace)


def _search_coarse(queries: np.ndarray, references: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """The largest |correlation| of all pairs over the shifts, (n, m); means are not taken off again."""
    best = np.zeros((len(queries), len(references)), dtype=np.float32)
    places = queries.shape[2]
    for shift in shifts:
        early, late = (
            slice(max(0, -shift), places - max(0, shift)),
            slice(max(0, shift), places + min(0, shift)),
        )
        a, b = (
            queries[..., early].reshape(len(queries), -1),
            references[..., late].reshape(len(references), -1),
        )
        a, b = (part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9) for part in (a, b))
        np.maximum(best, np.abs(a @ b.T), out=best)
    return best


def _compare_candidates(queries: np.ndarray, references: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The correlation of each query with its candidates, (n, candidates)."""
    rows = np.repeat(np.arange(len(queries)), found.shape[1])
    places = found.ravel()
    step = max(1, MAX_CELLS // (4 * queries[0].size))
    parts = [
        compute_max_correlation(queries[rows[i : i + step]], references[places[i : i + step]])
        for i in range(0, len(rows), step)
    ]
    return np.concatenate(parts).reshape(found.shape)
