"""Negation: which words of a sentence are denied.

After NegEx (Chapman et al. 2001, J Biomed Inform 34:301): a trigger denies the five words after it, or
before it, up to a word that ends its scope.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from manikin.text.tokenize import split_sentences, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

SCOPE_WORDS = 5  # words, as in NegEx
PRE_TRIGGERS = (
    "no|not|without|denies|denied|deny|denying|negative for|absence of|free of|never|cannot|none of|"
    "nor|neither|ruled out for|rules out|no evidence of|fails to reveal|isn't|wasn't|doesn't|didn't|don't|"
    "hasn't|haven't|aren't|weren't|can't"
)
POST_TRIGGERS = (
    "was ruled out|is ruled out|were ruled out|unlikely|is absent|are absent|was negative|is negative"
)
SCOPE_TERMINATORS = "but|however|except|although|though|aside|still|yet|which|because|apart"
PSEUDO_TRIGGERS = (
    "no increase|no change|not only|not certain if|not necessarily|no further|without difficulty"
)
TOKEN_PATTERN = re.compile(
    rf"(?P<pseudo>\b(?:{PSEUDO_TRIGGERS})\b)|(?P<before>\b(?:{PRE_TRIGGERS})\b)|(?P<after>\b(?:{POST_TRIGGERS})\b)"
    rf"|(?P<end>\b(?:{SCOPE_TERMINATORS})\b|[:;])|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)",
)
DENIAL_PATTERN = re.compile(rf"\b(?:there (?:is|are|was|were) )?(?:{PRE_TRIGGERS})\b ?", re.IGNORECASE)


def tag_negation(text: str) -> list[tuple[str, bool]]:
    """The words of a text that are no triggers, and whether each is denied.

    Example:
        >>> tag_negation("Denies chest pain but has cough. Effusion is absent.")
        [('chest', True), ('pain', True), ('has', False), ('cough', False), ('effusion', True)]
    """
    return [pair for sentence in split_sentences(text) for pair in _tag_sentence(sentence.lower())]


def _tag_sentence(sentence: str) -> list[tuple[str, bool]]:
    found: list[str] = []
    denied: list[bool] = []
    open_, start = 0, 0
    for match in TOKEN_PATTERN.finditer(sentence):
        kind, word = match.lastgroup, match.group()
        if kind == "before":
            open_ = SCOPE_WORDS
        elif kind == "end":
            open_, start = 0, len(found)
        elif kind == "after":
            low = max(start, len(found) - SCOPE_WORDS)
            denied[low:] = [True] * (len(found) - low)
        elif kind == "word":
            found.append(word)
            denied.append(open_ > 0)
            open_ = max(open_ - 1, 0)
        else:
            open_ = 0
    return list(zip(found, denied, strict=True))


def count_negations(text: str) -> int:
    """How often a text denies something."""
    return sum(match.lastgroup in ("before", "after") for match in TOKEN_PATTERN.finditer(text.lower()))


def flip_negation(text: str) -> str:
    """The text with every sentence denied that is not, and affirmed that is.

    Example:
        >>> flip_negation("There is no effusion. Heart is enlarged.")
        'Effusion. No heart is enlarged.'
    """
    return "\n".join(" ".join(map(_flip_sentence, split_sentences(line))) for line in text.split("\n"))


def _flip_sentence(sentence: str) -> str:
    if DENIAL_PATTERN.search(sentence):
        bare = DENIAL_PATTERN.sub("", sentence).strip()
        return bare[:1].upper() + bare[1:]
    if len(tokenize(sentence)) < 2:  # noqa: PLR2004 - a heading or a number denies nothing
        return sentence
    return "No " + sentence[:1].lower() + sentence[1:]


def count_negated_words(texts: Sequence[str], vocabulary: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """How often each word of a vocabulary is said and how often denied in each text, (n, v) and (n, v)."""
    found = np.zeros((2, len(texts), len(vocabulary)), dtype=np.float32)
    for i, text in enumerate(texts):
        for word, denied in tag_negation(text):
            j = vocabulary.get(word)
            if j is not None:
                found[0, i, j] += 1
                found[1, i, j] += denied
    return found[0], found[1]
