"""Values of a column as they are spelled without case, spaces, punctuation and leading zeros.

"NHS 485-777" equals "nhs485777", and 7.0 equals "007".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.scalar_matrix import normalize_level
from manikin.core.arrow import pc

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.cohort.cohort import Cohort

DAY_MICROSECONDS, SECOND_MICROSECONDS = 86_400_000_000, 1_000_000  # microseconds
SEPARATOR_PATTERN = re.compile(r"[^0-9a-z\u00c0-\uffff]+")


@dataclass(frozen=True)
class NormalizedColumn:
    """The values of one column, or of several together.

    Args:
        values: The distinct values, spelled alike on all sides.
        codes: Which of them each record has, shape (n,); -1: none.
    """

    values: tuple[str, ...]
    codes: np.ndarray

    def has_any_of(self, wanted: Collection[str]) -> np.ndarray:
        """Which records have one of these values, bool (n,)."""
        return np.array([*(word in wanted for word in self.values), False])[self.codes]

    def join(self, other: NormalizedColumn) -> NormalizedColumn:
        """The pairs of values of two columns; of a record that lacks one, none."""
        both = (self.codes >= 0) & (other.codes >= 0)
        pairs, place = np.unique(
            np.where(both, self.codes * (len(other.values) + 1) + other.codes, -1), return_inverse=True
        )
        width = len(other.values) + 1
        words = [f"{self.values[p // width]} + {other.values[p % width]}" for p in pairs.tolist() if p >= 0]
        return NormalizedColumn(tuple(words), place - (pairs[0] < 0))


def normalize_column(cohort: Cohort, name: str) -> NormalizedColumn | None:
    """The values of a column of words, numbers or times; None: it has arrays, lists or truth values.

    Example:
        >>> from manikin.schema.kinds import Text
        >>> arrays = {"mrn": np.array(["AB-0012", "ab 12", None], dtype=object)}
        >>> from manikin.cohort.cohort import Cohort
        >>> normalize_column(Cohort.from_arrays(arrays, {"mrn": Text()}), "mrn").values
        ('ab0012', 'ab12')
    """
    column: Any = cohort.columns[name].combine_chunks()
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column = _to_whole_units(column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()))
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_number(kind)):
        return None
    encoded = column.dictionary_encode()
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    plain = [_normalize_value(value) for value in encoded.dictionary.to_pylist()]
    words = tuple(dict.fromkeys(word for word in plain if word))
    at = {word: code for code, word in enumerate(words)}
    return NormalizedColumn(
        words, np.array([*(at.get(word, -1) for word in plain), -1], dtype=np.int64)[indices]
    )


def is_quantity(cohort: Cohort, name: str) -> bool:
    """Whether a column holds times, or numbers that are not all whole."""
    column: Any = cohort.columns[name]
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return True
    if not pa.types.is_floating(column.type):
        return False
    values = column.drop_null().to_numpy()
    return bool(len(values) and np.any(values != np.floor(values)))


def _to_whole_units(moments: pa.Array) -> pa.Array:
    """Microseconds as whole days or seconds, whichever hold all of them."""
    values = moments.drop_null().to_numpy(zero_copy_only=False)
    unit = next((unit for unit in (DAY_MICROSECONDS, SECOND_MICROSECONDS) if not np.any(values % unit)), 1)
    return pc.divide(moments, unit)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _normalize_value(value: Any) -> str:  # noqa: ANN401 - text or a number
    if not isinstance(value, str):
        return normalize_level(value) if value == value else ""  # noqa: PLR0124 - NaN
    word = SEPARATOR_PATTERN.sub("", value.casefold())
    return (word.lstrip("0") or "0") if word.isdecimal() else word
