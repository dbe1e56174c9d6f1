"""Table: scalar fields as vectors in which a step of one is a step of one robust deviation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.feature import Feature
from manikin.schema.kinds import SCALAR_TYPES

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MAX_LEVELS = 24  # of a category; rarer ones share one coordinate
UNEXPECTED_GAP_VALUE = 5.0  # where a value is missing in a field in which none was


@dataclass(frozen=True)
class Table(Feature):
    """Robustly scaled quantities, one-hot levels and flags of what is missing.

    A quantity becomes asinh((value - median) / deviation), the deviation being the range of
    the middle half over 1.349: linear in the bulk, logarithmic in the tails, so that one
    outlier does not decide a distance. A missing one sits at the median with its flag up. Two
    different levels lie at a distance of one. What it cannot see: the order of levels, and
    levels beyond the most frequent 24 of a field, which share one coordinate.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> from manikin.schema.kinds import Number
        >>> ages = {"age": np.array([40.0, 50.0, 60.0, np.nan])}
        >>> cohort = Cohort.from_arrays(ages, {"age": Number()})
        >>> Table().fit(cohort)(cohort).round(2)
        array([[-1.11,  0.  ],
               [ 0.  ,  0.  ],
               [ 1.11,  0.  ],
               [ 0.  ,  1.  ]], dtype=float32)

    """

    kinds: ClassVar[tuple[type, ...]] = SCALAR_TYPES
    version: ClassVar[str] = "table/1"

    fields: ScalarEncoder = field(default_factory=lambda: ScalarEncoder((), ()))
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    frequent_levels: tuple[tuple[int, ...], ...] = ()
    has_gaps: tuple[bool, ...] = ()

    def fit(self, cohort: Cohort) -> Table:
        """Learn medians, deviations and frequent levels."""
        fields = ScalarEncoder.fit(cohort)
        table = fields.encode(cohort)
        centre, scale = compute_robust_scales(table)
        kept = tuple(
            find_frequent_levels(table[:, j]) if c else () for j, c in enumerate(fields.is_categorical)
        )
        gaps = tuple(bool(np.isnan(column).any()) for column in table.T)
        return Table(fields, tuple(centre), tuple(scale), kept, gaps)

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        return self.embed(self.fields.encode(cohort))

    def embed(self, table: np.ndarray) -> np.ndarray:
        """The same, from scalars that are encoded already, float64 (n, p)."""
        blocks = [self._encode_column(table[:, j], j) for j in range(table.shape[1])]
        return (
            np.column_stack(blocks).astype(np.float32) if blocks else np.zeros((len(table), 0), np.float32)
        )

    def _encode_column(self, values: np.ndarray, j: int) -> np.ndarray:
        absent = np.isnan(values)
        if self.fields.levels[j] is not None:
            hot = values[:, None] == np.array(self.frequent_levels[j])
            other = ~absent & ~hot.any(axis=1)
            return np.column_stack([hot, other, absent]) / np.sqrt(2)
        scaled = np.arcsinh((values - self.centre[j]) / self.scale[j])
        if not self.has_gaps[j]:
            return np.where(absent, UNEXPECTED_GAP_VALUE, scaled)[:, None]
        return np.column_stack([np.where(absent, 0.0, scaled), absent])


def compute_robust_scales(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The median and the robust deviation of each column, shapes (p,); never zero, never NaN.

    Where half of the values are one, the deviation is the standard deviation.
    """
    filled = np.where(np.isnan(table).all(axis=0), 0.0, table)
    low, centre, high = np.nanquantile(filled, (0.25, 0.5, 0.75), axis=0)
    spread = np.nanstd(filled, axis=0)
    scale = np.where(high > low, (high - low) / 1.349, spread)
    return centre, np.where(scale > 0, scale, 1.0)


def find_frequent_levels(codes: np.ndarray) -> tuple[int, ...]:
    """The codes of the most frequent levels, at most 24, in the order of their codes."""
    values, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    kept = values[np.argsort(-counts, kind="stable")[:MAX_LEVELS]]
    return tuple(sorted(int(code) for code in kept))


__plugin__ = Table
