"""How long to train: a budget in minutes, steps or epochs, and defaults by kind and size of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from manikin.errors import UsageError

if TYPE_CHECKING:
    from manikin.contracts.family import Family
    from manikin.encoding.spec import Spec

CELLS = 65_536
"""Places of all records of a step together, where one record has many."""

HISTORIES = 64
"""Histories of a step: most are far shorter than the longest, and more steps teach more."""

TEXTS = 8
"""Texts of a step: in the same time four times the steps of 32 taught far more (MTS-Dialog and Indiana)."""

LOGITS = 1 << 25
"""Numbers that networks give for all tokens of a step together, at most."""

SEEN = 200_000_000
"""Places of a grid that a network sees by default, all steps together."""


@final
@dataclass(frozen=True)
class Training:
    """How long and how to train; what is None is chosen by the kind and size of the data.

    Of several budgets the first to run out ends the training. A budget in minutes makes the
    result depend on the speed of the machine; one in steps or epochs does not.

    Args:
        minutes: Wall time.
        steps: Steps of optimisers, all players together.
        epochs: Passes over the records.
        batch: Records per step.
        ema: Decay per step of the moving average of weights.
        patience: Looks at held-out subjects without a better loss before stopping; 0: never stop.
        holdout: Share of the training subjects held out to say when to stop; 0: none.
        augment: Whether pictures are also shown shifted and mirrored, with the moves as a condition so that
            samples are not (`manikin.training.augment`); None: where there are fewer than 1,000.

    Example:
        >>> Training(steps=200).fraction(turn=50, epoch=1.0, seconds=3.0)
        0.25
    """

    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None
    batch: int | None = None
    ema: float = 0.999
    patience: int = 10
    holdout: float = 0.1
    augment: bool | None = None

    def __post_init__(self) -> None:
        for name in ("minutes", "steps", "epochs", "batch"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                message = f"training, {name}: {value} is not above 0"
                raise UsageError(message)
        if not (0 <= self.ema < 1 and 0 <= self.holdout < 1 and self.patience >= 0):
            raise UsageError("training: ema and holdout lie in [0, 1), patience is at least 0")

    def fraction(self, turn: int, epoch: float, seconds: float) -> float:
        """The share of the budget that is spent, 0 to 1."""
        spent = (
            seconds / (60 * self.minutes) if self.minutes else 0.0,
            turn / self.steps if self.steps else 0.0,
            epoch / self.epochs if self.epochs else 0.0,
        )
        return min(1.0, max(spent))


def settled(training: Training, family: Family, spec: Spec, n: int) -> Training:
    """The same with batch and budget filled in for `n` training records.

    The default budget is in steps, so that the same seed gives the same model on every machine.
    """
    batch = min(n, training.batch or batch_for(spec, n))
    if training.minutes or training.steps or training.epochs:
        return replace(training, batch=batch)
    return replace(training, batch=batch, steps=usual_steps(family, spec, n, batch))


def usual_steps(family: Family, spec: Spec, n: int, batch: int) -> int:
    """Steps that a family gets for `n` training records where no budget is given, all players together."""
    return steps_for(spec, n, batch) * len(set(family.turns))


def batch_for(spec: Spec, n: int) -> int:
    """Records per step: few where one record is large, never more than an eighth of the data.

    Over a grid at most 64, of series 32: for the same work, more and smaller steps taught more.
    """
    usual = 32 if spec.series else 64 if spec.grid else 256
    most = max(2, min(usual, CELLS // _places(spec)))
    if spec.ends:  # each place has a number for every token
        most = max(2, min(most, TEXTS if spec.ragged else HISTORIES, LOGITS // (spec.vocab * spec.length)))
    return max(min(8, most), 2 ** round(math.log2(min(most, max(1, n / 8)))))


def steps_for(spec: Spec, n: int, batch: int) -> int:
    """Steps per player: about 100 passes over the records, not fewer steps than a network needs to form.

    Tokens take 60 passes, at least 1,000 steps: every pass teaches all steps of an order. Over a
    grid no more places are seen than two cores work through in some ten minutes.
    """
    if spec.tokens:
        return min(6_000, max(1_000, round(60 * n / batch)))
    steps = min(5_000, max(1_500, round(100 * n / batch)))
    return max(300, min(steps, SEEN // (batch * _places(spec)))) if spec.grid else steps


def _places(spec: Spec) -> int:
    return spec.length if spec.tokens else math.prod(spec.grid)
