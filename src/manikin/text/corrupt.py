"""Alter: notes made worse on purpose; each kind keeps as many notes, and their lengths where it says so."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from manikin.text.tokenize import split_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence


def shuffle_words(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Every word drawn from all notes: lengths and frequencies of words stay, nothing else does."""
    parts = [text.split() for text in texts]
    pool = np.array([word for part in parts for word in part], dtype=object)
    return _join_words(parts, pool[rng.permutation(len(pool))])


def draw_uniform_words(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Every word drawn from all different ones alike: only lengths stay."""
    parts = [text.split() for text in texts]
    pool = np.array(sorted({word for part in parts for word in part}), dtype=object)
    count = sum(map(len, parts))
    return _join_words(parts, pool[rng.integers(len(pool), size=count)] if len(pool) else pool)


def truncate_notes(texts: Sequence[str]) -> list[str]:
    """The first half of the words of each note."""
    return [" ".join(part[: (len(part) + 1) // 2]) for part in (text.split() for text in texts)]


def splice_notes(texts: Sequence[str], order: np.ndarray) -> list[str]:
    """The first half of the sentences of each note, and the second half of another's."""
    parts = [split_sentences(text) for text in texts]
    return [
        "\n".join([*one[: (len(one) + 1) // 2], *(other := parts[j])[(len(other) + 1) // 2 :]])
        for one, j in zip(parts, order.tolist(), strict=True)
    ]


def _join_words(parts: list[list[str]], pool: np.ndarray) -> list[str]:
    edges = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return [" ".join(pool[a:b]) for a, b in pairwise(edges.tolist())]
