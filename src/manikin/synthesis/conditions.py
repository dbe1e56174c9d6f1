"""Conditions: what the user gives at sampling, checked and brought into the fields' types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.data.cohort import Cohort
from manikin.data.schema import Category, Schema
from manikin.errors import SchemaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

pc: Any = pyarrow.compute  # as elsewhere: unseen by type checkers
_UNREADABLE = (pa.ArrowException, TypeError, ValueError, OverflowError)


@dataclass(frozen=True)
class Conditions:
    """Given columns by field, all of length `n`, in the types of the training records."""

    n: int
    columns: dict[str, pa.Array]
    constant: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        schema: Schema,
        types: Mapping[str, pa.DataType],
        n: int | None,
        condition: Cohort | pd.DataFrame | None,
        where: Mapping[str, Any] | None,
        read: Sequence[str],
    ) -> Conditions:
        """Check and gather what is given; of a table only the fields in `read`.

        Raises:
            UsageError: No number of records follows, or it is not above 0.
            SchemaError: A field that is not modelled, or a value that it cannot have.
        """
        table = _table(condition)
        count = table.num_rows if table is not None else n
        if count is None:
            raise UsageError("say how many records: sample(n), or give one condition for each")
        if n is not None and n != count:
            raise UsageError(f"n is {n}, but {count} conditions are given; leave n out")
        if count < 1:
            raise UsageError(f"n is {count}; at least 1 record is needed")
        present = [name for name in table.column_names if name in read] if table is not None else []
        given = {name: table[name] for name in present} if table is not None else {}
        constant = {name: _repeat(name, value, count) for name, value in (where or {}).items()}
        if twice := set(given) & set(constant):
            raise UsageError(f"{', '.join(sorted(twice))}: given both by condition and by where")
        columns = {
            name: _cast(schema, types, name, values) for name, values in {**given, **constant}.items()
        }
        return cls(count, columns, tuple(constant))

    def whole(self, complete: Collection[str], filled: Collection[str]) -> None:
        """Check that no condition is missing for a field that always was there in training.

        Args:
            complete: The fields that were never missing in training.
            filled: Fields whose gaps in a given table are drawn; a gap in `where` asks for nothing.

        Raises:
            UsageError: One is missing.
        """
        for name, column in self.columns.items():
            absent = pc.sum(pc.is_null(column, nan_is_null=True)).as_py()
            if absent and name in complete and (name in self.constant or name not in filled):
                message = (
                    f"field {name!r}: missing in {absent} of {self.n} given records, never in training; "
                    "give a value, or leave these records out"
                )
                raise UsageError(message)

    def cohort(self, schema: Schema, fields: tuple[str, ...]) -> Cohort:
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


def _table(condition: Cohort | pd.DataFrame | None) -> pa.Table | None:
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
    except (*_UNREADABLE, AttributeError) as error:
        raise UsageError("condition: a column mixes values of several types; convert it") from error


def _repeat(name: str, value: Any, count: int) -> pa.Array:  # noqa: ANN401 - whatever a user gives
    """One value for every record, a missing one as null.

    Raises:
        SchemaError: The value is none that a column holds.
    """
    try:
        return pa.array([value] * count, from_pandas=True)
    except _UNREADABLE as error:
        raise SchemaError(f"field {name!r}: a value of {type(value).__name__} cannot be given") from error


def _cast(
    schema: Schema, types: Mapping[str, pa.DataType], name: str, values: pa.Array | pa.ChunkedArray
) -> pa.Array:
    if name not in schema or name not in schema.modelled:
        message = f"{name!r} is no modelled field; there are {', '.join(schema.modelled)}"
        raise SchemaError(message)
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    kind, wanted = schema[name], types[name]
    if isinstance(values.type, pa.FixedShapeTensorType) and isinstance(wanted, pa.FixedShapeTensorType):
        return values  # in floats, where unknown places are NaN: bytes have no such value
    try:
        column = values if values.type == wanted else values.cast(wanted)
        if pa.types.is_integer(wanted):
            column.cast(pa.float64())  # a whole number above 2^53 is none that the model can hold
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        message = f"field {name!r} takes {_allowed(kind)}; what is given cannot be read as that"
        raise SchemaError(message) from error
    if isinstance(kind, Category):
        known = pa.array(list(kind.levels), type=wanted)
        strange = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, known)))
        if pc.any(strange).as_py():
            message = (
                f"field {name!r} takes {_allowed(kind)}; {_count(strange)} given values are none of these"
            )
            raise SchemaError(message)
    elif isinstance(wanted, pa.DataType) and pa.types.is_floating(wanted):
        numbers = column.to_numpy(zero_copy_only=False)
        if np.isinf(numbers).any():
            message = f"field {name!r}: an infinite value is given"
            raise SchemaError(message)
    return column


def _count(flags: pa.Array) -> int:
    return pc.sum(flags).as_py()


def _allowed(kind: Any) -> str:  # noqa: ANN401 - any kind of field
    if isinstance(kind, Category):
        shown = ", ".join(repr(level) for level in kind.levels[:12])
        return f"one of {shown}{', ...' if len(kind.levels) > 12 else ''}"  # noqa: PLR2004 - one line
    return f"a {kind.name}"
