"""Label maps: the values of their files as levels 0, 1, ..., and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from manikin.cohort.source_format import SourceOptions
from manikin.core import arrow
from manikin.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.cohort.cohort import Cohort

_MAX_LEVELS = 32
"""More levels than this are measured values."""
_NEAR_EXTREME_DISTANCE, _MIN_EXTREME_SHARE = 32, 0.98
"""A mask saved with loss has this share of its values within so much of black or white."""


def list_distinct_values(x: np.ndarray) -> list[int] | None:
    """The distinct values of whole numbers in ascending order; None: not so few, or no whole numbers."""
    found: set[int] = set()
    for block in arrow.iterate_blocks(x):
        distinct = np.unique(block)
        if not (distinct == np.floor(distinct)).all() or len(distinct) > 256:  # noqa: PLR2004 - 8 bits
            return None
        found |= {int(value) for value in distinct}
    return sorted(found)


def to_levels(x: np.ndarray, name: str, declared: int = 0) -> tuple[np.ndarray, list[int], str]:
    """A label map as levels, what value of the file each stands for, and a note.

    Small whole numbers are levels already. Others, such as 0 and 255, are numbered in ascending
    order. A mask saved with loss (JPEG) is cut at half its range.

    Args:
        x: Records (n, channels, *grid).
        name: The field, for the message.
        declared: How many levels there are; 0: as many as the values say.

    Raises:
        SchemaError: The values are no levels.

    Example:
        >>> x, table, _ = to_levels(np.array([[[[0, 255]]]], dtype=np.uint8), "mask")
        >>> x.tolist(), table
        ([[[[0, 1]]]], [0, 255])
    """
    found = list_distinct_values(x)
    if found is not None and found[0] >= 0 and found[-1] < (declared or _MAX_LEVELS):
        count = declared or max(2, found[-1] + 1)
        return _to_small_integers(x), list(range(count)), ""
    if found is not None and len(found) <= (declared or _MAX_LEVELS) and (not declared or found[0] >= 0):
        table = found if len(found) > 1 else sorted({0, *found})
        return (
            _number_levels(x, table),
            table,
            f"the values {', '.join(map(str, table))} are levels 0 to {len(table) - 1}",
        )
    if x.dtype == np.uint8 and declared in (0, 2) and _is_lossy(x):
        return (x >= 128).astype(np.uint8), [0, 255], "a mask saved with loss, cut at 128"  # noqa: PLR2004
    message = (
        f"field {name!r}: its values are not the levels of a label map; say in schema.toml"
        ' that its kind is "image", and under levels how many there are (0: it holds measured values)'
    )
    raise SchemaError(message)


def from_levels(x: np.ndarray, table: Sequence[int]) -> np.ndarray:
    """Levels as the values of the file.

    Example:
        >>> from_levels(np.array([[0, 1]], dtype=np.uint8), [0, 255])
        array([[  0, 255]], dtype=uint8)
    """
    if list(table) == list(range(len(table))):
        return x
    dtype = np.result_type(x.dtype, np.min_scalar_type(max(table)), np.min_scalar_type(min(table)))
    known = np.clip(x, 0, len(table) - 1).astype(np.intp)
    return np.asarray(table, dtype=dtype)[known]


def _to_small_integers(x: np.ndarray) -> np.ndarray:
    return x if x.dtype.kind in "iu" else x.astype(np.uint8)


def _number_levels(x: np.ndarray, table: list[int]) -> np.ndarray:
    numbered = arrow.allocate_array(x.shape, np.uint8)
    start = 0
    for block in arrow.iterate_blocks(x):
        numbered[start : start + len(block)] = np.searchsorted(table, block)
        start += len(block)
    return numbered


def _is_lossy(x: np.ndarray) -> bool:
    near = sum(
        int(((block < _NEAR_EXTREME_DISTANCE) | (block > 255 - _NEAR_EXTREME_DISTANCE)).sum())
        for block in arrow.iterate_blocks(x)
    )
    return near >= _MIN_EXTREME_SHARE * x.size


@final
@dataclass(frozen=True)
class LabelMapOptions(SourceOptions):
    """For each label map the values that its levels stand for in files."""

    tables: Mapping[str, Sequence[int]] | None = None


def to_file_values(cohort: Cohort, name: str) -> np.ndarray:
    """A field as its files hold it: label maps with the values they came in."""
    table = (cohort.origin.find_options(LabelMapOptions).tables or {}).get(name)
    x = cohort[name]
    return from_levels(x, table) if table else x
