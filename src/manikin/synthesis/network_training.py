"""Learning by networks: records encoded, the network of the codec trained, then those of the family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.contracts.codec import TrainableCodec
from manikin.core.seeds import Key
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.training.augment import should_augment
from manikin.training.autoencoder import AUTOENCODER_SHARE, train_codec
from manikin.training.budget import Training, take_budget_share
from manikin.training.data import TrainingData
from manikin.training.neural_learner import NeuralLearner
from manikin.training.preview import build_preview_writer
from manikin.training.progress import scale_progress

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec
    from manikin.contracts.family import Family
    from manikin.synthesis.model_options import ModelOptions
    from manikin.synthesis.plan import Plan
    from manikin.training.progress import ProgressCallback


def train_networks(
    family: Family,
    plan: Plan,
    givens: dict[str, Codec],
    train: Cohort,
    codec: Codec,
    options: ModelOptions,
    report: ProgressCallback,
    checkpoint: Path | None,
) -> tuple[Codec, NeuralLearner]:
    """The codec, its network trained first if it has one, and what the family's networks have learned.

    Args:
        family: What learns.
        plan: Which parts of the records stand where.
        givens: Codecs of the condition.
        train: The records, in parts.
        codec: Of the target.
        options: Seed and budget.
        report: Told how it goes.
        checkpoint: A file that keeps the state; None: none.
    """
    key, training, facts = Key(options.seed).child("fit"), options.training or Training(), codec.fit_report
    if isinstance(codec, TrainableCodec):
        beside = checkpoint and checkpoint.with_name(f"{checkpoint.name}-codec")
        early = scale_progress(report, 0, AUTOENCODER_SHARE)
        codec, facts = train_codec(codec, train, training, key.child("codec"), early, beside)
        training = take_budget_share(training, 1 - AUTOENCODER_SHARE)
        report = scale_progress(report, AUTOENCODER_SHARE, 1)
    data = _encode_records(plan, codec, givens, train, key.child("encode"))
    if not family.turns:  # a model that is used as it is
        nets = family.build_networks(data.spec, data.given_spec)
        return codec, NeuralLearner(family, data.given_spec, nets, {"codec": facts})
    if not isinstance(codec, TrainableCodec) and should_augment(
        training, data.spec, data.given_spec, len(data)
    ):
        data = data.add_augmentation()
    look = build_preview_writer(checkpoint, family, codec, data, train, plan.target[0])
    return codec, NeuralLearner.fit(family, data, training, key, report, checkpoint, facts, look)


def _encode_records(
    plan: Plan, codec: Codec, givens: dict[str, Codec], train: Cohort, key: Key
) -> TrainingData:
    """The training records as a family's networks meet them, with what is given with each."""
    x, specs = codec.encode(train, key), {name: given.spec for name, given in givens.items()}
    parts = {name: given.encode(train) for name, given in givens.items()}
    given, given_spec = ConditionBatch.from_arrays(parts), ConditionSpec(specs, bool(plan.observed))
    return TrainingData(codec.spec, x, train.subject, given_spec, given)
