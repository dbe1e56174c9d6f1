"""Where identifiers stand in prose: rules for those of HIPAA (45 CFR 164.514(b)(2)) that prose can hold.

Rules know how identifiers look and by what they are announced; they cannot know a name that nothing
announces and no list holds. Years alone, ages up to 89 and states are no identifiers by that rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from manikin.data.deid.lists import FAMILIES, MEN, WOMEN, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Finder = Callable[[str], "Iterable[Span]"]

KINDS = ("name", "place", "address", "date", "age", "phone", "email", "url", "id")


class Span(NamedTuple):
    """An identifier: where it begins and ends, and what it is."""

    start: int
    end: int
    kind: str


HOUSES = "Hospital|Medical Center|Clinic|Infirmary|Nursing Home|Health Center|University|School|Church"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:(?:19|20)\d\d|'\d\d)"
_NAME = r"(?:(?:O'|D'|Mc|Mac|al-)?[A-Z][a-zà-ÿ]+(?:[-'’][A-Z][a-zà-ÿ]+)?)"
_SHOUTED = r"(?:[A-Z][A-Z'’-]+)"
_PARTICLE = r"(?:(?:van|von|der|den|de|la|del|da|bin|el)\s+)"
_WHOLE = rf"(?:{_NAME}|[A-Z]\.)(?:\s+(?:{_PARTICLE}){{0,2}}(?:{_NAME}|[A-Z]\.(?=\s+[A-Z]))){{0,3}}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Square"
    r"|Highway|Hwy|Parkway|Pkwy|Circle)\b\.?"
)
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT"
    r"|V[TA]|W[AVIY])"
)
_ROLE = (
    r"(?:wife|husband|son|daughter|mother|father|brother|sister|spouse|partner|niece|nephew|aunt|uncle|friend"
    r"|roommate|guardian|caregiver|neighbor|physician|doctor|nurse|therapist|surgeon|pediatrician|PCP)"
)
_NUMBERED = (
    r"(?:MRN|medical\s+record|record|account|acct|policy|member|patient\s+ID|subscriber|insurance|SSN"
    r"|social\s+security|licen[sc]e|serial|accession|certificate|health\s+plan|chart|VIN|plate|passport"
    r"|case|device|ID)"
)

_RULES: tuple[tuple[str, str], ...] = (
    ("email", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("url", r"(?:https?://|www\.)[^\s<>\"')]+"),
    ("id", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    ("id", r"\b\d{3}-\d{2}-\d{4}\b"),
    (
        "phone",
        (
            r"\+\d[\d ().-]{7,16}\d\b|(?<!\d)(?:1[ .-])?(?:\(\d{3}\)\s?|\d{3}[ .-])\d{3}[ .-]\d{4}\b"
            r"(?:,?\s*(?:x|ext\.?)\s*\d+)?"
        ),
    ),
    (
        "phone",
        r"(?i:phone|tel|call|pager|fax|beeper|cell|ext|extension)\W{1,4}(?:\w+\s)?(\d[\d-]{3,9}\d)\b",
    ),
    (
        "id",
        (
            rf"(?i:\b{_NUMBERED})\s*(?i:numbers?|no\.?|nr\.?|#|id)?\s*(?:is|[:#=])?\s*#?\s*"
            r"([A-Z]{0,4}[-/]?\d[A-Z0-9/-]{2,}\b)"
        ),
    ),
    ("id", r"\b(?:[A-Z]{1,4}-?\d{5,}|\d{7,})\b"),
    ("date", rf"\b(?:19|20)\d\d[-/.](?:1[0-2]|0?[1-9])[-/.]{_DAY}\b"),
    ("date", r"(?<![\d/.-])\d{1,2}([/.-])\d{1,2}\1(?:(?:19|20)\d\d|\d\d)(?![\d/-])"),
    ("date", rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?(?:,?\s+{_YEAR})?\b"),
    ("date", rf"\b{_DAY}(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?(?!\w)"),
    ("date", rf"\b{_MONTH}(?:\s+of|,)?\s+{_YEAR}\b"),
    ("date", r"\b(?:1[0-2]|0?[1-9])/(?:19|20)\d\d\b"),
    (
        "date",
        r"(?i:\b(?:on|since|dated?|dob|until|from|of|for|by)[:\s]+)((?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9]))(?![\d/])",
    ),
    ("age", r"\b(9\d|1[0-2]\d)(?=[\s-]*(?:years?|yrs?|y\.?\s?o\b|y/o))"),
    ("age", r"(?i:\bage[ds]?(?:\s+of)?:?\s+)(9\d|1[0-2]\d)\b(?!\s*(?:days|weeks|months))"),
    (
        "address",
        rf"\b\d{{1,5}}\s+(?:[NSEW]\.?\s+)?(?:[A-Z][a-z]+\s+){{1,3}}{_STREET}(?:,?\s*(?:Apt|Suite|Unit|#)\.?\s*\w+)?",
    ),
    ("address", r"(?i:\bp\.?\s?o\.?\s+box\s+)\d+"),
    ("place", rf"\b{_NAME}(?:\s{_NAME})?,\s*{_STATE}(?:\s+\d{{5}}(?:-\d{{4}})?)?\b"),
    ("place", r"(?i:\bzip(?:\s+code)?:?\s*)(\d{5}(?:-\d{4})?)\b"),
    (
        "place",
        (
            r"(?i:\b(?:lives?|lived|living|resides?|residing|born|raised|native|moved)\s+"
            rf"(?:in|to|from|of|at|near)\s+)({_NAME}(?:\s{_NAME})?)"
        ),
    ),
    (
        "place",
        rf"\b((?:{_NAME}\s+(?:of\s+)?){{1,3}}(?:{HOUSES}))\b",
    ),
    ("name", rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Doctor|Professor|Nurse|Reverend|Rev)\b\.?\s+({_WHOLE})"),
    ("name", rf"\b(?:MR|MRS|MS|MISS|DR|PROF|DOCTOR)\b\.?\s+({_SHOUTED}(?:\s+{_SHOUTED}){{0,2}})"),
    ("name", rf"\b({_WHOLE}),?\s+(?:M\.?D\b\.?|D\.?O\b\.|R\.?N\b\.?|Ph\.?D\b\.?|N\.?P\b\.|P\.?A\.-?C?)"),
    ("place", rf"(?i:\b(?:old|is|was|originally|comes?|came|visiting)\s+from\s+)({_NAME}(?:\s{_NAME})?)"),
    ("name", rf"(?i:\b(?:{_ROLE}|patient|pt)),?[ \t]+(?:is\s+|was\s+)?(?:named\s+|called\s+)?({_WHOLE})"),
    (
        "name",
        (
            r"(?i:\b(?:named|names?(?:\s+is)?|signed(?:\s+by)?|dictated\s+by|attending|contact|kin"
            rf"|referred\s+by|seen\s+by|evaluated\s+by|discussed\s+with|spoke\s+with|cc))[:,]?\s+({_WHOLE})"
        ),
    ),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)
_WEAK = len(_RULES) - 2  # rules from here on need a word that is no usual one
_FIRST = "|".join(sorted({*WOMEN, *MEN}, key=len, reverse=True))
_LAST = "|".join(sorted(set(FAMILIES) - WORDS, key=len, reverse=True))
_LISTED = re.compile(
    rf"\b(?:(?:{_FIRST})\b(?:\s+[A-Z]\.)?(?:\s+{_NAME})?|{_NAME}\s+(?:[A-Z]\.\s+)?(?:{_LAST})\b)"
)
_LISTED_SHOUTED = re.compile(rf"\b(?:{_FIRST.upper()})\s+(?:[A-Z]\.?\s+)?{_SHOUTED}")

_USUAL = """
    The This That These Those There Then They He She It His Her Him Its We You Your Our My I And But
    Or If In On At By To Of For From With Without After Before Since When While Who Which What Where
    Why How No Not None Yes Has Had Have Is Was Were Are Be Been Will Would Can Could May Might
    Should Does Did Do Denies Denied Reports Reported States Stated Presents Presented Patient
    Patients Doctor Nurse Guest Family History Medical Social Past Present Allergies Medications
    Plan Assessment Review Systems Physical Exam Examination Today Yesterday Currently Also However
    Both Left Right Bilateral Normal Abnormal Negative Positive Chief Complaint Father Mother
    Brother Sister Son Daughter Wife Husband January February March April May June July August
    September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    American African Asian Caucasian Hispanic White Black Indian Native English Spanish Emergency
    Department Room Hospital Clinic Center Type Stage Grade Class Status Follow Continue Start Take
    Given Please Well Very Good Okay Hi Hello Thank Thanks Sir Ma Madam Yeah Nope Sure Actually
    About Don Absolutely Yep Great One Two Maybe Honestly Nothing Just Correct Let Sometimes Around
    Never Nah Sounds Unfortunately Only Here Mostly Like Much Alright Terrible Fine Overall Pretty
    Thankfully Sorry Probably Now Other Usually Hey Everything All Cool High Bye Any Some Each Every
    Another Such More Most Less Still Again Once Over Under Until Because So Additionally
    Furthermore Recently Previously Otherwise General Middle Elementary Tylenol Aspirin Crohn
    Parkinson Alzheimer Hodgkin Down Foley Bell Babinski Murphy Romberg Graves Cushing Addison
    Hashimoto Raynaud Barrett
"""
USUAL = frozenset(_USUAL.split())


def find(text: str, known: Iterable[str] = (), also: Iterable[Finder] = ()) -> list[Span]:
    """The identifiers in a text, none overlapping, in order.

    Args:
        text: Prose.
        known: Words that are this patient's identifiers whatever stands around them.
        also: Other finders, `(text) -> spans`, such as a language model for names (`presidio`).

    Example:
        >>> text = "Mr. John Smith, seen on 03/04/2021, call 617-555-0134."
        >>> [(span.kind, text[span.start : span.end]) for span in find(text)]
        [('name', 'John Smith'), ('date', '03/04/2021'), ('phone', '617-555-0134')]
    """
    found = [
        span
        for rule, (kind, pattern) in enumerate(_COMPILED)
        for span in _matched(text, kind, pattern, rule)
    ]
    for listed in (_LISTED, _LISTED_SHOUTED):
        found += [Span(*_trimmed(text, *match.span()), "name") for match in listed.finditer(text)]
    if words := sorted({word for word in known if len(word) > 2}, key=len, reverse=True):  # noqa: PLR2004
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")
        found += [Span(*match.span(), "name") for match in pattern.finditer(text)]
    return _apart(text, [*found, *(span for finder in also for span in finder(text))])


def _matched(text: str, kind: str, pattern: re.Pattern[str], rule: int) -> list[Span]:
    spans = []
    for match in pattern.finditer(text):
        group = 1 if kind != "date" and match.lastindex else 0
        if kind == "date" and match.lastindex and "/" in match[1] and len(match[1]) > 1:
            group = 1
        start, end = match.span(group)
        if kind == "name":
            start, end = _trimmed(text, start, end)
            if len(text[start:end].strip(". ")) < 2 or (rule >= _WEAK and not _rare(text[start:end])):  # noqa: PLR2004 - an initial
                continue
        if end > start:
            spans.append(Span(start, end, kind))
    return spans


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A name without usual words at its ends: "Mother Smith Denies" is Smith."""
    kept: list[tuple[int, int]] = []
    for match in re.finditer(r"\S+", text[start:end]):
        if match[0].strip(".,").capitalize() not in USUAL:
            kept.append((match.start() + start, match.end() + start))
        elif kept:
            break
    return (kept[0][0], kept[-1][1]) if kept else (start, start)


def _rare(name: str) -> bool:
    """Whether a capitalised word after a weak cue is likely a name: no usual word, and long enough."""
    return len(name) > 2 and name.split(maxsplit=1)[0] not in USUAL  # noqa: PLR2004 - initials are no name


def _apart(text: str, found: list[Span]) -> list[Span]:
    """The longest of what overlaps, in order, without blanks at the ends."""
    taken: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start - span.end, span.start)):
        inside = text[span.start : span.end]
        end = span.start + len(inside.rstrip(" .,;:\n"))
        if end > span.start and all(end <= other.start or span.start >= other.end for other in taken):
            taken.append(Span(span.start, end, span.kind))
    return sorted(taken)
