"""Columns of numbers: quantities on their recording grid, codes, and numbers that stand for a gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema import column_names
from manikin.schema.inference.columns import NO_VALUE, InferredColumn
from manikin.schema.inference.numeric_warnings import collect_numeric_warnings
from manikin.schema.kinds import Category, Number
from manikin.schema.remark import Remark

_NEGATIVE_SENTINELS = (-9, -99, -999, -9999, -99999)
_POSITIVE_SENTINELS = (99, 999, 9999, 99999, 999.9, 9999.9)
_MAX_DECIMALS = 6
_MAX_ROUNDING_SHARE = 0.05
"""Rounding errors of this share of a cell hide the grid."""
_MAX_OFF_GRID_SHARE = 0.005
"""The share of records that may lie off the grid."""
MAX_UNNAMED_CODES = 5
"""Up to so many distinct whole numbers are codes though no name says so."""
_MAX_CODES = 100
"""So many distinct whole numbers are no codes, whatever the name says."""


def are_missing_sentinels(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which distinct values stand for a missing one, as -999 and 9999 do, (k,) of booleans.

    Only numbers set clearly apart from the rest: a repeated negative one below data that are
    never negative, or one farther from the rest than the rest is wide (twice, above).

    Args:
        values: The distinct values in ascending order, (k,).
        counts: In how many rows each stands, (k,).

    Example:
        >>> are_missing_sentinels(np.array([-999.0, 40, 41, 42]), np.array([3, 5, 5, 5])).tolist()
        [True, False, False, False]
    """
    values = values.astype(np.float64)
    suspect = np.isin(values, _NEGATIVE_SENTINELS) | np.isin(values, _POSITIVE_SENTINELS)
    rest = values[~suspect]
    if not suspect.any() or len(rest) < 2 or counts.sum() < 10:  # noqa: PLR2004 - too few to tell
        return np.zeros(len(values), dtype=bool)
    suspect &= ~((values >= rest.min()) & (values <= rest.max())) & (counts > 1)
    low, wide = rest.min(), rest.max() - rest.min()
    below = np.isin(values, _NEGATIVE_SENTINELS) & ((low >= 0) | (values < low - wide))
    above = np.isin(values, _POSITIVE_SENTINELS) & (values > rest.max() + 2 * wide)
    return suspect & (below | above)


def find_grid_step(values: np.ndarray, counts: np.ndarray | None = None) -> float | None:
    """The grid on which distinct values are recorded: 1, 0.5, 0.001, ...; None: no decimal grid.

    Up to six decimals are a grid. More are a computed value, or a binary one written out in
    decimals, such as 1.19995117 for 1.2. Of many records one in 200 may lie off the grid.

    Args:
        values: The distinct values, (k,).
        counts: In how many rows each stands, (k,); None: one each.

    Example:
        >>> columns = [0.5, 1, 1.5, 3, 4.5], [0.1 + 0.2, 0.7], [1 / 3]
        >>> [find_grid_step(np.array(x)) for x in columns]
        [0.5, 0.1, None]
    """
    weights = np.ones(len(values)) if counts is None else counts
    wide = values.astype(np.float64)
    slack = np.abs(wide) * np.finfo(values.dtype if values.dtype.kind == "f" else np.float64).eps * 4
    for decimals in range(_MAX_DECIMALS + 1):
        units = np.rint(wide * 10.0**decimals)
        on = np.abs(units / 10.0**decimals - wide) <= slack
        if (
            slack.max(initial=0.0) * 10.0**decimals < _MAX_ROUNDING_SHARE
            and weights[~on].sum() <= _MAX_OFF_GRID_SHARE * weights.sum()
        ):
            return _simplify_number(_compute_common_divisor(units[on], decimals) / 10**decimals)
    return None


def _compute_common_divisor(units: np.ndarray, decimals: int) -> int:
    """The greatest common divisor of many whole numbers, as of readings to the next even number."""
    if len(units) < MAX_UNNAMED_CODES or decimals > 2:  # noqa: PLR2004 - finer grids are decimal ones
        return 1
    return max(int(np.gcd.reduce(np.abs(units).astype(np.int64))), 1)


def _simplify_number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _are_codes(name: str, values: np.ndarray, rows: int) -> bool:
    """Whether distinct values (k,), ascending, are codes rather than quantities."""
    k, whole = len(values), bool((values == np.rint(values)).all())
    if k == 2:  # noqa: PLR2004 - yes and no
        return rows >= 20 or (whole and np.abs(values).max() <= 2)  # noqa: PLR2004 - 0/1, 1/2, -1/1
    if not whole:
        return k == 3 and rows >= _MAX_CODES  # noqa: PLR2004 - such as 0, 0.5, 1
    says = column_names.classify_number_name(name)
    if says == "code":
        return k <= _MAX_CODES and rows >= 3 * k
    return says is None and k <= MAX_UNNAMED_CODES and rows >= 10 * k


def _infer_codes(name: str, values: np.ndarray) -> tuple[Category, Remark]:
    levels = tuple(values.tolist())
    run = bool((np.diff(values) == 1).all())
    sequence = column_names.is_ordered(name) or (
        column_names.classify_number_name(name) is None and (run or values.max() >= 10)  # noqa: PLR2004
    )
    kind = Category(levels, ordered=len(levels) > 2 and bool(sequence))  # noqa: PLR2004 - two need no order
    return kind, describe_codes(len(levels), ordered=kind.ordered)


def describe_codes(levels: int, *, ordered: bool = False) -> Remark:
    """That numbers were taken for codes with so many levels."""
    what = "ordered codes" if ordered else "codes"
    return Remark(f"numbers taken as {what} ({levels} levels)", topic="values")


def build_number_kind(name: str, values: np.ndarray, counts: np.ndarray) -> Number:
    """The quantity that distinct values, ascending, (k,), seen in so many rows each, (k,), describe."""
    rows = counts.sum()
    certain = rows >= 20 and values[0] >= 0  # noqa: PLR2004 - fewer rows say too little
    stated = column_names.find_unit(name)
    high = 100 if certain and stated == "%" and values[-1] <= 100 else None  # noqa: PLR2004 - per cent
    return Number(unit=stated, low=0 if certain else None, high=high, step=find_grid_step(values, counts))


def infer_numeric_column(name: str, values: pa.Array, *, search: bool = True) -> InferredColumn:
    """What a column of numbers is: a quantity, a code, or a constant.

    Args:
        name: The field.
        values: Integers or floating-point numbers, (n,).
        search: Whether numbers set apart, such as -999, may be taken for gaps.

    Raises:
        SchemaError: A value is infinite.
    """
    distinct, counts = np.unique(_to_numpy(values), return_counts=True)
    if not np.isfinite(distinct).all():
        raise SchemaError(f"field {name!r}: infinite values; write them as missing or as a number")
    gap = are_missing_sentinels(distinct, counts) if search else np.zeros(len(distinct), dtype=bool)
    if gap.any():
        spelled = tuple(str(_simplify_number(value)) for value in distinct[gap].tolist())
        rest = pc.if_else(pc.is_in(values, value_set=pa.array(distinct[gap], values.type)), None, values)
        found = infer_numeric_column(name, rest, search=False)
        return replace(found, kind=replace(found.kind, missing=spelled))
    if len(distinct) == 0:
        return InferredColumn(values, Category(), (NO_VALUE,))
    if len(distinct) == 1:
        return InferredColumn(values, Category(tuple(distinct.tolist())), ("constant",))
    if _are_codes(name, distinct, int(counts.sum())):
        kind, note = _infer_codes(name, distinct)
        return InferredColumn(values, kind, () if len(distinct) == 2 else (note,))  # noqa: PLR2004 - 0/1 goes without saying
    kind = build_number_kind(name, distinct, counts)
    return InferredColumn(values, kind, collect_numeric_warnings(kind, distinct, counts))


def _to_numpy(values: pa.Array) -> np.ndarray:
    return values.drop_null().to_numpy(zero_copy_only=False)
