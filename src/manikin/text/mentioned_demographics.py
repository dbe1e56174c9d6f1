"""Facts: the age and the sex that a note says its patient has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

AGE_PATTERN = re.compile(
    r"\b(\d{1,3})(?:[ -](?:years?|yrs?)[ -]?(?:old|of age)|[ -]?y/?o\b)|\b(?:age[d:]?|age is) (\d{1,3})\b",
    re.IGNORECASE,
)
MALE_NOUNS, FEMALE_NOUNS = "male|man|gentleman|boy", "female|woman|lady|girl"
SEX_PATTERN = re.compile(
    rf"(?:old|y/?o|yo)[ ,-]+(?:[\w-]+ ){{0,3}}?(?:(?P<m>{MALE_NOUNS})|(?P<f>{FEMALE_NOUNS}))\b"
    rf"|\bpatient is an? (?:[\w-]+ ){{0,4}}?(?:(?P<m2>{MALE_NOUNS})|(?P<f2>{FEMALE_NOUNS}))\b",
    re.IGNORECASE,
)
HE_PATTERN, SHE_PATTERN = re.compile(r"\bhe\b", re.IGNORECASE), re.compile(r"\bshe\b", re.IGNORECASE)
MIN_PRONOUNS = 2  # pronouns of one sex, and none of the other, that say whom a note is about


def extract_ages(texts: Sequence[str]) -> np.ndarray:
    """The first age that each text names, in years, (n,); NaN where it names none.

    Example:
        >>> extract_ages(["A 61-year-old man.", "Aged 7, well.", "Well."]).tolist()
        [61.0, 7.0, nan]
    """
    found = (AGE_PATTERN.search(text) for text in texts)
    return np.array([float(next(filter(None, m.groups()))) if m else np.nan for m in found])


def extract_sexes(texts: Sequence[str]) -> np.ndarray:
    """The sex that each text says: 1 male, 0 female, NaN where it says none, (n,).

    By the first noun that names the patient, else by pronouns that are all of one sex.

    Example:
        >>> extract_sexes(["A 61-year-old white man.", "She smokes; she drinks.", "Well."]).tolist()
        [1.0, 0.0, nan]
    """
    return np.array([_extract_sex(text) for text in texts], dtype=float)


def _extract_sex(text: str) -> float:
    if found := SEX_PATTERN.search(text):
        return float(bool(found["m"] or found["m2"]))
    he, she = len(HE_PATTERN.findall(text)), len(SHE_PATTERN.findall(text))
    if max(he, she) >= MIN_PRONOUNS and min(he, she) == 0:
        return float(he > she)
    return np.nan
