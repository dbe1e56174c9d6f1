"""Patterns of histories: which codes stand together, which come again, as sparse matrices (SciPy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories

SparseMatrix = Any
"""A sparse matrix of SciPy, whose operators type checkers do not know."""


def to_visit_indicators(found: Histories, width: int) -> SparseMatrix:
    """Which codes each visit has, 0 or 1, (visits, width); codes below 0 count as the last.

    Example:
        >>> import pyarrow as pa
        >>> from manikin.cohort.histories import Histories
        >>> found = Histories.from_column(pa.chunked_array([[["a", "b"], ["b"]]]))
        >>> to_visit_indicators(found, 2).toarray().tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """
    code = np.where(found.code < 0, width - 1, found.code)
    shape = (int(found.visit_index.max(initial=-1)) + 1, width)
    ones = np.ones(len(code), np.float32)
    x: Any = sparse.csr_matrix((ones, (found.visit_index, code)), shape=shape)
    x.data[:] = 1.0
    return x


def count_visits_per_code(found: Histories, width: int) -> SparseMatrix:
    """In how many visits each patient has each code, (n, width)."""
    x = to_visit_indicators(found, width)
    ones = np.ones(x.shape[0], np.float32)
    owners: Any = sparse.csr_matrix(
        (ones, (found.visit_patient, np.arange(x.shape[0]))), shape=(len(found), x.shape[0])
    )
    return (owners @ x).tocsr()


def find_consecutive_visits(found: Histories) -> tuple[np.ndarray, np.ndarray]:
    """The visits that another one of the same patient follows, and those that follow, (pairs,) each."""
    first = np.flatnonzero(np.diff(found.visit_patient) == 0)
    return first, first + 1


def compute_persistence(found: Histories, width: int) -> tuple[np.ndarray, np.ndarray]:
    """For each visit that another follows: its patient, and the share of its codes that come again."""
    x = to_visit_indicators(found, width)
    first, second = find_consecutive_visits(found)
    both = np.asarray(x[first].multiply(x[second]).sum(axis=1)).ravel()
    size = np.asarray(x[first].sum(axis=1)).ravel()
    return found.visit_patient[first], both / np.maximum(size, 1)


def compute_cooccurrence(found: Histories, width: int) -> SparseMatrix:
    """In which share of visits two codes stand, (width, width), above the diagonal."""
    x = to_visit_indicators(found, width)
    return sparse.triu(x.T @ x, k=1).tocsr() / max(x.shape[0], 1)


def compute_transitions(found: Histories, width: int) -> SparseMatrix:
    """In which share of pairs of visits one code stands in the first and another (or it) in the second."""
    x = to_visit_indicators(found, width)
    first, second = find_consecutive_visits(found)
    return (x[first].T @ x[second]).tocsr() / max(len(first), 1)


def compute_share_r2(real: SparseMatrix, candidate: SparseMatrix) -> float:
    """R² of the candidate's shares as predictions of the real ones, over all that occur on either side."""
    union = ((real != 0) + (candidate != 0)).tocoo()
    a, b = (np.asarray(m.tocsr()[union.row, union.col]).ravel().astype(float) for m in (real, candidate))
    spread = float(((a - a.mean()) ** 2).sum())
    return 1.0 - float(((a - b) ** 2).sum()) / spread if spread else float("nan")
