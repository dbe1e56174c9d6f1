"""Latent: the autoencoder of a codec, trained on the training records before the family is.

It is trained by the same loop as every family, on the same subjects, with 40 % of the same budget; the
family gets the rest. What decode(encode(x)) loses is measured on the subjects that the loop held out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from manikin.contracts.family import Batch, Objective, Optimizer, SingleNetwork
from manikin.core.seeds import Key
from manikin.schema.kinds import Image
from manikin.training.batches import split_subjects
from manikin.training.budget import choose_batch_size, count_player_steps, take_budget_share
from manikin.training.data import TrainingData
from manikin.training.engine import Engine
from manikin.training.loop import train as run_loop

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec, TrainableCodec
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionSpec
    from manikin.training.budget import Training
    from manikin.training.progress import ProgressCallback

AUTOENCODER_SHARE = 0.4
"""Share of the budget that the autoencoder gets."""


@final
@dataclass(frozen=True)
class AutoencoderObjective(Objective[SingleNetwork[Any]]):
    """The autoencoder of a codec, as the training loop sees it.

    Args:
        codec: It knows its fields; its network is fresh.
    """

    codec: TrainableCodec[Any]
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3, warmup=25)

    def build_networks(self, spec: Spec, given: ConditionSpec) -> SingleNetwork[Any]:  # noqa: ARG002 - nothing is
        """The codec's."""
        return SingleNetwork(spec, self.codec.build_network())

    def compute_loss(self, nets: SingleNetwork[Any], batch: Batch) -> Tensor:
        """The codec's."""
        return self.codec.compute_loss(nets.model, batch.x, batch.rng)


def train_codec(
    codec: TrainableCodec[Any],
    train: Cohort,
    training: Training,
    key: Key,
    report: ProgressCallback | None = None,
    checkpoint: Path | None = None,
) -> tuple[Any, dict[str, Any]]:
    """A fitted codec with its network trained, and the facts of it: steps, seconds, what is lost.

    Args:
        codec: It knows its fields; its network is fresh.
        train: The training records.
        training: The whole budget, of which it takes its share.
        key: Where all randomness comes from.
        report: Told how it goes.
        checkpoint: A file where the state is kept.

    Raises:
        KeyboardInterrupt: Ctrl-C: without codes there is nothing to go on with.
    """
    x, spec = codec.source.encode(train), codec.source.spec
    data = TrainingData(spec, x, train.subject)
    budget = _compute_budget(training, spec, len(x))
    done = run_loop(AutoencoderObjective(codec), data, budget, key, checkpoint=checkpoint, progress=report)
    if done.stop_reason == "interrupted":
        raise KeyboardInterrupt
    nets: Any = Engine.select(spec).place(done.nets)
    ready: Any = codec.attach_network(nets.model, x)
    _, held = split_subjects(train.subject, budget.holdout, key.child("holdout"))
    seen = train.take(held if len(held) else np.arange(len(train)))
    facts = {
        "steps": done.steps,
        "seconds": round(done.seconds, 3),
        "ended": done.stop_reason,
        "measured": f"{len(seen)} records of {'held-out' if len(held) else 'the same'} subjects",
        "error": compute_reconstruction_errors(ready, seen),
    }
    return ready, facts


def _compute_budget(training: Training, spec: Spec, n: int) -> Training:
    """The autoencoder's share; where nothing is stated, of the steps that such records get by default."""
    if training.minutes or training.steps or training.epochs:
        return take_budget_share(training, AUTOENCODER_SHARE)
    batch = min(n, training.batch or choose_batch_size(spec, n))
    return replace(
        training, batch=batch, steps=round(AUTOENCODER_SHARE * count_player_steps(spec, n, batch))
    )


def compute_reconstruction_errors(codec: Codec, cohort: Cohort) -> dict[str, dict[str, float]]:
    """What decode(encode(x)) loses of each field, in the unit of the file.

    Measured values: `rmse`, the root mean square error, and `psnr`, 20 log10(range / rmse) in dB, the
    range being that of these records. Label maps: `wrong`, the share of places with another level.
    """
    back = codec.decode(codec.encode(cohort), Key(0))
    return {name: _compute_error(cohort, name, column.to_numpy_ndarray()) for name, column in back.items()}


def _compute_error(cohort: Cohort, name: str, back: np.ndarray) -> dict[str, float]:
    x, kind = cohort[name], cohort.schema[name]
    if isinstance(kind, Image) and kind.levels:
        return {"wrong": round(float((back != x).mean()), 6)}
    x = x.astype(np.float64)
    rmse = math.sqrt(np.nanmean((back - x) ** 2))
    span = float(np.nanmax(x) - np.nanmin(x))
    psnr = 20 * math.log10(span / rmse) if span and rmse else math.inf
    return {"rmse": float(f"{rmse:.4g}"), "psnr": round(psnr, 2)}
