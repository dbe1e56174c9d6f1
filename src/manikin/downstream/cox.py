"""Cox's proportional hazards: the model by which survival is usually described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from manikin.cohort.scalar_matrix import read_survival
from manikin.downstream.task import Design, find_predictors
from manikin.errors import Unsupported

if TYPE_CHECKING:
    from manikin.contracts.split import EvaluationOptions, Sample

OPTIMIZER_TOLERANCES = {"ftol": 1e-12, "gtol": 1e-6}
MIN_EVENTS = 10  # events, below which no hazard is modelled


@dataclass(frozen=True)
class SurvivalSample:
    """Follow-up of the records for which it is known.

    Args:
        sample: The records.
        time: Until the event or the end of follow-up, shape (n,).
        event: Whether the event was seen, bool (n,).
    """

    sample: Sample
    time: np.ndarray
    event: np.ndarray


def select_survival_sample(sample: Sample) -> SurvivalSample:
    """Time and event of each record that has them.

    Raises:
        Unsupported: The schema has no survival pair, or there are too few events.
    """
    found = read_survival(sample.cohort)
    if found is None:
        raise Unsupported("no fields with the roles time and event")
    time, event = found
    known = np.isfinite(time)
    if event[known].sum() < MIN_EVENTS:
        raise Unsupported(
            f"{int(event[known].sum())} events on one side; a hazard model needs {MIN_EVENTS}"
        )
    return SurvivalSample(sample.take(known), time[known], event[known])


def fit_design(train: Sample, question: EvaluationOptions) -> Design:
    """The fields that predict survival, scaled by the training records: no outcome is among them."""
    return Design.fit(train, find_predictors(train, question.label))


def fit_hazards(
    x: np.ndarray, time: np.ndarray, event: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Log hazard ratios and their covariance, that maximise the penalised partial likelihood.

    Cox 1972, equation 12, with Breslow's treatment of ties; the penalty is ridge |beta|² / 2, which
    keeps the estimate finite where fields are many or tell everything.

    Args:
        x: Covariates (n, d).
        time: Follow-up, shape (n,).
        event: Whether the event was seen, bool (n,).
        ridge: Strength of the penalty, from 0.

    Returns:
        Shapes (d,) and (d, d).
    """
    order = np.argsort(-time, kind="stable")  # the patients at risk are those before, ties among them
    given = (x[order] - x.mean(axis=0), event[order], _find_last_ties(-time[order]), ridge)
    found = minimize(
        _compute_loss, np.zeros(x.shape[1]), given, "L-BFGS-B", jac=True, options=OPTIMIZER_TOLERANCES
    )
    return found.x, np.linalg.inv(_compute_information(found.x, *given))


def _find_last_ties(descending: np.ndarray) -> np.ndarray:
    """For each record the last place that shares its time: all before and there are at risk."""
    return np.searchsorted(descending, descending, side="right") - 1


def _sum_at_risk(
    beta: np.ndarray, x: np.ndarray, event: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log hazards (n,), the sum of hazards at risk at each event, and the expected events of each (n,)."""
    score = x @ beta
    score = score - score.max()
    weight = np.exp(score)
    risk = weight.cumsum()[last[event]]
    return score, risk, np.bincount(last[event], 1 / risk, len(x))[::-1].cumsum()[::-1] * weight


def _compute_loss(
    beta: np.ndarray, x: np.ndarray, event: np.ndarray, last: np.ndarray, ridge: float
) -> tuple[float, np.ndarray]:
    """Minus the penalised log partial likelihood, and its gradient: events expected minus seen."""
    score, risk, expected = _sum_at_risk(beta, x, event, last)
    value = (score[event] - np.log(risk)).sum() - ridge * beta @ beta / 2
    return -float(value), (expected - event) @ x + ridge * beta


def _compute_information(
    beta: np.ndarray, x: np.ndarray, event: np.ndarray, last: np.ndarray, ridge: float
) -> np.ndarray:
    """The observed information, shape (d, d): second moments at risk less squared means."""
    score, risk, expected = _sum_at_risk(beta, x, event, last)
    mean = (np.exp(score)[:, None] * x).cumsum(axis=0)[last[event]] / risk[:, None]
    return (x * expected[:, None]).T @ x - mean.T @ mean + ridge * np.eye(len(beta))
