"""Nearest: how far vectors lie from their nearest others, block by block."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

CELLS = 1 << 22  # of a distance matrix in memory at once


class Near(NamedTuple):
    """The nearest neighbour of each query, and how far the next one of another subject is.

    Args:
        place: Position of the nearest reference, shape (n,).
        first: Distance to it, shape (n,).
        second: Distance to the nearest reference of any other subject, shape (n,).
    """

    place: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """First over second distance, 0 to 1 (1 where both are 0), shape (n,).

        Near 0 a query belongs to one reference and to no other. Where records lie evenly in d
        dimensions, ratio ** d is uniform (Lowe 2004, section 7.1, uses the ratio to match).
        """
        return np.where(self.second > 0, self.first / np.where(self.second > 0, self.second, 1.0), 1.0)


def neighbours(
    queries: np.ndarray, references: np.ndarray, owner: np.ndarray, apart: np.ndarray | None = None
) -> Near:
    """The nearest reference of each query.

    Args:
        queries: Vectors, float32 (n, d).
        references: Vectors, float32 (m, d), of at least two subjects.
        owner: To whom each reference belongs, shape (m,).
        apart: To whom each query belongs, (n,): it is not compared with references of the same
            subject. None: with all.

    Example:
        >>> x = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
        >>> near = neighbours(np.array([[0.9]], dtype=np.float32), x, np.arange(3))
        >>> int(near.place[0]), near.ratio.round(2).tolist()
        (1, [0.11])
    """
    own = _Owned.of(owner)
    norms = (references**2).sum(axis=1)

    def search(rows: slice) -> tuple[np.ndarray, ...]:
        far = norms - 2 * (queries[rows] @ references.T)
        if apart is not None:
            own.hide(far, apart[rows])
        nearest = far.argmin(axis=1)
        own.hide(far, owner[nearest])
        other = far.argmin(axis=1)
        first, second = (_exact(queries[rows], references[found]) for found in (nearest, other))
        return nearest, np.minimum(first, second), np.maximum(first, second)

    return Near(*(np.concatenate(part) for part in zip(*_blocks(search, queries, references), strict=True)))


def distance(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    """The distance of each query to its nearest reference, shape (n,)."""
    norms = (references**2).sum(axis=1)

    def search(rows: slice) -> np.ndarray:
        nearest = (norms - 2 * (queries[rows] @ references.T)).argmin(axis=1)
        return _exact(queries[rows], references[nearest])

    return np.concatenate([np.zeros(0), *_blocks(search, queries, references)])


def _blocks(search: Callable[[slice], T], queries: np.ndarray, references: np.ndarray) -> list[T]:
    """What `search` finds for each block of queries, on all cores."""
    step = max(1, CELLS // max(len(references), 1))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(search, [slice(i, i + step) for i in range(0, len(queries), step)]))


class _Owned(NamedTuple):
    """The references of each subject: positions `order`, whose subjects `owner` rise."""

    order: np.ndarray
    owner: np.ndarray

    @classmethod
    def of(cls, owner: np.ndarray) -> _Owned:
        order = np.argsort(owner, kind="stable")
        return cls(order, owner[order])

    def hide(self, far: np.ndarray, subject: np.ndarray) -> None:
        """Put the references of one subject for each row of a distance matrix out of reach."""
        low, high = (np.searchsorted(self.owner, subject, side) for side in ("left", "right"))
        rows = np.repeat(np.arange(len(far)), high - low)
        place = np.arange(len(rows)) - np.repeat(np.cumsum(high - low) - high, high - low)
        far[rows, self.order[place]] = np.inf


def _exact(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances of pairs from their differences: those from a matrix product round at 1e-3."""
    return np.sqrt(((a.astype(float) - b) ** 2).sum(axis=1))


def ranks(x: np.ndarray) -> np.ndarray:
    """Each column that is more than two-valued as ranks of unit deviation, shape (n, d).

    What keeps the order of values (a shift, another unit, a logarithm) does not change them.
    """
    from scipy.stats import rankdata

    found = np.array(x, dtype=np.float32)
    for j in range(x.shape[1]):
        if len(np.unique(x[:, j])) > 2:  # noqa: PLR2004 - a flag stays as it is
            found[:, j] = (rankdata(x[:, j]) - 0.5) / len(x) * np.sqrt(12)
    return found
