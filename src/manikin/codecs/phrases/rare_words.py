"""Words that too few share one by one, but whose shape many do: numerals, and names out of common lists.

Names in notes are surrogates out of lists that hold no patient, so another name of the list may stand in.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from manikin.schema.name_lists import read_names

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_LISTS = {
    "\1family": read_names("families"),
    "\1woman": read_names("women"),
    "\1man": read_names("men"),
}
"""The shapes of names; no word begins so."""

UNSEEN_COUNT = 0.1
"""Occurrences of a digit that too few have at a place."""

_LIST_OF_NAME = {name: one for one, names in reversed(NAME_LISTS.items()) for name in names}
_DATE_SHAPE = re.compile(r"\W?9{1,2}([/.])9{1,2}\1(?:9{4}|9{2})")
_MAX_DRAFTS = 1_000  # of a date, of which one in three or more is a day


def to_word_shape(word: str) -> str:
    """A numeral with 9 for each digit; of a common name the list that it stands in; any other word itself.

    Example:
        >>> to_word_shape(" 120/80"), to_word_shape(" Smith") == to_word_shape(" Jones")
        (' 999/99', True)
    """
    name = word.lstrip()
    if name in _LIST_OF_NAME:
        return word[: -len(name)] + _LIST_OF_NAME[name]
    return re.sub(r"\d", "9", word)


def fit_word_shapes(
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
            if not word.isascii() or (one := to_word_shape(word)) == word:
                continue
            people.setdefault(one, set()).add(subject)
            for place, digit in enumerate(re.findall(r"\d", word)):
                digits.setdefault(one, {}).setdefault((place, int(digit)), set()).add(subject)
    shared = sorted(one for one, whose in people.items() if len(whose) >= least)
    return {one: _compute_digit_shares(one, digits.get(one, {}), least) for one in shared}


def _compute_digit_shares(
    one: str, digits: dict[tuple[int, int], set[int]], least: int
) -> list[list[float]]:
    counts = np.full((one.count("9"), 10), UNSEEN_COUNT)
    for (place, digit), whose in digits.items():
        counts[place, digit] = len(whose) if len(whose) >= least else UNSEEN_COUNT
    if len(counts) > 1 and not _DATE_SHAPE.fullmatch(one):
        counts[0, 0] = min(counts[0, 0], UNSEEN_COUNT)
    return (counts / counts.sum(axis=1, keepdims=True)).tolist()


def sample_word(one: str, shares: list[list[float]], rng: np.random.Generator) -> str:
    """A word of a shape; of a date one that is a day.

    Example:
        >>> sample_word(" 99/99/9999", [[0.1] * 10] * 8, np.random.default_rng(0))
        ' 06/27/9180'
    """
    blank, mark, name = one.partition("\1")
    if mark:
        return blank + str(rng.choice(NAME_LISTS[mark + name]))
    word = _fill_digits(one, shares, rng)
    for _ in range(_MAX_DRAFTS if _DATE_SHAPE.fullmatch(one) else 0):
        if _is_date(word):
            break
        word = _fill_digits(one, shares, rng)
    return word


def _fill_digits(one: str, shares: list[list[float]], rng: np.random.Generator) -> str:
    digits = iter([rng.choice(10, p=share) for share in shares])
    return "".join(str(next(digits)) if sign == "9" else sign for sign in one)


def _is_date(word: str) -> bool:
    """Whether the first two numbers are a day of some year, in one order or the other."""
    first, second, _ = map(int, re.findall(r"\d+", word))
    return _is_leap_year_day(first, second) or _is_leap_year_day(second, first)


def _is_leap_year_day(month: int, day: int) -> bool:
    try:
        date(2000, month, day)
    except ValueError:
        return False
    return True
