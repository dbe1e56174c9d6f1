"""Identifiers beside the subject: numbers of records, national numbers, second keys of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.schema import column_names
from manikin.schema.inference import identifier_formats, integer_distribution
from manikin.schema.inference.key_candidates import MARK, PERSON, PLAIN, RECORD, THING
from manikin.schema.inference.key_groups import group, nested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.schema.inference.key_candidates import Candidate

_THINGS, _OFTEN = 1000, 20
"""Up to so many things, each met so often on average, or so few, are levels."""
_CODES = 10
"""Up to so many distinct numbers are codes, whatever their name."""
_FEW_ROWS = 30
"""With more rows for each value on average a field is a code."""
_YEARS = (1800, 2150)
"""Whole numbers within are years."""
_DOUBTED = (120, 40)
"""So many distinct numbers tell a box from a bell: where the name says nothing, and where it may."""
_REPEATS, _CHANCE = 1.3, 1e-5
"""Values stand in more rows than this on average; so seldom would chance spread them as evenly."""
_RELATED = 4.0
"""A rank correlation of so many standard errors is a relation."""


def reason(key: Candidate, one: Candidate, whose: np.ndarray | None) -> str | None:
    """Why a field says who somebody is, or which record it is; None: nothing says so.

    Args:
        key: The field.
        one: The same, `per_subject`.
        whose: The subject of each row, (n,); None: each row is another.
    """
    n, k = key.rows, key.k
    if n < 2 or k < 2:  # noqa: PLR2004 - one value names nobody
        return None
    found = _by_name(key, one, n, k, whose) or _by_values(key, one)
    if found is None and whose is not None:
        found = _second(key, one, whose)
    things = key.number and column_names.numbered(key.name) and k > _few(n)
    return found or ("a number given to things, by its name" if things else None)


def _by_values(key: Candidate, one: Candidate) -> str | None:
    if key.form is not None and key.k > _CODES:
        return f"{key.form}, by its form"
    if column_names.says(key.name) == "quantity":
        return None
    if _counter(one):
        return "counts the rows" if one is key else "counts the subjects"
    given = key.rank > THING and _given(one)
    return "no two share a whole number, though many would by chance" if given else None


def per_subject(key: Candidate, whose: np.ndarray | None) -> Candidate:
    """The column at the first row of each subject if it is constant within subjects, else as it is."""
    if whose is None or not nested(whose, key.codes):
        return key
    held = np.flatnonzero((key.codes >= 0) & (whose >= 0))
    first = np.unique(whose[held], return_index=True)[1]
    return key.of(np.sort(held[first]))


def _by_name(key: Candidate, one: Candidate, n: int, k: int, whose: np.ndarray | None) -> str | None:
    spread_out = k >= 0.9 * one.rows
    if key.rank == RECORD and not key.ordinal and (k == n or k > _CODES):
        return "the number of a record, by its name"
    if key.rank == PERSON and (spread_out or (whose is not None and k > _CODES)):
        return "a number given to each person, by its name"
    if column_names.numbered(key.name) and key.rank != THING and n >= 30 and spread_out:  # noqa: PLR2004
        return "a number given to each record, by its name"
    if column_names.person(key.name) and k > max(0.5 * one.rows, _CODES):
        return "a mark of persons, by its name"
    return None


def _counter(key: Candidate) -> bool:
    """Whether integers number the rows: each distinct, a run without holes, or rising with few.

    A measurement may well be distinct in every row of a small table, but it does not fill a run
    of integers, nor rise from row to row.
    """
    n, k = key.rows, key.k
    if n < 10 or k < n or not key.number:  # noqa: PLR2004 - too few to tell
        return False
    span = int(key.values[-1]) - int(key.values[0]) + 1
    blocks = n >= 30 and integer_distribution.is_running(key.values)  # noqa: PLR2004 - numbers of several sites
    return span == n or blocks or (n >= 20 and span <= 1.5 * n and key.ascending)  # noqa: PLR2004


def _given(key: Candidate) -> bool:
    """Whether numbers are distinct beyond chance, as those that are given only once."""
    return (
        key.number
        and key.k == key.rows
        and integer_distribution.is_avoided(key.values)
        and not integer_distribution.are_dates(key.values)
    )


def _second(key: Candidate, one: Candidate, whose: np.ndarray) -> str | None:
    """Why a field is another key of persons, or one of their stays or visits."""
    if key.rank == THING:
        return None
    if one is not key:
        own = one.k >= 0.9 * one.rows and one.k > _CODES
        known = not key.number or key.rank >= MARK
        return "each value belongs to one subject" if own and known else None
    finer = key.k > _CODES and key.k < key.rows and nested(key.codes, whose)
    if not finer or key.k >= 0.9 * key.rows:
        return None
    known = (
        not key.number
        or key.rank >= MARK
        or (key.keylike and integer_distribution.is_repeated(key.values, key.counts))
    )
    return "each value belongs to one subject" if known else None


def levels(key: Candidate) -> tuple[Any, ...] | None:
    """The levels of numbers given to things, such as `provider_id`; None: they are none, or too many."""
    if not (key.number and column_names.numbered(key.name)) or key.k < 2:  # noqa: PLR2004 - a constant
        return None
    return tuple(key.values.tolist()) if key.k <= _few(key.rows) else None


def _few(rows: int) -> float:
    return min(_THINGS, max(_OFTEN, rows / _OFTEN))


def doubt(key: Candidate, one: Candidate, numbers: Mapping[str, pa.Array]) -> str | None:
    """Why a field may be a key though nothing makes it certain; None: it is none.

    Args:
        key: The field.
        one: The same, `per_subject`.
        numbers: The quantities of the table.
    """
    said = one.rank == THING or (one.rank == PLAIN and column_names.says(one.name) is not None)
    if said or one.k < _OFTEN or (one.number and _years(one.values)):
        return None
    if one.k < one.rows and one.rows / one.k <= _FEW_ROWS and _balanced(one):
        return "values that repeat more evenly than chance would have it"
    return _doubted_number(key, one, numbers) if one.number else _doubted_text(one)


def _years(values: np.ndarray) -> bool:
    return bool(values[0] >= _YEARS[0] and values[-1] <= _YEARS[1])


def _doubted_number(key: Candidate, one: Candidate, numbers: Mapping[str, pa.Array]) -> str | None:
    if (
        integer_distribution.is_rounded(one.values, one.counts)
        or integer_distribution.are_dates(one.values)
        or not integer_distribution.is_sparse(one.values)
    ):
        return None
    if key.ascending and key.rows > _REPEATS * key.k:
        return "whole numbers that rise from row to row, repeat, and leave most of their range empty"
    if integer_distribution.is_repeated(one.values, one.counts):
        few = one.rows / one.k <= _FEW_ROWS and _even(one)
        return "whole numbers that repeat and leave most of their range empty" if few else None
    single = one.k >= max(0.9 * one.rows, _DOUBTED[one.rank >= MARK]) and integer_distribution.is_scattered(
        one.values
    )
    if not single or (_related(key, numbers, one.rows) and not one.ascending):
        return None
    return "whole numbers spread evenly over a wide range, each another, unrelated to all else"


def _doubted_text(key: Candidate) -> str | None:
    repeated = key.k < key.rows and key.rows / key.k <= _FEW_ROWS
    values = key.values.tolist()
    if (
        repeated
        and _even(key)
        and (identifier_formats.is_numbered(values) or identifier_formats.is_pseudonym_like(values))
    ):
        return "marks in one layout, each in a few rows"
    return None


def _even(key: Candidate) -> bool:
    return group(key.codes, {}, frozenset()).even


def _balanced(key: Candidate) -> bool:
    """Whether values repeat more evenly than draws from any law (zero-truncated Poisson)."""
    mean = key.rows / key.k
    if mean < _REPEATS:
        return False
    from scipy.special import chdtr

    rate = mean
    for _ in range(100):  # the rate whose truncated mean this is
        rate = -mean * np.expm1(-rate)
    dispersion = ((key.counts - mean) ** 2).sum() / (mean * (1 + rate - mean))
    return bool(chdtr(key.k - 1, dispersion) < _CHANCE)


def _related(key: Candidate, numbers: Mapping[str, pa.Array], independent: int) -> bool:
    """Whether the values rise or fall with a quantity (Spearman), given so many independent rows."""
    for name, column in numbers.items():
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        both = (key.codes >= 0) & ~np.isnan(values)
        if name == key.name or both.sum() < _OFTEN or np.ptp(values[both]) == 0:
            continue
        rho = np.corrcoef(_ranks(key.codes[both]), _ranks(values[both]))[0, 1]
        if abs(rho) * np.sqrt(min(independent, both.sum())) > _RELATED:
            return True
    return False


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, (n,), the mean of those that agree."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
