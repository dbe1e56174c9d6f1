"""Whether a rule points at a name or a place: usual words, diseases, departments and eponyms are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from manikin.schema.name_lists import read_names
from manikin.text.deid.name_rules import INSTITUTION_KINDS
from manikin.text.deid.stopwords import (
    COMMON_CAPITALIZED,
    EPONYM_PREFIX,
    EPONYM_SUFFIX,
    EPONYMS,
    NAME_PARTICLES,
    NON_PERSON_PAIRS,
    is_common_word,
)
from manikin.text.deid.truecase import is_single_case, strip_accents

if TYPE_CHECKING:
    from manikin.text.deid.name_rules import NameRule

_EPONYM_AFTER = re.compile(EPONYM_SUFFIX, re.IGNORECASE)
_EPONYM_BEFORE = re.compile(EPONYM_PREFIX, re.IGNORECASE)
_KNOWN_NAMES = frozenset(
    (
        *read_names("women", "men", "families"),
        *(part for city in read_names("cities") for part in city.split()),
    )
)
_COUNTRIES = frozenset(read_names("states", "countries"))
"""States and countries: no identifiers by 45 CFR 164.514(b)(2)(i)(B)."""
_INSTITUTION_END = re.compile(rf"(?:{INSTITUTION_KINDS})$")
_GENERIC_LIST = """
    General Memorial Regional Medical University Orthopedic Maintenance Sample Community Veterans
    State City County Public Private Local Rehabilitation Children Womens Pulmonary Medicine
    Pediatric Rheumatology Pain Eye Dental Surgical Urgent Care Family Outside Home Satellite Walk
    Inn District Saint The Our This High Nursing Health Chronic Acute Inpatient Outpatient Cardiac
    Stroke Christian Catholic Methodist Baptist Subacute Skilled Day Senior Adult Elementary Middle
    Attends Attended Attending Fracture Memory Anticoagulation Warfarin Diabetes Diabetic Breast
    Wound Foot Headache Epilepsy Fertility Antenatal Sleep Hearing Hand Spine Asthma Copd Heart
    Failure Dialysis Orthopaedic Cancer Renal Insurance Drug Pharmaceutical Special Grammar
    Secondary Sunday Boarding Driving Art Nearest Nearby Another Hotel Prison Company
"""
_GENERIC_WORDS = frozenset(_GENERIC_LIST.split())
_MIN_NAME_LENGTH = 2
_TITLE_BEFORE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s*$", re.IGNORECASE)
AMBIGUOUS_NAMES = frozenset(["Will", "May", "April", "June", "August", "Well", "Day", "Knight"])
"""Usual words that are names too, where a capital speaks for them."""
_TOWN_PREFIXES = frozenset(
    (
        *("Upper", "Lower", "Little", "Great", "North", "South", "East", "West", "Mount"),
        *("Lake", "Port", "Fort", "Bad", "Saint", "San", "Santa", "Los", "Las"),
    )
)
"""Usual words with which towns begin."""


def is_identifying(text: str, read: str, start: int, end: int, rule: NameRule) -> bool:  # noqa: PLR0911 - a list of looks
    """Whether what a rule points at is a name or a place, and not a usual word or a disease."""
    said = read[start:end]
    words = [word.strip(".,'") for word in said.split()]
    first = next(
        (w for w in words if len(w) > _MIN_NAME_LENGTH and w.lower() not in NAME_PARTICLES), words[0]
    )
    if rule.kind == "address":
        return True
    behind = re.match(r"\s+\w+", read[end : end + 20])
    if said.lower() in NON_PERSON_PAIRS or (behind and f"{said}{behind[0]}".lower() in NON_PERSON_PAIRS):
        return False
    if len(said.strip(". ")) < _MIN_NAME_LENGTH or "XX" in said.upper():  # an initial, or taken out before
        return False
    if rule.kind == "place" and (house := _INSTITUTION_END.search(said)):
        named = re.findall(r"[A-Z]\w+", said[: house.start()])
        return any(word not in _GENERIC_WORDS | COMMON_CAPITALIZED for word in named)
    if rule.kind == "place" and (said in _COUNTRIES or _EPONYM_AFTER.match(read, end)):
        return False
    if not rule.is_weak:
        return (
            (
                len(first) == _MIN_NAME_LENGTH
                and first.istitle()
                and bool(_TITLE_BEFORE.search(read, max(0, start - 12), start))
            )
            or not is_common_word(first.lower(), cased=True)
            or first in _KNOWN_NAMES
            or (len(words) > 1 and first in AMBIGUOUS_NAMES and not is_single_case(text, start))
            or (len(words) > 1 and words[-1] in _KNOWN_NAMES)
        )
    return _is_likely(text, read, start, end, rule)


def _is_likely(text: str, read: str, start: int, end: int, rule: NameRule) -> bool:  # noqa: PLR0911
    """Whether what a weak rule points at is named: capitals of the text, a list, or no word of prose."""
    said = read[start:end]
    words = [
        w.strip(".,'") for w in said.split() if w.lower() not in NAME_PARTICLES and len(w.strip(".")) > 1
    ]
    if not words or len(said) <= _MIN_NAME_LENGTH or is_eponym(read, start, end):
        return False
    first = words[0]
    single = strip_accents(text[start:end]) != said  # capitals are guessed
    begins = (
        words[1] if len(words) > 1 and (not single or first in _TOWN_PREFIXES) else first
    )  # "Bad Oeynhausen"
    if rule.is_strict and (
        (is_common_word(first.lower()) and is_common_word(begins.lower()))
        or (rule.kind == "name" and single and first not in _KNOWN_NAMES)
    ):
        return False
    if (first in COMMON_CAPITALIZED and not (rule.is_strict and rule.kind == "place")) or (
        len(words) == 1 and EPONYMS.issuperset(first.split("-"))
    ):
        return False
    if first in _KNOWN_NAMES:
        return True
    if not single:
        return rule.kind == "place" or not is_common_word(first.lower(), cased=len(words) > 1)
    if rule.kind == "place":
        return not is_common_word(begins.lower()) and len(begins) > _MIN_NAME_LENGTH + 1
    least = _MIN_NAME_LENGTH if len(words) > 1 else _MIN_NAME_LENGTH + 1
    return all(not is_common_word(word.lower()) and len(word) > least for word in words)


def is_eponym(text: str, start: int, end: int) -> bool:
    """Whether a disease, a sign or a device is called after a name."""
    ends = [start + found.end() for found in re.finditer(r"[\w'-]+", text[start:end])]
    before = re.search(r"(\w+)[\s-]+$", text[:start])
    if text[start:end].lower() in NON_PERSON_PAIRS or (
        text[start:end] in EPONYMS and re.match(r"'s\s*[,.;:)]", text[end : end + 5])
    ):
        return True
    last = start + text[start:end].rfind(" ") + 1  # "Segno di Giordano" has what comes before in itself
    if any(_EPONYM_BEFORE.search(text[max(0, at - 20) : at]) for at in (start, last)):
        return True
    return any(_EPONYM_AFTER.match(text, at) for at in ends) or bool(before and before[1] in EPONYMS)
