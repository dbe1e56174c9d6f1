"""Bins of equal share for a run of numbers: gaps between visits, or what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import pyarrow as pa

from manikin.codecs.rows import RowsCodec
from manikin.cohort.cohort import Cohort
from manikin.schema.kinds import Number, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.cohort.histories import Histories
    from manikin.core.seeds import Key

VALUE_BINS = 10
"""Bins of the values of a code."""

COLUMN = "gap"
"""The name of the numbers in saved models, and of the random stream that draws within bins."""


@final
@dataclass(frozen=True)
class NumberBins:
    """Numbers <-> their bins, those of a table with one column; no bin gives back the number of one record.

    Args:
        table: The fitted encoding of that column.
    """

    table: RowsCodec

    @classmethod
    def fit(cls, values: np.ndarray, bins: int) -> Self:
        """About as many bins for numbers (m,), NaN where missing."""
        numbers = pa.table({COLUMN: pa.array(values, from_pandas=True)})
        return cls(
            RowsCodec(bins=bins).fit(Cohort.from_table(numbers, Schema({COLUMN: Number()})), [COLUMN])
        )

    @property
    def count(self) -> int:
        """How many bins there are, that of a missing number among them."""
        return self.table.spec.vocab

    @property
    def is_complete(self) -> bool:
        """Whether no number was missing in training."""
        return COLUMN in self.table.complete_fields

    def encode(self, values: np.ndarray) -> np.ndarray:
        """The bin of each number (m,), from 0 on."""
        numbers = pa.table({COLUMN: pa.array(values, from_pandas=True)})
        return self.table.encode(Cohort(numbers, Schema({COLUMN: Number()})))[:, 0]

    def decode(self, bins: np.ndarray, key: Key) -> np.ndarray:
        """Numbers drawn within their bins (m,), NaN where missing."""
        drawn = self.table.decode(bins[:, None], key)[COLUMN]
        return drawn.cast(pa.float64()).to_numpy(zero_copy_only=False)

    def to_dict(self) -> dict[str, Any]:
        """The encoding of the column."""
        return self.table.to_dict()

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(RowsCodec.from_dict(state))


def fit_value_bins(found: Histories, subject: np.ndarray, least: int) -> dict[str, NumberBins]:
    """The bins of each code that was measured in enough patients."""
    out = {}
    for i, rows in _group_by_code(found.code):
        value = found.value[rows]
        if len(np.unique(subject[found.patient[rows][~np.isnan(value)]])) >= least:
            out[found.codes[i]] = NumberBins.fit(value, VALUE_BINS)
    return out


def encode_values(bins: Mapping[str, NumberBins], found: Histories) -> np.ndarray:
    """The bin of the value of each event (m,), by the bins of its code; 0 where that has none."""
    out = np.zeros(len(found.code), dtype=np.int64)
    for i, rows in _group_by_code(found.code):
        if (known := bins.get(found.codes[i])) is not None:
            out[rows] = known.encode(found.value[rows])
    return out


def decode_values(
    bins: Mapping[str, NumberBins], codes: Sequence[str], code: np.ndarray, chosen: np.ndarray, key: Key
) -> np.ndarray:
    """Values (m,) drawn within the `chosen` bins of events with these codes, numbers of `codes`."""
    out = np.full(len(code), np.nan)
    for i, rows in _group_by_code(code):
        if (known := bins.get(codes[i])) is not None:
            out[rows] = known.decode(chosen[rows].clip(0), key.child("value", i))
    return out


def _group_by_code(code: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Each code of events (m,) with the positions of its events."""
    order = np.argsort(code, kind="stable")
    edges = np.flatnonzero(np.diff(code[order])) + 1
    return [(int(code[rows[0]]), rows) for rows in np.split(order, edges) if len(rows)]
