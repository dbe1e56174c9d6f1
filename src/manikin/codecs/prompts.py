"""What is given as a prompt: a line for each field, the name of what is to be written, examples before."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from manikin.cohort.scalar_matrix import normalize_level
from manikin.contracts.codec import Codec
from manikin.encoding.pretrained_tokens import count_tokens, load_tokenizer, pad_tokens, tokenize
from manikin.encoding.spec import Spec
from manikin.errors import Unsupported
from manikin.schema.kinds import SCALAR_TYPES, Text

if TYPE_CHECKING:
    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

MAX_TOKENS = 512
"""Tokens of a prompt, at most; as many more for each example."""

SEPARATOR = "\n\n"
"""What stands between examples, and ends a note that is written after some."""


@final
@dataclass(frozen=True)
class Prompts(Codec):
    """Fields -> the tokens (n, length) of a prompt, END behind it; there is no way back.

    Args:
        model: Whose tokenizer it is; where that has a template for chats, the prompt is what the user says.
        asked: The field that is to be written.
        fields: Those that are given.
        length: Tokens of the longest prompt.
        shots: How many training records are shown with their notes before; `fit` chooses them.
        shown: Those records.
    """

    kinds: ClassVar[tuple[type, ...]] = ()  # as `PretrainedText`
    tokens: ClassVar[bool] = True
    model: str = ""
    asked: str = ""
    fields: tuple[str, ...] = ()
    length: int = 0
    shots: int = 0
    shown: tuple[str, ...] = ()

    @property
    def spec(self) -> Spec:
        """Tokens that end early."""
        return Spec(vocab=count_tokens(self.model), length=self.length, ragged=True)

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn how long prompts are, and choose examples, of subjects far apart in the records."""
        for name in fields:
            if not isinstance(cohort.schema[name], (*SCALAR_TYPES, Text)):
                raise Unsupported(
                    f"{name!r} is {cohort.schema[name].name}, which no prompt can say; condition on values "
                    "and text, or use 'autoregressive'"
                )
        found = replace(self, fields=tuple(fields))
        if self.shots:
            found = replace(found, shown=found.choose_examples(cohort))
        most = MAX_TOKENS * (1 + self.shots)
        return replace(found, length=min(most, max(len(row) for row in found.tokenize(cohort))))

    def choose_examples(self, cohort: Cohort) -> tuple[str, ...]:
        """Records with their notes, on one paragraph each.

        Raises:
            Unsupported: Fewer subjects have a note than are to be shown.
        """
        notes = cohort.columns[self.asked].to_pylist()
        known = [i for i in range(len(notes)) if (notes[i] or "").strip()]
        _, first = np.unique(cohort.subject[known], return_index=True)
        rows = [known[i] for i in sorted(first.tolist())]
        if len(rows) < self.shots:
            raise Unsupported(f"{self.shots} examples asked for, and {len(rows)} subjects have a note")
        chosen = [rows[i] for i in np.linspace(0, len(rows) - 1, self.shots).astype(int)]
        asked = replace(self, shown=()).write_prompts(cohort.take(np.array(chosen)))
        return tuple(f"{ask} {_drop_blank_lines(notes[i])}" for ask, i in zip(asked, chosen, strict=True))

    def write_prompts(self, cohort: Cohort) -> list[str]:
        """The prompts."""
        columns = {name: cohort.columns[name].to_pylist() for name in self.fields}
        rows = [
            [
                f"{name}: {normalize_level(values[i])}"
                for name, values in columns.items()
                if values[i] is not None
            ]
            for i in range(len(cohort))
        ]
        return [SEPARATOR.join([*self.shown, "\n".join([*lines, f"{self.asked}:"])]) for lines in rows]

    def tokenize(self, cohort: Cohort) -> list[list[int]]:
        """The tokens of each prompt."""
        texts, speaker = self.write_prompts(cohort), load_tokenizer(self.model)
        if getattr(speaker, "chat_template", None):
            said = [[{"role": "user", "content": text}] for text in texts]
            texts = [
                speaker.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
                for turn in said
            ]
        return tokenize(self.model, texts)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, length); of a prompt that is too long the beginning is cut away."""
        return pad_tokens([row[-self.length :] for row in self.tokenize(cohort)], self.length)

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Never asked for.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported("a prompt is given and never drawn")

    def to_dict(self) -> dict[str, Any]:
        """Its options."""
        return {
            "model": self.model,
            "asked": self.asked,
            "fields": list(self.fields),
            "length": self.length,
            "shots": self.shots,
            "shown": list(self.shown),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**state, **{name: tuple(state.get(name, ())) for name in ("fields", "shown")}})


def _drop_blank_lines(note: str) -> str:
    r"""A note without the blank lines that would end it.

    Example:
        >>> _drop_blank_lines("No fever.\n\n\nWell. ")
        'No fever.\nWell.'
    """
    return re.sub(r"\n\s*\n", "\n", note.strip())


__plugin__ = Prompts
