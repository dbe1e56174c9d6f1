"""Rows of patients as numbers and back: increments of what only rises, levels that stay, Arrow columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.edit import from_floats
from manikin.panels.panel_rows import PanelRows, read_values
from manikin.schema.kinds import Category, Number, Schema, Time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.panels.history_features import PatientHistories
    from manikin.panels.layout import PanelLayout
    from manikin.schema.kinds import Kind

SUBJECT_FIELD = "patient (code)"
"""The field of encoded tables that says whose a row is; it is counted and never learned."""

DAY, SECOND = 86_400e6, 1e6
"""In microseconds."""


@dataclass(frozen=True)
class RowEncoding:
    """How the next row of a patient becomes what a model learns, and back.

    What only rises or falls is learned as its increment, times in days or seconds.

    Args:
        layout: Of the table.
        schema: Of the table.
        types: The Arrow type of each modelled field.
        ticks: The unit of the increments of times, in microseconds, by field.
    """

    layout: PanelLayout
    schema: Schema
    types: Mapping[str, pa.DataType]
    ticks: Mapping[str, float]

    @classmethod
    def find(cls, layout: PanelLayout, cohort: Cohort, rows: PanelRows) -> Self:
        """The encoding of the rows of a cohort."""
        fields = (*layout.static, *layout.varying)
        types = {name: cohort.columns[name].type for name in fields}
        times = [name for name in layout.monotone if isinstance(cohort.schema[name], Time)]
        ticks = {name: DAY if (rows.compute_steps(name) % DAY == 0).all() else SECOND for name in times}
        return cls(layout, cohort.schema, types, ticks)

    def build_kinds(self) -> dict[str, Kind]:
        """What the varying fields are, as they are learned."""
        found: dict[str, Kind] = {}
        for name in self.layout.varying:
            kind = self.schema[name]
            if name in self.layout.monotone:
                step = 1.0 if isinstance(kind, Time) else getattr(kind, "step", None)
                kind = Number(low=0.0, step=step)
            found[name] = replace(kind, role=None)  # type: ignore[arg-type]
        return found

    def encode(
        self, histories: PatientHistories, who: np.ndarray, rows: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The next rows (m, varying fields) of some patients (m,), as they are learned."""
        found = {}
        for j, name in enumerate(self.layout.varying):
            found[name] = rows[:, j]
            if name in self.layout.monotone:
                found[name] = np.abs(rows[:, j] - histories.last[who, j]) / self.ticks.get(name, 1.0)
        return found

    def decode(self, histories: PatientHistories, who: np.ndarray, drawn: Cohort) -> np.ndarray:
        """Drawn rows of some patients as numbers (m, varying fields), levels that nobody leaves kept."""
        found = []
        for j, name in enumerate(self.layout.varying):
            values, last = read_values(drawn, name), histories.last[who, j]
            if name in self.layout.monotone:
                step = values * self.ticks.get(name, 1.0)
                values = np.where(np.isnan(last), 0, last) + (step if name in self.layout.rising else -step)
            for bound in self.layout.bounds.get(name, ()):
                values = np.fmin(values, histories.static[bound][who])
            for level in self.layout.lasting.get(name, ()):
                values = np.where((last == level) & ~np.isnan(values), level, values)
            found.append(values)
        return np.column_stack(found)

    def build_columns(
        self, values: Mapping[str, np.ndarray], kinds: Mapping[str, Kind]
    ) -> dict[str, pa.Array]:
        """Arrow columns of encoded fields and of features of them, such as "dose (last)"."""
        found = {}
        for name, column in values.items():
            kind: Any = kinds[name]
            if isinstance(kind, Category):
                dtype = self.types.get(name) or self.types.get(name.rpartition(" (")[0], pa.string())
                found[name] = _take_levels(column, kind, dtype)
            elif name in self.types and name not in self.layout.monotone:
                found[name] = from_floats(column, self.types[name])
            else:
                found[name] = from_floats(column, pa.int64() if kind.step == 1 else pa.float64())
        return found

    def build_file_columns(self, values: Mapping[str, np.ndarray]) -> dict[str, pa.Array]:
        """Arrow columns of fields in the types of the file."""
        found = {}
        for name, column in values.items():
            kind: Any = self.schema[name]
            if isinstance(kind, Category):
                found[name] = _take_levels(column, kind, self.types[name])
            else:
                found[name] = from_floats(column, self.types[name])
        return found

    def build_table(
        self, values: Mapping[str, np.ndarray], kinds: Mapping[str, Kind], who: np.ndarray
    ) -> Cohort:
        """A table to learn from, each row with its patient."""
        columns = {**self.build_columns(values, kinds), SUBJECT_FIELD: pa.array(who)}
        roles = {name: replace(kinds[name], role=None) for name in values}  # type: ignore[arg-type]
        return Cohort(pa.table(columns), Schema({**roles, SUBJECT_FIELD: Number(step=1, role="subject")}))


def _take_levels(codes: np.ndarray, kind: Category, dtype: pa.DataType) -> pa.Array:
    """The levels of a category by their places, NaN: missing."""
    gap = np.isnan(codes)
    levels = pa.array(list(kind.levels), type=dtype)
    return levels.take(pa.array(np.where(gap, 0, codes).astype(int), mask=gap))
