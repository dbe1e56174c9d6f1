"""Draws: what one metric gave in the repeats, and what follows from it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from manikin.contracts.metric import ExactResult, Metric

MIN_SEPARATION = 3.0  # null standard deviations between floor and ceiling
MIN_REPEATS = 8  # repeats in which a metric must have been measured
ROUNDING_TOLERANCE = 1e-12  # differences below are rounding


@dataclass(frozen=True)
class Repeats:
    """What one metric (or a part of it) gave in the repeats.

    Args:
        name: The name of the score.
        metric: The metric.
        value: Of synthetic records, shape (repeats,); repeats 0 and 1, 2 and 3, ... are pairs in
            which the two halves of the records change their parts.
        fresh: Of fresh real records in the same repeats, shape (repeats,).
        floor: Of the bad generator, shape (fewer,).
        reason: Why it could not be measured; "": it could.
        exact: The exact test of all records, where the metric brings one: `value` is then one
            number and `fresh` its null distribution.
    """

    name: str
    metric: Metric
    value: np.ndarray
    fresh: np.ndarray
    floor: np.ndarray
    reason: str = ""
    exact: ExactResult | None = None

    @property
    def is_measured(self) -> bool:
        """Whether there are repeats enough to speak of."""
        enough = len(self.value) >= (MIN_REPEATS if self.exact is None else 1)
        return not self.reason and enough and len(self.floor) > 0

    @property
    def span(self) -> float:
        """From the floor to the ceiling, positive where the ceiling is better."""
        gap = float(np.mean(self.fresh) - np.mean(self.floor))
        return gap if self.metric.better == "high" else -gap

    @property
    def has_separate_floor(self) -> bool:
        """Whether floor and ceiling can be told apart."""
        return self.span > max(MIN_SEPARATION * float(np.std(self.fresh, ddof=1)), ROUNDING_TOLERANCE)

    @property
    def deficit(self) -> np.ndarray:
        """How much worse than fresh records, repeat by repeat; positive is worse."""
        gap = self.fresh - self.value
        return gap if self.metric.better == "high" else -gap

    @property
    def deficit_error(self) -> float:
        """The standard error of the mean loss."""
        return compute_standard_error(self.deficit)

    @property
    def p_value(self) -> float:
        """The probability that fresh real records would lose as much, one-sided."""
        if self.exact is not None:
            return self.exact.p_value
        loss = float(np.mean(self.deficit))
        if self.deficit_error <= ROUNDING_TOLERANCE:
            return 0.0 if loss > ROUNDING_TOLERANCE else 1.0
        return float(student.sf(loss / self.deficit_error, len(self.deficit) // 2 - 1))

    @property
    def calibrated(self) -> float:
        """0: as bad as the floor; 1: as good as fresh real records; it may exceed 1."""
        return 1 - float(np.mean(self.deficit)) / self.span

    @property
    def calibrated_worst(self) -> float:
        """The calibrated score at the unfavourable end of its 95 % interval."""
        if self.exact is not None:
            low, high = self.interval
            end = np.mean(self.fresh) - low if self.metric.better == "high" else high - np.mean(self.fresh)
            return 1 - float(end) / self.span
        reach = float(student.ppf(0.975, len(self.deficit) // 2 - 1)) * self.deficit_error
        return 1 - (float(np.mean(self.deficit)) + reach) / self.span

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the value; a share (all draws within 0 to 1) stays one."""
        if self.exact is not None:
            return self.exact.low, self.exact.high
        middle, spread = float(np.mean(self.value)), compute_standard_error(self.value)
        reach = float(student.ppf(0.975, len(self.value) // 2 - 1)) * spread
        seen = np.concatenate([self.value, self.fresh, self.floor])
        low = max(middle - reach, 0.0) if seen.min() >= 0 else middle - reach
        high = min(middle + reach, 1.0) if seen.min() >= 0 and seen.max() <= 1 else middle + reach
        return low, high

    @property
    def percentile(self) -> float:
        """The share of the null distribution that is better than the value; ties count half."""
        gap = self.fresh - np.mean(self.value)
        better = gap if self.metric.better == "high" else -gap
        return float(np.mean(better > ROUNDING_TOLERANCE) + np.mean(np.abs(gap) <= ROUNDING_TOLERANCE) / 2)

    @property
    def null_interval(self) -> tuple[float, float]:
        """The middle 95 % of the null distribution."""
        low, high = np.quantile(self.fresh, (0.025, 0.975))
        return float(low), float(high)


def compute_standard_error(values: np.ndarray) -> float:
    """The standard error of the mean over pairs of complementary halves.

    What a half of the records adds by itself (the linear part of the statistic: Hoeffding 1948)
    has opposite signs in the two of a pair, and its variance over halves is that of the full
    sample around the truth: the delete-half jackknife of Shao and Wu 1989. What only the
    combination of records adds varies alike in sum and difference; of its variance the full sample
    keeps a third, for it falls with the square of the size and a half is drawn from it. The
    estimate never falls below half of the plain standard deviation of the repeats.

    Args:
        values: Repeats, shape (2 * pairs,).

    Example:
        >>> linear = np.array([1.0, -1, 1, -1, -1, 1])  # nothing averages out
        >>> round(compute_standard_error(linear), 3)
        1.0
        >>> round(compute_standard_error(np.tile([1.0, 1, -1, -1], 20)), 3)  # not at all linear
        0.842
    """
    pairs = values.reshape(-1, 2)
    swing = float(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2)) / 4
    level = float(np.var(pairs.mean(axis=1), ddof=1))
    linear, rest = max(swing - level, 0.0), 2 * level
    full = linear + rest * (1 / 3 + 1 / len(values))
    return float(np.sqrt(max(full, (swing + level) / 4)))
