"""Words: a note as words, numbers, sentences and headings.

Nothing here knows a language but for capital letters and full stops: words are runs of letters.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from manikin.schema.vocabulary import WORD_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SENTENCE_PATTERN = re.compile(r"(?<=[.!?;])\s+|\s*\n\s*")
HEADING_PATTERN = re.compile(r"^[ \t]*([A-Z][A-Za-z /&-]{2,40}?)[ \t]*(?::|$)", re.MULTILINE)


def tokenize(text: str) -> list[str]:
    """The words and numbers of a text, in small letters.

    Example:
        >>> tokenize("BP 120/80, no fever. Pt's well.")
        ['bp', '120/80', 'no', 'fever', "pt's", 'well']
    """
    return WORD_PATTERN.findall(text.lower())


def split_sentences(text: str) -> list[str]:
    r"""The sentences and lines of a text.

    Example:
        >>> split_sentences("No fever. Heart is normal.\nLungs clear")
        ['No fever.', 'Heart is normal.', 'Lungs clear']
    """
    return [part for part in SENTENCE_PATTERN.split(text) if part.strip()]


def find_headings(text: str) -> list[str]:
    r"""The headings, in order: what stands before a colon where a line begins, or alone in capitals.

    Example:
        >>> find_headings("FINDINGS: Clear.\nImpression: normal\nPLAN\nGo home: now")
        ['findings', 'impression', 'plan', 'go home']
    """
    found = ((m.group(1), m.group(0).rstrip().endswith(":")) for m in HEADING_PATTERN.finditer(text))
    return [name.lower() for name, marked in found if marked or name.isupper()]


@lru_cache(maxsize=1 << 17)
def hash_word(word: str) -> int:
    """A number that depends on a word alone, 0 to 2⁶³ − 1."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big") >> 1


@dataclass(frozen=True, eq=False)
class TokenStream:
    """Notes as one run of words.

    Args:
        word_hashes: The number of each word, int64 (words,).
        note_index: In which note it stands, (words,), rising.
        note_count: How many notes there are.
    """

    word_hashes: np.ndarray
    note_index: np.ndarray
    note_count: int

    @classmethod
    def from_notes(cls, texts: Sequence[str], split: Callable[[str], list[str]] = tokenize) -> TokenStream:
        """The words of each text."""
        found = [split(text) for text in texts]
        marks = np.fromiter((hash_word(word) for one in found for word in one), dtype=np.int64)
        return cls(marks, np.repeat(np.arange(len(texts)), [len(one) for one in found]), len(texts))

    @property
    def note_lengths(self) -> np.ndarray:
        """How many words each note has, (n,)."""
        return np.bincount(self.note_index, minlength=self.note_count)

    def __getitem__(self, notes: np.ndarray) -> TokenStream:
        """The notes at these positions, in this order."""
        size = self.note_lengths
        start = np.concatenate([[0], np.cumsum(size)])[notes]
        owner = np.repeat(np.arange(len(notes)), size[notes])
        first = np.concatenate([[0], np.cumsum(size[notes])])[:-1]
        place = start[owner] + np.arange(len(owner)) - first[owner]
        return TokenStream(self.word_hashes[place], owner, len(notes))

    def hash_ngrams(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """A number for every k words that follow one another in a note, and the note: (runs,), (runs,).

        Equal runs have equal numbers; others differ but for one chance in 10¹⁸.

        Example:
            >>> number, owner = TokenStream.from_notes(["no acute disease", "acute disease"]).hash_ngrams(2)
            >>> int(number[1] == number[2]), owner.tolist()
            (1, [0, 0, 1])
        """
        if len(self.word_hashes) < k:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        end = len(self.word_hashes) - k + 1
        number = np.zeros(end, dtype=np.uint64)
        for j in range(k):
            number = number * np.uint64(0x9E3779B97F4A7C15) + self.word_hashes[j : end + j].astype(
                np.uint64
            )
            number ^= number >> np.uint64(29)
        whole = self.note_index[:end] == self.note_index[k - 1 :]
        return (number[whole] >> np.uint64(1)).astype(np.int64), self.note_index[:end][whole]
