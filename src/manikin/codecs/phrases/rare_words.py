"""Words that too few share one by one, but whose shape many do: numerals, and names out of common lists.

Names in notes are surrogates out of lists that hold no patient, so another name of the list may stand in.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from manikin.text.deid.name_lists import FAMILIES, MEN, WOMEN

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTS = {"\1family": FAMILIES, "\1woman": WOMEN, "\1man": MEN}
"""The shapes of names; no word begins so."""

UNSEEN = 0.1
"""Occurrences of a digit that too few have at a place."""

_LISTED = {name: one for one, names in reversed(LISTS.items()) for name in names}
_DATE = re.compile(r"\W?9{1,2}([/.])9{1,2}\1(?:9{4}|9{2})")
_DRAFTS = 1_000  # of a date, of which one in three or more is a day


def shape(word: str) -> str:
    """A numeral with 9 for each digit; of a common name the list that it stands in; any other word itself.

    Example:
        >>> shape(" 120/80"), shape(" Smith") == shape(" Jones")
        (' 999/99', True)
    """
    name = word.lstrip()
    if name in _LISTED:
        return word[: -len(name)] + _LISTED[name]
    return re.sub(r"\d", "9", word)


def learned(
    notes: Sequence[Sequence[str]], subjects: Sequence[int], least: int
) -> dict[str, list[list[float]]]:
    """The shapes that enough subjects have among rare words, and the shares of digits at each place.

    A digit that fewer subjects have at a place has the share of a tenth of an occurrence, as one that was
    never seen has.
    """
    people: dict[str, set[int]] = {}
    digits: dict[str, dict[tuple[int, int], set[int]]] = {}
    for subject, words in zip(subjects, notes, strict=True):
        for word in words:
            if not word.isascii() or (one := shape(word)) == word:
                continue
            people.setdefault(one, set()).add(subject)
            for place, digit in enumerate(re.findall(r"\d", word)):
                digits.setdefault(one, {}).setdefault((place, int(digit)), set()).add(subject)
    shared = sorted(one for one, whose in people.items() if len(whose) >= least)
    return {one: _shares(one, digits.get(one, {}), least) for one in shared}


def _shares(one: str, digits: dict[tuple[int, int], set[int]], least: int) -> list[list[float]]:
    counts = np.full((one.count("9"), 10), UNSEEN)
    for (place, digit), whose in digits.items():
        counts[place, digit] = len(whose) if len(whose) >= least else UNSEEN
    if len(counts) > 1 and not _DATE.fullmatch(one):
        counts[0, 0] = min(counts[0, 0], UNSEEN)
    return (counts / counts.sum(axis=1, keepdims=True)).tolist()


def drawn(one: str, shares: list[list[float]], rng: np.random.Generator) -> str:
    """A word of a shape; of a date one that is a day.

    Example:
        >>> drawn(" 99/99/9999", [[0.1] * 10] * 8, np.random.default_rng(0))
        ' 06/27/9180'
    """
    blank, mark, name = one.partition("\1")
    if mark:
        return blank + str(rng.choice(LISTS[mark + name]))
    word = _filled(one, shares, rng)
    for _ in range(_DRAFTS if _DATE.fullmatch(one) else 0):
        if _day(word):
            break
        word = _filled(one, shares, rng)
    return word


def _filled(one: str, shares: list[list[float]], rng: np.random.Generator) -> str:
    digits = iter([rng.choice(10, p=share) for share in shares])
    return "".join(str(next(digits)) if sign == "9" else sign for sign in one)


def _day(word: str) -> bool:
    """Whether the first two numbers are a day of some year, in one order or the other."""
    first, second, _ = map(int, re.findall(r"\d+", word))
    return _in_a_leap_year(first, second) or _in_a_leap_year(second, first)


def _in_a_leap_year(month: int, day: int) -> bool:
    try:
        date(2000, month, day)
    except ValueError:
        return False
    return True
