"""Rows of patients drawn one after another, each given all before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.core.progress_display import show_step
from manikin.errors import RuleError, UsageError
from manikin.panels.history_features import PatientHistories
from manikin.panels.panel_rows import PanelRows, read_values
from manikin.schema.kinds import Category, Schema
from manikin.synthesis.conditions import Conditions, to_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from manikin.cohort.enforced_constraints import EnforcedConstraint
    from manikin.core.seeds import Key
    from manikin.panels.layout import PanelLayout
    from manikin.panels.row_process import RowProcess
    from manikin.synthesis.fitted import FittedModel
    from manikin.synthesis.link import Link

LAST_FIELD = "last row"
"""The field that says whether a row is its patient's last."""

LAST_KIND = Category(levels=("no", "yes"))

NEXT_LINK, LAST_LINK = 1, 2
"""The places of the models of next rows, and of whether a row is the last, among the links."""

MAX_ATTEMPTS = 60
"""Draws of a row before a rule that it breaks is given up."""


@dataclass(frozen=True)
class GivenRows:
    """The rows that are given of patients who are to be continued.

    Args:
        first: The first row of each patient, in the order in which patients appear.
        rows: All their rows, by patient and order.
        fields: The varying fields that are given.
    """

    first: Cohort
    rows: PanelRows
    fields: frozenset[str]


def read_given_rows(
    model: FittedModel, layout: PanelLayout, condition: Cohort | pd.DataFrame | None
) -> GivenRows | None:
    """Rows that are given with the field that says whose they are; None: each row is another patient.

    Raises:
        UsageError: A patient has several rows, and a field that changes from row to row is not given.
    """
    table = to_table(condition)
    if table is None or layout.subject not in table.column_names:
        return None
    given = model.read_conditions(None, table, {})
    subject = table[layout.subject]
    if subject.null_count:
        raise UsageError(
            f"condition: {subject.null_count} rows do not say whose they are ({layout.subject})"
        )
    columns = {layout.subject: subject, **given.columns}
    schema = Schema({name: model.schema[name] for name in columns})
    cohort = Cohort(pa.table(columns), schema)
    order = layout.order if layout.order in given.columns else ""
    rows = PanelRows.from_cohort(cohort, order, tuple(given.columns))
    absent = [name for name in layout.varying if name not in given.columns]
    if absent and rows.sizes.max() > 1:
        message = (
            f"condition: patients have several rows, which lack {', '.join(absent)}; give every field that "
            f"changes from row to row ({', '.join(layout.varying)}), empty where it was not measured"
        )
        raise UsageError(message)
    first = cohort.select(*given.columns).take(rows.source[rows.place == 0])
    return GivenRows(first, rows, frozenset(given.columns) & frozenset(layout.varying))


@dataclass
class RowSampler:
    """The rows of some patients, drawn one after another.

    Args:
        links: The models of a panel.
        process: How rows follow one another.
        first: First rows, one for each patient.
        rules: What every row must meet.
        key: Of the draws.
        violations: Filled while sampling: how many of the rows after the first broke each rule when first
            drawn.
    """

    links: Sequence[Link]
    process: RowProcess
    first: Cohort
    rules: Sequence[Any]
    key: Key
    violations: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        layout = self.process.layout
        self.static = {name: read_values(self.first, name) for name in layout.static}
        self.histories = PatientHistories.start(
            layout, self.process.schema, self.static, self.process.gaps, len(self.first)
        )
        self.kinds = PatientHistories.build_kinds(layout, self.process.schema, self.process.gaps)

    def sample(self, begun: GivenRows | None = None) -> tuple[np.ndarray, np.ndarray]:
        """All rows: whose they are (m,) and their varying fields (m, fields), by patient and order."""
        layout, n = self.process.layout, len(self.first)
        x = np.column_stack([read_values(self.first, name) for name in layout.varying])
        sizes = np.ones(n, dtype=int) if begun is None else begun.rows.sizes
        who, patients, rows = np.arange(n), list[np.ndarray](), list[np.ndarray]()
        with show_step(f"sampling the rows of {n:,} patients", n) as step:
            for place in range(max(self.process.longest, int(sizes.max()))):
                if begun is None or place >= sizes.max():
                    x = x if place == 0 else self._draw_rows(who, place)
                else:
                    x = self._follow_given(begun, who, place, x)
                patients.append(who)
                rows.append(x)
                self.histories.append(who, x)
                left = self._find_continuing(who, place + 1, sizes)
                step.advance(len(who) - len(left))
                who = left
                if not len(who):
                    break
        patient, values = np.concatenate(patients), np.concatenate(rows)
        order = np.argsort(patient, kind="stable")
        return patient[order], values[order]

    def _follow_given(self, begun: GivenRows, who: np.ndarray, place: int, first: np.ndarray) -> np.ndarray:
        """The rows of this number: as they are given, of patients with fewer given rows drawn."""
        x = np.empty((len(who), len(self.process.layout.varying)))
        stated = begun.rows.sizes[who] > place
        at = np.searchsorted(begun.rows.patient, who[stated]) + place
        for j, name in enumerate(self.process.layout.varying):
            x[stated, j] = begun.rows.get_values(name)[at] if name in begun.fields else first[stated, j]
        if not stated.all():
            x[~stated] = self._draw_rows(who[~stated], place)
        return x

    def _find_continuing(self, who: np.ndarray, count: int, given: np.ndarray) -> np.ndarray:
        """Which of the patients have another row after so many; those with more given rows have."""
        open_ended = given[who] <= count
        certain = True if count >= self.process.longest else self.process.certain_ends.get(count)
        if certain is None and len(self.links) > LAST_LINK and open_ended.any():
            asked = who[open_ended]
            drawn = self._ask(self.links[LAST_LINK], asked, self.key.child("last", count))
            stops = np.zeros(len(who), dtype=bool)
            stops[open_ended] = drawn[LAST_FIELD] == LAST_KIND.levels[1]
            return who[~stops]
        return who[~open_ended] if certain else who

    def _draw_rows(self, who: np.ndarray, place: int) -> np.ndarray:
        """The next row of each of these patients; what breaks a rule is drawn again.

        Raises:
            RuleError: A rule is still broken after all attempts.
        """
        x = np.empty((len(who), len(self.process.layout.varying)))
        pending, broken = np.arange(len(who)), np.zeros(len(who), dtype=bool)
        for attempt in range(MAX_ATTEMPTS):
            drawn = self._ask(self.links[NEXT_LINK], who[pending], self.key.child("next", place, attempt))
            x[pending] = self.process.encoding.decode(self.histories, who[pending], drawn)
            broken = self._find_broken(who[pending], x[pending], counted=attempt == 0)
            pending = pending[broken.any(axis=0)] if len(broken) else pending[:0]
            if not len(pending):
                return x
        name = self.rules[int(broken.sum(axis=1).argmax())].name
        message = (
            f"rule {name!r}: {len(pending)} of {len(who)} patients break it in row {place + 1} after "
            f"{MAX_ATTEMPTS} draws; loosen the rule, or learn from records that meet it"
        )
        raise RuleError(message)

    def _find_broken(self, who: np.ndarray, x: np.ndarray, *, counted: bool) -> np.ndarray:
        """Which rules (k,) which rows break, (k, m)."""
        if not self.rules:
            return np.zeros((0, len(who)), dtype=bool)
        rows = Cohort(pa.table(self.build_columns(who, x)), self._row_schema)
        broken = np.array([~rule.holds(rows) for rule in self.rules])
        for rule, wrong in zip(self.rules, broken, strict=True):
            if counted:
                self.violations[rule.name] = self.violations.get(rule.name, 0) + int(wrong.sum())
        return broken

    def _ask(self, link: Link, who: np.ndarray, key: Key) -> Cohort:
        """What a link draws for the histories of some patients; gaps that training never had are filled."""
        features = self.histories.compute_features(who)
        for name, median in self.process.medians.items():
            features[name] = np.where(np.isnan(features[name]), median, features[name])
        given = Conditions(len(who), self.process.encoding.build_columns(features, self.kinds))
        return link.sample(given, (), key.integer())

    def build_columns(self, patient: np.ndarray, x: np.ndarray) -> dict[str, pa.Array]:
        """The modelled columns of rows in the types of the file."""
        layout = self.process.layout
        values = {name: column[patient] for name, column in self.static.items()}
        values |= {name: x[:, j] for j, name in enumerate(layout.varying)}
        return self.process.encoding.build_file_columns(values)

    @property
    def _row_schema(self) -> Schema:
        layout = self.process.layout
        return Schema({name: self.process.schema[name] for name in (*layout.static, *layout.varying)})

    def update_constraints(
        self, first: Sequence[EnforcedConstraint], rows: int
    ) -> tuple[EnforcedConstraint, ...]:
        """What was enforced of first rows, with how often all `rows` broke it when first drawn."""
        n = len(self.first)
        return tuple(
            replace(one, redrawn_share=(one.redrawn_share * n + self.violations.get(one.name, 0)) / rows)
            for one in first
        )
