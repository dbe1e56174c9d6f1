"""The next visit: codes of a patient's last visit, predicted linearly from the codes of those before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.ehr import cooccurrence
from manikin.errors import Unsupported
from manikin.stats.prediction_scores import compute_binary_auroc

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories

MAX_TARGET_CODES, MAX_INPUT_CODES = 6, 128
"""Codes that are predicted, and frequent codes that they are predicted from."""

MIN_TARGET_SHARE, MAX_TARGET_SHARE = 0.05, 0.6
"""Shares of last visits between which a code can be predicted."""

RIDGE_PENALTY = 10.0
MIN_VISITS = 20

NextVisitData = tuple[np.ndarray, np.ndarray]


class NextVisitTask(NamedTuple):
    """Which codes of the last visit are predicted, and from which codes."""

    target_codes: np.ndarray
    input_codes: np.ndarray


def choose_task(found: Histories, width: int) -> NextVisitTask:
    """The codes whose presence at the last visit varies most.

    Raises:
        Unsupported: None does.
    """
    x, at = cooccurrence.to_visit_indicators(found, width), _find_last_visits(found)
    share = np.asarray(x[at].mean(axis=0)).ravel() if len(at) >= MIN_VISITS else np.zeros(0)
    targets = np.flatnonzero((share >= MIN_TARGET_SHARE) & (share <= MAX_TARGET_SHARE))
    if not len(targets):
        raise Unsupported("no code stands in 5 to 60 % of the visits that follow another")
    order = np.argsort(-share[targets] * (1 - share[targets]), kind="stable")[:MAX_TARGET_CODES]
    inputs = np.argsort(-np.asarray(x.sum(axis=0)).ravel(), kind="stable")[:MAX_INPUT_CODES]
    return NextVisitTask(targets[order], inputs)


def build_design(found: Histories, width: int, asked: NextVisitTask) -> NextVisitData:
    """Codes of the visit before the last and of all before, and how many; and the codes of the last."""
    x, at = cooccurrence.to_visit_indicators(found, width), _find_last_visits(found)
    ended = np.zeros(x.shape[0], dtype=bool)
    ended[np.flatnonzero(np.append(np.diff(found.visit_patient) != 0, True))] = True
    chosen = x[:, asked.input_codes].toarray()
    total = np.zeros((len(found), len(asked.input_codes)), dtype=np.float32)
    np.add.at(total, found.visit_patient[~ended], chosen[~ended])
    owner = found.visit_patient[at]
    visits = np.log1p(found.visit_counts[owner])[:, None]
    design = np.column_stack([chosen[at - 1], np.log1p(total[owner]), visits, np.ones(len(at))])
    return design, x[at][:, asked.target_codes].toarray()


def compute_transfer_auroc(made: NextVisitData, real: NextVisitData) -> float:
    """The mean area under the ROC curve of real patients, of models that learned from others."""
    x, y = made
    weights = np.linalg.solve(x.T @ x + RIDGE_PENALTY * np.eye(x.shape[1]), x.T @ y)
    scores = real[0] @ weights
    return float(
        np.nanmean([compute_binary_auroc(scores[:, j], real[1][:, j] > 0) for j in range(y.shape[1])])
    )


def _find_last_visits(found: Histories) -> np.ndarray:
    """The last visits of patients who have two or more."""
    ends = np.append(np.diff(found.visit_patient) != 0, True)[: len(found.visit_patient)]
    return np.flatnonzero(ends & (found.visit[found.is_visit_start] > 0))
