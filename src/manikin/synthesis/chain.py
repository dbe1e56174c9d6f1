"""Chain: whole patients by the chain rule, p(a) p(b | a) p(c | a, b), over several kinds of record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.contracts.family import StatisticalFamily
from manikin.core.deprecation import forward_method
from manikin.core.seeds import Key
from manikin.errors import UsageError
from manikin.schema.kinds import SCALAR_TYPES, Image, Schema, Text
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.conditions import check_number, find_unknown_columns
from manikin.synthesis.plan import check_fields, resolve_family
from manikin.synthesis.user_warnings import (
    describe_link_support,
    describe_unknown_columns,
    join_evidence,
    silence_warnings,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from manikin.contracts.family import Family
    from manikin.synthesis.fitted import FittedModel
    from manikin.synthesis.plan import Plan
    from manikin.synthesis.synthesizer import Synthesizer
    from manikin.training.budget import Training


@dataclass
class Chain:
    """Several synthesizers, each given what those before it made.

    Args:
        links: Synthesizers in order; the condition of each is given, or made by those before it.
    """

    links: Sequence[Synthesizer]

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
            >>> from manikin.schema.kinds import Number
            >>> chain = Chain.from_schema(Schema(scan=Image(), age=Number(), lesion=Image(levels=2)))
            >>> [(link.target, link.condition) for link in chain.links]
            [(('age',), ()), (('lesion',), ('age',)), (('scan',), ('age', 'lesion'))]
        """
        from manikin.synthesis.synthesizer import Synthesizer

        given = check_fields(schema, condition)
        links = []
        targets = group_fields(schema, [name for name in schema.modelled_fields if name not in given])
        fitting = [family is not None and _can_model(family, schema, target) for target in targets]
        for target, fits in zip(targets, fitting, strict=True):
            fit = family if fits or not any(fitting) else None  # one that fits none says why
            links.append(Synthesizer(target, given, fit, seed, training, scan=scan, anonymous=anonymous))
            given = (*given, *target)
        return cls(links)

    def fit(self, train: Cohort, *, checkpoint: str | Path | None = None, quiet: bool = False) -> Self:
        """Fit each on the same training records, each with a checkpoint of its own if one is asked for.

        Raises:
            UsageError: There is no link, or one waits for a field that comes later.
        """
        if not self.links:
            raise UsageError("a chain needs at least one synthesizer")
        for place, link in enumerate(self.links):
            state = Path(f"{checkpoint}-{place}") if checkpoint else None
            link.fit(train, checkpoint=state, quiet=quiet)
        plans = self._plans
        for place, plan in enumerate(plans):
            later = {name for after in plans[place:] for name in after.target}
            if lacking := sorted(later.intersection(plan.condition)):
                message = f"link {place + 1} is given {', '.join(lacking)}, which no link before it makes"
                raise UsageError(message)
        return self

    @property
    def _plans(self) -> list[Plan]:
        return [model.plan for model in self.models]

    @property
    def condition_fields(self) -> tuple[str, ...]:
        """The fields that no link makes: they are given at sampling."""
        made = {name for plan in self._plans for name in plan.target}
        wanted = [name for plan in self._plans for name in plan.condition if name not in made]
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
        """New patients: the arguments of `Synthesizer.sample` go to the link that knows the fields.

        Raises:
            NotFitted: A link has learned nothing yet.
            UsageError: No number of records follows, or `where` names a field that no link knows.
        """
        check_number(n)
        asked = dict(where or {})
        here = {*self.condition_fields, *(name for plan in self._plans for name in plan.target)}
        if strange := sorted(set(asked) - here):
            raise UsageError(f"where: no link of the chain knows {', '.join(strange)}")
        known = _to_columns(condition)
        imposed: tuple[Any, ...] = ()
        if known:
            warn(describe_unknown_columns(find_unknown_columns(list(known), self.models[-1].schema)))
        count = n if not known else len(next(iter(known.values())))
        first, kinds, pools, evidence = set(known), dict[str, Any](), dict[str, Any](), list[Any]()
        for link, model in zip(self.links, self.models, strict=True):
            fields = [name for name in model.input_fields if name in known]
            mine = {*model.plan.condition, *model.plan.target}
            with silence_warnings():  # what links give one another nobody asked for
                made = link.sample(
                    None if fields else count,
                    condition=_build_cohort(known, model.schema, fields) if fields else None,
                    where={name: v for name, v in asked.items() if name in mine - set(known)},
                    rules=[rule for rule in rules if set(rule.fields) <= mine],
                    seed=seed,
                )
            known |= {name: made.columns[name] for name in made.schema}
            imposed += made.enforced_constraints
            kinds |= dict(made.schema)
            pools |= link.support.pools
            constant, given = [name for name in asked if name in mine], [*first.intersection(mine), *asked]
            evidence.append(describe_link_support(made, link.support, given, constant))
        whole = self.models[-1].finalize_table(
            pa.table({name: known[name] for name in known if name in here})
        )
        return join_evidence(
            replace(whole, enforced_constraints=imposed), kinds, evidence, pools, self.links[0].anonymous
        )

    @property
    def models(self) -> tuple[FittedModel, ...]:
        """What each link has learned.

        Raises:
            NotFitted: A link has learned nothing yet.
        """
        return tuple(model for link in self.links for model in link.models)

    using = forward_method("Chain.using", "replace_sampling_options")

    def replace_sampling_options(self, **options: float) -> Self:
        """The same chain, each link with those of the options that its family has for sampling.

        Raises:
            NotFitted: A link has learned nothing yet.
            UsageError: An option that no link has for sampling.
        """
        known = [model.plan.family.sampling for model in self.models]
        if strange := sorted(set(options).difference(*known)):
            listed = ", ".join(sorted(set().union(*known))) or "there are none"
            raise UsageError(f"{', '.join(strange)}: no link samples by it; options of sampling: {listed}")
        mine = [{name: options[name] for name in options if name in some} for some in known]
        pairs = zip(self.links, mine, strict=True)
        return replace(
            self, links=[link.replace_sampling_options(**some) if some else link for link, some in pairs]
        )

    def refit(self, train: Cohort, seed: int = 0) -> Cohort:
        """As many records as these, drawn from the same chain fitted anew to these alone.

        What `Synthesizer.refit` is for one model.
        """
        from manikin.synthesis.synthesizer import Synthesizer

        links = [
            Synthesizer(
                plan.target,
                (*plan.condition, *plan.observed),
                plan.family,
                seed,
                link.training,
                scan=link.scan,
                anonymous=link.anonymous,
            )
            for link, plan in zip(self.links, self._plans, strict=True)
        ]
        again = Chain(links).fit(train, quiet=True)
        if not self.condition_fields:
            return again.sample(len(train), seed=seed)
        rows = Key(seed).child("refit").numpy().permutation(len(train))
        return again.sample(condition=train.take(rows).select(*self.condition_fields), seed=seed)

    def save(self, folder: str | Path) -> None:
        """Write the fitted links to a folder, one model each.

        Raises:
            NotFitted: A link has learned nothing yet.
            UsageError: The folder holds something that is no model.
        """
        from manikin.synthesis.persistence import save_chain

        save_chain(self, folder)


def _can_model(family: str | Family | StatisticalFamily, schema: Schema, target: Sequence[str]) -> bool:
    """Whether a family is for such fields."""
    kind, first = resolve_family(family, schema, target, ()), schema[target[0]]
    if kind.is_for_notes:
        return isinstance(first, Text)
    return isinstance(first, SCALAR_TYPES) or not isinstance(kind, StatisticalFamily)


def group_fields(schema: Schema, fields: Sequence[str]) -> list[tuple[str, ...]]:
    """The fields that one model can hold together: all scalars, then label maps, then each other array."""
    scalars = tuple(name for name in fields if isinstance(schema[name], SCALAR_TYPES))
    arrays = [name for name in fields if name not in scalars]
    maps = [name for name in arrays if _is_label_map(schema, name)]
    rest = [name for name in arrays if name not in maps]
    return [*([scalars] if scalars else []), *((name,) for name in (*maps, *rest))]


def _is_label_map(schema: Schema, name: str) -> bool:
    kind = schema[name]
    return isinstance(kind, Image) and kind.levels > 0


def _to_columns(condition: Cohort | pd.DataFrame | None) -> dict[str, Any]:
    """The given columns by name."""
    if condition is None:
        return {}
    table = condition.columns if isinstance(condition, Cohort) else pa.Table.from_pandas(condition)
    return {name: table[name] for name in table.column_names}


def _build_cohort(columns: dict[str, Any], schema: Schema, fields: Sequence[str]) -> Cohort:
    kinds = Schema({name: schema[name] for name in fields})
    return Cohort(pa.table({name: columns[name] for name in fields}), kinds)
