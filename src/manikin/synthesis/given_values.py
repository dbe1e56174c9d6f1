"""What is given of records, as it stands, beside what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from manikin.core import arrow
from manikin.core.arrow import pc


def keep_given(given: pa.Array, rows: np.ndarray, drawn: Any) -> pa.Array:  # noqa: ANN401 - an Arrow array
    """What is given as it stands, to the last digit; drawn values in its gaps."""
    mine = given.take(pa.array(rows))
    return pc.if_else(mine.is_valid(), mine, drawn)


def overlay(given: Any, rows: np.ndarray, drawn: Any) -> pa.Array:  # noqa: ANN401 - Arrow arrays
    """What is given of signals and pictures as it stands; drawn values where it is NaN.

    A codec need not give back what it got: of series it makes values that files record, in an order.
    """
    mine, found = (arrow.to_array(pa.chunked_array([x])) for x in (given, drawn))
    mine = mine[rows]
    known = ~np.isnan(mine) if mine.dtype.kind == "f" else np.ones(mine.shape, dtype=bool)
    return arrow.to_column(np.where(known, mine, found).astype(found.dtype))


def fill_in(values: Any, some: pa.Array, n: int) -> pa.Array:  # noqa: ANN401 - an Arrow array or None
    """The values with gaps filled; without values, `some` value n times."""
    if values is None:
        return some.take(pa.array(np.zeros(n, dtype=np.int64)))
    return values.fill_null(some[0]) if some[0].is_valid else values
