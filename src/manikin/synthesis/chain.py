"""Chain: whole patients by the chain rule, p(a) p(b | a) p(c | a, b), over several kinds of record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from manikin.data.schema import Schema
from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.data.cohort import Cohort
    from manikin.synthesis.synthesizer import Synthesizer


@dataclass
class Chain:
    """Several synthesizers, each given what those before it made.

    Args:
        links: Synthesizers in order; the condition of each is made by those before it.
    """

    links: Sequence[Synthesizer]

    def fit(self, train: Cohort, *, quiet: bool = False) -> Self:
        """Fit each on the same training records.

        Raises:
            UsageError: There is no link, or one waits for a field that none before it makes.
        """
        made: set[str] = set()
        if not self.links:
            raise UsageError("a chain needs at least one synthesizer")
        for place, link in enumerate(self.links, 1):
            link.fit(train, quiet=quiet)
            plan = link._fitted.plan  # noqa: SLF001 - chain and synthesizer are one concept
            if lacking := set(plan.condition) - made:
                message = (
                    f"link {place} is given {', '.join(sorted(lacking))}, which no link before it makes"
                )
                raise UsageError(message)
            made |= set(plan.target)
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        condition: Cohort | None = None,
        where: Mapping[str, Any] | None = None,
        rules: Sequence[Any] = (),
        seed: int = 0,
    ) -> Cohort:
        """New patients: the arguments of `Synthesizer.sample` go to the link that makes the fields."""
        whole: Cohort | None = None
        for link in self.links:
            plan = link._fitted.plan  # noqa: SLF001 - as above
            mine = {k: v for k, v in (where or {}).items() if k in plan.target}
            obeyed = [rule for rule in rules if set(rule.fields) <= {*plan.condition, *plan.target}]
            given = (
                condition if whole is None else whole.select(*plan.condition) if plan.condition else None
            )
            count = (
                n if given is None and whole is None else len(whole) if given is None and whole else None
            )
            made = link.sample(count, condition=given, where=mine, rules=obeyed, seed=seed)
            whole = made if whole is None else _joined(whole, made)
        if whole is None:
            raise UsageError("a chain needs at least one synthesizer")
        return whole


def _joined(whole: Cohort, made: Cohort) -> Cohort:
    columns = {name: whole.columns[name] for name in whole.schema}
    columns |= {name: made.columns[name] for name in made.schema}
    schema = Schema({**whole.schema, **made.schema})
    return replace(whole, columns=pa.table(columns), schema=schema)
