"""Notes as words that several people share, behind the fields of their records, all as tokens.

For families that count phrases. A numeral that fewer people have is its shape, for which digits are drawn,
and a common name is the list that it stands in; any other such word is a gap, and never written again. What
a note repeats of its record is a slot, filled from the record for which a note is drawn.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
import pyarrow as pa

from manikin.codecs.phrases.rare_words import fit_word_shapes, sample_word, to_word_shape
from manikin.codecs.rows import RowsCodec
from manikin.codecs.text import list_notes as words_of
from manikin.codecs.text.record_slots import FIRST_SLOT, RecordSlots
from manikin.contracts.codec import Codec, CodecRequest, SharedPhrases
from manikin.encoding.grammar import END
from manikin.encoding.spec import Spec
from manikin.errors import SchemaError, Unsupported
from manikin.schema.kinds import SCALAR_TYPES, Category, Number, Text, Time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

ABSENT_TOKEN, GAP_TOKEN, SPECIAL_COUNT = 1, 2, 3
"""A record without a text; a word that too few share; the first token of a slot."""

_WORD = re.compile(
    r" ?</?[A-Za-z][\w-]*>| ?[^\W\d_]+(?:['’][^\W\d_]+)?| ?\d+(?:[.,:/]\d+)*| ?[^\w\s]| ?_|\s+"
)


@final
@dataclass(frozen=True)
class Phrases(Codec):
    """Scalar fields and one field of text <-> tokens (n, fields + length), int64.

    The fields come first, one token each, numbers in few bins; the text follows, and END fills the rest.

    Args:
        anonymous: Subjects that must share a word.
        longest: Words of a text at most, its end among them; longer texts are cut.
        bins: Bins of a number that is given.
        name: The field of text.
        words: The shared words, with the blank before them.
        numerals: Shapes of numerals, 9 for a digit, and for each place the shares of the digits; lists of
            names.
        slots: Which fields notes repeat.
        record: The encoding of the other fields.
        facts: Words of the longest text; how many texts were cut, empty or absent, and words left out.
    """

    kinds: ClassVar[tuple[type, ...]] = (Number, Category, Time, Text)
    serves: ClassVar[type[CodecRequest] | None] = SharedPhrases
    tokens: ClassVar[bool] = True
    anonymous: int = 5
    longest: int = 2000
    bins: int = 5
    name: str = ""
    words: tuple[str, ...] = ()
    numerals: dict[str, list[list[float]]] = field(default_factory=dict)
    slots: RecordSlots = field(default_factory=RecordSlots)
    record: RowsCodec | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        """Words first in the vocabulary, then the tokens of each field."""
        first, length = self._first_field_token, self.facts["length"]
        ranges = self.record.spec.ranges if self.record else ()
        moved = tuple((low + first, high + first) for low, high in ranges)
        last = max((high for _, high in moved), default=first)
        return Spec(
            vocab=last, length=len(moved) + length, ranges=(*moved, *((0, first),) * length), ragged=True
        )

    @property
    def _first_field_token(self) -> int:
        """The first token that is no word."""
        return SPECIAL_COUNT + len(self.slots.slot_names) + len(self.words) + len(self.numerals)

    @property
    def fit_report(self) -> dict[str, Any]:
        """How long texts are; how many were cut, empty or absent; how many words are left out."""
        return self.facts

    @property
    def complete_fields(self) -> frozenset[str]:
        """The fields that were never missing in training."""
        text = frozenset() if self.facts.get("absent") else frozenset({self.name})
        return text | (self.record.complete_fields if self.record else frozenset())

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn which words are shared, which fields notes repeat, and the bins of the other fields."""
        notes = [name for name in fields if isinstance(cohort.schema[name], Text)]
        if not notes:
            raise Unsupported(
                f"templates write notes, and {', '.join(fields)} hold none; give the field of notes the "
                "role note in schema.toml, or use 'trees'"
            )
        if len(notes) != 1 or notes[0] != fields[-1]:
            raise Unsupported(
                f"templates hold one text given fields of one value, not {', '.join(notes)}; name one of "
                "them (target=, or --note), or use 'autoregressive'"
            )
        (name,), scalars = notes, [g for g in fields if isinstance(cohort.schema[g], SCALAR_TYPES)]
        texts = words_of(cohort, name)
        slots = RecordSlots.from_notes(texts, cohort, scalars, self.anonymous)
        record = RowsCodec(bins=self.bins).fit(cohort, scalars) if scalars else None
        whole = replace(self, name=name, slots=slots, record=record)
        cut = [list(_split_words(parts)) for parts in slots.split_notes(cohort, texts)]
        subjects = cohort.subject.tolist()
        known = _find_word_owners(cut, subjects)
        shared = {word for word, whose in known.items() if len(whose) >= self.anonymous}
        rest = [[w for w in listed if isinstance(w, str) and w not in shared] for listed in cut]
        numerals = fit_word_shapes(rest, subjects, self.anonymous)
        if not shared:
            raise SchemaError(
                f"field {name!r}: no word is shared by {self.anonymous} subjects; give more records, or "
                "Synthesizer(codec=mk.codecs.Phrases(anonymous=1)) where nobody can be hurt"
            )
        lengths = np.array([len(listed) for listed in cut]) + 1
        facts = {
            "length": int(min(lengths.max(), self.longest)),
            "cut": int((lengths > self.longest).sum()),
            "empty": sum(text is not None and not text.strip() for text in texts),
            "absent": sum(text is None for text in texts),
            "repeats": list(slots.fields),
            "words": len(shared),
            "rare": len(known) - len(shared),
        }
        return replace(whole, words=tuple(sorted(shared)), numerals=numerals, facts=facts)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, fields + length)."""
        listed = (*self.words, *(f"\0{one}" for one in self.numerals))
        place = {word: SPECIAL_COUNT + len(self.slots.slot_names) + i for i, word in enumerate(listed)}
        length, texts = self.facts["length"], cohort.columns[self.name].to_pylist()
        x = np.full((len(cohort), length), END, dtype=np.int64)
        for row, (text, parts) in enumerate(zip(texts, self.slots.split_notes(cohort, texts), strict=True)):
            listed = (
                [ABSENT_TOKEN]
                if text is None
                else [_find_token(word, place) for word in _split_words(parts)]
            )
            x[row, : min(len(listed), length - 1)] = listed[: length - 1]
        if self.record is None:
            return x
        return np.concatenate([self.record.encode(cohort) + self._first_field_token, x], axis=1)

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """The text, in which characters of private use stand for slots until `filled`; and the fields."""
        given = len(self.record.spec.ranges) if self.record else 0
        rng = key.child("digits").numpy()
        said = {
            self.name: pa.array([self._to_text(row, rng) for row in x[:, given:].tolist()], pa.string())
        }
        if self.record is None:
            return said
        low, high = np.array(self.record.spec.ranges).T
        rows = np.clip(x[:, :given] - self._first_field_token, low, high - 1)
        return self.record.decode(rows, key) | said

    def encode_given(
        self,
        given: Cohort,
        always: Collection[str] = (),
        *,
        infilling: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (n, fields + length) of the fields beside the text, which is never given in part.

        Raises:
            Unsupported: The beginning of a text is given.
        """
        if self.name in given.schema and given.columns[self.name].null_count < len(given):
            raise Unsupported("templates do not continue a text that is given; use 'autoregressive'")
        x = np.zeros((len(given), self.spec.length), dtype=np.int64)
        mask = np.zeros(x.shape, dtype=bool)
        if self.record is not None:
            tokens, there = self.record.encode_given(given, always)
            x[:, : tokens.shape[1]] = np.where(there, tokens + self._first_field_token, 0)
            mask[:, : tokens.shape[1]] = there
        return x, mask

    def reconcile_given(self, columns: dict[str, pa.Array], given: Cohort) -> dict[str, pa.Array]:
        """The decoded texts with their slots filled from the records beside them."""
        said = self.slots.fill_notes(columns[self.name].to_pylist(), given)
        return columns | {self.name: pa.array(said, columns[self.name].type)}

    def _to_text(self, tokens: Sequence[int], rng: np.random.Generator) -> str | None:
        if tokens and tokens[0] == ABSENT_TOKEN:
            return None
        slots, parts, shapes = SPECIAL_COUNT + len(self.slots.slot_names), [], list(self.numerals)
        for token in tokens:
            if token == END:
                break
            if token >= slots + len(self.words):
                one = shapes[token - slots - len(self.words)]
                parts.append(sample_word(one, self.numerals[one], rng))
            elif token >= slots:
                parts.append(self.words[token - slots])
            elif token >= SPECIAL_COUNT:
                parts.append(chr(FIRST_SLOT + token - SPECIAL_COUNT))
        return "".join(parts).lstrip(" ")  # of a word that seldom comes first

    def to_dict(self) -> dict[str, Any]:
        """Options, words, slots, and the encoding of the other fields."""
        plain = {
            name: getattr(self, name)
            for name in ("anonymous", "longest", "bins", "name", "numerals", "facts")
        }
        record = self.record.to_dict() if self.record else None
        return {**plain, "words": list(self.words), "slots": asdict(self.slots), "record": record}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        slots, record = RecordSlots.from_dict(state["slots"]), state["record"]
        known = RowsCodec.from_dict(record) if record else None
        return cls(**{**state, "words": tuple(state["words"]), "slots": slots, "record": known})


def _split_words(parts: Sequence[str | int]) -> Iterator[str | int]:
    """Words and numbers of slots."""
    for part in parts:
        if isinstance(part, int):
            yield part
        else:
            yield from _WORD.findall(part)


def _find_token(word: str | int, place: dict[str, int]) -> int:
    if isinstance(word, int):
        return SPECIAL_COUNT + word
    return place.get(word, place.get(f"\0{to_word_shape(word)}", GAP_TOKEN))


def _find_word_owners(notes: Sequence[Sequence[str | int]], subjects: Sequence[int]) -> dict[str, set[int]]:
    """Who has each word."""
    people: dict[str, set[int]] = {}
    for subject, words in zip(subjects, notes, strict=True):
        for word in words:
            if isinstance(word, str):
                people.setdefault(word, set()).add(subject)
    return people


__plugin__ = Phrases
