"""Conditions: what the user gives at sampling, checked and brought into the fields' types."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.core.arrow import pc
from manikin.errors import SchemaError, UsageError
from manikin.schema.inference.censoring import replace_limits
from manikin.schema.kinds import Category, Number, Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from manikin.cohort.level_pooling import PooledLevels

_CAST_ERRORS = (pa.ArrowException, TypeError, ValueError, OverflowError)


@dataclass(frozen=True)
class Conditions:
    """Given columns by field, all of length `n`, in the types of the training records.

    Args:
        n: How many records.
        columns: What is given, a level that was pooled by the one that stands for it.
        constant_fields: The fields with the same value in all records.
        original_columns: The columns with such levels as they were given.
        unknown_columns: Columns of the table that are no field.
    """

    n: int
    columns: dict[str, pa.Array]
    constant_fields: tuple[str, ...] = ()
    original_columns: dict[str, pa.Array] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()

    @classmethod
    def from_inputs(
        cls,
        schema: Schema,
        types: Mapping[str, pa.DataType],
        n: int | None,
        table: pa.Table | None,
        where: Mapping[str, Any] | None,
        read: Sequence[str],
        pools: Mapping[str, PooledLevels] | None = None,
    ) -> Conditions:
        """Check and gather what is given; of a table only the fields in `read`; `pools` are pooled levels.

        Raises:
            UsageError: No number of records follows, or it is not above 0.
            SchemaError: A field that is not modelled, or a value that it cannot have.
        """
        check_number(n)
        unknown = () if table is None else find_unknown_columns(table.column_names, schema)
        count = table.num_rows if table is not None else n
        if count is None:
            raise UsageError("say how many records: sample(n), or give one condition for each")
        if n is not None and n != count:
            raise UsageError(f"n is {n}, but {count} conditions are given; leave n out")
        if count < 1:
            raise UsageError(f"n is {count}; at least 1 record is needed")
        present = [name for name in table.column_names if name in read] if table is not None else []
        given = {name: table[name] for name in present} if table is not None else {}
        constant = {name: _repeat_value(name, value, count) for name, value in (where or {}).items()}
        if twice := set(given) & set(constant):
            raise UsageError(f"{', '.join(sorted(twice))}: given both by condition and by where")
        columns, before = {}, {}
        for name, values in {**given, **constant}.items():
            columns[name] = _cast_column(schema, types, name, values, before, (pools or {}).get(name))
        return cls(count, columns, tuple(constant), before, unknown)

    def select(self, fields: Collection[str], constant_fields: Collection[str]) -> Conditions:
        """What is given of some fields, `constant_fields` those with one value in all records."""
        columns = {name: column for name, column in self.columns.items() if name in fields}
        return replace(self, columns=columns, constant_fields=tuple(constant_fields))

    def get_original(self, name: str) -> pa.Array:
        """What is given of a field, as it was given."""
        return self.original_columns.get(name, self.columns[name])

    def check_complete(self, complete: Collection[str], filled: Collection[str]) -> None:
        """Check that no condition is missing for a field that always was there in training.

        Args:
            complete: The fields that were never missing in training.
            filled: Fields whose gaps in a given table are drawn; a gap in `where` asks for nothing.

        Raises:
            UsageError: One is missing.
        """
        for name, column in self.columns.items():
            absent = pc.sum(pc.is_null(column, nan_is_null=True)).as_py()
            if absent and name in complete and (name in self.constant_fields or name not in filled):
                message = (
                    f"field {name!r}: missing in {absent} of {self.n} given records, never in training; "
                    "give a value, or leave these records out"
                )
                raise UsageError(message)

    def to_cohort(self, schema: Schema, fields: tuple[str, ...]) -> Cohort:
        """The given fields among `fields`, as a cohort.

        Raises:
            UsageError: One of them is not given.
        """
        if absent := [name for name in fields if name not in self.columns]:
            message = (
                f"the model was fitted on condition {', '.join(fields)}; give {', '.join(absent)} too, by "
                "condition= (a cohort or frame) or where="
            )
            raise UsageError(message)
        return Cohort(
            pa.table({f: self.columns[f] for f in fields}), Schema({f: schema[f] for f in fields})
        )


def check_number(n: object) -> None:
    """Check that a number of records is a whole number above 0, or none.

    Raises:
        UsageError: It is not.
    """
    if n is None or (isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 1):
        return
    raise UsageError(f"n is {n!r}: a whole number of records is needed, at least 1")


def find_unknown_columns(names: Sequence[str], schema: Schema) -> tuple[str, ...]:
    """Those of the columns of a condition that are no field.

    Raises:
        UsageError: None of them is a field of the model.
    """
    unknown = tuple(name for name in names if name not in schema)
    if names and not any(name in schema.modelled_fields for name in names):
        lower = {name.casefold(): name for name in schema.modelled_fields}
        near = [lower[word] for name in names for word in get_close_matches(name.casefold(), lower, n=1)]
        meant = f"; did you mean {', '.join(dict.fromkeys(near))}?" if near else ""
        message = (
            f"condition: none of its columns ({', '.join(names[:12])}) is a field of the model; "
            f"it knows {', '.join(schema.modelled_fields)}{meant}"
        )
        raise UsageError(message)
    return unknown


def to_table(condition: Cohort | pd.DataFrame | None) -> pa.Table | None:
    """The columns of a condition.

    Raises:
        UsageError: It is no cohort and no data frame, or its columns are none that Arrow holds.
    """
    if condition is None or isinstance(condition, Cohort):
        return condition.columns if condition is not None else None
    if not hasattr(condition, "columns"):
        message = f"condition: a Cohort or a data frame is needed, not {type(condition).__name__}"
        raise UsageError(message)
    frame: Any = condition.rename(columns=str)
    if not frame.columns.is_unique:
        raise UsageError("condition: column names repeat; rename them")
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (*_CAST_ERRORS, AttributeError) as error:
        raise UsageError("condition: a column mixes values of several types; convert it") from error


def _repeat_value(name: str, value: Any, count: int) -> pa.Array:  # noqa: ANN401 - whatever a user gives
    """One value for every record, a missing one as null.

    Raises:
        SchemaError: The value is none that a column holds.
    """
    try:
        return pa.array([value] * count, from_pandas=True)
    except _CAST_ERRORS as error:
        raise SchemaError(f"field {name!r}: a value of {type(value).__name__} cannot be given") from error


def _cast_column(
    schema: Schema,
    types: Mapping[str, pa.DataType],
    name: str,
    values: pa.Array | pa.ChunkedArray,
    before: dict[str, pa.Array],
    pool: PooledLevels | None,
) -> pa.Array:
    if name not in schema or name not in schema.modelled_fields:
        message = f"{name!r} is no modelled field; there are {', '.join(schema.modelled_fields)}"
        raise SchemaError(message)
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    kind, wanted = schema[name], types[name]
    if isinstance(values.type, pa.FixedShapeTensorType) and isinstance(wanted, pa.FixedShapeTensorType):
        return values  # in floats, where unknown places are NaN: bytes have no such value
    values = replace_limits(values, getattr(kind, "censored", ()))
    try:
        column = values if values.type == wanted else values.cast(wanted)
        if pa.types.is_integer(wanted):
            column.cast(pa.float64())  # a whole number above 2^53 is none that the model can hold
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        message = f"field {name!r} takes {_describe_allowed(kind)}; what is given cannot be read as that"
        raise SchemaError(message) from error
    if isinstance(kind, Category):
        known = pa.array(list(kind.levels), type=wanted)
        if pool is not None and (stood := _replace_pooled_levels(column, known, pool)) is not None:
            before[name], column = column, stood
        _check_levels(name, column, known, kind)
    elif isinstance(wanted, pa.DataType) and pa.types.is_floating(wanted):
        numbers = column.to_numpy(zero_copy_only=False)
        if np.isinf(numbers).any():
            message = f"field {name!r}: an infinite value is given"
            raise SchemaError(message)
    if isinstance(kind, Number):
        _check_range(name, column, kind)
    return column


def _check_levels(name: str, column: pa.Array, known: pa.Array, kind: Category) -> None:
    """Check that given values are levels of the field.

    Raises:
        SchemaError: They are not.
    """
    strange = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, known)))
    if pc.any(strange).as_py():
        message = (
            f"field {name!r} takes {_describe_allowed(kind)}; "
            f"{_count_true(strange)} given values are none of these"
        )
        raise SchemaError(message)


def _check_range(name: str, column: pa.Array, kind: Number) -> None:
    """Check that given values lie in the range that the schema declares.

    Raises:
        SchemaError: They do not.
    """
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    for limit, beyond, side in ((kind.low, np.less, "below"), (kind.high, np.greater, "above")):
        if limit is not None and (count := int(beyond(values, limit).sum())):
            least = "low" if side == "below" else "high"
            message = (
                f"field {name!r}: {count} given values lie {side} {limit:g}, the limit of the field "
                f"({least} in schema.toml); give others, or declare another range and fit again"
            )
            raise SchemaError(message)


def _replace_pooled_levels(column: pa.Array, known: pa.Array, pool: PooledLevels) -> pa.Array | None:
    """The column with kept levels for those that were pooled; None: none of these is given."""
    strange = pc.unique(column.filter(pc.invert(pc.is_in(column, known)))).drop_null()
    places = {level: pool.find_position(level) for level in strange.to_pylist()}
    stands = {level: place for level, place in places.items() if place is not None and place >= 0}
    if not stands:
        return None
    moved = pc.index_in(column, pa.array(list(stands), type=column.type))
    levels = known.take(pa.array(list(stands.values())))
    return pc.if_else(pc.is_valid(moved), levels.take(moved), column)


def _count_true(flags: pa.Array) -> int:
    return pc.sum(flags).as_py()


def _describe_allowed(kind: Any) -> str:  # noqa: ANN401 - any kind of field
    if isinstance(kind, Category):
        shown = ", ".join(repr(level) for level in kind.levels[:12])
        return f"one of {shown}{', ...' if len(kind.levels) > 12 else ''}"  # noqa: PLR2004 - one line
    return f"a {kind.name}"
