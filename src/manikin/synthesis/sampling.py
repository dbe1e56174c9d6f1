"""Sampling: records of a fitted model, under what is given and what rules ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.cohort.enforced_constraints import EnforcedConstraint
from manikin.rules.derivation import Formula, Lookup
from manikin.schema.kinds import Number, Schema
from manikin.synthesis.date_recoding import to_microseconds
from manikin.synthesis.inverse_recoding import is_null_or_nan
from manikin.synthesis.rejection import Requirements, find_soft_checks, sample_by_rejection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.core.seeds import Key
    from manikin.synthesis.conditions import Conditions
    from manikin.synthesis.fitted import FittedModel
    from manikin.training.learner import Parts

N_CANDIDATES = 16
"""Records of which the nearest is taken, where a date is given whose anchor is not."""


@dataclass(frozen=True)
class RangeCheck:
    """A rule of its own: a value that follows from what is given lies where training values do.

    Args:
        field: The field that is moved.
        low, high: Between what values.
    """

    field: str
    low: float
    high: float

    @property
    def name(self) -> str:
        """What messages call it."""
        return (
            f"{self.field}, which follows from what is given, lies between {self.low:g} and {self.high:g}"
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """The field that it speaks of."""
        return (self.field,)

    def holds(self, cohort: Cohort) -> np.ndarray:
        """Which records keep it (n,)."""
        values = cohort[self.field]
        return np.isnan(values) | ((values >= self.low) & (values <= self.high))


@dataclass(frozen=True)
class ModelProposal:
    """Records as a model draws them for what is given.

    Args:
        model: The model.
        given: What is given.
        parts: The encoded condition.
        open_ended: Which records give a date without its anchor (n,).
    """

    model: FittedModel
    given: Conditions
    parts: Parts
    open_ended: np.ndarray

    @classmethod
    def from_conditions(cls, model: FittedModel, given: Conditions) -> Self:
        """The proposal of a model for what is given."""
        _, open_ended = model.recoding.recode_given(given.columns, given.n)
        return cls(model, given, model.encode_condition(given), open_ended)

    @property
    def can_redraw_fields(self) -> bool:
        """Whether single fields can be drawn given the others."""
        return self.model.learner.can_redraw_fields

    def draw(self, rows: np.ndarray, values: np.ndarray, mask: np.ndarray, key: Key) -> np.ndarray:
        """Encoded records; where a date is given without its anchor, the nearest of several."""
        drawn = self._draw(rows, values, mask, key)
        far = np.flatnonzero(self.open_ended[rows])
        if len(far):
            many = np.repeat(far, N_CANDIDATES)
            copies = self._draw(rows[many], values[many], mask[many], key.child("near"))
            drawn[far] = copies[_choose_nearest(self.model, self.given, rows[many], copies, key)]
        return drawn

    def _draw(self, rows: np.ndarray, values: np.ndarray, mask: np.ndarray, key: Key) -> np.ndarray:
        parts = {name: part[rows] for name, part in self.parts.items()}
        return self.model.learner.draw(parts, values, mask, key)

    def decode(self, rows: np.ndarray, x: np.ndarray, key: Key) -> Cohort:
        """Given and drawn fields."""
        return self.model.decode_records(self.given, rows, x, key)


def sample_records(model: FittedModel, given: Conditions, rules: Sequence[Any], key: Key) -> Cohort:
    """Records for what is given: formulas of rules are computed, other rules met by drawing again."""
    free = [name for name in model.plan.target if name not in given.columns]
    model = replace(model, recoding=model.recoding.add_rule_formulas(rules, model.schema, free))
    firm, soft = (_find_formula_checks(model, given, firm=firm) for firm in (True, False))
    requirements = Requirements(
        model.plan.target,
        map_field_channels(model),
        (*rules, *_find_implied_checks(model, given), *firm),
        (*find_soft_checks(model.learner.facts), *soft),
    )
    proposal = ModelProposal.from_conditions(model, given)
    table, counts = sample_by_rejection(proposal, requirements, model.encode_observed(given), key)
    schema = Schema({name: model.schema[name] for name in table.column_names})
    enforced = _list_enforced(model, requirements, counts, given.n)
    return Cohort(table, schema, enforced_constraints=enforced)


def _list_enforced(
    model: FittedModel, requirements: Requirements, counts: Mapping[str, int], n: int
) -> tuple[EnforcedConstraint, ...]:
    """What sampling enforced: rules and checks by drawing again, formulas by computing."""
    drawn = [
        EnforcedConstraint(rule.name, tuple(rule.fields), counts[rule.name] / n)
        for rule in (*requirements.rules, *requirements.soft_checks)
    ]
    computed = [
        EnforcedConstraint(f"{d.field} {d}", (d.field, *d.operands)) for d in model.recoding.derivations
    ]
    return (*drawn, *computed)


def _choose_nearest(
    model: FittedModel, given: Conditions, rows: np.ndarray, copies: np.ndarray, key: Key
) -> np.ndarray:
    """Of the copies of each record the one whose dates, drawn freely, come nearest to those given."""
    fields = {
        moment.field
        for moment in model.recoding.date_recodings
        if moment.anchor and moment.field in given.columns
    }
    loose = replace(given, columns={n: c for n, c in given.columns.items() if n not in fields})
    drawn = model.decode_records(loose, rows, copies, key.child("look"))
    far = np.zeros(len(rows))
    for name in fields:
        wished, unasked = to_microseconds(given.columns[name].take(rows))
        found, gap = to_microseconds(drawn.columns[name])
        far += np.where(unasked, 0.0, np.where(gap, np.inf, np.abs(found - wished)))
    best = far.reshape(-1, N_CANDIDATES).argmin(axis=1)
    return best + np.arange(len(best)) * N_CANDIDATES


def _find_implied_checks(model: FittedModel, given: Conditions) -> list[Any]:
    """What must hold besides the rules, where a field is given that follows from others."""
    found, ranges = list[Any](), find_training_ranges(model)
    for derivation in model.recoding.derivations:
        if derivation.field not in given.columns or is_null_or_nan(given.columns[derivation.field]).all():
            continue
        if isinstance(derivation, Lookup):
            found.append(derivation)
        elif isinstance(derivation, Formula):
            free = [n for n in derivation.operands if n in ranges and n not in given.columns]
            found += [RangeCheck(name, *ranges[name]) for name in free]
    return found


@dataclass(frozen=True)
class FormulaCheck:
    """A check of its own: a field that is given agrees with those from which it follows.

    Args:
        formula: By which it follows.
        schema: Of all fields.
    """

    formula: Formula
    schema: Schema

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.formula.field} = {self.formula}"

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it speaks of."""
        return (self.formula.field, *self.formula.operands)

    def holds(self, cohort: Cohort) -> np.ndarray:
        """Which records keep it (n,)."""
        return self.formula.is_consistent(cohort, self.schema)


def _find_formula_checks(model: FittedModel, given: Conditions, *, firm: bool) -> list[FormulaCheck]:
    """That given fields agree with their operands: firmly where all records are given the same value.

    In a given table all operands may be given, and are left as they are.
    """
    found = []
    for formula in model.recoding.derivations:
        if isinstance(formula, Formula) and formula.field in given.columns:
            free = not set(formula.operands) <= set(given.columns)
            if free and firm == (formula.field in given.constant_fields):
                found.append(FormulaCheck(formula, model.schema))
    return found


def map_field_channels(model: FittedModel) -> dict[str, list[int]]:
    """For each target field the channels of the encoded record that are drawn again to change it."""
    place = {part: i for i, part in enumerate(model.recoding.list_parts(model.plan.target))}
    return {
        name: [
            place[part]
            for part in model.recoding.list_parts(model.recoding.find_sources(name))
            if part in place
        ]
        for name in model.plan.target
    }


def find_training_ranges(model: FittedModel) -> dict[str, tuple[float, float]]:
    """Between what values the numbers of the target lay in training, a tenth wider on either side."""
    numbers = [name for name in model.plan.target if isinstance(model.schema[name], Number)]
    known = model.codec.value_ranges
    found = {}
    for name in (name for name in numbers if name in known):
        low, high = known[name]
        found[name] = (low - (high - low) / 10, high + (high - low) / 10)
    return found
