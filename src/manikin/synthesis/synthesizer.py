"""Synthesizer: learns p(target | condition) of a cohort and samples from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from manikin.contracts.codec import Learned
from manikin.contracts.family import Statistical
from manikin.core.seeds import Key
from manikin.errors import NotFitted, Unsupported
from manikin.stats.subject_counts import ENOUGH
from manikin.synthesis.chain import Chain
from manikin.synthesis.conditions import Conditions
from manikin.synthesis.ehr_rejection import passed
from manikin.synthesis.fitted import Fitted
from manikin.synthesis.identifier_surrogates import beyond, public, source
from manikin.synthesis.inputs import admit_training
from manikin.synthesis.note_preparation import many, scanned
from manikin.synthesis.plan import Plan, given_codecs, target_codec
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.record_losses import losses
from manikin.synthesis.sampling import sampled
from manikin.synthesis.sampling_options import using
from manikin.synthesis.training_support import Support
from manikin.synthesis.user_warnings import count_pooled, disclose, pool_rare
from manikin.training.autoencoder import SHARE, part, shared, taught
from manikin.training.budget import Training
from manikin.training.learner import Learner, Neural, Tabular
from manikin.training.progress import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec
    from manikin.contracts.family import Family
    from manikin.training.progress import Report


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
    family: str | Family | Statistical | None = None
    seed: int = 0
    training: Training | None = None
    codec: str | Codec | None = None
    scan: bool = True
    fitted: Fitted | None = field(default=None, repr=False, compare=False)
    chain: Chain | None = field(default=None, repr=False, compare=False)
    anonymous: int = ENOUGH
    support: Support = field(default_factory=Support, repr=False, compare=False)

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
        train = admit_training(train, self.target, self.condition)
        options = (self.condition, self.family, self.seed, self.training)
        chain = Chain.over(train.schema, *options, scan=self.scan, anonymous=self.anonymous)
        if self.target is None and len(chain.links) > 1:
            self.chain = chain.fit(train, checkpoint=checkpoint, quiet=quiet)
            return self
        plan = Plan.of(train.schema, self.target, self.condition, self.family, many(train, self.target))
        here, hidden = (*plan.condition, *plan.target), {}
        if self.scan:
            train, hidden = scanned(train, here, Key(self.seed).child("scan"))
        train, pools = pool_rare(train, here, plan.condition, self.anonymous)
        statistical = isinstance(plan.family, Statistical)
        recoding = Recoding.find(train, plan)
        records, parts = recoding.inward(train), recoding.plan(plan)
        encode = (*parts.condition, *parts.target) if statistical else parts.target
        codec = target_codec(records, parts, encode, self.codec)
        if isinstance(plan.family, Statistical) and plan.family.tied:
            codec = codec.together()
        codec = codec.beside(parts.condition).fit(records, list(encode))
        if reason := plan.family.refusal(codec.spec):
            raise Unsupported(reason)
        givens = {} if statistical else given_codecs(records, parts.condition, codec)
        where = None if checkpoint is None else Path(checkpoint)
        with shown(f"learning {len(plan.target)} fields", quiet=quiet) as report:
            codec, learner = self._learn(parts, codec, givens, records, report, where)
        learner.facts.update(({"identifiers": hidden} if hidden else {}) | passed(train, plan.target))
        self.support = Support.of(train, here, pools)
        learner.facts.update(recoding.told(len(train)) | count_pooled(learner.facts, pools))
        types = {name: train.columns[name].type for name in train.schema}
        schema, unseen = public(train.schema), set(train.schema) - set(train.schema.modelled)
        starts = {name: beyond(train.columns[name]) for name in unseen}
        origin = source(train, codec)
        self.fitted = Fitted(plan, schema, types, origin, codec, givens, learner, starts, recoding)
        return self

    def _learn(
        self,
        plan: Plan,
        codec: Codec,
        givens: dict[str, Codec],
        train: Cohort,
        report: Report,
        checkpoint: Path | None,
    ) -> tuple[Codec, Learner]:
        key, training, facts = Key(self.seed).child("fit"), self.training or Training(), codec.told
        if isinstance(plan.family, Statistical):
            x = codec.encode(train)
            given, whose = len(plan.condition), train.subject
            return codec, Tabular.learn(plan.family, codec.spec, x, given, whose, key, report)
        if isinstance(codec, Learned):
            beside = checkpoint and checkpoint.with_name(f"{checkpoint.name}-codec")
            codec, facts = taught(
                codec, train, training, key.child("codec"), part(report, 0, SHARE), beside
            )
            training, report = shared(training, 1 - SHARE), part(report, SHARE, 1)
        from manikin.nn.conditioning import Given, GivenSpec
        from manikin.training.augment import wanted
        from manikin.training.data import Encoded
        from manikin.training.preview import preview

        x = codec.encode(train, key.child("encode"))
        parts = {name: given.encode(train) for name, given in givens.items()}
        specs = {name: given.spec for name, given in givens.items()}
        given_spec = GivenSpec(specs, bool(plan.observed))
        data = Encoded(codec.spec, x, train.subject, given_spec, Given.of(parts))
        if not plan.family.turns:  # a model that is used as it is
            nets = plan.family.networks(codec.spec, given_spec)
            return codec, Neural(plan.family, codec.spec, given_spec, nets, {"codec": facts})
        if not isinstance(codec, Learned) and wanted(training, codec.spec, given_spec, len(train)):
            data = data.augmented()
        look = preview(checkpoint, plan.family, codec, data, train, plan.target[0])
        return codec, Neural.learn(plan.family, data, training, key, report, checkpoint, facts, look)

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
        known = self._fitted
        options = (condition, where, known.read, self.support.pools)
        given = Conditions.of(known.schema, known.types, n, *options)
        known.admit(given, rules)
        made = sampled(known, given, rules, Key(seed).child("sample", self.seed))
        return disclose(made, given, self.support, self.anonymous)

    def using(self, **options: float) -> Self:
        """The same model with other options of sampling, such as temperature; others raise a UsageError."""
        if self.chain:
            return replace(self, chain=self.chain.using(**options))
        fitted = using(self._fitted, options)
        return replace(self, family=fitted.plan.family, fitted=fitted)

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
        plan = self._fitted.plan
        condition = (*plan.condition, *plan.observed)
        model = replace(self, target=plan.target, condition=condition, family=plan.family, seed=seed)
        model.fit(train, quiet=True)
        if not plan.condition:
            return model.sample(len(train), seed=seed)
        rows = Key(seed).child("refit").numpy().permutation(len(train))
        return model.sample(condition=train.take(rows).select(*plan.condition), seed=seed)

    def losses(self, records: Cohort, *, draws: int = 1, seed: int = 0) -> np.ndarray:
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
        return losses(self._fitted, records, draws, Key(seed).child("losses"))

    def save(self, folder: str | Path) -> None:
        """Write the fitted model to a folder: TOML, JSON and safetensors, nothing executable.

        Raises:
            NotFitted: Nothing was learned yet.
            UsageError: The folder holds something that is no model.
        """
        from manikin.synthesis.persistence import save

        if self.chain:
            self.chain.save(folder)
        else:
            save(self, self._fitted, folder)

    @property
    def models(self) -> tuple[Fitted, ...]:
        """What was learned: one model, or those of the links of a chain.

        Raises:
            NotFitted: Nothing was learned yet.
        """
        return self.chain.models if self.chain else (self._fitted,)

    @property
    def facts(self) -> dict[str, Any]:
        """How the fit went: steps, seconds, why it ended; with a learned codec, what its codes lose.

        Raises:
            NotFitted: Nothing was learned yet, or one model per link of a chain (`models`).
        """
        return self._fitted.learner.facts

    @property
    def _fitted(self) -> Fitted:
        if self.fitted is None:
            raise NotFitted("the synthesizer has learned nothing yet; call fit(train) first")
        return self.fitted
