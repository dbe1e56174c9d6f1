"""Balls around records that reach to their k-th nearest neighbour, and what they hold of another sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK_SIZE = 1024  # rows of a distance matrix in memory at once
TIE_TOLERANCE = 1e-4  # squared distances this close are equal: float32 rounds


@dataclass(frozen=True)
class KnnBalls:
    """What the k-nearest-neighbour balls of one side hold of the other.

    Args:
        is_covered: Real records (n,) with a candidate in their ball.
        is_recalled: Real records (n,) in the ball of a candidate.
        ball_counts: For each candidate (m,), in how many real records' balls it lies.
    """

    is_covered: np.ndarray
    is_recalled: np.ndarray
    ball_counts: np.ndarray

    @classmethod
    def from_samples(
        cls, real: np.ndarray, candidate: np.ndarray, real_radii: np.ndarray, candidate_radii: np.ndarray
    ) -> KnnBalls:
        """Compare each real record with each candidate, in blocks.

        Args:
            real: Vectors (n, d).
            candidate: Vectors (m, d).
            real_radii: Squared radii of the balls of real records, (n,); see `compute_knn_radii`.
            candidate_radii: Those of candidates, (m,).
        """
        covered, recalled, holding = [], [], np.zeros(len(candidate), dtype=int)
        for start in range(0, len(real), BLOCK_SIZE):
            rows = slice(start, start + BLOCK_SIZE)
            far = compute_squared_distances(real[rows], candidate)
            inside = far <= real_radii[rows, None] + TIE_TOLERANCE
            covered.append(inside.any(axis=1))
            recalled.append((far <= candidate_radii + TIE_TOLERANCE).any(axis=1))
            holding += inside.sum(axis=0)
        return cls(np.concatenate(covered), np.concatenate(recalled), holding)


def compute_knn_radii(x: np.ndarray, k: int) -> np.ndarray:
    """The squared distance of each record to its k-th neighbour in the same sample, shape (n,).

    Example:
        >>> compute_knn_radii(np.array([[0.0], [1.0], [3.0]]), 1)
        array([1., 1., 4.])
    """
    parts = [
        np.partition(compute_squared_distances(x[start : start + BLOCK_SIZE], x), k, axis=1)[:, k]
        for start in range(0, len(x), BLOCK_SIZE)
    ]
    return np.concatenate(parts)


def compute_squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, m), of the type of the vectors, from one matrix product."""
    far = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.maximum(far, 0, out=far)
