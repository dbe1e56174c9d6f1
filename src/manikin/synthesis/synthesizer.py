"""Synthesizer: learns p(target | condition) of a cohort and samples from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from manikin.core.deprecation import forward_method
from manikin.core.seeds import Key
from manikin.errors import NotFitted
from manikin.panels.layout import PanelLayout
from manikin.synthesis.chain import Chain
from manikin.synthesis.inputs import prepare_training_records
from manikin.synthesis.link import Link
from manikin.synthesis.model_options import ModelOptions, list_options
from manikin.synthesis.panel_chain import PanelChain
from manikin.synthesis.persistence import load_links
from manikin.synthesis.plan import check_fields, group_fields
from manikin.synthesis.user_warnings import warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.fitted import FittedModel


@dataclass
class Synthesizer(ModelOptions):
    """Learns the target fields of a cohort, given the condition fields, and samples new records.

    Args:
        target: The field or fields to model; None: all that are not in `condition`, by several models
            where one cannot hold them together (a table and its pictures).
        condition: Fields that will be given at sampling. A field that stands in both means that
            any observed part of it may be given.
        family: A family by name or as an object; None: the best default for the kind of the target.
        seed: The same seed and records give the same model.
        training: The budget of a family with networks; None: one for the kind and size of the data.
        codec: How records become arrays, by name or as an object (`mk.codecs.Latent(channels=8)`); None: by
            the kind and size of the target and the form that the family wants. A learned codec is trained
            first, with 40 % of the budget.
        scan: Whether identifiers in notes give way to surrogates before anything is learned from them.
        anonymous: Patients who must share a level of a category; others are replaced. 1: all stay.

    Example:
        >>> import numpy as np
        >>> from manikin.cohort.cohort import Cohort
        >>> from manikin.schema.kinds import Category, Number
        >>> age = np.arange(60.0) % 30 + 40
        >>> sex = np.array(["F", "M"] * 30, dtype=object)
        >>> cohort = Cohort.from_arrays(
        ...     {"age": age, "sex": sex}, {"age": Number(step=1), "sex": Category(levels=("F", "M"))}
        ... )
        >>> model = Synthesizer(seed=1).fit(cohort)
        >>> synthetic = model.sample(5, where={"sex": "F"})
        >>> len(synthetic), set(synthetic["sex"])
        (5, {'F'})
    """

    chain: Chain = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.chain = Chain([Link(**list_options(self))])

    def fit(
        self,
        train: Cohort | pd.DataFrame,
        *,
        checkpoint: str | Path | None = None,
        quiet: bool = False,
    ) -> Self:
        """Learn from training records; identifiers are left out, and free text that is not asked for.

        Ctrl-C keeps the best weights so far.

        Args:
            train: The records to learn from. Never show it the holdout.
            checkpoint: A file that keeps the state of training; pictures drawn meanwhile lie beside it.
            quiet: No progress bar.

        Raises:
            UsageError: Fewer than two records, or nothing to model.
            SchemaError: A field may tell persons apart; the message shows what to write into schema.toml.
            Unsupported: A combination without meaning; the message names the alternative.
        """
        records = prepare_training_records(train, self.target, self.condition)
        self.chain = _plan_chain(self, records)
        self.chain.fit(records, checkpoint=checkpoint, quiet=quiet)
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        condition: Cohort | pd.DataFrame | None = None,
        where: Mapping[str, Any] | None = None,
        rules: Sequence[Any] = (),
        seed: int = 0,
    ) -> Cohort:
        """New records.

        Args:
            n: How many; left out where `condition` says it.
            condition: One record is drawn for each given one. A model with a condition reads its
                fields and no others; a model without one keeps the values that are given and fills
                in those that are missing.
            where: Fields with the same value in all records.
            rules: Clinical rules that every record must meet; offending fields are drawn again.
            seed: The same seed gives the same records.

        Raises:
            NotFitted: Nothing was learned yet.
            SchemaError: A field or level that the model does not know.
            RuleError: A rule that the model can hardly meet.
        """
        return self.chain.sample(n, condition=condition, where=where, rules=rules, seed=seed)

    using = forward_method("Synthesizer.using", "replace_sampling_options")
    losses = forward_method("Synthesizer.losses", "compute_losses")

    def replace_sampling_options(self, **options: float) -> Self:
        """The same model with other options of sampling, such as temperature; others raise a UsageError."""
        changed = replace(self)
        changed.chain = self.chain.replace_sampling_options(**options)
        return changed

    def count_drawn(self, records: Cohort) -> int:
        """How many are to be drawn for as many as these: patients where they are learned with all rows."""
        return self.chain.count_drawn(records)

    def count_for_rows(self, rows: int) -> int:
        """How many are to be drawn for about so many rows of a table.

        Raises:
            NotFitted: Nothing was learned yet.
        """
        return self.chain.count_for_rows(rows)

    def refit(self, train: Cohort, seed: int = 0) -> Cohort:
        """As many records as these, drawn from the same configuration fitted anew to these alone.

        For shadow-model attacks. Conditions are those of the records, in random order.

        Args:
            train: Records to learn from in place of those that this model has learned from.
            seed: Of the fit and of the draw.

        Raises:
            NotFitted: Nothing was learned yet.
        """
        return self.chain.refit(train, seed)

    def compute_losses(self, records: Cohort, *, draws: int = 1, seed: int = 0) -> np.ndarray:
        """How badly the model foretells each record: its loss in training, of each alone, shape (n,).

        Lowest for those learned by heart, which tells who was in training (Yeom et al. 2018, section 3).

        Args:
            records: With all fields of target and condition.
            draws: Over how many draws of noise it is averaged, where the loss has noise.
            seed: Of the noise.

        Raises:
            NotFitted: Nothing was learned yet.
            Unsupported: A family without a loss.
        """
        return self.fitted_model.compute_losses(records, draws, Key(seed).child("losses"))

    def save(self, folder: str | Path) -> None:
        """Write the fitted model to a folder: TOML, JSON and safetensors, nothing executable.

        Raises:
            NotFitted: Nothing was learned yet.
            UsageError: The folder holds something that is no model.
        """
        self.chain.save(folder)

    @property
    def links(self) -> Sequence[Link]:
        """The models that it consists of; one before `fit`, which may find that several are needed."""
        return self.chain.links

    @property
    def models(self) -> tuple[FittedModel, ...]:
        """What was learned, by one model or by several.

        Raises:
            NotFitted: Nothing was learned yet.
        """
        return self.chain.models

    @property
    def fitted_model(self) -> FittedModel:
        """What was learned by the only model.

        Raises:
            NotFitted: Nothing was learned yet, or by several (`models`).
        """
        first, *others = self.models
        if others:
            raise NotFitted(f"{len(self.models)} models have learned the kinds of record: look at `models`")
        return first

    @property
    def facts(self) -> dict[str, Any]:
        """How the fit went: steps, seconds, why it ended; with a learned codec, what its codes lose.

        Raises:
            NotFitted: Nothing was learned yet, or by several models (`models`).
        """
        return self.fitted_model.learner.facts


def load(folder: str | Path) -> Synthesizer | Chain:
    """A synthesizer or a chain as it was saved; it samples the same records for the same seed.

    Raises:
        FormatError: The folder is not a saved model, or one of a later version.
    """
    links, panel = load_links(folder)
    if panel is not None:
        patients = PanelChain.from_saved(links, panel)
        model = Synthesizer(**list_options(patients.options))
        model.chain = patients
        return model
    chain = Chain(links)
    if len(links) > 1:
        return chain
    model = Synthesizer(**list_options(links[0]))
    model.chain = chain
    return model


def _plan_chain(options: ModelOptions, records: Cohort) -> Chain:
    """Models of whole patients where these have several rows; else one for each kind of record."""
    schema, given = records.schema, check_fields(records.schema, options.condition)
    layout = PanelLayout.find(records) if options.target is None else None
    changing = [] if layout is None else [name for name in given if name in layout.varying]
    if layout is not None and not changing:
        return PanelChain(ModelOptions(**list_options(options)), layout)
    if layout is not None:
        warn(
            f"{', '.join(changing)} changes from row to row: rows are learned one by one, and do not "
            f"follow one another; fields that stay within a patient: {', '.join(layout.static) or 'none'}"
        )
    rest = [name for name in schema.modelled_fields if name not in given]
    if options.target is not None or len(group_fields(schema, rest)) <= 1:
        return Chain([Link(**list_options(options))])
    return Chain.from_schema(
        schema,
        options.condition,
        options.family,
        options.seed,
        options.training,
        scan=options.scan,
        anonymous=options.anonymous,
    )
