"""Whether a rule points at a name or a place: usual words, diseases, departments and eponyms are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from manikin.text.deid.name_lists import CITIES, COUNTRIES, FAMILIES, MEN, WOMEN
from manikin.text.deid.name_rules import HOUSES
from manikin.text.deid.stopwords import BEFORE, CALLED, EPONYMS, PAIRS, PARTICLES, USUAL, ordinary
from manikin.text.deid.truecase import is_single_case, plain

if TYPE_CHECKING:
    from manikin.text.deid.name_rules import Rule

_CALLED = re.compile(CALLED, re.IGNORECASE)
_BEFORE = re.compile(BEFORE, re.IGNORECASE)
_KNOWN = frozenset((*WOMEN, *MEN, *FAMILIES, *(part for city in CITIES for part in city.split())))
_HOUSE = re.compile(rf"(?:{HOUSES})$")
_GENERAL = """
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
_GENERIC = frozenset(_GENERAL.split())
_SHORT = 2
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s*$", re.IGNORECASE)
MEANT = frozenset(["Will", "May", "April", "June", "August", "Well", "Day", "Knight"])
"""Usual words that are names too, where a capital speaks for them."""
_LEADING = frozenset(
    (
        *("Upper", "Lower", "Little", "Great", "North", "South", "East", "West", "Mount"),
        *("Lake", "Port", "Fort", "Bad", "Saint", "San", "Santa", "Los", "Las"),
    )
)
"""Usual words with which towns begin."""


def is_identifying(text: str, read: str, start: int, end: int, rule: Rule) -> bool:  # noqa: PLR0911 - a list of looks
    """Whether what a rule points at is a name or a place, and not a usual word or a disease."""
    said = read[start:end]
    words = [word.strip(".,'") for word in said.split()]
    first = next((w for w in words if len(w) > _SHORT and w.lower() not in PARTICLES), words[0])
    if rule.kind == "address":
        return True
    behind = re.match(r"\s+\w+", read[end : end + 20])
    if said.lower() in PAIRS or (behind and f"{said}{behind[0]}".lower() in PAIRS):
        return False
    if len(said.strip(". ")) < _SHORT or "XX" in said.upper():  # an initial, or taken out before
        return False
    if rule.kind == "place" and (house := _HOUSE.search(said)):
        named = re.findall(r"[A-Z]\w+", said[: house.start()])
        return any(word not in _GENERIC | USUAL for word in named)
    if rule.kind == "place" and (said in COUNTRIES or _CALLED.match(read, end)):
        return False
    if not rule.weak:
        return (
            (
                len(first) == _SHORT
                and first.istitle()
                and bool(_TITLED.search(read, max(0, start - 12), start))
            )
            or not ordinary(first.lower(), cased=True)
            or first in _KNOWN
            or (len(words) > 1 and first in MEANT and not is_single_case(text, start))
            or (len(words) > 1 and words[-1] in _KNOWN)
        )
    return _is_likely(text, read, start, end, rule)


def _is_likely(text: str, read: str, start: int, end: int, rule: Rule) -> bool:  # noqa: PLR0911
    """Whether what a weak rule points at is named: capitals of the text, a list, or no word of prose."""
    said = read[start:end]
    words = [w.strip(".,'") for w in said.split() if w.lower() not in PARTICLES and len(w.strip(".")) > 1]
    if not words or len(said) <= _SHORT or is_called(read, start, end):
        return False
    first = words[0]
    single = plain(text[start:end]) != said  # capitals are guessed
    begins = words[1] if len(words) > 1 and (not single or first in _LEADING) else first  # "Bad Oeynhausen"
    if rule.strict and (
        (ordinary(first.lower()) and ordinary(begins.lower()))
        or (rule.kind == "name" and single and first not in _KNOWN)
    ):
        return False
    if (first in USUAL and not (rule.strict and rule.kind == "place")) or (
        len(words) == 1 and EPONYMS.issuperset(first.split("-"))
    ):
        return False
    if first in _KNOWN:
        return True
    if not single:
        return rule.kind == "place" or not ordinary(first.lower(), cased=len(words) > 1)
    if rule.kind == "place":
        return not ordinary(begins.lower()) and len(begins) > _SHORT + 1
    least = _SHORT if len(words) > 1 else _SHORT + 1
    return all(not ordinary(word.lower()) and len(word) > least for word in words)


def is_called(text: str, start: int, end: int) -> bool:
    """Whether a disease, a sign or a device is called after a name."""
    ends = [start + found.end() for found in re.finditer(r"[\w'-]+", text[start:end])]
    before = re.search(r"(\w+)[\s-]+$", text[:start])
    if text[start:end].lower() in PAIRS or (
        text[start:end] in EPONYMS and re.match(r"'s\s*[,.;:)]", text[end : end + 5])
    ):
        return True
    last = start + text[start:end].rfind(" ") + 1  # "Segno di Giordano" has what comes before in itself
    if any(_BEFORE.search(text[max(0, at - 20) : at]) for at in (start, last)):
        return True
    return any(_CALLED.match(text, at) for at in ends) or bool(before and before[1] in EPONYMS)
