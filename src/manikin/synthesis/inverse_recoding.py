"""Outward: drawn parts back into the fields of the file, with what follows from them computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.core.arrow import pc
from manikin.rules.derivation import Formula, Lookup, is_missing, merge_values, to_typed_column
from manikin.schema.kinds import Category, Number, Schema, Time
from manikin.synthesis import date_recoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.rules.derivation import Derivation
    from manikin.synthesis.recoding import Columns, Recoding


@dataclass
class InverseRecoding:
    """The way back of some records.

    Args:
        recoding: How they were recoded.
        schema: Their fields.
        arrow_types: The Arrow types of these.
        given: What is given of them, null where nothing is: it stays, and what is given of a field that
            follows from others moves one of these.
    """

    recoding: Recoding
    schema: Schema
    arrow_types: Mapping[str, pa.DataType]
    given: Columns

    def compute_fields(self, parts: Columns) -> Columns:
        """The fields (n,) of the file from their drawn parts, and the fixed ones as they are given."""
        columns = {name: part for name, part in parts.items() if name in self.schema}
        columns |= {name: column for name, column in self.given.items() if name not in columns}
        n = len(next(iter(parts.values())))
        fixed = {name: self._is_fixed(name, n) for name in self.schema}
        if self.recoding.date_recodings:
            columns |= self._compute_dates(parts, columns, fixed)
        if self.recoding.derivations:
            columns = self._apply_derivations(columns, fixed)
        return {name: self._keep_given(name, column) for name, column in columns.items()}

    def _is_fixed(self, name: str, n: int) -> np.ndarray:
        if name not in self.given:
            return np.zeros(n, dtype=bool)
        return pc.is_valid(self.given[name]).to_numpy(zero_copy_only=False)

    def _compute_dates(self, parts: Columns, columns: Columns, fixed: dict[str, np.ndarray]) -> Columns:
        """Dates and times; those given move the anchors that they are counted from, where these are not."""
        known = self.recoding.date_recodings
        plain = {m.anchor for m in known if m.anchor} - {m.field for m in known}
        values = {
            name: date_recoding.to_microseconds(self._keep_given(name, columns[name])) for name in plain
        }
        drawn = {
            m.field: {n: _to_integers(parts[n]) for n in m.part_names}
            for m in known
            if m.main_part in parts
        }
        gaps = {m.field: is_null_or_nan(parts[m.main_part]) for m in known if m.main_part in parts}
        for moment in known:
            if moment.field not in drawn:  # a condition
                values[moment.field] = date_recoding.to_microseconds(self.given[moment.field])
        self._join_dates(drawn, gaps, values, fixed)
        for moment in reversed(known):
            if moment.anchor and moment.field in drawn and moment.anchor in columns | drawn:
                self._move_anchor(moment, drawn[moment.field], values, fixed)
        self._join_dates(drawn, gaps, values, fixed)
        return {
            name: date_recoding.from_microseconds(*values[name], self.arrow_types[name])
            for name in (*drawn, *plain)
        }

    def _keep_given(self, name: str, column: pa.Array) -> pa.Array:
        return pc.coalesce(self.given[name], column) if name in self.given else column

    def _join_dates(
        self,
        drawn: Mapping[str, dict[str, np.ndarray]],
        gaps: Mapping[str, np.ndarray],
        values: dict[str, tuple[np.ndarray, np.ndarray]],
        fixed: Mapping[str, np.ndarray],
    ) -> None:
        """Set the moments that are not fixed, each after its anchor."""
        for moment in self.recoding.date_recodings:
            name = moment.field
            if name not in drawn:
                continue
            start, lost = (
                values[moment.anchor] if moment.anchor else (None, np.zeros(len(gaps[name]), dtype=bool))
            )
            made, gap = moment.join(drawn[name], start), gaps[name] | (lost & ~np.array(moment.apart))
            if moment.apart:
                made = np.where(lost, moment.join_unanchored(drawn[name]), made)
            if name in values or name in self.given:
                here = values.get(name) or date_recoding.to_microseconds(self.given[name])
                made, gap = np.where(fixed[name], here[0], made), np.where(fixed[name], here[1], gap)
            values[name] = made, gap

    def _move_anchor(
        self,
        moment: date_recoding.DateRecoding,
        parts: dict[str, np.ndarray],
        values: dict[str, tuple[np.ndarray, np.ndarray]],
        fixed: dict[str, np.ndarray],
    ) -> None:
        """Move the anchor of a moment that is fixed, where the anchor itself is not."""
        (here, gap), (start, lost) = values[moment.field], values[moment.anchor]
        move = fixed[moment.field] & ~fixed[moment.anchor] & ~gap & ~lost
        values[moment.anchor] = np.where(move, moment.solve_anchor(here, parts, start), start), lost
        fixed[moment.anchor] = fixed[moment.anchor] | move

    def _apply_derivations(self, columns: Columns, fixed: dict[str, np.ndarray]) -> Columns:
        """Fields that follow from others; those given move an operand, where one is not given."""
        table = {name: self._keep_given(name, columns[name]) for name in self.schema if name in columns}
        here = [d for d in self.recoding.derivations if {d.field, *d.operands} <= set(table)]
        for derivation in reversed(here):
            if fixed[derivation.field].any():
                table |= self._solve_operands(derivation, table, fixed)
        for derivation in here:
            table |= self._compute_derivation(derivation, table, fixed)
        return table

    def _to_cohort(self, table: Columns) -> Cohort:
        return Cohort(pa.table(table), Schema({name: self.schema[name] for name in table}))

    def _compute_derivation(
        self, derivation: Derivation, table: Columns, fixed: Mapping[str, np.ndarray]
    ) -> Columns:
        name, cohort = derivation.field, self._to_cohort(table)
        free = ~fixed[name] & ~is_missing(cohort, name)
        if isinstance(derivation, Lookup):
            told = derivation.compute_column(cohort)
            return {name: merge_values(free & ~is_null_or_nan(told), told, table[name])}
        values = derivation.compute_values(cohort, self.schema[name])
        move = free & ~np.isnan(values) & derivation.is_applicable(cohort)
        return {
            name: merge_values(
                move, to_typed_column(values, self.schema[name], self.arrow_types[name]), table[name]
            )
        }

    def _solve_operands(
        self, derivation: Derivation, table: Columns, fixed: dict[str, np.ndarray]
    ) -> Columns:
        """Operands that are not given, from a field that is: of each record that which tells most of it."""
        moved: Columns = {}
        todo = fixed[derivation.field].copy()
        for operand in getattr(derivation, "lead", ()) or derivation.operands:
            cohort = self._to_cohort(table | moved)
            values = self._solve_operand(derivation, operand, cohort)
            if values is None:
                continue
            move = todo & ~fixed[operand] & ~is_missing(cohort, operand) & ~is_null_or_nan(values)
            moved[operand] = merge_values(move, values, cohort.columns[operand].combine_chunks())
            fixed[operand] = fixed[operand] | move
            todo &= ~move
        return moved

    def _solve_operand(self, derivation: Derivation, operand: str, cohort: Cohort) -> pa.Array | None:
        if not isinstance(derivation, Formula):
            return derivation.infer_source_column(cohort)
        kind, formula = self.schema[operand], derivation.solve_for(operand)
        if derivation.is_many_to_one and isinstance(kind, Number | Time):
            values = derivation.shift_operand(operand, cohort, (self.schema[derivation.field], kind))
        elif formula is not None:
            values = formula.compute_values(cohort, kind)
        else:
            return None
        values = np.where(derivation.is_applicable(cohort), values, np.nan)
        if isinstance(kind, Category):
            values = np.where(np.isin(values, kind.levels), values, np.nan)
        return to_typed_column(values, self.schema[operand], self.arrow_types[operand])


def is_null_or_nan(column: pa.Array) -> np.ndarray:
    """Which values are missing (n,)."""
    return pc.is_null(column, nan_is_null=True).to_numpy(zero_copy_only=False)


def _to_integers(part: pa.Array) -> np.ndarray:
    """A part (n,) as whole numbers, 0 where missing."""
    return part.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
