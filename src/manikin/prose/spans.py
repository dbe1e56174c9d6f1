"""Spans: runs of words that two texts have in common, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from manikin.prose.words import Running

SHINGLE = 5


def owners(running: Running, subject: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different runs of k words, rising, how many subjects have each, and the first of these.

    Args:
        running: The notes.
        subject: Whose each note is, (n,).
        k: Words.

    Example:
        >>> from manikin.prose.words import Running
        >>> notes = Running.of(["no acute disease", "no acute disease", "no acute distress"])
        >>> owners(notes, np.array([0, 0, 1]), 2)[1].tolist().count(2)  # "no acute" is of two subjects
        1
    """
    number, note = running.runs(k)
    pairs = np.unique(np.stack([number, subject[note]]), axis=1)
    known, first, counts = np.unique(pairs[0], return_index=True, return_counts=True)
    return known, counts, pairs[1][first]


def having(running: Running, k: int, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which notes have one of these runs of k words (rising numbers), rising, and which runs they have."""
    number, note = running.runs(k)
    if not len(spans):
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
    place = np.minimum(np.searchsorted(spans, number), len(spans) - 1)
    hit = spans[place] == number
    return np.unique(note[hit]), np.unique(place[hit])


def shingles(running: Running, known: np.ndarray) -> csr_matrix:
    """Which runs of five words each note has, 0 or 1, (n, known + 1); the unknown share the last place.

    Shorter notes count as one run each.
    """
    number, note = _shingled(running)
    place = np.minimum(np.searchsorted(known, number), max(len(known) - 1, 0))
    hit = known[place] == number if len(known) else np.zeros(len(number), dtype=bool)
    column = np.where(hit, place, len(known))
    count = np.ones(len(number), dtype=np.float32)
    return csr_matrix((count, (note, column)), shape=(running.count, len(known) + 1))


def vocabulary(running: Running) -> np.ndarray:
    """The different runs of five words, rising."""
    return np.unique(_shingled(running)[0])


def _shingled(running: Running) -> tuple[np.ndarray, np.ndarray]:
    number, note = running.runs(SHINGLE)
    sizes = running.sizes
    parts = [(number, note)]
    for k in range(1, SHINGLE):
        short = np.flatnonzero(sizes == k)
        if len(short):
            some, owner = running[short].runs(k)
            parts.append((some, short[owner]))
    numbers, notes = (np.concatenate(part) for part in zip(*parts, strict=True))
    pairs = np.unique(np.stack([numbers, notes]), axis=1)
    return pairs[0], pairs[1]
