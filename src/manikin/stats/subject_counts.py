"""People: who is counted where one person has several records.

A value in five records of one patient is not shared by five. Whatever asks how many have a value in
common counts subjects, and these are the few lines by which it does.
"""

from __future__ import annotations

import numpy as np

MIN_CELL_SIZE = 5
"""People who must have something in common before a model or a page says it."""


def index_subjects(subject: np.ndarray) -> np.ndarray | None:
    """To whom each record belongs as codes from 0, (n,); None: each record is another person's.

    Example:
        >>> index_subjects(np.array([7, 9, 7])), index_subjects(np.array([7, 9]))
        (array([0, 1, 0]), None)
    """
    known, codes = np.unique(subject, return_inverse=True)
    return codes if len(known) < len(subject) else None


def count_distinct_subjects(groups: np.ndarray, who: np.ndarray | None, size: int) -> np.ndarray:
    """How many people are in each of `size` groups (size,); records of group -1 are in none.

    Args:
        groups: The group of each record, (n,).
        who: To whom it belongs, codes from 0, (n,); None: each to another.
        size: How many groups there are.

    Example:
        >>> count_distinct_subjects(np.array([0, 0, 1, 1, -1]), np.array([0, 0, 0, 1, 1]), 3).tolist()
        [1, 2, 0]
    """
    inside = groups >= 0
    if who is not None:
        width = int(who.max(initial=0)) + 1
        pairs = np.unique(groups[inside].astype(np.int64) * width + who[inside])
        return np.bincount(pairs // width, minlength=size)
    return np.bincount(groups[inside].astype(np.int64), minlength=size)


def count_sharing_subjects(values: np.ndarray, who: np.ndarray | None) -> np.ndarray:
    """How many people have the value of each record, (n,); nobody has a missing one.

    Example:
        >>> count_sharing_subjects(np.array([2.0, 2.0, 3.0, np.nan]), np.array([0, 0, 1, 1])).tolist()
        [1, 1, 1, 0]
    """
    seen = ~np.isnan(values)
    found = np.zeros(len(values), dtype=int)
    _, codes = np.unique(values[seen], return_inverse=True)
    groups = np.full(len(values), -1)
    groups[seen] = codes
    found[seen] = count_distinct_subjects(groups, who, int(codes.max(initial=-1)) + 1)[codes]
    return found
