"""Rules for names and places, told by capitals (`casing` gives them where none are) and announcements."""

from __future__ import annotations

import re
from typing import NamedTuple

from manikin.data.deid.lists import CITIES, FAMILIES, MEN, STATES, WOMEN, WORDS

HOUSES = (
    "Hospital|Medical Center|Clinic|Infirmary|Nursing Home|Health Center|University|School|Church|Hospice"
    "|County|Township|Parish"
)
_PART = r"(?:O['’]|D['’]|Mc|Mac|al-|De|Di|La|Le|Van)?[A-ZÀ-ÖØ-Þ][a-zà-ÿ]+"
_NAME = rf"(?:{_PART}(?:[-'’](?!s\b)(?:{_PART}|[a-z]{{2,4}}\b(?!-)))?)"
_SHOUTED = r"(?:[A-Z][A-Z'’-]+)"
_PARTICLE = r"(?:(?:van|von|der|den|de|la|del|da|bin|el|dos|Van|Von|De)\s+)"
_INITIAL = r"[A-Z]\.?(?=\s+[A-Z])"
_WHOLE = rf"(?:{_NAME}|{_INITIAL})(?:\s+(?:{_PARTICLE}){{0,2}}(?:{_NAME}|{_INITIAL})){{0,3}}"
_TURNED = rf"{_NAME}(?:\s{_NAME})?,\s*{_NAME}(?:\s+[A-Z]\.?)?"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Square"
    r"|Highway|Hwy|Parkway|Pkwy|Circle|Trail|Plaza|Crescent|Close)\b\.?"
)
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT"
    rf"|V[TA]|W[AVIY]|{'|'.join(sorted(STATES, key=len, reverse=True))})"
)
_ZIP = r"\d{5}(?:-\d{4})?"
_TOWN = rf"{_NAME}(?:\s{_NAME})?"
_ROLE = (
    r"(?:wife|husband|son|daughter|mother|father|brother|sister|spouse|partner|niece|nephew|aunt|uncle|friend"
    r"|roommate|guardian|caregiver|neighbor|physician|doctor|nurse|therapist|surgeon|pediatrician|PCP)"
)
_LABEL = (
    r"(?:(?:patient|pt|mother|father|spouse|guardian|physician|provider)?(?:'s)?\s*name|PCP|surgeon|assistant"
    r"|physician|provider|attending|resident|radiologist|anesthesiologist|author|consultant|contact|kin|cc|RE"
    r"|(?:signed|dictated|transcribed|reviewed|interpreted|referred|ordered|verified)(?:\s+by)?)"
)
_LIVES = r"(?:lives?|lived|living|resides?|residing|resident|born|raised|grew\s+up|native|moved)"
_SAID = (
    r"(?:named|names?(?:\s+is)?|signed(?:\s+by)?|dictated\s+by|attending|contact|kin|PCP|referred\s+by|seen\s+by"
    r"|evaluated\s+by|discussed\s+with|spoke\s+with|[dw]/w?|cc)"
)
_WIND = "(?:[NSEW]|North|South|East|West)"
_TH = r"\d{1,3}(?:st|nd|rd|th)"
_DOOR = r",?\s*(?:Apt|Suite|Unit|#)\.?\s*\w+"
_ENDS = r"(?=\s*(?:[.;(\n]|$))"
_OLD = r"years?|yrs?|y\.?o|y/o|months?|weeks?|days?"
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


NAMED = (
    *_rules(
        (
            "address",
            rf"\b\d{{1,5}}\s+(?:{_WIND}\.?\s+)?(?:(?:{_PART}|{_TH})\s+){{1,3}}{_STREET}(?i:{_DOOR})?",
        ),
        ("place", rf"\b{_TOWN},\s*{_STATE}(?:,?\s+{_ZIP})?(?!\w)"),
        ("place", rf"\b{_TOWN}\s+{_STATE},?\s+{_ZIP}\b"),
        ("place", rf"\b{_STATE}\s+({_ZIP})\b"),
        ("place", rf"(?i:\b(?:city|town|hometown)\s*:\s*)({_TOWN})"),
        ("place", rf"\b((?:(?:St|Mt)\.?\s+)?(?:{_NAME}\s+(?:of\s+)?){{1,3}}(?:{HOUSES}))\b"),
        ("place", rf"\b((?:{_CITY}))\b(?!['’]s\b)"),
        (
            "name",
            rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Doctor|Professor|Nurse|Reverend|Rev)\b\.?\s+({_WHOLE})",
        ),
        ("name", rf"\b(?:MR|MRS|MS|MISS|DR|PROF|DOCTOR)\b\.?\s+({_SHOUTED}(?:\s+{_SHOUTED}){{0,2}})"),
        (
            "name",
            rf"\b({_WHOLE}),?\s+(?:M\.?D\b\.?|D\.?O\b\.|R\.?N\b\.?|Ph\.?D\b\.?|N\.?P\b\.|P\.?A\.-?C?)",
        ),
        ("name", rf"(?i:\b{_LABEL}\s*(?::|\s-)\s*)({_TURNED}|{_WHOLE})"),
        ("name", rf"(?i:\b(?:patient|pt)?\s*name\s*[:=]\s*)({_TURNED}|{_WHOLE})"),
        (
            "name",
            rf"(?i:^\s*(?:patient|pt|doctor)\s*:\s*)({_TURNED}|{_NAME}\s+(?:{_INITIAL}\s+)?{_NAME}){_ENDS}",
        ),
        (
            "name",
            rf"\b({_WHOLE}),?\s+(?:is\s+|was\s+)?an?\s+\d{{1,3}}[\s-]*(?i:{_OLD})\b",
        ),
        ("name", rf"\b({_NAME},\s+(?:{_FIRST})(?:\s+[A-Z]\.)?)(?=\s|[.,;)]|$)"),
    ),
    *_rules(
        (
            "place",
            rf"(?i:\b{_LIVES}\s+(?:in|to|from|of|at|near)\s+)({_TOWN})",
        ),
        ("place", rf"\b(?:{HOUSES}),\s+(?:in\s+)?({_TOWN})"),
        ("place", rf"(?i:\b(?:old|is|was|originally|comes?|came|visiting)\s+from\s+)({_TOWN})"),
        (
            "name",
            rf"(?i:\b(?:{_ROLE}|patient|pt)),?[ \t]+(?:is\s+|was\s+)?(?:named\s+|called\s+)?({_WHOLE})",
        ),
        ("name", rf"(?i:\b{_SAID})[:,]?\s+({_WHOLE})"),
        weak=True,
    ),
)
LISTED = (
    re.compile(
        rf"\b(?:(?:{_FIRST})\b(?!-)(?:\s+[A-Z]\.)?(?:\s+{_NAME})?|{_NAME}\s+(?:[A-Z]\.\s+)?(?:{_LAST})\b)"
    ),
    re.compile(rf"\b(?:{_FIRST.upper()})\s+(?:[A-Z]\.?\s+)?{_SHOUTED}"),
)
"""Names that a list tells."""
