"""Ties: which quantities often equal one another, and which never exceed one another.

Two times of one patient are equal where nothing came between them (death before discharge ends
follow-up and stay alike), and one never exceeds the other. Neither fact is in a correlation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MIN_EQUAL_SHARE = 0.05
"""Of the records, at least so many are equal, and so much of Cohen's kappa is left."""
MIN_CROSSED_SHARE = 0.02
"""Of independent values, at least so many would break an order that is worth keeping."""
MIN_RECORDS = 20
"""Records that must be equal, or that independent values would have out of order."""
SCREENING_RECORDS = 2000
"""Records on which pairs are sorted out before they are looked at closely."""


class ColumnRelations(NamedTuple):
    """What holds between k quantities.

    Args:
        equal_share: The share of records in which they are equal for no chance reason, else 0; (k, k).
        is_below: Whether the first never exceeds the second, and this is no chance; (k, k).
    """

    equal_share: np.ndarray
    is_below: np.ndarray

    @property
    def is_related(self) -> np.ndarray:
        """Whether either holds, (k, k), symmetric."""
        return (self.equal_share > 0) | self.is_below | self.is_below.T


def find_relations(x: np.ndarray) -> ColumnRelations:
    """What holds between the columns of `x` (n, k), where NaN is missing.

    Equality counts beyond what the two distributions give by chance, and beyond the value that
    they most often share: two counts that are mostly zero are not tied.

    Example:
        >>> a = np.arange(100.0) * 37 % 101
        >>> b = np.where(np.arange(100) % 2, a, a / 2)
        >>> found = find_relations(np.column_stack([a, b]))
        >>> float(found.equal_share[0, 1]), found.is_below.tolist()
        (0.51, [[False, False], [True, False]])
    """
    k = x.shape[1]
    found = ColumnRelations(np.zeros((k, k)), np.zeros((k, k), dtype=bool))
    some = x[:: max(1, len(x) // SCREENING_RECORDS)]
    for i in range(k):
        close = (some[:, i, None] == some).mean(axis=0) > MIN_EQUAL_SHARE / 2
        never = np.logical_not((some[:, i, None] > some).any(axis=0))
        for j in np.flatnonzero((np.arange(k) != i) & (close | never)):
            seen = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            found.is_below[i, j] = never[j] and _is_never_above(x[seen, i], x[seen, j])
            if i < j and close[j]:
                found.equal_share[i, j] = found.equal_share[j, i] = (
                    _compute_equal_share(x[seen, i], x[seen, j]) * seen.mean()
                )
    return found


def _compute_equal_share(a: np.ndarray, b: np.ndarray) -> float:
    """The share of equal values if it is more than chance."""
    same = a == b
    if same.sum() < MIN_RECORDS:
        return 0.0
    values, counts = np.unique(a[same], return_counts=True)
    rest = ~same | (a != values[counts.argmax()])
    left = same[rest].sum()
    if left < max(MIN_RECORDS, MIN_EQUAL_SHARE * len(a)):
        return 0.0
    known, code = np.unique(np.concatenate([a[rest], b[rest]]), return_inverse=True)
    first, second = (np.bincount(part, minlength=len(known)) for part in np.split(code, 2))
    n = rest.sum()
    chance = float(first / n @ (second / n))
    kappa = (left / n - chance) / (1 - chance) if chance < 1 else 0.0
    return float(same.mean()) if kappa >= MIN_EQUAL_SHARE else 0.0


def _is_never_above(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether no value exceeds the other although independent values would."""
    if len(a) < MIN_RECORDS or (a > b).any():
        return False
    crossed = np.searchsorted(np.sort(b), a, side="left").mean() / len(b)
    return bool(crossed >= max(MIN_CROSSED_SHARE, MIN_RECORDS / len(a)))
