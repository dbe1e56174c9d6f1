"""How good predictions are: areas under curves, log-loss, Brier, calibration, R², concordance, overlap.

They are not scikit-learn's: a card asks for thousands of areas, of which one takes 4 milliseconds there and
half of one here; areas differ in the last digit, and it warns of probabilities raised to `MIN_PROBABILITY`.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

CALIBRATION_BINS = 10  # of calibration
MIN_PROBABILITY = 1e-3
"""A probability is taken for at least this: one sure mistake costs 6.9 and not infinity."""


def compute_binary_auroc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve, ties counting half (Hanley and McNeil 1982); NaN with one class only.

    Example:
        >>> compute_binary_auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        0.75
    """
    ones = int(positive.sum())
    if ones in (0, len(positive)):
        return float("nan")
    ranks = rankdata(score)[positive].sum() - ones * (ones + 1) / 2
    return float(ranks / (ones * (len(positive) - ones)))


def compute_auroc(y: np.ndarray, p: np.ndarray) -> float:
    """Mean over the classes of the area of each against the rest (Provost and Domingos 2000).

    Args:
        y: The class of each record, its place among the classes, shape (n,).
        p: Probabilities (n, classes). With two classes both areas are the same.
    """
    areas = [compute_binary_auroc(p[:, k], y == k) for k in range(p.shape[1])]
    known = [value for value in areas if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def compute_average_precision(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the curve of precision over recall, in steps (Davis and Goadrich 2006).

    Records of one score are found together; NaN where nothing is to be found.

    Example:
        >>> compute_average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        0.8333333333333333
    """
    if not positive.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # of those with one score
    found = np.cumsum(positive[order])[last]
    precision = found / (np.flatnonzero(last) + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / positive.sum())


def compute_auprc(y: np.ndarray, p: np.ndarray) -> float:
    """Average precision of the rarer of two classes; of several, the mean of each against the rest.

    Args:
        y: The class of each record, its place among the classes, shape (n,).
        p: Probabilities (n, classes).
    """
    counts = np.bincount(y, minlength=p.shape[1])
    asked = [int(counts.argmin())] if p.shape[1] == 2 else range(p.shape[1])  # noqa: PLR2004 - yes or no
    areas = [compute_average_precision(p[:, k], y == k) for k in asked]
    known = [value for value in areas if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def compute_calibration_error(y: np.ndarray, p: np.ndarray) -> float:
    """How far probabilities lie from how often it happened, 0 to 1: the expected calibration error.

    In ten bins of as many records each (Naeini et al. 2015; bins of Nguyen and O'Connor 2015), the mean
    over the classes. Chance alone makes it about 0.8 times the root of p (1 - p) / m, m in a bin.

    Example:
        >>> compute_calibration_error(np.array([0, 1] * 50), np.full((100, 2), [0.7, 0.3])).__round__(6)
        0.2
    """
    off = []
    for k in range(p.shape[1]):
        bins = np.array_split(np.argsort(p[:, k], kind="stable"), min(CALIBRATION_BINS, len(y)))
        off.append(sum(abs(p[rows, k].sum() - (y[rows] == k).sum()) for rows in bins) / len(y))
    return float(np.mean(off))


def compute_log_loss(y: np.ndarray, p: np.ndarray) -> float:
    """Mean of -log of the probability given to what happened (Good 1952), at least 0.001.

    Example:
        >>> round(compute_log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]])), 4)
        1.0397
    """
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], MIN_PROBABILITY)).mean())


def compute_brier_score(y: np.ndarray, p: np.ndarray) -> float:
    """Half the mean squared distance from the probabilities to what happened: 0 to 1 (Brier 1950).

    With two classes it is the mean of (probability - outcome) squared, the usual form.

    Example:
        >>> compute_brier_score(np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]]))
        0.625
    """
    happened = np.eye(p.shape[1])[y]
    return float(((p - happened) ** 2).sum(axis=1).mean() / 2)


def compute_r2(y: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the variance that is predicted: 1 is best, 0 as good as the mean, below 0 worse."""
    spread = ((y - y.mean()) ** 2).sum()
    return float(1 - ((y - predicted) ** 2).sum() / spread) if spread > 0 else float("nan")


def compute_concordance(time: np.ndarray, event: np.ndarray, risk: np.ndarray) -> float:
    """Harrell's C: how often, of two patients, the one of higher risk has the event first.

    Counted are pairs whose order is known: the earlier time is that of an event. Equal risks count
    half (Harrell et al. 1982). NaN where no pair can be compared.

    Args:
        time: Follow-up, shape (n,).
        event: Whether the event was seen, bool (n,).
        risk: Predicted risk, higher is sooner, shape (n,).

    Example:
        >>> time, event = np.array([1.0, 2, 3]), np.array([True, False, True])
        >>> [compute_concordance(time, event, np.array(risk)) for risk in ([3.0, 1, 2], [2.0, 2, 1])]
        [1.0, 0.75]
    """
    first = np.flatnonzero(event)
    later = (time[first, None] < time) | ((time[first, None] == time) & ~event)
    agree = (risk[first, None] > risk) + 0.5 * (risk[first, None] == risk)
    return float((agree * later).sum() / later.sum()) if later.any() else float("nan")


def compute_interval_overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How much two intervals share: the mean of the shares of either that the other covers.

    Karr et al. 2006, equation 1; 1 for equal intervals, 0 where they do not meet.

    Args:
        a: Lower and upper ends, shape (k, 2).
        b: The same of the other side.

    Example:
        >>> ends = np.array([[0.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 5.0], [2.0, 3.0]])
        >>> compute_interval_overlap(*ends)
        array([0.375, 0.   ])
    """
    low, high = np.maximum(a[:, 0], b[:, 0]), np.minimum(a[:, 1], b[:, 1])
    shared = np.maximum(high - low, 0)
    return (shared / (a[:, 1] - a[:, 0]) + shared / (b[:, 1] - b[:, 0])) / 2
