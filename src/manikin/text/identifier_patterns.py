"""Marks: what in a text points to a person: addresses, numbers, dates, names after a title.

After the identifiers of HIPAA's safe harbour (45 CFR 164.514(b)(2)). Rules see what has a form; a name
without a title has none.
"""

from __future__ import annotations

import re

from manikin.text.deid.national_number_rules import NATIONAL_NUMBER_RULES

IDENTIFIER_PATTERNS = {
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
ANY_IDENTIFIER_PATTERN = re.compile(
    "|".join(f"(?:{pattern})" for pattern in IDENTIFIER_PATTERNS.values()), re.IGNORECASE
)
_COMPILED_PATTERNS = [
    (name, re.compile(pattern, re.IGNORECASE)) for name, pattern in IDENTIFIER_PATTERNS.items()
]
MONTH_PATTERN = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DATE_PATTERN = (
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{4}-\d\d-\d\d\b"
    rf"|\b{MONTH_PATTERN}\.? \d{{1,2}},? \d{{4}}\b|\b\d{{1,2}} {MONTH_PATTERN} \d{{4}}\b"
)
NUMBER_KIND = "number or address"
KIND_PATTERNS = {
    NUMBER_KIND: ANY_IDENTIFIER_PATTERN,
    "date": re.compile(DATE_PATTERN, re.IGNORECASE),
    "name": re.compile(r"\b(?:Mrs?|Ms|Miss|Dr|Prof)\.? (?:[A-Z][a-z]+(?:[ -][A-Z][a-z]+)*)"),
}


def find_identifiers(text: str) -> set[tuple[str, str]]:
    """What in a text points to a person: its kind, and how it is spelled.

    Example:
        >>> sorted(find_identifiers("Mr. Ash Miller, MRN 1234567, seen 3/14/2019; BP 120/80."))
        [('date', '3/14/2019'), ('name', 'Mr. Ash Miller'), ('number or address', 'MRN 1234567')]
    """
    found = {
        (kind, match.group()) for kind, pattern in KIND_PATTERNS.items() for match in pattern.finditer(text)
    }
    if not any(char.isdigit() for char in text):
        return found
    return found | {
        (NUMBER_KIND, match["x"] if "x" in pattern.groupindex else match[0])
        # national numbers, by their check digits where they have them
        for _, pattern, check in NATIONAL_NUMBER_RULES
        for match in pattern.finditer(text)
        if check is None or check(match)
    }


def classify_identifier(text: str) -> str:
    """Which mark of a person stands in a text, the first of `IDENTIFIER_PATTERNS`; "" where there is none.

    Example:
        >>> [classify_identifier(text) for text in ("ABC01-103-4711", "0664 123 4567", "BP 120/80")]
        ['subject number of a trial', 'telephone number', '']
    """
    return next((name for name, pattern in _COMPILED_PATTERNS if pattern.search(text)), "")
