"""Learning the columns of a table: each its own, or several on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.csgraph import connected_components

from manikin.codecs.table.arrow_columns import to_floats
from manikin.codecs.table.category import CategoryEncoder
from manikin.codecs.table.quantile_transform import QuantileTransform, fit_segments, mix_segments
from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema.kinds import Category, Number, Time
from manikin.stats.equalities import find_relations
from manikin.stats.subject_counts import index_subjects

if TYPE_CHECKING:
    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind

_TICKS = {"month": 1.0, "day": 86_400e6, "minute": 60e6, "s": 1e6, "ms": 1e3, "us": 1.0}


def fit_columns(
    cohort: Cohort, fields: list[str], *, shared: bool
) -> dict[str, QuantileTransform | CategoryEncoder]:
    """The levels of categories and the distributions of numbers and times.

    Args:
        cohort: Training records.
        fields: The fields to learn.
        shared: Whether quantities that often equal or never exceed one another get one scale, so that
            equal values have equal scores and scores stand in the order of the values.
    """
    names = [name for name in fields if not isinstance(cohort.schema[name], Category)]
    values = {name: _read_values(cohort, name) for name in names}
    groups = _group_tied_fields(cohort, values) if shared else [[name] for name in names]
    scales = {
        name: scale for group in groups for name, scale in _fit_transforms(cohort, group, values).items()
    }
    return {name: scales[name] if name in scales else _fit_levels(cohort, name) for name in fields}


def _fit_levels(cohort: Cohort, name: str) -> CategoryEncoder:
    kind, column = cohort.schema[name], cohort.columns[name]
    return CategoryEncoder(list(getattr(kind, "levels", ())), str(column.type), _has_missing(column), name)


def _read_values(cohort: Cohort, name: str) -> np.ndarray:
    kind = cohort.schema[name]
    values = to_floats(cohort.columns[name], months=_is_monthly(kind))
    if np.isinf(values).any():
        message = f"field {name!r}: infinite values; mark them as missing in schema.toml"
        raise SchemaError(message)
    return values


def _group_tied_fields(cohort: Cohort, values: dict[str, np.ndarray]) -> list[list[str]]:
    """Names that share a scale: tied to one another, and of one kind, unit and grid."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for name in values:
        kind = cohort.schema[name]
        alike.setdefault((kind.name, getattr(kind, "unit", None), _find_step(kind)), []).append(name)
    groups = []
    for names in alike.values():
        joined = find_relations(np.column_stack([values[name] for name in names])).is_related
        count, component = connected_components(joined, directed=False)
        groups += [[names[j] for j in np.flatnonzero(component == i)] for i in range(count)]
    return groups


def _fit_transforms(
    cohort: Cohort, group: list[str], values: dict[str, np.ndarray]
) -> dict[str, QuantileTransform]:
    """The scale of each field of a group: on the distribution of all their values."""
    there, who = {name: ~np.isnan(values[name]) for name in group}, index_subjects(cohort.subject)
    known = {name: values[name][there[name]] for name in group}
    ranges = {name: _find_range(cohort.schema[name]) for name in group}
    whose = {name: None if who is None else who[there[name]] for name in group}
    parts = [fit_segments(known[name], *ranges[name], whose[name]) for name in group]
    whole = parts[0] if len(group) == 1 else mix_segments(parts, [len(known[name]) for name in group])
    scales = {}
    for name in group:
        kind, column = cohort.schema[name], cohort.columns[name]
        within = [*ranges[name]] if len(group) > 1 else []
        scales[name] = QuantileTransform(
            *whole, _find_step(kind), str(column.type), _has_missing(column), _is_monthly(kind), within
        )
    return scales


def _has_missing(column: pa.ChunkedArray) -> bool:
    return pc.any(pc.is_null(column, nan_is_null=True)).as_py() or False


def _is_monthly(kind: Kind) -> bool:
    return isinstance(kind, Time) and kind.unit == "month"


def _find_step(kind: Kind) -> float:
    if isinstance(kind, Time):
        return _TICKS.get(kind.unit, 1.0)
    return getattr(kind, "step", None) or 0.0


def _find_range(kind: Kind) -> tuple[float | None, float | None]:
    return (kind.low, kind.high) if isinstance(kind, Number) else (None, None)
