"""Classifier two-sample test: can a judge tell the records from real ones it has not seen?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from manikin.contracts.metric import Sample, Split, compute_once, metric
from manikin.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.core.seeds import Key

SOURCE = (
    "Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests; area as in Hanley and McNeil 1982"
)
MIN_RECORDS = 12  # records on each side below which no judge can learn
BOOSTING_ROUNDS = 25
LIGHTGBM_OPTIONS = {"max_bin": 63, "num_threads": 1, "force_col_wise": True, "verbosity": -1}
FOLDS = 4


@metric("fidelity", better="low", source=SOURCE, cost="heavy")
def c2st_auc(split: Split) -> float:
    """How well boosted trees tell the records from held-out real ones: area under the ROC curve.

    0.5: not at all; 1: always. It sees joint structure of any order, given enough records. Signed:
    clearly below 0.5 means twins with opposite labels. Against held-out records, copies of
    training records look as good as any real record, as they should: privacy sees them.
    """
    return _average_auc(split, compute_once(split, compute_boosted_scores))


@metric("fidelity", better="low", source=SOURCE, cost="heavy", floor="uniform")
def c2st_linear_auc(split: Split) -> float:
    """How well a linear discriminant tells the records from held-out real ones: area under the curve.

    0.5: not at all; 1: always. It sees shifted and scaled values, also where records are too few
    for trees; it cannot see how fields belong together, which `c2st_auc` does.
    """
    return _average_auc(split, compute_once(split, _compute_linear_scores))


def compute_boosted_scores(split: Split) -> np.ndarray:
    """The boosted judge's out-of-fold score that a record is synthetic: real ones first, shape (2n,)."""
    return _cross_validate(split, _fit_boosted)


def _compute_linear_scores(split: Split) -> np.ndarray:
    return _cross_validate(split, _fit_discriminant)


def _average_auc(split: Split, scores: np.ndarray) -> float:
    """Area under the curve, fold by fold: the scores of different judges share no scale."""
    fold, fake = compute_once(split, _assign_folds), compute_once(split, _build_target)
    return float(np.mean([_compute_auc(scores[fold == f], fake[fold == f]) for f in np.unique(fold)]))


def _compute_auc(scores: np.ndarray, fake: np.ndarray) -> float:
    ones = fake.sum()
    ranks = rankdata(scores)[fake].sum() - ones * (ones + 1) / 2
    return float(ranks / (ones * (len(fake) - ones)))


def _cross_validate(split: Split, judge: Callable[[np.ndarray, np.ndarray, Key], Any]) -> np.ndarray:
    fold, fake = compute_once(split, _assign_folds), compute_once(split, _build_target)
    x = np.concatenate([split.holdout.x, split.synthetic.x])
    scores = np.empty(len(x))
    for f in np.unique(fold):
        fitted = judge(x[fold != f], fake[fold != f], split.key.child("c2st", int(f)))
        scores[fold == f] = fitted(x[fold == f])
    return scores


def _build_target(split: Split) -> np.ndarray:
    return np.repeat([False, True], [len(split.holdout), len(split.synthetic)])


def _assign_folds(split: Split) -> np.ndarray:
    """The fold of each record; the records of a subject share one, and folds are balanced."""
    smaller = min(len(split.holdout), len(split.synthetic))
    if smaller < MIN_RECORDS:
        raise Unsupported(f"{smaller} records on one side; a judge needs {MIN_RECORDS} to learn from")
    rng = split.key.child("folds").numpy()
    return np.concatenate([_deal_folds(side, rng) for side in (split.holdout, split.synthetic)])


def _deal_folds(side: Sample, rng: np.random.Generator) -> np.ndarray:
    _, subject = np.unique(side.subject, return_inverse=True)
    return (rng.permutation(subject.max() + 1) % FOLDS)[subject]


def _fit_boosted(x: np.ndarray, fake: np.ndarray, key: Key) -> Callable[[np.ndarray], np.ndarray]:
    import lightgbm

    settings = {
        "objective": "binary",
        "learning_rate": 0.25,
        "num_leaves": 15,
        "min_data_in_leaf": max(3, min(20, len(x) // 20)),
        "seed": key.integer() % 2**31,
        "deterministic": True,
        **LIGHTGBM_OPTIONS,
    }
    data = lightgbm.Dataset(x, fake.astype(float), params=LIGHTGBM_OPTIONS)
    trees = lightgbm.train(settings, data, num_boost_round=BOOSTING_ROUNDS, keep_training_booster=True)
    return lambda new: np.asarray(trees.predict(new, num_threads=1))


def _fit_discriminant(x: np.ndarray, fake: np.ndarray, _: Key) -> Callable[[np.ndarray], np.ndarray]:
    """Fisher's linear discriminant with a ridge: a linear judge in closed form."""
    from scipy.linalg import solve

    centre, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = ((x - centre) / spread).astype(float)
    gram = z.T @ z + len(z) * 0.01 * np.eye(z.shape[1])
    weights = solve(gram, z.T @ (fake - fake.mean()), assume_a="pos")
    return lambda new: ((new - centre) / spread) @ weights


__plugin__ = (c2st_auc, c2st_linear_auc)
