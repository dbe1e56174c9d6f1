"""National numbers by their check digits, so that a number is one without any announcement."""

# ruff: noqa: E501

from __future__ import annotations

import re

from manikin.core.check_digits import is_finnish, is_french, is_iban, is_nhs, is_norwegian, is_spanish
from manikin.text.deid.pattern_rules import compile_rules, is_measure


def is_birth_date(number: str) -> bool:
    """Whether six digits are a day of birth, day or year first.

    Example:
        >>> is_birth_date("311299"), is_birth_date("991231"), is_birth_date("123456")
        (True, True, False)
    """
    first, month, last = int(number[:2]), int(number[2:4]), int(number[4:6])
    day = first <= 31 or last <= 31 or 61 <= first <= 91 or 61 <= last <= 91  # noqa: PLR2004 - days, or 60 more
    return 1 <= month <= 12 and day and (first, last) != (0, 0)  # noqa: PLR2004 - months


def _strip_separators(match: re.Match[str]) -> str:
    return re.sub(r"[\s./-]", "", match[0]).upper()


def _has_valid_check_digits(match: re.Match[str]) -> bool:
    """Ten, eleven or fifteen digits whose check digits are right."""
    number = _strip_separators(match)
    return not is_measure(match) and (is_nhs(number) or is_norwegian(number) or is_french(number))


def _is_personal_number(match: re.Match[str]) -> bool:
    """A day of birth and four signs: Sweden, Denmark, Finland."""
    return is_birth_date(match[0][-11:][:6])


NATIONAL_NUMBER_RULES = compile_rules(
    ("id", r"(?i:\b[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]\b)"),
    ("id", r"\b756\.?\d{4}\.?\d{4}\.?\d\d\b"),
    ("id", r"(?i:(?<![\w-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-]))", _is_personal_number),
    ("id", r"(?i:(?<![\w-])\d{6}[-+a]\d{3}[0-9a-y](?![\w-]))", lambda m: is_finnish(m[0].upper())),
    ("id", r"(?i:\b(?:\d{8}|[xyz]\d{7})-?[a-z]\b)", lambda m: is_spanish(_strip_separators(m))),
    ("id", r"(?i:\b[12]\s?\d\d\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d\d|2[ab])\s?\d{3}\s?\d{3}\s?\d\d\b)", _has_valid_check_digits),
    ("id", r"(?<![\d.])\d{3}[ -]\d{3}[ -]\d{4}(?![\d.])", _has_valid_check_digits),
    ("id", r"(?<![\d.,])\d{10,11}(?![\d]|[.,]\d)", _has_valid_check_digits),
    ("id", r"(?i:\b[a-z]{2}\d\d(?:\s?[a-z0-9]{4}){3,7}(?:\s?[a-z0-9]{1,3})?\b)", lambda m: is_iban(_strip_separators(m))),
    ("id", r"(?i:\b[a-ceghj-prstw-z][a-ceghj-npr-tw-z] ?\d\d ?\d\d ?\d\d ?[a-d]\b)"),
    ("id", r"(?i:\b[1-9][A-Z](?:[A-Z]|\d)\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d\b)"),
    ("id", r"\b[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}\b"),
    ("id", r"\b\d{4}([ -])\d{4}\1\d{4}\1\d{4}\b"),
    ("id", r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    ("id", r"(?i:(?<!\w)(?:xxx|\*\*\*|###)-?(?:xx|\*\*|##)-?(?P<x>\d{4}))(?!\d)"),
    ("id", r"(?<![\d.])\d\d\.\d\d\.\d\d-\d{3}\.\d\d(?!\d)"),
    ("id", r"(?i:\b(?:ss|secu|nir|sociale)\W{1,4})(?P<x>[12]\s?\d\d\s?\d\d\s?\d[\dab]\s?\d{3}\s?\d{3}(?:\s?\d\d)?)\b"),
)  # fmt: skip
