"""Ages above 89 (45 CFR 164.514(b)(2)(i)(C)), in digits and in words."""

from __future__ import annotations

from manikin.text.deid.pattern_rules import compile_rules

_OLD_AGE = r"(?:9\d|1[01]\d|12[0-5])"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_OLD_AGE_WORDS = (
    rf"(?:ninety(?:[\s-]+(?:{_ONES}))?|(?:one|a)\s+hundred(?:\s+and)?(?:[\s-]+(?:{_ONES}|ten))?)"
)
_OLD_AGE_ORDINAL = (
    r"ninety[\s-]+(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|ninetieth|hundredth"
)
_YEARS_UNIT = (
    r"[\s-]*(?:years?\b(?!\s+(?:ago|later|before))|yrs?\b|y\.?\s?o\b|y/o|y-o|jahrig\w*|jaehrig\w*|jahre\b|ans\b|anos\b|anni\b"
    r"|jaar\b|jarige?\b|arig\w*|ar\s+gam\w+|vuotias|-?year\b(?!\s+(?:ago|later|before)))"
)
_NO_OTHER_UNIT = r"(?!\s*(?:days|weeks|months|%|mg|kg|lb))"

AGE_RULES = compile_rules(
    ("age", rf"(?i:(?<![\d.,/-])(?P<x>{_OLD_AGE}|{_OLD_AGE_WORDS})(?={_YEARS_UNIT}))"),
    (
        "age",
        rf"(?i:\b(?:s?he|patient|pt|mother|father|lady|gentleman|resident|died|deceased|passed\s+away|lived)\s+(?:at|to|aged|to\s+be|until)\s+(?P<x>{_OLD_AGE}|{_OLD_AGE_WORDS})\b(?!\s*(?:/|\d|mg|ml|%|hours|am|pm|minutes|days|weeks|months|kg)))",
    ),
    ("age", rf"(?i:\b(?P<x>{_OLD_AGE})(?=\s?y\s+(?:f|m|fe|ma|old|wo|la|ge)|\s?[mf]\s+presented\b))"),
    ("age", rf"(?i:\b(?:mann|frau|patient(?:in)?|herr|[mw]),?\s+(?P<x>{_OLD_AGE})(?=\s?j\b))"),
    (
        "age",
        rf"(?i:\b(?P<x>{_OLD_AGE})(?=\s?[-]?(?:year|yr)s?[-\s]?olds?\b|\s?(?:yr|yrs|jr|jaar|annorum|aring|arige|ars\b)))",
    ),
    (
        "age",
        rf"(?i:\b[mf]\s?/?\s?(?P<x>{_OLD_AGE})(?:\s?y\b|\s?yrs?\b)?(?=\s+(?:with|who|presents|presenting|admitted|c/o|h/o|s/p|lives)\b|[,:]))",
    ),
    (
        "age",
        r"(?i:\bin\s+(?:his|her|their)\s+(?:(?:early|mid|late)[\s-]+)?(?P<x>nineties|hundreds|90'?s|100'?s))",
    ),
    ("age", rf"(?i:\bage[ds]?(?:\s+of)?:?\s+(?P<x>{_OLD_AGE}|{_OLD_AGE_WORDS})\b{_NO_OTHER_UNIT})"),
    (
        "age",
        rf"(?i:\b(?:alter|age|edad|eta|leeftijd|alder|ika)\s*:?\s+(?P<x>{_OLD_AGE})\b{_NO_OTHER_UNIT})",
    ),
    (
        "age",
        (
            r"(?i:\b(?:turned|turning|turns|age/sex:?|lived to(?: be)?)\s+"
            rf"(?P<x>{_OLD_AGE}|{_OLD_AGE_WORDS})\b{_NO_OTHER_UNIT})"
        ),
    ),
    ("age", rf"(?<![\d./])(?P<x>{_OLD_AGE})(?=\s?/\s?[MmFf]\b)"),
    ("age", rf"(?:^|\b(?i:an?|is|was|this|pt)\s+)(?P<x>{_OLD_AGE})\s?(?i:[mf])\b(?=\s+(?i:[a-z])|,)"),
    (
        "age",
        rf"\b(?P<x>{_OLD_AGE})\s?(?i:[mf])(?=\s+(?i:with|who|presents|presenting|here|admitted|s/p|h/o|c/o|p/w)\b)",
    ),
    ("age", rf"(?i:\b(?P<x>{_OLD_AGE_ORDINAL})(?=\s+(?:year|birthday)))"),
    ("age", rf"(?i:\b(?P<x>{_OLD_AGE}(?:st|nd|rd|th))(?=\s+(?:year|birthday)))"),
    (
        "age",
        rf"(?i:\b(?:s?he|patient|pt)(?:\s+is|'s)\s+(?P<x>{_OLD_AGE}|{_OLD_AGE_WORDS})(?=\s*(?:[.;]|,|and\b|lives)))",
    ),
)
