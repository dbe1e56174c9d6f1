"""Notes told apart: words and pairs of words as hashed TF-IDF, and a linear judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, diags, vstack

from manikin.contracts.metric import Sample, each
from manikin.stats.prediction_scores import area
from manikin.text.note_fields import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort

BUCKETS = 1 << 15
STRENGTH = 10.0  # of the evidence against the penalty of the logistic regression


def grams(cohort: Cohort) -> csr_matrix:
    """Logarithms of the counts of words and pairs, hashed, (n, BUCKETS)."""
    found = running(cohort)
    pairs, owner = found.runs(2)
    number, note = np.concatenate([found.mark, pairs]), np.concatenate([found.owner, owner])
    x = csr_matrix((np.ones(len(number)), (note, number % BUCKETS)), shape=(len(cohort), BUCKETS))
    x.sum_duplicates()
    x.data = np.log1p(x.data)
    return x


def rarity(train: Sample) -> np.ndarray:
    """The inverse document frequency of each bucket (Salton and Buckley 1988), (BUCKETS,)."""
    frequency = each(train, grams).astype(bool).sum(axis=0)
    return np.log((1 + len(train)) / (1 + np.asarray(frequency).ravel())) + 1


def weighed(parts: Sequence[csr_matrix], rare: np.ndarray) -> csr_matrix:
    """Counts of several sides under each other, weighed, each note of length 1."""
    x: Any = vstack(parts) @ diags(rare)
    size = np.sqrt(np.asarray(x.multiply(x).sum(axis=1)).ravel())
    return csr_matrix(diags(1 / np.maximum(size, 1e-9)) @ x)


def told(x: csr_matrix, fake: np.ndarray, out: np.ndarray) -> float:
    """The area under the curve on the notes `out` of a judge that learned from the others; NaN: one class.

    Args:
        x: Weighed counts (n, BUCKETS).
        fake: Which notes are synthetic, bool (n,).
        out: Which are judged, bool (n,).
    """
    from sklearn.linear_model import LogisticRegression

    if not 0 < fake[out].sum() < out.sum() or not 0 < fake[~out].sum() < (~out).sum():
        return float("nan")
    judge = LogisticRegression(solver="liblinear", C=STRENGTH, random_state=0).fit(x[~out], fake[~out])
    return area(judge.decision_function(x[out]), fake[out])
