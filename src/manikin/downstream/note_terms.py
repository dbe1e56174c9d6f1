"""Terms of notes: which words, pairs and headings are looked at, and how often each side has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from manikin.contracts.split import Sample, compute_once, compute_per_record
from manikin.errors import Unsupported
from manikin.text import negation
from manikin.text.document_terms import build_section_matrix, build_term_matrix, count_document_frequencies
from manikin.text.note_fields import read_notes, tokenize_notes
from manikin.text.tokenize import find_headings, hash_word, tokenize

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MIN_NOTES = 20  # training notes with a word, from which on it is looked at; and such words
MAX_TERMS, MAX_PAIRED_TERMS = 1_000, 80  # words that are looked at alone, and by twos
MAX_DENIED_TERMS, MIN_LETTERS = 300, 4  # words that may be denied, and their letters
MAX_READ = 500  # training notes that are read for these
MIN_HEADING_SHARE = 0.02  # share of notes with a heading, from which on it is looked at
MIN_HEADED_SHARE = 0.2  # share of notes with any


def choose_terms(train: Sample) -> np.ndarray:
    """The words that most training notes have, as hashes, rising.

    Raises:
        Unsupported: Too few words stand in enough notes.
    """
    word, count = compute_once(train, _count_words)
    return np.sort(word[np.argsort(-count, kind="stable")[:MAX_TERMS]])


def choose_varying_terms(train: Sample) -> np.ndarray:
    """The places of the terms whose presence varies most."""
    count = np.asarray(
        compute_per_record(train, _has_terms, compute_once(train, choose_terms)).sum(axis=0)
    ).ravel()
    return np.sort(np.argsort(-count * (len(train) - count), kind="stable")[:MAX_PAIRED_TERMS])


def compute_term_shares(sample: Sample, known: np.ndarray) -> np.ndarray:
    """The share of notes that have each term, as the arcsine of its root, (terms,)."""
    shares = np.asarray(compute_per_record(sample, _has_terms, known).mean(axis=0)).ravel()
    return np.arcsin(np.sqrt(np.clip(shares, 0, 1)))


def compute_covariances(sample: Sample, known: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The covariances of presence, each pair once."""
    x = compute_per_record(sample, _has_terms, known)[:, chosen].toarray()
    return np.cov(x.T, ddof=0)[np.triu_indices(x.shape[1], 1)]


def choose_deniable_terms(train: Sample) -> dict[str, int]:
    """The words of four letters or more that stand in most training notes."""
    enough = set(compute_once(train, choose_terms).tolist())
    counts: dict[str, int] = {}
    for text in compute_per_record(train, read_notes)[:MAX_READ]:
        for word in set(tokenize(text)):
            if len(word) >= MIN_LETTERS and hash_word(word) in enough:
                counts[word] = counts.get(word, 0) + 1
    order = sorted(counts, key=lambda word: (-counts[word], word))[:MAX_DENIED_TERMS]
    return {word: i for i, word in enumerate(order)}


def count_denials(cohort: Cohort, known: dict[str, int]) -> csr_matrix:
    """How often each word is said, then how often denied, (n, 2 · words)."""
    return csr_matrix(np.hstack(negation.count_negated_words(read_notes(cohort).tolist(), known)))


def choose_headings(train: Sample) -> tuple[str, ...]:
    """The headings that training notes share.

    Raises:
        Unsupported: The notes have none.
    """
    found = [find_headings(text) for text in compute_per_record(train, read_notes)]
    if np.mean([bool(one) for one in found]) < MIN_HEADED_SHARE:
        raise Unsupported("the notes have no headings")
    counts: dict[str, int] = {}
    for one in found:
        for name in set(one):
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(name for name, count in counts.items() if count >= MIN_HEADING_SHARE * len(found)))


def measure_sections(cohort: Cohort, known: tuple[str, ...]) -> np.ndarray:
    """Which headings each note has, and which before which, (n, headings and orders)."""
    return build_section_matrix(read_notes(cohort).tolist(), known)


def _count_words(train: Sample) -> tuple[np.ndarray, np.ndarray]:
    word, count = count_document_frequencies(compute_per_record(train, tokenize_notes))
    enough = count >= MIN_NOTES
    if enough.sum() < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} words stand in {MIN_NOTES} training notes")
    return word[enough], count[enough]


def _has_terms(cohort: Cohort, known: np.ndarray) -> csr_matrix:
    return build_term_matrix(tokenize_notes(cohort), known)
