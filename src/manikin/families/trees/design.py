"""Columns as trees see them: predictors, targets of the splits, straight trends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from manikin.encoding.spec import Binary, Block, Categorical

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

MISSING_SCORE = -9.0  # where a tree looks for a missing number: below every normal score
MAX_LEVEL_TARGETS = 8  # a category of more levels is projected to so many targets
SHRINKAGE_RECORDS = 10  # records of weight that the overall mean has in the score of a level
TREND_SIZES = (
    1,
    2,
    4,
    8,
    16,
    32,
    64,
)  # of the predictors that a straight line may have, the strongest first
RIDGE = 1e-3  # of a record, the penalty on squared slopes
MAX_KNOTS = 1000  # values that tell the scale of a column well enough
EMPTY_SCALE = np.empty((2, 0), dtype=np.float32)
FLAG_WEIGHT = 2.0  # the weight of being missing, or equal to another column, beside the value


def list_channel_blocks(spec: Spec) -> list[Block]:
    """The block of every channel."""
    return [block for block in spec.blocks for _ in range(block.n)]


def count_levels(block: Block) -> int:
    """How many levels a channel has; 0: it is a number."""
    match block:
        case Categorical():
            return block.levels
        case Binary():
            return 2
        case _:
            return 0


def encode_levels(values: np.ndarray, block: Block) -> tuple[np.ndarray, int]:
    """Levels and how many there are; of a number, whether it is missing (1) or not (0)."""
    levels = count_levels(block)
    return (values.astype(int), levels) if levels else (np.isnan(values).astype(int), 2)


def build_split_target(
    values: np.ndarray, same: np.ndarray, block: Block, rng: np.random.Generator
) -> np.ndarray:
    """What the splits of a column explain: (n, d), least squares on one-hot levels being Gini.

    Of a number its value and whether it is missing or the `same` as another; where it is, its value
    needs no explanation.
    """
    levels = count_levels(block)
    if levels:
        code = (
            np.eye(levels)
            if levels <= MAX_LEVEL_TARGETS
            else rng.standard_normal((levels, MAX_LEVEL_TARGETS))
        )
        return code[values.astype(int)]
    absent = np.isnan(values)
    own = ~absent & ~same
    filled = np.where(absent, 0.0, values)
    if same.any():
        filled[same] = filled[own].mean() if own.any() else 0.0
    flags = [FLAG_WEIGHT * flag for flag in (absent, same) if flag.any()]
    return np.column_stack([filled, *flags])


def score_levels(values: np.ndarray, block: Block, target: np.ndarray) -> np.ndarray:
    """The levels of a predictor on one line: the main axis of the target's means per level.

    For one target this order contains the best split of all (Breiman et al., CART, 1984, 9.4).
    """
    code, levels = encode_levels(values, block)
    held = np.bincount(code, minlength=levels)
    sums = np.stack([np.bincount(code, weights=t, minlength=levels) for t in target.T], axis=1)
    mean = target.mean(axis=0)
    apart = (sums + SHRINKAGE_RECORDS * mean) / (held[:, None] + SHRINKAGE_RECORDS) - mean
    _, axes = np.linalg.eigh(apart.T @ (apart * held[:, None]))
    return (apart @ axes[:, -1]).astype(np.float32)


def build_predictors(
    x: np.ndarray, before: list[int], scores: dict[int, np.ndarray], own: dict[int, np.ndarray]
) -> np.ndarray:
    """The columns `before` as numbers without gaps (n, predictors)."""
    seen = np.empty((len(x), len(before)), dtype=np.float32)
    for at, i in enumerate(before):
        values = x[:, i]
        if i in scores:
            seen[:, at] = scores[i][values.astype(int)]
        else:
            seen[:, at] = np.nan_to_num(to_own_scale(values, own.get(i, EMPTY_SCALE)), nan=MISSING_SCORE)
    return seen


def fit_own_scale(values: np.ndarray) -> np.ndarray:
    """Knots (2, k) between the scores of a column that shares its scale, and its own normal scores.

    On a shared scale quantities can be compared; on its own each is standard normal, so that
    quantities that grow together lie on a straight line.
    """
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return EMPTY_SCALE
    at = np.linspace(0, len(known) - 1, min(len(known), MAX_KNOTS)).round().astype(int)
    knots = np.unique(known[at])
    ranks = (np.searchsorted(known, knots) + np.searchsorted(known, knots, side="right")) / 2 / len(known)
    return np.stack([knots, ndtri(ranks)]).astype(np.float32)


def to_own_scale(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Shared scores to own ones; the same where there is no scale."""
    return np.interp(values, *scale).astype(np.float32) if scale.size else values


def to_shared_scale(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The inverse of `to_own_scale`."""
    return np.interp(values, *scale[::-1]).astype(np.float32) if scale.size else values


def fit_trend(
    seen: np.ndarray, values: np.ndarray, block: Block, least: float, rng: np.random.Generator
) -> np.ndarray:
    """Slopes of a number on its predictors, where a straight line explains the `least` R^2; else zeros.

    Leaves of correlated numbers are too coarse to hold their ratio; around the line they are not.
    Whether the line is trusted is decided on the half of the records that did not fit it.
    """
    flat = np.zeros(1 + seen.shape[1], dtype=np.float32)
    known = rng.permutation(np.flatnonzero(~np.isnan(values)))
    if count_levels(block) or len(known) < 4 * len(flat) or len(flat) == 1:
        return flat
    design = np.column_stack([np.where(seen == MISSING_SCORE, 0, seen), np.ones(len(seen))])[known]
    y, half = values[known].astype(float), len(known) // 2
    a, b = design[:half].astype(float), y[:half]
    gram, moments = a.T @ a + half * RIDGE * np.eye(len(flat)), a.T @ b
    strength = np.abs(moments - b.mean() * a.sum(axis=0))[:-1] / (a[:, :-1].std(axis=0) + 1e-9)
    order, best, chosen = np.argsort(-strength, kind="stable"), np.inf, flat
    for count in (*(k for k in TREND_SIZES if k < len(order)), len(order)):
        kept = [*order[:count], len(order)]
        slopes = np.zeros(len(flat))
        slopes[kept] = np.linalg.solve(gram[np.ix_(kept, kept)], moments[kept])
        left = np.var(y[half:] - design[half:] @ slopes)
        if left < best:
            best, chosen = left, slopes.astype(np.float32)
    return chosen if best < (1 - least) * np.var(y[half:]) else flat


def apply_trend(trend: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The value of the straight line at each record (n,)."""
    if not trend.any():
        return np.zeros(len(seen), dtype=np.float32)
    return np.where(seen == MISSING_SCORE, 0, seen) @ trend[:-1] + trend[-1]
