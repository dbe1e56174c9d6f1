"""Latent: the autoencoder of a codec, trained on the training records before the family is.

It is trained by the same loop as every family, on the same subjects, with 40 % of the same budget; the
family gets the rest. What decode(encode(x)) loses is measured on the subjects that the loop held out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from manikin.contracts.family import Family, Optimizer
from manikin.core.seeds import Key
from manikin.errors import Unsupported
from manikin.schema.kinds import Image
from manikin.training.budget import choose_batch_size, count_player_steps

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor, nn

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec, TrainableCodec
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec
    from manikin.training.budget import Training
    from manikin.training.progress import Progress, ProgressCallback

AUTOENCODER_SHARE = 0.4
"""Share of the budget that the autoencoder gets."""


@final
@dataclass(frozen=True)
class AutoencoderFamily(Family):
    """The autoencoder of a codec as the training loop sees it; it makes no records by itself."""

    codec: Any
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3, warmup=25)

    def refusal(self, spec: Spec) -> str:  # noqa: ARG002 - the contract's
        """It stands behind a codec, not beside families."""
        return "an autoencoder makes no records; use 'diffusion' on its codes"

    def networks(self, spec: Spec, given: ConditionSpec) -> dict[str, nn.Module]:  # noqa: ARG002 - nothing is given
        """The codec's."""
        return self.codec.networks()

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,  # noqa: ARG002 - one player
        spec: Spec,  # noqa: ARG002 - the codec knows it
        x: Tensor,
        given: ConditionBatch,  # noqa: ARG002 - nothing is given
        rng: torch.Generator,
    ) -> Tensor:
        """The codec's."""
        return self.codec.loss(nets, x, rng)

    def sample(
        self,
        nets: dict[str, nn.Module],  # noqa: ARG002 - the contract's
        spec: Spec,
        n: int,  # noqa: ARG002
        given: ConditionBatch,  # noqa: ARG002
        rng: torch.Generator,  # noqa: ARG002
    ) -> Tensor:
        """Never asked for.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(self.refusal(spec))


def take_budget_share(training: Training, share: float) -> Training:
    """A share of a budget, whatever it is stated in; what is not stated stays open.

    Example:
        >>> from manikin.training.budget import Training
        >>> take_budget_share(Training(steps=1000), 0.4).steps
        400
    """
    parts = {name: getattr(training, name) for name in ("minutes", "epochs")}
    kept: dict[str, Any] = {name: value and share * value for name, value in parts.items()}
    return replace(training, **kept, steps=training.steps and max(1, round(share * training.steps)))


def scale_progress(report: ProgressCallback, start: float, end: float) -> ProgressCallback:
    """A report of one of several trainings, from `start` to `end` of the whole."""

    def told(now: Progress) -> None:
        report(replace(now, fraction=start + (end - start) * now.fraction))

    return told


def train_codec(
    codec: TrainableCodec,
    train: Cohort,
    training: Training,
    key: Key,
    report: ProgressCallback | None = None,
    checkpoint: Path | None = None,
) -> tuple[Any, dict[str, Any]]:
    """A fitted codec with its networks trained, and the facts of it: steps, seconds, what is lost.

    Args:
        codec: It knows its fields; its networks are fresh.
        train: The training records.
        training: The whole budget, of which it takes its share.
        key: Where all randomness comes from.
        report: Told how it goes.
        checkpoint: A file where the state is kept.

    Raises:
        KeyboardInterrupt: Ctrl-C: without codes there is nothing to go on with.
    """
    from manikin.training.batches import split_subjects
    from manikin.training.data import TrainingData
    from manikin.training.engine import Engine
    from manikin.training.loop import train as loop

    x, spec = codec.source.encode(train), codec.source.spec
    data = TrainingData(spec, x, train.subject)
    budget = _compute_budget(training, spec, len(x))
    done = loop(AutoencoderFamily(codec), data, budget, key, checkpoint=checkpoint, progress=report)
    if done.stop_reason == "interrupted":
        raise KeyboardInterrupt
    ready: Any = codec.attach_networks(Engine.select(spec).place(done.nets), x)
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
