"""Rules for names and places, told by capitals (`truecase` gives them where none are) and announcements."""

# ruff: noqa: E501

from __future__ import annotations

import re
from typing import NamedTuple

from manikin.schema.name_lists import read_names
from manikin.text.deid import cue_phrases as say

INSTITUTION_KINDS = (
    "Hospital|Medical Cent(?:er|re)|Clinic|Infirmary|Nursing Home|Care Home|Health Cent(?:er|re)|University|School"
    "|Church|Hospice|County|Township|Parish|Rehabilitation(?: Cent(?:er|re)| Hospital| Unit)?|Rehab|Medical Practice"
    "|Family Practice|Family Clinic|Day Cent(?:er|re)|Assisted Living|Ziekenhuis|Sjukhus|Sykehus|Sygehus|Klinikum"
    "|Krankenhaus|Gasthuis|Surgery|Pharmacy|Practice|Medical Group|Hostel|Prison|Academy|College|Institute|Works|Limited|Ltd|Inc|LLC|Corp"
    "|Corporation|Company|GmbH|S\\.L\\.|B\\.?V\\.|AB|ApS|plc|Plc|RFC|Rfc|FC|GAA Club|Hotel|Factory|Brewery|Bakery|Farms?|Dairy|Foundry"
    "|Sheltered Housing|Residential Home|Dialysis|Kindergarten|Nursery|Creche|Monastery|Convent|Barracks|Sanatorium|Polyclinic|General(?!\\s(?:[A-Z]|[Ss]urg|[Mm]ed|[Pp]rac|[Aa]n|[Cc]ond|[Ww]ell))"
)
_NAME_PART = r"(?:O['’]|D['’]|L['’]|Mc|Mac|Fitz|al-|El-|De|Di|La|Le|Van)?[A-ZÀ-ÖØ-ÞŁĐŒ][a-zà-ÿłđœı]+"
_NAME = rf"(?:{_NAME_PART}(?:[-'’](?!s\b)(?:{_NAME_PART}|[a-z]{{2,4}}\b(?!-))){{0,4}})"
_UPPERCASE_NAME = r"(?:(?:MC|O['’]|D['’])?[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’-]{1,40})"
_PARTICLE = (
    r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Ll]a|[Ll]as|[Ll]os|[Dd]el|[Dd]a|[Dd]os|[Dd]as|[Dd]i|[Dd]u|[Dd]es|[Bb]in"
    r"|[Bb]en|[Ii]bn|[Ee]l|[Aa]l|[Tt]e|[Tt]en|[Tt]er|'t|[Zz]u|[Zz]um|[Aa]f|[Aa]v|[Ss]t\.?|y|e|und|[Ll]e|[Nn]i|[Nn]ic|[Uu]i|[Dd]ell[ao])\s+|[dl]['’]\s?|[Dd]e['’]\s)"
)
_INITIAL = rf"(?:[A-Z]\.?[ -]?){{1,3}}(?=\s*(?:{_PARTICLE}){{0,2}}[A-Z][a-z'’])"
_FULL_NAME = rf"(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_INITIAL})(?:\s*(?<=[\s.])(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_INITIAL})){{0,3}}"
_MIXED_CASE_NAME = rf"(?:{_FULL_NAME}|(?:{_NAME}\s+|[A-Z]\.?\s+)?{_UPPERCASE_NAME}(?:\s+{_NAME})?)"
_REVERSED_NAME = rf"(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_UPPERCASE_NAME})(?:[ ](?:{_NAME}|{_UPPERCASE_NAME}))?,[ ]?(?:{_NAME}|{_UPPERCASE_NAME})(?:\s+(?:[A-Z]\b\.?(?:[A-Z]\b\.?)?|{_NAME}))?"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Square|Sq"
    r"|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Plaza|Crescent|Close|Gardens|Grove|Mews|Hill|Park|Row|Walk|View|Rise"
    r"|Green|Croft|Parade|Wharf|Loop|Pike|Alley|Turnpike|Heights|Ridge|Mount|Vale|Meadows?|Common)\b\.?"
)
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT"
    rf"|V[TA]|W[AVIY]|{'|'.join(sorted(read_names('states'), key=len, reverse=True))})"
)
_ZIP = r"\d{5}(?:-\d{4})?"
_TOWN = rf"{_NAME}(?:[ -]{_NAME})?"
_FIRM_NAME = rf"{_TOWN}(?:(?:\s+(?:of|de|du|des|del|di|van|&|and)(?:\s+the)?)?\s+(?:{_NAME}|[A-Z]{{2,5}}\b(?!\s?[=:\d]))){{0,3}}"
_COMPASS_POINT = "(?:[NSEW]{1,2}|North|South|East|West)"
_NUMBERED_STREET = r"\d{1,3}(?:st|nd|rd|th)"
_DOOR_NUMBER = r",?\s*(?:Apt|Apartment|Suite|Ste|Unit|Flat|#)\.?\s*#?\s*\w+"
_FLAT_NUMBER = r"(?:(?:Flat|Apartment|Apt|Unit)\s+\w{1,4},?\s+)"
_SENTENCE_END = r"(?=\s*(?:[.;(\n]|$))"
_AGE_UNIT = r"years?|yrs?|y\.?o|y/o|months?|weeks?|days?"
_RESIDENCE_VERB = r"(?:lives?|lived|living|resides?|residing|resident|born|raised|grew\s+up|native|moved(?:\s+here)?|relocated|travell?ed)"
_GIVEN_NAME = "|".join(sorted(set(read_names("women", "men")), key=len, reverse=True))
_FAMILY_NAME = "|".join(
    sorted(set(read_names("families")).difference(read_names("wordlike_families")), key=len, reverse=True)
)
_CITY_NAME = "|".join(sorted(map(re.escape, read_names("cities")), key=len, reverse=True))


class NameRule(NamedTuple):
    """How names are told.

    Args:
        kind: What is found.
        pattern: Read in text as `truecase` gives it; its first group, where there is one, identifies.
        is_weak: Whether a usual word may stand there too, so that capitals of the text itself, or a list of
            names, must speak for it.
        is_strict: Whether any word often stands there, so that one of prose is none even with a capital, and text
            in one case must have a listed name.
    """

    kind: str
    pattern: re.Pattern[str]
    is_weak: bool = False
    is_strict: bool = False


def _compile_rules(
    *rules: tuple[str, str], weak: bool = False, strict: bool = False
) -> tuple[NameRule, ...]:
    return tuple(NameRule(kind, re.compile(pattern, re.MULTILINE), weak, strict) for kind, pattern in rules)


_PLACE_RULES = _compile_rules(
    (
        "address",
        rf"\b{_FLAT_NUMBER}?(?:\d{{1,4}}[A-Za-z]?/)?\d{{1,5}}[a-zA-Z]?,?\s+(?:{_COMPASS_POINT}\.?\s+)?(?:(?:{_NAME_PART}|{_NUMBERED_STREET}|[A-Z]{{2,3}}(?=\s+(?:Road|Street|Avenue|Marg)\b))\s+){{1,3}}{_STREET}(?:\s[NSEW]{{1,2}}\b)?(?i:{_DOOR_NUMBER})?(?:,\s+{_TOWN}(?=\s*(?:[.,;\n]|$)))?",
    ),
    (
        "address",
        rf"\b{_FLAT_NUMBER}{_NAME}(?:\s+{_NAME})?\s+(?i:House|Court|Tower|Lodge|Mansions|Buildings?)\b",
    ),
    ("place", rf"\b{_TOWN},\s*{_STATE}(?:,?\s+{_ZIP})?(?!\w)"),
    ("place", rf"\b{_TOWN}\s+{_STATE},?\s+{_ZIP}\b"),
    ("place", rf"\b{_STATE}\s+({_ZIP})\b"),
    ("place", rf"\b({_TOWN})(?=,?\s+[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}}\b)"),
    (
        "place",
        rf"(?i:\b(?:city|town|hometown|ville|wohnort|ort|ciudad|citta|woonplaats|stad|by|birthplace)\s*:\s*)({_TOWN})",
    ),
    ("place", rf"\b((?:(?:St|Mt)\.?\s+)?(?:{_NAME}\s+(?:of\s+)?){{1,3}}(?:{INSTITUTION_KINDS}))\b"),
    ("place", rf"\b(?:{say.CLINIC_WORDS})\s+(?:{say.OF_PARTICLES}\s*)?({_TOWN})"),
    (
        "place",
        rf"\b((?:{_NAME}(?:\s+|-)){{1,3}}(?:&|and|und|et|y|e|og|och)\s+(?:Sons?|Sohne?|Fils|Hijos|Figli|Zonen|Partners?|Co|Brothers|Daughters?|Associates)\b\.?(?:\s+(?:Ltd|Limited|Inc|GmbH|KG|plc)\b\.?)?)",
    ),
    (
        "place",
        rf"\b(?:{say.CLINIC_WORDS})\s+((?:am|an der|im|in der|zum|zur|de la|de|del|du|des|di|Saint|Sainte|San|Santa|Sint|Sankt|St\.?)[\s-]+{_NAME}(?:[\s-]{_NAME}){{0,2}})",
    ),
    ("place", rf"\b({_TOWN}),?\s+(?:NSW|QLD|Qld|VIC|Vic|TAS|Tas|ACT|SA|WA|NT)\s+\d{{4}}\b"),
    ("place", r"\b(?:NSW|QLD|Qld|VIC|Vic|TAS|Tas|ACT|SA|WA|NT)\s+(\d{4})\b"),
    ("place", rf"\b({_TOWN}(?:\s*[-,]\s*|\s+)\d{{3}}\s?\d{{3}})(?=\s*(?:[.,;\n]|$))"),
    ("place", rf"\b({_TOWN},?\s+(?:AB|BC|MB|NB|NL|NS|ON|PE|QC|SK),?\s+[A-Z]\d[A-Z]\s?\d[A-Z]\d)\b"),
    ("place", r"(?i:\bpin(?:\s?code)?\W{1,3})(\d{3}\s?\d{3})\b"),
    (
        "place",
        (
            r"(?i:\b(co\.?\s+(?:cork|kerry|clare|galway|mayo|sligo|leitrim|donegal|cavan|monaghan|louth|meath|westmeath|longford|offaly|laois|kildare"
            r"|wicklow|wexford|carlow|kilkenny|waterford|tipperary|limerick|roscommon|dublin|antrim|armagh|derry|down|fermanagh|tyrone|durham))\b)"
        ),
    ),
    ("place", r"\b(Dublin\s(?:[1-9]|1\d|2[0-4]|6W)\b)"),
    (
        "place",
        rf"\b((?:Co\.?|County|county|parish of|Parish of|village of|town of|townland of|district of|suburb of)\s+{_TOWN})",
    ),
    (
        "place",
        rf"\b({_NAME}(?:-(?:{_NAME}|[a-z]+))*-(?:[Ss]chule|[Kk]linik|[Kk]rankenhaus|[Gg]ymnasium|[Hh]eim|[Ss]tift))\b",
    ),
    (
        "place",
        rf"\b((?:{_NAME}[\s-]){{0,2}}[A-Z][a-z]{{3,}}(?:ziekenhuis|krankenhaus|klinik|sjukhuset|sjukhus|sykehus|sygehus|gymnasium|skolan|skolen|schule|stift|college))\b",
    ),
    ("place", rf"(?i:\b{say.RESIDENCE_CUES})\s+({_TOWN})"),
    ("place", rf"\b((?:{_CITY_NAME}))\b(?!['’]s\b)"),
)
_STRONG_RULES = _compile_rules(
    (
        "name",
        rf"(?:\b(?:{say.CASED_TITLES}|(?i:{say.TITLES}))\b\.?|\b(?:{say.ABBREVIATED_TITLES})\.)\s*((?!(?i:{say.TITLES})\b){_MIXED_CASE_NAME})",
    ),
    ("name", rf"(?<=\b[Ss]/o\s)((?:[A-Z]\.?\s?){{0,3}}{_NAME})"),
    (
        "name",
        rf"\b((?:[A-Z]\.?\s?){{0,3}}{_NAME}(?:\s+{_NAME})?)(?=,?\s+[SsDdWw]/[Oo]:?\s+(?:[A-Z]\.|[A-Z][a-z]))",
    ),
    (
        "name",
        rf"(?i:\b[sdw]/o:?\s+)((?:[A-Z]\.\s?){{1,3}}{_NAME}|(?i:shri|smt|mr|mrs|late)\.?\s+{_NAME}(?:\s+{_NAME})?)",
    ),
    (
        "name",
        rf"(?i:\b(?:a\.?k\.?a\.?|known\s+as|nicknamed|preferred\s+name|likes\s+to\s+be\s+called)[:,]?\s+)([\"“'‘]?{_NAME}[\"”'’]?(?:\s+{_NAME})?)",
    ),
    (
        "name",
        rf"^\s*((?:Will|May|April|June|Grace|Hope|Rose|Faith|Joy|Dawn|Summer|Mark|Frank|Bill|Grant|Sue|Rob|Pat|Art|Gene|Ray|Iris|Lily|Daisy|Ivy|Olive|Ginger|Pearl|Ruby|Amber|Autumn|Chase|Dean|Drew|Jack|Nick|Bob|Chuck|Christian|Angel|Crystal|Sandy)\s+{_NAME})(?=,?\s+(?:{say.PERSON_VERBS})\b)",
    ),
    ("name", rf"\b({_UPPERCASE_NAME},\s?{_NAME}(?:\s+{_NAME}){{1,2}})"),
    (
        "name",
        rf"(?i:\b(?:pat\.|patienten?|patientin|pasienten|patient|patient|paziente|paciente|patiente|(?<=la )patiente|patient)\s+)({_UPPERCASE_NAME}(?:\s+{_UPPERCASE_NAME}|\s+{_NAME})?)(?=\s|,|\.)",
    ),
    ("name", rf"(?i:\b(?:nee|geborene|geb\.|formerly\s+known\s+as|f\.?k\.?a\.?)\s+)({_FULL_NAME})"),
    (
        "name",
        rf"^({_UPPERCASE_NAME}(?:\s+{_UPPERCASE_NAME}){{0,2}}\s+{_NAME}(?:-{_NAME})?)(?=,\s+(?i:nee?\b|geb\b|born|dob|ddn|\d{{1,3}}\s*(?:ans|years?|yo|y/o|anni|jahre|anos)))",
    ),
    ("name", rf"(?i:\bbaby\s+(?:girl|boy|of)\s+)({_MIXED_CASE_NAME})"),
    ("name", rf"\bDon\s+({_NAME}\s+{_FULL_NAME})"),
    ("name", rf"\b(?:Mr|Dr|Mrs)\.?\s+(?:and|&|et|und|y)\s+(?:Mrs|Mr|Dr)\.?\s+({_MIXED_CASE_NAME})"),
    (
        "name",
        rf"\b(?:MR|MRS|MS|MISS|DR|PROF|DOCTOR|MME|HERR|FRAU)\b\.?\s+({_UPPERCASE_NAME}(?:\s+{_UPPERCASE_NAME}){{0,2}})",
    ),
    ("name", rf"\b({_REVERSED_NAME}|{_FULL_NAME}),?\s+(?:{say.DEGREES})"),
    (
        "name",
        rf"(?i:\b{say.NAME_LABELS}\s*(?::|\s[-–]|=)\s*)((?!(?i:{say.CASED_TITLES}|{say.TITLES})\b)(?:{_REVERSED_NAME}|{_MIXED_CASE_NAME})(?!\w|\s*:))",
    ),
    (
        "name",
        rf"(?i:\b(?:patient|pt)?(?:'s)?\s*name\s*(?:[:=]|is)\s*)({_REVERSED_NAME}|{_MIXED_CASE_NAME})",
    ),
    (
        "name",
        rf"(?i:^\s*(?:patient(?:in)?|pt|doctor|patiente|paziente|paciente)\s*:\s*)({_REVERSED_NAME}|{_NAME}\s+(?:{_INITIAL}\s*)?{_NAME}){_SENTENCE_END}",
    ),
    ("name", rf"(?i:\bre\s*:?\s+)({_NAME}\s+(?:[A-Z]\.?\s+)?{_UPPERCASE_NAME})\b"),
    ("name", rf"\b({_FULL_NAME}),?\s+(?:is\s+|was\s+)?an?\s+\d{{1,3}}[\s-]*(?i:{_AGE_UNIT})\b"),
    ("name", rf"\b({_REVERSED_NAME}),?\s+\d{{1,3}}[\s-]*(?:(?i:{_AGE_UNIT})\b|[MFmf]\b)"),
    ("name", rf"\b({_NAME},\s+(?:{_GIVEN_NAME})(?:\s+[A-Z]\b\.?)?)(?=\s|[.,;)]|$)"),
    (
        "name",
        rf"\b((?:{_UPPERCASE_NAME}|{_NAME}),?\s+(?:{_GIVEN_NAME}))(?=,|\s*$|\s+(?:{say.PERSON_PREDICATES})\b)",
    ),
    ("name", rf"^({_UPPERCASE_NAME},\s?{_UPPERCASE_NAME}(?:\s+[A-Z]\b\.?)?)(?=\s*(?:-|–|\(|,|$))"),
    ("name", rf"\b({_NAME},\s+{_NAME})(?=\s+(?:{say.PERSON_PREDICATES})\b)"),
    ("name", rf"^({_UPPERCASE_NAME}{{2}}\s+{_NAME})(?=,)"),
    ("name", rf"^({_UPPERCASE_NAME},\s?{_NAME}(?:\s+[A-Z]\b\.?)?)(?=\s*(?:[-–(,:;]|$))"),
    ("name", rf"(?i:\b(?:{say.GREETINGS}),?\s+)({_MIXED_CASE_NAME})(?=\s*(?:[,:.\n(]|$))"),
)
_WEAK_RULES = _compile_rules(
    (
        "name",
        rf"(?:^|(?<=[.;:!?]\s))({_NAME}\s+(?:[A-Z]\.?\s+)?{_NAME})(?=,?\s+(?:was\s+(?:brought|transferred|evaluated|examined|transported|born)|who|presents|presented|is\s+known)\b)",
    ),
    (
        "address",
        rf"(?i:\b(?:lives?|living|resides?|residing|found)\s+(?:on|off|at|in)\s+)({_NAME}(?:\s+{_NAME})?\s+(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Drive|Court|Highway))\b",
    ),
    ("place", rf"(?i:\b{_RESIDENCE_VERB}\s+(?:in|to|from|of|at|near|outside|around)\s+)({_TOWN})"),
    ("place", rf"\b(?:{INSTITUTION_KINDS}),\s+(?:in\s+)?({_TOWN})"),
    (
        "place",
        rf"\b(?:(?i:{say.PERSON_ROLES})\s+{_NAME}|(?:{_GIVEN_NAME}))\s+from\s+({_TOWN})(?=\s*[.,;]|\s+(?:will|is|was|has|called|rang))",
    ),
    (
        "place",
        rf"(?i:\b(?:old|is|was|originally|comes?|came|visiting|recently|here|transferred|referred)\s+from\s+)({_TOWN})",
    ),
    (
        "name",
        rf"(?i:\b(?:{say.PERSON_ROLES}|patient|pt)),?[ \t]+(?:is\s+|was\s+)?(?:named\s+|called\s+)?({_FULL_NAME})",
    ),
    ("name", rf"(?i:\b(?:{say.PERSON_ROLES})),?[ \t]*\(({_FULL_NAME})\)"),
    ("name", rf"\b({_FULL_NAME})\s*\((?i:(?:the\s+|her\s+|his\s+)?{say.PERSON_ROLES})\)"),
    ("name", rf"(?i:\b{say.NAME_CUES})[:,]?\s+({_FULL_NAME})"),
    (
        "name",
        rf"(?:^|(?<=[.;:!?]\s)|(?<=[,(]\s))((?:[A-Z]\.?\s?){{0,2}}{_NAME}(?:\s+{_NAME})?)(?=\s+(?:{say.PERSON_VERBS})\b)",
    ),
    weak=True,
)
_STRICT_RULES = _compile_rules(
    ("place", rf"(?i:\b{say.WORKPLACE_CUES})\s+({_FIRM_NAME})"),
    ("place", rf"(?i:\b{say.TRAVEL_CUES})({_FIRM_NAME})"),
    (
        "place",
        rf"\b(?:(?i:{say.PERSON_ROLES})\s+{_NAME}|(?i:lives?|living|lived)\s+with\s+[^.;\n]{{1,50}}?)\s+(?:in|near|from)\s+({_TOWN})",
    ),
    ("place", rf"\b(?:Dr|GP)\.?:?\s+(?:Dr\.?\s+)?(?:{_FULL_NAME}),\s+({_TOWN})(?=\s*(?:[.\n]|$))"),
    (
        "place",
        rf"\b(?:Church|University|College|School|Hospital|Clinic|Bank|City|Town|Borough|Diocese)\s+of\s+({_TOWN})",
    ),
    ("place", rf"(?:^|(?<=[.;]\s))From\s+({_TOWN})(?=,)"),
    ("name", rf"(?i:\b(?:{say.FOREIGN_ROLES}))[ \t]+({_FULL_NAME})"),
    ("name", rf"\b(?:saw|met|visited|telephoned|reassured|assisted|encouraged)\s+({_FULL_NAME})"),
    ("name", rf"^({_NAME}(?:\s+{_NAME})?)(?=\s+\((?i:bed|bay|room|rm|ward|side\s?room)\b)"),
    weak=True,
    strict=True,
)
NAME_RULES = (*_PLACE_RULES, *_STRONG_RULES, *_WEAK_RULES, *_STRICT_RULES)
LISTED_NAME_PATTERNS = (
    re.compile(
        rf"\b(?:(?:{_GIVEN_NAME})\b(?!-)(?:\s+[A-Z]\.)?(?:\s+(?:{_PARTICLE}){{0,2}}{_NAME}){{0,1}}"
        rf"|{_NAME}\s+(?:[A-Z]\.\s+)?(?:{_PARTICLE}){{0,2}}(?:{_FAMILY_NAME})\b|(?<![A-Z]\s)(?<!\w\.)[A-Z]\.\s?(?:{_FAMILY_NAME})\b)"
    ),
    re.compile(rf"\b(?:{_GIVEN_NAME.upper()})\s+(?:[A-Z]\.?\s+)?{_UPPERCASE_NAME}"),
)
"""Names that a list tells."""
