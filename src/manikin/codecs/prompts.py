"""What is given as a prompt: a line for each field, and the name of what is to be written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

from manikin.codec import Codec
from manikin.data.scalars import spelling
from manikin.data.schema import SCALARS, Text
from manikin.errors import Unsupported
from manikin.spec import Spec

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from manikin.data.cohort import Cohort
    from manikin.rng import Key

LONGEST = 512
"""Tokens of a prompt, at most."""


@final
@dataclass(frozen=True)
class Prompts(Codec):
    """Fields -> the tokens (n, length) of a prompt, END behind it; there is no way back.

    Args:
        model: Whose tokenizer it is; where that has a template for chats, the prompt is what the user says.
        asked: The field that is to be written.
        fields: Those that are given.
        length: Tokens of the longest prompt.
    """

    kinds: ClassVar[tuple[type, ...]] = ()  # as `PretrainedText`
    tokens: ClassVar[bool] = True
    model: str = ""
    asked: str = ""
    fields: tuple[str, ...] = ()
    length: int = 0

    @property
    def spec(self) -> Spec:
        """Tokens that end early."""
        from manikin.codecs.pretrained import FIRST, tokenizer

        return Spec(vocab=FIRST + len(tokenizer(self.model)), length=self.length, ragged=True)

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn how long prompts are."""
        for name in fields:
            if not isinstance(cohort.schema[name], (*SCALARS, Text)):
                raise Unsupported(
                    f"{name!r} is {cohort.schema[name].name}, which no prompt can say; condition on values "
                    "and text, or use 'autoregressive'"
                )
        found = replace(self, fields=tuple(fields))
        return replace(found, length=min(LONGEST, max(len(row) for row in found.listed(cohort))))

    def text(self, cohort: Cohort) -> list[str]:
        """The prompts."""
        columns = {name: cohort.columns[name].to_pylist() for name in self.fields}
        rows = [
            [f"{name}: {spelling(values[i])}" for name, values in columns.items() if values[i] is not None]
            for i in range(len(cohort))
        ]
        return ["\n".join([*lines, f"{self.asked}:"]) for lines in rows]

    def listed(self, cohort: Cohort) -> list[list[int]]:
        """The tokens of each prompt."""
        from manikin.codecs.pretrained import spelled, tokenizer

        texts, speaker = self.text(cohort), tokenizer(self.model)
        if getattr(speaker, "chat_template", None):
            said = [[{"role": "user", "content": text}] for text in texts]
            texts = [
                speaker.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
                for turn in said
            ]
        return spelled(self.model, texts)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:  # noqa: ARG002 - no cells
        """Tokens (n, length); of a prompt that is too long the beginning is cut away."""
        from manikin.codecs.pretrained import padded

        return padded([row[-self.length :] for row in self.listed(cohort)], self.length)

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:  # noqa: ARG002 - the contract's
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
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**state, "fields": tuple(state["fields"])})


__plugin__ = Prompts
