"""Models: a small panel of learners as people use them, from records to a function that predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.split import compute_once
from manikin.downstream.task import MAX_CODES, Task
from manikin.errors import Unsupported
from manikin.stats.boosting import fit_boosted_trees

if TYPE_CHECKING:
    from manikin.contracts.split import Sample

Model = Callable[["Sample"], np.ndarray]
MIN_LABELLED_RECORDS = 20  # labelled records, below which nothing is learned or tested
RIDGE_PENALTY = 1.0
BOOSTING_ROUNDS, SMALL_SAMPLE_RECORDS = 40, 500
"""Rounds of boosting; fewer and smaller trees for fewer records."""

SHRINKAGE_RECORDS = 4.0  # records that the overall share weighs within a bin
N_NEIGHBORS, MAX_SEARCHED_RECORDS = 15, 1_000
MAX_SINGLE_FIELDS = 6  # fields that have a model alone


def fit_default_model(sample: Sample, task: Task) -> Model:
    """The model that utility is measured with: the mean of boosted trees and a linear model.

    Its prediction is a probability for each class (n, classes), or a quantity (n,).
    """
    models = compute_once(sample, fit_base_models, task)
    return lambda new: np.mean([model(new) for model in models], axis=0)


def fit_base_models(sample: Sample, task: Task) -> tuple[Model, Model]:
    """Boosted trees and a linear model, fitted once for each sample."""
    known, y = select_labelled_records(sample, task)
    if len(np.unique(y)) == 1:  # a generator that knows one outcome teaches just that
        model = build_constant_model(y, task)
        return model, model
    return fit_tree_model(known, y, task), fit_linear_model(known, y, task)


def fit_other_models(sample: Sample, task: Task, fields: tuple[int, ...]) -> tuple[Model, ...]:
    """The rest of the panel: neighbours, naive Bayes, and one model for each of some fields alone."""
    known, y = select_labelled_records(sample, task)
    counted = compute_class_shares(known, y, task)
    return (
        fit_nearest_neighbors(known, y, task),
        *[_build_binned_model(task, counted, (i,)) for i in fields],
        *_build_naive_bayes(task, counted),
    )


def select_labelled_records(sample: Sample, task: Task) -> tuple[Sample, np.ndarray]:
    """The labelled records.

    Raises:
        Unsupported: They are too few.
    """
    known, y = compute_once(sample, _select_labelled, task)
    if len(y) < MIN_LABELLED_RECORDS:
        raise Unsupported(f"{len(y)} labelled records on one side; a model needs {MIN_LABELLED_RECORDS}")
    return known, y


def encode_predictors(sample: Sample, task: Task) -> np.ndarray:
    """The predictors as columns, (n, d)."""
    return task.design.encode(sample)


def bin_predictors(sample: Sample, task: Task) -> np.ndarray:
    """The predictors in bins, (n, p)."""
    return task.design.assign_bins(sample)


def build_constant_model(y: np.ndarray, task: Task) -> Model:
    """What is predicted where there is one outcome only."""
    one = np.eye(len(task.classes))[y[0]] if task.classes else y[0]
    return lambda new: np.repeat(one[None], len(new), axis=0)


def fit_tree_model(sample: Sample, y: np.ndarray, task: Task) -> Model:
    """Gradient-boosted trees: levels as ordinal codes, missing values as they are."""
    columns = list(task.design.columns)
    few = len(y) < SMALL_SAMPLE_RECORDS
    seen, target = np.unique(y, return_inverse=True) if task.classes else (np.zeros(0, int), y)
    many = len(seen) > 2  # noqa: PLR2004 - two classes
    parameters = {
        "objective": ("multiclass" if many else "binary") if task.classes else "regression",
        "learning_rate": 0.15 if few else 0.1,
        "num_leaves": 4 if few else 8,
        "min_data_in_leaf": max(3, min(20, len(y) // 20)),
        **({"num_class": len(seen)} if many else {}),
    }
    rounds = BOOSTING_ROUNDS // 2 if few else BOOSTING_ROUNDS
    predict = fit_boosted_trees(sample.table[:, columns], target, rounds, parameters)
    return lambda new: _spread_over_classes(predict(new.table[:, columns]), seen, task)


def fit_linear_model(sample: Sample, y: np.ndarray, task: Task) -> Model:
    """Logistic regression, or linear regression, with a ridge of one record."""
    from sklearn.linear_model import LogisticRegression, Ridge  # takes a second to import

    x = compute_once(sample, encode_predictors, task)
    if not task.classes:
        ridge = Ridge(RIDGE_PENALTY, solver="cholesky").fit(x, y)
        return lambda new: ridge.predict(compute_once(new, encode_predictors, task))
    logistic = LogisticRegression(C=1 / RIDGE_PENALTY, solver="newton-cholesky", max_iter=50).fit(x, y)
    return lambda new: _spread_over_classes(
        logistic.predict_proba(compute_once(new, encode_predictors, task)), logistic.classes_, task
    )


def fit_nearest_neighbors(sample: Sample, y: np.ndarray, task: Task) -> Model:
    """The mean outcome of the fifteen nearest of the first thousand records."""
    known = compute_once(sample, encode_predictors, task)[:MAX_SEARCHED_RECORDS]
    target = np.eye(len(task.classes))[y[: len(known)]] if task.classes else y[: len(known)]
    k = min(N_NEIGHBORS, len(known) - 1)

    def predict(new: Sample) -> np.ndarray:
        far = (known**2).sum(axis=1) - 2 * (compute_once(new, encode_predictors, task) @ known.T)
        return target[np.argpartition(far, k, axis=1)[:, :k]].mean(axis=1)

    return predict


def compute_class_shares(sample: Sample, y: np.ndarray, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """The share of each class (or the mean) in all, and, shrunken to it, in each bin of each field.

    Returns:
        Shapes (classes or 1,) and (p, bins, classes or 1).
    """
    outcome = np.eye(len(task.classes))[y] if task.classes else y[:, None].astype(float)
    usual = outcome.mean(axis=0)
    usual = (usual * len(y) + 1 / len(usual)) / (len(y) + 1) if task.classes else usual
    placed = compute_once(sample, bin_predictors, task)
    size = MAX_CODES + 2
    where = (placed + size * np.arange(placed.shape[1])).ravel()
    counts = np.bincount(where, minlength=size * placed.shape[1])
    sums = [
        np.bincount(where, np.repeat(part, placed.shape[1]), size * placed.shape[1]) for part in outcome.T
    ]
    shrunk = (np.stack(sums, axis=1) + SHRINKAGE_RECORDS * usual) / (counts[:, None] + SHRINKAGE_RECORDS)
    return usual, shrunk.reshape(placed.shape[1], size, -1)


def find_strongest_predictors(sample: Sample, task: Task) -> tuple[int, ...]:
    """The predictors whose bins tell most of the outcome, best first: places in the design."""
    known, y = select_labelled_records(sample, task)
    _, counted = compute_class_shares(known, y, task)
    placed = compute_once(known, bin_predictors, task)
    told = [counted[i][placed[:, i]].var(axis=0).sum() for i in range(len(counted))]
    return tuple(np.argsort(told, kind="stable")[::-1][:MAX_SINGLE_FIELDS].tolist())


def _select_labelled(sample: Sample, task: Task) -> tuple[Sample, np.ndarray]:
    return task.select_labelled(sample)


def _build_naive_bayes(task: Task, counted: tuple[np.ndarray, np.ndarray]) -> tuple[Model, ...]:
    """Naive Bayes; it predicts classes only."""
    return (_build_binned_model(task, counted, tuple(range(len(counted[1])))),) if task.classes else ()


def _build_binned_model(
    task: Task, counted: tuple[np.ndarray, np.ndarray], fields: tuple[int, ...]
) -> Model:
    """The product of what each of these fields alone says, or that itself where there is one."""
    usual, inside = counted

    def predict(new: Sample) -> np.ndarray:
        placed = compute_once(new, bin_predictors, task)
        if not task.classes:
            return inside[fields[0]][placed[:, fields[0]], 0]
        told = np.log(usual) + sum(np.log(inside[i][placed[:, i]] / usual) for i in fields)
        odds = np.exp(told - told.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    return predict


def _spread_over_classes(p: np.ndarray, seen: np.ndarray, task: Task) -> np.ndarray:
    """Probabilities of the classes that were seen, put in their places among all classes."""
    if not task.classes:
        return p
    whole = np.zeros((len(p), len(task.classes)))
    whole[:, seen.astype(int)] = np.column_stack([1 - p, p]) if p.ndim == 1 else p
    return whole
