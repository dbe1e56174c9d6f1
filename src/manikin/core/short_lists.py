"""Lists of names in sentences: the first few, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAMES = 6


def list_names(names: Iterable[object], most: int = MAX_NAMES, comma: str = ", ") -> str:
    """The first names, and how many more there are, so that nobody takes a part for the whole.

    Args:
        names: What to list, in the order in which to list it.
        most: How many are spelled out.
        comma: What stands between two; before "and n more" only where it is no mere comma.

    Example:
        >>> list_names(["age", "sex", "stage"], 2)
        'age, sex and 1 more'
    """
    said = [str(name) for name in names]
    before = " " if comma == ", " else comma
    more = f"{before}and {len(said) - most:,} more" if len(said) > most else ""
    return comma.join(said[:most]) + more
