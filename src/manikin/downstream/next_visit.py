"""The next visit: codes of a patient's last visit, predicted linearly from the codes of those before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.ehr import cooccurrence
from manikin.stats.prediction_scores import area

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories

TARGETS, INPUTS = 6, 128
"""Codes that are predicted, and frequent codes that they are predicted from."""

LOW, HIGH = 0.05, 0.6
"""Shares of last visits between which a code can be predicted."""

RIDGE = 10.0
FEWEST = 20

Design = tuple[np.ndarray, np.ndarray]


class Asked(NamedTuple):
    """Which codes of the last visit are predicted, and from which codes."""

    targets: np.ndarray
    inputs: np.ndarray


def asked(found: Histories, width: int) -> Asked | None:
    """The codes whose presence at the last visit varies most; None: none does."""
    x, at = cooccurrence.bags(found, width), _last(found)
    if len(at) < FEWEST:
        return None
    share = np.asarray(x[at].mean(axis=0)).ravel()
    targets = np.flatnonzero((share >= LOW) & (share <= HIGH))
    order = np.argsort(-share[targets] * (1 - share[targets]), kind="stable")[:TARGETS]
    inputs = np.argsort(-np.asarray(x.sum(axis=0)).ravel(), kind="stable")[:INPUTS]
    return Asked(targets[order], inputs) if len(targets) else None


def task(found: Histories, width: int, asked: Asked) -> Design:
    """Codes of the visit before the last and of all before, and how many; and the codes of the last."""
    x, at = cooccurrence.bags(found, width), _last(found)
    ended = np.zeros(x.shape[0], dtype=bool)
    ended[np.flatnonzero(np.append(np.diff(found.owner) != 0, True))] = True
    chosen = x[:, asked.inputs].toarray()
    total = np.zeros((len(found), len(asked.inputs)), dtype=np.float32)
    np.add.at(total, found.owner[~ended], chosen[~ended])
    owner = found.owner[at]
    visits = np.log1p(found.visits[owner])[:, None]
    design = np.column_stack([chosen[at - 1], np.log1p(total[owner]), visits, np.ones(len(at))])
    return design, x[at][:, asked.targets].toarray()


def tested(made: Design, real: Design) -> float:
    """The mean area under the ROC curve of real patients, of models that learned from others."""
    x, y = made
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    scores = real[0] @ weights
    return float(np.nanmean([area(scores[:, j], real[1][:, j] > 0) for j in range(y.shape[1])]))


def _last(found: Histories) -> np.ndarray:
    """The last visits of patients who have two or more."""
    ends = np.append(np.diff(found.owner) != 0, True)[: len(found.owner)]
    return np.flatnonzero(ends & (found.visit[found.opens] > 0))
