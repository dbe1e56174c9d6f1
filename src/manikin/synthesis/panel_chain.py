"""Repeated measures by the chain rule: p(first row) times p(next row | rows before), row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.core import registry
from manikin.core.seeds import Key
from manikin.errors import NotFitted, UsageError
from manikin.panels.description import describe_layout
from manikin.panels.history_features import COUNT_FIELD, PatientHistories
from manikin.panels.layout import PanelLayout
from manikin.panels.panel_rows import PanelRows
from manikin.panels.row_encoding import RowEncoding
from manikin.panels.row_process import RowProcess
from manikin.panels.training_tables import PanelTables, choose_longest
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.chain import Chain
from manikin.synthesis.identifier_surrogates import generate_surrogates
from manikin.synthesis.link import Link
from manikin.synthesis.model_options import ModelOptions, list_options
from manikin.synthesis.persistence import save_links
from manikin.synthesis.plan import check_fields
from manikin.synthesis.row_sampler import LAST_FIELD, LAST_KIND, RowSampler, read_given_rows
from manikin.synthesis.training_support import TrainingSupport
from manikin.synthesis.user_warnings import pool_rare_levels
from manikin.training.budget import take_budget_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from manikin.synthesis.chain import HasLinks


MIN_TREND = 0.25
"""The R^2 from which trees follow a straight line through the rows before: repeated measures are noisy."""


@dataclass(init=False)
class PanelChain(Chain):
    """Patients with several rows: a link for their first rows, one for next rows, one for the last.

    Args:
        links: The models of first rows with static fields, of next rows, and of whether a row is the last;
            the third only where that is not certain.
        options: What the user chose.
        layout: How the table lies.
        process: How rows follow one another; None: nothing was learned yet.
    """

    options: ModelOptions
    layout: PanelLayout
    process: RowProcess | None

    def __init__(
        self,
        options: ModelOptions,
        layout: PanelLayout,
        links: Sequence[HasLinks] = (),
        process: RowProcess | None = None,
    ) -> None:
        super().__init__(links)
        self.options, self.layout, self.process = options, layout, process

    @classmethod
    def from_saved(cls, links: Sequence[Link], panel: Mapping[str, Any]) -> Self:
        """A fitted chain as it was saved."""
        first = links[0].model
        process = RowProcess.from_dict(panel, first.schema, first.arrow_types)
        known = {**list_options(links[0]), "target": None, "anonymous": panel["anonymous"]}
        return cls(ModelOptions(**known), process.layout, links, process)

    def fit(
        self, train: Cohort | pd.DataFrame, *, checkpoint: str | Path | None = None, quiet: bool = False
    ) -> Self:
        """Learn first rows, next rows and ends; whatever is counted is counted in patients."""
        records = train if isinstance(train, Cohort) else Cohort.from_pandas(train)
        options, layout = self.options, self.layout
        fields = (*layout.static, *layout.varying)
        condition = check_fields(records.schema, options.condition)
        records, pools = pool_rare_levels(records, fields, condition, options.anonymous)
        rows = PanelRows.from_cohort(records, layout.order, fields)
        encoding, longest = RowEncoding.find(layout, records, rows), choose_longest(rows.sizes)
        tables = PanelTables.build(encoding, rows, longest)
        process = RowProcess.find(records, rows, tables, encoding, longest)
        kinds = PatientHistories.build_kinds(layout, records.schema, process.gaps)
        parts = [
            (
                _take_first_rows(records, rows, encoding),
                tuple(n for n in fields if n not in condition),
                condition,
            )
        ]
        following = {**tables.features, **tables.targets}
        known = {**kinds, **encoding.build_kinds()}
        parts.append(
            (encoding.build_table(following, known, tables.patients), layout.varying, tuple(kinds))
        )
        open_ended = ~np.isin(tables.stop_features[COUNT_FIELD], [*process.certain_ends, longest])
        if len(np.unique(tables.is_last[open_ended])) == 2:  # noqa: PLR2004 - some go on and some do not
            ends = {**tables.stop_features, LAST_FIELD: tables.is_last.astype(float)}
            table = encoding.build_table(ends, {**kinds, LAST_FIELD: LAST_KIND}, tables.stop_patients)
            parts.append((table.take(open_ended), (LAST_FIELD,), tuple(kinds)))
        links = []
        for place, (table, target, given) in enumerate(parts):
            link = self._build_link(target, given, len(parts))
            state = Path(f"{checkpoint}-{place}") if checkpoint else None
            links.append(link.fit(table, checkpoint=state, quiet=quiet))
        support = TrainingSupport.from_cohort(records, fields, pools)
        links[0].fitted_model = replace(links[0].model, support=support)
        self.links, self.process = links, process
        return self

    def _build_link(self, target: Sequence[str], condition: Sequence[str], parts: int) -> Link:
        """An unfitted link with the user's family and its part of the budget."""
        training = self.options.training
        return Link(
            target,
            condition,
            self.options.family or registry.find("families", "trees")(trend=MIN_TREND),
            self.options.seed,
            training and take_budget_share(training, 1 / parts),
            anonymous=1,  # levels that too few patients share were pooled before, over all rows
        )

    @property
    def condition_fields(self) -> tuple[str, ...]:
        """The static fields that are given at sampling."""
        return self.models[0].plan.condition

    def sample(
        self,
        n: int | None = None,
        *,
        condition: Cohort | pd.DataFrame | None = None,
        where: Mapping[str, Any] | None = None,
        rules: Sequence[Any] = (),
        seed: int = 0,
    ) -> Cohort:
        """New patients with all their rows, or given patients with the rows that come next.

        Args:
            n: How many patients.
            condition: A row for each patient; or, with the field that says whose a row is, the first
                rows of patients, who are then continued.
            where: Static fields with the same value in all patients.
            rules: Clinical rules that every row must meet.
            seed: The same seed gives the same patients.

        Raises:
            UsageError: A field that changes from row to row is given by `where`, or a column of rows lacks.
            RuleError: A rule that rows can hardly meet.
        """
        process = self._process
        if changing := [name for name in where or {} if name in self.layout.varying]:
            stays = ", ".join(self.layout.static) or "there are none"
            message = (
                f"where: {', '.join(changing)} changes from row to row; what can be given of all rows of a "
                f"patient are fields that stay: {stays}"
            )
            raise UsageError(message)
        begun = read_given_rows(self.models[0], self.layout, condition)
        given = condition if begun is None else begun.first
        first = Chain(self.links[:1]).sample(n, condition=given, where=where, rules=rules, seed=seed)
        walk = RowSampler(self.links, process, first, rules, Key(seed).child("rows", self.options.seed))
        patient, values = walk.sample(begun)
        return self._assemble(first, walk, patient, values)

    def _assemble(self, first: Cohort, walk: RowSampler, patient: np.ndarray, x: np.ndarray) -> Cohort:
        """Rows as a cohort with the fields of the file, in the order of the file."""
        process, model = self._process, self.models[0]
        if process.is_sorted_by_order:
            order = np.lexsort((patient, x[:, self.layout.varying.index(self.layout.order)]))
            patient, x = patient[order], x[order]
        columns = walk.build_columns(patient, x)
        for name in set(first.schema) - set(columns):
            dtype, start = model.arrow_types[name], model.surrogate_starts[name]
            stays = name == self.layout.subject or name in process.lasting_identifiers
            made = generate_surrogates(dtype, len(first) if stays else len(patient), start)
            columns[name] = made.take(pa.array(patient)) if stays else made
        table = pa.table({name: columns[name] for name in first.schema})
        imposed = walk.update_constraints(first.enforced_constraints, len(patient))
        return replace(first, columns=table, enforced_constraints=imposed)

    def replace_sampling_options(self, **options: float) -> Self:
        """The same models with other options of sampling; errors as of `Chain`."""
        links = Chain(self.links).replace_sampling_options(**options).links
        return type(self)(self.options, self.layout, links, self.process)

    def describe(self) -> list[str]:
        """How the rows of patients lie, and who has more rows than are learned."""
        process, found = self._process, describe_layout(self.layout, self._process.schema)
        if process.truncated:
            found.append(
                f"{process.truncated:,} patients have more than {process.longest:,} rows, which fewer than "
                f"{MIN_CELL_SIZE} patients have: their further rows are not learned"
            )
        return found

    def count_drawn(self, records: Cohort) -> int:
        """How many patients these records are of."""
        return len(np.unique(records.subject))

    def count_for_rows(self, rows: int) -> int:
        """How many patients have about so many rows."""
        return max(1, round(rows / self._process.mean_rows))

    def refit(self, train: Cohort, seed: int = 0) -> Cohort:
        """As many patients as these, drawn from the same configuration fitted anew to these alone."""
        layout = PanelLayout.find(train) or self.layout
        again = type(self)(replace(self.options, seed=seed), layout).fit(train, quiet=True)
        rows = PanelRows.from_cohort(train, layout.order, ())
        if not self.condition_fields:
            return again.sample(self.count_drawn(train), seed=seed)
        chosen = Key(seed).child("refit").numpy().permutation(rows.source[rows.place == 0])
        return again.sample(condition=train.take(chosen).select(*self.condition_fields), seed=seed)

    def save(self, folder: str | Path) -> None:
        """Write the fitted models to a folder; errors as of `Chain`."""
        save_links(
            self.links, folder, panel={**self._process.to_dict(), "anonymous": self.options.anonymous}
        )

    @property
    def _process(self) -> RowProcess:
        if self.process is None:
            raise NotFitted("the synthesizer has learned nothing yet; call fit(train) first")
        return self.process


def _take_first_rows(records: Cohort, rows: PanelRows, encoding: RowEncoding) -> Cohort:
    """The first row of each patient, static fields with the first value that is known of them."""
    first = records.take(rows.source[rows.place == 0])
    static = {name: rows.get_first_known(name) for name in encoding.layout.static}
    columns = {name: first.columns[name] for name in first.schema} | encoding.build_file_columns(static)
    return replace(first, columns=pa.table({name: columns[name] for name in first.schema}))
