"""Dates: in digits, in words of eight languages, in part, and by feasts."""

# ruff: noqa: E501

from __future__ import annotations

import re

from manikin.text.deid.month_names import FOREIGN_MONTH_PATTERN, SHORT_MONTH_PATTERN
from manikin.text.deid.pattern_rules import compile_rules, is_preceded_by

_ENGLISH_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_FULL_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_FOREIGN_MONTH = rf"(?i:{FOREIGN_MONTH_PATTERN})"
_SHORT_MONTH = rf"(?i:{SHORT_MONTH_PATTERN})\.?"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTH_NUMBER = r"(?:1[0-2]|0?[1-9])"
_YEAR = r"(?:(?:19|20)\d\d|'\d\d)"
_SHORT_YEAR = r"(?:(?:19|20)\d\d|\d\d)"
_WEEKDAY = (
    r"(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thurs?|fri|sat|sun|montag|dienstag|mittwoch"
    r"|donnerstag|freitag|samstag|sonntag)\.?"
)
_ORDINAL = (
    r"(?i:(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|first|second|third"
    r"|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth"
    r"|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_SPOKEN_YEAR = (
    rf"(?i:(?:two thousand(?: and)?|twenty|nineteen)(?:[- ](?:hundred|oh|{_TEENS}|{_ONES}"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:{_ONES}))?))+)"
)
_PERIOD_PART = r"(?i:(?:mid|early|late|anfang|mitte|ende|debut|mi|fin|inicios de|finales de|mediados de|a mediados de|begin|eind|medio|(?:the\s+)?(?:end|beginning|middle|start) of|fine|inizio|meta)[\s-]+)"
_DATE_CUE = (
    r"(?i:\b(?:on|since|dated?|dob|d\.o\.b\.?|born|until|till|admit(?:ted)?|discharged?|visit|seen|lmp|appt|appointment"
    r"|next|last|again|returned|readmitted|started|stopped|surgery|labs?|cultures?|echo|ekg|ecg|cxr|mri|f/u|follow-?up"
    r"|d/c'?d?|dc'd|clinic|due|edd|expires|by|today|yesterday|here|collected|received|reported|typed|hospitali[sz]ed"
    r"|op|procedure|scan|biopsy|vaccinated|as of|effective|from|between|week of|wk of|around)\b[:\s]+(?:the\s+)?)"
)
_RANGE_SIGN = r"(?:\s*(?:-|to|and|through|thru|until)\s*)"
_HOLIDAY = (
    r"(?i:(?:x-?mas|christmas|thanksgiving|new year'?s?|easter|halloween|hallowe'en|hanukkah|memorial|labor"
    r"|independence|valentine'?s|veterans|boxing|mother'?s|father'?s|columbus|st\.? patrick'?s|good friday|fourth of july"
    r"|heiligabend|weihnachten|silvester|ostern|pfingsten|noel|paques|navidad|nochebuena|nochevieja|natale|pasqua"
    r"|kerstmis|pasen|jul(?:afton|en|aften)|midsommar)"
    r"(?:\s+(?:eve|day|sunday|monday|morning))?)"
)
_DAYLESS_HOLIDAY = re.compile(
    r"^(?:memorial|labor|independence|valentine'?s|veterans|boxing|mother'?s|father'?s|columbus|st)$",
    re.IGNORECASE,
)
_VERSION_CUE = re.compile(
    r"(?i:\b(?:version|ver|v|firmware|software|release|build|section|chapter|step|item|figure|fig|table|no|grade|ratio"
    r"|protocol|algorithm|paragraph|para)\.?\s*$)"
)
_UNIT_AFTER = re.compile(r"(?i:^\s?(?:mg|ml|mcg|g|kg|mm|cm|%|units?|l|mmol|iu)\b)")
_FRACTION_AFTER = re.compile(
    r"(?i:\s*(?:(?:-|to|or)\s*\d{1,2}/\d{1,2}\s*)?(?:of\b|strength|tablets?|tabs?|doses?|readings?|nodes?|cores?|visits?|fields"
    r"|cups?|bottles?|systolic|murmur|pain|power|reflex|vision|pulses|motor|throughout|in all|bilaterally|positive|cycles?))"
)
_SCORE_CUE = re.compile(
    r"(?i:\b(?:pain|score|scored|strength|vision|acuity|grade|murmur|gcs|apgar|bp|reflexes|pulses|power|sats?|rated|titer"
    r"|titre|eosinophils|took|half|ratio|dose|by mouth|(?<!week )(?<!wk )of)\W*$)"
)


_DATE_CHAIN = re.compile(
    r"(?:\d{1,2}/\d{1,2}(?:\s*(?:,|and|to|-|&|;)\s*)?(?:[a-z]{1,2}\s)?)+$", re.IGNORECASE
)
_DURATION_CUE = re.compile(
    r"(?i:\b(?:for|over|past|last|next|of|in|after|x|another|approx\.?|about|around|by)[:\s]+$)"
)


def _list_numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text)]


def is_day_and_month(match: re.Match[str]) -> bool:
    """Whether digits can be a day and a month, and are neither a version nor a measurement."""
    said = match["x"] if "x" in match.re.groupindex else match[0]
    a, b, *_ = (n for n in _list_numbers(said) if n < 100)  # noqa: PLR2004 - no year
    possible = 0 < a <= 31 and 0 < b <= 31 and min(a, b) <= 12  # noqa: PLR2004 - days and months
    return (
        possible
        and not is_preceded_by(match, _VERSION_CUE)
        and not _UNIT_AFTER.match(match.string[match.end() :])
    )


def is_unscored(match: re.Match[str]) -> bool:
    """Whether a fraction is a day rather than a score."""
    start = match.start("x")
    behind = match.string[match.end("x") :]
    said = match["x"]
    if re.fullmatch(r"\d{1,2}/(?:7|52|12)", said) and _DURATION_CUE.search(match.string[:start][-24:]):
        return (
            False  # days, weeks and months as a fraction of a week or a year, as British notes write them
        )
    before = _DATE_CHAIN.sub("", match.string[max(0, start - 40) : start])[-24:]
    return not (_SCORE_CUE.search(before) or _UNIT_AFTER.match(behind) or _FRACTION_AFTER.match(behind))


def is_holiday(match: re.Match[str]) -> bool:
    """Whether a feast is meant: neither a disease nor a word that only "day" makes one."""
    behind = match.string[match.end() :]
    return not _DAYLESS_HOLIDAY.match(match[0]) and not re.match(
        r"(?i)\s*(?:disease|factor|tree|eve\w|egg|hospital)", behind
    )


DATE_RULES = compile_rules(
    ("date", rf"(?i:\b(?:born|dob|d\.o\.b\.?|geb\.?|nee?\s+en)\W{{1,3}})(?P<x>{_MONTH_NUMBER}/\d\d)(?![\d/])"),
    ("date", rf"(?<![\d.])(?P<x>{_DAY}\.\s?{_MONTH_NUMBER}\.)(?=\s?[-–]\s?{_DAY}\.\s?{_MONTH_NUMBER}\.)"),
    ("date", r"(?<![\d/.-])\d{1,2}/\d{1,2}-(?:(?:19|20)\d\d|\d\d)(?![\d/-])", is_day_and_month),
    ("date", rf"\b{_ENGLISH_MONTH}\s+{_DAY}(?:st|nd|rd|th)?\s?(?:-|–|to|and|&)\s?{_DAY}(?:st|nd|rd|th)?(?:,?\s+{_YEAR})?\b(?!\s?(?:mg|ml|%|x\b))"),
    ("date", rf"(?<![\w.]){_DAY}(?:st|nd|rd|th|\.)?\s?(?:-|–|to|and|&)\s?{_DAY}(?:st|nd|rd|th|\.)?\s+(?:{_ENGLISH_MONTH}|{_FOREIGN_MONTH})(?:,?\s+{_YEAR})?(?!\w)"),
    ("date", rf"(?<![\w.]){_DAY}\.?\s?(?:-|–)\s?{_DAY}\.{_MONTH_NUMBER}\.(?:{_SHORT_YEAR})?(?!\d)"),
    ("date", rf"(?<![\d/]){_MONTH_NUMBER}/{_DAY}\s?(?:-|–|and|to)\s?{_MONTH_NUMBER}/{_DAY}/{_SHORT_YEAR}(?![\d/])"),
    ("date", rf"(?i:\b(?:{_WEEKDAY})\s+(?:the\s+)?)(?P<x>{_DAY}(?:st|nd|rd|th))\b"),
    ("date", r"\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b"),
    ("date", r"(?i:\b(?:dob|d\.o\.b|birth|geb|born|date)\W{1,3})(?P<x>(?:(?:3[01]|[12]\d|0[1-9])(?:1[0-2]|0[1-9])|(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9]))(?:19|20)?\d\d)\b(?!\d)"),
    ("date", rf"\b(?:19|20)\d\d([-/.])(?:1[0-2]|0?[1-9])\1{_DAY}(?!\d)"),
    ("date", r"(?<![\w.-])(?:19|20)\d\d-(?:1[0-2]|0[1-9])(?![\w-])"),
    ("date", r"(?<![\d/.])\d{1,2}([/.])\s?\d{1,2}\1\s?(?:(?:19|20)\d\d|\d\d)(?![\d/%]|\.\d)", is_day_and_month),
    ("date", r"(?<![\w/.-])\d{1,2}-\d{1,2}-(?:(?:19|20)\d\d|\d\d)(?![\w/-])", is_day_and_month),
    ("date", rf"(?<!\w){_DAY}[-/. ]{{0,2}}(?:{_SHORT_MONTH}|{_ENGLISH_MONTH})[-/. ]{{0,2}}(?:{_SHORT_YEAR}|'\d\d)(?![\w]|-\d)"),
    ("date", rf"\b{_ENGLISH_MONTH}\s+(?:the\s+)?{_DAY}(?:st|nd|rd|th)?(?:,?\s+{_YEAR})?\b(?!\s?(?:mg|ml|%|x\b|tab|cap|puff|times))"),
    ("date", rf"\b{_FULL_MONTH}\s+(?:the\s+)?{_ORDINAL}(?:,?\s+(?:{_YEAR}|{_SPOKEN_YEAR}))?\b"),
    ("date", rf"\b(?:the\s+)?{_ORDINAL}\s+(?:day\s+)?(?:of\s+)?{_FULL_MONTH}(?:,?\s+(?:{_YEAR}|{_SPOKEN_YEAR}))?\b"),
    ("date", rf"\b{_DAY}(?:st|nd|rd|th)?\.?(?:\s+of)?\s+{_ENGLISH_MONTH}(?:,?\s+(?:{_YEAR}|\d\d(?!\d)))?(?!\w)"),
    ("date", rf"\b(?:{_DAY}\.?|1er|1[ºo°]|(?i:primo))\s+(?i:d[ei]\s+|d')?{_FOREIGN_MONTH}(?:,?\s+(?i:de[l]?\s+)?(?:{_YEAR}|\d\d(?!\d|\s?(?:mg|ml|h|:))))?(?!\w)"),
    ("date", rf"(?:{_PERIOD_PART}|\b)(?:{_ENGLISH_MONTH}(?:\s+of|,)?|{_FOREIGN_MONTH}(?:\s+del?)?)[\s/-]+{_YEAR}\b"),
    ("date", rf"\b{_WEEKDAY},?\s+(?:the\s+)?(?:{_ENGLISH_MONTH}\s+{_DAY}|{_DAY}(?:st|nd|rd|th)?\.?\s+(?:{_ENGLISH_MONTH}|{_FOREIGN_MONTH}))(?:,?\s+{_YEAR})?(?!\w)"),
    ("date", rf"{_PERIOD_PART}(?:{_FULL_MONTH}|{_FOREIGN_MONTH})\b"),
    ("date", rf"(?i:\b(?:in|since|until|last|by|of|this past|every|during|before|after)\s+)(?P<x>{_FULL_MONTH})\b(?!-|\s+[A-Z])"),
    ("date", rf"(?i:\b(?:im|seit|ab|bis|en|depuis|desde|dal|da|sinds|i|siden|sedan)\s+)(?P<x>{_FOREIGN_MONTH})(?!\w)"),
    ("date", rf"(?<![\w/.-]){_MONTH_NUMBER}[/-](?:19|20)\d\d(?![\w/-])"),
    ("date", rf"\b{_WEEKDAY},?\s+{_MONTH_NUMBER}/{_DAY}(?![\d/])"),
    ("date", rf"{_DATE_CUE}(?P<x>{_MONTH_NUMBER}/{_DAY})(?![\d/])(?!\s?(?:mg|ml|%))", is_unscored),
    ("date", rf"{_DATE_CUE}(?P<x>{_DAY}/{_MONTH_NUMBER})(?![\d/])(?!\s?(?:mg|ml|%))", is_unscored),
    ("date", rf"\d/\d{{1,2}}(?:/\d{{2,4}})?{_RANGE_SIGN}(?P<x>{_MONTH_NUMBER}/{_DAY}(?:/{_SHORT_YEAR})?)(?![\d/])(?=\s*[:,;.)]|\s+[a-z]|$)", is_unscored),
    ("date", rf"(?<![\d/])(?P<x>{_MONTH_NUMBER}/{_DAY}){_RANGE_SIGN}{_MONTH_NUMBER}/{_DAY}(?:/{_SHORT_YEAR})(?![\d/])"),
    ("date", rf"^\s*(?P<x>{_MONTH_NUMBER}/{_DAY})(?=\s*(?::|-\s|\s[A-Za-z]+ed\b))(?![\d/])"),
    ("date", r"(?i:\b(?:from|of|for|by)[:\s]+)(?P<x>(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0[1-9]|[6-9]))(?![\d/])", is_unscored),
    ("date", rf"(?i:\b(?:am|vom|bis|seit|ab|zum|den|d\.|og|til|fra|fran)\s+)(?P<x>{_DAY}\.\s?{_MONTH_NUMBER}\.)(?!\d)"),
    ("date", rf"(?i:\b(?:du|au|le|il|el|op|den|vom|bis|al)\s+)(?P<x>{_DAY}/{_MONTH_NUMBER})(?![\d/])"),
    ("date", rf"\b{_ENGLISH_MONTH}-{_DAY}-{_SHORT_YEAR}\b"),
    ("date", rf"(?<![\w/.]){_DAY}/{_MONTH_NUMBER}\s(?:19|20)\d\d(?![\w/])"),
    ("date", rf"(?<![\w/-]){_DAY}-(?:{_SHORT_MONTH}|{_ENGLISH_MONTH})(?![\w-])"),
    ("date", rf"\b{_HOLIDAY}(?:,?\s+(?:of\s+)?{_YEAR})?(?!\w)", is_holiday),
)  # fmt: skip
"""Years alone are no identifiers by 45 CFR 164.514(b)(2)."""
