"""Grams: how surprising the words of a note are after the two before them, by interpolated Kneser-Ney.

P(c | a b) = max(n(abc) − D, 0) / n(ab) + D · n₁(ab·) / n(ab) · P(c | b), where the lower orders count in
how many contexts a word stands instead of how often (Kneser and Ney 1995; Chen and Goodman 1999, eq. 16).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from manikin.text.tokenize import TokenStream

DISCOUNT = 0.75


@dataclass(frozen=True, eq=False)
class TrigramModel:
    """Counts of words, pairs and triples.

    Args:
        vocabulary: The words that are known, rising (v,).
        order_counts: For orders 3, 2 and 1: the keys of the grams with their counts, and the keys of their
            contexts with how much follows and how much of it is distinct.
    """

    vocabulary: np.ndarray
    order_counts: tuple[tuple[np.ndarray, ...], ...]

    @classmethod
    def from_tokens(cls, running: TokenStream) -> TrigramModel:
        """Learn from notes."""
        vocabulary = np.unique(running.word_hashes)
        a, b, c = _index_trigrams(running, vocabulary)
        width = len(vocabulary) + 2
        triple, counts = np.unique((a * width + b) * width + c, return_counts=True)
        pair, behind = np.unique(triple % width**2, return_counts=True)
        word, before = np.unique(pair % width, return_counts=True)
        found = ((triple, counts), (pair, behind), (word, before))
        return cls(vocabulary, tuple((key, n, *_count_contexts(key // width, n)) for key, n in found))

    def compute_surprisal(self, running: TokenStream) -> np.ndarray:
        """The mean surprise at a word of each note, in nats, (n,); NaN for a note without words."""
        a, b, c = _index_trigrams(running, self.vocabulary)
        width = len(self.vocabulary) + 2
        p = np.full(len(c), 1.0 / (len(self.vocabulary) + 1))
        keys = (c, b * width + c, (a * width + b) * width + c)
        for key, (known, n, context, total, distinct) in zip(keys, self.order_counts[::-1], strict=True):
            seen, follows = _look_up(known, n, key), _look_up(context, total, key // width)
            rest = DISCOUNT * _look_up(context, distinct, key // width)
            size = np.maximum(follows, 1)
            p = np.where(follows > 0, np.maximum(seen - DISCOUNT, 0) / size + rest / size * p, p)
        total = np.bincount(running.note_index, -np.log(p), minlength=running.note_count)
        sizes = running.note_lengths
        return np.where(sizes > 0, total / np.maximum(sizes, 1), np.nan)


def _index_trigrams(
    running: TokenStream, vocabulary: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each word and the two before it as places in the vocabulary; v: unknown, v + 1: before the first."""
    place = np.searchsorted(vocabulary, running.word_hashes)
    known = place < len(vocabulary)
    known[known] = vocabulary[place[known]] == running.word_hashes[known]
    c = np.where(known, place, len(vocabulary)).astype(np.int64)
    first = len(vocabulary) + 1
    rank = np.arange(len(c)) - np.searchsorted(running.note_index, running.note_index)
    before = [np.where(rank >= j, np.roll(c, j), first) for j in (2, 1)]
    return before[0], before[1], c


def _count_contexts(context: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct contexts, how much follows each, and how many distinct words."""
    known, place, distinct = np.unique(context, return_inverse=True, return_counts=True)
    return known, np.bincount(place, n, minlength=len(known)), distinct


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The values at these keys, 0 where there is none."""
    if not len(keys):
        return np.zeros(len(wanted))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0).astype(float)
