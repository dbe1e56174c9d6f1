"""Coincidence: do values of a column equal those of training patients beyond what chance explains?

A value is compared as it is spelled without case, spaces, punctuation and leading zeros, so that
"NHS 485-777" equals "nhs485777" and 7.0 equals "007". Nothing is asked of a column's name, kind or role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort.scalar_matrix import spelling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from manikin.cohort.cohort import Cohort

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

SHARED = 0.2  # of the held-out subjects, who have a training value in a column that tells persons apart
FEWEST = 10  # distinct values on a side, below which a column is one of levels
SPARSE = 1e-3  # of the numbers in their range, identifiers are fewer: none is met by counting
LONG = 20  # letters of a text that nobody invents a second time
CHANCE = 1e-3  # by which values may hit those of training rather than of holdout
LIKELY = 0.05  # the same, where values can hardly be met by counting and two real persons hardly ever agree
RARELY = 1e-4  # by which so many values may agree, were it as rare as it is between two real persons
GUESSED = 1e-5  # by which numbers that nobody can guess may be met all the same
OFFSETS = 5  # neighbours on either side, which what is drawn from a distribution hits as often
SHARPER = 10  # times as often as neighbours: a value that is copied, not drawn near
COUNTED = 10  # numbers in the range for each that is given: fewer are met by counting
WINDOW = 1e-3  # of the range of numbers, in which they lie about evenly
EXACT = 15  # digits that a floating-point number holds
DAY, SECOND = 86_400_000_000, 1_000_000  # microseconds
LETTER = re.compile(r"[^0-9a-z\u00c0-\uffff]+")


@dataclass(frozen=True)
class Spelled:
    """The values of one column, or of several together.

    Args:
        words: The distinct values, spelled alike on all sides.
        place: Which of them each record has, shape (n,); -1: none.
    """

    words: tuple[str, ...]
    place: np.ndarray

    def have(self, wanted: Collection[str]) -> np.ndarray:
        """Which records have one of these values, bool (n,)."""
        return np.array([*(word in wanted for word in self.words), False])[self.place]

    def join(self, other: Spelled) -> Spelled:
        """The pairs of values of two columns; of a record that lacks one, none."""
        both = (self.place >= 0) & (other.place >= 0)
        pairs, place = np.unique(
            np.where(both, self.place * (len(other.words) + 1) + other.place, -1), return_inverse=True
        )
        width = len(other.words) + 1
        words = [f"{self.words[p // width]} + {other.words[p % width]}" for p in pairs.tolist() if p >= 0]
        return Spelled(tuple(words), place - (pairs[0] < 0))


def spell(cohort: Cohort, name: str) -> Spelled | None:
    """The values of a column of words, numbers or times; None: it has arrays, lists or truth values.

    Example:
        >>> from manikin.schema.kinds import Text
        >>> arrays = {"mrn": np.array(["AB-0012", "ab 12", None], dtype=object)}
        >>> from manikin.cohort.cohort import Cohort
        >>> spell(Cohort.from_arrays(arrays, {"mrn": Text()}), "mrn").words
        ('ab0012', 'ab12')
    """
    column: Any = cohort.columns[name].combine_chunks()
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column = _steps(column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()))
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_number(kind)):
        return None
    encoded = column.dictionary_encode()
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    plain = [_plain(value) for value in encoded.dictionary.to_pylist()]
    words = tuple(dict.fromkeys(word for word in plain if word))
    at = {word: code for code, word in enumerate(words)}
    return Spelled(words, np.array([*(at.get(word, -1) for word in plain), -1], dtype=np.int64)[indices])


def is_quantity(cohort: Cohort, name: str) -> bool:
    """Whether a column holds times, or numbers that are not all whole."""
    column: Any = cohort.columns[name]
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return True
    if not pa.types.is_floating(column.type):
        return False
    values = column.drop_null().to_numpy()
    return bool(len(values) and np.any(values != np.floor(values)))


@dataclass(frozen=True)
class Columns:
    """One column (or pair) of all three sides, as it is spelled, and whose records they are.

    Args:
        train: Of training records.
        holdout: Of held-out ones.
        synthetic: Of those to judge.
        owner: The subject of each held-out record, (n,).
    """

    train: Spelled
    holdout: Spelled
    synthetic: Spelled
    owner: np.ndarray

    @property
    def mine(self) -> set[str]:
        """Values that only training records have."""
        return set(self.train.words) - set(self.holdout.words)

    @property
    def theirs(self) -> set[str]:
        """Values that only held-out records have."""
        return set(self.holdout.words) - set(self.train.words)

    @property
    def telling(self) -> bool:
        """Whether the column tells persons apart: hardly any held-out subject has a training value."""
        if min(len(self.train.words), len(self.holdout.words)) < FEWEST:
            return False
        known = self.holdout.place >= 0
        subjects, first = np.unique(self.owner[known], return_index=True)
        met = self.holdout.have(set(self.train.words))[known][first]
        return len(subjects) >= FEWEST and float(np.mean(met)) <= SHARED

    def join(self, other: Columns) -> Columns:
        """The pairs of this column and another."""
        return Columns(
            self.train.join(other.train),
            self.holdout.join(other.holdout),
            self.synthetic.join(other.synthetic),
            self.owner,
        )


def find_leaked(
    columns: Columns, *, quantity: bool = False, moment: bool = False, looks: int = 1
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
    hits = set(columns.synthetic.words) & columns.mine
    if not hits or not columns.telling:
        return set()
    rare = is_unguessable(columns.train.words)
    if (quantity and not rare) or len(hits) <= SHARPER * near_hits(columns.synthetic.words, columns.mine):
        return set()
    met = len(set(columns.synthetic.words) & columns.theirs)
    apart = compare_hits(len(hits), met, len(columns.mine), len(columns.theirs)) * looks
    if apart < CHANCE:
        return hits
    if is_counted(columns.train.words):
        return set()
    unlike = apart < LIKELY * looks and _agreeing(len(hits), columns) < RARELY
    guess = (
        rare and (moment or not quantity) and met == 0 and _guessed(len(hits), columns) * looks < GUESSED
    )
    return hits if unlike or guess else set()


def compare_hits(hits: int, control: int, mine: int, theirs: int) -> float:
    """The probability of so many hits among training values, were they those of held-out ones too.

    Example:
        >>> round(compare_hits(10, 0, 80, 20), 3)
        0.095
    """
    from scipy.stats import hypergeom

    return float(hypergeom.sf(hits - 1, mine + theirs, mine, hits + control))


def is_unguessable(values: Collection[str]) -> bool:
    """Whether nobody who invents such values meets one of them.

    Example:
        >>> is_unguessable({"4857773456", "9434765919"}), is_unguessable({"1", "2", "3"})
        (True, False)
    """
    if not values:
        return False
    numbers = [_number(value) for value in values]
    if all(number is not None for number in numbers):
        whole = [number for number in numbers if number is not None]
        return len(whole) < SPARSE * (max(whole) - min(whole) + 1)
    return float(np.mean([len(value) for value in values])) >= LONG


def near_hits(words: Iterable[str], mine: set[str]) -> float:
    """How many values of training chance would meet, from those that lie one to five steps beside them."""
    given = {number for word in words if (number := _whole(word)) is not None}
    known = {number for word in mine if (number := _whole(word)) is not None}
    beside = [
        len({number + step for number in known} & given - known)
        for offset in range(1, OFFSETS + 1)
        for step in (-offset, offset)
    ]
    return float(np.mean(beside))


def is_counted(values: Collection[str]) -> bool:
    """Whether whoever counts meets such values: numbers that fill a good part of their range.

    Example:
        >>> is_counted({"sub01", "sub02", "sub05"}), is_counted({"4857773456", "9434765919"})
        (True, False)
    """
    whole = [number for value in values if (number := _number(value)) is not None]
    return len(whole) == len(values) > 0 and max(whole) - min(whole) < COUNTED * len(whole)


def _agreeing(hits: int, columns: Columns) -> float:
    """The probability of so many agreements, were they as rare as those of two real persons."""
    from scipy.stats import binom

    real = len(columns.train.words) + len(columns.holdout.words)
    pairs = len(columns.synthetic.words) * len(columns.mine), real * (real - 1) / 2
    agree = len(set(columns.train.words) & set(columns.holdout.words))
    return float(binom.sf(hits - 1, hits + agree, pairs[0] / sum(pairs)))


def _guessed(hits: int, columns: Columns) -> float:
    """The probability of so many hits by drawing numbers as densely as they lie, or words at random."""
    from scipy.stats import poisson

    mine, theirs, given = (
        np.unique([float(number) for word in words if (number := _number(word)) is not None])
        for words in (columns.mine, columns.holdout.words, columns.synthetic.words)
    )
    if len(mine) < len(columns.mine) or not len(given):  # words
        return float(poisson.sf(hits - 1, 1e-9))
    agree = len(set(columns.train.words) & set(columns.holdout.words))
    rounded = (agree + 1) / (_expected(theirs, mine) + 1)
    return float(poisson.sf(hits - 1, _expected(given, mine) * max(rounded, 1.0)))


def _expected(given: np.ndarray, known: np.ndarray) -> float:
    """How many numbers of two rising lists would agree, were they as even as the pairs that lie near."""
    span = float(known[-1] - known[0]) + 1
    width = max(WINDOW * span, 1.0)
    near = np.searchsorted(known, given + width, "right") - np.searchsorted(known, given - width, "left")
    exact = np.isin(given, known)
    return float((near.sum() - exact.sum()) / (2 * width))


def _steps(moments: pa.Array) -> pa.Array:
    """Microseconds as whole days or seconds, whichever hold all of them."""
    values = moments.drop_null().to_numpy(zero_copy_only=False)
    unit = next((unit for unit in (DAY, SECOND) if not np.any(values % unit)), 1)
    return pc.divide(moments, unit)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _plain(value: Any) -> str:  # noqa: ANN401 - text or a number
    if not isinstance(value, str):
        return spelling(value) if value == value else ""  # noqa: PLR0124 - NaN
    word = LETTER.sub("", value.casefold())
    return (word.lstrip("0") or "0") if word.isdecimal() else word


def _number(word: str) -> int | None:
    """The digits of a word as one whole number; None: it has none."""
    digits = re.sub(r"\D", "", word)
    return int(digits[: 4 * EXACT]) if digits else None


def _whole(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 4 * EXACT else None
