"""Orderings that hold in all records: diastolic below systolic, admission before discharge."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from manikin.rules.expression import quote_field
from manikin.rules.mining.candidate import (
    FALSE_PROPOSAL_PROBABILITY,
    MIN_RECORDS,
    RuleCandidate,
    read_quantities,
)
from manikin.schema.column_names import split_name
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_MAX_FIELDS_PER_WORD = 4
"""A word that more fields share says nothing about their nature."""
_STEM_LENGTH = 4
_MIN_CROSSED_SHARE = 0.02
"""Of independent values, at least so many would have to break the order."""
_MIN_EQUAL_SHARE = 0.02
"""Where so many values are equal, the order is a limit that is often met."""
_SAMPLE_SIZE = 2000
_UNSPECIFIC_UNITS = (None, "%", "ratio")


def mine_orderings(cohort: Cohort, sample: np.ndarray) -> list[RuleCandidate]:
    """Pairs of akin quantities of which one never exceeds the other.

    Akin are two times, numbers of one declared unit, and fields whose names share a word or a
    stem. An order that the ranges alone enforce (age below cholesterol) is none: independent
    draws of the two must break it often.

    Args:
        cohort: The records.
        sample: Some of their positions, (s,); only pairs in order there are looked at closely.
    """
    names, x = read_quantities(cohort)
    some = x[sample]
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names)) if i != j]
    likely = [(i, j) for i, j in pairs if not (some[:, i] > some[:, j]).any()]
    alike = _are_akin(cohort, names)
    found = {}
    for i, j in likely:
        if (candidate := _test_ordering(names, x, i, j, alike[i, j], max(len(pairs), 1))) is not None:
            found[i, j] = candidate
    return [found[pair] for pair in _drop_implied_pairs(found)]


def _test_ordering(
    names: list[str], x: np.ndarray, i: int, j: int, akin: bool, pairs: int
) -> RuleCandidate | None:
    """The ordering of two fields, if all records keep it and that is no accident of their ranges."""
    both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
    a, b = x[both, i], x[both, j]
    if len(a) < MIN_RECORDS or (a > b).any():
        return None
    crossed = np.searchsorted(np.sort(b), a, side="left").mean() / len(b)
    equal = a == b
    touching = (equal & (a != 0)).mean() > _MIN_EQUAL_SHARE
    weight = -len(a) * float(np.log1p(-min(crossed, 1 - 1e-9)))
    if (
        not (akin or touching)
        or crossed < _MIN_CROSSED_SHARE
        or weight < np.log(pairs / FALSE_PROPOSAL_PROBABILITY)
    ):
        return None
    sign, word = ("<=", "at most") if equal.any() else ("<", "below")
    if equal.all():
        sign, word = "==", "equal to"
    name = f"{names[i]} {word} {names[j]}"
    return RuleCandidate(name, f"{quote_field(names[i])} {sign} {quote_field(names[j])}", len(a), weight)


def _drop_implied_pairs(found: dict[tuple[int, int], RuleCandidate]) -> list[tuple[int, int]]:
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


def _are_akin(cohort: Cohort, names: list[str]) -> np.ndarray:
    """Which fields are of the same nature, (k, k) of booleans."""
    words = [_extract_stems(name) for name in names]
    common = Counter(word for stems in words for word in stems)
    rare = [{word for word in stems if common[word] <= _MAX_FIELDS_PER_WORD} for stems in words]
    alike = np.zeros((len(names), len(names)), dtype=bool)
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            a, b = cohort.schema[first], cohort.schema[second]
            times = isinstance(a, Time) and isinstance(b, Time)
            units = (
                isinstance(a, Number)
                and isinstance(b, Number)
                and a.unit == b.unit
                and a.unit not in _UNSPECIFIC_UNITS
            )
            related = bool(rare[i] & rare[j]) or _has_common_stem(rare[i], rare[j])
            alike[i, j] = alike[j, i] = times or units or (related and type(a) is type(b))
    return alike


def _extract_stems(name: str) -> set[str]:
    """The words of a name; sbp, dbp and the like are pressures."""
    return {
        "pressure" if re.fullmatch(r"\w{1,4}bp", word) else word
        for token in split_name(name)
        for word in re.findall(r"[a-z]{2,}", token)
    }


def _has_common_stem(first: set[str], second: set[str]) -> bool:
    """Whether two words begin or end alike: systolic and diastolic, rtime and dtime."""
    return any(
        a[:_STEM_LENGTH] == b[:_STEM_LENGTH] or a[-_STEM_LENGTH:] == b[-_STEM_LENGTH:]
        for a in first
        for b in second
        if min(len(a), len(b)) > _STEM_LENGTH
    )
