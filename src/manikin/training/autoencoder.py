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
from manikin.training.budget import batch_for, steps_for

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor, nn

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec, Learned
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import Given, GivenSpec
    from manikin.training.budget import Training
    from manikin.training.progress import Progress, Report

SHARE = 0.4
"""Share of the budget that the autoencoder gets."""


@final
@dataclass(frozen=True)
class Autoencoding(Family):
    """The autoencoder of a codec as the training loop sees it; it makes no records by itself."""

    codec: Any
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3, warmup=25)

    def refusal(self, spec: Spec) -> str:  # noqa: ARG002 - the contract's
        """It stands behind a codec, not beside families."""
        return "an autoencoder makes no records; use 'diffusion' on its codes"

    def networks(self, spec: Spec, given: GivenSpec) -> dict[str, nn.Module]:  # noqa: ARG002 - nothing is given
        """The codec's."""
        return self.codec.networks()

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,  # noqa: ARG002 - one player
        spec: Spec,  # noqa: ARG002 - the codec knows it
        x: Tensor,
        given: Given,  # noqa: ARG002 - nothing is given
        rng: torch.Generator,
    ) -> Tensor:
        """The codec's."""
        return self.codec.loss(nets, x, rng)

    def sample(
        self,
        nets: dict[str, nn.Module],  # noqa: ARG002 - the contract's
        spec: Spec,
        n: int,  # noqa: ARG002
        given: Given,  # noqa: ARG002
        rng: torch.Generator,  # noqa: ARG002
    ) -> Tensor:
        """Never asked for.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(self.refusal(spec))


def shared(training: Training, share: float) -> Training:
    """A share of a budget, whatever it is stated in; what is not stated stays open.

    Example:
        >>> from manikin.training.budget import Training
        >>> shared(Training(steps=1000), 0.4).steps
        400
    """
    parts = {name: getattr(training, name) for name in ("minutes", "epochs")}
    kept: dict[str, Any] = {name: value and share * value for name, value in parts.items()}
    return replace(training, **kept, steps=training.steps and max(1, round(share * training.steps)))


def part(report: Report, start: float, end: float) -> Report:
    """A report of one of several trainings, from `start` to `end` of the whole."""

    def told(now: Progress) -> None:
        report(replace(now, fraction=start + (end - start) * now.fraction))

    return told


def taught(
    codec: Learned,
    train: Cohort,
    training: Training,
    key: Key,
    report: Report | None = None,
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
    from manikin.training.batches import partition
    from manikin.training.data import Encoded
    from manikin.training.engine import Engine
    from manikin.training.loop import train as loop

    x, spec = codec.source.encode(train), codec.source.spec
    data = Encoded(spec, x, train.subject)
    budget = _budget(training, spec, len(x))
    done = loop(Autoencoding(codec), data, budget, key, checkpoint=checkpoint, progress=report)
    if done.ended == "interrupted":
        raise KeyboardInterrupt
    ready: Any = codec.taught(Engine.auto(spec).place(done.nets), x)
    _, held = partition(train.subject, budget.holdout, key.child("holdout"))
    seen = train.take(held if len(held) else np.arange(len(train)))
    facts = {
        "steps": done.turns,
        "seconds": round(done.seconds, 3),
        "ended": done.ended,
        "measured": f"{len(seen)} records of {'held-out' if len(held) else 'the same'} subjects",
        "error": errors(ready, seen),
    }
    return ready, facts


def _budget(training: Training, spec: Spec, n: int) -> Training:
    """The autoencoder's share; where nothing is stated, of the steps that such records get by default."""
    if training.minutes or training.steps or training.epochs:
        return shared(training, SHARE)
    batch = min(n, training.batch or batch_for(spec, n))
    return replace(training, batch=batch, steps=round(SHARE * steps_for(spec, n, batch)))


def errors(codec: Codec, cohort: Cohort) -> dict[str, dict[str, float]]:
    """What decode(encode(x)) loses of each field, in the unit of the file.

    Measured values: `rmse`, the root mean square error, and `psnr`, 20 log10(range / rmse) in dB, the
    range being that of these records. Label maps: `wrong`, the share of places with another level.
    """
    back = codec.decode(codec.encode(cohort), Key(0))
    return {name: _error(cohort, name, column.to_numpy_ndarray()) for name, column in back.items()}


def _error(cohort: Cohort, name: str, back: np.ndarray) -> dict[str, float]:
    x, kind = cohort[name], cohort.schema[name]
    if isinstance(kind, Image) and kind.levels:
        return {"wrong": round(float((back != x).mean()), 6)}
    x = x.astype(np.float64)
    rmse = math.sqrt(np.nanmean((back - x) ** 2))
    span = float(np.nanmax(x) - np.nanmin(x))
    psnr = 20 * math.log10(span / rmse) if span and rmse else math.inf
    return {"rmse": float(f"{rmse:.4g}"), "psnr": round(psnr, 2)}
