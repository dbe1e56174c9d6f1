"""Link: one model of a chain, some fields of a record given others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from manikin.core.seeds import Key
from manikin.errors import NotFitted
from manikin.synthesis.learning import learn_model
from manikin.synthesis.model_options import ModelOptions
from manikin.synthesis.sampling import sample_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.conditions import Conditions
    from manikin.synthesis.fitted import FittedModel


@dataclass
class Link(ModelOptions):
    """One model: its options and, once fitted, what it has learned.

    Args:
        fitted_model: What it has learned; None: nothing yet. Other arguments are those of `Synthesizer`.
    """

    fitted_model: FittedModel | None = field(default=None, repr=False, compare=False)

    @property
    def model(self) -> FittedModel:
        """What it has learned.

        Raises:
            NotFitted: Nothing yet.
        """
        if self.fitted_model is None:
            raise NotFitted("the synthesizer has learned nothing yet; call fit(train) first")
        return self.fitted_model

    @property
    def links(self) -> tuple[Self]:
        """Itself: what a chain is made of."""
        return (self,)

    def fit(self, train: Cohort | pd.DataFrame, *, checkpoint: Path | None, quiet: bool) -> Self:
        """Learn from training records; what is raised, `Synthesizer.fit` says."""
        self.fitted_model = learn_model(train, self, checkpoint=checkpoint, quiet=quiet)
        return self

    def sample(self, given: Conditions, rules: Sequence[Any], seed: int) -> Cohort:
        """Records for what is given that meet those rules that speak of no other fields."""
        here = set(self.model.plan.fields)
        mine = [rule for rule in rules if here.issuperset(rule.fields)]
        return sample_records(self.model, given, mine, Key(seed).child("sample", self.seed))

    def replace_sampling_options(self, options: Mapping[str, Any]) -> Self:
        """The same with those of the options that its family samples by; what is raised, `Chain` says."""
        mine = {name: options[name] for name in options if name in self.model.plan.family.sampling}
        changed = self.model.replace_sampling_options(mine)
        return replace(self, family=changed.plan.family, fitted_model=changed)

    def copy_unfitted(self, seed: int) -> Self:
        """The same fields by the same family under another seed, before it has learned."""
        plan = self.model.plan
        condition = (*plan.condition, *plan.observed)
        return replace(
            self, target=plan.target, condition=condition, family=plan.family, seed=seed, fitted_model=None
        )
