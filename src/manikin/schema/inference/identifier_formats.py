"""What marks of persons look like: UUIDs, hashes, national numbers, prefixed site-subject numbers."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from manikin.schema.inference import national_id_formats

if TYPE_CHECKING:
    from collections.abc import Sequence

_UUID_PATTERN = re.compile(r"\{?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")
_HEX_PATTERN = re.compile(r"(0x)?([0-9a-f]{8,}|[0-9A-F]{8,})")
_TOKEN_PATTERN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_MIN_SHARE, _MIN_VALUES, _MAX_INSPECTED = 0.95, 5, 2000
_CODE_PATTERN = re.compile(
    r"[A-Z]\d\d[A-Z]{2}\d\d|[A-TV-Za-tv-z]\d[0-9A-Za-z](\.[0-9A-Za-z]{1,4})?|[VEve]?\d{1,4}(\.\d{1,2})?|\d+\.\d+"
)
"""Codes of drugs (ATC) and diseases (ICD-9, ICD-10), and decimal numbers."""
_MIN_DIGITS = 3
"""A number of a person within a text has at least so many digits that differ."""


def identify_format(values: Sequence[str]) -> str | None:
    """Which mark of persons or records distinct values are by their form alone; None: none that is certain.

    Example:
        >>> identify_format([f"{i * 7919:08x}-1234-4abc-8def-0123456789ab" for i in range(9)])
        'a UUID'
        >>> identify_format(["E11.9", "I10", "J44.1", "N18.3", "K21.0"]) is None
        True
    """
    values = _subsample_values(values)
    if len(values) < _MIN_VALUES:
        return None
    if _are_matching(_UUID_PATTERN, values):
        return "a UUID"
    if len({len(value) for value in values}) == 1 and (_are_hashes(values) or _are_tokens(values)):
        return "a hash or a token"
    return national_id_formats.identify_national_number(values)


def _subsample_values(values: Sequence[str]) -> Sequence[str]:
    """At most a few thousand of the values, from all over them."""
    return values[:: max(1, len(values) // _MAX_INSPECTED)]


def _are_matching(pattern: re.Pattern[str], values: Sequence[str]) -> bool:
    return sum(bool(pattern.fullmatch(value)) for value in values) >= _MIN_SHARE * len(values)


def _are_hashes(values: Sequence[str]) -> bool:
    """Hexadecimal digits in which letters and digits are mixed, as a hash has them."""
    mixed = sum(bool(re.search("[a-fA-F]", v)) and bool(re.search(r"\d", v)) for v in values)
    return (
        _are_matching(_HEX_PATTERN, values)
        and mixed >= 0.8 * len(values)
        and _has_scattered_layouts(values)
    )


def _are_tokens(values: Sequence[str]) -> bool:
    """Long texts of mixed letters and digits, such as base64."""
    mixed = sum(bool(re.search("[A-Za-z]", v)) and bool(re.search(r"\d", v)) for v in values)
    return (
        _are_matching(_TOKEN_PATTERN, values)
        and mixed >= 0.8 * len(values)
        and _has_scattered_layouts(values)
    )


def _has_scattered_layouts(values: Sequence[str]) -> bool:
    """Whether letters and digits take turns in no common layout, as in no code that people made."""
    return len({to_layout(value) for value in values}) > 0.5 * len(values)


def to_layout(value: str) -> str:
    """The layout of a text: letters as A, digits as 9.

    Example:
        >>> to_layout("ABC01-100-1001")
        'AAA99-999-9999'
    """
    return re.sub(r"[A-Za-z]", "A", re.sub(r"\d", "9", value))


def are_numbered_alike(values: Sequence[str]) -> bool:
    """Whether distinct texts are numbers in one layout, such as P0017 or ABC01-100-1001.

    Nearly all have one of few layouts, at least three digits, and few different letters: codes of drugs and
    diseases have more.

    Example:
        >>> are_numbered_alike([f"ABC01-{100 + i // 20}-{1000 + i}" for i in range(60)])
        True
        >>> are_numbered_alike(["A10BA02", "C09AA05", "N02BE01", "B01AC06", "R03AC02", "J01CA04"])
        False
    """
    values = _subsample_values(values)
    if len(values) < _MIN_VALUES or _are_matching(_CODE_PATTERN, values):
        return False
    layouts = Counter(map(to_layout, values))
    common = sum(count for _, count in layouts.most_common(3))
    words = {re.sub(r"\d", "", value) for value in values}
    digits = sum(to_layout(value).count("9") >= _MIN_DIGITS for value in values)
    few = len(words) <= max(3, 0.1 * len(values))
    return few and min(common, digits) >= _MIN_SHARE * len(values)


def are_pseudonyms(values: Sequence[str]) -> bool:
    """Whether distinct texts are single words of one length, as pseudonyms drawn at random are.

    Example:
        >>> are_pseudonyms(["qwertzui", "asdfghjk", "yxcvbnmq", "poiuztre", "lkjhgfds"])
        True
        >>> are_pseudonyms(["aspirin", "ibuprofen", "metformin", "ramipril", "insulin"])
        False
    """
    values = _subsample_values(values)
    same = {len(value) for value in values} == {len(values[0])} if values else False
    return (
        same
        and len(values[0]) >= 6  # noqa: PLR2004
        and not _are_matching(_CODE_PATTERN, values)
        and not any(" " in v for v in values)
    )
