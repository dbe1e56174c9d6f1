"""Overlap: do values of a column equal those of training patients beyond what chance explains?

Values are compared as `manikin.cohort.normalized_values` spells them. Nothing is asked of a column's name,
kind or role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, poisson

from manikin.stats.permutation import compute_fisher_p_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from manikin.cohort.normalized_values import NormalizedColumn


MAX_SHARED_SHARE = (
    0.2  # of the held-out subjects, who have a training value in a column that tells persons apart
)
MIN_DISTINCT = 10  # distinct values on a side, below which a column is one of levels
MAX_IDENTIFIER_DENSITY = (
    1e-3  # of the numbers in their range, identifiers are fewer: none is met by counting
)
MIN_UNIQUE_TEXT_LENGTH = 20  # letters of a text that nobody invents a second time
MAX_HIT_P_VALUE = 1e-3  # by which values may hit those of training rather than of holdout
MAX_RARE_HIT_P_VALUE = (
    0.05  # the same, where values can hardly be met by counting and two real persons hardly ever agree
)
MAX_AGREEMENT_P_VALUE = (
    1e-4  # by which so many values may agree, were it as rare as it is between two real persons
)
MAX_GUESS_P_VALUE = 1e-5  # by which numbers that nobody can guess may be met all the same
MAX_NEIGHBOR_OFFSET = 5  # neighbours on either side, which what is drawn from a distribution hits as often
MIN_COPY_RATIO = 10  # times as often as neighbours: a value that is copied, not drawn near
MAX_COUNTING_RATIO = 10  # numbers in the range for each that is given: fewer are met by counting
LOCAL_WINDOW_SHARE = 1e-3  # of the range of numbers, in which they lie about evenly
MAX_FLOAT_DIGITS = 15  # digits that a floating-point number holds


@dataclass(frozen=True)
class ColumnSamples:
    """One column (or pair) of all three sides, as it is spelled, and whose records they are.

    Args:
        train: Of training records.
        holdout: Of held-out ones.
        synthetic: Of those to judge.
        holdout_subject: The subject of each held-out record, (n,).
    """

    train: NormalizedColumn
    holdout: NormalizedColumn
    synthetic: NormalizedColumn
    holdout_subject: np.ndarray

    @property
    def train_only_values(self) -> set[str]:
        """Values that only training records have."""
        return set(self.train.values) - set(self.holdout.values)

    @property
    def holdout_only_values(self) -> set[str]:
        """Values that only held-out records have."""
        return set(self.holdout.values) - set(self.train.values)

    @property
    def is_identifying(self) -> bool:
        """Whether the column tells persons apart: hardly any held-out subject has a training value."""
        if min(len(self.train.values), len(self.holdout.values)) < MIN_DISTINCT:
            return False
        known = self.holdout.codes >= 0
        subjects, first = np.unique(self.holdout_subject[known], return_index=True)
        met = self.holdout.has_any_of(set(self.train.values))[known][first]
        return len(subjects) >= MIN_DISTINCT and float(np.mean(met)) <= MAX_SHARED_SHARE

    def join(self, other: ColumnSamples) -> ColumnSamples:
        """The pairs of this column and another."""
        return ColumnSamples(
            self.train.join(other.train),
            self.holdout.join(other.holdout),
            self.synthetic.join(other.synthetic),
            self.holdout_subject,
        )


def find_leaked_values(
    columns: ColumnSamples, *, quantity: bool = False, moment: bool = False, looks: int = 1
) -> set[str]:
    """The training values that are in the synthetic records and that held-out ones do not explain.

    What follows the distribution alone hits values of training patients no more often than those of
    held-out ones (exactly, by the hypergeometric law of distinct values), and values that nobody has
    but for one digit as often as those that somebody has.

    Args:
        columns: The column on all sides.
        quantity: Whether it is a measurement or a time; these count only where they are as fine as a key.
        moment: Whether it is a time; one to the second is met by chance as seldom as a number.
        looks: How many columns are looked at, for which the error is shared.
    """
    hits = set(columns.synthetic.values) & columns.train_only_values
    if not hits or not columns.is_identifying:
        return set()
    rare = is_unguessable(columns.train.values)
    if (quantity and not rare) or len(hits) <= MIN_COPY_RATIO * estimate_near_hits(
        columns.synthetic.values, columns.train_only_values
    ):
        return set()
    met = len(set(columns.synthetic.values) & columns.holdout_only_values)
    sizes = len(columns.train_only_values), len(columns.holdout_only_values)
    apart = compute_fisher_p_value(len(hits), sizes[0], met, sizes[1]) * looks
    if apart < MAX_HIT_P_VALUE:
        return hits
    if is_countable(columns.train.values):
        return set()
    unlike = (
        apart < MAX_RARE_HIT_P_VALUE * looks
        and _compute_agreement_p_value(len(hits), columns) < MAX_AGREEMENT_P_VALUE
    )
    guess = (
        rare
        and (moment or not quantity)
        and met == 0
        and _compute_guess_p_value(len(hits), columns) * looks < MAX_GUESS_P_VALUE
    )
    return hits if unlike or guess else set()


def is_unguessable(values: Collection[str]) -> bool:
    """Whether nobody who invents such values meets one of them.

    Example:
        >>> is_unguessable({"4857773456", "9434765919"}), is_unguessable({"1", "2", "3"})
        (True, False)
    """
    if not values:
        return False
    numbers = [_extract_digits(value) for value in values]
    if all(number is not None for number in numbers):
        whole = [number for number in numbers if number is not None]
        return len(whole) < MAX_IDENTIFIER_DENSITY * (max(whole) - min(whole) + 1)
    return float(np.mean([len(value) for value in values])) >= MIN_UNIQUE_TEXT_LENGTH


def estimate_near_hits(words: Iterable[str], mine: set[str]) -> float:
    """How many values of training chance would meet, from those that lie one to five steps beside them."""
    given = {number for word in words if (number := _parse_whole_number(word)) is not None}
    known = {number for word in mine if (number := _parse_whole_number(word)) is not None}
    beside = [
        len({number + step for number in known} & given - known)
        for offset in range(1, MAX_NEIGHBOR_OFFSET + 1)
        for step in (-offset, offset)
    ]
    return float(np.mean(beside))


def is_countable(values: Collection[str]) -> bool:
    """Whether whoever counts meets such values: numbers that fill a good part of their range.

    Example:
        >>> is_countable({"sub01", "sub02", "sub05"}), is_countable({"4857773456", "9434765919"})
        (True, False)
    """
    whole = [number for value in values if (number := _extract_digits(value)) is not None]
    return len(whole) == len(values) > 0 and max(whole) - min(whole) < MAX_COUNTING_RATIO * len(whole)


def _compute_agreement_p_value(hits: int, columns: ColumnSamples) -> float:
    """The probability of so many agreements, were they as rare as those of two real persons."""
    real = len(columns.train.values) + len(columns.holdout.values)
    pairs = len(columns.synthetic.values) * len(columns.train_only_values), real * (real - 1) / 2
    agree = len(set(columns.train.values) & set(columns.holdout.values))
    return float(binom.sf(hits - 1, hits + agree, pairs[0] / sum(pairs)))


def _compute_guess_p_value(hits: int, columns: ColumnSamples) -> float:
    """The probability of so many hits by drawing numbers as densely as they lie, or words at random."""
    mine, theirs, given = (
        np.unique([float(number) for word in words if (number := _extract_digits(word)) is not None])
        for words in (columns.train_only_values, columns.holdout.values, columns.synthetic.values)
    )
    if len(mine) < len(columns.train_only_values) or not len(given):  # words
        return float(poisson.sf(hits - 1, 1e-9))
    agree = len(set(columns.train.values) & set(columns.holdout.values))
    rounded = (agree + 1) / (_estimate_matches(theirs, mine) + 1)
    return float(poisson.sf(hits - 1, _estimate_matches(given, mine) * max(rounded, 1.0)))


def _estimate_matches(given: np.ndarray, known: np.ndarray) -> float:
    """How many numbers of two rising lists would agree, were they as even as the pairs that lie near."""
    span = float(known[-1] - known[0]) + 1
    width = max(LOCAL_WINDOW_SHARE * span, 1.0)
    near = np.searchsorted(known, given + width, "right") - np.searchsorted(known, given - width, "left")
    exact = np.isin(given, known)
    return float((near.sum() - exact.sum()) / (2 * width))


def _extract_digits(word: str) -> int | None:
    """The digits of a word as one whole number; None: it has none."""
    digits = re.sub(r"\D", "", word)
    return int(digits[: 4 * MAX_FLOAT_DIGITS]) if digits else None


def _parse_whole_number(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 4 * MAX_FLOAT_DIGITS else None
