"""The levels of a category as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from manikin.codecs.table.arrow_columns import parse_arrow_type
from manikin.core.arrow import pc
from manikin.core.short_lists import list_names
from manikin.encoding.spec import Categorical
from manikin.errors import SchemaError


@dataclass(frozen=True)
class CategoryEncoder:
    """The levels of one category; one more stands for missing where that occurs."""

    levels: list[Any]
    dtype: str
    optional: bool
    name: str = ""

    @property
    def block(self) -> Categorical:
        """The channel that this column becomes."""
        return Categorical(len(self.levels) + self.optional)

    def encode(self, column: pa.ChunkedArray, _rng: np.random.Generator | None) -> np.ndarray:
        """Values to level numbers (n,)."""
        known = pa.array(self.levels, type=column.type)
        codes = pc.fill_null(pc.index_in(column, known), -1).to_numpy()
        missing = pc.is_null(column, nan_is_null=True).to_numpy()
        strange = (codes < 0) & ~missing
        if strange.any():
            message = (
                f"field {self.name!r}: {int(strange.sum())} records have a level that was not seen in "
                f"training; the levels are {list_names(self.levels, 20)}"
            )
            raise SchemaError(message)
        if missing.any() and not self.optional:
            message = f"field {self.name!r}: missing in {int(missing.sum())} records, never in training"
            raise SchemaError(message)
        return np.where(missing, len(self.levels), codes).astype(float)

    def decode(self, z: np.ndarray, _rng: np.random.Generator) -> pa.Array:
        """Level numbers to values of the file's type."""
        codes = z.astype(int)
        missing = codes >= len(self.levels)
        known = pa.array(self.levels, type=parse_arrow_type(self.dtype))
        return known.take(pa.array(np.where(missing, 0, codes), mask=missing))
