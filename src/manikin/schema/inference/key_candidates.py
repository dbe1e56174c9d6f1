"""Columns that may tell persons or records apart, as ranks of their distinct values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.inference import identifier_formats, integer_distribution
from manikin.schema.inference.key_groups import Grouping, group_by_key
from manikin.schema.kinds import Category, Number, Text, Time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.schema.inference.columns import InferredColumn

PERSON_RANK, RECORD_RANK, POSSIBLE_KEY_RANK, NEUTRAL_RANK, NON_KEY_RANK = 3, 2, 1, 0, -1
"""What a name says: a number of persons, of records, some number or mark, nothing, or no key at all."""
_MAX_COMPARED_COLUMNS = 40
"""So many other columns are compared within the groups of a key."""
_MAX_SHORT_NUMBER = 1e8
"""Numbers of fewer than nine digits bear no form."""
_MAX_KEY_TEXT_LENGTH = 60
"""Texts of several words that are longer on average are prose."""


def rank_name(name: str) -> int:
    """What the name of a field says of it as a key.

    Example:
        >>> [rank_name(name) for name in ("USUBJID", "hadm_id", "ID1", "x", "zip")]
        [3, 2, 1, 0, -1]
    """
    if column_names.is_subject_id(name):
        return PERSON_RANK
    if column_names.is_record_id(name):
        return RECORD_RANK
    if column_names.is_non_key(name):
        return NON_KEY_RANK
    return POSSIBLE_KEY_RANK if column_names.is_possible_id(name) else NEUTRAL_RANK


@dataclass(frozen=True)
class KeyCandidate:
    """A column of whole numbers or short texts.

    Args:
        name: Of the field.
        codes: The rank of each row's value among the distinct ones, (n,); -1 where missing.
        values: The distinct values in ascending order, (k,): numbers, or texts as objects.
        is_number: Whether they are numbers.
    """

    name: str
    codes: np.ndarray
    values: np.ndarray
    is_number: bool

    @property
    def rank(self) -> int:
        """What its name says."""
        return rank_name(self.name)

    @cached_property
    def counts(self) -> np.ndarray:
        """In how many rows each distinct value stands, (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @property
    def n_rows(self) -> int:
        """How many rows hold a value."""
        return int(self.counts.sum())

    @property
    def n_distinct(self) -> int:
        """How many distinct values there are."""
        return len(self.values)

    @cached_property
    def identifier_format(self) -> str | None:
        """Which mark of persons the values are by their form."""
        short = self.is_number and self.n_distinct > 0 and float(self.values[-1]) < _MAX_SHORT_NUMBER
        if self.rank == NON_KEY_RANK or short:
            return None
        return identifier_formats.identify_format([str(value) for value in self.values.tolist()])

    @cached_property
    def is_key_like(self) -> bool:
        """Whether the values are spread or spelled as numbers given to persons are."""
        if not self.is_number:
            return self.identifier_format is not None or identifier_formats.are_numbered_alike(
                self.values.tolist()
            )
        if integer_distribution.is_rounded(self.values, self.counts) or integer_distribution.are_dates(
            self.values
        ):
            return False
        return (
            self.identifier_format is not None
            or integer_distribution.is_consecutive(self.values)
            or integer_distribution.is_uniform(self.values)
        )

    @property
    def is_ordinal(self) -> bool:
        """Whether the values count from 0 or 1 through few steps that many rows share, as visits do."""
        few = self.n_distinct <= 40 and self.n_rows > self.n_distinct * self.n_distinct / 2  # noqa: PLR2004 - more visits are rare
        return (
            self.is_number
            and few
            and self.values[0] in (0, 1)
            and integer_distribution.is_consecutive(self.values)
        )

    @property
    def is_contiguous(self) -> bool:
        """Whether rows of one value stand together, in no order of the values, as those of a person do."""
        runs = int((np.diff(self.codes[self.codes >= 0]) != 0).sum()) + 1
        repeats = self.n_rows - self.n_distinct
        return repeats >= 8 and runs <= self.n_distinct + 0.02 * repeats and not self.is_ascending  # noqa: PLR2004 - a few

    @property
    def is_ascending(self) -> bool:
        """Whether the rows are in the order of the values."""
        return bool((np.diff(self.codes[self.codes >= 0]) >= 0).all())

    def take_rows(self, rows: np.ndarray) -> KeyCandidate:
        """The same column at these rows alone."""
        kept, codes = np.unique(self.codes[rows], return_inverse=True)
        gap = int(len(kept) > 0 and kept[0] < 0)
        return KeyCandidate(self.name, codes - gap, self.values[kept[gap:]], self.is_number)


def build_candidate(name: str, finding: InferredColumn) -> KeyCandidate | None:
    """The column as a candidate; None: it holds neither whole numbers nor short texts."""
    values = finding.values
    if not isinstance(finding.kind, Number | Category | Text) or finding.kind.role == "note":
        return None
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return _build_number_candidate(name, values)
    if not pa.types.is_string(values.type) or values.null_count == len(values):
        return None
    coded = values.dictionary_encode()
    blanks = pc.mean(pc.count_substring(coded.dictionary, " ")).as_py()
    if blanks and pc.mean(pc.utf8_length(coded.dictionary)).as_py() > _MAX_KEY_TEXT_LENGTH:
        return None
    words = np.array(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(words.astype(str), kind="stable")
    place = np.append(np.argsort(order), -1)
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return KeyCandidate(name, place[codes], words[order], is_number=False)


def _build_number_candidate(name: str, values: pa.Array) -> KeyCandidate | None:
    present = values.drop_null().to_numpy(zero_copy_only=False)
    if not len(present) or (present.dtype.kind == "f" and (present != np.rint(present)).any()):
        return None
    distinct, inverse = np.unique(present, return_inverse=True)
    codes = np.full(len(values), -1)
    codes[values.is_valid().to_numpy(zero_copy_only=False)] = inverse
    if distinct.dtype.kind == "f" and np.abs(distinct).max() < 2**63:
        distinct = distinct.astype(np.int64)
    return KeyCandidate(name, codes, distinct, is_number=True)


@dataclass(frozen=True)
class CodedTable:
    """All scalar columns as codes, and the rows that do not repeat another.

    Args:
        codes: Of each column, (n,); -1 where missing.
        distinct_rows: The first of rows that are equal in all columns that repeat, ascending: rows drawn
            twice would make every column look constant within groups.
    """

    codes: Mapping[str, np.ndarray]
    distinct_rows: np.ndarray

    @classmethod
    def from_columns(cls, found: Mapping[str, InferredColumn]) -> CodedTable:
        """The columns of a table."""
        scalars = {n: f for n, f in found.items() if isinstance(f.kind, Number | Category | Time | Text)}
        codes = {name: _encode_values(finding.values) for name, finding in scalars.items()}
        n = len(next(iter(codes.values()))) if codes else 0
        mixed = np.zeros(n, dtype=np.uint64)
        for column in codes.values():
            if int(column.max(initial=-1)) + 1 < n:
                mixed = (mixed * np.uint64(1_000_003)) ^ (column + 2).astype(np.uint64)
        return cls(codes, np.sort(np.unique(mixed, return_index=True)[1]))

    @cached_property
    def compared_columns(self) -> dict[str, np.ndarray]:
        """The columns that are compared within groups: what lasts with a person first, then few levels."""
        levels = {name: int(column.max(initial=-1)) + 1 for name, column in self.codes.items()}
        varied = (name for name in self.codes if levels[name] > 1)
        order = sorted(varied, key=lambda name: (not column_names.is_lasting(name), levels[name]))
        return {name: self.codes[name][self.distinct_rows] for name in order[: _MAX_COMPARED_COLUMNS + 1]}

    def group_by_key(self, key: KeyCandidate) -> Grouping:
        """What is constant within the groups of a key."""
        others = {name: column for name, column in self.compared_columns.items() if name != key.name}
        return group_by_key(
            key.codes[self.distinct_rows], others, frozenset(filter(column_names.is_lasting, others))
        )


def _encode_values(values: pa.Array) -> np.ndarray:
    return values.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
