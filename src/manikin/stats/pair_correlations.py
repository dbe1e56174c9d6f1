"""Correlations of pairs of fields in two samples, and the pair whose difference chance explains least.

On Fisher's scale (1915), with the largest difference of all pairs against that between halves of real
records (the maximum statistic of Westfall and Young 1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from manikin.stats.permutation import PermutationResult

MIN_SUBJECTS = 10  # real subjects of a level and of all others, on whom a relation rests
MIN_LINK_ERRORS = 3.0  # standard errors from 0, from which two fields are linked in reality
ERROR_WEIGHTS = (0.4, 0.3, 0.3)
"""Of the error, for weaker links with the label, weaker links, any difference."""

UNLABELLED_WEIGHTS = (0.0, 0.5, 0.5)
TINY, MAX_CORRELATION = 1e-9, 0.999  # a sum of squares that is rounding; the largest correlation


@dataclass(frozen=True)
class MatrixColumns:
    """The columns of a matrix: quantities, then levels.

    Args:
        field: The column of a table that each comes from.
        level: The code of the level; NaN for a quantity.
        count: How many real subjects have the level, or have it not, whichever are fewer; of a quantity
            how many have it.
        total: How many real subjects there are.
    """

    field: np.ndarray
    level: np.ndarray
    count: np.ndarray
    total: int

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Every two columns of different fields that ten subjects would have in common by chance."""
        first, second = np.triu_indices(len(self.field), 1)
        common = self.count[first] * self.count[second] / max(self.total, 1)
        asked = (self.field[first] != self.field[second]) & (common >= MIN_SUBJECTS)
        return first[asked], second[asked]


class PairCorrelations(NamedTuple):
    """The correlations of all pairs of columns.

    Args:
        r: Of two columns, (pairs,).
        n: How many records have both, (pairs,).
    """

    r: np.ndarray
    n: np.ndarray

    @property
    def z(self) -> np.ndarray:
        """On the scale on which errors are about even (Fisher 1915), (pairs,)."""
        return np.arctanh(self.r)


class WorstPair(NamedTuple):
    """The pair that is furthest off.

    Args:
        pair: Which of the pairs.
        real: Its correlation in real records.
        synthetic: The same in synthetic ones.
        error: The standard error of the difference.
        chance: How probable a difference as large is, in any pair.
    """

    pair: int
    real: float
    synthetic: float
    error: float
    chance: float


def correlate_pairs(x: np.ndarray, cells: MatrixColumns) -> PairCorrelations:
    """Correlations of all pairs over the records that have both values."""
    seen = (~np.isnan(x)).astype(float)
    a = np.nan_to_num(x - 0.5) * seen
    n = seen.T @ seen
    first = a.T @ seen
    with np.errstate(invalid="ignore", divide="ignore"):
        cross = a.T @ a - first * first.T / n
        square = (a**2).T @ seen - first**2 / n
        r = cross / np.sqrt(square * square.T)
    r = np.clip(
        np.nan_to_num(np.where(np.minimum(square, square.T) > TINY, r, 0.0)),
        -MAX_CORRELATION,
        MAX_CORRELATION,
    )
    return PairCorrelations(r[cells.pairs], n[cells.pairs])


def choose_worst(
    real: PairCorrelations,
    made: PairCorrelations,
    halves: list[tuple[PairCorrelations, PairCorrelations]],
    label: np.ndarray,
) -> WorstPair:
    """The pair that chance explains least.

    Three questions are asked of the synthetic records, and of each pair of halves in turn: is a link with
    the label weaker than in reality, is any link, does any pair differ?

    Args:
        real: Correlations of real records.
        made: Those of synthetic ones.
        halves: Those of two halves of the real records, many times.
        label: Which pairs have the label, bool (pairs,).
    """
    empirical = np.sqrt(
        np.mean([(a.z - b.z) ** 2 * _compute_effective_size(a, b) for a, b in halves], axis=0)
    )
    spread = np.maximum(empirical, 1.0)  # what independent records give at least
    linked = MIN_LINK_ERRORS * spread / np.sqrt(np.maximum(real.n, 1))
    found = _standardize_gaps(real, made, spread, linked, label)
    null = [[row.max() for row in _standardize_gaps(a, b, spread, linked, label)] for a, b in halves]
    weights = ERROR_WEIGHTS if label.any() else UNLABELLED_WEIGHTS
    chances = [
        PermutationResult(float(row.max()), column).p_value / weight if weight and row.max() > 0 else 1.0
        for row, column, weight in zip(found, np.array(null).T, weights, strict=True)
    ]
    question = int(np.argmin(chances))
    k = int(np.argmax(found[question]))
    error = float(spread[k] / np.sqrt(max(_compute_effective_size(real, made)[k], 1)))
    return WorstPair(k, float(real.r[k]), float(made.r[k]), error, min(chances[question], 1.0))


def _standardize_gaps(
    real: PairCorrelations,
    made: PairCorrelations,
    spread: np.ndarray,
    linked: np.ndarray,
    label: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Standardised differences of pairs: weaker links with the label, weaker links, any; 0: not asked."""
    known = np.minimum(real.n, made.n) >= MIN_SUBJECTS
    gap = (real.z - made.z) * np.sqrt(_compute_effective_size(real, made))
    gap = np.divide(gap, spread, out=np.zeros_like(gap), where=known)
    weaker = np.where(np.abs(real.z) > linked, gap * np.sign(real.z), 0.0)
    return np.maximum(weaker * label, 0), np.maximum(weaker, 0), np.abs(gap)


def _compute_effective_size(a: PairCorrelations, b: PairCorrelations) -> np.ndarray:
    """1 / (1 / n + 1 / m) for the records that tell of each pair."""
    return np.divide(a.n * b.n, a.n + b.n, out=np.zeros_like(a.n), where=a.n + b.n > 0)
