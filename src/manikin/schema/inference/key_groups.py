"""What stays the same among the rows that share a key: how a number that tells persons apart is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_ERROR_SHARE, _MAX_BROKEN_SHARE = 0.03, 0.1
"""The share of neighbours in a group that may differ where a column is constant, and where it is not, of
all and of as many as differ by chance."""
_MIN_PAIRS, _MIN_EVIDENCE = 8, 10.0
"""So many pairs, and so many nats against chance, show that a column is constant within groups."""
_MIN_SMOOTHNESS, _SMOOTH_STANDARD_ERRORS = 0.25, 3.0
"""By how much, and how surely, neighbouring keys agree in a column that follows from the key."""
_MAX_MISTYPED_SHARE = 0.02
"""The share of rows whose key may be."""
_MAX_PERSON_ROWS = 60
"""So many rows one person may have."""
_MAX_TOP_SHARE = 0.45
"""The share of rows that the tenth of the keys with most rows may hold."""
_MIN_ALIAS_SHARE = 0.6
"""With more distinct values than this share of the keys a column is another spelling of them."""


@dataclass(frozen=True)
class Grouping:
    """The columns that are constant within the groups of a key.

    Args:
        n_rows: How many rows hold a key.
        sizes: The rows of each distinct key, (k,).
        lasting: Constant columns that stay the same with a person (sex, birth).
        others: Other constant columns that do not follow from the key as a quantity.
        broken: Columns that stay the same with a person, but not with this key.
        alias: Constant columns with nearly as many values as there are keys.
    """

    n_rows: int
    sizes: np.ndarray
    lasting: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()

    @property
    def n_keys(self) -> int:
        """How many distinct keys there are."""
        return len(self.sizes)

    @property
    def mean_size(self) -> float:
        """Rows per key."""
        return self.n_rows / max(self.n_keys, 1)

    @property
    def is_balanced(self) -> bool:
        """Whether no few keys hold most rows, as those of frequent codes do."""
        top = max(1, round(0.1 * self.n_keys))
        bounded = self.sizes.max(initial=0) <= max(_MAX_PERSON_ROWS, 8 * self.mean_size)
        return bool(bounded and np.sort(self.sizes)[-top:].sum() <= _MAX_TOP_SHARE * self.n_rows)


def group_by_key(key: np.ndarray, columns: Mapping[str, np.ndarray], lasting: frozenset[str]) -> Grouping:
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
        >>> columns = {"sex": sex[key], "visit": np.tile(np.arange(3), 40)}
        >>> found = group_by_key(key, columns, frozenset({"sex"}))
        >>> found.lasting, found.others, found.mean_size
        (('sex',), (), 3.0)
    """
    order = np.argsort(key, kind="stable")
    order = order[key[order] >= 0]
    held = key[order]
    same = held[1:] == held[:-1]
    first = np.flatnonzero(np.append(True, ~same)) if len(held) else np.zeros(0, int)
    found: dict[str, list[str]] = {"lasting": [], "others": [], "broken": [], "alias": []}
    for name, codes in columns.items():
        how = _classify_column(codes[order], same, first, lasts=name in lasting)
        if how:
            found[how].append(name)
    sizes = np.diff(np.append(first, len(held)))
    return Grouping(len(held), sizes, **{how: tuple(names) for how, names in found.items()})


def _classify_column(codes: np.ndarray, same: np.ndarray, first: np.ndarray, *, lasts: bool) -> str:
    """Whether a column is constant within groups, in the words of `Grouping`; empty: neither."""
    both = same & (codes[1:] >= 0) & (codes[:-1] >= 0)
    pairs = int(both.sum())
    if pairs < _MIN_PAIRS:
        return ""
    apart = int((codes[1:] != codes[:-1])[both].sum())
    by_chance = pairs * (1 - _compute_chance_agreement(codes[codes >= 0]))
    if apart > _MAX_ERROR_SHARE * pairs:
        return (
            "broken"
            if lasts and apart > max(_MAX_BROKEN_SHARE * pairs, _MAX_BROKEN_SHARE * by_chance)
            else ""
        )
    if apart > _MAX_BROKEN_SHARE * by_chance or _compute_evidence(apart, by_chance) < _MIN_EVIDENCE:
        return ""
    of_keys = codes[first]
    of_keys = of_keys[of_keys >= 0]
    if lasts:
        return "" if _is_smooth(of_keys) else "lasting"
    if len(np.unique(of_keys)) > _MIN_ALIAS_SHARE * len(of_keys):
        return "alias"
    return "" if _is_smooth(of_keys) else "others"


def _compute_evidence(found: int, expected: float) -> float:
    """How unlikely so few events are where more are expected, in nats (Chernoff's bound for Poisson)."""
    return expected - found + (found * np.log(found / expected) if found else 0.0)


def _compute_chance_agreement(codes: np.ndarray) -> float:
    """With what probability two rows drawn at random agree."""
    counts = np.bincount(codes).astype(float)
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / max(n * (n - 1), 1))


def _is_smooth(codes: np.ndarray) -> bool:
    """Whether neighbouring keys agree far beyond chance."""
    if len(codes) < _MIN_PAIRS:
        return False
    chance, agree = _compute_chance_agreement(codes), float((codes[1:] == codes[:-1]).mean())
    error = np.sqrt(max(chance * (1 - chance), 1e-9) / (len(codes) - 1))
    return agree - chance > max(_MIN_SMOOTHNESS * (1 - chance), _SMOOTH_STANDARD_ERRORS * error)


def is_nested(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Whether rows that share the fine key share the coarse one, up to errors of one row in fifty.

    Args:
        fine: Codes, (n,); -1 where missing.
        coarse: Codes, (n,); -1 where missing.

    Example:
        >>> is_nested(np.array([0, 0, 1, 2]), np.array([5, 5, 5, 6]))
        True
        >>> is_nested(np.array([0, 0]), np.array([5, 6]))
        False
    """
    held = (fine >= 0) & (coarse >= 0)
    fine, coarse = fine[held], coarse[held]
    last = np.full(int(fine.max(initial=-1)) + 1, -1)
    last[fine] = coarse
    shared = len(fine) - int((last >= 0).sum())
    return int((coarse != last[fine]).sum()) <= _MAX_MISTYPED_SHARE * shared
