"""Columns that may tell persons or records apart, as ranks of their distinct values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.schema import column_names
from manikin.schema.inference import identifier_formats, integer_distribution
from manikin.schema.inference.key_groups import Grouping, group
from manikin.schema.kinds import Category, Number, Text, Time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.schema.inference.inferred_column import Finding

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

PERSON, RECORD, MARK, PLAIN, THING = 3, 2, 1, 0, -1
"""What a name says: a number of persons, of records, some number or mark, nothing, or no key at all."""
_COMPARED = 40
"""So many other columns are compared within the groups of a key."""
_SHORT = 1e8
"""Numbers of fewer than nine digits bear no form."""
_WORDY = 60
"""Texts of several words that are longer on average are prose."""


def rank(name: str) -> int:
    """What the name of a field says of it as a key.

    Example:
        >>> [rank(name) for name in ("USUBJID", "hadm_id", "ID1", "x", "zip")]
        [3, 2, 1, 0, -1]
    """
    if column_names.subject(name):
        return PERSON
    if column_names.record(name):
        return RECORD
    if column_names.is_thing(name):
        return THING
    return MARK if column_names.is_marked(name) else PLAIN


@dataclass(frozen=True)
class Candidate:
    """A column of whole numbers or short texts.

    Args:
        name: Of the field.
        codes: The rank of each row's value among the distinct ones, (n,); -1 where missing.
        values: The distinct values in ascending order, (k,): numbers, or texts as objects.
        number: Whether they are numbers.
    """

    name: str
    codes: np.ndarray
    values: np.ndarray
    number: bool

    @property
    def rank(self) -> int:
        """What its name says."""
        return rank(self.name)

    @cached_property
    def counts(self) -> np.ndarray:
        """In how many rows each distinct value stands, (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @property
    def rows(self) -> int:
        """How many rows hold a value."""
        return int(self.counts.sum())

    @property
    def k(self) -> int:
        """How many distinct values there are."""
        return len(self.values)

    @cached_property
    def form(self) -> str | None:
        """Which mark of persons the values are by their form."""
        short = self.number and self.k > 0 and float(self.values[-1]) < _SHORT
        if self.rank == THING or short:
            return None
        return identifier_formats.find_form([str(value) for value in self.values.tolist()])

    @cached_property
    def keylike(self) -> bool:
        """Whether the values are spread or spelled as numbers given to persons are."""
        if not self.number:
            return self.form is not None or identifier_formats.is_numbered(self.values.tolist())
        if integer_distribution.is_rounded(self.values, self.counts) or integer_distribution.are_dates(
            self.values
        ):
            return False
        return (
            self.form is not None
            or integer_distribution.is_running(self.values)
            or integer_distribution.is_uniform(self.values)
        )

    @property
    def ordinal(self) -> bool:
        """Whether the values count from 0 or 1 through few steps that many rows share, as visits do."""
        few = self.k <= 40 and self.rows > self.k * self.k / 2  # noqa: PLR2004 - more visits are rare
        return (
            self.number
            and few
            and self.values[0] in (0, 1)
            and integer_distribution.is_running(self.values)
        )

    @property
    def together(self) -> bool:
        """Whether rows of one value stand together, in no order of the values, as those of a person do."""
        runs = int((np.diff(self.codes[self.codes >= 0]) != 0).sum()) + 1
        repeats = self.rows - self.k
        return repeats >= 8 and runs <= self.k + 0.02 * repeats and not self.ascending  # noqa: PLR2004 - a few

    @property
    def ascending(self) -> bool:
        """Whether the rows are in the order of the values."""
        return bool((np.diff(self.codes[self.codes >= 0]) >= 0).all())

    def of(self, rows: np.ndarray) -> Candidate:
        """The same column at these rows alone."""
        kept, codes = np.unique(self.codes[rows], return_inverse=True)
        gap = int(len(kept) > 0 and kept[0] < 0)
        return Candidate(self.name, codes - gap, self.values[kept[gap:]], self.number)


def candidate(name: str, finding: Finding) -> Candidate | None:
    """The column as a candidate; None: it holds neither whole numbers nor short texts."""
    values = finding.values
    if not isinstance(finding.kind, Number | Category | Text) or finding.kind.role == "note":
        return None
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return _number(name, values)
    if not pa.types.is_string(values.type) or values.null_count == len(values):
        return None
    coded = values.dictionary_encode()
    blanks = pc.mean(pc.count_substring(coded.dictionary, " ")).as_py()
    if blanks and pc.mean(pc.utf8_length(coded.dictionary)).as_py() > _WORDY:
        return None
    words = np.array(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(words.astype(str), kind="stable")
    place = np.append(np.argsort(order), -1)
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Candidate(name, place[codes], words[order], number=False)


def _number(name: str, values: pa.Array) -> Candidate | None:
    present = values.drop_null().to_numpy(zero_copy_only=False)
    if not len(present) or (present.dtype.kind == "f" and (present != np.rint(present)).any()):
        return None
    distinct, inverse = np.unique(present, return_inverse=True)
    codes = np.full(len(values), -1)
    codes[values.is_valid().to_numpy(zero_copy_only=False)] = inverse
    if distinct.dtype.kind == "f" and np.abs(distinct).max() < 2**63:
        distinct = distinct.astype(np.int64)
    return Candidate(name, codes, distinct, number=True)


@dataclass(frozen=True)
class Table:
    """All scalar columns as codes, and the rows that do not repeat another.

    Args:
        codes: Of each column, (n,); -1 where missing.
        rows: The first of rows that are equal in all columns that repeat, ascending: rows drawn twice
            would make every column look constant within groups.
    """

    codes: Mapping[str, np.ndarray]
    rows: np.ndarray

    @classmethod
    def of(cls, found: Mapping[str, Finding]) -> Table:
        """The columns of a table."""
        scalars = {n: f for n, f in found.items() if isinstance(f.kind, Number | Category | Time | Text)}
        codes = {name: _codes(finding.values) for name, finding in scalars.items()}
        n = len(next(iter(codes.values()))) if codes else 0
        mixed = np.zeros(n, dtype=np.uint64)
        for column in codes.values():
            if int(column.max(initial=-1)) + 1 < n:
                mixed = (mixed * np.uint64(1_000_003)) ^ (column + 2).astype(np.uint64)
        return cls(codes, np.sort(np.unique(mixed, return_index=True)[1]))

    @cached_property
    def compared(self) -> dict[str, np.ndarray]:
        """The columns that are compared within groups: what lasts with a person first, then few levels."""
        levels = {name: int(column.max(initial=-1)) + 1 for name, column in self.codes.items()}
        varied = (name for name in self.codes if levels[name] > 1)
        order = sorted(varied, key=lambda name: (not column_names.is_lasting(name), levels[name]))
        return {name: self.codes[name][self.rows] for name in order[: _COMPARED + 1]}

    def group(self, key: Candidate) -> Grouping:
        """What is constant within the groups of a key."""
        others = {name: column for name, column in self.compared.items() if name != key.name}
        return group(key.codes[self.rows], others, frozenset(filter(column_names.is_lasting, others)))


def _codes(values: pa.Array) -> np.ndarray:
    return values.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
