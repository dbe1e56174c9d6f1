"""How whole numbers are spread: as those of a quantity are, or as numbers given to persons."""

from __future__ import annotations

import numpy as np

_MIN_SPARSE_RATIO = 100
"""A range so many times the count of distinct values is no scale that a measurement fills."""
_MIN_TIE_RATIO = 5
"""Ties so many times those that the density of values explains are no chance."""
_MIN_WIDE_RANGE, _BOX_DEVIATIONS = 50_000, (0.265, 0.315)
"""The range of random numbers of persons, and their deviation over it, within `_UNIFORM_DEVIATIONS`."""
_MIN_EXPECTED_TIES = 15.0
"""Where so many pairs are expected to agree, none does in one case of three million."""
_MAX_ROUND_SHARE = 0.2
"""A larger share of multiples of 100 comes from rounding."""
_UNIFORM_DEVIATIONS = (0.25, 0.33)
"""Standard deviation over range: 0.289 where uniform, 0.2 and less for normal and skewed values."""


def is_sparse(values: np.ndarray) -> bool:
    """Whether distinct whole numbers, ascending (k,), leave nearly all of their range empty."""
    return len(values) > 1 and bool(float(values[-1]) - float(values[0]) >= _MIN_SPARSE_RATIO * len(values))


def is_rounded(values: np.ndarray, counts: np.ndarray) -> bool:
    """Whether many of the rows hold multiples of 100, as amounts do."""
    return bool(counts[np.mod(values, 100) == 0].sum() > _MAX_ROUND_SHARE * counts.sum())


def is_consecutive(values: np.ndarray) -> bool:
    """Whether distinct whole numbers, ascending (k,), come in runs, as numbers given in turn do.

    Example:
        >>> is_consecutive(np.array([1001, 1002, 1003, 2001, 2002]))
        True
        >>> is_consecutive(np.array([3, 8, 30, 41, 55]))
        False
    """
    return bool((np.diff(values) == 1).mean() >= 0.6) if len(values) > 1 else False  # noqa: PLR2004 - most


def is_uniform(values: np.ndarray) -> bool:
    """Whether distinct whole numbers, ascending (k,), fill their range evenly, as random numbers do.

    The Kolmogorov-Smirnov distance to the uniform distribution at about the 5 % level, and the
    standard deviation, which tells a bell from a box in a few dozen values already.
    """
    k = len(values)
    place = (values - values[0]).astype(float) / max(float(values[-1]) - float(values[0]), 1)
    distance = np.abs(place - (np.arange(k) + 0.5) / k).max()
    return bool(
        distance <= 1.3 / np.sqrt(k) and _UNIFORM_DEVIATIONS[0] <= place.std() <= _UNIFORM_DEVIATIONS[1]
    )


def is_scattered(values: np.ndarray) -> bool:
    """Whether distinct whole numbers, ascending (k,), fill a wide range evenly beyond doubt."""
    wide = float(values[-1]) - float(values[0])
    place = (values - values[0]).astype(float) / max(wide, 1)
    return (
        wide >= _MIN_WIDE_RANGE
        and is_uniform(values)
        and _BOX_DEVIATIONS[0] <= place.std() <= _BOX_DEVIATIONS[1]
    )


def is_repeated(values: np.ndarray, counts: np.ndarray) -> bool:
    """Whether values repeat far beyond what the density of values explains.

    Of a quantity about as many pairs of rows agree as differ by any other small amount.

    Args:
        values: Distinct whole numbers, ascending, (k,).
        counts: In how many rows each stands, (k,).

    Example:
        >>> is_repeated(np.arange(40) ** 2 * 97, np.full(40, 3)), is_repeated(np.arange(40), np.full(40, 3))
        (True, False)
    """
    ties = float((counts * (counts - 1) / 2).sum())
    return ties >= max(8.0, 0.02 * len(values)) and ties > _MIN_TIE_RATIO * (
        _estimate_chance_ties(values, counts) + 1
    )


def is_given_once(values: np.ndarray) -> bool:
    """Whether no value repeats though many would by chance: numbers that are given only once.

    Example:
        >>> is_given_once(np.arange(0, 900, 3)), is_given_once(np.arange(60) ** 3)
        (True, False)
    """
    return len(values) > 1 and _estimate_chance_ties(values, np.ones(len(values))) >= _MIN_EXPECTED_TIES


def _estimate_chance_ties(values: np.ndarray, counts: np.ndarray) -> float:
    """How many pairs of rows would agree by chance: a tenth of those at most ten steps apart."""
    values = values.astype(np.float64)
    step = np.diff(values)
    unit = float(step.min()) if len(step) and (np.mod(step, step.min()) == 0).all() else 1.0
    total = np.append(0, np.cumsum(counts))
    right = np.searchsorted(values, values + 10 * unit, side="right")
    return float((counts * (total[right] - total[1:])).sum()) / 10


def are_dates(values: np.ndarray) -> bool:
    """Whether whole numbers are days written as YYYYMMDD, DDMMYYYY or MMDDYYYY."""
    number = values.astype(np.int64)
    if not len(number) or number.min() < 1_000_000 or number.max() > 99_991_231:  # noqa: PLR2004 - eight digits
        return False
    thirds = (number // 10_000, number // 100 % 100, number % 100)
    first, middle = number // 1_000_000, number // 10_000 % 100
    year = number % 10_000

    def within(part: np.ndarray, low: int, high: int) -> bool:
        return bool(((part >= low) & (part <= high)).all())

    return (within(thirds[0], 1850, 2150) and within(thirds[1], 1, 12) and within(thirds[2], 1, 31)) or (
        within(year, 1850, 2150) and within(first, 1, 31) and within(middle, 1, 31)
    )
