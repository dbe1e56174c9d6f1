"""Two-sample test by classifiers: can a judge tell one sample from another?

Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests. The judge is cross-validated, and the
records of a subject stay together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve

from manikin.errors import Unsupported
from manikin.stats.boosting import fit_boosted_trees
from manikin.stats.prediction_scores import compute_binary_auroc
from manikin.stats.subject_folds import assign_subject_folds

if TYPE_CHECKING:
    from manikin.core.seeds import Key

MIN_RECORDS = 12  # records on each side below which no judge can learn
BOOSTING_ROUNDS = 25
FOLDS = 4
Judge = Callable[[np.ndarray, np.ndarray, "Key"], Callable[[np.ndarray], np.ndarray]]
"""Learns from vectors (m, d) and which of them are synthetic (m,); gives scores of others, (n,)."""


@dataclass(frozen=True, eq=False)
class TwoSampleProblem:
    """Real records and synthetic ones under them, dealt into folds.

    Args:
        x: Their vectors, shape (n, d).
        is_synthetic: Which are synthetic, bool (n,).
        fold: The fold of each record, (n,); the records of a subject share one.
    """

    x: np.ndarray
    is_synthetic: np.ndarray
    fold: np.ndarray

    @classmethod
    def from_samples(
        cls,
        real: tuple[np.ndarray, np.ndarray],
        synthetic: tuple[np.ndarray, np.ndarray],
        rng: np.random.Generator,
    ) -> TwoSampleProblem:
        """The problem of telling two samples apart.

        Args:
            real: Vectors (n, d) and the subject of each, (n,).
            synthetic: The same of the other sample.
            rng: Deals the folds.

        Raises:
            Unsupported: One sample is too small.
        """
        sizes = len(real[0]), len(synthetic[0])
        if min(sizes) < MIN_RECORDS:
            raise Unsupported(
                f"{min(sizes)} records on one side; a judge needs {MIN_RECORDS} to learn from"
            )
        folds = [assign_subject_folds(subject, FOLDS, rng) for _, subject in (real, synthetic)]
        return cls(
            np.concatenate([real[0], synthetic[0]]), np.repeat([False, True], sizes), np.concatenate(folds)
        )

    def cross_validate(self, fit: Judge, key: Key) -> np.ndarray:
        """The score of each record that it is synthetic, by a judge that has not learned from it, (n,)."""
        scores = np.empty(len(self.x))
        for f in np.unique(self.fold):
            inside = self.fold == f
            judge = fit(self.x[~inside], self.is_synthetic[~inside], key.child("c2st", int(f)))
            scores[inside] = judge(self.x[inside])
        return scores

    def compute_auroc(self, scores: np.ndarray) -> float:
        """Area under the curve, fold by fold: the scores of different judges share no scale."""
        rows = [self.fold == f for f in np.unique(self.fold)]
        return float(np.mean([compute_binary_auroc(scores[r], self.is_synthetic[r]) for r in rows]))


def fit_boosted_judge(x: np.ndarray, fake: np.ndarray, key: Key) -> Callable[[np.ndarray], np.ndarray]:
    """A judge of boosted trees: it sees joint structure of any order."""
    parameters = {
        "objective": "binary",
        "learning_rate": 0.25,
        "num_leaves": 15,
        "min_data_in_leaf": max(3, min(20, len(x) // 20)),
        "seed": key.integer() % 2**31,
    }
    return fit_boosted_trees(x, fake.astype(float), BOOSTING_ROUNDS, parameters)


def fit_linear_judge(x: np.ndarray, fake: np.ndarray, _: Key) -> Callable[[np.ndarray], np.ndarray]:
    """Fisher's linear discriminant with a ridge: a judge in closed form."""
    centre, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = ((x - centre) / spread).astype(float)
    gram = z.T @ z + len(z) * 0.01 * np.eye(z.shape[1])
    weights = solve(gram, z.T @ (fake - fake.mean()), assume_a="pos")
    return lambda new: ((new - centre) / spread) @ weights
