"""The chapters of ICD-9-CM and ICD-10, and what they say of whom a code can be about."""

from __future__ import annotations

import re
from functools import cache

_ICD10_RANGES = {
    "female": (("C51", "C58"), ("N70", "N98"), ("O00", "O99")),
    "male": (("C60", "C63"), ("N40", "N53")),
    "pregnancy": (("O00", "O99"),),
    "newborn": (("P00", "P96"),),
}
_ICD9_RANGES = {
    "female": (("179", "184"), ("614", "629"), ("630", "679")),
    "male": (("185", "187"), ("600", "608")),
    "pregnancy": (("630", "679"),),
    "newborn": (("760", "779"),),
}
_CHAPTERS = {
    "9": (
        *(("001", "139"), ("140", "239"), ("240", "279"), ("280", "289"), ("290", "319"), ("320", "389")),
        *(("390", "459"), ("460", "519"), ("520", "579"), ("580", "629"), ("630", "679"), ("680", "709")),
        *(("710", "739"), ("740", "759"), ("760", "779"), ("780", "799"), ("800", "999")),
        *(("E00", "E99"), ("V00", "V99")),
    ),
    "10": (
        *(("A00", "B99"), ("C00", "D49"), ("D50", "D89"), ("E00", "E99"), ("F00", "F99"), ("G00", "G99")),
        *(("H00", "H59"), ("H60", "H95"), ("I00", "I99"), ("J00", "J99"), ("K00", "K99"), ("L00", "L99")),
        *(("M00", "M99"), ("N00", "N99"), ("O00", "O99"), ("P00", "P99"), ("Q00", "Q99"), ("R00", "R99")),
        *(("S00", "T98"), ("U00", "U99"), ("V00", "Y99"), ("Z00", "Z99")),
    ),
}
_SYSTEM_PATTERN = re.compile(r"icd[-_ ]?(9|10)", re.IGNORECASE)
_CODE_PATTERN = re.compile(r"^(?:[A-Z]\d[0-9A-Z]|\d{3})")


@cache
def list_patient_groups(code: str) -> frozenset[str]:
    """Whom a diagnosis can be about: "female", "male", "newborn"; and "pregnancy"; of others nothing.

    Chapters and categories of ICD-10 (WHO) and ICD-9-CM (NCHS); the system stands before the code.

    Example:
        >>> codes = "ICD10CM//O80", "ICD9//185//=mild", "LOINC//185"
        >>> [sorted(list_patient_groups(code)) for code in codes]
        [['female', 'pregnancy'], ['male'], []]
    """
    version, category = _parse_category(code)
    if not version:
        return frozenset()
    chapters = _ICD9_RANGES if version == "9" else _ICD10_RANGES
    return frozenset(
        name for name, ranges in chapters.items() if any(low <= category <= high for low, high in ranges)
    )


def find_chapter(code: str) -> str:
    """The first category of a diagnosis' chapter of ICD; "" of other codes.

    Example:
        >>> find_chapter("ICD10CM//I50.1"), find_chapter("ICD9//428"), find_chapter("LOINC//428")
        ('I00', '390', '')
    """
    version, category = _parse_category(code)
    chapters = _CHAPTERS.get(version, ())
    return next((low for low, high in chapters if low <= category <= high), "")


def _parse_category(code: str) -> tuple[str, str]:
    """The version of ICD and the three characters of a diagnosis; nothing of other codes."""
    system, _, tail = code.partition("//=")[0].rpartition("//")  # an answer is no part of a diagnosis
    found, category = _SYSTEM_PATTERN.search(system), _CODE_PATTERN.match(tail)
    if not found or not category or re.search(r"proc|pcs", system, re.IGNORECASE):
        return "", ""
    return found[1], category[0]
