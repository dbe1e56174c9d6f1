"""Pieces of words: byte-level byte-pair encoding, learned from words that several people share.

Gage, 1994; Sennrich et al., 2016, arXiv:1508.07909; on bytes by Radford et al., 2019. Pieces are merged
only within words that enough subjects have, so no piece holds a name or a number of one person;
rarer words are spelled by shorter pieces, at worst byte by byte: any text comes back as it was.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from manikin.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from tokenizers import Tokenizer


def train_bpe(texts: Sequence[str], subjects: Sequence[Any], size: int, anonymous: int) -> str:
    """A tokenizer as JSON.

    Args:
        texts: What to learn from.
        subjects: To whom each text belongs.
        size: Pieces at most, the 256 bytes among them.
        anonymous: Subjects that must share a word.

    Raises:
        MissingExtra: The library is not installed.
    """
    library = _import_tokenizers()
    cut = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    people: dict[str, set[Any]] = {}
    counts: Counter[str] = Counter()
    for text, subject in zip(texts, subjects, strict=True):
        words = [text[start:end] for _, (start, end) in cut.pre_tokenize_str(text)]
        counts.update(words)
        for word in set(words):
            people.setdefault(word, set()).add(subject)
    shared = sorted(word for word, whose in people.items() if len(whose) >= anonymous)
    tokenizer = library.Tokenizer(library.models.BPE())
    tokenizer.pre_tokenizer = cut
    tokenizer.decoder = library.decoders.ByteLevel()
    alphabet = sorted(library.pre_tokenizers.ByteLevel.alphabet())
    trainer = library.trainers.BpeTrainer(
        vocab_size=max(size, len(alphabet)), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator((word for word in shared for _ in range(counts[word])), trainer)
    return tokenizer.to_str()


@cache
def load_bpe(text: str) -> Tokenizer:
    """A tokenizer from its JSON."""
    return _import_tokenizers().Tokenizer.from_str(text)


def _import_tokenizers() -> ModuleType:
    return require("tokenizers", what="text needs the library tokenizers", extra="text")
