"""Synthesizer: learns p(target | condition) of a cohort and samples from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from manikin.contracts.codec import TrainableCodec
from manikin.contracts.family import StatisticalFamily
from manikin.core.deprecation import forward_method
from manikin.core.seeds import Key
from manikin.errors import NotFitted, Unsupported
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.chain import Chain
from manikin.synthesis.conditions import Conditions
from manikin.synthesis.ehr_rejection import record_passed_checks
from manikin.synthesis.fitted import FittedModel
from manikin.synthesis.identifier_surrogates import find_surrogate_start, redact_origin, redact_schema
from manikin.synthesis.inputs import prepare_training_records
from manikin.synthesis.note_preparation import count_note_letters, replace_identifiers
from manikin.synthesis.plan import Plan, choose_target_codec, fit_condition_codecs
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.record_losses import compute_record_losses
from manikin.synthesis.sampling import sample_records
from manikin.synthesis.sampling_options import replace_sampling_options
from manikin.synthesis.training_support import TrainingSupport
from manikin.synthesis.user_warnings import annotate_sample, count_pooled_levels, pool_rare_levels
from manikin.training.autoencoder import AUTOENCODER_SHARE, scale_progress, take_budget_share, train_codec
from manikin.training.budget import Training
from manikin.training.learner import Learner, NeuralLearner, StatisticalLearner
from manikin.training.progress import show_optional_bar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec
    from manikin.contracts.family import Family
    from manikin.training.progress import ProgressCallback


@dataclass
class Synthesizer:
    """Learns the target fields of a cohort, given the condition fields, and samples new records.

    Args:
        target: The field or fields to model; None: all that are not in `condition`, by a `Chain`
            where one model cannot hold them together (a table and its pictures).
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

    target: str | Sequence[str] | None = None
    condition: str | Sequence[str] = ()
    family: str | Family | StatisticalFamily | None = None
    seed: int = 0
    training: Training | None = None
    codec: str | Codec | None = None
    scan: bool = True
    fitted_model: FittedModel | None = field(default=None, repr=False, compare=False)
    chain: Chain | None = field(default=None, repr=False, compare=False)
    anonymous: int = MIN_CELL_SIZE
    support: TrainingSupport = field(default_factory=TrainingSupport, repr=False, compare=False)

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
        train = prepare_training_records(train, self.target, self.condition)
        options = (self.condition, self.family, self.seed, self.training)
        chain = Chain.from_schema(train.schema, *options, scan=self.scan, anonymous=self.anonymous)
        if self.target is None and len(chain.links) > 1:
            self.chain = chain.fit(train, checkpoint=checkpoint, quiet=quiet)
            return self
        plan = Plan.from_schema(
            train.schema, self.target, self.condition, self.family, count_note_letters(train, self.target)
        )
        here, hidden = (*plan.condition, *plan.target), {}
        if self.scan:
            train, hidden = replace_identifiers(train, here, Key(self.seed).child("scan"))
        train, pools = pool_rare_levels(train, here, plan.condition, self.anonymous)
        statistical = isinstance(plan.family, StatisticalFamily)
        recoding = Recoding.find(train, plan)
        records, parts = recoding.recode(train), recoding.recode_plan(plan)
        encode = (*parts.condition, *parts.target) if statistical else parts.target
        codec = choose_target_codec(records, parts, encode, self.codec)
        if isinstance(plan.family, StatisticalFamily) and plan.family.has_equalities:
            codec = codec.share_scales()
        codec = codec.condition_on(parts.condition).fit(records, list(encode))
        if reason := plan.family.refusal(codec.spec):
            raise Unsupported(reason)
        givens = {} if statistical else fit_condition_codecs(records, parts.condition, codec)
        where = None if checkpoint is None else Path(checkpoint)
        with show_optional_bar(f"learning {len(plan.target)} fields", quiet=quiet) as report:
            codec, learner = self._learn(parts, codec, givens, records, report, where)
        learner.facts.update(
            ({"identifiers": hidden} if hidden else {}) | record_passed_checks(train, plan.target)
        )
        self.support = TrainingSupport.from_cohort(train, here, pools)
        learner.facts.update(recoding.describe(len(train)) | count_pooled_levels(learner.facts, pools))
        types = {name: train.columns[name].type for name in train.schema}
        schema, unseen = redact_schema(train.schema), set(train.schema) - set(train.schema.modelled_fields)
        starts = {name: find_surrogate_start(train.columns[name]) for name in unseen}
        origin = redact_origin(train, codec)
        self.fitted_model = FittedModel(
            plan, schema, types, origin, codec, givens, learner, starts, recoding
        )
        return self

    def _learn(
        self,
        plan: Plan,
        codec: Codec,
        givens: dict[str, Codec],
        train: Cohort,
        report: ProgressCallback,
        checkpoint: Path | None,
    ) -> tuple[Codec, Learner]:
        key, training, facts = Key(self.seed).child("fit"), self.training or Training(), codec.fit_report
        if isinstance(plan.family, StatisticalFamily):
            x = codec.encode(train)
            given, whose = len(plan.condition), train.subject
            return codec, StatisticalLearner.fit(plan.family, codec.spec, x, given, whose, key, report)
        if isinstance(codec, TrainableCodec):
            beside = checkpoint and checkpoint.with_name(f"{checkpoint.name}-codec")
            codec, facts = train_codec(
                codec,
                train,
                training,
                key.child("codec"),
                scale_progress(report, 0, AUTOENCODER_SHARE),
                beside,
            )
            training, report = (
                take_budget_share(training, 1 - AUTOENCODER_SHARE),
                scale_progress(report, AUTOENCODER_SHARE, 1),
            )
        from manikin.nn.conditioning import ConditionBatch, ConditionSpec
        from manikin.training.augment import should_augment
        from manikin.training.data import TrainingData
        from manikin.training.preview import build_preview_writer

        x = codec.encode(train, key.child("encode"))
        parts = {name: given.encode(train) for name, given in givens.items()}
        specs = {name: given.spec for name, given in givens.items()}
        given_spec = ConditionSpec(specs, bool(plan.observed))
        data = TrainingData(codec.spec, x, train.subject, given_spec, ConditionBatch.from_arrays(parts))
        if not plan.family.turns:  # a model that is used as it is
            nets = plan.family.networks(codec.spec, given_spec)
            return codec, NeuralLearner(plan.family, codec.spec, given_spec, nets, {"codec": facts})
        if not isinstance(codec, TrainableCodec) and should_augment(
            training, codec.spec, given_spec, len(train)
        ):
            data = data.add_augmentation()
        look = build_preview_writer(checkpoint, plan.family, codec, data, train, plan.target[0])
        return codec, NeuralLearner.fit(plan.family, data, training, key, report, checkpoint, facts, look)

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
        if self.chain:
            return self.chain.sample(n, condition=condition, where=where, rules=rules, seed=seed)
        known = self._fitted_model
        options = (condition, where, known.input_fields, self.support.pools)
        given = Conditions.from_inputs(known.schema, known.arrow_types, n, *options)
        known.check_request(given, rules)
        made = sample_records(known, given, rules, Key(seed).child("sample", self.seed))
        return annotate_sample(made, given, self.support, self.anonymous)

    using = forward_method("Synthesizer.using", "replace_sampling_options")
    losses = forward_method("Synthesizer.losses", "compute_losses")

    def replace_sampling_options(self, **options: float) -> Self:
        """The same model with other options of sampling, such as temperature; others raise a UsageError."""
        if self.chain:
            return replace(self, chain=self.chain.replace_sampling_options(**options))
        fitted = replace_sampling_options(self._fitted_model, options)
        return replace(self, family=fitted.plan.family, fitted_model=fitted)

    def refit(self, train: Cohort, seed: int = 0) -> Cohort:
        """As many records as these, drawn from the same configuration fitted anew to these alone.

        For shadow-model attacks. Conditions are those of the records, in random order.

        Args:
            train: Records to learn from in place of those that this model has learned from.
            seed: Of the fit and of the draw.

        Raises:
            NotFitted: Nothing was learned yet.
        """
        if self.chain:
            return self.chain.refit(train, seed)
        plan = self._fitted_model.plan
        condition = (*plan.condition, *plan.observed)
        model = replace(self, target=plan.target, condition=condition, family=plan.family, seed=seed)
        model.fit(train, quiet=True)
        if not plan.condition:
            return model.sample(len(train), seed=seed)
        rows = Key(seed).child("refit").numpy().permutation(len(train))
        return model.sample(condition=train.take(rows).select(*plan.condition), seed=seed)

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
        return compute_record_losses(self._fitted_model, records, draws, Key(seed).child("losses"))

    def save(self, folder: str | Path) -> None:
        """Write the fitted model to a folder: TOML, JSON and safetensors, nothing executable.

        Raises:
            NotFitted: Nothing was learned yet.
            UsageError: The folder holds something that is no model.
        """
        from manikin.synthesis.persistence import save_synthesizer

        if self.chain:
            self.chain.save(folder)
        else:
            save_synthesizer(self, self._fitted_model, folder)

    @property
    def models(self) -> tuple[FittedModel, ...]:
        """What was learned: one model, or those of the links of a chain.

        Raises:
            NotFitted: Nothing was learned yet.
        """
        return self.chain.models if self.chain else (self._fitted_model,)

    @property
    def facts(self) -> dict[str, Any]:
        """How the fit went: steps, seconds, why it ended; with a learned codec, what its codes lose.

        Raises:
            NotFitted: Nothing was learned yet, or one model per link of a chain (`models`).
        """
        return self._fitted_model.learner.facts

    @property
    def _fitted_model(self) -> FittedModel:
        if self.fitted_model is None:
            raise NotFitted("the synthesizer has learned nothing yet; call fit(train) first")
        return self.fitted_model
