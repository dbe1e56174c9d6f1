"""Text as the tokens of a language model that others have trained, and what is given as its prompt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
import pyarrow as pa

from manikin.codecs.prompts import SEPARATOR, Prompts
from manikin.codecs.text import list_notes
from manikin.contracts.codec import Codec, CodecRequest, PretrainedTokens
from manikin.core.short_lists import list_names
from manikin.encoding.grammar import END
from manikin.encoding.pretrained_tokens import (
    FIRST_TOKEN,
    count_tokens,
    load_tokenizer,
    pad_tokens,
    tokenize,
)
from manikin.encoding.spec import Spec
from manikin.errors import Unsupported
from manikin.schema.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key


@final
@dataclass(frozen=True)
class PretrainedText(Codec):
    """One field of text <-> tokens (n, length), int64, of a model's own tokenizer; END ends and fills.

    Args:
        model: A folder in the layout of Hugging Face, or a name on its hub.
        longest: Tokens of a text at most, its end among them; longer texts are cut. None: none is.
        name: The field.
        facts: Tokens of the longest text, and how many texts were cut, empty or absent.
        shots: Training records shown with their notes in each prompt; an empty line then ends a text.
    """

    kinds: ClassVar[tuple[type, ...]] = ()  # chosen only for the family that names its model
    serves: ClassVar[type[CodecRequest] | None] = PretrainedTokens
    tokens: ClassVar[bool] = True
    model: str = ""
    longest: int | None = 512
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    shots: int = 0

    @property
    def spec(self) -> Spec:
        """Tokens that end early."""
        return Spec(vocab=count_tokens(self.model), length=self.facts["length"], ragged=True)

    @property
    def fit_report(self) -> dict[str, Any]:
        """How long texts are, and how many were cut, empty or absent."""
        return self.facts

    @property
    def complete_fields(self) -> frozenset[str]:
        """The field, if no record lacked a text in training."""
        return frozenset() if self.facts.get("absent") else frozenset({self.name})

    def choose_condition_codecs(self, cohort: Cohort, given: Sequence[str]) -> dict[str, Codec]:
        """All that is given as one prompt.

        Raises:
            Unsupported: Examples are to be shown, and nothing is given that tells them apart.
        """
        if self.shots and not given:
            raise Unsupported("examples are shown beside what is given: name fields in condition=")
        asked = Prompts(self.model, self.name, shots=self.shots)
        return {"prompt": asked.fit(cohort, list(given))} if given else {}

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn how long texts are."""
        name = fields[0]
        if len(fields) > 1 or not isinstance(cohort.schema[name], Text):
            kinds = list_names((f"{field!r} is {cohort.schema[field].name}" for field in fields), 5)
            raise Unsupported(
                f"a language model writes one field of text, and {kinds}; name the text in target= "
                "(--note on the command line), or use 'diffusion' or 'autoregressive'"
            )
        texts = list_notes(cohort, name)
        lengths = np.array([len(ids) for ids in tokenize(self.model, [text or "" for text in texts])]) + 1
        longest = self.longest or int(lengths.max())
        facts = {
            "length": int(min(lengths.max(), longest)),
            "cut": int((lengths > longest).sum()),
            "empty": sum(text is not None and not text.strip() for text in texts),
            "absent": sum(text is None for text in texts),
        }
        return replace(self, name=name, facts=facts)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, length); a text that is too long is cut before its end."""
        texts = cohort.columns[self.name].to_pylist()
        return pad_tokens(
            tokenize(self.model, [text or "" for text in texts]), self.facts["length"] - 1, more=1
        )

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Texts."""
        rows = [(row[row != END] - FIRST_TOKEN).tolist() for row in x]
        texts = load_tokenizer(self.model).batch_decode(rows, skip_special_tokens=True)
        texts = [text.strip().split(SEPARATOR)[0] if self.shots else text.strip() for text in texts]
        return {self.name: pa.array(texts, pa.string())}

    def to_dict(self) -> dict[str, Any]:
        """The model's folder, the field and the facts."""
        plain = {"model": self.model, "longest": self.longest, "name": self.name}
        return {**plain, "facts": self.facts, "shots": self.shots}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**state)


__plugin__ = PretrainedText
