"""Orderings that hold in all records: diastolic below systolic, admission before discharge."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from manikin.rules.mining.candidate import CHANCE, ROWS, Candidate, quantities, spell
from manikin.schema.column_names import tokens
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_COMMON = 4
"""A word that more fields share says nothing about their nature."""
_STEM = 4
_SHARE = 0.02
"""Of independent values, at least so many would have to break the order."""
_TOUCH = 0.02
"""Where so many values are equal, the order is a limit that is often met."""
_SAMPLE = 2000
_BARE = (None, "%", "ratio")


def orderings(cohort: Cohort, sample: np.ndarray) -> list[Candidate]:
    """Pairs of akin quantities of which one never exceeds the other.

    Akin are two times, numbers of one declared unit, and fields whose names share a word or a
    stem. An order that the ranges alone enforce (age below cholesterol) is none: independent
    draws of the two must break it often.

    Args:
        cohort: The records.
        sample: Some of their positions, (s,); only pairs in order there are looked at closely.
    """
    names, x = quantities(cohort)
    some = x[sample]
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names)) if i != j]
    likely = [(i, j) for i, j in pairs if not (some[:, i] > some[:, j]).any()]
    alike = _kinship(cohort, names)
    found = {}
    for i, j in likely:
        if (candidate := _test(names, x, i, j, alike[i, j], max(len(pairs), 1))) is not None:
            found[i, j] = candidate
    return [found[pair] for pair in _reduced(found)]


def _test(names: list[str], x: np.ndarray, i: int, j: int, akin: bool, pairs: int) -> Candidate | None:
    """The ordering of two fields, if all records keep it and that is no accident of their ranges."""
    both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
    a, b = x[both, i], x[both, j]
    if len(a) < ROWS or (a > b).any():
        return None
    crossed = np.searchsorted(np.sort(b), a, side="left").mean() / len(b)
    equal = a == b
    touching = (equal & (a != 0)).mean() > _TOUCH
    weight = -len(a) * float(np.log1p(-min(crossed, 1 - 1e-9)))
    if not (akin or touching) or crossed < _SHARE or weight < np.log(pairs / CHANCE):
        return None
    sign, word = ("<=", "at most") if equal.any() else ("<", "below")
    if equal.all():
        sign, word = "==", "equal to"
    name = f"{names[i]} {word} {names[j]}"
    return Candidate(name, f"{spell(names[i])} {sign} {spell(names[j])}", len(a), weight)


def _reduced(found: dict[tuple[int, int], Candidate]) -> list[tuple[int, int]]:
    """Pairs that do not follow from two others; of two equal fields, one pair."""
    same = {pair for pair in found if " == " in found[pair].expression}
    kept = [pair for pair in found if pair not in same or pair[0] < pair[1]]
    strict = set(kept) - same
    middle = {j for _, j in strict} & {i for i, _ in strict}
    return [
        (i, j)
        for i, j in kept
        if not any((i, m) in strict and (m, j) in strict for m in middle if m not in (i, j))
    ]


def _kinship(cohort: Cohort, names: list[str]) -> np.ndarray:
    """Which fields are of the same nature, (k, k) of booleans."""
    words = [_stems(name) for name in names]
    common = Counter(word for stems in words for word in stems)
    rare = [{word for word in stems if common[word] <= _COMMON} for stems in words]
    alike = np.zeros((len(names), len(names)), dtype=bool)
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            a, b = cohort.schema[first], cohort.schema[second]
            times = isinstance(a, Time) and isinstance(b, Time)
            units = (
                isinstance(a, Number) and isinstance(b, Number) and a.unit == b.unit and a.unit not in _BARE
            )
            related = bool(rare[i] & rare[j]) or _stemmed(rare[i], rare[j])
            alike[i, j] = alike[j, i] = times or units or (related and type(a) is type(b))
    return alike


def _stems(name: str) -> set[str]:
    """The words of a name; sbp, dbp and the like are pressures."""
    return {
        "pressure" if re.fullmatch(r"\w{1,4}bp", word) else word
        for token in tokens(name)
        for word in re.findall(r"[a-z]{2,}", token)
    }


def _stemmed(first: set[str], second: set[str]) -> bool:
    """Whether two words begin or end alike: systolic and diastolic, rtime and dtime."""
    return any(
        a[:_STEM] == b[:_STEM] or a[-_STEM:] == b[-_STEM:]
        for a in first
        for b in second
        if min(len(a), len(b)) > _STEM
    )
