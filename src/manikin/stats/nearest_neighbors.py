"""Nearest: how far vectors lie from their nearest others, block by block."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy.stats import betabinom, binom, rankdata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

MAX_CELLS = 1 << 22  # of a distance matrix in memory at once
MATCH_LEVELS = (1e-2, 1e-3, 1e-4)  # shares of never-seen real records that are near matches, by design
CONFIDENCE_LEVEL = 0.99  # how surely a number of matches is more than chance explains
TAIL_SHARE = 0.1  # share of the real ratios from which their tail is learned
CONFIDENCE_Z = 1.64  # one-sided 95 %
CORRELATION_TOLERANCE = 1e-5  # a correlation less than this below 1 is 1, but for rounding


class NearestNeighbors(NamedTuple):
    """The nearest neighbour of each query, and how far the next one of another subject is.

    Args:
        positions: Position of the nearest reference, shape (n,).
        distances: Distance to it, shape (n,).
        second_distances: Distance to the nearest reference of any other subject, shape (n,).
    """

    positions: np.ndarray
    distances: np.ndarray
    second_distances: np.ndarray

    @property
    def ratios(self) -> np.ndarray:
        """First over second distance, 0 to 1 (1 where both are 0), shape (n,).

        Near 0 a query belongs to one reference and to no other. Where records lie evenly in d
        dimensions, ratio ** d is uniform (Lowe 2004, section 7.1, uses the ratio to match).
        """
        return np.where(
            self.second_distances > 0,
            self.distances / np.where(self.second_distances > 0, self.second_distances, 1.0),
            1.0,
        )


def find_nearest(
    queries: np.ndarray, references: np.ndarray, owner: np.ndarray, apart: np.ndarray | None = None
) -> NearestNeighbors:
    """The nearest reference of each query.

    Args:
        queries: Vectors, float32 (n, d).
        references: Vectors, float32 (m, d), of at least two subjects.
        owner: To whom each reference belongs, shape (m,).
        apart: To whom each query belongs, (n,): it is not compared with references of the same
            subject. None: with all.

    Example:
        >>> x = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
        >>> near = find_nearest(np.array([[0.9]], dtype=np.float32), x, np.arange(3))
        >>> int(near.positions[0]), near.ratios.round(2).tolist()
        (1, [0.11])
    """
    own = _SubjectIndex.from_owners(owner)
    norms = (references**2).sum(axis=1)

    def search(rows: slice) -> tuple[np.ndarray, ...]:
        far = norms - 2 * (queries[rows] @ references.T)
        if apart is not None:
            own.mask_subject(far, apart[rows])
        nearest = far.argmin(axis=1)
        own.mask_subject(far, owner[nearest])
        other = far.argmin(axis=1)
        first, second = (
            _compute_exact_distance(queries[rows], references[found]) for found in (nearest, other)
        )
        return nearest, np.minimum(first, second), np.maximum(first, second)

    return NearestNeighbors(
        *(
            np.concatenate(part)
            for part in zip(*_search_in_blocks(search, queries, references), strict=True)
        )
    )


def compute_nearest_distance(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    """The distance of each query to its nearest reference, shape (n,)."""
    norms = (references**2).sum(axis=1)

    def search(rows: slice) -> np.ndarray:
        nearest = (norms - 2 * (queries[rows] @ references.T)).argmin(axis=1)
        return _compute_exact_distance(queries[rows], references[nearest])

    return np.concatenate([np.zeros(0), *_search_in_blocks(search, queries, references)])


def refine_candidates(
    likeness: np.ndarray, owner: np.ndarray, count: int, compare: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The parts of `NearestNeighbors` from a coarse search and an exact comparison of its best candidates.

    Distances are √(1 − |r|).

    Args:
        likeness: Of queries and references, (n, m); below 0 where they must not be compared.
        owner: To whom each reference belongs, shape (m,).
        count: How many candidates are compared; as many again of others than the best one's subject.
        compare: From positions of references, (n, candidates), to correlations r of the same shape.
    """
    first = _find_best_candidates(likeness, count)
    same = owner[first[:, :1]] == owner
    found = np.concatenate([first, _find_best_candidates(np.where(same, -1.0, likeness), count)], axis=1)
    r = np.array(compare(found))
    r[np.take_along_axis(likeness, found, axis=1) < 0] = 0.0
    rows, nearest = np.arange(len(found)), r.argmax(axis=1)
    place = found[rows, nearest]
    other = np.where(owner[found] == owner[place][:, None], 0.0, r).max(axis=1)
    return place, _compute_correlation_distance(r[rows, nearest]), _compute_correlation_distance(other)


def _compute_correlation_distance(r: np.ndarray) -> np.ndarray:
    return np.where(1 - r > CORRELATION_TOLERANCE, np.sqrt(np.maximum(1 - r, 0)), 0.0)


def _find_best_candidates(likeness: np.ndarray, count: int) -> np.ndarray:
    """The references that are most alike, best first, (n, count)."""
    count = min(count, likeness.shape[1])
    found = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(likeness, found, axis=1), axis=1)
    return np.take_along_axis(found, order, axis=1)


def _search_in_blocks(search: Callable[[slice], T], queries: np.ndarray, references: np.ndarray) -> list[T]:
    """What `search` finds for each block of queries, on all cores."""
    step = max(1, MAX_CELLS // max(len(references), 1))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(search, [slice(i, i + step) for i in range(0, len(queries), step)]))


class _SubjectIndex(NamedTuple):
    """The references of each subject: positions `order`, whose subjects `owner` rise."""

    order: np.ndarray
    owner: np.ndarray

    @classmethod
    def from_owners(cls, owner: np.ndarray) -> _SubjectIndex:
        order = np.argsort(owner, kind="stable")
        return cls(order, owner[order])

    def mask_subject(self, far: np.ndarray, subject: np.ndarray) -> None:
        """Put the references of one subject for each row of a distance matrix out of reach."""
        low, high = (np.searchsorted(self.owner, subject, side) for side in ("left", "right"))
        rows = np.repeat(np.arange(len(far)), high - low)
        place = np.arange(len(rows)) - np.repeat(np.cumsum(high - low) - high, high - low)
        far[rows, self.order[place]] = np.inf


def _compute_exact_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances of pairs from their differences: those from a matrix product round at 1e-3."""
    return np.sqrt(((a.astype(float) - b) ** 2).sum(axis=1))


def rank_columns(x: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
    """Each column that is more than two-valued as ranks of unit deviation, shape (n, d).

    What keeps the order of values (a shift, another unit, a logarithm) does not change them.

    Args:
        x: Numbers (n, d).
        rng: Puts each value somewhere between its neighbours' ranks, so that two equally large sets of
            strangers do not meet on one lattice; None: into the middle.
    """
    found = np.array(x, dtype=np.float32)
    for j in range(x.shape[1]):
        values, place = np.unique(x[:, j], return_inverse=True)
        if len(values) > 2:  # noqa: PLR2004 - a flag stays as it is
            inside = 0.5 if rng is None else rng.random(len(values))[place]
            found[:, j] = (rankdata(x[:, j]) - inside) / len(x) * np.sqrt(12)
    return found


def assess_near_matches(spaces: Sequence[tuple[NearestNeighbors, np.ndarray, float]]) -> tuple[float, int]:
    """How probable so many near matches are, and how many are more than chance explains.

    A near match is far closer to one reference than to that of any other subject: so much closer that
    only 1 in 100, 1,000 or 10,000 never-seen real records is, whichever shows most.

    Args:
        spaces: For each way to compare records: the neighbours of the candidates, the ratios of real
            records (n,), and how probable it is that a stranger equals some reference.

    Returns:
        The probability, adjusted for the number of looks, and the excess; 0 where chance explains all.
    """
    chance, excess, _ = _find_clearest_level(spaces)
    return chance, excess


def find_near_matches(spaces: Sequence[tuple[NearestNeighbors, np.ndarray, float]]) -> list[np.ndarray]:
    """Which candidates are the near matches that `assess_near_matches` counts, bool (m,) for each space.

    None, where chance explains all.
    """
    _, excess, (place, level) = _find_clearest_level(spaces)
    return [
        (near.ratios <= compute_match_limit(real, level)) & (excess > 0) & (place == i)
        for i, (near, real, _) in enumerate(spaces)
    ]


def _find_clearest_level(
    spaces: Sequence[tuple[NearestNeighbors, np.ndarray, float]],
) -> tuple[float, int, tuple[int, float]]:
    """The look that shows most: its adjusted probability, the excess, the space and the level."""
    looks = [
        (*_assess_level(near, real, expected, level), (i, level))
        for i, (near, real, expected) in enumerate(spaces)
        for level in MATCH_LEVELS
    ]
    chance, excess, where = min(looks, key=lambda look: (look[0], -look[1]))
    chance = min(1.0, chance * len(looks))
    return chance, excess if chance <= 1 - CONFIDENCE_LEVEL else 0, where


def compute_match_limit(real: np.ndarray, level: float) -> float:
    """The ratio below which a share `level` of never-seen records lies, those at 0 left out.

    The tail of ratio ** d is uniform: d from the lowest tenth by Hill's estimator, at the
    cautious end of its interval.
    """
    positive = np.sort(real[real > 0])
    k = min(max(10, int(TAIL_SHARE * len(real))), len(positive) - 1)
    if k < 2 or positive[k] <= 0:  # noqa: PLR2004 - no tail
        return 0.0
    inverse = float(np.mean(np.log(positive[k] / positive[:k])))
    d = (1 - CONFIDENCE_Z / np.sqrt(k)) / max(inverse, 1e-9)
    return float(positive[k] * min(1.0, level * len(real) / k) ** (1 / d))


def _assess_level(
    near: NearestNeighbors, real: np.ndarray, expected: float, level: float
) -> tuple[float, int]:
    """How probable so many distinct references with a near match are, and how many are too many.

    Distinct ones: repeats of one candidate are no further evidence.
    """
    m, zero = len(near.positions), int(np.sum(real == 0))
    near_match = near.ratios <= compute_match_limit(real, level)
    hits, distinct = int(near_match.sum()), len(np.unique(near.positions[near_match]))
    if not hits:
        return 1.0, 0
    law = (
        betabinom(m, zero + len(real) * level + 1, len(real))
        if zero
        else binom(m, min(1.0, level + expected))
    )
    return float(law.sf(distinct - 1)), max(hits - int(law.ppf(CONFIDENCE_LEVEL)), 0)
