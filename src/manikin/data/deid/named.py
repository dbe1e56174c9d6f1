"""Rules for names and places, told by capitals (`casing` gives them where none are) and announcements."""

# ruff: noqa: E501

from __future__ import annotations

import re
from typing import NamedTuple

from manikin.data.deid import announced as say
from manikin.data.deid.lists import CITIES, FAMILIES, MEN, STATES, WOMEN, WORDS

HOUSES = (
    "Hospital|Medical Cent(?:er|re)|Clinic|Infirmary|Nursing Home|Care Home|Health Cent(?:er|re)|University|School"
    "|Church|Hospice|County|Township|Parish|Rehabilitation(?: Cent(?:er|re)| Hospital| Unit)?|Rehab|Medical Practice"
    "|Family Practice|Family Clinic|Day Cent(?:er|re)|Assisted Living|Ziekenhuis|Sjukhus|Sykehus|Sygehus|Klinikum"
    "|Krankenhaus|Gasthuis"
)
_PART = r"(?:O['’]|D['’]|L['’]|Mc|Mac|Fitz|al-|El-|De|Di|La|Le|Van)?[A-ZÀ-ÖØ-ÞŁĐŒ][a-zà-ÿłđœı]+"
_NAME = rf"(?:{_PART}(?:[-'’](?!s\b)(?:{_PART}|[a-z]{{2,4}}\b(?!-)))*)"
_SHOUTED = r"(?:(?:MC|O['’]|D['’])?[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’-]+)"
_PARTICLE = (
    r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Ll]a|[Ll]as|[Ll]os|[Dd]el|[Dd]a|[Dd]os|[Dd]as|[Dd]i|[Dd]u|[Dd]es|[Bb]in"
    r"|[Bb]en|[Ii]bn|[Ee]l|[Aa]l|[Tt]e|[Tt]en|[Tt]er|'t|[Zz]u|[Zz]um|[Aa]f|[Aa]v|[Ss]t\.?|y|e|und|[Ll]e|[Dd]ell[ao])\s+|[dl]['’]\s?)"
)
_INITIAL = rf"(?:[A-Z]\.?[ -]?){{1,3}}(?=\s*(?:{_PARTICLE}){{0,2}}[A-Z][a-z'’])"
_WHOLE = rf"(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_INITIAL})(?:\s*(?<=[\s.])(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_INITIAL})){{0,3}}"
_MIXED = rf"(?:{_WHOLE}|(?:{_NAME}\s+|[A-Z]\.?\s+)?{_SHOUTED}(?:\s+{_NAME})?)"
_TURNED = rf"(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_SHOUTED})(?:[ ](?:{_NAME}|{_SHOUTED}))?,[ ]?(?:{_NAME}|{_SHOUTED})(?:\s+(?:[A-Z]\b\.?(?:[A-Z]\b\.?)?|{_NAME}))?"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Square|Sq"
    r"|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Plaza|Crescent|Close|Gardens|Grove|Mews|Hill|Park|Row|Walk|View|Rise"
    r"|Green|Croft|Parade|Wharf|Loop|Pike|Alley|Turnpike|Heights|Ridge|Mount|Vale|Meadows?|Common)\b\.?"
)
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT"
    rf"|V[TA]|W[AVIY]|{'|'.join(sorted(STATES, key=len, reverse=True))})"
)
_ZIP = r"\d{5}(?:-\d{4})?"
_TOWN = rf"{_NAME}(?:[ -]{_NAME})?"
_WIND = "(?:[NSEW]{1,2}|North|South|East|West)"
_TH = r"\d{1,3}(?:st|nd|rd|th)"
_DOOR = r",?\s*(?:Apt|Apartment|Suite|Ste|Unit|Flat|#)\.?\s*#?\s*\w+"
_FLAT = r"(?:(?:Flat|Apartment|Apt|Unit)\s+\w{1,4},?\s+)"
_ENDS = r"(?=\s*(?:[.;(\n]|$))"
_OLD = r"years?|yrs?|y\.?o|y/o|months?|weeks?|days?"
_LIVES = r"(?:lives?|lived|living|resides?|residing|resident|born|raised|grew\s+up|native|moved(?:\s+here)?|relocated|travell?ed)"
_FIRST = "|".join(sorted({*WOMEN, *MEN}, key=len, reverse=True))
_LAST = "|".join(sorted(set(FAMILIES) - WORDS, key=len, reverse=True))
_CITY = "|".join(sorted(map(re.escape, CITIES), key=len, reverse=True))


class Rule(NamedTuple):
    """How names are told.

    Args:
        kind: What is found.
        pattern: Read in `casing.cased` text; its first group, where there is one, identifies.
        weak: Whether a usual word may stand there too, so that capitals of the text itself, or a list of
            names, must speak for it.
    """

    kind: str
    pattern: re.Pattern[str]
    weak: bool = False


def _rules(*rules: tuple[str, str], weak: bool = False) -> tuple[Rule, ...]:
    return tuple(Rule(kind, re.compile(pattern, re.MULTILINE), weak) for kind, pattern in rules)


_PLACES = _rules(
    (
        "address",
        rf"\b{_FLAT}?\d{{1,5}}[a-zA-Z]?,?\s+(?:{_WIND}\.?\s+)?(?:(?:{_PART}|{_TH})\s+){{1,3}}{_STREET}(?i:{_DOOR})?(?:,\s+{_TOWN}(?=\s*(?:[.,;\n]|$)))?",
    ),
    ("address", rf"\b{_FLAT}{_NAME}(?:\s+{_NAME})?\s+(?i:House|Court|Tower|Lodge|Mansions|Buildings?)\b"),
    ("place", rf"\b{_TOWN},\s*{_STATE}(?:,?\s+{_ZIP})?(?!\w)"),
    ("place", rf"\b{_TOWN}\s+{_STATE},?\s+{_ZIP}\b"),
    ("place", rf"\b{_STATE}\s+({_ZIP})\b"),
    ("place", rf"\b({_TOWN})(?=,?\s+[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}}\b)"),
    (
        "place",
        rf"(?i:\b(?:city|town|hometown|ville|wohnort|ort|ciudad|citta|woonplaats|stad|by|birthplace)\s*:\s*)({_TOWN})",
    ),
    ("place", rf"\b((?:(?:St|Mt)\.?\s+)?(?:{_NAME}\s+(?:of\s+)?){{1,3}}(?:{HOUSES}))\b"),
    ("place", rf"\b(?:{say.CLINICS})\s+(?:{say.OF}\s*)?({_TOWN})"),
    ("place", rf"(?i:\b{say.BORN})\s+({_TOWN})"),
    ("place", rf"\b((?:{_CITY}))\b(?!['’]s\b)"),
)
_STRONG = _rules(
    (
        "name",
        rf"(?:\b(?:{say.CASED}|(?i:{say.TITLES}))\b\.?|\b(?:{say.SHORT})\.)\s*((?!(?i:{say.TITLES})\b){_MIXED})",
    ),
    ("name", rf"\bDon\s+({_NAME}\s+{_WHOLE})"),
    ("name", rf"\b(?:Mr|Dr|Mrs)\.?\s+(?:and|&|et|und|y)\s+(?:Mrs|Mr|Dr)\.?\s+({_MIXED})"),
    (
        "name",
        rf"\b(?:MR|MRS|MS|MISS|DR|PROF|DOCTOR|MME|HERR|FRAU)\b\.?\s+({_SHOUTED}(?:\s+{_SHOUTED}){{0,2}})",
    ),
    ("name", rf"\b({_TURNED}|{_WHOLE}),?\s+(?:{say.DEGREES})"),
    (
        "name",
        rf"(?i:\b{say.LABELS}\s*(?::|\s[-–]|=)\s*)((?!(?i:{say.CASED}|{say.TITLES})\b)(?:{_TURNED}|{_MIXED})(?!\w|\s*:))",
    ),
    ("name", rf"(?i:\b(?:patient|pt)?(?:'s)?\s*name\s*(?:[:=]|is)\s*)({_TURNED}|{_MIXED})"),
    (
        "name",
        rf"(?i:^\s*(?:patient(?:in)?|pt|doctor|patiente|paziente|paciente)\s*:\s*)({_TURNED}|{_NAME}\s+(?:{_INITIAL}\s*)?{_NAME}){_ENDS}",
    ),
    ("name", rf"(?i:\bre\s*:?\s+)({_NAME}\s+(?:[A-Z]\.?\s+)?{_SHOUTED})\b"),
    ("name", rf"\b({_WHOLE}),?\s+(?:is\s+|was\s+)?an?\s+\d{{1,3}}[\s-]*(?i:{_OLD})\b"),
    ("name", rf"\b({_TURNED}),?\s+\d{{1,3}}[\s-]*(?i:{_OLD})\b"),
    ("name", rf"\b({_NAME},\s+(?:{_FIRST})(?:\s+[A-Z]\b\.?)?)(?=\s|[.,;)]|$)"),
    ("name", rf"\b((?:{_SHOUTED}|{_NAME}),?\s+(?:{_FIRST}))(?=,|\s*$|\s+(?:{say.DOES})\b)"),
    ("name", rf"^({_SHOUTED},\s?{_SHOUTED}(?:\s+[A-Z]\b\.?)?)(?=\s*(?:-|–|\(|,|$))"),
    ("name", rf"\b({_NAME},\s+{_NAME})(?=\s+(?:{say.DOES})\b)"),
    ("name", rf"^({_SHOUTED}{{2}}\s+{_NAME})(?=,)"),
    ("name", rf"^({_SHOUTED},\s?{_NAME}(?:\s+[A-Z]\b\.?)?)(?=\s*(?:[-–(,:;]|$))"),
    ("name", rf"(?i:\b(?:{say.GREETINGS}),?\s+)({_MIXED})(?=\s*(?:[,:.\n(]|$))"),
)
_WEAK = _rules(
    (
        "name",
        rf"(?:^|(?<=[.;:!?]\s))({_NAME}\s+(?:[A-Z]\.?\s+)?{_NAME})(?=,?\s+(?:was\s+(?:brought|transferred|evaluated|examined|transported|born)|who|presents|presented|is\s+known)\b)",
    ),
    (
        "address",
        rf"(?i:\b(?:lives?|living|resides?|residing|found)\s+(?:on|off|at|in)\s+)({_NAME}(?:\s+{_NAME})?\s+(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Drive|Court|Highway))\b",
    ),
    ("place", rf"(?i:\b{_LIVES}\s+(?:in|to|from|of|at|near|outside|around)\s+)({_TOWN})"),
    ("place", rf"\b(?:{HOUSES}),\s+(?:in\s+)?({_TOWN})"),
    (
        "place",
        rf"(?i:\b(?:old|is|was|originally|comes?|came|visiting|recently|here|transferred|referred)\s+from\s+)({_TOWN})",
    ),
    (
        "name",
        rf"(?i:\b(?:{say.ROLES}|patient|pt)),?[ \t]+(?:is\s+|was\s+)?(?:named\s+|called\s+)?({_WHOLE})",
    ),
    ("name", rf"(?i:\b(?:{say.ROLES})),?[ \t]*\(({_WHOLE})\)"),
    ("name", rf"\b({_WHOLE})\s*\((?i:(?:the\s+|her\s+|his\s+)?{say.ROLES})\)"),
    ("name", rf"(?i:\b{say.SAID})[:,]?\s+({_WHOLE})"),
    (
        "name",
        rf"(?:^|(?<=[.;:!?]\s)|(?<=[,(]\s))((?:[A-Z]\.?\s?){{0,2}}{_NAME}(?:\s+{_NAME})?)(?=\s+(?:{say.HUMAN})\b)",
    ),
    weak=True,
)
NAMED = (*_PLACES, *_STRONG, *_WEAK)
LISTED = (
    re.compile(
        rf"\b(?:(?:{_FIRST})\b(?!-)(?:\s+[A-Z]\.)?(?:\s+(?:{_PARTICLE}){{0,2}}{_NAME}){{0,1}}"
        rf"|{_NAME}\s+(?:[A-Z]\.\s+)?(?:{_PARTICLE}){{0,2}}(?:{_LAST})\b|(?<![A-Z]\s)(?<!\w\.)[A-Z]\.\s?(?:{_LAST})\b)"
    ),
    re.compile(rf"\b(?:{_FIRST.upper()})\s+(?:[A-Z]\.?\s+)?{_SHOUTED}"),
)
"""Names that a list tells."""
