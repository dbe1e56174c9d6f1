"""Marks: what in a text points to a person: addresses, numbers, dates, names after a title.

After the identifiers of HIPAA's safe harbour (45 CFR 164.514(b)(2)). Rules see what has a form; a name
without a title has none.
"""

from __future__ import annotations

import re

from manikin.text.deid.national_number_rules import NATIONAL

MARKS = {
    "e-mail address": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
    "web address": r"https?://\S+",
    "subject number of a trial": r"(?<![\w-])[A-Za-z]{2,6}\d{0,4}-\d{2,4}-\d{3,6}(?![\w-])",
    "telephone number": (
        r"(?<![\w-])(?:\+\d{1,3}[\s.-]?)?\(?\d{2,4}\)?[\s.-]\d{3,4}[\s.-]?\d{3,6}|\+\d{8,15}"
    ),
    "social security number": r"\d{3}-\d{2}-\d{4}",
    "record number": r"\b(mrn|nhs|ssn|patient|case|record)\W{0,3}(id|no|nr|number)?\W{0,3}\d{4,}",
    "unique identifier": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
}
MARK = re.compile("|".join(f"(?:{pattern})" for pattern in MARKS.values()), re.IGNORECASE)
_NAMED = [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in MARKS.items()]
MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DATE = (
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{4}-\d\d-\d\d\b"
    rf"|\b{MONTH}\.? \d{{1,2}},? \d{{4}}\b|\b\d{{1,2}} {MONTH} \d{{4}}\b"
)
FORMAL = "number or address"
KINDS = {
    FORMAL: MARK,
    "date": re.compile(DATE, re.IGNORECASE),
    "name": re.compile(r"\b(?:Mrs?|Ms|Miss|Dr|Prof)\.? (?:[A-Z][a-z]+(?:[ -][A-Z][a-z]+)*)"),
}


def marks(text: str) -> set[tuple[str, str]]:
    """What in a text points to a person: its kind, and how it is spelled.

    Example:
        >>> sorted(marks("Mr. Ash Miller, MRN 1234567, seen 3/14/2019; BP 120/80."))
        [('date', '3/14/2019'), ('name', 'Mr. Ash Miller'), ('number or address', 'MRN 1234567')]
    """
    found = {(kind, match.group()) for kind, pattern in KINDS.items() for match in pattern.finditer(text)}
    if not any(char.isdigit() for char in text):
        return found
    return found | {
        (FORMAL, match["x"] if "x" in pattern.groupindex else match[0])
        for _, pattern, check in NATIONAL  # national numbers, by their check digits where they have them
        for match in pattern.finditer(text)
        if check is None or check(match)
    }


def name_mark(text: str) -> str:
    """Which mark of a person stands in a text, the first of `MARKS`; "" where there is none.

    Example:
        >>> name_mark("ABC01-103-4711"), name_mark("0664 123 4567"), name_mark("BP 120/80")
        ('subject number of a trial', 'telephone number', '')
    """
    return next((name for name, pattern in _NAMED if pattern.search(text)), "")
