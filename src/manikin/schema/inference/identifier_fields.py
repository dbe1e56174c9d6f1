"""Identifiers beside the subject: numbers of records, national numbers, second keys of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.schema import column_names
from manikin.schema.inference import identifier_formats, integer_distribution
from manikin.schema.inference.key_candidates import (
    NEUTRAL_RANK,
    NON_KEY_RANK,
    PERSON_RANK,
    POSSIBLE_KEY_RANK,
    RECORD_RANK,
)
from manikin.schema.inference.key_groups import group_by_key, is_nested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.schema.inference.key_candidates import KeyCandidate

_MAX_THING_LEVELS, _MIN_ROWS_PER_LEVEL = 1000, 20
"""Up to so many things, each met so often on average, or so few, are levels."""
_MAX_CODES = 10
"""Up to so many distinct numbers are codes, whatever their name."""
_MAX_ROWS_PER_KEY = 30
"""With more rows for each value on average a field is a code."""
_YEAR_RANGE = (1800, 2150)
"""Whole numbers within are years."""
_MIN_DOUBTED_VALUES = (120, 40)
"""So many distinct numbers tell a box from a bell: where the name says nothing, and where it may."""
_MIN_MEAN_REPEATS, _MAX_EVENNESS_P_VALUE = 1.3, 1e-5
"""Values stand in more rows than this on average; so seldom would chance spread them as evenly."""
_RELATION_STANDARD_ERRORS = 4.0
"""A rank correlation of so many standard errors is a relation."""


def explain_identifier(key: KeyCandidate, one: KeyCandidate, whose: np.ndarray | None) -> str | None:
    """Why a field says who somebody is, or which record it is; None: nothing says so.

    Args:
        key: The field.
        one: The same, `take_first_per_subject`.
        whose: The subject of each row, (n,); None: each row is another.
    """
    n, k = key.n_rows, key.n_distinct
    if n < 2 or k < 2:  # noqa: PLR2004 - one value names nobody
        return None
    found = _explain_by_name(key, one, n, k, whose) or _explain_by_values(key, one)
    if found is None and whose is not None:
        found = _explain_second_key(key, one, whose)
    things = key.is_number and column_names.is_id(key.name) and k > _compute_max_levels(n)
    return found or ("a number given to things, by its name" if things else None)


def _explain_by_values(key: KeyCandidate, one: KeyCandidate) -> str | None:
    if key.identifier_format is not None and key.n_distinct > _MAX_CODES:
        return f"{key.identifier_format}, by its form"
    if column_names.classify_number_name(key.name) == "quantity":
        return None
    if _is_row_counter(one):
        return "counts the rows" if one is key else "counts the subjects"
    given = key.rank > NON_KEY_RANK and _is_given_once(one)
    return "no two share a whole number, though many would by chance" if given else None


def take_first_per_subject(key: KeyCandidate, whose: np.ndarray | None) -> KeyCandidate:
    """The column at the first row of each subject if it is constant within subjects, else as it is."""
    if whose is None or not is_nested(whose, key.codes):
        return key
    held = np.flatnonzero((key.codes >= 0) & (whose >= 0))
    first = np.unique(whose[held], return_index=True)[1]
    return key.take_rows(np.sort(held[first]))


def _explain_by_name(
    key: KeyCandidate, one: KeyCandidate, n: int, k: int, whose: np.ndarray | None
) -> str | None:
    spread_out = k >= 0.9 * one.n_rows
    if key.rank == RECORD_RANK and not key.is_ordinal and (k == n or k > _MAX_CODES):
        return "the number of a record, by its name"
    if key.rank == PERSON_RANK and (spread_out or (whose is not None and k > _MAX_CODES)):
        return "a number given to each person, by its name"
    if column_names.is_id(key.name) and key.rank != NON_KEY_RANK and n >= 30 and spread_out:  # noqa: PLR2004
        return "a number given to each record, by its name"
    if column_names.is_direct_identifier(key.name) and k > max(0.5 * one.n_rows, _MAX_CODES):
        return "a mark of persons, by its name"
    return None


def _is_row_counter(key: KeyCandidate) -> bool:
    """Whether integers number the rows: each distinct, a run without holes, or rising with few.

    A measurement may well be distinct in every row of a small table, but it does not fill a run
    of integers, nor rise from row to row.
    """
    n, k = key.n_rows, key.n_distinct
    if n < 10 or k < n or not key.is_number:  # noqa: PLR2004 - too few to tell
        return False
    span = int(key.values[-1]) - int(key.values[0]) + 1
    blocks = n >= 30 and integer_distribution.is_consecutive(key.values)  # noqa: PLR2004 - numbers of several sites
    return span == n or blocks or (n >= 20 and span <= 1.5 * n and key.is_ascending)  # noqa: PLR2004


def _is_given_once(key: KeyCandidate) -> bool:
    """Whether numbers are distinct beyond chance, as those that are given only once."""
    return (
        key.is_number
        and key.n_distinct == key.n_rows
        and integer_distribution.is_given_once(key.values)
        and not integer_distribution.are_dates(key.values)
    )


def _explain_second_key(key: KeyCandidate, one: KeyCandidate, whose: np.ndarray) -> str | None:
    """Why a field is another key of persons, or one of their stays or visits."""
    if key.rank == NON_KEY_RANK:
        return None
    if one is not key:
        own = one.n_distinct >= 0.9 * one.n_rows and one.n_distinct > _MAX_CODES
        known = not key.is_number or key.rank >= POSSIBLE_KEY_RANK
        return "each value belongs to one subject" if own and known else None
    finer = key.n_distinct > _MAX_CODES and key.n_distinct < key.n_rows and is_nested(key.codes, whose)
    if not finer or key.n_distinct >= 0.9 * key.n_rows:
        return None
    known = (
        not key.is_number
        or key.rank >= POSSIBLE_KEY_RANK
        or (key.is_key_like and integer_distribution.is_repeated(key.values, key.counts))
    )
    return "each value belongs to one subject" if known else None


def list_thing_levels(key: KeyCandidate) -> tuple[Any, ...] | None:
    """The levels of numbers given to things, such as `provider_id`; None: they are none, or too many."""
    if not (key.is_number and column_names.is_id(key.name)) or key.n_distinct < 2:  # noqa: PLR2004 - a constant
        return None
    return tuple(key.values.tolist()) if key.n_distinct <= _compute_max_levels(key.n_rows) else None


def _compute_max_levels(rows: int) -> float:
    return min(_MAX_THING_LEVELS, max(_MIN_ROWS_PER_LEVEL, rows / _MIN_ROWS_PER_LEVEL))


def explain_doubt(key: KeyCandidate, one: KeyCandidate, numbers: Mapping[str, pa.Array]) -> str | None:
    """Why a field may be a key though nothing makes it certain; None: it is none.

    Args:
        key: The field.
        one: The same, `take_first_per_subject`.
        numbers: The quantities of the table.
    """
    said = one.rank == NON_KEY_RANK or (
        one.rank == NEUTRAL_RANK and column_names.classify_number_name(one.name) is not None
    )
    if said or one.n_distinct < _MIN_ROWS_PER_LEVEL or (one.is_number and _are_years(one.values)):
        return None
    if (
        one.n_distinct < one.n_rows
        and one.n_rows / one.n_distinct <= _MAX_ROWS_PER_KEY
        and _has_even_counts(one)
    ):
        return "values that repeat more evenly than chance would have it"
    return _explain_doubted_number(key, one, numbers) if one.is_number else _explain_doubted_text(one)


def _are_years(values: np.ndarray) -> bool:
    return bool(values[0] >= _YEAR_RANGE[0] and values[-1] <= _YEAR_RANGE[1])


def _explain_doubted_number(
    key: KeyCandidate, one: KeyCandidate, numbers: Mapping[str, pa.Array]
) -> str | None:
    if (
        integer_distribution.is_rounded(one.values, one.counts)
        or integer_distribution.are_dates(one.values)
        or not integer_distribution.is_sparse(one.values)
    ):
        return None
    if key.is_ascending and key.n_rows > _MIN_MEAN_REPEATS * key.n_distinct:
        return "whole numbers that rise from row to row, repeat, and leave most of their range empty"
    if integer_distribution.is_repeated(one.values, one.counts):
        few = one.n_rows / one.n_distinct <= _MAX_ROWS_PER_KEY and _has_balanced_groups(one)
        return "whole numbers that repeat and leave most of their range empty" if few else None
    single = one.n_distinct >= max(
        0.9 * one.n_rows, _MIN_DOUBTED_VALUES[one.rank >= POSSIBLE_KEY_RANK]
    ) and integer_distribution.is_scattered(one.values)
    if not single or (_is_related(key, numbers, one.n_rows) and not one.is_ascending):
        return None
    return "whole numbers spread evenly over a wide range, each another, unrelated to all else"


def _explain_doubted_text(key: KeyCandidate) -> str | None:
    repeated = key.n_distinct < key.n_rows and key.n_rows / key.n_distinct <= _MAX_ROWS_PER_KEY
    values = key.values.tolist()
    if (
        repeated
        and _has_balanced_groups(key)
        and (identifier_formats.are_numbered_alike(values) or identifier_formats.are_pseudonyms(values))
    ):
        return "marks in one layout, each in a few rows"
    return None


def _has_balanced_groups(key: KeyCandidate) -> bool:
    return group_by_key(key.codes, {}, frozenset()).is_balanced


def _has_even_counts(key: KeyCandidate) -> bool:
    """Whether values repeat more evenly than draws from any law (zero-truncated Poisson)."""
    mean = key.n_rows / key.n_distinct
    if mean < _MIN_MEAN_REPEATS:
        return False
    from scipy.special import chdtr

    rate = mean
    for _ in range(100):  # the rate whose truncated mean this is
        rate = -mean * np.expm1(-rate)
    dispersion = ((key.counts - mean) ** 2).sum() / (mean * (1 + rate - mean))
    return bool(chdtr(key.n_distinct - 1, dispersion) < _MAX_EVENNESS_P_VALUE)


def _is_related(key: KeyCandidate, numbers: Mapping[str, pa.Array], independent: int) -> bool:
    """Whether the values rise or fall with a quantity (Spearman), given so many independent rows."""
    for name, column in numbers.items():
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        both = (key.codes >= 0) & ~np.isnan(values)
        if name == key.name or both.sum() < _MIN_ROWS_PER_LEVEL or np.ptp(values[both]) == 0:
            continue
        rho = np.corrcoef(_compute_ranks(key.codes[both]), _compute_ranks(values[both]))[0, 1]
        if abs(rho) * np.sqrt(min(independent, both.sum())) > _RELATION_STANDARD_ERRORS:
            return True
    return False


def _compute_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, (n,), the mean of those that agree."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
