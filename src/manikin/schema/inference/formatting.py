"""Fields as text, as a file spells them: on their recording grid, gaps as they were spelled."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.inference.censoring import spell_limits
from manikin.schema.inference.datetimes import format_times
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.schema.kinds import Kind

_LAYOUTS_BY_UNIT = {
    "month": "%Y-%m",
    "day": "%Y-%m-%d",
    "us": "%Y-%m-%d %H:%M:%S.%f",
    "ms": "%Y-%m-%d %H:%M:%S.%f",
}
_MAX_NOISE_SHARE = 1e-6
"""A value this near to its grid, as a share of the step, is off it by an error of arithmetic."""
_DEFAULT_LAYOUT = "%Y-%m-%d %H:%M:%S"


def format_column(values: pa.Array, kind: Kind, blank: str | None = None) -> pa.Array:
    """One field as text, (n,), without nulls.

    Args:
        values: The column in its physical type.
        kind: What it is; its step rounds, its format spells dates, its first spelling of missing
            stands for nulls.
        blank: How a format spells missing, whatever the kind says.

    Example:
        >>> format_column(pa.array([0.1 + 0.2, None]), Number(step=0.1, missing=("?",))).to_pylist()
        ['0.3', '?']
        >>> format_column(pa.array([97.0, 98.0]), Number(step=1)).to_pylist()
        ['97.0', '98.0']
    """
    spellings = getattr(kind, "missing", ())
    gap = blank if blank is not None else next(iter(spellings), "")
    text = _format_values(values, kind)
    if isinstance(kind, Number) and kind.censored:
        text = spell_limits(values, text, kind.censored)
    return text.fill_null(gap)


def _format_values(values: pa.Array, kind: Kind) -> pa.Array:
    if pa.types.is_boolean(values.type):
        return pc.if_else(values, "True", "False")
    if pa.types.is_floating(values.type):
        return _format_floats(values, kind)
    if isinstance(kind, Time) and not pa.types.is_string(values.type):
        return _format_times(values, kind)
    return values.cast(pa.string())


def _format_times(values: pa.Array, kind: Time) -> pa.Array:
    if getattr(values.type, "tz", None):
        return format_times(
            values.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us")), f"{_DEFAULT_LAYOUT}Z"
        )
    return format_times(values, kind.format or _LAYOUTS_BY_UNIT.get(kind.unit, _DEFAULT_LAYOUT))


def _format_floats(values: pa.Array, kind: Kind) -> pa.Array:
    """Shortest decimals that read back the same; whole numbers keep a ".0", so that they stay floats."""
    if isinstance(kind, Number) and kind.step:
        near = pc.round(values, ndigits=count_decimals(kind.step))
        noise = pc.less(pc.abs(pc.subtract(values, near)), kind.step * _MAX_NOISE_SHARE)
        values = pc.if_else(noise, near, values)
    present = values.drop_null().to_numpy(zero_copy_only=False)
    if len(present) and (np.abs(present) < 2**53).all() and (present == np.rint(present)).all():
        return pc.binary_join_element_wise(values.cast(pa.int64()).cast(pa.string()), "0", ".")
    return values.cast(pa.string())


def count_decimals(step: float) -> int:
    """How many decimals a recording grid needs.

    Example:
        >>> count_decimals(0.25), count_decimals(1), count_decimals(1e-05)
        (2, 0, 5)
    """
    exponent = Decimal(repr(step)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
