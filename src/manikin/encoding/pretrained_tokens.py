"""Tokens of the tokenizer of a language model that others have trained.

They are numbered as the tokenizer does, moved up to make room for END.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.core.extras import require
from manikin.encoding.grammar import END
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_TOKEN = 1
"""The token that stands for the tokenizer's first; END comes before."""


@cache
def load_tokenizer(model: str) -> Any:  # noqa: ANN401 - of whatever model
    """The tokenizer of a model.

    Raises:
        MissingExtra: The library is not installed.
        FormatError: No such folder or name, or no tokenizer in it.
    """
    transformers = require("transformers", what="language models need transformers", extra="llm")
    try:
        return transformers.AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()[0]
        raise FormatError(
            f"no tokenizer found ({first})",
            model,
            "name a folder that holds config.json, a tokenizer and model.safetensors, or a model of the "
            "hub while there is a network",
        ) from error


def count_tokens(model: str) -> int:
    """How many tokens there are, END among them."""
    return FIRST_TOKEN + len(load_tokenizer(model))


def tokenize(model: str, texts: Sequence[str]) -> list[list[int]]:
    """The tokens of texts, from `FIRST_TOKEN` on, without any that mark a start or an end."""
    if not texts:
        return []
    found = load_tokenizer(model)(list(texts), add_special_tokens=False)["input_ids"]
    return [[FIRST_TOKEN + token for token in ids] for ids in found]


def pad_tokens(rows: Sequence[Sequence[int]], longest: int, more: int = 0) -> np.ndarray:
    """Rows of tokens in one array (n, longest + more), cut behind `longest` and filled with END."""
    x = np.full((len(rows), longest + more), END, dtype=np.int64)
    for place, row in enumerate(rows):
        kept = row[:longest]
        x[place, : len(kept)] = kept
    return x
