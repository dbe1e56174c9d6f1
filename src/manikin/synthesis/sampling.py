"""Sampling: records of a fitted model, under what is given and what rules ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.codecs.table import QuantileTransform
from manikin.cohort.enforced_constraints import EnforcedConstraint
from manikin.rules.derivation import Formula, Lookup
from manikin.schema.kinds import Number
from manikin.synthesis.date_recoding import to_microseconds
from manikin.synthesis.inverse_recoding import is_null_or_nan
from manikin.synthesis.rejection import RejectionSampler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.schema.kinds import Schema
    from manikin.synthesis.conditions import Conditions
    from manikin.synthesis.fitted import FittedModel

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


def sample_records(known: FittedModel, given: Conditions, rules: Sequence[Any], key: Key) -> Cohort:
    """Records for what is given: formulas of rules are computed, other rules met by drawing again."""
    free = [name for name in known.plan.target if name not in given.columns]
    known = replace(known, recoding=known.recoding.add_rule_formulas(rules, known.schema, free))
    parts, (values, mask, wanted) = known.encode_condition(given), known.encode_observed(given)
    _, open_ended = known.recoding.recode_given(given.columns, given.n)

    def draw(rows: np.ndarray, x: np.ndarray, keep: np.ndarray, key: Key) -> np.ndarray:
        drawn = known.learner.draw({name: part[rows] for name, part in parts.items()}, x, keep, key)
        far = np.flatnonzero(open_ended[rows])
        if not len(far):
            return drawn
        many = np.repeat(far, N_CANDIDATES)
        copies = known.learner.draw(
            {name: part[rows[many]] for name, part in parts.items()}, x[many], keep[many], key.child("near")
        )
        drawn[far] = copies[_choose_nearest(known, given, rows[many], copies, key)]
        return drawn

    def decode(rows: np.ndarray, x: np.ndarray, key: Key) -> Cohort:
        return known.decode_records(given, rows, x, key)

    obedience = RejectionSampler(
        known.plan.target,
        (*rules, *_find_implied_checks(known, given), *_find_formula_checks(known, given, firm=True)),
        draw,
        decode,
        known.can_redraw_fields,
        (*known.soft_checks, *_find_formula_checks(known, given, firm=False)),
        map_field_channels(known),
    )
    records = known.finalize_table(obedience.sample(values, mask, wanted, key))
    return replace(records, enforced_constraints=_list_imposed(known, obedience, len(records)))


def _list_imposed(
    known: FittedModel, obedience: RejectionSampler, n: int
) -> tuple[EnforcedConstraint, ...]:
    """What sampling enforced: rules and checks by drawing again, formulas by computing."""
    drawn = [
        EnforcedConstraint(
            rule.name, tuple(getattr(rule, "fields", ())), obedience.violation_counts[rule.name] / n
        )
        for rule in (*obedience.rules, *obedience.soft_checks)
    ]
    computed = [
        EnforcedConstraint(f"{d.field} {d}", (d.field, *d.operands)) for d in known.recoding.derivations
    ]
    return (*drawn, *computed)


def _choose_nearest(
    known: FittedModel, given: Conditions, rows: np.ndarray, copies: np.ndarray, key: Key
) -> np.ndarray:
    """Of the copies of each record the one whose dates, drawn freely, come nearest to those given."""
    fields = {
        moment.field
        for moment in known.recoding.date_recodings
        if moment.anchor and moment.field in given.columns
    }
    loose = replace(given, columns={n: c for n, c in given.columns.items() if n not in fields})
    drawn = known.decode_records(loose, rows, copies, key.child("look"))
    far = np.zeros(len(rows))
    for name in fields:
        wished, unasked = to_microseconds(given.columns[name].take(rows))
        found, gap = to_microseconds(drawn.columns[name])
        far += np.where(unasked, 0.0, np.where(gap, np.inf, np.abs(found - wished)))
    best = far.reshape(-1, N_CANDIDATES).argmin(axis=1)
    return best + np.arange(len(best)) * N_CANDIDATES


def _find_implied_checks(known: FittedModel, given: Conditions) -> list[Any]:
    """What must hold besides the rules, where a field is given that follows from others."""
    found, ranges = list[Any](), find_training_ranges(known)
    for derivation in known.recoding.derivations:
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


def _find_formula_checks(known: FittedModel, given: Conditions, *, firm: bool) -> list[FormulaCheck]:
    """That given fields agree with their operands: firmly where all records are given the same value.

    In a given table all operands may be given, and are left as they are.
    """
    found = []
    for formula in known.recoding.derivations:
        if isinstance(formula, Formula) and formula.field in given.columns:
            free = not set(formula.operands) <= set(given.columns)
            if free and firm == (formula.field in given.constant_fields):
                found.append(FormulaCheck(formula, known.schema))
    return found


def map_field_channels(known: FittedModel) -> dict[str, list[int]]:
    """For each target field the channels of the encoded record that are drawn again to change it."""
    place = {part: i for i, part in enumerate(known.recoding.list_parts(known.plan.target))}
    return {
        name: [
            place[part]
            for part in known.recoding.list_parts(known.recoding.find_sources(name))
            if part in place
        ]
        for name in known.plan.target
    }


def find_training_ranges(known: FittedModel) -> dict[str, tuple[float, float]]:
    """Between what values the numbers of the target lay in training, a tenth wider on either side."""
    columns = getattr(getattr(known.codec, "table", known.codec), "columns", None) or {}
    found = {}
    for name in known.plan.target:
        scale = columns.get(name)
        if isinstance(known.schema[name], Number) and isinstance(scale, QuantileTransform) and scale.start:
            low, high = scale.start[0], scale.end[-1]
            found[name] = (low - (high - low) / 10, high + (high - low) / 10)
    return found
