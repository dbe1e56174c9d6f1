"""What is known to name one patient, found again in any order and case, with initials and without accents.

Words that mean something else too ("Will", "May", "Green", "Wilson") are names by what stands around them:
beside another name of the patient, capitalised within a sentence, or before what persons do. A disease that is
called after such a name stays.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from manikin.text.deid.cue_phrases import PERSON_VERBS, TITLES
from manikin.text.deid.stopwords import (
    COMMON_CAPITALIZED,
    EPONYM_PREFIX,
    EPONYM_SUFFIX,
    EPONYMS,
    NAME_PARTICLES,
    is_common_word,
)
from manikin.text.deid.truecase import strip_accents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MIN_NAME_LETTERS = 3  # letters of a name that is looked for in any case
_MIN_NUMBER_CHARACTERS = 5  # letters and digits of a number that is looked for
_TITLE_PATTERN = re.compile(
    r"^(?:mr|mrs|ms|miss|mx|dr|prof|herr|frau|mme|sr|sra|md|rn|phd|jr|ii|iii|iv)\.?$", re.IGNORECASE
)
_LETTER_SPELLINGS = (
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"},
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae"},
)
_MODAL_VERBS = frozenset(["will", "may", "might", "can", "must", "should", "would", "could"])
_MONTH_WORDS = frozenset(["may", "april", "june", "august", "march", "jan", "june", "avril", "mai"])
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n•*]|^\s*(?:[-•*]|\d+[.)]))\s*[\"'(]*$")
_PARTICLE_PATTERN = "|".join(sorted(NAME_PARTICLES - {"e", "y"}, key=len, reverse=True))
_NAME_WITH_PARTICLES = re.compile(rf"(?i)\b(?:(?:{_PARTICLE_PATTERN})\s+){{1,3}}[^\W\d_]{{3,}}")
_INITIALS_BEFORE = re.compile(
    rf"(?:(?<![\w.'])[A-Z]\.?[ -]?){{1,2}}(?:(?i:{_PARTICLE_PATTERN})\s+){{0,3}}$"
)
_PERSON_VERB_AFTER = re.compile(rf"(?i)(?:'s)?\s+(?:{PERSON_VERBS})\b")
_AUXILIARY_AFTER = re.compile(
    r"(?i)\s+(?:was|is|has|had|did|does|came|went|felt|feels|said|says|got|ate|took|fell|slept|woke|spoke|lost|gave|seems|appears|returned|looks)\b"
)
_VERB_AFTER = re.compile(r"(?i)'s\b|\s+(?!(?:always|sometimes|perhaps|besides|thus|this|his|its|as|us|discuss|assess|pass|address|process|access|focus|express|progress|need|feed|bleed|speed|proceed|exceed|succeed)\b)(?:[a-z]+(?:ed|[^su\W]s)|was|is|has|had|did|does|came|went|felt|said|told|got|ate|took|left|fell|slept|woke|spoke|lost|gave|saw|knew)\b")  # fmt: skip
_DATE_CUE_BEFORE = re.compile(
    r"(?i)(?:\b(?:in|on|since|until|till|of|by|early|late|mid|last|next|this|from|before|after)\s+|\d(?:st|nd|rd|th)?\s+)$"
)
_EPONYM_AFTER = re.compile(EPONYM_SUFFIX, re.IGNORECASE)
_EPONYM_BEFORE = re.compile(EPONYM_PREFIX, re.IGNORECASE)
_TITLE_BEFORE = re.compile(rf"(?i)\b(?:{TITLES}|Ms|Miss)\.?\s*$|(?<![\w.])(?-i:[A-Z])\.\s?$")


def find_known_identifiers(text: str, known: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Where what is known stands in a text: begin, end, and "name" or "id".

    Args:
        text: Prose, in whatever case.
        known: Names, whole or word by word, and numbers of one patient.

    Example:
        >>> said = "green, will called. WILL feels ok, will return. Green sputum."
        >>> [said[a:b] for a, b, _ in find_known_identifiers(said, ["Will Green"])]
        ['green', 'will', 'WILL']
    """
    pattern, likely = _compile_patterns(frozenset(known))
    if pattern is None:
        return
    read = strip_accents(text)
    found = list(pattern.finditer(read))
    for i, match in enumerate(found):
        if match.lastgroup == "mark":
            yield *match.span(), "id"
        elif (
            not likely(match["name"])
            or _is_name(read, match, found[max(0, i - 1) : i] + found[i + 1 : i + 2])
        ) and not _is_eponym(read, match):
            yield *match.span("name"), "name"
            yield from _find_initials(read, match)


def split_name(name: str) -> list[str]:
    """The words of a name that stand for somebody: no titles, no particles, no initials.

    Example:
        >>> split_name("van der Berg, Jan P."), split_name("Dr. Anna Smith-Jones")
        (['Berg', 'Jan'], ['Anna', 'Smith', 'Jones'])
    """
    parts = re.split(r"[\s,;/-]+", name.strip())
    bare = [part.strip('.()"') for part in parts if not _TITLE_PATTERN.match(part)]
    return [
        part
        for part in bare
        if len(part) > 1 and part.lower() not in NAME_PARTICLES and not any(map(str.isdigit, part))
    ]


@lru_cache(maxsize=4096)
def _compile_patterns(known: frozenset[str]) -> tuple[re.Pattern[str] | None, Callable[[str], bool]]:
    marks = {
        mark
        for mark in known
        if any(map(str.isdigit, mark)) and sum(map(str.isalnum, mark)) >= _MIN_NUMBER_CHARACTERS
    }
    said = [name for name in known if not any(map(str.isdigit, name))]
    names = {word for name in said for word in split_name(name)}
    whole = {found[0] for name in said for found in _NAME_WITH_PARTICLES.finditer(name)}
    parts = []
    if spelled := sorted({one for mark in marks for one in _list_separations(mark)}, key=len, reverse=True):
        parts.append(rf"(?P<mark>{'|'.join(spelled)})")
    if spelled := sorted(
        {one for name in names | whole for one in _list_spellings(name)}, key=len, reverse=True
    ):
        parts.append(rf"(?P<name>{'|'.join(spelled)})")
    usual = {strip_accents(name).lower() for name in names if _is_ambiguous(name)}
    if not parts:
        return None, usual.__contains__
    return re.compile(
        rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])", re.IGNORECASE
    ), lambda w: w.lower() in usual


def _is_ambiguous(name: str) -> bool:
    """Whether a name is a word, an eponym or very short, so that what stands around it must decide."""
    low = strip_accents(name).lower()
    return (
        len(low) < _MIN_NAME_LETTERS
        or is_common_word(low, cased=True)
        or name.capitalize() in EPONYMS | COMMON_CAPITALIZED
        or low in _AMBIGUOUS_WORDS
    )


_AMBIGUOUS_WORDS = (
    frozenset(
        [
            "green",
            "brown",
            "black",
            "white",
            "gray",
            "grey",
            "rose",
            "hope",
            "grace",
            "faith",
            "joy",
            "dawn",
            "summer",
            "bell",
            "price",
            "wood",
            "stone",
            "field",
        ]
    )
    | _MODAL_VERBS
    | _MONTH_WORDS
)


def _list_spellings(name: str) -> set[str]:
    """A name without accents, with letters for them, and with its apostrophe or without."""
    low = name.lower().replace("’", "'")
    spelled = {low, *("".join(table.get(char, char) for char in low) for table in _LETTER_SPELLINGS)}
    return {
        re.escape(strip_accents(one)).replace("'", "['’ ]?").replace("\\ ", r"\s?")
        for one in spelled
        if len(one) > 1
    }


def _list_separations(mark: str) -> set[str]:
    """A number with whatever signs between its parts."""
    runs = re.findall(r"[^\W\d_]+|\d+", mark)
    whole = r"[-\s/.()]{0,2}".join(map(re.escape, runs))
    digits = "".join(runs)
    spread = r"[-\s/.()]{0,2}".join(digits) if digits.isdigit() and len(digits) > 6 else whole  # noqa: PLR2004 - telephones
    return {whole, spread}


def _is_eponym(read: str, match: re.Match[str]) -> bool:
    """Whether a disease, a sign or a device is called after the name."""
    word = match["name"].capitalize()
    behind = _EPONYM_AFTER.match(read, match.end())
    if word in EPONYMS and _EPONYM_BEFORE.search(read[max(0, match.start() - 20) : match.start()]):
        return True
    return bool(behind) and (word in EPONYMS or not _PERSON_VERB_AFTER.match(read, match.end()))


def _is_name(read: str, match: re.Match[str], beside: list[re.Match[str]]) -> bool:  # noqa: PLR0911 - a list of looks
    """Whether a word that means something else too is a name here."""
    word, before, after = match["name"], read[max(0, match.start() - 30) : match.start()], match.end()
    if any(_is_adjacent(read, match, other) for other in beside) or _TITLE_BEFORE.search(before):
        return True
    if word.lower() in _MONTH_WORDS and (
        _DATE_CUE_BEFORE.search(before) or re.match(r"\.?\s+\d", read[after:])
    ):
        return False
    line = read[read.rfind("\n", 0, match.start()) + 1 : (read.find("\n", after) + 1 or len(read) + 1) - 1]
    shouted = not any(char.islower() for char in line)
    begins = bool(_SENTENCE_START.search(before)) or not before.strip()
    if word.lower() in _MODAL_VERBS:
        return bool(_VERB_AFTER.match(read, after)) or (
            word[0].isupper() and not word.isupper() and not begins
        )
    if word[0].isupper() and not shouted and not begins:
        return True
    if word[0].isupper() and not shouted:
        return bool(_PERSON_VERB_AFTER.match(read, after) or _AUXILIARY_AFTER.match(read, after)) or (
            word.isupper() and len(word) >= _MIN_NAME_LETTERS
        )
    if is_common_word(word.lower()) or len(word) < _MIN_NAME_LETTERS or word.lower() in _AMBIGUOUS_WORDS:
        return bool(_PERSON_VERB_AFTER.match(read, after))
    return True


def _is_adjacent(read: str, match: re.Match[str], other: re.Match[str]) -> bool:
    if other.lastgroup != "name" or other["name"].lower() == match["name"].lower():
        return False
    first, second = sorted((match, other), key=lambda one: one.start())
    return (
        bool(re.fullmatch(r",?\s*(?:[A-Za-z]\.?\s*)?", read[first.end() : second.start()]))
        and first.end() < second.start()
    )


def _find_initials(read: str, match: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Initials before a name, and behind it after a comma."""
    if before := _INITIALS_BEFORE.search(read[max(0, match.start() - 20) : match.start()]):
        start = match.start() - len(before[0])
        if (
            "." in before[0]
            or not re.search(r"(?i)[a-z]\s$", read[max(0, start - 2) : start])
            or before[0].strip() not in {"A", "I"}
        ):
            yield start, match.end("name"), "name"
    if behind := re.match(r",\s?[A-Z]\.(?:\s?[A-Z]\.)?(?!\w)", read[match.end() :]):
        yield match.start("name"), match.end() + behind.end(), "name"
