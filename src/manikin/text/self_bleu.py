"""Bleu: how much each note repeats the others.

BLEU: Papineni et al. 2002; self-BLEU: Zhu et al. 2018, Texygen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from manikin.text.tokenize import TokenStream

MAX_ORDER = 4
ZERO_MATCH_COUNT = 0.1  # counted where no gram of an order is shared (Chen and Cherry 2014, method 1)


def compute_self_bleu(running: TokenStream) -> np.ndarray:
    """The BLEU of each note against all others as references, 0 to 1, (n,); NaN for notes of under 4 words.

    Example:
        >>> from manikin.text.tokenize import TokenStream
        >>> same = ["the heart is normal in size", "the heart is normal in size", "no focal disease seen"]
        >>> compute_self_bleu(TokenStream.from_notes(same)).round(2).tolist()
        [1.0, 1.0, 0.03]
    """
    logs = np.mean([np.log(_compute_precision(running, n)) for n in range(1, MAX_ORDER + 1)], axis=0)
    sizes = running.note_lengths
    long = sizes >= MAX_ORDER
    return np.where(long, np.exp(logs + _compute_log_brevity(sizes)), np.nan)


def _compute_precision(running: TokenStream, n: int) -> np.ndarray:
    """The share of the grams of a note that another note has as often."""
    grams, owner = running.hash_ngrams(n)
    order = np.lexsort((owner, grams))
    grams, owner = grams[order], owner[order]
    new = np.flatnonzero(np.diff(grams, prepend=-1) | np.diff(owner, prepend=-1))
    counts = np.diff(np.append(new, len(grams)))
    gram, mine = grams[new], owner[new]
    _, place = np.unique(gram, return_inverse=True)
    first, second = (np.zeros(place.max(initial=-1) + 1, dtype=int) for _ in range(2))
    np.maximum.at(first, place, counts)
    top = counts == first[place]
    several = np.bincount(place[top], minlength=len(first)) > 1
    np.maximum.at(second, place[~top], counts[~top])
    other = np.where(top & ~several[place], second[place], first[place])
    shared = np.bincount(mine, np.minimum(counts, other), minlength=running.note_count)
    total = np.maximum(running.note_lengths - n + 1, 1)
    return np.maximum(shared, ZERO_MATCH_COUNT) / total


def _compute_log_brevity(sizes: np.ndarray) -> np.ndarray:
    """The logarithm of the penalty for notes shorter than the other whose length is nearest."""
    order = np.argsort(sizes, kind="stable")
    ranked = sizes[order].astype(float)
    below = np.append(-np.inf, ranked[:-1])
    above = np.append(ranked[1:], np.inf)
    near = np.where(ranked - below <= above - ranked, below, above)
    out = np.zeros(len(sizes))
    out[order] = np.minimum(1 - np.where(np.isfinite(near), near, 0) / np.maximum(ranked, 1), 0)
    return out
