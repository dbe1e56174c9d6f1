"""Where identifiers stand in prose: rules for those of HIPAA (45 CFR 164.514(b)(2)) that prose can hold.

Rules know how identifiers look and by what they are announced; they cannot know a name that nothing
announces and no list holds. Years alone, ages up to 89 and states are no identifiers by that rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from manikin.text.deid.address_rules import follow_address
from manikin.text.deid.known_identifiers import find_known_identifiers
from manikin.text.deid.markup import locate_span, strip_markup
from manikin.text.deid.name_filters import AMBIGUOUS_NAMES, is_eponym, is_identifying
from manikin.text.deid.name_rules import LISTED_NAME_PATTERNS, NAME_RULES
from manikin.text.deid.number_rules import PATTERN_RULES
from manikin.text.deid.stopwords import COMMON_CAPITALIZED
from manikin.text.deid.truecase import is_single_case, strip_accents, truecase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Finder = Callable[[str], "Iterable[Span]"]

IDENTIFIER_KINDS = ("name", "place", "address", "date", "age", "phone", "email", "url", "id")


class Span(NamedTuple):
    """An identifier: where it begins and ends, and what it is."""

    start: int
    end: int
    kind: str


_HYPHENATED_START = re.compile(r"(?<![\w-])[A-ZÀ-ÖØ-Þ][\w'’]+-$")
_HYPHENATED_END = re.compile(r"-[A-ZÀ-ÖØ-Þ][a-zà-ÿ'’]+(?![\w-])")
_MIN_CHARACTERS = 2
_EDGE_CHARACTERS = " .,;:\n\t"


def detect_identifiers(text: str, known: Iterable[str] = (), also: Iterable[Finder] = ()) -> list[Span]:
    """The identifiers in a text, none overlapping, in order.

    Args:
        text: Prose, in whatever case.
        known: Names and numbers of this patient, found in any order and case.
        also: Other finders, `(text) -> spans`, such as a language model for names (`presidio`).

    Example:
        >>> text = "Mr. John Smith, seen on 03/04/2021, call 617-555-0134."
        >>> [(span.kind, text[span.start : span.end]) for span in detect_identifiers(text)]
        [('name', 'John Smith'), ('date', '03/04/2021'), ('phone', '617-555-0134')]
    """
    return join_spans(text, detect_by_rules(text, also), known)


def detect_by_rules(text: str, also: Iterable[Finder] = ()) -> list[Span]:
    """What identifies by its form or an announcement, whoever the patient is; spans may overlap.

    Args:
        text: Prose, in whatever case, with marks of HTML or RTF or without.
        also: Other finders.
    """
    bare = strip_markup(text)
    said = text if bare is None else bare[0]
    read = truecase(said)
    found = [*_match_patterns(read), *_match_names(said, read), *_match_listed_names(said, read)]
    found += [*_extend_spans(said, read, found)]
    return [*_map_to_original(text, bare, found), *(span for finder in also for span in finder(text))]


def join_spans(text: str, found: Iterable[Span], known: Iterable[str] = ()) -> list[Span]:
    """Spans with those of what is known of the patient, none overlapping, in order.

    Args:
        text: The text in which they were found.
        found: Spans of `detect_by_rules`.
        known: Names and numbers of the patient.
    """
    bare = strip_markup(text)
    again = [Span(*spot) for spot in find_known_identifiers(text if bare is None else bare[0], known)]
    return _separate_spans(text, [*found, *_map_to_original(text, bare, again)])


def _map_to_original(text: str, bare: tuple[str, list[int]] | None, found: list[Span]) -> list[Span]:
    """Spans of an unmarked text, in the original."""
    if bare is None:
        return found
    return [
        Span(*spot, kind) for start, end, kind in found for spot in locate_span(text, bare[1], start, end)
    ]


def _match_patterns(read: str) -> Iterator[Span]:
    for kind, pattern, check in PATTERN_RULES:
        group = "x" if "x" in pattern.groupindex else 0
        for match in pattern.finditer(read):
            if match.end(group) > match.start(group) and (check is None or check(match)):
                yield Span(*match.span(group), kind)


def _match_names(text: str, read: str) -> Iterator[Span]:
    for rule in NAME_RULES:
        for match in rule.pattern.finditer(read):
            start, end = match.span(1 if match.lastindex else 0)
            if rule.kind == "name":
                start, end = _trim_name(read, start, end, text)
            if end > start and is_identifying(text, read, start, end, rule):
                yield Span(start, end, rule.kind)


def _extend_spans(text: str, read: str, found: list[Span]) -> Iterator[Span]:
    """What else belongs to what was found: the town behind a street, the rest of a hyphenated name."""
    for span in found:
        if span.kind == "address":
            single = is_single_case(text, span.start)
            for start, end, kind in follow_address(read, span.end, single=single):
                yield Span(start, end, kind)
        elif span.kind == "name":
            before = _HYPHENATED_START.search(read, max(0, span.start - 30), span.start)
            behind = _HYPHENATED_END.match(read, span.end)
            if before or behind:
                yield Span(
                    before.start() if before else span.start, behind.end() if behind else span.end, "name"
                )


def _match_listed_names(text: str, read: str) -> Iterator[Span]:
    for pattern, there in zip(LISTED_NAME_PATTERNS, (read, strip_accents(text)), strict=True):
        for match in pattern.finditer(there):
            start, end = _trim_name(there, *match.span())
            if end > start and there[start:end] == read[start:end] and not is_eponym(there, start, end):
                yield Span(start, end, "name")


def _trim_name(text: str, start: int, end: int, written: str = "") -> tuple[int, int]:
    """A name without usual words at its ends: "Mother Smith Denies" is Smith."""
    kept: list[tuple[int, int]] = []
    meant = AMBIGUOUS_NAMES if written and not is_single_case(written, start) else frozenset[str]()
    for match in re.finditer(r"\S+", text[start:end]):
        word = match[0].strip(".,").capitalize()
        if word not in COMMON_CAPITALIZED or word in meant:
            kept.append((match.start() + start, match.end() + start))
        elif kept:
            break
    return (kept[0][0], kept[-1][1]) if kept else (start, start)


def _separate_spans(text: str, found: list[Span]) -> list[Span]:
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
        start, end = (
            end - len(inside.lstrip(_EDGE_CHARACTERS)),
            start + len(inside.rstrip(_EDGE_CHARACTERS)),
        )
        kept = end > start and not any(owner[start:end])
        if kept and (
            end - start == span.end - span.start
            or sum(map(str.isalnum, text[start:end])) >= _MIN_CHARACTERS
        ):
            taken.append(Span(start, end, span.kind))
            owner[start:end] = [True] * (end - start)
    return sorted(taken)
