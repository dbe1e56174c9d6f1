"""How a table of repeated measures lies: whose rows, in which order, and what stays within a patient."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from manikin.panels.panel_rows import PanelRows
from manikin.panels.row_order import find_order
from manikin.schema.kinds import SCALAR_TYPES, Category, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.cohort import Cohort

MIN_PATIENTS = 30
"""Patients with several rows, from whom it can be learned how rows follow one another."""

MIN_REPEATED_PATIENTS = 8
"""Patients in whom a field is known twice, from whom it can be seen whether it stays."""

MAX_CHANGED_SHARE = 0.01
"""Of the patients, in whom a static field may change by a mistake."""

MIN_LASTING_PATIENTS = 20
"""Patients who enter or have a level that nobody leaves, before it is taken for one."""

MIN_BOUND_CORRELATION = 0.3
"""Of where a rising quantity ends with a static one that it never exceeds, before it is its bound."""


@dataclass(frozen=True)
class PanelLayout:
    """What the rows of patients have in common.

    Args:
        subject: The field that says whose a row is.
        order: The field by which rows are ordered; empty: as they stand in the file.
        static: Fields that have one value in a patient.
        varying: The other modelled fields, that of the order among them.
        rising: Varying quantities that never fall from row to row.
        falling: Varying quantities that never rise.
        lasting: Levels of varying categories that nobody leaves, by field.
        bounds: For rising quantities the static ones that they never exceed.
        changed: How many patients a static field changes in, by field.
        tied: Patients with two rows of one order.
    """

    subject: str
    order: str = ""
    static: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()
    lasting: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    bounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    tied: int = 0

    @property
    def monotone(self) -> tuple[str, ...]:
        """Varying quantities that only rise or only fall."""
        return (*self.rising, *self.falling)

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON values, without what concerns few patients."""
        return {**asdict(self), "changed": {}, "tied": 0}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        names = ("static", "varying", "rising", "falling")
        levels = ("lasting", "bounds")
        return cls(
            **{
                **state,
                **{key: tuple(state[key]) for key in names},
                **{key: {name: tuple(found) for name, found in state[key].items()} for key in levels},
            }
        )

    @classmethod
    def find(cls, cohort: Cohort) -> Self | None:
        """The layout of a table with several rows of some patients; None: it is none, or too small.

        Only tables are laid out so: whose modelled fields are all numbers, categories and times.
        """
        subject = cohort.schema.find_by_role("subject")
        fields = cohort.schema.modelled_fields
        if subject is None or not all(isinstance(cohort.schema[name], SCALAR_TYPES) for name in fields):
            return None
        _, sizes = np.unique(cohort.subject, return_counts=True)
        if (sizes > 1).sum() < MIN_PATIENTS:
            return None
        order = find_order(cohort)
        rows = PanelRows.from_cohort(cohort, order, tuple(fields))
        changed = {name: rows.count_changing(name) for name in fields if name != order}
        static = tuple(
            name
            for name in changed
            if getattr(cohort.schema[name], "static", False) or _is_static(rows, name, changed[name])
        )
        varying = tuple(name for name in fields if name not in static)
        steps = {n: rows.compute_steps(n) for n in varying if not isinstance(cohort.schema[n], Category)}
        rising = tuple(n for n, step in steps.items() if _is_one_sided(step))
        falling = tuple(n for n, step in steps.items() if _is_one_sided(-step))
        return cls(
            subject,
            order,
            static,
            varying,
            rising,
            falling,
            {
                name: levels
                for name in varying
                if isinstance(kind := cohort.schema[name], Category)
                and (levels := _find_lasting_levels(rows, name, len(kind.levels)))
            },
            {
                name: bounds
                for name in rising
                if (bounds := _find_bounds(rows, name, static, cohort.schema))
            },
            {name: changed[name] for name in static if changed[name]},
            rows.count_tied(order) if order else 0,
        )


def _is_static(rows: PanelRows, name: str, changed: int) -> bool:
    """Whether a field has one value in a patient, but for a few mistakes.

    A rare event changes in few patients too, but then in most of those who ever have it.
    """
    repeated = rows.count_repeated(name)
    if repeated < MIN_REPEATED_PATIENTS:
        return changed == 0 and repeated > 0
    if not changed:
        return True
    values, counts = np.unique(rows.get_last_known(name), return_counts=True)
    usual = values[counts.argmax()]
    others = int((rows.get_last_known(name) != usual).sum())
    return changed <= MAX_CHANGED_SHARE * repeated and changed <= 0.05 * others


def _is_one_sided(step: np.ndarray) -> bool:
    """Whether steps lead upwards only, and often enough that it is no chance."""
    return (
        len(step) >= MIN_LASTING_PATIENTS
        and bool((step >= 0).all())
        and int((step > 0).sum()) >= MIN_REPEATED_PATIENTS
    )


def _find_lasting_levels(rows: PanelRows, name: str, levels: int) -> tuple[int, ...]:
    values, patient = rows.values[name], rows.patient
    known = ~np.isnan(values)
    values, patient = values[known], patient[known]
    same = patient[1:] == patient[:-1]
    before, after, who = values[:-1][same], values[1:][same], patient[1:][same]
    found = []
    for level in range(levels):
        here = before == level
        if len(np.unique(who[here])) >= MIN_LASTING_PATIENTS and (after[here] == level).all():
            found.append(level)
    return tuple(found) if len(found) < levels else ()


def _find_bounds(rows: PanelRows, name: str, static: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """The static quantities that a rising one never exceeds and that grow with where it ends."""
    last = rows.get_last_known(name)
    found = []
    for other in static:
        if schema[other].name != schema[name].name or isinstance(schema[other], Category):
            continue
        bound = rows.get_first_known(other)
        known = ~np.isnan(last) & ~np.isnan(bound)
        if known.sum() < MIN_LASTING_PATIENTS or (last[known] > bound[known]).any():
            continue
        if not np.ptp(last[known]) or not np.ptp(bound[known]):
            continue
        if np.corrcoef(last[known], bound[known])[0, 1] > MIN_BOUND_CORRELATION:
            found.append(other)
    return tuple(found)
