"""Spans: runs of words that two texts have in common, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, diags

if TYPE_CHECKING:
    from manikin.text.tokenize import TokenStream

SHINGLE_WORDS = 4  # words
BLOCK_SIZE = 256  # notes compared at once


def count_run_subjects(
    running: TokenStream, subject: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different runs of k words, rising, how many subjects have each, and the first of these.

    Args:
        running: The notes.
        subject: Whose each note is, (n,).
        k: Words.

    Example:
        >>> from manikin.text.tokenize import TokenStream
        >>> notes = TokenStream.from_notes(["no acute disease", "no acute disease", "no acute distress"])
        >>> counts = count_run_subjects(notes, np.array([0, 0, 1]), 2)[1]
        >>> counts.tolist().count(2)  # "no acute" is of two subjects
        1
    """
    number, note = running.hash_ngrams(k)
    pairs = np.unique(np.stack([number, subject[note]]), axis=1)
    known, first, counts = np.unique(pairs[0], return_index=True, return_counts=True)
    return known, counts, pairs[1][first]


def find_notes_with_runs(running: TokenStream, k: int, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which notes have one of these runs of k words (rising numbers), rising, and which runs they have."""
    number, note = running.hash_ngrams(k)
    if not len(spans):
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    place = np.minimum(np.searchsorted(spans, number), len(spans) - 1)
    hit = spans[place] == number
    return np.unique(note[hit]), np.unique(place[hit])


@dataclass(frozen=True, eq=False)
class TrainingRuns:
    """What the notes of training patients have, and how rare it is.

    Args:
        runs: The different runs of four words of training notes, rising (k,).
        subjects: Their subjects, rising (p,).
        incidence: Who has which, 0 or 1, (p, k).
        subject_counts: How many real subjects have each, held-out ones too, (k,).
        total_subjects: How many real subjects there are.
    """

    runs: np.ndarray
    subjects: np.ndarray
    incidence: csr_matrix
    subject_counts: np.ndarray
    total_subjects: int

    @classmethod
    def from_tokens(
        cls, train: TokenStream, subject: np.ndarray, holdout: TokenStream, other: np.ndarray
    ) -> TrainingRuns:
        """Learn from training notes, count in held-out ones too."""
        runs = np.unique(_list_shingles(train)[0])
        people, place = np.unique(subject, return_inverse=True)
        strangers, where = np.unique(other, return_inverse=True)
        has = _build_incidence(train, place, len(people), runs)
        held = _build_incidence(holdout, where, len(strangers), runs)
        count = np.asarray(has.sum(axis=0) + held.sum(axis=0)).ravel()
        return cls(runs, people, has, count, len(people) + len(strangers))

    def locate_subjects(self, subject: np.ndarray) -> np.ndarray:
        """The place of each subject."""
        return np.searchsorted(self.subjects, subject)

    def measure_overlap(self, notes: TokenStream, own: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """How much each note has in common with one training subject and not with the next, and with whom.

        In nats: of each run the logarithm of how many times fewer subjects have it than there are.

        Args:
            notes: The notes.
            own: Whose they are, places among the subjects, with whom they are not compared; -1: of a real
                person who is not there. None: nobody's. Nobody makes less rare what is theirs.
        """
        asked = _build_incidence(notes, np.arange(notes.note_count), notes.note_count, self.runs)
        count = np.maximum(self.subject_counts - (own is not None), 1)
        weighed: Any = asked @ diags(np.log(self.total_subjects / count))
        far, whom = np.zeros(notes.note_count), np.zeros(notes.note_count, dtype=int)
        for start in range(0, notes.note_count, BLOCK_SIZE):
            rows = slice(start, start + BLOCK_SIZE)
            common = np.asarray((weighed[rows] @ self.incidence.T).todense())
            if own is not None:
                mine = np.flatnonzero(own[rows] >= 0)
                common[mine, own[rows][mine]] = 0.0
            best = common.argmax(axis=1)
            most = common.max(axis=1)
            common[np.arange(len(best)), best] = 0.0
            far[rows], whom[rows] = most - common.max(axis=1), best
        return far, whom


def _build_incidence(found: TokenStream, owner: np.ndarray, count: int, runs: np.ndarray) -> csr_matrix:
    """Who has which of these runs, 0 or 1, (count, runs)."""
    number, note = _list_shingles(found)
    place = np.minimum(np.searchsorted(runs, number), max(len(runs) - 1, 0))
    hit = runs[place] == number if len(runs) else np.zeros(len(number), dtype=bool)
    pairs = np.unique(owner[note[hit]] * np.int64(len(runs)) + place[hit])
    where = (pairs // max(len(runs), 1), pairs % max(len(runs), 1))
    return csr_matrix((np.ones(len(pairs)), where), shape=(count, len(runs)))


def _list_shingles(running: TokenStream) -> tuple[np.ndarray, np.ndarray]:
    """Every run of four words, and the note; shorter notes are one run each."""
    number, note = running.hash_ngrams(SHINGLE_WORDS)
    sizes = running.note_lengths
    parts = [(number, note)]
    for k in range(1, SHINGLE_WORDS):
        short = np.flatnonzero(sizes == k)
        if len(short):
            some, owner = running[short].hash_ngrams(k)
            parts.append((some, short[owner]))
    numbers, notes = (np.concatenate(part) for part in zip(*parts, strict=True))
    return numbers, notes
