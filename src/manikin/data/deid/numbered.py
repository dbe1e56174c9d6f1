"""Rules for what its shape or an announcement tells, whatever its case: numbers, dates, ages, addresses."""

from __future__ import annotations

import re

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:(?:19|20)\d\d|'\d\d)"
_BEFORE = r"(?i:\b(?:on|since|dated?|dob|until|admitted|discharged|last visit|seen)[:\s]+)"
_NUMBERED = (
    r"(?:MRN|MR|medical\s+record|record|unit|hospital|NHS|account|acct|policy|member|patient\s+ID|subscriber"
    r"|insurance|insured|medicare|medicaid|beneficiary|HICN|group|plan|SSN?|social\s+security|licen[sc]e|DEA|NPI"
    r"|DL|serial|model|lot|S/?N|accession|specimen|certificate|health\s+plan|chart|VIN|plate|passport|case|device"
    r"|study|subject|trial|order|job|requisition|claim|badge|employee|encounter|visit|FIN|CSN|credit\s+card|card"
    r"|finger\s?print|voice\s?print|biometric|retinal\s+scan|iris\s+scan|barcode|IMEI|UUID|tag|ID)"
)
_HOW = (
    r"(?:\s*/\s*serial)?(?:\s+(?:ID|code))?\s*(?:numbers?\b|nos?\b\.?|nr\b\.?|num\b\.?|#|ID\b|ending\s+in)"
)
_SURE = (
    r"(?:MRN|medical\s+record|record|account|acct|policy|member|subscriber|SSN|SS|social\s+security|licen[sc]e|DEA"
    r"|NPI|DL|S/N|SN|accession|specimen|certificate|VIN|plate|passport|chart|FIN|CSN|case|device|UUID|ID)"
)
_VALUE = (
    r"((?:(?!(?:id|is|no|nr|was)\b)[A-Z]{0,5}[-/ ]?)?"
    r"(?:(?<!\d)\d{3,4}(?: \d{2,4}){1,3}\b|[A-Z]{0,4}\d[A-Z0-9]*(?:[-/][A-Z0-9]+)*)(?![\w/]))"
)
_WEB = r"(?:com|org|net|edu|gov|info|co\.uk|health|clinic|me|us)"
_AREA = r"(?:\(\d{3}\)[\s-]?|\d{3}[ .-])"
_MORE = r"(?:,?\s*(?:x|ext\.?)\s*\d+)"
_PHONE = "(?:phone|telephone|tel|ph|mobile|call|pager|fax|beeper|cell)"
_OLD = r"(?:9\d|1[01]\d|12[0-5])"
_OVER = (
    r"ninety(?:[\s-]+(?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|(?:one|a)\s+hundred(?:\s+and)?(?:[\s-]+(?:one|two|three|four|five|six|seven|eight|nine|ten))?"
)
_YEARS = r"[\s-]*(?:years?|yrs?|y\.?\s?o\b|y/o|y-o)"

RULES: tuple[tuple[str, str], ...] = (
    ("email", r"[\w.+'’-]+@[\w-]+(?:\.[\w-]+)+"),
    ("url", r"(?i:(?:https?://|www\.)[^\s<>\"')]+)"),
    ("url", rf"(?i:\b(?:[a-z0-9-]+\.)+{_WEB}(?:/[^\s<>\"')]*)?(?![\w@]))"),
    ("id", r"(?<![\w.])@[A-Za-z_][\w-]{2,}"),
    ("id", r"(?i:\b[\w-]+\.(?:jpe?g|png|tiff?|heic|bmp|gif|dcm|mov|mp4|pdf|docx?)\b)"),
    ("id", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    ("id", r"(?i:\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b)"),
    ("id", r"(?i:\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"),
    ("id", r"\b\d{3}-\d{2}-\d{4}\b|\b\d{4}([ -])\d{4}\1\d{4}\1\d{4}\b"),
    ("id", r"(?i:\b(?=[a-z]*\d)(?=\d*[a-z])[a-hj-npr-z0-9]{17}\b)"),
    (
        "phone",
        rf"\+\d[\d ().-]{{7,16}}\d\b|(?<!\d)(?:1[ .-])?{_AREA}\d{{3}}[ .-]\d{{4}}\b(?i:{_MORE})?",
    ),
    (
        "phone",
        rf"(?i:\b{_PHONE}(?:\s+(?:number|no|is|at|was)\b)*\W{{1,4}}(?:\w+\s)?)(\d[\d-]{{3,9}}\d)\b",
    ),
    ("phone", r"(?i:\b(?:ext|extension|pager|beeper)\W{1,4}(?:\w+\s)?)(\d{3,6})\b"),
    ("id", rf"(?i:\b{_NUMBERED}\.?{_HOW}(?:\s+(?:is|was))?\s*[:#=.-]*\s*#?\s*{_VALUE})"),
    ("id", rf"(?i:\b{_NUMBERED}\b\s*[:=]\s*#?\s*{_VALUE})"),
    ("id", rf"(?i:\b{_SURE}\b\s*(?:is|was|-)?\s*#?\s*{_VALUE})"),
    ("id", r"(?i:#\s?([A-Z]{1,4}\d[\w-]{3,}|\d{5,}))"),
    ("date", r"\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b"),
    ("id", r"(?i:\b(?:[A-Z]{1,4}-?\d{5,}|\d{7,})\b(?!\s*(?:units?|iu|u|cells|copies|cfu)\b))"),
    ("date", rf"\b(?:19|20)\d\d[-/.](?:1[0-2]|0?[1-9])[-/.]{_DAY}(?!\d)"),
    ("date", r"(?<![\d/.])\d{1,2}([/.])\d{1,2}\1(?:(?:19|20)\d\d|\d\d)(?![\d/])"),
    ("date", r"(?<![\d/.-])\d{1,2}-\d{1,2}-(?:(?:19|20)\d\d|\d\d)(?![\d/-])"),
    ("date", rf"\b{_DAY}[-/]{_MONTH}[-/](?:(?:19|20)\d\d|\d\d)\b"),
    ("date", rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?(?:,?\s+{_YEAR})?\b"),
    ("date", rf"\b{_DAY}(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?(?!\w)"),
    ("date", rf"\b{_MONTH}(?:\s+of|,)?\s+{_YEAR}\b"),
    ("date", r"\b(?:1[0-2]|0?[1-9])/(?:19|20)\d\d\b"),
    ("date", rf"{_BEFORE}((?:1[0-2]|0?[1-9])/{_DAY})(?![\d/])"),
    ("date", r"(?i:\b(?:from|of|for|by)[:\s]+)((?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0[1-9]|[6-9]))(?![\d/])"),
    ("age", rf"(?i:\b({_OLD}|{_OVER})(?={_YEARS}))"),
    ("age", rf"(?i:\bage[ds]?(?:\s+of)?:?\s+({_OLD}|{_OVER})\b(?!\s*(?:days|weeks|months|%)))"),
    ("age", rf"(?i:\b(?:turned|turning|age/sex:?)\s+({_OLD})\b)|\b({_OLD})(?=\s?/\s?[MmFf]\b)"),
    ("age", rf"(?:^|\b(?i:an?|is|was|this|pt)\s+)({_OLD})\s?(?i:[mf])\b(?=\s+(?i:[a-z])|,)"),
    (
        "age",
        rf"\b({_OLD})\s?(?i:[mf])(?=\s+(?i:with|who|presents|presenting|here|admitted|s/p|h/o|c/o|p/w)\b)",
    ),
    ("address", r"(?i:\bp\.?\s?o\.?\s+box\s+)\d+"),
    ("place", r"(?i:\bzip(?:\s+code)?:?\s*)(\d{5}(?:-\d{4})?)\b"),
)
"""Kind and pattern; a first group, where there is one, is what identifies. Read in `casing.cased` text."""

SHAPES = tuple((kind, re.compile(pattern, re.MULTILINE)) for kind, pattern in RULES)
