"""Models of single places of pictures: boosted trees on what stands at and around each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.cohort.edit import replace_columns
from manikin.core import arrow
from manikin.imaging.analysis.pixel_features import compute_filter_responses
from manikin.stats.boosting import fit_boosted_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

MAX_AXIS_PLACES = {1: 256, 2: 32, 3: 16}
"""Places along an axis, to which pictures are averaged."""

MAX_TEST_PATIENTS = 80
"""Patients on whom a model is tested in a repeat."""

N_TRAINING_PLACES = 40_000  # places that a model learns from, evenly of all records
BOOSTING_ROUNDS = 25
BOOSTING_PARAMETERS = {"learning_rate": 0.2, "num_leaves": 15}


def compute_pixel_features(x: np.ndarray) -> np.ndarray:
    """Filter responses at every place of pictures (n, channels, *grid): (n, places, d)."""
    return compute_filter_responses(x, MAX_AXIS_PLACES[x.ndim - 2])


def permute_images(cohort: Cohort, fields: Sequence[str], key: Key) -> Cohort:
    """The records with these pictures of other records, all of one."""
    order = key.numpy().permutation(len(cohort))
    return replace_columns(cohort, {name: arrow.to_column(cohort[name][order]) for name in fields})


def draw_places(x: np.ndarray, y: np.ndarray, key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Places drawn at random: of (n, places, d) and (n, places), (LEARNED, d) and (LEARNED,)."""
    rng = key.child("places").numpy()
    rows = rng.integers(len(x), size=N_TRAINING_PLACES)
    places = rng.integers(x.shape[1], size=N_TRAINING_PLACES)
    return x[rows, places], y[rows, places]


def fit_place_model(
    x: np.ndarray, y: np.ndarray, objective: Mapping[str, Any]
) -> Callable[[np.ndarray], np.ndarray]:
    """A model that has learned `y` (m,) from `x` (m, d), under an objective of LightGBM's."""
    return fit_boosted_trees(x, y, BOOSTING_ROUNDS, {**BOOSTING_PARAMETERS, **objective})
