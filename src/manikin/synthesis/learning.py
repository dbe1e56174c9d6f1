"""Learning one model: what the fields become, how they are encoded, and what a family learns of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from manikin.training.progress import show_optional_bar
from manikin.training.statistical_learner import StatisticalLearner

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.model_options import ModelOptions


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
            learner = StatisticalLearner.fit(
                plan.family, codec.spec, x, given, records.subject, key, report
            )
        else:
            # Networks need PyTorch, which an installation for tables does without.
            from manikin.synthesis.network_training import train_networks

            task = (plan.family, parts, givens, records)
            codec, learner = train_networks(*task, codec, options, report, checkpoint)
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
