"""Utility: do models that learn from the records predict real patients as well?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import kendalltau

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.downstream import prediction_models
from manikin.downstream.task import Task, build_task
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import (
    compute_auprc,
    compute_auroc,
    compute_binary_auroc,
    compute_brier_score,
    compute_calibration_error,
    compute_log_loss,
    compute_r2,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ESTEBAN = "Esteban et al. 2017, Real-valued medical time series generation, section 4.2"
MIN_LEAK_AUC = 0.999  # area under the curve from which on a field gives the label away
MAX_RANKED = 1_000  # test records on which the panel is ranked
Predictions = tuple[np.ndarray, np.ndarray]  # outcomes (n,), and probabilities (n, classes) or values (n,)
MIN_SHARED = 5  # records that share a value, before it can be said to determine anything


def describe_label_leaks(split: Split) -> str:
    """The fields that determine the label: they make every model look good."""
    asked = build_task(split.train, split.options)
    known, y = asked.select_labelled(split.train)
    if not asked.classes:
        return ""
    names = [
        known.fields.names[j] for j in asked.design.columns if _is_decisive(known.table[:, j], y, known, j)
    ]
    return f"{', '.join(names)} alone determines the label; is it known beforehand?" if names else ""


@metric(
    "utility",
    MetricDescription(
        "Area under the ROC curve on real patients of models trained on the records.",
        reading="""0.5 for a guess, 1 is best; the ceiling is what as many real training records reach.
        The model is the mean of boosted trees and logistic regression; several classes count alike,
        each against the rest.""",
        blind_spot="It reads the order of patients and cannot see whether the probabilities are right.",
        source=ESTEBAN,
    ),
    better="high",
    cost="heavy",
    reference="train",
    note=describe_label_leaks,
)
def tstr_auroc(split: Split) -> float:
    return compute_auroc(*_predict_classes(split, _predict_real))


@metric(
    "utility",
    MetricDescription(
        "Area under the precision-recall curve on real patients of models trained on the records.",
        reading="""0 to 1, which is best; a guess reaches the share of the rarer class, of which it
        speaks. It sees false alarms where an outcome is rare, which hardly change tstr_auroc. Several
        classes count alike.""",
        source=ESTEBAN + "; Davis and Goadrich 2006",
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def tstr_auprc(split: Split) -> float:
    return compute_auprc(*_predict_classes(split, _predict_real))


@metric(
    "utility",
    MetricDescription(
        "How far the probabilities of models trained on the records lie from how often it happened.",
        reading="""0 to 1; 0 is best: the expected calibration error on real patients, in ten bins of
        as many each. Who always gives the mean is calibrated: read it beside tstr_auroc.""",
        source=ESTEBAN + "; Naeini et al. 2015",
    ),
    better="low",
    cost="heavy",
    reference="train",
)
def tstr_calibration(split: Split) -> float:
    return compute_calibration_error(*_predict_classes(split, _predict_real))


@metric(
    "utility",
    MetricDescription(
        "Mean surprise at real outcomes of models trained on the records, in nats.",
        reading="""From 0, which is best; probabilities below 0.001 count as that. It sees what the
        area under the curve cannot: probabilities that are too sure or too vague, as flipped labels
        make them.""",
        source=ESTEBAN + "; Good 1952",
    ),
    better="low",
    cost="heavy",
    reference="train",
)
def tstr_log_loss(split: Split) -> float:
    return compute_log_loss(*_predict_classes(split, _predict_real))


@metric(
    "utility",
    MetricDescription(
        "Mean squared error of the probabilities given to real outcomes by models trained on the records.",
        reading="0 to 1; 0 is best. Bounded, so that no single patient decides it.",
        source=ESTEBAN + "; Brier 1950",
    ),
    better="low",
    cost="heavy",
    reference="train",
)
def tstr_brier(split: Split) -> float:
    return compute_brier_score(*_predict_classes(split, _predict_real))


@metric(
    "utility",
    MetricDescription(
        "Share of the variance of a real quantity that models trained on the records predict.",
        reading="1 is best, 0 as good as the mean, below it worse. One outlier can decide it.",
        source=ESTEBAN,
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def tstr_r2(split: Split) -> float:
    return compute_r2(*_predict_quantities(split, _predict_real))


@metric(
    "utility",
    MetricDescription(
        "Area under the ROC curve on the records of models trained on never-seen real patients.",
        reading="""0.5 for a guess, 1 for labels that a real model foretells. It sees labels that
        contradict the rest of the record, at one in ten already; it rewards records that are too easy.""",
        source=ESTEBAN,
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def trts_auroc(split: Split) -> float:
    return compute_auroc(*_predict_classes(split, _predict_synthetic))


@metric(
    "utility",
    MetricDescription(
        """Share of the variance of the quantity in the records that models trained on real patients
        predict.""",
        reading="1 is best. It rewards records that are too easy.",
        source=ESTEBAN,
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def trts_r2(split: Split) -> float:
    return compute_r2(*_predict_quantities(split, _predict_synthetic))


@metric(
    "utility",
    MetricDescription(
        "Whether a choice of model made on the records is the one made on real ones: Kendall's tau.",
        reading="""-1 to 1, which is best. Models are ranked by their loss on real patients, once
        trained on the records and once on real ones: trees, linear, neighbours, naive Bayes and single
        fields. Where models are about equally good even real data rank them by chance: the ceiling
        tells.""",
        source="Jordon et al. 2018, Measuring the quality of synthetic data; Kendall 1938, tau-b",
    ),
    better="high",
    cost="heavy",
    reference="train",
)
def model_ranking(split: Split) -> float:
    asked = compute_once(split.train, build_task, split.options)
    fields = compute_once(split.train, prediction_models.find_strongest_predictors, asked)
    losses = [
        _compute_losses(side, split.holdout, asked, fields) for side in (split.train, split.synthetic)
    ]
    tau = float(np.asarray(kendalltau(*losses))[0])
    return 0.0 if np.isnan(tau) else tau  # all models alike: nothing is ranked


def _compute_losses(side: Sample, test: Sample, asked: Task, fields: tuple[int, ...]) -> np.ndarray:
    few, y = compute_once(test, _choose_test_records, asked)
    panel = (
        *compute_once(side, prediction_models.fit_base_models, asked),
        *compute_once(side, prediction_models.fit_other_models, asked, fields),
    )
    return np.array([_compute_loss(y, model(few)) for model in panel])


def _choose_test_records(test: Sample, asked: Task) -> tuple[Sample, np.ndarray]:
    """The first labelled patients: the judge shuffles."""
    known, y = prediction_models.select_labelled_records(test, asked)
    return (known, y) if len(y) <= MAX_RANKED else (known.take(np.arange(MAX_RANKED)), y[:MAX_RANKED])


def _compute_loss(y: np.ndarray, predicted: np.ndarray) -> float:
    return compute_log_loss(y, predicted) if predicted.ndim > 1 else float(((y - predicted) ** 2).mean())


def _predict_classes(split: Split, predicted: Callable[[Split], Predictions]) -> Predictions:
    """Classes and their probabilities."""
    asked = compute_once(split.train, build_task, split.options)
    if not asked.classes:
        raise Unsupported(f"the label {asked.label!r} is a quantity: R² speaks of it")
    return compute_once(split, predicted)


def _predict_quantities(split: Split, predicted: Callable[[Split], Predictions]) -> Predictions:
    """Quantities and their predictions."""
    asked = compute_once(split.train, build_task, split.options)
    if asked.classes:
        raise Unsupported(f"the label {asked.label!r} is a class: AUROC, log-loss and Brier speak of it")
    return compute_once(split, predicted)


def _predict_real(split: Split) -> Predictions:
    """Real outcomes, and what models trained on the candidate predict."""
    return _predict(split, split.synthetic, split.holdout)


def _predict_synthetic(split: Split) -> Predictions:
    """Outcomes in the candidate, and what models trained on held-out real records predict."""
    return _predict(split, split.holdout, split.synthetic)


def _predict(split: Split, learn: Sample, test: Sample) -> Predictions:
    asked = compute_once(split.train, build_task, split.options)
    known, y = prediction_models.select_labelled_records(test, asked)
    return y, prediction_models.fit_default_model(learn, asked)(known)


def _is_decisive(values: np.ndarray, y: np.ndarray, sample: Sample, j: int) -> bool:
    """Whether the values of a field, or their absence, leave no doubt about the class."""
    absent = np.isnan(values)
    if sample.fields.levels[j] is None and not absent.any():
        areas = [compute_binary_auroc(values, y == k) for k in np.unique(y)]
        return max(max(a, 1 - a) for a in areas) >= MIN_LEAK_AUC
    cells = absent if sample.fields.levels[j] is None else np.where(absent, -1, values)
    _, place, counts = np.unique(cells, return_inverse=True, return_counts=True)
    table = np.zeros((len(counts), int(y.max()) + 1))
    np.add.at(table, (place, y), 1)
    return bool(len(y) >= MIN_SHARED * len(counts) and table.max(axis=1).sum() >= MIN_LEAK_AUC * len(y))


__plugin__ = (
    tstr_auroc,
    tstr_auprc,
    tstr_log_loss,
    tstr_brier,
    tstr_calibration,
    tstr_r2,
    trts_auroc,
    trts_r2,
    model_ranking,
)
