"""Which histories are alike: by the codes they share, whatever their order and their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.stats.nearest_neighbors import NearestNeighbors

if TYPE_CHECKING:
    from manikin.ehr.cooccurrence import SparseMatrix

BLOCK_SIZE = 256
"""Queries compared with all references at once."""

MAX_QUERIES, MAX_SEARCHED = 2_000, 4_000
"""Real and synthetic patients that are compared."""

MAX_VISIT_COUNT = 8
"""Above so many visits a code counts no more."""


def find_nearest(
    queries: SparseMatrix, references: SparseMatrix, owner: np.ndarray, apart: np.ndarray | None
) -> NearestNeighbors:
    """The nearest reference by weighted Jaccard distance, and the next one of another subject.

    Args:
        queries: How often each code is counted, (n, codes); above 8 as 8.
        references: The same, (m, codes), of at least two subjects.
        owner: To whom each reference belongs, (m,).
        apart: To whom each query belongs, (n,): it is not compared with the same; None: with all.
    """
    parts = []
    queries, references = queries.minimum(MAX_VISIT_COUNT), references.minimum(MAX_VISIT_COUNT)
    size = np.asarray(references.sum(axis=1)).ravel()
    for start in range(0, queries.shape[0], BLOCK_SIZE):
        block = queries[start : start + BLOCK_SIZE]
        shared = _sum_shared_counts(block, references)
        union = np.asarray(block.sum(axis=1)) + size - shared
        far = 1.0 - shared / np.maximum(union, 1.0)
        if apart is not None:
            far[apart[start : start + BLOCK_SIZE, None] == owner] = np.inf
        nearest = far.argmin(axis=1)
        first = far.min(axis=1)
        far[owner[nearest][:, None] == owner] = np.inf
        parts.append((nearest, first, far.min(axis=1)))
    return NearestNeighbors(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def compare_patients(
    train: SparseMatrix,
    holdout: SparseMatrix,
    synthetic: SparseMatrix,
    owner: np.ndarray,
    rng: np.random.Generator,
) -> tuple[NearestNeighbors, np.ndarray]:
    """Synthetic patients beside training, and the ratios of distances of real ones.

    Args:
        train: How often each code is counted, (n, codes).
        holdout: The same of held-out patients.
        synthetic: The same of synthetic ones.
        owner: To whom each training record belongs, (n,).
        rng: Draws those that are compared, where there are many.
    """
    some, held = (rng.permutation(x.shape[0])[:MAX_QUERIES] for x in (train, holdout))
    new = rng.permutation(synthetic.shape[0])[:MAX_SEARCHED]
    own = find_nearest(train[some], train, owner, owner[some])
    other = find_nearest(holdout[held], train, owner, None)
    return find_nearest(synthetic[new], train, owner, None), np.concatenate([own.ratios, other.ratios])


def _sum_shared_counts(a: SparseMatrix, b: SparseMatrix) -> np.ndarray:
    """The sum of the smaller counts of each pair of rows: over thresholds, products of 0 and 1."""
    out = np.zeros((a.shape[0], b.shape[0]))
    for least in range(1, 1 + int(min(a.max(), b.max()))):
        out += ((a >= least).astype(np.float32) @ (b >= least).astype(np.float32).T).toarray()
    return out
