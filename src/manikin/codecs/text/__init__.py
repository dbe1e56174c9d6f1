"""Free text as tokens: pieces of words, slots for what repeats the record, and an end.

The vocabulary holds only pieces of words that enough subjects share. Where fields are given beside the
text, words that repeat them become slots, which are filled from the record for which a text is drawn.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
import pyarrow as pa

from manikin.codecs.text.bpe import load_bpe, train_bpe
from manikin.codecs.text.record_slots import FIRST_SLOT, RecordSlots
from manikin.contracts.codec import Codec
from manikin.encoding.grammar import END
from manikin.encoding.spec import Spec
from manikin.errors import SchemaError
from manikin.schema.kinds import SCALAR_TYPES, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

ABSENT_TOKEN = 1
"""The token of a record without a text; END is that after which nothing comes."""

SPECIAL_COUNT = 2


@final
@dataclass(frozen=True)
class TextCodec(Codec):
    """One field of text <-> tokens (n, length), int64, which END ends and fills.

    Args:
        size: Pieces at most, the 256 bytes among them.
        anonymous: Subjects that must share a word before pieces of it are merged.
        longest: Tokens of a text at most, its end among them; longer texts are cut.
        name: The field.
        given: Fields that stand beside the text, and may be repeated in it.
        slots: Which of them are.
        pieces: The tokenizer, as JSON.
        facts: Tokens of the longest text, and how many texts were cut, empty or absent.
    """

    kinds: ClassVar[tuple[type, ...]] = (Text,)
    tokens: ClassVar[bool] = True
    size: int = 2000
    anonymous: int = 5
    longest: int = 512
    name: str = ""
    given: tuple[str, ...] = ()
    slots: RecordSlots = field(default_factory=RecordSlots)
    pieces: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        """Tokens that end early."""
        vocab = self._first_piece + load_bpe(self.pieces).get_vocab_size()
        return Spec(vocab=vocab, length=self.facts["length"], ragged=True)

    @property
    def _first_piece(self) -> int:
        """The first token that is a piece."""
        return SPECIAL_COUNT + len(self.slots.slot_names)

    @property
    def fit_report(self) -> dict[str, Any]:
        """How long texts are, and how many were cut, empty or absent."""
        return self.facts

    @property
    def complete_fields(self) -> frozenset[str]:
        """The field, if no record lacked a text in training."""
        return frozenset() if self.facts.get("absent") else frozenset({self.name})

    def condition_on(self, given: Sequence[str]) -> Self:
        """This codec, before `fit`, told which fields stand beside the text."""
        return replace(self, given=tuple(given))

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn which fields texts repeat, and the pieces of all other words."""
        (name,) = fields
        texts = list_notes(cohort, name)
        scalars = [g for g in self.given if isinstance(cohort.schema[g], SCALAR_TYPES)]
        slots = RecordSlots.from_notes(texts, cohort, scalars, self.anonymous)
        whole = replace(self, name=name, slots=slots)
        parts = [
            [part for part in cut if isinstance(part, str)] for cut in slots.split_notes(cohort, texts)
        ]
        subject = [
            whose for whose, listed in zip(cohort.subject.tolist(), parts, strict=True) for _ in listed
        ]
        pieces = train_bpe(
            [part for listed in parts for part in listed], subject, self.size, self.anonymous
        )
        whole = replace(whole, pieces=pieces)
        lengths = np.array([len(tokens) for tokens in whole.tokenize(cohort)]) + 1
        facts = {
            "length": int(min(lengths.max(), self.longest)),
            "cut": int((lengths > self.longest).sum()),
            "empty": sum(text is not None and not text.strip() for text in texts),
            "absent": sum(text is None for text in texts),
            "repeats": list(slots.fields),
        }
        return replace(whole, facts=facts)

    def tokenize(self, cohort: Cohort) -> list[list[int]]:
        """The tokens of each text without its end."""
        texts, cutter = list_notes(cohort, self.name), load_bpe(self.pieces)
        flat = [part for cut in self.slots.split_notes(cohort, texts) for part in (*cut, None)]
        spelled = iter(cutter.encode_batch([part for part in flat if isinstance(part, str)]))
        out: list[list[int]] = [[]]
        for part in flat:
            if part is None:
                out.append([])
            elif isinstance(part, int):
                out[-1].append(SPECIAL_COUNT + part)
            else:
                out[-1] += [self._first_piece + token for token in next(spelled).ids]
        return [
            [ABSENT_TOKEN] if text is None else tokens for text, tokens in zip(texts, out[:-1], strict=True)
        ]

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, length); a text that is too long is cut before its end."""
        length = self.facts["length"]
        x = np.full((len(cohort), length), END, dtype=np.int64)
        for row, tokens in enumerate(self.tokenize(cohort)):
            kept = tokens[: length - 1]
            x[row, : len(kept)] = kept
        return x

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Texts, in which characters of private use stand for slots until `filled`."""
        return {self.name: pa.array([self.to_text(row.tolist()) for row in x], pa.string())}

    def to_text(self, tokens: Sequence[int]) -> str | None:
        """The text of one row of tokens."""
        cutter, parts, run = load_bpe(self.pieces), [], []
        if tokens and tokens[0] == ABSENT_TOKEN and self.facts["absent"]:
            return None
        for token in [*tokens, END]:
            if token >= self._first_piece:
                run.append(token - self._first_piece)
                continue
            parts.append(cutter.decode(run, skip_special_tokens=False))
            run = []
            if token == END:
                break
            parts.append(chr(FIRST_SLOT + token - SPECIAL_COUNT) if token >= SPECIAL_COUNT else "")
        return "".join(parts)

    def reconcile_given(self, columns: dict[str, pa.Array], given: Cohort) -> dict[str, pa.Array]:
        """The decoded texts with their slots filled from the records beside them."""
        said = self.slots.fill_notes(columns[self.name].to_pylist(), given)
        return columns | {self.name: pa.array(said, columns[self.name].type)}

    def to_dict(self) -> dict[str, Any]:
        """Options, the tokenizer, the slots and the facts."""
        names = ("size", "anonymous", "longest", "name", "pieces", "facts")
        plain = {name: getattr(self, name) for name in names}
        return {**plain, "given": list(self.given), "slots": asdict(self.slots)}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        slots = RecordSlots.from_dict(state["slots"])
        return cls(**{**state, "given": tuple(state["given"]), "slots": slots})


def list_notes(cohort: Cohort, name: str) -> list[str | None]:
    """The texts of a field.

    Raises:
        SchemaError: There is no text at all, or a character that stands for a slot.
    """
    texts = cohort.columns[name].to_pylist()
    if not any(text and text.strip() for text in texts):
        raise SchemaError(f"field {name!r}: no record has a text; leave the field out")
    if any(text and max(text) >= chr(FIRST_SLOT) for text in texts):
        raise SchemaError(f"field {name!r}: holds characters of private use (from U+F0000 on); remove them")
    return texts


__plugin__ = TextCodec
