"""Alter: columns of a cohort changed, in the types that they have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from manikin.cohort.cohort import Cohort


def replace_columns(cohort: Cohort, columns: Mapping[str, Any]) -> Cohort:
    """The same records with these columns in place of their own."""
    kept = {name: columns.get(name, cohort.columns[name]) for name in cohort.schema}
    return replace(cohort, columns=pa.table(kept))


def list_quantities(cohort: Cohort) -> list[str]:
    """The modelled fields that can be moved: numbers and times."""
    return [name for name in cohort.schema.scalar_fields if isinstance(cohort.schema[name], Number | Time)]


def perturb_quantities(cohort: Cohort, change: Callable[[np.ndarray, float], np.ndarray]) -> Cohort:
    """Every quantity changed, given its values (n,) and their standard deviation; gaps stay gaps.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> ages = Cohort.from_arrays({"age": np.array([40, 60])}, {"age": Number()})
        >>> perturb_quantities(ages, lambda values, deviation: values + 0.5 * deviation)["age"]
        array([45., 65.])
    """
    columns = {}
    for name in list_quantities(cohort):
        column: Any = cohort.columns[name].combine_chunks()
        values = to_floats(column)
        spread = float(np.nanstd(values)) if not np.isnan(values).all() else 0.0
        columns[name] = from_floats(change(values, spread), column.type)
    return replace_columns(cohort, columns)


def to_floats(column: pa.Array) -> np.ndarray:
    """Values as float64 (n,) with NaN for gaps; moments in microseconds."""
    plain = (
        column.cast(pa.timestamp("us")).cast(pa.int64()) if pa.types.is_temporal(column.type) else column
    )
    return np.array(plain.cast(pa.float64()).to_numpy(zero_copy_only=False))


def from_floats(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """The inverse of `to_floats`: NaN become gaps, and whole numbers and moments are rounded."""
    absent = np.isnan(values)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.array(values, mask=absent).cast(kind, safe=False)
    whole = pa.array(np.rint(np.where(absent, 0.0, values)).astype(np.int64), mask=absent)
    if pa.types.is_temporal(kind):
        return whole.cast(pa.timestamp("us")).cast(kind, safe=False)
    return whole.cast(kind, safe=False)
