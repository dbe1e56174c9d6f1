"""What stays the same among the rows that share a key: how a number that tells persons apart is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERRORS, _BROKEN = 0.03, 0.1
"""The share of neighbours in a group that may differ where a column is constant, and where it is not, of
all and of as many as differ by chance."""
_PAIRS, _EVIDENCE = 8, 10.0
"""So many pairs, and so many nats against chance, show that a column is constant within groups."""
_SMOOTH, _SURE = 0.25, 3.0
"""By how much, and how surely, neighbouring keys agree in a column that follows from the key."""
_MISTYPED = 0.02
"""The share of rows whose key may be."""
_LARGEST = 60
"""So many rows one person may have."""
_TOP = 0.45
"""The share of rows that the tenth of the keys with most rows may hold."""
_ALIAS = 0.6
"""With more distinct values than this share of the keys a column is another spelling of them."""


@dataclass(frozen=True)
class Grouping:
    """The columns that are constant within the groups of a key.

    Args:
        rows: How many rows hold a key.
        sizes: The rows of each distinct key, (k,).
        lasting: Constant columns that stay the same with a person (sex, birth).
        others: Other constant columns that do not follow from the key as a quantity.
        broken: Columns that stay the same with a person, but not with this key.
        alias: Constant columns with nearly as many values as there are keys.
    """

    rows: int
    sizes: np.ndarray
    lasting: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()

    @property
    def keys(self) -> int:
        """How many distinct keys there are."""
        return len(self.sizes)

    @property
    def mean(self) -> float:
        """Rows per key."""
        return self.rows / max(self.keys, 1)

    @property
    def even(self) -> bool:
        """Whether no few keys hold most rows, as those of frequent codes do."""
        top = max(1, round(0.1 * self.keys))
        bounded = self.sizes.max(initial=0) <= max(_LARGEST, 8 * self.mean)
        return bool(bounded and np.sort(self.sizes)[-top:].sum() <= _TOP * self.rows)


def group(key: np.ndarray, columns: Mapping[str, np.ndarray], lasting: frozenset[str]) -> Grouping:
    """Which columns are constant within the groups of a key, beyond chance groups of these sizes.

    A column that neighbouring keys share far beyond chance (the age group of an age, the region of a
    postal code) follows from the key as a quantity, and shows nothing.

    Args:
        key: The rank of each row's key among the distinct ones in their order, (n,); -1 where missing.
        columns: Codes of other columns, (n,) each; -1 where missing.
        lasting: Names of columns that stay the same with a person.

    Example:
        >>> key = np.repeat(np.arange(40), 3)
        >>> sex = np.random.default_rng(0).integers(0, 2, 40)
        >>> found = group(key, {"sex": sex[key], "visit": np.tile(np.arange(3), 40)}, frozenset({"sex"}))
        >>> found.lasting, found.others, found.mean
        (('sex',), (), 3.0)
    """
    order = np.argsort(key, kind="stable")
    order = order[key[order] >= 0]
    held = key[order]
    same = held[1:] == held[:-1]
    first = np.flatnonzero(np.append(True, ~same)) if len(held) else np.zeros(0, int)
    found: dict[str, list[str]] = {"lasting": [], "others": [], "broken": [], "alias": []}
    for name, codes in columns.items():
        how = _how(codes[order], same, first, lasts=name in lasting)
        if how:
            found[how].append(name)
    sizes = np.diff(np.append(first, len(held)))
    return Grouping(len(held), sizes, **{how: tuple(names) for how, names in found.items()})


def _how(codes: np.ndarray, same: np.ndarray, first: np.ndarray, *, lasts: bool) -> str:
    """Whether a column is constant within groups, in the words of `Grouping`; empty: neither."""
    both = same & (codes[1:] >= 0) & (codes[:-1] >= 0)
    pairs = int(both.sum())
    if pairs < _PAIRS:
        return ""
    apart = int((codes[1:] != codes[:-1])[both].sum())
    by_chance = pairs * (1 - _chance(codes[codes >= 0]))
    if apart > _ERRORS * pairs:
        return "broken" if lasts and apart > max(_BROKEN * pairs, _BROKEN * by_chance) else ""
    if apart > _BROKEN * by_chance or _evidence(apart, by_chance) < _EVIDENCE:
        return ""
    of_keys = codes[first]
    of_keys = of_keys[of_keys >= 0]
    if lasts:
        return "" if _follows(of_keys) else "lasting"
    if len(np.unique(of_keys)) > _ALIAS * len(of_keys):
        return "alias"
    return "" if _follows(of_keys) else "others"


def _evidence(found: int, expected: float) -> float:
    """How unlikely so few events are where more are expected, in nats (Chernoff's bound for Poisson)."""
    return expected - found + (found * np.log(found / expected) if found else 0.0)


def _chance(codes: np.ndarray) -> float:
    """With what probability two rows drawn at random agree."""
    counts = np.bincount(codes).astype(float)
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / max(n * (n - 1), 1))


def _follows(codes: np.ndarray) -> bool:
    """Whether neighbouring keys agree far beyond chance."""
    if len(codes) < _PAIRS:
        return False
    chance, agree = _chance(codes), float((codes[1:] == codes[:-1]).mean())
    error = np.sqrt(max(chance * (1 - chance), 1e-9) / (len(codes) - 1))
    return agree - chance > max(_SMOOTH * (1 - chance), _SURE * error)


def nested(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Whether rows that share the fine key share the coarse one, up to errors of one row in fifty.

    Args:
        fine: Codes, (n,); -1 where missing.
        coarse: Codes, (n,); -1 where missing.

    Example:
        >>> nested(np.array([0, 0, 1, 2]), np.array([5, 5, 5, 6]))
        True
        >>> nested(np.array([0, 0]), np.array([5, 6]))
        False
    """
    held = (fine >= 0) & (coarse >= 0)
    fine, coarse = fine[held], coarse[held]
    last = np.full(int(fine.max(initial=-1)) + 1, -1)
    last[fine] = coarse
    shared = len(fine) - int((last >= 0).sum())
    return int((coarse != last[fine]).sum()) <= _MISTYPED * shared
