"""Entities found: a tagger of words, and the F1 by which taggers are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from manikin.errors import UsageError
from manikin.text.deid.detect import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN_PATTERN = re.compile(r"\w+|[^\w\s]")
HASH_BUCKETS = 1 << 18
CONTEXT_WORDS = 4  # words before and after that are looked at
INVERSE_PENALTY = 3.0  # of the evidence against the penalty of the logistic regression
OUTSIDE_TAG = "O"


@dataclass(frozen=True, eq=False)
class Tagger:
    """A logistic regression of the tag of each word (begins, within, outside) on the words around it.

    Each word is judged by itself: by its spelling, ends and shape, and by four words to either side
    (Ratnaparkhi 1996, without the tags before it). It is a ruler, by which the notes from which it learned
    are compared, and no state of the art.

    Example:
        >>> texts = ["No fever.", "Has fever.", "No cough."] * 4
        >>> kinds = ["absent", "present", "absent"] * 4
        >>> spans = [[Span(t.index(" ") + 1, len(t) - 1, k)] for t, k in zip(texts, kinds)]
        >>> Tagger.fit(texts, spans).find(["Has cough."])
        [[Span(start=4, end=9, kind='present')]]
    """

    model: Any

    @classmethod
    def fit(cls, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> Self:
        """Learn from notes and their entities.

        Raises:
            UsageError: No note has any.
        """
        from sklearn.linear_model import LogisticRegression  # takes a second to import

        tags = [tag for text, listed in zip(texts, spans, strict=True) for tag in _tag_words(text, listed)]
        if len(set(tags)) == 1:
            raise UsageError("no note has an entity: a tagger needs notes with labels")
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=100)
        return cls(model.fit(_hash_features(texts), tags))

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """The entities of each note."""
        if not any(TOKEN_PATTERN.search(text) for text in texts):
            return [[] for _ in texts]
        tags, found, start = self.model.predict(_hash_features(texts)).tolist(), [], 0
        for text in texts:
            words = list(TOKEN_PATTERN.finditer(text))
            found.append(_join_spans(words, tags[start : start + len(words)]))
            start += len(words)
        return found


def compute_f1(found: Sequence[Sequence[Span]], true: Sequence[Sequence[Span]]) -> float:
    """The F1 of entities whose start, end and kind are all right, over all notes, 0 to 1.

    As in CoNLL-2003 (Tjong Kim Sang and De Meulder 2003). NaN where neither side has any.

    Example:
        >>> found = [[Span(0, 2, "a"), Span(3, 6, "a"), Span(8, 9, "a")]]
        >>> compute_f1([[Span(0, 2, "a"), Span(3, 5, "a")]], found)
        0.4
    """
    right = sum(len(set(a) & set(b)) for a, b in zip(found, true, strict=True))
    both = sum(len(set(side)) for part in (found, true) for side in part)
    return 2 * right / both if both else float("nan")


def _tag_words(text: str, spans: Sequence[Span]) -> list[str]:
    """The tag of each word; of words that an entity holds in part none."""
    words = list(TOKEN_PATTERN.finditer(text))
    tags = [OUTSIDE_TAG] * len(words)
    for start, end, kind in spans:
        within = [i for i, word in enumerate(words) if start <= word.start() and word.end() <= end]
        for i in within:
            tags[i] = f"{'B' if i == within[0] else 'I'}-{kind}"
    return tags


def _join_spans(words: Sequence[re.Match[str]], tags: Sequence[str]) -> list[Span]:
    """Spans from tags; a word within an entity that nothing begins begins one."""
    spans: list[Span] = []
    before = OUTSIDE_TAG
    for word, tag in zip(words, tags, strict=True):
        if tag.startswith("I-") and before[2:] == tag[2:]:
            spans[-1] = Span(spans[-1].start, word.end(), tag[2:])
        elif tag != OUTSIDE_TAG:
            spans.append(Span(word.start(), word.end(), tag[2:]))
        before = tag
    return spans


def _hash_features(texts: Sequence[str]) -> Any:  # noqa: ANN401 - a sparse matrix
    """Which features each word of the notes has, hashed, (words, BUCKETS)."""
    from sklearn.feature_extraction import FeatureHasher  # takes a second to import

    hasher = FeatureHasher(HASH_BUCKETS, input_type="string", alternate_sign=False)
    return hasher.transform(
        _list_word_features(words, i)
        for words in map(TOKEN_PATTERN.findall, texts)
        for i in range(len(words))
    )


def _list_word_features(words: Sequence[str], i: int) -> list[str]:
    word, low = words[i], words[i].lower()
    shape = re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "9", word)))
    near = [
        f"{j}={words[i + j].lower()}"
        for j in range(-CONTEXT_WORDS, CONTEXT_WORDS + 1)
        if j and 0 <= i + j < len(words)
    ]
    before = {other.lower() for other in words[max(0, i - CONTEXT_WORDS) : i]}
    return [
        "all",
        low,
        f"<{low[:3]}",
        f"{low[-3:]}>",
        f"shape={shape}",
        *near,
        *(f"before={w}" for w in before),
    ]
