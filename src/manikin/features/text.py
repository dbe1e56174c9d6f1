"""Text: notes as the words they use, how they go together, and how they are written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from manikin.contracts.feature import Feature
from manikin.schema.kinds import Text
from manikin.text.negation import count_negations
from manikin.text.note_fields import read_notes
from manikin.text.tokenize import TokenStream, find_headings, hash_word, split_sentences, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort

N_FREQUENT, N_HASHED = 64, 24
"""Coordinates of the words that tell notes apart best, one each, and of all others and pairs together."""

MIN_DEVIATION = 0.1
"""The least deviation by which a coordinate is scaled, so that rare words do not decide a distance."""


@dataclass(frozen=True)
class NoteFeature(Feature):
    """How often each of 64 words stands, other words and pairs hashed to 24 numbers, and eleven of style.

    The words are those whose presence varies most in training: no component is fitted to single notes,
    which attacks would then take for a leak. All others, and each two that follow one another, are summed
    with signs that depend on their spelling alone (Weinberger et al. 2009). Style: words, sentences, words
    of a sentence, letters of a word, numbers, punctuation, capitals, negations (NegEx), headings, different
    words, nothing at all. What it cannot see: the order of more than two words, and rare words one by one.

    Example:
        >>> import pyarrow as pa
        >>> from manikin.cohort.cohort import Cohort
        >>> from manikin.schema.kinds import Schema
        >>> made = pa.table({"note": ["No fever.", "Fever and cough.", None]})
        >>> cohort = Cohort(made, Schema(note=Text()))
        >>> NoteFeature().fit(cohort)(cohort).shape
        (3, 39)
    """

    kinds: ClassVar[tuple[type, ...]] = (Text,)
    version: ClassVar[str] = "text/1"

    distinctive_words: tuple[str, ...] = ()
    centre: np.ndarray | None = None
    scale: np.ndarray | None = None

    def fit(self, cohort: Cohort) -> NoteFeature:
        """Learn the words that vary most, and the scale of each coordinate."""
        bare = NoteFeature(_find_distinctive_words(read_notes(cohort).tolist()))
        x = bare.compute_numbers(cohort)
        return NoteFeature(bare.distinctive_words, x.mean(axis=0), np.maximum(x.std(axis=0), MIN_DEVIATION))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = self.compute_numbers(cohort)
        return x if self.centre is None else ((x - self.centre) / self.scale).astype(np.float32)

    def compute_numbers(self, cohort: Cohort) -> np.ndarray:
        """The numbers as they are, float32 (n, d)."""
        found = read_notes(cohort).tolist()
        return np.column_stack(
            [_count_words(found, self.distinctive_words), _measure_styles(found)]
        ).astype(np.float32)


def _find_distinctive_words(found: Sequence[str]) -> tuple[str, ...]:
    """The words that stand in half of the notes rather than in all or few."""
    counts = Counter(word for text in found for word in set(tokenize(text)))
    n = len(found)
    order = sorted(counts, key=lambda word: (-counts[word] * (n - counts[word]), word))
    return tuple(order[:N_FREQUENT])


def _count_words(found: Sequence[str], own: tuple[str, ...]) -> np.ndarray:
    """Logarithms of how often each word of its own stands, and signed sums of all else."""
    running = TokenStream.from_notes(found)
    marks = np.array([hash_word(word) for word in own], dtype=np.int64)
    order = np.argsort(marks)
    place = np.minimum(np.searchsorted(marks[order], running.word_hashes), max(len(own) - 1, 0))
    mine = (
        (marks[order][place] == running.word_hashes)
        if len(own)
        else np.zeros(len(running.word_hashes), dtype=bool)
    )
    out = np.zeros((len(found), len(own) + N_HASHED))
    if mine.any():
        np.add.at(out, (running.note_index[mine], order[place[mine]]), 1.0)
    pairs, owner = running.hash_ngrams(2)
    number = np.concatenate([running.word_hashes[~mine], pairs])
    at = len(own) + number // 2 % N_HASHED
    np.add.at(
        out, (np.concatenate([running.note_index[~mine], owner]), at), np.where(number % 2, 1.0, -1.0)
    )
    return np.sign(out) * np.log1p(np.abs(out))


def _measure_styles(found: Sequence[str]) -> np.ndarray:
    return np.array([_measure_style(text) for text in found]).reshape(len(found), -1)


def _measure_style(text: str) -> tuple[float, ...]:
    parts, said = tokenize(text), len(split_sentences(text))
    count, size = max(len(parts), 1), max(len(text), 1)
    marks = sum(not c.isalnum() and not c.isspace() for c in text)
    return (
        np.log1p(len(parts)),
        np.log1p(said),
        np.log1p(len(parts) / max(said, 1)),
        sum(map(len, parts)) / count / 5,
        5 * sum(part[0].isdigit() for part in parts) / count,
        5 * marks / size,
        5 * sum(c.isupper() for c in text) / size,
        5 * count_negations(text) / count,
        np.log1p(len(find_headings(text))),
        len(set(parts)) / count,
        float(not parts),
    )


__plugin__ = NoteFeature
