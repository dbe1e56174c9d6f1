"""Folds and halves of records in which the records of a subject stay together."""

from __future__ import annotations

import numpy as np


def assign_subject_folds(subject: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each record, 0 to folds - 1, (n,); all hold equally many subjects, give or take one.

    Args:
        subject: To whom each record belongs, (n,), not empty.
        folds: How many folds; 2 gives halves.
        rng: Deals the subjects.

    Example:
        >>> fold = assign_subject_folds(np.array([7, 7, 9, 3]), 3, np.random.default_rng(0))
        >>> bool(fold[0] == fold[1]), sorted(fold[1:].tolist())
        (True, [0, 1, 2])
    """
    _, codes = np.unique(subject, return_inverse=True)
    return (rng.permutation(codes.max() + 1) % folds)[codes]
