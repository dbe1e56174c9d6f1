"""Models of single places of pictures: boosted trees on what stands at and around each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.edit import altered
from manikin.core import mapped_arrays
from manikin.imaging.analysis.pixel_features import responses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

WIDEST = {1: 256, 2: 32, 3: 16}
"""Places along an axis, to which pictures are averaged."""

TESTED = 80
"""Patients on whom a model is tested in a repeat."""

LEARNED = 40_000  # places that a model learns from, evenly of all records
ROUNDS = 25
DATA = {"max_bin": 63, "num_threads": 1, "force_col_wise": True, "verbosity": -1}
SETTINGS = {"learning_rate": 0.2, "num_leaves": 15, "deterministic": True}


def surrounded(x: np.ndarray) -> np.ndarray:
    """Filter responses at every place of pictures (n, channels, *grid): (n, places, d)."""
    return responses(x, WIDEST[x.ndim - 2])


def exchanged(cohort: Cohort, fields: Sequence[str], key: Key) -> Cohort:
    """The records with these pictures of other records, all of one."""
    order = key.numpy().permutation(len(cohort))
    return altered(cohort, {name: mapped_arrays.column(cohort[name][order]) for name in fields})


def some(x: np.ndarray, y: np.ndarray, key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Places drawn at random: of (n, places, d) and (n, places), (LEARNED, d) and (LEARNED,)."""
    rng = key.child("places").numpy()
    rows = rng.integers(len(x), size=LEARNED)
    places = rng.integers(x.shape[1], size=LEARNED)
    return x[rows, places], y[rows, places]


def boosted(x: np.ndarray, y: np.ndarray, objective: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A model that has learned `y` (m,) from `x` (m, d), under an objective of LightGBM's."""
    import lightgbm

    data = lightgbm.Dataset(x, y, params=DATA)
    settings = {**SETTINGS, **objective, **DATA}
    trees = lightgbm.train(settings, data, num_boost_round=ROUNDS, keep_training_booster=True)
    return lambda new: np.asarray(trees.predict(new, num_threads=1))
