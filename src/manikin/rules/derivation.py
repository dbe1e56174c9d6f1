"""Derivations: fields that follow from other fields, by a formula or level by level.

Such a field is computed, not drawn: a discharge is the admission plus the length of stay, a body-mass
index follows from weight and height, the name of a disease from its code.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.rules.equation_solver import solve_expression
from manikin.rules.expression import Expression
from manikin.rules.operands import is_missing, read_operand
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind

_DECADE_DAYS = 3652.5
_UNIT_DAYS = {"month": 1.0, "day": 1.0, "minute": 1 / 1440, "s": 1 / 86_400}


@dataclass(frozen=True)
class Formula:
    """A number or time that an expression gives, on its recording grid.

    Args:
        field: What is computed.
        expression: From what; dates count as days.
        down: Whether the result is rounded down to the grid, as an age is, and not to the nearest.
        when: Only records for which this is true; empty: all.
        support: In how many records of the data it was seen to hold.
        lead: Its operands, that which tells most of it first.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> arrays = {"height": np.array([1.7, 2.0]), "weight": np.array([70.0, np.nan])}
        >>> cohort = Cohort.from_arrays(arrays, {name: Number() for name in arrays})
        >>> Formula("bmi", "weight / height ** 2").compute_values(cohort, Number(step=0.1)).tolist()
        [24.2, nan]
    """

    field: str
    expression: str
    down: bool = False
    when: str = ""
    support: int = 0
    lead: tuple[str, ...] = ()

    @property
    def operands(self) -> tuple[str, ...]:
        """The fields from which it is computed."""
        return Expression(self.expression).fields

    def compute_values(self, cohort: Cohort, kind: Kind) -> np.ndarray:
        """The computed field (n,), times in days; NaN where an operand is missing or there is no number."""
        raw = Expression(self.expression).evaluate_number(cohort)
        raw = np.where(np.isfinite(raw), raw, np.nan)
        step = find_grid_step(kind)
        if not step:
            return raw
        parts = raw / step
        whole = np.floor(parts + 1e-9) if self.down else np.round(parts)
        return np.round(whole * step, 12) if isinstance(kind, Number) else whole * step

    def is_applicable(self, cohort: Cohort) -> np.ndarray:
        """Which records it speaks of (n,)."""
        if not self.when:
            return np.ones(len(cohort), dtype=bool)
        condition = Expression(self.when)
        return condition.evaluate_condition(cohort) & ~condition.has_missing_values(cohort)

    def solve_for(self, operand: str) -> Formula | None:
        """An operand from the field and the other operands; None: it cannot be freed."""
        expression = solve_expression(self.expression, operand, self.field)
        return Formula(operand, expression, when=self.when) if expression else None

    @property
    def is_many_to_one(self) -> bool:
        """Whether the result is rounded down, so that many operands give it."""
        return self.down or "years(" in self.expression or "floor(" in self.expression

    def shift_operand(self, operand: str, cohort: Cohort, kinds: tuple[Kind, Kind]) -> np.ndarray:
        """An operand (n,), moved as little as brings the result to the value that the field has.

        Args:
            operand: A number or time.
            cohort: Records with the field and all operands.
            kinds: Of the field and of the operand.
        """
        here, there = (_to_numbers(read_operand(cohort, name)) for name in (self.field, operand))
        off = here - self.compute_values(cohort, kinds[0])
        reach = _DECADE_DAYS if isinstance(kinds[1], Time) else max(float(np.nanstd(there)), 1e-9)
        ends = [
            Expression(self.expression).evaluate_number(_replace_values(cohort, operand, there + s * reach))
            for s in (-1, 1)
        ]
        with np.errstate(all="ignore"):
            moved = there + off * 2 * reach / (ends[1] - ends[0])
        step = find_grid_step(kinds[1])
        moved = np.where(off == 0, there, np.round(moved / step) * step if step else moved)
        return np.where(np.isfinite(moved), moved, np.nan)

    def is_consistent(self, cohort: Cohort, kinds: Mapping[str, Kind]) -> np.ndarray:
        """Which records (n,) have the very value that follows, as far as the operands' grids allow."""
        here = _to_numbers(read_operand(cohort, self.field))
        off = np.abs(here - self.compute_values(cohort, kinds[self.field]))
        moves = [np.full(len(cohort), np.inf)]
        for name in self.operands:
            if step := find_grid_step(kinds[name]):
                moved = _replace_values(cohort, name, _to_numbers(read_operand(cohort, name)) + step / 2)
                change = Expression(self.expression).evaluate_number(moved) - Expression(
                    self.expression
                ).evaluate_number(cohort)
                moves.append(np.abs(change))
        least = np.minimum.reduce(moves)
        slack = np.fmax(0.5 * find_grid_step(kinds[self.field]), np.where(np.isfinite(least), least, 0))
        return ~self.is_applicable(cohort) | np.isnan(off) | (off <= slack * (1 + 1e-6) + 1e-9)

    def __str__(self) -> str:
        return f"{self.expression} when {self.when}" if self.when else self.expression


@dataclass(frozen=True)
class Lookup:
    """A level that follows from a level of another field, as a description follows from a code.

    Args:
        field: What follows.
        by: From what.
        levels: The level of `field` for each level of `by`.
        support: In how many records of the data it was seen to hold.
    """

    field: str
    by: str
    levels: list[list[Any]] = dataclasses.field(default_factory=list)
    support: int = 0

    @property
    def operands(self) -> tuple[str, ...]:
        """The field from which it follows."""
        return (self.by,)

    @cached_property
    def _level_map(self) -> dict[Any, Any]:
        return dict(map(tuple, self.levels))

    def compute_column(self, cohort: Cohort) -> pa.Array:
        """What follows (n,), in the type of the field; null where nothing does."""
        return look_up_levels(cohort, self.by, self.field, self._level_map)

    def infer_source_column(self, cohort: Cohort) -> pa.Array:
        """The level from which the field follows (n,); null where several could be, or none."""
        found: dict[Any, list[Any]] = {}
        for fine, coarse in self.levels:
            found.setdefault(coarse, []).append(fine)
        only = {coarse: fines[0] for coarse, fines in found.items() if len(fines) == 1}
        return look_up_levels(cohort, self.field, self.by, only)

    def holds(self, cohort: Cohort) -> np.ndarray:
        """Which records do not contradict it (n,)."""
        told, here = self.compute_column(cohort), cohort.columns[self.field].combine_chunks()
        return pc.fill_null(pc.equal(told, here), True).to_numpy(zero_copy_only=False)

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.field} follows from {self.by}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it speaks of."""
        return (self.by, self.field)

    def __str__(self) -> str:
        return f"follows from {self.by}"


Derivation = Formula | Lookup


def look_up_levels(cohort: Cohort, source: str, wanted: str, table: dict[Any, Any]) -> pa.Array:
    """The entry of a table for each record's level of `source`, in the type of the column `wanted`."""
    codes = cohort.columns[source].combine_chunks()
    wide = cohort.columns[wanted].type
    place = pc.index_in(codes, pa.array(list(table), codes.type))
    return pa.array(list(table.values()), wide).take(place)


def _to_numbers(values: Any) -> np.ndarray:  # noqa: ANN401 - numbers or dates
    return getattr(values, "days", values)


def _replace_values(cohort: Cohort, name: str, values: np.ndarray) -> Cohort:
    """The cohort with other values of a number, or of a date in days."""
    place, dtype = cohort.columns.column_names.index(name), cohort.columns[name].type
    time = pa.types.is_temporal(dtype)
    column = to_time_array(values, dtype) if time else pa.array(values, from_pandas=True)
    return dataclasses.replace(cohort, columns=cohort.columns.set_column(place, name, column))


def find_grid_step(kind: Kind) -> float:
    """The recording grid of a number, or of a time in days; 0: none."""
    if isinstance(kind, Time):
        return _UNIT_DAYS.get(kind.unit, 0.0)
    return float(getattr(kind, "step", None) or 0.0)


def to_time_array(days: np.ndarray, dtype: pa.DataType) -> pa.Array:
    """Days since 1970 (n,) as dates or moments; NaN becomes missing."""
    gap = np.isnan(days)
    moments = np.round(np.where(gap, 0, days) * 86_400e6).astype(np.int64).astype("datetime64[us]")
    zone = getattr(dtype, "tz", None)
    return pa.array(moments, mask=gap).cast(pa.timestamp("us", zone)).cast(dtype, safe=False)


def to_number_array(values: np.ndarray, dtype: pa.DataType) -> pa.Array:
    """Numbers (n,) in the type of a column; NaN becomes missing."""
    gap = np.isnan(values)
    if pa.types.is_integer(dtype):
        return pa.array(np.where(gap, 0, np.round(values)).astype(np.int64), mask=gap).cast(dtype)
    return pa.array(values, mask=gap).cast(dtype)


def to_typed_column(values: np.ndarray, kind: Kind, dtype: pa.DataType) -> pa.Array:
    """Computed values (n,) as a column of the file's type."""
    return (to_time_array if isinstance(kind, Time) else to_number_array)(values, dtype)


def merge_values(mask: np.ndarray, new: pa.Array, old: pa.Array) -> pa.Array:
    """The new values where the mask (n,) says so, else the old ones."""
    return pc.if_else(pa.array(mask), new, old)


__all__ = [
    "Derivation",
    "Formula",
    "Lookup",
    "find_grid_step",
    "is_missing",
    "merge_values",
    "to_typed_column",
]
