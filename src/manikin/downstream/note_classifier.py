"""Notes told apart: words and pairs of words as hashed TF-IDF, and a linear judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, diags, vstack

from manikin.contracts.split import Sample, compute_per_record
from manikin.stats.prediction_scores import compute_binary_auroc
from manikin.text.note_fields import tokenize_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort

HASH_BUCKETS = 1 << 15
INVERSE_PENALTY = 10.0  # of the evidence against the penalty of the logistic regression


def count_ngrams(cohort: Cohort) -> csr_matrix:
    """Logarithms of the counts of words and pairs, hashed, (n, BUCKETS)."""
    found = tokenize_notes(cohort)
    pairs, owner = found.hash_ngrams(2)
    number, note = np.concatenate([found.word_hashes, pairs]), np.concatenate([found.note_index, owner])
    x = csr_matrix((np.ones(len(number)), (note, number % HASH_BUCKETS)), shape=(len(cohort), HASH_BUCKETS))
    x.sum_duplicates()
    x.data = np.log1p(x.data)
    return x


def compute_idf(train: Sample) -> np.ndarray:
    """The inverse document frequency of each bucket (Salton and Buckley 1988), (BUCKETS,)."""
    frequency = compute_per_record(train, count_ngrams).astype(bool).sum(axis=0)
    return np.log((1 + len(train)) / (1 + np.asarray(frequency).ravel())) + 1


def compute_tfidf(parts: Sequence[csr_matrix], rare: np.ndarray) -> csr_matrix:
    """Counts of several sides under each other, weighed, each note of length 1."""
    from sklearn.preprocessing import normalize  # takes a second to import

    return csr_matrix(normalize(vstack(parts) @ diags(rare)))


def compute_classifier_auroc(x: csr_matrix, fake: np.ndarray, out: np.ndarray) -> float:
    """The area under the curve on the notes `out` of a judge that learned from the others; NaN: one class.

    Args:
        x: Weighed counts (n, BUCKETS).
        fake: Which notes are synthetic, bool (n,).
        out: Which are judged, bool (n,).
    """
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    if not 0 < fake[out].sum() < out.sum() or not 0 < fake[~out].sum() < (~out).sum():
        return float("nan")
    judge = LogisticRegression(solver="liblinear", C=INVERSE_PENALTY, random_state=0).fit(
        x[~out], fake[~out]
    )
    return compute_binary_auroc(judge.decision_function(x[out]), fake[out])
