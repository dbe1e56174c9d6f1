"""Common names of persons, towns, states and countries: to find names in prose, and to replace them."""

from __future__ import annotations

from typing import Literal

from manikin.core.word_lists import read_word_list

NameList = Literal[
    "women",
    "men",
    "families",
    "wordlike_families",
    "cities",
    "states",
    "countries",
    "surrogate_towns",
]


def read_names(*lists: NameList) -> tuple[str, ...]:
    """Lists of names, one after the other, each as its file in `names/` says.

    Example:
        >>> read_names("women", "men")[:3]
        ('Mary', 'Patricia', 'Linda')
    """
    return tuple(name for one in lists for name in read_word_list("manikin.schema", f"names/{one}.txt"))
