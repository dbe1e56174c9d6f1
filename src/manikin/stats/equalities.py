"""Ties: which quantities often equal one another, and which never exceed one another.

Two times of one patient are equal where nothing came between them (death before discharge ends
follow-up and stay alike), and one never exceeds the other. Neither fact is in a correlation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SHARE = 0.05
"""Of the records, at least so many are equal, and so much of Cohen's kappa is left."""
CROSSED = 0.02
"""Of independent values, at least so many would break an order that is worth keeping."""
ROWS = 20
"""Records that must be equal, or that independent values would have out of order."""
GLANCE = 2000
"""Records on which pairs are sorted out before they are looked at closely."""


class Ties(NamedTuple):
    """What holds between k quantities.

    Args:
        equal: The share of records in which they are equal for no chance reason, else 0; (k, k).
        below: Whether the first never exceeds the second, and this is no chance; (k, k).
    """

    equal: np.ndarray
    below: np.ndarray

    @property
    def joined(self) -> np.ndarray:
        """Whether either holds, (k, k), symmetric."""
        return (self.equal > 0) | self.below | self.below.T


def ties(x: np.ndarray) -> Ties:
    """What holds between the columns of `x` (n, k), where NaN is missing.

    Equality counts beyond what the two distributions give by chance, and beyond the value that
    they most often share: two counts that are mostly zero are not tied.

    Example:
        >>> a = np.arange(100.0) * 37 % 101
        >>> b = np.where(np.arange(100) % 2, a, a / 2)
        >>> found = ties(np.column_stack([a, b]))
        >>> float(found.equal[0, 1]), found.below.tolist()
        (0.51, [[False, False], [True, False]])
    """
    k = x.shape[1]
    found = Ties(np.zeros((k, k)), np.zeros((k, k), dtype=bool))
    some = x[:: max(1, len(x) // GLANCE)]
    for i in range(k):
        close = (some[:, i, None] == some).mean(axis=0) > SHARE / 2
        never = np.logical_not((some[:, i, None] > some).any(axis=0))
        for j in np.flatnonzero((np.arange(k) != i) & (close | never)):
            seen = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            found.below[i, j] = never[j] and _never_exceeds(x[seen, i], x[seen, j])
            if i < j and close[j]:
                found.equal[i, j] = found.equal[j, i] = _equal(x[seen, i], x[seen, j]) * seen.mean()
    return found


def _equal(a: np.ndarray, b: np.ndarray) -> float:
    """The share of equal values if it is more than chance."""
    same = a == b
    if same.sum() < ROWS:
        return 0.0
    values, counts = np.unique(a[same], return_counts=True)
    rest = ~same | (a != values[counts.argmax()])
    left = same[rest].sum()
    if left < max(ROWS, SHARE * len(a)):
        return 0.0
    known, code = np.unique(np.concatenate([a[rest], b[rest]]), return_inverse=True)
    first, second = (np.bincount(part, minlength=len(known)) for part in np.split(code, 2))
    n = rest.sum()
    chance = float(first / n @ (second / n))
    kappa = (left / n - chance) / (1 - chance) if chance < 1 else 0.0
    return float(same.mean()) if kappa >= SHARE else 0.0


def _never_exceeds(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether no value exceeds the other although independent values would."""
    if len(a) < ROWS or (a > b).any():
        return False
    crossed = np.searchsorted(np.sort(b), a, side="left").mean() / len(b)
    return bool(crossed >= max(CROSSED, ROWS / len(a)))
