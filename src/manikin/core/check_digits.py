"""Check digits of national numbers, cards and bank accounts: a number that has them needs no label."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def sum_weighted_digits(digits: str, weights: Iterable[int]) -> int:
    """The sum of digits times weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def is_nhs(number: str) -> bool:
    """England's NHS number: ten digits, weights 10 to 1, modulo 11 (NHS Data Dictionary).

    Example:
        >>> is_nhs("9434765919"), is_nhs("9434765918")
        (True, False)
    """
    return (
        len(number) == 10 and number.isdigit() and sum_weighted_digits(number, range(10, 0, -1)) % 11 == 0  # noqa: PLR2004
    )


def is_luhn(number: str) -> bool:
    """Cards and Sweden's personal number: every second digit from the right doubled (ISO/IEC 7812-1).

    Example:
        >>> is_luhn("4111111111111111"), is_luhn("8112189876"), is_luhn("8112189875")
        (True, True, False)
    """
    doubled = (int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(number)))
    return number.isdigit() and sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def is_spanish(number: str) -> bool:
    """Spain's DNI and NIE: the letter is the number modulo 23.

    Example:
        >>> is_spanish("12345678Z"), is_spanish("X1234567L"), is_spanish("12345678A")
        (True, True, False)
    """
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return digits.isdigit() and number[-1:] == _DNI_LETTERS[int(digits) % 23]


def is_french(number: str) -> bool:
    """France's NIR: thirteen digits (2A and 2B as 19 and 18) and 97 minus their rest by 97.

    Example:
        >>> is_french("255081416802538"), is_french("255081416802539")
        (True, False)
    """
    digits = number.replace("2A", "19").replace("2B", "18")
    return len(digits) == 15 and digits.isdigit() and 97 - int(digits[:13]) % 97 == int(digits[13:])  # noqa: PLR2004


def is_bsn(number: str) -> bool:
    """The Netherlands' BSN: nine digits, weights 9 to 2 and -1, modulo 11.

    Example:
        >>> is_bsn("111222333"), is_bsn("111222334")
        (True, False)
    """
    return (
        len(number) == 9  # noqa: PLR2004
        and number.isdigit()
        and sum_weighted_digits(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0
    )


def is_norwegian(number: str) -> bool:
    """Norway's birth number: eleven digits, two checks modulo 11.

    Example:
        >>> is_norwegian("01019000164"), is_norwegian("01019000165")
        (True, False)
    """
    first = sum_weighted_digits(number, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = sum_weighted_digits(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return len(number) == 11 and number.isdigit() and first == second == 0  # noqa: PLR2004


def is_finnish(number: str) -> bool:
    """Finland's HETU: the last sign is the nine digits modulo 31.

    Example:
        >>> is_finnish("131052-308T"), is_finnish("131052-308U")
        (True, False)
    """
    digits = number[:6] + number[7:10]
    return digits.isdigit() and number[-1:] == _HETU_LETTERS[int(digits) % 31]


def is_iban(number: str) -> bool:
    """A bank account: letters as numbers, turned round, 1 modulo 97 (ISO 13616).

    Example:
        >>> is_iban("GB82WEST12345698765432"), is_iban("GB82WEST12345698765433")
        (True, False)
    """
    turned = number[4:] + number[:4]
    return turned.isalnum() and int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
