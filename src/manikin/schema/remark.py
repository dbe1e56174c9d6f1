"""Remarks: what was noticed on reading, in words; those about one field know which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

Topic = Literal["values", "free text", "unclear", "unclear folders"]


class Remark(str):
    """Something noticed about one field, in words and without any patient's value.

    It is the string under which it is shown. What concerns the records as a whole is a plain string.

    Args:
        text: What was noticed.
        field: About which field; "": the field is not known yet.
        topic: "values" where it holds only while the field is a quantity or a category; "free text" where
            it says that the field is such; "unclear" where it says why the field may tell persons apart,
            "unclear folders" where it says so of the folders that the field numbers.

    Example:
        >>> remark = Remark("constant", "ward")
        >>> remark, remark.field, remark.text
        ('ward: constant', 'ward', 'constant')
    """

    __slots__ = ("field", "text", "topic")

    field: str
    text: str
    topic: Topic | None

    def __new__(cls, text: str, field: str = "", topic: Topic | None = None) -> Self:  # noqa: D102
        remark = super().__new__(cls, f"{field}: {text}" if field else text)
        remark.field, remark.text, remark.topic = field, text, topic
        return remark

    def __reduce__(self) -> tuple[type[Remark], tuple[str, str, Topic | None]]:
        return type(self), (self.text, self.field, self.topic)


def assign_field(note: str, field: str) -> Remark:
    """The same, as a remark about this field."""
    return Remark(note, field, note.topic if isinstance(note, Remark) else None)


def list_remarks(notes: Iterable[str], field: str) -> list[Remark]:
    """The remarks among these that are about a field.

    Example:
        >>> list_remarks([Remark("constant", "ward"), "ward: a sentence that happens to begin so"], "ward")
        ['ward: constant']
    """
    return [note for note in notes if isinstance(note, Remark) and note.field == field]


def drop_remarks(notes: Iterable[str], fields: Collection[str]) -> tuple[str, ...]:
    """What was noticed, without what is about these fields."""
    return tuple(note for note in notes if not (isinstance(note, Remark) and note.field in fields))


def rewrite_notes(notes: Iterable[str], change: Callable[[str], str]) -> tuple[str, ...]:
    """What was noticed, each in the words that `change` gives; remarks stay with their fields."""
    return tuple(
        Remark(change(note.text), note.field, note.topic) if isinstance(note, Remark) else change(note)
        for note in notes
    )
