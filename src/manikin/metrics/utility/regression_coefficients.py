"""Coefficients: would a paper that describes the patients by a regression say the same?"""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.downstream import cox
from manikin.downstream.prediction_models import select_labelled_records
from manikin.downstream.task import Design, Task, build_task
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import compute_interval_overlap

MAX_FIELDS = 8  # in the model, as a paper would have
MAX_CORRELATION = 0.7  # correlation from which on a column stands for another
MIN_SPREAD = 0.05  # spread, against that of the most varied column, below which one is left out
RIDGE = 0.1
MAX_RECORDS = 1_000
"""Records of a side: what a study has; intervals of far more overlap with nothing but themselves."""

CONFIDENCE_Z = 1.959964  # of the 95 % interval


@metric(
    "utility",
    MetricDescription(
        "How far the 95 % intervals of regression coefficients from the records overlap with real ones.",
        reading="""0 to 1; the ceiling of real data is below 1. Logistic, linear or Cox regression, as
        the label asks, on up to a thousand records and eight fields that are not alike; the mean is
        over the coefficients that differ from zero among real records. Wide intervals overlap anyway:
        with few records it says little, and the floor shows that.""",
        source="Karr et al. 2006, A framework for evaluating the utility of data altered to protect "
        "confidentiality, equation 1",
    ),
    better="high",
    feature="table",
    cost="heavy",
    reference="train",
)
def coefficient_overlap(split: Split) -> float:
    columns = compute_once(split.train, _choose_columns, split)
    real, candidate = (
        compute_once(side, _estimate_intervals, split, columns) for side in (split.train, split.synthetic)
    )
    shown = real[:, 0] * real[:, 1] > 0
    if not shown.any():
        raise Unsupported("no coefficient differs from zero among the real records")
    return float(np.nan_to_num(compute_interval_overlap(real, candidate))[shown].mean())


def _find_task(split: Split) -> Task | None:
    """The task; None: survival, which is described where no label is named."""
    named = split.options.label or split.train.source_cohort.schema.find_by_role("label")
    if named is None and split.train.source_cohort.schema.survival_pairs:
        return None
    return compute_once(split.train, build_task, split.options)


def _choose_columns(_: Sample, split: Split) -> tuple[Design, np.ndarray]:
    """The design and which of its columns are in the model: the strongest that are not alike."""
    asked = _find_task(split)
    design = cox.fit_design(split.train, split.options) if asked is None else asked.design
    if asked is None:
        known = compute_once(split.train, cox.select_survival_sample)
        x, y = design.encode(known.sample), known.event - known.time / (known.time.mean() or 1.0)
    else:
        sample, outcome = select_labelled_records(split.train, asked)
        x, y = design.encode(sample), outcome == _find_most_frequent(outcome) if asked.classes else outcome
    spread = x.std(axis=0)
    varied = np.flatnonzero(spread > MIN_SPREAD * spread.max(initial=0))
    links = np.nan_to_num(np.atleast_2d(np.corrcoef(np.column_stack([x[:, varied], y]).T)))
    chosen: list[int] = []
    for j in np.argsort(-np.abs(links[-1, :-1]), kind="stable"):
        if len(chosen) < MAX_FIELDS and np.all(np.abs(links[j, chosen]) < MAX_CORRELATION):
            chosen.append(int(j))
    if not chosen:
        raise Unsupported("no field varies")
    return design, varied[chosen]


def _estimate_intervals(sample: Sample, split: Split, columns: tuple[Design, np.ndarray]) -> np.ndarray:
    """The 95 % interval of each coefficient, shape (k, 2)."""
    design, chosen = columns
    asked = _find_task(split)
    few = sample.take(np.arange(min(len(sample), MAX_RECORDS)))
    if asked is None:
        known = cox.select_survival_sample(few)
        beta, spread = cox.fit_hazards(
            design.encode(known.sample)[:, chosen], known.time, known.event, RIDGE
        )
        return _to_intervals(beta, spread)
    known, y = select_labelled_records(few, asked)
    x = design.encode(known)[:, chosen]
    if not asked.classes:
        return _to_intervals(*_fit_linear(x, y))
    rarer = range(1, len(asked.classes))  # the first class is what the others are held against
    return np.concatenate([_to_intervals(*_fit_logistic(x, y == k)) for k in rarer])


def _to_intervals(beta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    reach = CONFIDENCE_Z * np.sqrt(covariance.diagonal())
    return np.column_stack([beta - reach, beta + reach])


def _fit_logistic(x: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logistic coefficients with a slight ridge, and their covariance from the information matrix."""
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    if positive.all() or not positive.any():  # one outcome only: no coefficient is known at all
        return np.full(x.shape[1], np.nan), np.eye(x.shape[1])
    model = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky", max_iter=50).fit(x, positive)
    p = model.predict_proba(x)[:, 1]
    ones = np.column_stack([x, np.ones(len(x))])
    penalty = np.diag([*np.full(x.shape[1], RIDGE), 1e-9])
    information = (ones * (p * (1 - p))[:, None]).T @ ones + penalty
    return model.coef_[0], np.linalg.inv(information)[:-1, :-1]


def _fit_linear(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares with a slight ridge, and the covariance of the coefficients."""
    centred, target = x - x.mean(axis=0), y - y.mean()
    inverse = np.linalg.inv(centred.T @ centred + RIDGE * np.eye(x.shape[1]))
    beta = inverse @ centred.T @ target
    noise = ((target - centred @ beta) ** 2).sum() / max(len(y) - x.shape[1] - 1, 1)
    return beta, inverse * max(float(noise), 1e-12)


def _find_most_frequent(y: np.ndarray) -> int:
    return int(np.bincount(y).argmax())


__plugin__ = (coefficient_overlap,)
