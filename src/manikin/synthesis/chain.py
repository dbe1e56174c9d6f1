"""Chain: whole patients by the chain rule, p(a) p(b | a) p(c | a, b), over several kinds of record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import pyarrow as pa

from manikin.core.deprecation import forward_method
from manikin.core.seeds import Key
from manikin.errors import SchemaError, UsageError
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.conditions import to_table
from manikin.synthesis.link import Link
from manikin.synthesis.persistence import save_links
from manikin.synthesis.plan import can_model, check_fields, group_fields
from manikin.synthesis.user_warnings import SampleRemarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.family import Family, StatisticalFamily
    from manikin.schema.kinds import Schema
    from manikin.synthesis.fitted import FittedModel
    from manikin.training.budget import Training


class HasLinks(Protocol):
    """What a chain is made of: a `Synthesizer`, a `Link` or another chain."""

    @property
    def links(self) -> Sequence[Link]:
        """The models that it consists of."""
        ...


@dataclass(init=False)
class Chain:
    """One model or several, each given what those before it made.

    Args:
        links: Synthesizers in order; the condition of each is given, or made by those before it.
    """

    links: Sequence[Link]

    def __init__(self, links: Sequence[HasLinks]) -> None:
        self.links = [link for part in links for link in part.links]

    @classmethod
    def from_schema(
        cls,
        schema: Schema,
        condition: str | Sequence[str] = (),
        family: str | Family | StatisticalFamily | None = None,
        seed: int = 0,
        training: Training | None = None,
        *,
        scan: bool = True,
        anonymous: int = MIN_CELL_SIZE,
    ) -> Self:
        """The chain for all fields that are not given: first scalars, then label maps, then the rest.

        A family of tables alone (`trees`) models the scalars, one of texts alone (`templates`, `lora`) the
        texts, and the default all others.

        Example:
            >>> from manikin.schema.kinds import Image, Number, Schema
            >>> chain = Chain.from_schema(Schema(scan=Image(), age=Number(), lesion=Image(levels=2)))
            >>> [(link.target, link.condition) for link in chain.links]
            [(('age',), ()), (('lesion',), ('age',)), (('scan',), ('age', 'lesion'))]
        """
        given, links = check_fields(schema, condition), []
        targets = group_fields(schema, [name for name in schema.modelled_fields if name not in given])
        fitting = [family is not None and can_model(family, schema, target) for target in targets]
        for target, fits in zip(targets, fitting, strict=True):
            fit = family if fits or not any(fitting) else None  # one that fits none says why
            links.append(Link(target, given, fit, seed, training, scan=scan, anonymous=anonymous))
            given = (*given, *target)
        return cls(links)

    def fit(
        self, train: Cohort | pd.DataFrame, *, checkpoint: str | Path | None = None, quiet: bool = False
    ) -> Self:
        """Fit each on the same training records; of several each has a checkpoint of its own.

        Raises:
            UsageError: There is no link, or one waits for a field that comes later.
        """
        if not self.links:
            raise UsageError("a chain needs at least one synthesizer")
        for place, link in enumerate(self.links):
            state = checkpoint if len(self.links) == 1 else checkpoint and f"{checkpoint}-{place}"
            link.fit(train, checkpoint=Path(state) if state else None, quiet=quiet)
        plans = [model.plan for model in self.models]
        for place, plan in enumerate(plans):
            later = {name for after in plans[place:] for name in after.target}
            if lacking := sorted(later.intersection(plan.condition)):
                message = f"link {place + 1} is given {', '.join(lacking)}, which no link before it makes"
                raise UsageError(message)
        return self

    @property
    def models(self) -> tuple[FittedModel, ...]:
        """What each link has learned.

        Raises:
            NotFitted: A link has learned nothing yet.
        """
        return tuple(link.model for link in self.links)

    @property
    def condition_fields(self) -> tuple[str, ...]:
        """The fields that no link makes: they are given at sampling."""
        made = {name for model in self.models for name in model.plan.target}
        wanted = [name for model in self.models for name in model.plan.condition if name not in made]
        return tuple(dict.fromkeys(wanted))

    def sample(
        self,
        n: int | None = None,
        *,
        condition: Cohort | pd.DataFrame | None = None,
        where: Mapping[str, Any] | None = None,
        rules: Sequence[Any] = (),
        seed: int = 0,
    ) -> Cohort:
        """New patients, by the arguments of `Synthesizer.sample`; a rule binds links that have its fields.

        Raises:
            NotFitted: A link has learned nothing yet.
            UsageError: No number of records follows, or it is not above 0.
            SchemaError: A field or level that no link knows, or a rule on fields that no link has together.
            RuleError: A rule that a model can hardly meet.
        """
        models, table, where = self.models, to_table(condition), dict(where or {})
        self._check_fields(where, rules)
        columns = {} if table is None else {name: table[name] for name in table.column_names}
        remarks = SampleRemarks({*columns, *where}, tuple(where))
        for link, model in zip(self.links, models, strict=True):
            constant = {name: where.pop(name) for name in [*where] if name in model.plan.fields}
            given = model.read_conditions(n, pa.table(columns) if columns else None, constant)
            made = remarks.add(link.sample(given, rules, seed), given, model.support, link.anonymous)
            columns |= {name: made.columns[name] for name in made.schema}
        here = {name for model in models for name in model.plan.fields}
        whole = pa.table({name: column for name, column in columns.items() if name in here})
        return remarks.annotate(models[-1].finalize_table(whole))

    def _check_fields(self, where: Mapping[str, Any], rules: Sequence[Any]) -> None:
        """Check that values are given of fields that are modelled, and each rule is of fields of one link.

        Raises:
            SchemaError: They are not.
        """
        known = [set(model.plan.fields) for model in self.models]
        every = set().union(*known)
        if strange := [name for name in where if name not in every]:
            listed = ", ".join(name for name in self.models[-1].schema if name in every)
            raise SchemaError(f"{strange[0]!r} is no modelled field; there are {listed}")
        for rule in rules:
            if absent := [name for name in rule.fields if name not in every]:
                message = (
                    f"rule {rule.name!r} speaks of {', '.join(absent)}, which this model does not make"
                )
                raise SchemaError(message)
            if not any(here.issuperset(rule.fields) for here in known):
                raise SchemaError(
                    f"rule {rule.name!r} speaks of {', '.join(rule.fields)}, which no link of the chain "
                    "has together; make one of them a condition of the link that models another"
                )

    def replace_sampling_options(self, **options: float) -> Self:
        """The same models with other options of sampling, each link with those that its family has.

        Raises:
            UsageError: An option that no link has, or a value without meaning.
            Unsupported: The option says nothing about such data.
        """
        known = set().union(*(model.plan.family.sampling for model in self.models))
        if strange := sorted(set(options) - known):
            listed = ", ".join(sorted(known)) or "there are none"
            raise UsageError(
                f"{', '.join(strange)}: no link samples by it; options of sampling: {listed}; others need "
                "another fit: name them in family="
            )
        return type(self)([link.replace_sampling_options(options) for link in self.links])

    using = forward_method("Chain.using", "replace_sampling_options")

    def describe(self) -> list[str]:
        """What was found of the records that concerns the chain as a whole, in sentences."""
        return []

    def count_drawn(self, records: Cohort) -> int:
        """How many are to be drawn for as many as these records."""
        return len(records)

    def count_for_rows(self, rows: int) -> int:
        """How many are to be drawn for so many rows of a table."""
        return rows

    def refit(self, train: Cohort, seed: int = 0) -> Cohort:
        """As many records as these, drawn from the same chain fitted anew to these alone.

        What is given is that of the records, in random order.
        """
        again = type(self)([link.copy_unfitted(seed) for link in self.links]).fit(train, quiet=True)
        if not self.condition_fields:
            return again.sample(len(train), seed=seed)
        rows = Key(seed).child("refit").numpy().permutation(len(train))
        return again.sample(condition=train.take(rows).select(*self.condition_fields), seed=seed)

    def save(self, folder: str | Path) -> None:
        """Write the fitted models to a folder: TOML, JSON and safetensors, nothing executable.

        Raises:
            NotFitted: A link has learned nothing yet.
            UsageError: The folder holds something that is no model.
        """
        save_links(self.links, folder)
