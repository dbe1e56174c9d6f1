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

from manikin.text.deid.cue_phrases import HUMAN, TITLES
from manikin.text.deid.stopwords import BEFORE, CALLED, EPONYMS, PARTICLES, USUAL, ordinary
from manikin.text.deid.truecase import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LEAST = 3  # letters of a name that is looked for in any case
_MARK = 5  # letters and digits of a number that is looked for
_TITLE = re.compile(
    r"^(?:mr|mrs|ms|miss|mx|dr|prof|herr|frau|mme|sr|sra|md|rn|phd|jr|ii|iii|iv)\.?$", re.IGNORECASE
)
_SPELLINGS = (
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"},
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae"},
)
_MODAL = frozenset(["will", "may", "might", "can", "must", "should", "would", "could"])
_MONTHS = frozenset(["may", "april", "june", "august", "march", "jan", "june", "avril", "mai"])
_ENDS = re.compile(r"(?:^|[.!?:;\n•*]|^\s*(?:[-•*]|\d+[.)]))\s*[\"'(]*$")
_JOINING = "|".join(sorted(PARTICLES - {"e", "y"}, key=len, reverse=True))
_WITH = re.compile(rf"(?i)\b(?:(?:{_JOINING})\s+){{1,3}}[^\W\d_]{{3,}}")
_FIRST = re.compile(rf"(?:(?<![\w.'])[A-Z]\.?[ -]?){{1,2}}(?:(?i:{_JOINING})\s+){{0,3}}$")
_HUMAN = re.compile(rf"(?i)(?:'s)?\s+(?:{HUMAN})\b")
_IS = re.compile(
    r"(?i)\s+(?:was|is|has|had|did|does|came|went|felt|feels|said|says|got|ate|took|fell|slept|woke|spoke|lost|gave|seems|appears|returned|looks)\b"
)
_VERB = re.compile(r"(?i)'s\b|\s+(?!(?:always|sometimes|perhaps|besides|thus|this|his|its|as|us|discuss|assess|pass|address|process|access|focus|express|progress|need|feed|bleed|speed|proceed|exceed|succeed)\b)(?:[a-z]+(?:ed|[^su\W]s)|was|is|has|had|did|does|came|went|felt|said|told|got|ate|took|left|fell|slept|woke|spoke|lost|gave|saw|knew)\b")  # fmt: skip
_IN = re.compile(
    r"(?i)(?:\b(?:in|on|since|until|till|of|by|early|late|mid|last|next|this|from|before|after)\s+|\d(?:st|nd|rd|th)?\s+)$"
)
_CALLED = re.compile(CALLED, re.IGNORECASE)
_BEFORE = re.compile(BEFORE, re.IGNORECASE)
_TITLED = re.compile(rf"(?i)\b(?:{TITLES}|Ms|Miss)\.?\s*$|(?<![\w.])(?-i:[A-Z])\.\s?$")


def find_known(text: str, known: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Where what is known stands in a text: begin, end, and "name" or "id".

    Args:
        text: Prose, in whatever case.
        known: Names, whole or word by word, and numbers of one patient.

    Example:
        >>> said = "green, will called. WILL feels ok, will return. Green sputum."
        >>> [said[a:b] for a, b, _ in find_known(said, ["Will Green"])]
        ['green', 'will', 'WILL']
    """
    pattern, likely = _compiled(frozenset(known))
    if pattern is None:
        return
    read = plain(text)
    found = list(pattern.finditer(read))
    for i, match in enumerate(found):
        if match.lastgroup == "mark":
            yield *match.span(), "id"
        elif (
            not likely(match["name"])
            or _named(read, match, found[max(0, i - 1) : i] + found[i + 1 : i + 2])
        ) and not _called(read, match):
            yield *match.span("name"), "name"
            yield from _initials(read, match)


def split_name(name: str) -> list[str]:
    """The words of a name that stand for somebody: no titles, no particles, no initials.

    Example:
        >>> split_name("van der Berg, Jan P."), split_name("Dr. Anna Smith-Jones")
        (['Berg', 'Jan'], ['Anna', 'Smith', 'Jones'])
    """
    parts = re.split(r"[\s,;/-]+", name.strip())
    bare = [part.strip('.()"') for part in parts if not _TITLE.match(part)]
    return [
        part
        for part in bare
        if len(part) > 1 and part.lower() not in PARTICLES and not any(map(str.isdigit, part))
    ]


@lru_cache(maxsize=4096)
def _compiled(known: frozenset[str]) -> tuple[re.Pattern[str] | None, Callable[[str], bool]]:
    marks = {mark for mark in known if any(map(str.isdigit, mark)) and sum(map(str.isalnum, mark)) >= _MARK}
    said = [name for name in known if not any(map(str.isdigit, name))]
    names = {word for name in said for word in split_name(name)}
    whole = {found[0] for name in said for found in _WITH.finditer(name)}
    parts = []
    if spelled := sorted({one for mark in marks for one in _separated(mark)}, key=len, reverse=True):
        parts.append(rf"(?P<mark>{'|'.join(spelled)})")
    if spelled := sorted(
        {one for name in names | whole for one in _spellings(name)}, key=len, reverse=True
    ):
        parts.append(rf"(?P<name>{'|'.join(spelled)})")
    usual = {plain(name).lower() for name in names if _means(name)}
    if not parts:
        return None, usual.__contains__
    return re.compile(
        rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])", re.IGNORECASE
    ), lambda w: w.lower() in usual


def _means(name: str) -> bool:
    """Whether a name is a word, an eponym or very short, so that what stands around it must decide."""
    low = plain(name).lower()
    return (
        len(low) < _LEAST
        or ordinary(low, cased=True)
        or name.capitalize() in EPONYMS | USUAL
        or low in _COLOURS
    )


_COLOURS = (
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
    | _MODAL
    | _MONTHS
)


def _spellings(name: str) -> set[str]:
    """A name without accents, with letters for them, and with its apostrophe or without."""
    low = name.lower().replace("’", "'")
    spelled = {low, *("".join(table.get(char, char) for char in low) for table in _SPELLINGS)}
    return {
        re.escape(plain(one)).replace("'", "['’ ]?").replace("\\ ", r"\s?")
        for one in spelled
        if len(one) > 1
    }


def _separated(mark: str) -> set[str]:
    """A number with whatever signs between its parts."""
    runs = re.findall(r"[^\W\d_]+|\d+", mark)
    whole = r"[-\s/.()]{0,2}".join(map(re.escape, runs))
    digits = "".join(runs)
    spread = r"[-\s/.()]{0,2}".join(digits) if digits.isdigit() and len(digits) > 6 else whole  # noqa: PLR2004 - telephones
    return {whole, spread}


def _called(read: str, match: re.Match[str]) -> bool:
    """Whether a disease, a sign or a device is called after the name."""
    word = match["name"].capitalize()
    behind = _CALLED.match(read, match.end())
    if word in EPONYMS and _BEFORE.search(read[max(0, match.start() - 20) : match.start()]):
        return True
    return bool(behind) and (word in EPONYMS or not _HUMAN.match(read, match.end()))


def _named(read: str, match: re.Match[str], beside: list[re.Match[str]]) -> bool:  # noqa: PLR0911 - a list of looks
    """Whether a word that means something else too is a name here."""
    word, before, after = match["name"], read[max(0, match.start() - 30) : match.start()], match.end()
    if any(_adjacent(read, match, other) for other in beside) or _TITLED.search(before):
        return True
    if word.lower() in _MONTHS and (_IN.search(before) or re.match(r"\.?\s+\d", read[after:])):
        return False
    line = read[read.rfind("\n", 0, match.start()) + 1 : (read.find("\n", after) + 1 or len(read) + 1) - 1]
    shouted = not any(char.islower() for char in line)
    begins = bool(_ENDS.search(before)) or not before.strip()
    if word.lower() in _MODAL:
        return bool(_VERB.match(read, after)) or (word[0].isupper() and not word.isupper() and not begins)
    if word[0].isupper() and not shouted and not begins:
        return True
    if word[0].isupper() and not shouted:
        return bool(_HUMAN.match(read, after) or _IS.match(read, after)) or (
            word.isupper() and len(word) >= _LEAST
        )
    if ordinary(word.lower()) or len(word) < _LEAST or word.lower() in _COLOURS:
        return bool(_HUMAN.match(read, after))
    return True


def _adjacent(read: str, match: re.Match[str], other: re.Match[str]) -> bool:
    if other.lastgroup != "name" or other["name"].lower() == match["name"].lower():
        return False
    first, second = sorted((match, other), key=lambda one: one.start())
    return (
        bool(re.fullmatch(r",?\s*(?:[A-Za-z]\.?\s*)?", read[first.end() : second.start()]))
        and first.end() < second.start()
    )


def _initials(read: str, match: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Initials before a name, and behind it after a comma."""
    if before := _FIRST.search(read[max(0, match.start() - 20) : match.start()]):
        start = match.start() - len(before[0])
        if (
            "." in before[0]
            or not re.search(r"(?i)[a-z]\s$", read[max(0, start - 2) : start])
            or before[0].strip() not in {"A", "I"}
        ):
            yield start, match.end("name"), "name"
    if behind := re.match(r",\s?[A-Z]\.(?:\s?[A-Z]\.)?(?!\w)", read[match.end() :]):
        yield match.start("name"), match.end() + behind.end(), "name"
