"""Association: how strongly every pair of fields belongs together, whatever their kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

MAX_LEVELS = 24  # of a category; rarer ones are taken together
TINY = 1e-9  # below it a sum of squares is rounding


@dataclass(frozen=True)
class AssociationLayout:
    """Which columns are quantities, and which levels of which categories get a column of their own.

    Args:
        quantities: Columns of a table with quantities.
        categories: Columns with categories.
        kept_levels: For each category the codes of its most frequent levels; the rest is one more.
    """

    quantities: np.ndarray
    categories: np.ndarray
    kept_levels: tuple[np.ndarray, ...]

    @classmethod
    def from_table(cls, table: np.ndarray, is_categorical: np.ndarray) -> AssociationLayout:
        """The layout that records ask for.

        Args:
            table: Quantities and codes of levels, (n, p), NaN where missing.
            is_categorical: Which columns hold levels, bool (p,).
        """
        categories = np.flatnonzero(is_categorical)
        kept = tuple(_find_frequent_levels(table[:, j]) for j in categories)
        return cls(np.flatnonzero(~is_categorical), categories, kept)

    @property
    def block_starts(self) -> np.ndarray:
        """Where each category's block begins among the one-hot columns."""
        return np.cumsum([0, *(len(kept) + 1 for kept in self.kept_levels)])[:-1]

    @property
    def column_order(self) -> np.ndarray:
        """The columns of the table in the order of the matrix of associations."""
        return np.concatenate([self.quantities, self.categories])


def compute_associations(table: np.ndarray, layout: AssociationLayout) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of associations (p, p) in `layout.column_order`, and how many records tell of each pair.

    Two quantities: Spearman's rank correlation, signed. Quantity and category: the correlation
    ratio of the ranks. Two categories: Cramér's V. The latter two are corrected for chance. Of
    a pair, only records with both values count; where a field does not vary, 0.
    """
    ranks, seen = _rank_columns(table[:, layout.quantities])
    linear, pairs = _compute_pearson(ranks, seen)
    if not layout.kept_levels:
        return linear, pairs
    hot = _encode_one_hot(table[:, layout.categories], layout)
    ratio, mixed = _compute_correlation_ratios(ranks, seen, hot, layout.block_starts)
    cramer, both = _compute_cramers_v(hot, layout.block_starts)
    return np.block([[linear, ratio.T], [ratio, cramer]]), np.block([[pairs, mixed.T], [mixed, both]])


def correlate_missingness(table: np.ndarray, layout: AssociationLayout) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of flags "is missing" (p,) with flags, ranks and levels; how much each flag varies."""
    lost = np.isnan(table).astype(float)
    ranks, seen = _rank_columns(table[:, layout.quantities])
    hot = (
        _encode_one_hot(table[:, layout.categories], layout)
        if layout.kept_levels
        else np.zeros((len(table), 0))
    )
    widths = [len(kept) + 1 for kept in layout.kept_levels]
    known = 1 - lost[:, layout.categories].repeat(widths, axis=1) if layout.kept_levels else hot
    values = np.column_stack([lost, ranks, hot])
    matrix, _ = _compute_pearson(values, np.column_stack([np.ones_like(lost), seen, known]))
    p = lost.shape[1]
    owner = np.concatenate([np.arange(p), layout.quantities, layout.categories.repeat(widths)])
    varies = lost.mean(axis=0) * (1 - lost.mean(axis=0))
    telling = (owner != np.arange(p)[:, None]) & (values.std(axis=0) > 0)
    return matrix[:p], varies[:, None] * telling


def _find_frequent_levels(codes: np.ndarray) -> np.ndarray:
    values, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    return np.sort(values[np.argsort(-counts, kind="stable")[:MAX_LEVELS]])


def _rank_columns(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred ranks with 0 where missing, and where a value is seen, both float (n, p)."""
    seen = ~np.isnan(values)
    if not values.size:
        return values, seen.astype(float)
    ranks = np.where(seen, rankdata(values, axis=0, nan_policy="omit"), 0.0)
    middle = ranks.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.where(seen, ranks - middle, 0.0), seen.astype(float)


def _encode_one_hot(codes: np.ndarray, layout: AssociationLayout) -> np.ndarray:
    """One-hot columns of all categories side by side, float (n, sum of widths)."""
    blocks = []
    for j, kept in enumerate(layout.kept_levels):
        hot = codes[:, j, None] == kept
        blocks += [hot, ~np.isnan(codes[:, j, None]) & ~hot.any(axis=1, keepdims=True)]
    return np.column_stack(blocks).astype(float)


def _compute_pearson(ranks: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of every two columns where both are seen (elsewhere 0), and how often that is."""
    n = seen.T @ seen
    first = ranks.T @ seen  # the sum of a over the records that have b
    cross = ranks.T @ ranks - _divide(first * first.T, n)
    square = (ranks**2).T @ seen - _divide(first**2, n)
    return np.clip(_divide(cross, np.sqrt(np.maximum(square * square.T, 0))), -1, 1), n


def _compute_correlation_ratios(
    ranks: np.ndarray, seen: np.ndarray, hot: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Correlation ratios, shape (categories, quantities), adjusted as an R squared is."""
    sums, counts, squares = hot.T @ ranks, hot.T @ seen, hot.T @ ranks**2
    total, n, square = (np.add.reduceat(part, starts) for part in (sums, counts, squares))
    between = np.add.reduceat(_divide(sums**2, counts), starts) - _divide(total**2, n)
    groups = np.add.reduceat((counts > 0).astype(float), starts)
    within = square - _divide(total**2, n) - between
    adjusted = 1 - _divide(within * (n - 1), (square - _divide(total**2, n)) * (n - groups), missing=1.0)
    return np.sqrt(np.clip(adjusted, 0, 1)), n


def _compute_cramers_v(hot: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cramér's V of every pair of categories, from one table of all counts (Bergsma 2013)."""

    def blocks(part: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.add.reduceat(part, starts, axis=0), starts, axis=1)

    counts = hot.T @ hot
    widths = np.diff([*starts, hot.shape[1]])
    rows = np.add.reduceat(counts, starts, axis=1)
    expected = rows.repeat(widths, axis=1) * np.add.reduceat(counts, starts, axis=0).repeat(widths, axis=0)
    n = blocks(counts)
    phi = blocks(_divide(counts**2, expected)) - 1
    levels = np.add.reduceat((rows > 0).astype(float), starts, axis=0)
    k, r = levels, levels.T
    excess = np.maximum(phi - _divide((k - 1) * (r - 1), n - 1), 0)
    size = np.minimum(k - _divide((k - 1) ** 2, n - 1), r - _divide((r - 1) ** 2, n - 1)) - 1
    return np.sqrt(np.clip(_divide(excess, size), 0, 1)), n


def _divide(a: np.ndarray, b: np.ndarray, missing: float = 0.0) -> np.ndarray:
    """`a / b`, and `missing` where nothing can be divided."""
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, missing), where=b > TINY)
