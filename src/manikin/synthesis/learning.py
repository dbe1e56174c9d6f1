"""Learning one model: what the fields become, how they are encoded, and what a family learns of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.contracts.codec import TrainableCodec
from manikin.contracts.family import StatisticalFamily
from manikin.core.seeds import Key
from manikin.schema.redaction import redact_schema
from manikin.synthesis.codec_choice import fit_condition_codecs, fit_target_codec
from manikin.synthesis.fitted import FittedModel
from manikin.synthesis.identifier_surrogates import find_surrogate_start, redact_origin
from manikin.synthesis.inputs import prepare_training_records
from manikin.synthesis.note_preparation import count_note_letters, replace_identifiers
from manikin.synthesis.plan import Plan
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.rejection import record_passed_checks
from manikin.synthesis.training_support import TrainingSupport
from manikin.synthesis.user_warnings import count_pooled_levels, pool_rare_levels
from manikin.training.autoencoder import AUTOENCODER_SHARE, scale_progress, take_budget_share, train_codec
from manikin.training.budget import Training
from manikin.training.learner import Learner, NeuralLearner, StatisticalLearner
from manikin.training.progress import show_optional_bar

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec
    from manikin.contracts.family import Family
    from manikin.synthesis.model_options import ModelOptions
    from manikin.training.data import TrainingData
    from manikin.training.progress import ProgressCallback


def learn_model(
    train: Cohort | pd.DataFrame, options: ModelOptions, *, checkpoint: Path | None, quiet: bool
) -> FittedModel:
    """What a model with these options learns from training records.

    Args:
        train: The records to learn from.
        options: Fields, family, codec, budget and seed.
        checkpoint: A file that keeps the state of training; None: none.
        quiet: No progress bar.

    Raises:
        UsageError: Fewer than two records, or nothing to model.
        SchemaError: A field may tell persons apart.
        Unsupported: A combination without meaning.
    """
    train = prepare_training_records(train, options.target, options.condition)
    letters = count_note_letters(train, options.target)
    plan = Plan.from_schema(train.schema, options.target, options.condition, options.family, letters)
    hidden: dict[str, dict[str, int]] = {}
    if options.scan:
        train, hidden = replace_identifiers(train, plan.fields, Key(options.seed).child("scan"))
    train, pools = pool_rare_levels(train, plan.fields, plan.condition, options.anonymous)
    recoding = Recoding.find(train, plan)
    records, parts = recoding.recode(train), recoding.recode_plan(plan)
    codec = fit_target_codec(records, parts, options.codec)
    givens = fit_condition_codecs(records, parts, codec)
    with show_optional_bar(f"learning {len(plan.target)} fields", quiet=quiet) as report:
        if isinstance(plan.family, StatisticalFamily):
            x, given, key = codec.encode(records), len(parts.condition), Key(options.seed).child("fit")
            learner: Learner = StatisticalLearner.fit(
                plan.family, codec.spec, x, given, records.subject, key, report
            )
        else:
            task = (plan.family, parts, givens, records)
            codec, learner = _train_networks(*task, codec, options, report, checkpoint)
    learner.facts.update(
        ({"identifiers": hidden} if hidden else {})
        | record_passed_checks(train, plan.target)
        | recoding.describe(len(train))
        | count_pooled_levels(learner.facts, pools)
    )
    hidden_fields = set(train.schema) - set(train.schema.modelled_fields)
    return FittedModel(
        plan,
        redact_schema(train.schema),
        {name: train.columns[name].type for name in train.schema},
        redact_origin(train, codec),
        codec,
        givens,
        learner,
        {name: find_surrogate_start(train.columns[name]) for name in hidden_fields},
        recoding,
        TrainingSupport.from_cohort(train, plan.fields, pools),
    )


def _train_networks(
    family: Family,
    plan: Plan,
    givens: dict[str, Codec],
    train: Cohort,
    codec: Codec,
    options: ModelOptions,
    report: ProgressCallback,
    checkpoint: Path | None,
) -> tuple[Codec, NeuralLearner]:
    """The codec, its networks trained first if it has any, and what the family's networks have learned."""
    from manikin.training.augment import should_augment
    from manikin.training.preview import build_preview_writer

    key, training, facts = Key(options.seed).child("fit"), options.training or Training(), codec.fit_report
    if isinstance(codec, TrainableCodec):
        beside = checkpoint and checkpoint.with_name(f"{checkpoint.name}-codec")
        early = scale_progress(report, 0, AUTOENCODER_SHARE)
        codec, facts = train_codec(codec, train, training, key.child("codec"), early, beside)
        training = take_budget_share(training, 1 - AUTOENCODER_SHARE)
        report = scale_progress(report, AUTOENCODER_SHARE, 1)
    data = _encode(plan, codec, givens, train, key.child("encode"))
    if not family.turns:  # a model that is used as it is
        nets = family.build_networks(data.spec, data.given_spec)
        return codec, NeuralLearner(family, data.given_spec, nets, {"codec": facts})
    if not isinstance(codec, TrainableCodec) and should_augment(
        training, data.spec, data.given_spec, len(data)
    ):
        data = data.add_augmentation()
    look = build_preview_writer(checkpoint, family, codec, data, train, plan.target[0])
    return codec, NeuralLearner.fit(family, data, training, key, report, checkpoint, facts, look)


def _encode(plan: Plan, codec: Codec, givens: dict[str, Codec], train: Cohort, key: Key) -> TrainingData:
    """The training records as a family's networks meet them, with what is given with each."""
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec
    from manikin.training.data import TrainingData

    x, specs = codec.encode(train, key), {name: given.spec for name, given in givens.items()}
    parts = {name: given.encode(train) for name, given in givens.items()}
    given, given_spec = ConditionBatch.from_arrays(parts), ConditionSpec(specs, bool(plan.observed))
    return TrainingData(codec.spec, x, train.subject, given_spec, given)
