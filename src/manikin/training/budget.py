"""How long to train: a budget in minutes, steps or epochs, and defaults by kind and size of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

from manikin.errors import UsageError

if TYPE_CHECKING:
    from manikin.contracts.family import Objective
    from manikin.encoding.spec import Spec

MAX_BATCH_CELLS = 65_536
"""Places of all records of a step together, where one record has many."""

HISTORIES_PER_STEP = 64
"""Histories of a step: most are far shorter than the longest, and more steps teach more."""

NOTES_PER_STEP = 8
"""Texts of a step: in the same time four times the steps of 32 taught far more (MTS-Dialog and Indiana)."""

MAX_BATCH_LOGITS = 1 << 25
"""Numbers that networks give for all tokens of a step together, at most."""

MAX_TRAINING_CELLS = 200_000_000
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
        >>> Training(steps=200).compute_fraction(turn=50, epoch=1.0, seconds=3.0)
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

    def compute_fraction(self, turn: int, epoch: float, seconds: float) -> float:
        """The share of the budget that is spent, 0 to 1."""
        spent = (
            seconds / (60 * self.minutes) if self.minutes else 0.0,
            turn / self.steps if self.steps else 0.0,
            epoch / self.epochs if self.epochs else 0.0,
        )
        return min(1.0, max(spent))


def take_budget_share(training: Training, share: float) -> Training:
    """A share of a budget, whatever it is stated in; what is not stated stays open.

    Example:
        >>> take_budget_share(Training(steps=1000), 0.4).steps
        400
    """
    parts = {name: getattr(training, name) for name in ("minutes", "epochs")}
    kept: dict[str, Any] = {name: value and share * value for name, value in parts.items()}
    return replace(training, **kept, steps=training.steps and max(1, round(share * training.steps)))


def resolve_budget(training: Training, objective: Objective, spec: Spec, n: int) -> Training:
    """The same with batch and budget filled in for `n` training records.

    The default budget is in steps, so that the same seed gives the same model on every machine.
    """
    batch = min(n, training.batch or choose_batch_size(spec, n))
    if training.minutes or training.steps or training.epochs:
        return replace(training, batch=batch)
    return replace(training, batch=batch, steps=count_default_steps(objective, spec, n, batch))


def count_default_steps(objective: Objective, spec: Spec, n: int, batch: int) -> int:
    """Steps that a family gets for `n` training records where no budget is given, all players together."""
    return count_player_steps(spec, n, batch) * len(set(objective.turns))


def choose_batch_size(spec: Spec, n: int) -> int:
    """Records per step: few where one record is large, never more than an eighth of the data.

    Over a grid at most 64, of series 32: for the same work, more and smaller steps taught more.
    """
    usual = 32 if spec.is_series else 64 if spec.grid else 256
    most = max(2, min(usual, MAX_BATCH_CELLS // _count_cells(spec)))
    if spec.has_end_token:  # each place has a number for every token
        most = max(
            2,
            min(
                most,
                NOTES_PER_STEP if spec.ragged else HISTORIES_PER_STEP,
                MAX_BATCH_LOGITS // (spec.vocab * spec.length),
            ),
        )
    return max(min(8, most), 2 ** round(math.log2(min(most, max(1, n / 8)))))


def count_player_steps(spec: Spec, n: int, batch: int) -> int:
    """Steps per player: about 100 passes over the records, not fewer steps than a network needs to form.

    Tokens take 60 passes, at least 1,000 steps: every pass teaches all steps of an order. Over a
    grid no more places are seen than two cores work through in some ten minutes.
    """
    if spec.tokens:
        return min(6_000, max(1_000, round(60 * n / batch)))
    steps = min(5_000, max(1_500, round(100 * n / batch)))
    return max(300, min(steps, MAX_TRAINING_CELLS // (batch * _count_cells(spec)))) if spec.grid else steps


def _count_cells(spec: Spec) -> int:
    return spec.length if spec.tokens else math.prod(spec.grid)
