"""Entities: labelled spans of a text, written into it as tags, and read out of it again.

A text with its labels inline is a text like any other, which every family of notes can learn and write.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from manikin.errors import UsageError
from manikin.text.deid.detect import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND_PATTERN = re.compile(r"[A-Za-z][\w-]*")
TAG_PATTERN = re.compile(rf"<(/?)({KIND_PATTERN.pattern})>")


def insert_tags(text: str, spans: Sequence[Span]) -> str:
    """The text with a tag before and after each span.

    Raises:
        UsageError: Spans overlap, are empty or outside the text, a kind is no word, or the text holds tags.

    Example:
        >>> insert_tags("No fever.", [Span(3, 8, "symptom")])
        'No <symptom>fever</symptom>.'
    """
    if TAG_PATTERN.search(text):
        raise UsageError(
            "a text holds tags such as <word> already; take them out, or replace < by another sign"
        )
    parts, end = [], 0
    for start, stop, kind in sorted(spans):
        if not end <= start < stop <= len(text):
            raise UsageError(
                f"the span from {start} to {stop} overlaps another, is empty, or is not within {len(text)} "
                "letters"
            )
        if not KIND_PATTERN.fullmatch(kind):
            raise UsageError(f"kind {kind!r} of a span: write one word of letters, digits, _ and -")
        parts += [text[end:start], f"<{kind}>", text[start:stop], f"</{kind}>"]
        end = stop
    return "".join([*parts, text[end:]])


def extract_tags(text: str) -> tuple[str, list[Span]]:
    """The text without its tags, and the spans between tags that belong together.

    A model may forget a tag: one without its other half, or around nothing, counts for nothing.
    The last opened counts where tags are opened within tags.

    Example:
        >>> extract_tags("No <symptom>fever</symptom>, <symptom>pain.")
        ('No fever, pain.', [Span(start=3, end=8, kind='symptom')])
    """
    parts, spans, length, end, opened = [], [], 0, 0, ("", 0)
    for tag in TAG_PATTERN.finditer(text):
        parts.append(text[end : tag.start()])
        length, end = length + tag.start() - end, tag.end()
        closes, kind = tag.groups()
        if not closes:
            opened = (kind, length)
        elif opened[0] == kind:
            spans.append(Span(opened[1], length, kind))
            opened = ("", 0)
    plain = "".join([*parts, text[end:]])
    return plain, [trimmed for span in spans if (trimmed := _trim_span(plain, span)) is not None]


def _trim_span(text: str, span: Span) -> Span | None:
    """The span without blanks at its ends; None: nothing is left."""
    said = text[span.start : span.end]
    start = span.start + len(said) - len(said.lstrip())
    end = span.end - len(said) + len(said.rstrip())
    return Span(start, end, span.kind) if start < end else None
