"""Marginals: how far the values of each field lie from those of another sample, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUANTILE_LEVELS = (np.arange(256) + 0.5) / 256  # the levels at which two quantile functions are compared


@dataclass(frozen=True, eq=False)
class MarginalScale:
    """On which scale each field of a table is compared.

    Args:
        level_counts: How many levels each field has, one for all unknown ones among them; 0: a quantity.
        centre: The median of each quantity, (quantities,).
        spread: A robust deviation of each, never zero.
    """

    level_counts: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, table: np.ndarray, levels: Sequence[Sequence[str] | None]) -> MarginalScale:
        """Learn the scale of real records.

        Args:
            table: Quantities and codes of levels, (n, p), NaN where missing.
            levels: The levels of each field; None: a quantity.
        """
        counts = np.array([0 if known is None else len(known) + 1 for known in levels], dtype=int)
        return cls(counts, *_fit_robust_scale(table[:, counts == 0]))

    def compute_distances(self, real: np.ndarray, candidate: np.ndarray) -> np.ndarray:
        """How far each field's values lie from the real ones, shape (p,); missing values are left out.

        Quantities: the Wasserstein-1 distance on the scale asinh of robust deviations, so that no
        outlier decides. Categories: the total variation of the levels.

        Args:
            real: A table (n, p).
            candidate: Another one (m, p).
        """
        numbers = self.level_counts == 0
        far = np.zeros(len(numbers))
        curves = [
            np.arcsinh((_compute_quantiles(table[:, numbers]) - self.centre) / self.spread)
            for table in (real, candidate)
        ]
        far[numbers] = np.abs(curves[0] - curves[1]).mean(axis=0)
        far[~numbers] = self.compute_level_differences(real, candidate, np.sum) / 2
        return far

    def compute_shape_distances(self, real: np.ndarray, candidate: np.ndarray) -> np.ndarray:
        """The largest difference of the distributions of each field, shape (p,).

        Quantities: the Kolmogorov-Smirnov statistic. Categories: the largest difference in the share
        of one level. By chance alone both vary alike in every field, so that a maximum can be told.
        """
        numbers = self.level_counts == 0
        far = np.zeros(len(numbers))
        for j in np.flatnonzero(numbers):
            far[j] = compute_ks_statistic(*(_drop_missing(table[:, j]) for table in (real, candidate)))
        far[~numbers] = self.compute_level_differences(real, candidate, np.max)
        return far

    def compute_level_differences(
        self, real: np.ndarray, candidate: np.ndarray, combine: Callable[[np.ndarray], float]
    ) -> np.ndarray:
        """The differences in the share of each level, combined for each category, (categories,)."""
        far = []
        for j in np.flatnonzero(self.level_counts):
            size = int(self.level_counts[j])
            a, b = (_compute_shares(table[:, j], size) for table in (real, candidate))
            far.append(combine(np.abs(a - b)))
        return np.array(far)


def compute_ks_statistic(a: np.ndarray, b: np.ndarray) -> float:
    """The two-sample statistic of Kolmogorov and Smirnov, 0 to 1.

    1 where only one side has values, 0 where none has. (SciPy computes a probability with it, which takes
    ten times as long.)

    Args:
        a: Values (n,), none of them NaN.
        b: Values (m,).

    Example:
        >>> compute_ks_statistic(np.array([1, 2, 3, 4]), np.array([3, 4, 5, 6]))
        0.5
    """
    if not len(a) or not len(b):
        return float(len(a) != len(b))
    points = np.concatenate([a, b])
    steps = [np.searchsorted(np.sort(side), points, side="right") / len(side) for side in (a, b)]
    return float(np.abs(steps[0] - steps[1]).max())


def _drop_missing(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _compute_shares(codes: np.ndarray, size: int) -> np.ndarray:
    counts = np.bincount(codes[~np.isnan(codes)].astype(int), minlength=size)
    return counts / max(counts.sum(), 1)


def _compute_quantiles(values: np.ndarray) -> np.ndarray:
    """The quantile function of each column at `QUANTILE_LEVELS`, shape (256, p); no values: 0."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = (~np.isnan(ordered)).sum(axis=0)
    place = np.clip(QUANTILE_LEVELS[:, None] * count - 0.5, 0, np.maximum(count - 1, 0))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(ordered, rows, axis=0) for rows in (low, high))
    return np.where(count > 0, below + (place - low) * (above - below), 0.0)


def _fit_robust_scale(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The median and a robust deviation of each column, shapes (p,)."""
    if not values.size:
        return np.zeros(values.shape[1]), np.ones(values.shape[1])
    low, centre, high = _compute_quantiles(values)[[64, 128, 192]]
    spread = np.nan_to_num(np.nanstd(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0))
    scale = np.where(high > low, (high - low) / 1.349, spread)
    return centre, np.where(scale > 0, scale, 1.0)
