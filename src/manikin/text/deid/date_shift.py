"""Dates in prose read, moved and spelled again as they were: digits keep their places, words their language."""

# ruff: noqa: E501

from __future__ import annotations

import re
from datetime import date, timedelta

from manikin.text.deid.month_names import parse_month, spell_month

_CENTURY_PIVOT = 50  # a year of two digits below it is of this century
_WORD_PATTERN = r"[^\W\d_]{3,}"
_NUMBER_WORDS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]
_ORDINAL_PATTERN = re.compile(
    rf"\b(?:{'|'.join(n.replace('-', '[- ]') for n in sorted(_ORDINALS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_SPOKEN_YEAR_PATTERN = re.compile(
    r"\b(?:(two thousand)(?: and)?|(twenty)|(nineteen))[- ]((?:(?:hundred|oh|"
    + "|".join((*_DECADES, *_NUMBER_WORDS))
    + r")[- ]?)+)\b",
    re.IGNORECASE,
)
_HOLIDAYS = {
    "mas": (12, 25), "christmas": (12, 25), "weihnachten": (12, 25), "noel": (12, 25), "navidad": (12, 25), "natale": (12, 25),
    "kerstmis": (12, 25), "julaften": (12, 24), "julafton": (12, 24), "julen": (12, 25), "heiligabend": (12, 24), "nochebuena": (12, 24), "boxing": (12, 26), "thanksgiving": (11, 25),
    "silvester": (12, 31), "nochevieja": (12, 31), "new year": (1, 1), "easter": (4, 12), "friday": (4, 10), "halloween": (10, 31),
    "memorial": (5, 28), "labor": (9, 3), "independence": (7, 4), "fourth of july": (7, 4), "valentine": (2, 14), "veterans": (11, 11),
    "mother": (5, 10), "father": (6, 18), "columbus": (10, 12), "patrick": (3, 17), "hanukkah": (12, 10), "hallowe": (10, 31),
}  # fmt: skip


def shift_date(text: str, days: int, *, day_first: bool = False) -> str | None:
    """A spelled date that many days later, in its own spelling; None: no date can be read.

    Args:
        text: The date.
        days: By how many days.
        day_first: Whether digits that could be either are the day before the month.

    Example:
        >>> shift_date("03/04/2021", 7), shift_date("3 mars 2021", 28), shift_date("the third of March", 14), shift_date("4.3.21", 7)
        ('03/11/2021', '31 mars 2021', 'the seventeenth of March', '11.3.21')
    """
    first = day_first or bool(re.match(r"\s*\d{1,2}\.\s?\d", text))
    read = _parse_date(text, first)
    if read is None:
        return None
    year, there, day = read
    try:
        moved = date(year or 2001, there, day or 15) + timedelta(days=days)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        return None
    if not day and moved.month == there and (not year or moved.year == year):
        moved = date(year or 2001, there, 15) + timedelta(days=31 if days > 0 else -31)
    if _find_holiday(text):
        return f"{moved:%B} {moved.day}" + (f", {moved.year}" if year else "")
    if any(parse_month(word) for word in re.findall(_WORD_PATTERN, text)):
        return _format_words(text, moved, bool(day))
    return _format_digits(text, moved, first)


def is_day_first(text: str) -> bool | None:
    """Whether a date in digits has the day first; None: it could be either, or is spelled otherwise.

    Example:
        >>> is_day_first("31/12/2020"), is_day_first("12/31/2020"), is_day_first("1/2/2020")
        (True, False, None)
    """
    found = re.match(r"(\d{1,2})[/.-]\s?(\d{1,2})(?:[/.-]|$)", text)
    if not found or max(int(found[1]), int(found[2])) <= 12 or "." in text:  # noqa: PLR2004 - months
        return None
    return int(found[1]) > 12  # noqa: PLR2004 - months


def _find_holiday(text: str) -> tuple[int, int] | None:
    said = text.lower()
    if any(parse_month(word) for word in re.findall(_WORD_PATTERN, text)) and "fourth of july" not in said:
        return None
    there = next((day for name, day in _HOLIDAYS.items() if name in said), None)
    eve = there in {(12, 25), (1, 1)} and " eve" in said
    return ((12, 24) if there == (12, 25) else (12, 31)) if eve and there else there


def _parse_date(text: str, day_first: bool) -> tuple[int, int, int] | None:
    """Year, month and day, 0 for what is not said."""
    numbers = [int(number) for number in _list_numbers(text)]
    if there := _find_holiday(text):
        return next((n for n in numbers if n > 99), 0), *there  # noqa: PLR2004 - a year
    words = re.findall(_WORD_PATTERN, text)
    if said := next((parse_month(word) for word in words if parse_month(word)), 0):
        return _parse_worded_date(text, said, numbers)
    if len(numbers) == 3:  # noqa: PLR2004 - day, month and year
        return _order_numbers(numbers, day_first)
    if len(numbers) != 2:  # noqa: PLR2004 - neither month and year nor month and day
        return None
    a, b = numbers
    if a > 99 or b > 31:  # noqa: PLR2004 - month and year
        return (a, b, 0) if a > 99 else (b, a, 0)  # noqa: PLR2004 - a year
    return (0, b, a) if (day_first and b <= 12) or a > 12 else (0, a, b)  # noqa: PLR2004 - months


def _order_numbers(numbers: list[int], day_first: bool) -> tuple[int, int, int]:
    a, b, c = numbers
    if a > 31:  # noqa: PLR2004 - a year
        return _expand_year(a), b, c
    swapped = (day_first and b <= 12) or a > 12  # noqa: PLR2004 - months
    return (_expand_year(c), b, a) if swapped else (_expand_year(c), a, b)


def _parse_worded_date(text: str, said: int, numbers: list[int]) -> tuple[int, int, int]:
    year = next((n for n in numbers if n > 31), 0)  # noqa: PLR2004 - no day of a month
    rest = [n for n in numbers if n != year]
    if ("'" in text and rest) or (not year and len(rest) > 1):
        year, rest = rest[-1], rest[:-1]
    spoken = _ORDINAL_PATTERN.search(text)
    day = _ORDINALS.index(re.sub(r"\s", "-", spoken[0].lower())) + 1 if spoken else next(iter(rest), 0)
    return _expand_year(year) or _parse_spoken_year(text), said, day


def _parse_spoken_year(text: str) -> int:
    """A year in words; 0: none."""
    found = _SPOKEN_YEAR_PATTERN.search(text)
    if not found:
        return 0
    words = re.split(r"[- ]+", found[4].strip().lower())
    small = sum(
        10 * (_DECADES.index(w) + 2)
        if w in _DECADES
        else _NUMBER_WORDS.index(w) + 1
        if w in _NUMBER_WORDS
        else 0
        for w in words
    )
    return (2000 if found[1] or found[2] else 1900) + small % 100


def _list_numbers(text: str) -> list[str]:
    """The numbers of a date, of one without signs between them too."""
    whole = re.fullmatch(r"((?:19|20)\d\d)(\d\d)(\d\d)", text) or re.fullmatch(
        r"(\d\d)(\d\d)(\d{2}|\d{4})", text
    )
    return list(whole.groups()) if whole else re.findall(r"\d+", text)


def _expand_year(year: int) -> int:
    """A year of two digits with its century; 0 stays."""
    if not 0 < year < 100:  # noqa: PLR2004 - two digits
        return year
    return year + (2000 if year < _CENTURY_PIVOT else 1900)


def _format_digits(original: str, moved: date, day_first: bool) -> str:
    numbers = _list_numbers(original)
    values = [int(number) for number in numbers]
    if len(values) == 2 and max(values) > 31:  # noqa: PLR2004 - month and year
        order = (moved.year, moved.month) if values[0] > 31 else (moved.month, moved.year)  # noqa: PLR2004 - a year
    elif values[0] > 31:  # noqa: PLR2004 - a year
        order = (moved.year, moved.month, moved.day)
    elif (day_first and values[1] <= 12) or values[0] > 12:  # noqa: PLR2004 - months
        order = (moved.day, moved.month, moved.year)
    else:
        order = (moved.month, moved.day, moved.year)
    said = [
        f"{value % 10 ** len(number) if value > 99 else value:0{len(number)}d}"  # noqa: PLR2004 - a year
        for value, number in zip(order, numbers, strict=False)
    ]
    if original.isdigit():
        return "".join(said)
    spread = iter(said)
    return re.sub(r"\d+", lambda _: next(spread), original)


def _format_words(original: str, moved: date, day: bool) -> str:
    def word(found: re.Match[str]) -> str:
        return spell_month(found[0], moved.month) if parse_month(found[0]) else found[0]

    def number(found: re.Match[str]) -> str:
        if len(found[1]) > 2 or found[0].startswith("'") or not day or _is_year(found, original):  # noqa: PLR2004 - a year
            return (
                found[0].replace(found[1], f"{moved.year}"[-len(found[1]) :])
                if not _is_only_day(found, original, day)
                else f"{moved.day}"
            )
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(
            moved.day % 10 if moved.day not in (11, 12, 13) else 0, "th"
        )
        suffix = (
            suffix if found[2] in ("st", "nd", "rd", "th") else found[2] if found[2] in ("º", "°") else ""
        )
        return (
            f"{moved.day:0{len(found[1])}d}{suffix}" if found[1].startswith("0") else f"{moved.day}{suffix}"
        )

    text = _ORDINAL_PATTERN.sub(
        lambda found: _match_case(found[0], _ORDINALS[moved.day - 1]),
        _SPOKEN_YEAR_PATTERN.sub(f"{moved.year}", original),
    )
    return re.sub(r"'?(\d+)(st|nd|rd|th|er|º|°)?", number, re.sub(_WORD_PATTERN, word, text))


def _is_year(found: re.Match[str], original: str) -> bool:
    """Whether two digits are the year: the last number behind another."""
    return len(re.findall(r"\d+", original[: found.start()])) > 0 and not re.search(
        r"\d", original[found.end() :]
    )


def _is_only_day(found: re.Match[str], original: str, day: bool) -> bool:
    return day and len(re.findall(r"\d+", original)) == 1 and len(found[1]) < 3  # noqa: PLR2004 - a year


def _match_case(original: str, word: str) -> str:
    """A word in the case of another."""
    return (
        word.upper()
        if original.isupper()
        else word.lower()
        if original.islower()
        else word[:1].upper() + word[1:]
    )
