"""Readers tell from a note what was given with it; of several drafts they choose one that speaks of it.

A note says what is peculiar to its record in a phrase or two, and a run of words knows nothing of what is
said elsewhere. So a draft that came without any such phrase is put aside as often as a reader of real notes
would not have guessed its record. Drafts are weighed with p(value | note) to some power, and with how near
their length is to that of the first: longer ones tell more, and would crowd out the short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import log_softmax

from manikin.families.templates.ngrams import GAP_TOKEN

if TYPE_CHECKING:
    from manikin.contracts.family import FamilyState
    from manikin.families.templates.ngrams import NGram

MAX_NOTES = 4_000  # notes from which readers learn, at most
INVERSE_PENALTY = 1.0  # of the evidence against the penalty of the logistic regression
MAX_NGRAM_LENGTH = 2  # words of the longest run that is read
EVIDENCE_POWER = 2.0  # of p(value | note)
LENGTH_LOG_WIDTH = 0.25  # logarithm of a ratio of lengths at which a draft weighs e times less


def fit_rerankers(
    notes: list[list[int]],
    given: np.ndarray,
    subject: np.ndarray,
    runs: list[dict[NGram, int]],
    bearers: int,
    rng: np.random.Generator,
) -> FamilyState:
    """Logistic regressions of each given field on the presence of shared words and pairs.

    A weight is kept only where at least `bearers` subjects have both the value and the run, or none has.

    Args:
        notes: Tokens of the notes.
        given: The values (n, fields).
        subject: Of each note (n,).
        runs: Shared runs by length.
        bearers: Subjects that a value, and a value with a run, need.
        rng: Chooses the notes that are read where there are many.
    """
    from sklearn.linear_model import LogisticRegression

    some = np.sort(rng.permutation(len(notes))[:MAX_NOTES])
    known = index_ngrams(runs[:MAX_NGRAM_LENGTH])
    x = build_ngram_matrix([notes[i] for i in some], known)
    state: FamilyState = {}
    for field in range(given.shape[1]):
        y, whose = given[some, field], subject[some]
        values = [v for v in np.unique(y).tolist() if len(np.unique(whose[y == v])) >= bearers]
        kept = np.isin(y, values)
        if len(values) < 2 or not len(known):  # noqa: PLR2004 - a choice
            continue
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=2_000).fit(x[kept], y[kept])
        weight, bias = model.coef_, np.asarray(model.intercept_)
        if len(values) == 2:  # noqa: PLR2004 - one row stands for both
            weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        people = np.stack([_count_subjects(x[y == v], whose[y == v]) for v in values])
        state[f"reader.{field}.values"] = np.array(values)
        state[f"reader.{field}.weights"] = np.where((people > 0) & (people < bearers), 0, weight).astype(
            np.float32
        )
        state[f"reader.{field}.bias"] = bias.astype(np.float32)
    return state


@final
class Reranker:
    """What was learned, for drafts."""

    def __init__(self, state: FamilyState) -> None:
        runs = [state[name] for k in range(1, MAX_NGRAM_LENGTH + 1) if (name := f"runs.{k}") in state]
        self.known = index_ngrams([dict.fromkeys(map(tuple, part.tolist()), 1) for part in runs])
        fields = sorted(int(name.split(".")[1]) for name in state if name.endswith(".weights"))
        self.fields = {
            field: [state[f"reader.{field}.{part}"] for part in ("values", "weights", "bias")]
            for field in fields
        }

    def compute_draft_shares(self, drafts: list[list[int]], given: list[int]) -> np.ndarray:
        """The share in which each draft is taken (drafts,), by how surely it tells what was given."""
        told, x = np.zeros(len(drafts)), build_ngram_matrix(drafts, self.known)
        for field, (values, weights, bias) in self.fields.items():
            mine = np.flatnonzero(values == given[field])
            if len(mine):
                told += log_softmax(np.asarray(x @ weights.T) + bias, axis=1)[:, mine[0]]
        size = np.log([1 + len(draft) for draft in drafts])
        told = EVIDENCE_POWER * told - np.abs(size - size[0]) / LENGTH_LOG_WIDTH
        share = np.exp(told - told.max())
        return share / share.sum()


def index_ngrams(runs: list[dict[NGram, int]]) -> dict[NGram, int]:
    """The column of each run."""
    return {run: i for i, run in enumerate(run for part in runs for run in part if GAP_TOKEN not in run)}


def build_ngram_matrix(notes: list[list[int]], known: dict[NGram, int]) -> Any:  # noqa: ANN401 - a sparse matrix
    """Which runs stand in each note, 0 or 1 (n, runs)."""
    found = [
        {
            known[run]
            for k in range(1, MAX_NGRAM_LENGTH + 1)
            for run in zip(*(note[i:] for i in range(k)), strict=False)
            if run in known
        }
        for note in notes
    ]
    row = np.repeat(np.arange(len(notes)), [len(one) for one in found])
    column = np.fromiter((place for one in found for place in sorted(one)), dtype=int)
    return csr_matrix((np.ones(len(row)), (row, column)), shape=(len(notes), len(known)))


def _count_subjects(x: Any, whose: np.ndarray) -> np.ndarray:  # noqa: ANN401 - a sparse matrix
    """How many subjects have each run."""
    _, place = np.unique(whose, return_inverse=True)
    owner = csr_matrix((np.ones(len(place)), (place, np.arange(len(place)))))
    return np.asarray(((owner @ x) > 0).sum(axis=0)).ravel()
