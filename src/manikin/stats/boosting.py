"""Gradient-boosted trees (LightGBM) with the settings that all judges share: few bins, one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHARED_PARAMETERS = {
    "max_bin": 63,
    "num_threads": 1,
    "force_col_wise": True,
    "deterministic": True,
    "verbosity": -1,
}


def fit_boosted_trees(
    x: np.ndarray, y: np.ndarray, rounds: int, parameters: Mapping[str, Any], *, raw_score: bool = False
) -> Callable[[np.ndarray], np.ndarray]:
    """Trees that have learned `y` from `x`, as a function from new rows to predictions.

    Args:
        x: Predictors (m, d); missing values are NaN.
        y: Outcomes (m,): quantities, or classes from 0.
        rounds: How many rounds of boosting.
        parameters: LightGBM's, beside those that are shared: objective, rate, size of trees, seed.
        raw_score: Whether predictions are sums of leaves, not probabilities.

    Returns:
        Of rows (n, d) a prediction for each, (n,); of several classes (n, classes).
    """
    import lightgbm  # takes a second to import

    settings = {**SHARED_PARAMETERS, **parameters}
    data = lightgbm.Dataset(x, y, params=dict(SHARED_PARAMETERS))
    trees = lightgbm.train(settings, data, num_boost_round=rounds, keep_training_booster=True)
    return lambda new: np.asarray(trees.predict(new, raw_score=raw_score, num_threads=1))
