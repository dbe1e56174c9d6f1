"""Surrogates for identifiers in prose: of the same shape, and the same wherever a patient's stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, final

from manikin.data.deid.finding import HOUSES, find
from manikin.data.deid.lists import FAMILIES, MEN, TOWNS, WOMEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from manikin.data.deid.finding import Finder, Span
    from manikin.rng import Key

WEEKS = 52
"""Dates move by up to so many weeks, and keep the day of the week."""

OLDEST = "90"
"""What stands for any age above 89 (45 CFR 164.514(b)(2)(i)(C))."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CENTURY = 50  # a year of two digits below it is of this century


@final
@dataclass(frozen=True)
class Surrogates:
    """The surrogates of one patient.

    Args:
        key: Of this patient: the same key gives the same surrogates.
    """

    key: Key

    @property
    def shift(self) -> int:
        """By how many days all dates of this patient move: whole weeks, never none."""
        weeks = int(self.key.child("shift").numpy().integers(1, WEEKS + 1))
        return 7 * (weeks if self.key.child("sign").numpy().random() < 0.5 else -weeks)  # noqa: PLR2004 - a coin

    def cleaned(
        self, text: str, known: Iterable[str] = (), also: Iterable[Finder] = ()
    ) -> tuple[str, list[Span]]:
        """A text with surrogates for its identifiers, and where these stood."""
        found, parts, end = find(text, known, also), [], 0
        for span in found:
            parts += [text[end : span.start], self.of(text[span.start : span.end], span.kind)]
            end = span.end
        return "".join((*parts, text[end:])), found

    def of(self, original: str, kind: str) -> str:
        """The surrogate of one identifier."""
        rng = self.key.child(kind, original.casefold()).numpy()
        match kind:
            case "name":
                said = re.sub(r"[\w'’-]{2,}", lambda word: self._name(word[0]), original)
            case "place":
                said = re.sub(r"\d", lambda _: _digit(rng), _placed(original, rng))
            case "address" if re.match(r"\d+\s+\D", original):
                said = _like(
                    original, f"{rng.integers(100, 9999)} {TOWNS[rng.integers(len(TOWNS))]} Street"
                )
            case "date":
                said = self._date(original)
            case "age":
                said = OLDEST
            case "email":
                said = f"person{rng.integers(1000, 9999)}@example.org"
            case "url":
                said = f"https://example.org/{rng.integers(1000, 9999)}"
            case "address":
                said = re.sub(r"\d", lambda _: _digit(rng), original)
            case "id":
                said = _numbered(original, rng)
            case _:
                said = _shaped(original, rng)
        return said

    def _name(self, word: str) -> str:
        """Each word of a name has its own surrogate, of the same list where it stands in one."""
        plain = word.capitalize()
        pool = next((names for names in (WOMEN, MEN, FAMILIES) if plain in names), FAMILIES)
        others = [name for name in pool if name != plain]
        chosen = others[self.key.child("name", word.casefold()).numpy().integers(len(others))]
        return _like(word, chosen)

    def _date(self, original: str) -> str:
        read = _read(original)
        if read is None:
            return _shaped(original, self.key.child("date", original).numpy())
        year, month, day = read
        moved = date(year or 2001, month, day or 15) + timedelta(days=self.shift)
        return _spelled(original, moved, bool(day))


def _placed(original: str, rng: np.random.Generator) -> str:
    """Another town; what kind of house it is and the state stay."""
    if not re.search("[A-Za-z]", original):
        return original
    named = re.match(r"[^,\d]*?(?=\s+[A-Z]{2},?\s+\d|[,\d]|$)", original)
    house = re.search(rf"\s(?:{HOUSES})$", original, re.IGNORECASE)
    town = _like(original, TOWNS[rng.integers(len(TOWNS))])
    return town + (house[0] if house else original[named.end() if named else 0 :])


def _like(original: str, word: str) -> str:
    """A word in the case of another."""
    return word.upper() if original.isupper() else word.lower() if original.islower() else word


def _digit(rng: np.random.Generator) -> str:
    return str(rng.integers(10))


def _numbered(original: str, rng: np.random.Generator) -> str:
    """Other digits and letters; the suffix of a file stays."""
    name, dot, suffix = original.rpartition(".")
    if not (dot and suffix.isalpha()):
        name, dot, suffix = original, "", ""

    def other(found: re.Match[str]) -> str:
        letter = "ABCDEFGHJKLMNPQRSTUVWXYZ"[rng.integers(24)]
        return _digit(rng) if found[0].isdigit() else letter if found[0].isupper() else letter.lower()

    return re.sub(r"[^\W_]", other, name) + dot + suffix


def _shaped(original: str, rng: np.random.Generator) -> str:
    """Other digits for digits and other capitals for capitals."""

    def other(found: re.Match[str]) -> str:
        return _digit(rng) if found[0].isdigit() else "ABCDEFGHJKLMNPQRSTUVWXYZ"[rng.integers(24)]

    return re.sub(r"\d|(?<![a-z])[A-Z](?![a-z])", other, original)


def _read(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of a spelled date, 0 for what it does not say; None if there is no such day."""
    numbers = [int(number) for number in _numbers(text)]
    word = next((m for m in re.findall(r"[A-Za-z]{3,}", text) if m[:3].lower() in _MONTHS), None)
    if word is not None:
        month = _MONTHS.index(word[:3].lower()) + 1
        year = next((n for n in numbers if n > 31), 0)  # noqa: PLR2004 - no day of a month
        if "'" in text:
            year, numbers = _full(numbers[-1]), numbers[:-1]
        day = next((n for n in numbers if n <= 31), 0)  # noqa: PLR2004 - as above
    elif len(numbers) == 3:  # noqa: PLR2004 - day, month and year
        first_year = numbers[0] > 31  # noqa: PLR2004 - as above
        year, month, day = numbers if first_year else (numbers[2], numbers[0], numbers[1])
        if month > 12:  # noqa: PLR2004 - the day comes first
            month, day = day, month
    elif len(numbers) != 2:  # noqa: PLR2004 - neither month and year nor month and day
        return None
    elif numbers[1] > 31:  # noqa: PLR2004 - month and year
        year, month, day = numbers[1], numbers[0], 0
    else:
        year, month, day = 0, *numbers
    try:
        date(_full(year) or 2001, month, day or 15)
    except ValueError:
        return None
    return _full(year), month, day


def _numbers(text: str) -> list[str]:
    """The numbers of a date, of one without signs between them too."""
    whole = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text)
    return list(whole.groups()) if whole else re.findall(r"\d+", text)


def _full(year: int) -> int:
    """A year of two digits with its century; 0 stays."""
    if not 0 < year < 100:  # noqa: PLR2004 - two digits
        return year
    return year + (2000 if year < _CENTURY else 1900)


def _spelled(original: str, moved: date, day: bool) -> str:
    """A date in the spelling of another: words stay words, digits keep their places."""
    if re.search("[A-Za-z]{3}", original):
        return _in_words(original, moved, day)
    numbers = _numbers(original)
    if original.isdigit():
        return f"{moved:%Y%m%d}"
    if len(numbers) == 3:  # noqa: PLR2004 - day, month and year
        year_first = len(numbers[0]) == 4  # noqa: PLR2004 - a year
        day_first = not year_first and int(numbers[0]) > 12  # noqa: PLR2004 - no month
        order = (
            (moved.year, moved.month, moved.day)
            if year_first
            else (
                (moved.day, moved.month, moved.year) if day_first else (moved.month, moved.day, moved.year)
            )
        )
    else:
        order = (moved.month, moved.day) if day else (moved.month, moved.year)
    said = iter(
        f"{value % 10 ** len(number) if value > 99 else value:0{len(number)}d}"  # noqa: PLR2004 - a year
        for value, number in zip(order, numbers, strict=True)
    )
    return re.sub(r"\d+", lambda _: next(said), original)


def _in_words(original: str, moved: date, day: bool) -> str:
    def month(found: re.Match[str]) -> str:
        if found[0][:3].lower() not in _MONTHS:
            return found[0]
        name = f"{moved:%B}" if len(found[0]) > 4 else f"{moved:%b}"  # noqa: PLR2004 - abbreviated
        return _like(found[0], name)

    def number(found: re.Match[str]) -> str:
        if len(found[1]) > 2 or found[0].startswith("'"):  # noqa: PLR2004 - a year
            return found[0].replace(found[1], f"{moved.year}"[-len(found[1]) :])
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(
            moved.day % 10 if moved.day not in (11, 12, 13) else 0, "th"
        )
        return f"{moved.day}{suffix if found[2] else ''}" if day else found[0]

    return re.sub(r"'?(\d+)(st|nd|rd|th)?", number, re.sub(r"[A-Za-z]{3,}", month, original))
