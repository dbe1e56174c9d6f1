"""Where identifiers stand in prose: rules for those of HIPAA (45 CFR 164.514(b)(2)) that prose can hold.

Rules know how identifiers look and by what they are announced; they cannot know a name that nothing
announces and no list holds. Years alone, ages up to 89 and states are no identifiers by that rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from manikin.data.deid.casing import cased, plain
from manikin.data.deid.known import find_known
from manikin.data.deid.lists import CITIES, COUNTRIES, FAMILIES, MEN, WOMEN
from manikin.data.deid.markup import locate, strip_marks
from manikin.data.deid.named import HOUSES, LISTED, NAMED, Rule
from manikin.data.deid.numbered import SHAPES
from manikin.data.deid.words import BEFORE, CALLED, EPONYMS, PARTICLES, USUAL, ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Finder = Callable[[str], "Iterable[Span]"]

KINDS = ("name", "place", "address", "date", "age", "phone", "email", "url", "id")


class Span(NamedTuple):
    """An identifier: where it begins and ends, and what it is."""

    start: int
    end: int
    kind: str


_CALLED = re.compile(CALLED, re.IGNORECASE)
_BEFORE = re.compile(BEFORE, re.IGNORECASE)
_KNOWN = frozenset((*WOMEN, *MEN, *FAMILIES, *(part for city in CITIES for part in city.split())))
_HOUSE = re.compile(rf"(?:{HOUSES})$")
_GENERAL = """
    General Memorial Regional Medical University Orthopedic Maintenance Sample Community Veterans
    State City County Public Private Local Rehabilitation Children Womens Pulmonary Medicine
    Pediatric Rheumatology Pain Eye Dental Surgical Urgent Care Family Outside Home Satellite Walk
    Inn District Saint The Our This High Nursing Health Chronic Acute Inpatient Outpatient Cardiac Stroke
    Christian Catholic Methodist Baptist Subacute Skilled Day Senior Adult Elementary Middle
"""
_GENERIC = frozenset(_GENERAL.split())
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
                start, end = _trimmed(read, start, end)
            if end > start and _told(text, read, start, end, rule):
                yield Span(start, end, rule.kind)


def _told(text: str, read: str, start: int, end: int, rule: Rule) -> bool:
    """Whether what a rule points at is a name or a place, and not a usual word or a disease."""
    said = read[start:end]
    words = [word.strip(".,'") for word in said.split()]
    first = next((w for w in words if len(w) > _SHORT and w.lower() not in PARTICLES), words[0])
    if rule.kind == "address":
        return True
    if len(said.strip(". ")) < _SHORT or "XX" in said.upper():  # an initial, or taken out before
        return False
    if rule.kind == "place" and (house := _HOUSE.search(said)):
        named = re.findall(r"[A-Z]\w+", said[: house.start()])
        return any(word not in _GENERIC | USUAL for word in named)
    if rule.kind == "place" and (said in COUNTRIES or _CALLED.match(read, end)):
        return False
    if not rule.weak:
        return (
            not ordinary(first.lower(), cased=True)
            or first in _KNOWN
            or (len(words) > 1 and words[-1] in _KNOWN)
        )
    return _likely(text, read, start, end, rule)


def _likely(text: str, read: str, start: int, end: int, rule: Rule) -> bool:
    """Whether what a weak rule points at is named: capitals of the text, a list, or no word of prose."""
    said = read[start:end]
    words = [w.strip(".,'") for w in said.split() if w.lower() not in PARTICLES and len(w.strip(".")) > 1]
    if not words or len(said) <= _SHORT or _called(read, start, end):
        return False
    first = words[0]
    if first in USUAL or (len(words) == 1 and EPONYMS.intersection(first.split("-"))):
        return False
    if first in _KNOWN:
        return True
    if plain(text[start:end]) == said:  # in capitals of the text itself
        return rule.kind == "place" or not ordinary(first.lower(), cased=len(words) > 1)
    return all(not ordinary(word.lower()) and len(word) > _SHORT + 1 for word in words)


def _listed(text: str, read: str) -> Iterator[Span]:
    for pattern, there in zip(LISTED, (read, plain(text)), strict=True):
        for match in pattern.finditer(there):
            start, end = _trimmed(there, *match.span())
            if end > start and there[start:end] == read[start:end] and not _called(there, start, end):
                yield Span(start, end, "name")


def _called(text: str, start: int, end: int) -> bool:
    """Whether a disease, a sign or a device is called after a name."""
    ends = [start + found.end() for found in re.finditer(r"[\w'-]+", text[start:end])]
    before = re.search(r"(\w+)[\s-]+$", text[:start])
    if _BEFORE.search(text[max(0, start - 20) : start]):
        return True
    return any(_CALLED.match(text, at) for at in ends) or bool(before and before[1] in EPONYMS)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A name without usual words at its ends: "Mother Smith Denies" is Smith."""
    kept: list[tuple[int, int]] = []
    for match in re.finditer(r"\S+", text[start:end]):
        if match[0].strip(".,").capitalize() not in USUAL:
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
