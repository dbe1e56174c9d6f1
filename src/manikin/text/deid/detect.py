"""Where identifiers stand in prose: rules for those of HIPAA (45 CFR 164.514(b)(2)) that prose can hold.

Rules know how identifiers look and by what they are announced; they cannot know a name that nothing
announces and no list holds. Years alone, ages up to 89 and states are no identifiers by that rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from manikin.text.deid.address_rules import follow_address
from manikin.text.deid.known_identifiers import find_known
from manikin.text.deid.markup import locate, strip_marks
from manikin.text.deid.name_filters import MEANT, is_called, is_identifying
from manikin.text.deid.name_rules import LISTED, NAMED
from manikin.text.deid.number_rules import SHAPES
from manikin.text.deid.stopwords import USUAL
from manikin.text.deid.truecase import cased, is_single_case, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Finder = Callable[[str], "Iterable[Span]"]

KINDS = ("name", "place", "address", "date", "age", "phone", "email", "url", "id")


class Span(NamedTuple):
    """An identifier: where it begins and ends, and what it is."""

    start: int
    end: int
    kind: str


_HYPHENED = re.compile(r"(?<![\w-])[A-ZÀ-ÖØ-Þ][\w'’]+-$")
_HYPHENS = re.compile(r"-[A-ZÀ-ÖØ-Þ][a-zà-ÿ'’]+(?![\w-])")
_SHORT = 2
_EDGE = " .,;:\n\t"


def find(text: str, known: Iterable[str] = (), also: Iterable[Finder] = ()) -> list[Span]:
    """The identifiers in a text, none overlapping, in order.

    Args:
        text: Prose, in whatever case.
        known: Names and numbers of this patient, found in any order and case.
        also: Other finders, `(text) -> spans`, such as a language model for names (`presidio`).

    Example:
        >>> text = "Mr. John Smith, seen on 03/04/2021, call 617-555-0134."
        >>> [(span.kind, text[span.start : span.end]) for span in find(text)]
        [('name', 'John Smith'), ('date', '03/04/2021'), ('phone', '617-555-0134')]
    """
    return join_spans(text, find_announced(text, also), known)


def find_announced(text: str, also: Iterable[Finder] = ()) -> list[Span]:
    """What identifies by its form or an announcement, whoever the patient is; spans may overlap.

    Args:
        text: Prose, in whatever case, with marks of HTML or RTF or without.
        also: Other finders.
    """
    bare = strip_marks(text)
    said = text if bare is None else bare[0]
    read = cased(said)
    found = [*_shaped(read), *_named(said, read), *_listed(said, read)]
    found += [*_completed(said, read, found)]
    return [*_marked(text, bare, found), *(span for finder in also for span in finder(text))]


def join_spans(text: str, found: Iterable[Span], known: Iterable[str] = ()) -> list[Span]:
    """Spans with those of what is known of the patient, none overlapping, in order.

    Args:
        text: The text in which they were found.
        found: Spans of `find_announced`.
        known: Names and numbers of the patient.
    """
    bare = strip_marks(text)
    again = [Span(*spot) for spot in find_known(text if bare is None else bare[0], known)]
    return _apart(text, [*found, *_marked(text, bare, again)])


def _marked(text: str, bare: tuple[str, list[int]] | None, found: list[Span]) -> list[Span]:
    """Spans of an unmarked text, in the original."""
    if bare is None:
        return found
    return [Span(*spot, kind) for start, end, kind in found for spot in locate(text, bare[1], start, end)]


def _shaped(read: str) -> Iterator[Span]:
    for kind, pattern, check in SHAPES:
        group = "x" if "x" in pattern.groupindex else 0
        for match in pattern.finditer(read):
            if match.end(group) > match.start(group) and (check is None or check(match)):
                yield Span(*match.span(group), kind)


def _named(text: str, read: str) -> Iterator[Span]:
    for rule in NAMED:
        for match in rule.pattern.finditer(read):
            start, end = match.span(1 if match.lastindex else 0)
            if rule.kind == "name":
                start, end = _trimmed(read, start, end, text)
            if end > start and is_identifying(text, read, start, end, rule):
                yield Span(start, end, rule.kind)


def _completed(text: str, read: str, found: list[Span]) -> Iterator[Span]:
    """What else belongs to what was found: the town behind a street, the rest of a hyphenated name."""
    for span in found:
        if span.kind == "address":
            single = is_single_case(text, span.start)
            for start, end, kind in follow_address(read, span.end, single=single):
                yield Span(start, end, kind)
        elif span.kind == "name":
            before = _HYPHENED.search(read, max(0, span.start - 30), span.start)
            behind = _HYPHENS.match(read, span.end)
            if before or behind:
                yield Span(
                    before.start() if before else span.start, behind.end() if behind else span.end, "name"
                )


def _listed(text: str, read: str) -> Iterator[Span]:
    for pattern, there in zip(LISTED, (read, plain(text)), strict=True):
        for match in pattern.finditer(there):
            start, end = _trimmed(there, *match.span())
            if end > start and there[start:end] == read[start:end] and not is_called(there, start, end):
                yield Span(start, end, "name")


def _trimmed(text: str, start: int, end: int, written: str = "") -> tuple[int, int]:
    """A name without usual words at its ends: "Mother Smith Denies" is Smith."""
    kept: list[tuple[int, int]] = []
    meant = MEANT if written and not is_single_case(written, start) else frozenset[str]()
    for match in re.finditer(r"\S+", text[start:end]):
        word = match[0].strip(".,").capitalize()
        if word not in USUAL or word in meant:
            kept.append((match.start() + start, match.end() + start))
        elif kept:
            break
    return (kept[0][0], kept[-1][1]) if kept else (start, start)


def _apart(text: str, found: list[Span]) -> list[Span]:
    """The longest of what overlaps and what is left of the others, in order, without blanks at the ends."""
    taken: list[Span] = []
    owner = [False] * len(text)
    for span in sorted(found, key=lambda span: (span.start - span.end, span.start)):
        start, end = span.start, span.end
        while start < end and owner[start]:
            start += 1
        while end > start and owner[end - 1]:
            end -= 1
        inside = text[start:end]
        start, end = end - len(inside.lstrip(_EDGE)), start + len(inside.rstrip(_EDGE))
        kept = end > start and not any(owner[start:end])
        if kept and (
            end - start == span.end - span.start or sum(map(str.isalnum, text[start:end])) >= _SHORT
        ):
            taken.append(Span(start, end, span.kind))
            owner[start:end] = [True] * (end - start)
    return sorted(taken)
