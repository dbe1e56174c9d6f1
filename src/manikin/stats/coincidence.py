"""Equals: how often two strangers have the same values, from how often they nearly do."""

from __future__ import annotations

import numpy as np

MAX_COMPARED = 1_000  # records whose fields are compared one by one
DEPENDENCE_FACTOR = 3  # times as often as apart, fields may agree together


def estimate_coincidence(table: np.ndarray, rng: np.random.Generator) -> float:
    """How probable it is that a stranger equals some record, from pairs that differ in one field.

    If a field agrees by chance in a share q of pairs, q / (1 - q) pairs agree in all fields for each pair
    that agrees in all others. Fields go together, so three times as many are allowed for; and where no
    pair lies so near, one is taken to, in the field that tells most.

    Args:
        table: Scalar fields, (n, p), NaN where missing.
        rng: Draws a number for each value.

    Example:
        >>> table = np.random.default_rng(0).integers(0, 100, (500, 6)).astype(float)
        >>> estimate_coincidence(table, np.random.default_rng(1)) < 1e-3
        True
    """
    n = len(table)
    codes = [np.unique(column, return_inverse=True)[1] for column in table.T]
    codes = [column for column in codes if column.max(initial=0) > 0]
    if n < 2 or not codes:  # noqa: PLR2004 - a pair
        return 1.0
    keys = [rng.integers(0, 2**63, size=column.max() + 1, dtype=np.uint64)[column] for column in codes]
    whole = np.asarray(np.sum(keys, axis=0, dtype=np.uint64))
    agree = np.array([np.sum((np.bincount(column) / n) ** 2) for column in codes])
    odds = agree / (1 - agree)
    beside = np.array([_count_pairs(whole - key) for key in keys]) - _count_pairs(whole)
    expected = (
        DEPENDENCE_FACTOR * (float(np.max(beside * odds)) + float(odds.min())) / _count_pairs(np.zeros(n))
    )
    return min(1.0, expected * n)


def estimate_agreement(table: np.ndarray, subject: np.ndarray, rng: np.random.Generator) -> float:
    """How probable it is that a stranger agrees with some record in all fields, from the nearest strangers.

    The number of fields in which a record agrees with the most similar one of another subject:
    towards its maximum it becomes rarer by some factor for each field (the most over two fields or
    more, for some fields go together), and that is carried on from the maximum to all p fields.

    Args:
        table: Scalar fields, (n, p), NaN where missing.
        subject: To whom each record belongs, (n,).
        rng: Draws the records that are compared.

    Example:
        >>> table = np.random.default_rng(0).integers(0, 100, (500, 6)).astype(float)
        >>> estimate_agreement(table, np.arange(500), np.random.default_rng(1)) < 1e-3
        True
    """
    n, p = table.shape
    some = rng.permutation(n)[:MAX_COMPARED]
    codes = [np.unique(column, return_inverse=True)[1].astype(np.int32) for column in table.T]
    agree = np.zeros(len(some), dtype=int)
    for place, row in enumerate(some):
        count = np.zeros(n, dtype=np.int16)
        for column in codes:
            count += column == column[row]
        count[subject == subject[row]] = -1
        agree[place] = count.max()
    top, usual = int(agree.max(initial=0)), int(np.median(agree))
    shares = {level: (np.sum(agree >= level) + 1) / (len(agree) + 1) for level in range(usual, top + 1)}
    steps = [(shares[top] / shares[low]) ** (1 / (top - low)) for low in range(usual, top) if top - low > 1]
    last = min(steps, default=shares[top])
    return float(shares[top] * min(last, 1.0) ** max(p - top, 0))


def _count_pairs(values: np.ndarray) -> float:
    """How many pairs of records have the same value."""
    often = np.unique(values, return_counts=True)[1].astype(float)
    return float((often * (often - 1)).sum() / 2)
