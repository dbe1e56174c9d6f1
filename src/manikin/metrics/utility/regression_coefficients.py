"""Coefficients: would a paper that describes the patients by a regression say the same?"""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import Sample, Split, metric, once
from manikin.downstream import cox
from manikin.downstream.prediction_models import enough
from manikin.downstream.task import Design, Task, task
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import interval_overlap

FIELDS = 8  # in the model, as a paper would have
ALIKE = 0.7  # correlation from which on a column stands for another
RARE = 0.05  # spread, against that of the most varied column, below which one is left out
RIDGE = 0.1
MOST = (
    1_000  # records of a side: what a study has; intervals of far more overlap with nothing but themselves
)
NORMAL = 1.959964  # of the 95 % interval


@metric(
    "utility",
    better="high",
    source="Karr et al. 2006, A framework for evaluating the utility of data altered to protect "
    "confidentiality, equation 1",
    feature="table",
    cost="heavy",
    reference="train",
)
def coefficient_overlap(split: Split) -> float:
    """How far the 95 % intervals of regression coefficients from the records overlap with real ones.

    0 to 1; the ceiling of real data is below 1. Logistic, linear or Cox regression, as the label
    asks, on up to a thousand records and
    eight fields that are not alike; the mean is over the coefficients that differ from
    zero among real records. Wide intervals overlap anyway: with few records it says little, and the
    floor shows that.
    """
    columns = once(split.train, _chosen, split)
    real, candidate = (once(side, _intervals, split, columns) for side in (split.train, split.synthetic))
    shown = real[:, 0] * real[:, 1] > 0
    if not shown.any():
        raise Unsupported("no coefficient differs from zero among the real records")
    return float(np.nan_to_num(interval_overlap(real, candidate))[shown].mean())


def _asked(split: Split) -> Task | None:
    """The task; None: survival, which is described where no label is named."""
    named = split.question.label or split.train.whole.schema.named("label")
    if named is None and split.train.whole.schema.survival:
        return None
    return once(split.train, task, split.question)


def _chosen(_: Sample, split: Split) -> tuple[Design, np.ndarray]:
    """The design and which of its columns are in the model: the strongest that are not alike."""
    asked = _asked(split)
    design = cox.design(split.train, split.question) if asked is None else asked.design
    if asked is None:
        known = once(split.train, cox.followed)
        x, y = design.encode(known.sample), known.event - known.time / (known.time.mean() or 1.0)
    else:
        sample, outcome = enough(split.train, asked)
        x, y = design.encode(sample), outcome == _frequent(outcome) if asked.classes else outcome
    spread = x.std(axis=0)
    varied = np.flatnonzero(spread > RARE * spread.max(initial=0))
    links = np.nan_to_num(np.atleast_2d(np.corrcoef(np.column_stack([x[:, varied], y]).T)))
    chosen: list[int] = []
    for j in np.argsort(-np.abs(links[-1, :-1]), kind="stable"):
        if len(chosen) < FIELDS and np.all(np.abs(links[j, chosen]) < ALIKE):
            chosen.append(int(j))
    if not chosen:
        raise Unsupported("no field varies")
    return design, varied[chosen]


def _intervals(sample: Sample, split: Split, columns: tuple[Design, np.ndarray]) -> np.ndarray:
    """The 95 % interval of each coefficient, shape (k, 2)."""
    design, chosen = columns
    asked = _asked(split)
    few = sample.take(np.arange(min(len(sample), MOST)))
    if asked is None:
        known = cox.followed(few)
        beta, spread = cox.hazards(design.encode(known.sample)[:, chosen], known.time, known.event, RIDGE)
        return _ends(beta, spread)
    known, y = enough(few, asked)
    x = design.encode(known)[:, chosen]
    if not asked.classes:
        return _ends(*_linear(x, y))
    rarer = range(1, len(asked.classes))  # the first class is what the others are held against
    return np.concatenate([_ends(*_logistic(x, y == k)) for k in rarer])


def _ends(beta: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    reach = NORMAL * np.sqrt(covariance.diagonal())
    return np.column_stack([beta - reach, beta + reach])


def _logistic(x: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logistic coefficients with a slight ridge, and their covariance from the information matrix."""
    from sklearn.linear_model import LogisticRegression

    if positive.all() or not positive.any():  # one outcome only: no coefficient is known at all
        return np.full(x.shape[1], np.nan), np.eye(x.shape[1])
    model = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky", max_iter=50).fit(x, positive)
    p = model.predict_proba(x)[:, 1]
    ones = np.column_stack([x, np.ones(len(x))])
    penalty = np.diag([*np.full(x.shape[1], RIDGE), 1e-9])
    information = (ones * (p * (1 - p))[:, None]).T @ ones + penalty
    return model.coef_[0], np.linalg.inv(information)[:-1, :-1]


def _linear(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares with a slight ridge, and the covariance of the coefficients."""
    centred, target = x - x.mean(axis=0), y - y.mean()
    inverse = np.linalg.inv(centred.T @ centred + RIDGE * np.eye(x.shape[1]))
    beta = inverse @ centred.T @ target
    noise = ((target - centred @ beta) ** 2).sum() / max(len(y) - x.shape[1] - 1, 1)
    return beta, inverse * max(float(noise), 1e-12)


def _frequent(y: np.ndarray) -> int:
    return int(np.bincount(y).argmax())


__plugin__ = (coefficient_overlap,)
