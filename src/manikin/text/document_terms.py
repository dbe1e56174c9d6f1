"""Terms: which words notes have, and which headings in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from manikin.text.tokenize import find_headings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.text.tokenize import TokenStream


def list_document_terms(found: TokenStream) -> tuple[np.ndarray, np.ndarray]:
    """Each word that a note has, once, and the note: (pairs,), (pairs,)."""
    different, place = np.unique(found.word_hashes, return_inverse=True)
    pairs = np.unique(place * np.int64(found.note_count) + found.note_index)
    return different[pairs // max(found.note_count, 1)], pairs % max(found.note_count, 1)


def count_document_frequencies(found: TokenStream) -> tuple[np.ndarray, np.ndarray]:
    """The different words, rising, and how many notes have each.

    Example:
        >>> from manikin.text.tokenize import TokenStream
        >>> notes = TokenStream.from_notes(["a b a", "b"])
        >>> sorted(count_document_frequencies(notes)[1].tolist())
        [1, 2]
    """
    return np.unique(list_document_terms(found)[0], return_counts=True)


def build_term_matrix(found: TokenStream, known: np.ndarray) -> csr_matrix:
    """Which of these words (rising) each note has, 0 or 1, (n, words)."""
    word, note = list_document_terms(found)
    place = np.minimum(np.searchsorted(known, word), len(known) - 1)
    hit = known[place] == word
    return csr_matrix(
        (np.ones(int(hit.sum())), (note[hit], place[hit])), shape=(found.note_count, len(known))
    )


def build_section_matrix(texts: Sequence[str], known: tuple[str, ...]) -> np.ndarray:
    r"""Which of these headings each note has, and which before which, 0 or 1, (n, headings + pairs).

    Example:
        >>> notes = ["Plan: rest.\nFindings: none.", "Plan: go"]
        >>> build_section_matrix(notes, ("findings", "plan")).tolist()
        [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    """
    place = {name: i for i, name in enumerate(known)}
    first = np.full((len(texts), len(known)), np.inf)
    for i, text in enumerate(texts):
        for rank, name in enumerate(find_headings(text)):
            if name in place:
                first[i, place[name]] = min(first[i, place[name]], rank)
    a, b = np.triu_indices(len(known), 1)
    return np.hstack([np.isfinite(first), np.isfinite(first[:, b]) & (first[:, a] < first[:, b])]).astype(
        float
    )
