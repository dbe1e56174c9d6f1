"""What the chapters of ICD-9-CM and ICD-10 say of whom a code can be about."""

from __future__ import annotations

import re
from functools import cache

_TEN = {
    "female": (("C51", "C58"), ("N70", "N98"), ("O00", "O99")),
    "male": (("C60", "C63"), ("N40", "N53")),
    "pregnancy": (("O00", "O99"),),
    "newborn": (("P00", "P96"),),
}
_NINE = {
    "female": (("179", "184"), ("614", "629"), ("630", "679")),
    "male": (("185", "187"), ("600", "608")),
    "pregnancy": (("630", "679"),),
    "newborn": (("760", "779"),),
}
_SYSTEM = re.compile(r"icd[-_ ]?(9|10)", re.IGNORECASE)
_CODE = re.compile(r"^(?:[A-TV-Z]\d[0-9A-Z]|\d{3})")


@cache
def said(code: str) -> frozenset[str]:
    """Whom a diagnosis can be about: "female", "male", "newborn"; and "pregnancy"; of others nothing.

    Chapters and categories of ICD-10 (WHO) and ICD-9-CM (NCHS); the system stands before the code.

    Example:
        >>> sorted(said("ICD10CM//O80")), sorted(said("ICD9//185")), said("LOINC//185")
        (['female', 'pregnancy'], ['male'], frozenset())
    """
    system, _, tail = code.rpartition("//")
    found, category = _SYSTEM.search(system), _CODE.match(tail)
    if not found or not category or re.search(r"proc|pcs", system, re.IGNORECASE):
        return frozenset()
    chapters = _NINE if found[1] == "9" else _TEN
    return frozenset(
        name for name, ranges in chapters.items() if any(low <= category[0] <= high for low, high in ranges)
    )
