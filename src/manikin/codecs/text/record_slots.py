"""Slots: words of a note that repeat its record, so that a new note agrees with a new record.

"A 55-year-old woman" beside age = 55 and sex = F becomes "A (age)-year-old (woman or man)"; filled
from another row it says what that row says. A field has slots if notes repeat it clearly more often
than they repeat the value of somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from manikin.cohort.cohort import Cohort

FIRST_SLOT = 0xF0000
"""Where the characters begin that stand for slots in a text on its way: of private use, in no note."""

SEX_WORDS = (
    *(("he", "she", "they"), ("his", "her", "their"), ("him", "her", "them")),
    *(("himself", "herself", "themselves"), ("male", "female", "patient"), ("man", "woman", "patient")),
    *(("boy", "girl", "child"), ("gentleman", "lady", "patient"), ("mr.", "ms.", "patient")),
    *(("mr.", "mrs.", "patient"), ("mr", "ms", "patient"), ("mr", "mrs", "patient")),
)
"""Words for a man, for a woman, and where it is not known."""

_FEMALE = frozenset(("f", "female", "woman", "w"))
_MALE = frozenset(("m", "male", "man"))
_CASES = (str.lower, str.capitalize, str.upper)
_MIN_LIFT = 1.5  # times the share by chance
_MIN_LENGTH = 2  # a numeral or a word of fewer letters stands in a note for many things

Row = dict[str, str]


@final
@dataclass(frozen=True)
class RecordSlots:
    """Which fields of a record its notes repeat.

    Args:
        numbers: Fields whose value stands in notes as a numeral.
        words: Fields whose level stands in notes as words.
        sex: A field of two sexes, or "".
    """

    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    sex: str = ""

    @classmethod
    def from_notes(
        cls, texts: Sequence[str | None], cohort: Cohort, fields: Sequence[str], least: int
    ) -> Self:
        """The slots of notes beside these fields; at least so many notes must repeat a field."""
        sex = next((name for name in fields if _has_two_sexes(cohort.schema[name])), "")
        kinds = {name: cohort.schema[name] for name in fields if name != sex}
        numbers = [name for name, kind in kinds.items() if isinstance(kind, Number)]
        words = [name for name, kind in kinds.items() if isinstance(kind, Category)]
        listed = spell_fields(cohort, kinds)

        def told(name: str) -> bool:
            one = cls((name,)) if name in numbers else cls((), (name,))
            pairs = [(text, row) for text, row in zip(texts, listed, strict=True) if text]
            others = [row for _, row in pairs[1:] + pairs[:1]]
            true, chance = (
                sum(any(isinstance(part, int) for part in one.split_note(text, row)) for text, row in side)
                for side in (pairs, [(text, row) for (text, _), row in zip(pairs, others, strict=True)])
            )
            return true >= least and true > _MIN_LIFT * chance

        return cls(tuple(filter(told, numbers)), tuple(filter(told, words)), sex)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """From its fields as plain values."""
        return cls(tuple(state["numbers"]), tuple(state["words"]), state["sex"])

    @property
    def slot_names(self) -> list[tuple[str, int, int]]:
        """Each slot: its field, which of the words for a sex (or 0), and its case."""
        pairs = range(len(SEX_WORDS)) if self.sex else ()
        return [
            *((name, 0, 0) for name in self.numbers),
            *((name, 0, case) for name in self.words for case in range(3)),
            *((self.sex, pair, case) for pair in pairs for case in range(3)),
        ]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that slots are filled from."""
        return (*self.numbers, *self.words, *((self.sex,) if self.sex else ()))

    def split_note(self, text: str, row: Row) -> Iterator[str | int]:
        """A note as what stays, and the numbers of slots that repeat this row."""
        known = {}
        for slot, _ in enumerate(self.slot_names):
            spelled = self.spell_slot(slot, row)
            if spelled is not None and len(spelled) >= _MIN_LENGTH:
                known.setdefault(spelled, slot)
        if not known:
            yield text
            return
        end = 0
        for found in _compile_pattern(tuple(sorted(known, key=len, reverse=True))).finditer(text):
            yield text[end : found.start()]
            yield known[found[0]]
            end = found.end()
        yield text[end:]

    def fill_note(self, text: str, row: Row) -> str:
        """A text with its slots filled from a row; what the row does not say is called unknown."""

        def said(found: re.Match[str]) -> str:
            slot = ord(found[0]) - FIRST_SLOT
            return self.spell_slot(slot, row) or self._spell_unknown(slot)

        return re.sub(f"[{chr(FIRST_SLOT)}-{chr(FIRST_SLOT + len(self.slot_names))}]", said, text)

    def split_notes(self, cohort: Cohort, texts: Sequence[str | None]) -> list[list[str | int]]:
        """The notes of a cohort, each cut; without the fields that they may repeat, in one piece."""
        if not all(name in cohort.schema for name in self.fields):
            return [[text or ""] for text in texts]
        beside = spell_fields(cohort, self.fields)
        return [list(self.split_note(text or "", row)) for text, row in zip(texts, beside, strict=True)]

    def fill_notes(self, texts: Sequence[str | None], given: Cohort) -> list[str | None]:
        """Texts with their slots filled, each from the record beside it."""
        beside = spell_fields(given, [name for name in self.fields if name in given.schema])
        pairs = zip(texts, beside, strict=True)
        return [None if text is None else self.fill_note(text, row) for text, row in pairs]

    def spell_slot(self, slot: int, row: Row) -> str | None:
        """What a slot says beside a row; None where the row does not say it."""
        name, pair, case = self.slot_names[slot]
        value = row.get(name)
        if value is None or name in self.numbers:
            return value
        if name != self.sex:
            return _CASES[case](value) if case else value
        place = 0 if value.lower() in _MALE else 1 if value.lower() in _FEMALE else 2
        return _CASES[case](SEX_WORDS[pair][place])

    def _spell_unknown(self, slot: int) -> str:
        name, pair, case = self.slot_names[slot]
        return _CASES[case](SEX_WORDS[pair][2] if name == self.sex else "unknown")


def spell_fields(cohort: Cohort, fields: Mapping[str, Any] | Sequence[str]) -> list[Row]:
    """What each record says in some fields, as notes spell it: whole numbers without decimals."""
    columns = {}
    for name in fields:
        values = cohort.columns[name].combine_chunks()
        spelled = format_column(values, cohort.schema[name]).to_pylist()
        present = values.is_valid().to_pylist()
        columns[name] = [
            text.removesuffix(".0") if here else None for text, here in zip(spelled, present, strict=True)
        ]
    return [
        {name: column[i] for name, column in columns.items() if column[i] is not None}
        for i in range(len(cohort))
    ]


def _has_two_sexes(kind: Any) -> bool:  # noqa: ANN401 - any kind of field
    if not isinstance(kind, Category):
        return False
    levels = {str(level).lower() for level in kind.levels}
    return bool(levels & _FEMALE) and bool(levels & _MALE)


def _compile_pattern(spelled: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(word) for word in spelled)
    return re.compile(rf"(?<![\w.])(?:{either})(?![\w]|\.\d)")
