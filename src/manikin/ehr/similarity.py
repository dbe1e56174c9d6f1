"""Which histories are alike: by the codes they share, whatever their order and their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.stats.nearest_neighbors import Near

if TYPE_CHECKING:
    from manikin.ehr.cooccurrence import Sparse

BLOCK = 256
"""Queries compared with all references at once."""

MOST = 8
"""Above so many visits a code counts no more."""


def nearest(queries: Sparse, references: Sparse, owner: np.ndarray, apart: np.ndarray | None) -> Near:
    """The nearest reference by weighted Jaccard distance, and the next one of another subject.

    Args:
        queries: How often each code is counted, (n, codes); above 8 as 8.
        references: The same, (m, codes), of at least two subjects.
        owner: To whom each reference belongs, (m,).
        apart: To whom each query belongs, (n,): it is not compared with the same; None: with all.
    """
    parts = []
    queries, references = queries.minimum(MOST), references.minimum(MOST)
    size = np.asarray(references.sum(axis=1)).ravel()
    for start in range(0, queries.shape[0], BLOCK):
        block = queries[start : start + BLOCK]
        shared = _shared(block, references)
        union = np.asarray(block.sum(axis=1)) + size - shared
        far = 1.0 - shared / np.maximum(union, 1.0)
        if apart is not None:
            far[apart[start : start + BLOCK, None] == owner] = np.inf
        nearest = far.argmin(axis=1)
        first = far.min(axis=1)
        far[owner[nearest][:, None] == owner] = np.inf
        parts.append((nearest, first, far.min(axis=1)))
    return Near(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _shared(a: Sparse, b: Sparse) -> np.ndarray:
    """The sum of the smaller counts of each pair of rows: over thresholds, products of 0 and 1."""
    out = np.zeros((a.shape[0], b.shape[0]))
    for least in range(1, 1 + int(min(a.max(), b.max()))):
        out += ((a >= least).astype(np.float32) @ (b >= least).astype(np.float32).T).toarray()
    return out
