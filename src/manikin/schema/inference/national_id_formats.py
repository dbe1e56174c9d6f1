"""Numbers that states and insurers give to persons, known by their form and their check digits.

A random number passes one check digit in one case of ten; a whole column passes by chance never.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from manikin.core.check_digits import (
    is_bsn,
    is_finnish,
    is_french,
    is_luhn,
    is_nhs,
    is_norwegian,
    is_spanish,
    sum_weighted_digits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NHI_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_CF_WEIGHTS = "1 0 5 7 9 13 15 17 19 21 1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23"
_CF_ODD_VALUES = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [int(weight) for weight in _CF_WEIGHTS.split()],
        strict=True,
    )
)


def _to_digits(text: str) -> list[int]:
    return [int(letter) for letter in text]


def _has_valid_day(text: str) -> bool:
    """Whether DDMM.. or DDMM + 40 (synthetic, coordination) begin with a day of a month."""
    return 1 <= int(text[:2]) % 60 <= 31 and 1 <= int(text[2:4]) % 20 <= 12  # noqa: PLR2004 - of the calendar


def _is_norwegian(text: str) -> bool:
    return _has_valid_day(text) and is_norwegian(text)


def _is_danish(text: str) -> bool:
    """CPR: modulus 11, which numbers since 2007 need not pass; so only old ones are certain."""
    return _has_valid_day(text) and sum_weighted_digits(text, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _is_swedish(text: str) -> bool:
    short = text[-10:]
    return 1 <= int(short[2:4]) <= 12 and 1 <= int(short[4:6]) % 60 <= 31 and is_luhn(short)  # noqa: PLR2004


def _is_finnish(text: str) -> bool:
    return _has_valid_day(text) and is_finnish(text.upper())


def _is_dutch(text: str) -> bool:
    return len(set(text)) > 1 and is_bsn(text)


def _is_french(text: str) -> bool:
    return is_french(text.upper())


def _is_italian(text: str) -> bool:
    word = text.upper()
    even = sum(int(c) if c.isdigit() else ord(c) - 65 for c in word[1:15:2])
    return chr(65 + (even + sum(_CF_ODD_VALUES[c] for c in word[0:15:2])) % 26) == word[15]


def _is_spanish(text: str) -> bool:
    return is_spanish(text.upper())


def _is_german(text: str) -> bool:
    """KVNR: the letter as two digits, weights 1 and 2, sum of digits."""
    body = f"{ord(text[0].upper()) - 64:02d}{text[1:9]}"
    total = sum(sum(_to_digits(str(int(c) * (1 + i % 2)))) for i, c in enumerate(body))
    return total % 10 == int(text[9])


def _is_new_zealand(text: str) -> bool:
    """NHI: AAANNNC (modulus 11), or AAANNAX since 2019 (modulus 24)."""
    word = text.upper()
    values = [int(c) if c.isdigit() else _NHI_LETTERS.index(c) + 1 for c in word[:6]]
    total = sum(value * weight for value, weight in zip(values, range(7, 1, -1), strict=True))
    if word[6].isdigit():
        return total % 11 != 0 and (11 - total % 11) % 10 == int(word[6])
    return _NHI_LETTERS[23 - total % 24] == word[6]


def _is_australian(text: str) -> bool:
    return text[0] in "23456" and sum_weighted_digits(text[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(
        text[8]
    )


def _is_brazilian(text: str) -> bool:
    first = sum_weighted_digits(text[:9], range(10, 1, -1)) * 10 % 11 % 10
    return first == int(text[9]) and sum_weighted_digits(text[:10], range(11, 1, -1)) * 10 % 11 % 10 == int(
        text[10]
    )


def _is_polish(text: str) -> bool:
    month = int(text[2:4]) % 20
    check = -sum_weighted_digits(text[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10
    return 1 <= month <= 12 and check == int(text[10])  # noqa: PLR2004 - months


def _is_belgian(text: str) -> bool:
    return int(text[9:]) in (97 - int(text[:9]) % 97, 97 - int("2" + text[:9]) % 97)


def _is_swiss(text: str) -> bool:
    return (-sum_weighted_digits(text[:12], (1, 3) * 6)) % 10 == int(text[12])


def _is_american(text: str) -> bool:
    """SSN has no check digit: the form with dashes, of areas, groups and serials that are given."""
    area, group, serial = text.split("-")
    return area not in ("000", "666") and group != "00" and serial != "0000"


NATIONAL_FORMATS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "an NHS number": (r"\d{10}", is_nhs),
    "a Swedish personal number": (r"(\d{2})?\d{10}", _is_swedish),
    "a Norwegian personal number": (r"\d{11}", _is_norwegian),
    "a Danish personal number": (r"\d{10}", _is_danish),
    "a Finnish personal number": (r"\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-Ya-y]", _is_finnish),
    "a Dutch citizen number": (r"\d{9}", _is_dutch),
    "a French insurance number": (r"[1-478]\d{4}(\d{2}|2[AB])\d{8}", _is_french),
    "an Italian tax code": (r"[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]", _is_italian),
    "a Spanish identity number": (r"[XYZxyz\d]\d{7}[A-Za-z]", _is_spanish),
    "a German insurance number": (r"[A-Za-z]\d{9}", _is_german),
    "a New Zealand health number": (
        r"[A-HJ-NP-Za-hj-np-z]{3}\d{2}(\d{2}|[A-HJ-NP-Za-hj-np-z]{2})",
        _is_new_zealand,
    ),
    "an Australian Medicare number": (r"\d{10,11}", _is_australian),
    "a Brazilian tax number": (r"\d{11}", _is_brazilian),
    "a Polish personal number": (r"\d{11}", _is_polish),
    "a Belgian national number": (r"\d{11}", _is_belgian),
    "a Swiss insurance number": (r"756\d{10}", _is_swiss),
    "a number with a check digit (Luhn)": (r"\d{9,19}", is_luhn),
}
"""Regular expression of the whole text without blanks, dots and dashes, and the check."""

_SSN_PATTERN = re.compile(r"(?!9)\d{3}-\d{2}-\d{4}")
MIN_SHARE, MIN_VALUES = 0.95, 12
"""So large a share of at least so many distinct values passes."""


def identify_national_number(values: Sequence[str]) -> str | None:
    """Which number of persons these distinct values are; None: none, or too few to tell.

    Example:
        >>> identify_national_number([f"{i:03d}-{i % 90 + 10}-{i + 1000}" for i in range(1, 40)])
        'a US social security number'
        >>> identify_national_number([f"{i}" for i in range(4_000_000_000, 4_000_000_040)]) is None
        True
    """
    if len(values) < MIN_VALUES:
        return None
    if sum(bool(_SSN_PATTERN.fullmatch(v)) and _is_american(v) for v in values) >= MIN_SHARE * len(values):
        return "a US social security number"
    bare = [re.sub(r"[\s./]|(?<=\d)-(?=\d{1,4}$)|(?<=\d)-(?=\d+-\d)", "", value) for value in values]
    for what, (form, check) in NATIONAL_FORMATS.items():
        width = re.compile(form)
        fitting = [v for v in bare if width.fullmatch(v)]
        if len(fitting) >= MIN_SHARE * len(bare) and sum(map(check, fitting)) >= MIN_SHARE * len(bare):
            return what
    return None
