"""What may be kept of the header of a recording: age, sex and diagnosis, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEY_PATTERN = re.compile(
    r"[<#]?\b(age|sex|gender|dx|diagnos[ei]s|diagnoses|reason for admission)\b>?\s*[:=]\s*", re.IGNORECASE
)
_NEXT_KEY_PATTERN = re.compile(r"\s+<?[A-Za-z][\w ]*>?\s*[:=]")
_AGE_SEX_PATTERN = re.compile(r"^(\d{1,3})\s+([MF])\b")
_AGE_PATTERN = re.compile(r"^(\d{1,3}(?:\.\d+)?)\b")
_FIELD_NAMES = {"gender": "sex", "dx": "diagnosis", "reason for admission": "diagnosis"}
_SEX_LEVELS = {"m": "M", "male": "M", "f": "F", "female": "F"}
_MAX_AGE_YEARS = 130
_MAX_DIAGNOSIS_LENGTH = 60


def parse_header_comments(comments: Sequence[str]) -> dict[str, str]:
    """Age (years), sex (M, F) and diagnosis that the comments of a header give.

    All else is dropped: names, dates, numbers of patients, drugs. Diagnoses are kept as they are spelled if
    they are short; a longer text is prose that may name somebody.

    Example:
        >>> parse_header_comments(["69 M 1085 1629 x1", "Aldomet, Inderal"])
        {'age': '69', 'sex': 'M'}
        >>> parse_header_comments(["Age: 53  Sex: Female  Name: Doe", "Dx: 426783006,164889003"])
        {'age': '53', 'sex': 'F', 'diagnosis': '426783006,164889003'}
    """
    found: dict[str, str] = {}
    for comment in comments:
        if match := _AGE_SEX_PATTERN.match(comment.strip()):
            found |= {"age": match[1], "sex": match[2]}
        for match in _KEY_PATTERN.finditer(comment):
            key = match[1].lower()
            rest = comment[match.end() :]
            value = _NEXT_KEY_PATTERN.split(rest, maxsplit=1)[0].strip(" <>\t\0")
            name = _FIELD_NAMES.get(key, "diagnosis" if key.startswith("diagnos") else key)
            if kept := _clean_value(name, value):
                found.setdefault(name, kept)
    return found


def _clean_value(name: str, value: str) -> str:
    """A value in the form that the field asks for; empty: it has none."""
    if name == "age":
        match = _AGE_PATTERN.match(value)
        return match[1] if match and float(match[1]) <= _MAX_AGE_YEARS else ""
    if name == "sex":
        return _SEX_LEVELS.get(value.lower().partition(" ")[0], "")
    return (
        value
        if len(value) <= _MAX_DIAGNOSIS_LENGTH and value.lower() not in ("", "unknown", "n/a", "nan")
        else ""
    )
