"""Recoding: records as they are learned, and back; and what is computed after they are drawn.

Dates become lengths of time, weeks, weekdays and clock times (`moments`). Fields that follow from others
are computed (`manikin.rules.derivation`): they stay in the model, which so knows where they are missing and
what goes with them, and computed values replace their drawn ones wherever all operands are there. So
gaps come in the share that was learned, whatever follows from what.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from manikin.core.seeds import Key
from manikin.rules.derivation import Derivation, Formula, Lookup
from manikin.rules.mining.formulas import can_add, find_formulas, sort_by_dependency
from manikin.rules.mining.functional_dependencies import find_lookups
from manikin.rules.rule_formulas import extract_formulas
from manikin.schema.kinds import SCALAR_TYPES, Schema, Time
from manikin.synthesis.date_anchors import find_date_recodings
from manikin.synthesis.date_recoding import DateRecoding, to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.rules.rule import Rule
    from manikin.synthesis.plan import Plan

Columns = dict[str, Any]


@dataclass(frozen=True)
class Recoding:
    """How records of a file become records that are learned.

    Args:
        date_recodings: Dates and times that are learned in parts, each after its anchor.
        derivations: Fields that are computed from others, each after those that it needs.
    """

    date_recodings: tuple[DateRecoding, ...] = ()
    derivations: tuple[Derivation, ...] = field(default=())

    @classmethod
    def find(cls, train: Cohort, plan: Plan) -> Self:
        """What the training records show; nothing where not all that is modelled are scalars."""
        here = (*plan.condition, *plan.target)
        if not all(isinstance(train.schema[name], SCALAR_TYPES) for name in plan.target):
            return cls()
        rows = train.select(*(name for name in here if isinstance(train.schema[name], SCALAR_TYPES)))
        times = [n for n, kind in rows.schema.items() if isinstance(kind, Time) and kind.unit != "month"]
        values = {name: to_microseconds(rows.columns[name]) for name in times}
        formulas = find_formulas(rows, plan.target)
        lookups = find_lookups(rows, plan.target, train.subject)
        both: list[Derivation] = [*formulas]
        for lookup in lookups:
            if can_add(lookup, both):
                both.append(lookup)
        return cls(find_date_recodings(values, plan.condition), tuple(sort_by_dependency(both)))

    @property
    def is_identity(self) -> bool:
        """Whether records are learned as they are."""
        return not self.date_recodings and not self.derivations

    def list_parts(self, fields: Iterable[str]) -> tuple[str, ...]:
        """The parts by which fields are learned."""
        known = {moment.field: moment.part_names for moment in self.date_recodings}
        return tuple(part for name in fields for part in known.get(name, (name,)))

    def recode_plan(self, plan: Plan) -> Plan:
        """What stands on which side of the bar, in parts."""
        sides = {side: self.list_parts(getattr(plan, side)) for side in ("target", "condition", "observed")}
        return replace(plan, **sides)

    def find_main_part(self, name: str) -> str:
        """The part of a field that is missing where the field is."""
        return self.list_parts([name])[0]

    def recode_schema(self, schema: Schema) -> Schema:
        """The kinds of the parts, in the order of the fields."""
        known = {moment.field: moment.build_kinds() for moment in self.date_recodings}
        return Schema(
            {n: k for name, kind in schema.items() for n, k in known.get(name, {name: kind}).items()}
        )

    def recode(self, cohort: Cohort) -> Cohort:
        """Whole records as they are learned.

        Parts beside the main one are never missing: where the field is, they hold values of other records
        at random, so that the main part alone says where gaps are.
        """
        if not self.date_recodings:
            return cohort
        parts, kinds = self._split_dates(cohort), self.recode_schema(cohort.schema)
        columns = {name: parts[name] if name in parts else cohort.columns[name] for name in kinds}
        return replace(cohort, columns=pa.table(columns), schema=kinds)

    def _split_dates(self, cohort: Cohort) -> Columns:
        here = [moment for moment in self.date_recodings if moment.field in cohort.schema]
        names = {name for moment in here for name in (moment.field, moment.anchor) if name}
        values = {name: to_microseconds(cohort.columns[name]) for name in names}
        found: Columns = {}
        for moment in here:
            when, gap = values[moment.field]
            start, lost = values[moment.anchor] if moment.anchor else (None, np.zeros(len(gap), dtype=bool))
            for name, part in moment.split(when, start).items():
                main = name == moment.main_part
                filled = impute_hot_deck(part, gap | lost if main else gap, name)
                found[name] = pa.array(filled.astype(np.int64), mask=gap if main else None)
        return found

    def recode_given(self, columns: Mapping[str, Any], n: int) -> tuple[Columns, np.ndarray]:
        """What is given of records, in parts; and which records (n,) give a date without its anchor.

        Args:
            columns: Given columns, null where nothing is given.
            n: How many records.
        """
        known = {moment.field for moment in self.date_recodings}
        found: Columns = {name: column for name, column in columns.items() if name not in known}
        open_ended = np.zeros(n, dtype=bool)
        for moment in self.date_recodings:
            if moment.field not in columns:
                continue
            here, gap = to_microseconds(columns[moment.field])
            start, lost = None, np.zeros(n, dtype=bool)
            if moment.anchor:
                start, lost = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
                if moment.anchor in columns:
                    start, lost = to_microseconds(columns[moment.anchor])
            open_ended |= lost & ~gap
            for name, part in moment.split(here, start).items():
                mask = gap | lost if name == moment.main_part else gap
                found[name] = pa.array(part.astype(np.int64), mask=mask)
        return found, open_ended

    def add_rule_formulas(self, rules: Sequence[Rule], schema: Schema, free: Sequence[str]) -> Self:
        """This recoding with the formulas that rules state; each gives a field that none gave before."""
        chosen = list(self.derivations)
        for rule in rules:
            known = {frozenset((d.field, *d.operands)) for d in chosen}
            able = sorted(
                extract_formulas(rule, schema, free), key=lambda f: not isinstance(schema[f.field], Time)
            )
            chosen += [
                f for f in able if frozenset((f.field, *f.operands)) not in known and can_add(f, chosen)
            ][:1]
        return replace(self, derivations=tuple(sort_by_dependency(chosen)))

    def drop_derivation(self, name: str) -> Self:
        """This recoding where a field is not computed."""
        return replace(self, derivations=tuple(d for d in self.derivations if d.field != name))

    def find_sources(self, name: str) -> tuple[str, ...]:
        """A field and all from which it is computed or counted."""
        found, new = {name}, [name]
        after = {d.field: d.operands for d in self.derivations}
        after |= {m.field: (*after.get(m.field, ()), m.anchor) for m in self.date_recodings if m.anchor}
        while new:
            new = [other for one in new for other in after.get(one, ()) if other not in found]
            found |= set(new)
        return tuple(found)

    def describe(self, records: int) -> dict[str, Any]:
        """What is computed, and how dates are learned, in words, as facts of a model."""
        computed = {
            d.field: f"{d}, as in all {d.support:,} records (of {records:,}) that have it and its operands"
            for d in self.derivations
        }
        moments = {moment.field: moment.describe() for moment in self.date_recodings}
        return ({"computed": computed} if computed else {}) | ({"recoded": moments} if moments else {})

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "moments": [asdict(moment) for moment in self.date_recodings],
            "formulas": [asdict(d) for d in self.derivations if isinstance(d, Formula)],
            "lookups": [asdict(d) for d in self.derivations if isinstance(d, Lookup)],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        formulas = [Formula(**{**s, "lead": tuple(s["lead"])}) for s in state.get("formulas", ())]
        lookups = [Lookup(**s) for s in state.get("lookups", ())]
        known = [{**s, "weekdays": tuple(s.get("weekdays", ()))} for s in state.get("moments", ())]
        moments = tuple(DateRecoding(**s) for s in known)
        return cls(moments, tuple(sort_by_dependency([*formulas, *lookups])))


def describe_recoding(facts: Mapping[str, Any]) -> list[str]:
    """What is computed and how dates were learned, for people, from the facts of a model.

    Example:
        >>> describe_recoding({"recoded": {"discharged": "days after admitted"}})
        ['discharged is learned as days after admitted']
    """
    computed = [f"{name} is computed: {how}" for name, how in facts.get("computed", {}).items()]
    return [*computed, *(f"{name} is learned as {how}" for name, how in facts.get("recoded", {}).items())]


def impute_hot_deck(values: np.ndarray, gap: np.ndarray, name: str) -> np.ndarray:
    """Values (n,) with those of other records, drawn at random, where there is a gap."""
    if not gap.any() or gap.all():
        return np.where(gap, 0, values)
    drawn = Key(0).child("gap", name).numpy().choice(values[~gap], size=int(gap.sum()))
    filled = values.copy()
    filled[gap] = drawn
    return filled
