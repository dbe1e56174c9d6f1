"""What goes into a training, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor

from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.training import augment

if TYPE_CHECKING:
    from manikin.contracts.family import Networks
    from manikin.encoding.spec import Spec


@final
@dataclass(frozen=True)
class TrainingData:
    """Encoded training records.

    Args:
        spec: What `x` is made of.
        x: Compact records (n, channels, *grid) or tokens (n, length); may be memory-mapped.
        subject: To whom each record belongs (n,).
        given_spec: What will be given at sampling.
        given: What is given with each record.
    """

    spec: Spec
    x: np.ndarray
    subject: np.ndarray
    given_spec: ConditionSpec = field(default_factory=ConditionSpec)
    given: ConditionBatch = field(default_factory=ConditionBatch)

    def __len__(self) -> int:
        return len(self.x)

    def add_augmentation(self) -> TrainingData:
        """The same with the moves of augmentation among what is given, all records at rest."""
        parts = {**self.given.parts, augment.MOVES_PART: augment.build_zero_moves(self.spec, len(self))}
        given_spec = augment.add_move_condition(self.spec, self.given_spec)
        return replace(self, given_spec=given_spec, given=replace(self.given, parts=parts))

    @property
    def is_augmented(self) -> bool:
        """Whether records are moved in training."""
        return augment.MOVES_PART in self.given_spec.parts

    def load_batch(self, rows: np.ndarray, device: str) -> tuple[Tensor, ConditionBatch]:
        """Some records and what is given with them, on the device."""
        x = torch.from_numpy(np.ascontiguousarray(self.x[rows])).to(device)
        return x, self.given[torch.from_numpy(rows)].to(device)


@final
@dataclass(frozen=True)
class TrainingResult:
    """What training gives.

    Args:
        nets: The networks with the weights to keep, in evaluation mode, on the CPU.
        steps: Steps taken.
        seconds: Wall time spent.
        holdout_loss: The loss of the kept weights on held-out subjects; NaN where there is none.
        stop_reason: Why it ended: "budget", "patience" or "interrupted" (Ctrl-C).
        default_steps: Steps it gets where no budget is given.
        is_improving: Whether the last look at held-out subjects was the best of several; None: too few
            looks.
    """

    nets: Networks
    steps: int
    seconds: float
    holdout_loss: float
    stop_reason: str
    default_steps: int = 0
    is_improving: bool | None = None
