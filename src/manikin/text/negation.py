"""Negation: which words of a sentence are denied.

After NegEx (Chapman et al. 2001, J Biomed Inform 34:301): a trigger denies the five words after it, or
before it, up to a word that ends its scope.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from manikin.text.tokenize import sentences, words

if TYPE_CHECKING:
    from collections.abc import Sequence

SCOPE = 5  # words, as in NegEx
BEFORE = (
    "no|not|without|denies|denied|deny|denying|negative for|absence of|free of|never|cannot|none of|"
    "nor|neither|ruled out for|rules out|no evidence of|fails to reveal|isn't|wasn't|doesn't|didn't|don't|"
    "hasn't|haven't|aren't|weren't|can't"
)
AFTER = "was ruled out|is ruled out|were ruled out|unlikely|is absent|are absent|was negative|is negative"
ENDS = "but|however|except|although|though|aside|still|yet|which|because|apart"
PSEUDO = "no increase|no change|not only|not certain if|not necessarily|no further|without difficulty"
TOKEN = re.compile(
    rf"(?P<pseudo>\b(?:{PSEUDO})\b)|(?P<before>\b(?:{BEFORE})\b)|(?P<after>\b(?:{AFTER})\b)"
    rf"|(?P<end>\b(?:{ENDS})\b|[:;])|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)",
)
DENIAL = re.compile(rf"\b(?:there (?:is|are|was|were) )?(?:{BEFORE})\b ?", re.IGNORECASE)


def said(text: str) -> list[tuple[str, bool]]:
    """The words of a text that are no triggers, and whether each is denied.

    Example:
        >>> said("Denies chest pain but has cough. Effusion is absent.")
        [('chest', True), ('pain', True), ('has', False), ('cough', False), ('effusion', True)]
    """
    return [pair for sentence in sentences(text) for pair in _sentence(sentence.lower())]


def _sentence(sentence: str) -> list[tuple[str, bool]]:
    found: list[str] = []
    denied: list[bool] = []
    open_, start = 0, 0
    for match in TOKEN.finditer(sentence):
        kind, word = match.lastgroup, match.group()
        if kind == "before":
            open_ = SCOPE
        elif kind == "end":
            open_, start = 0, len(found)
        elif kind == "after":
            low = max(start, len(found) - SCOPE)
            denied[low:] = [True] * (len(found) - low)
        elif kind == "word":
            found.append(word)
            denied.append(open_ > 0)
            open_ = max(open_ - 1, 0)
        else:
            open_ = 0
    return list(zip(found, denied, strict=True))


def triggers(text: str) -> int:
    """How often a text denies something."""
    return sum(match.lastgroup in ("before", "after") for match in TOKEN.finditer(text.lower()))


def flipped(text: str) -> str:
    """The text with every sentence denied that is not, and affirmed that is.

    Example:
        >>> flipped("There is no effusion. Heart is enlarged.")
        'Effusion. No heart is enlarged.'
    """
    return "\n".join(" ".join(map(_turned, sentences(line))) for line in text.split("\n"))


def _turned(sentence: str) -> str:
    if DENIAL.search(sentence):
        bare = DENIAL.sub("", sentence).strip()
        return bare[:1].upper() + bare[1:]
    if len(words(sentence)) < 2:  # noqa: PLR2004 - a heading or a number denies nothing
        return sentence
    return "No " + sentence[:1].lower() + sentence[1:]


def denials(texts: Sequence[str], vocabulary: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """How often each word of a vocabulary is said and how often denied in each text, (n, v) and (n, v)."""
    found = np.zeros((2, len(texts), len(vocabulary)), dtype=np.float32)
    for i, text in enumerate(texts):
        for word, denied in said(text):
            j = vocabulary.get(word)
            if j is not None:
                found[0, i, j] += 1
                found[1, i, j] += denied
    return found[0], found[1]
