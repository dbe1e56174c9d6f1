"""What goes into a training, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor, nn

from manikin.nn.conditioning import Given, GivenSpec
from manikin.training import augment

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec


@final
@dataclass(frozen=True)
class Encoded:
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
    given_spec: GivenSpec = field(default_factory=GivenSpec)
    given: Given = field(default_factory=Given)

    def __len__(self) -> int:
        return len(self.x)

    def augmented(self) -> Encoded:
        """The same with the moves of augmentation among what is given, all records at rest."""
        parts = {**self.given.parts, augment.PART: augment.at_rest(self.spec, len(self))}
        given_spec = augment.announced(self.spec, self.given_spec)
        return replace(self, given_spec=given_spec, given=replace(self.given, parts=parts))

    @property
    def moves(self) -> bool:
        """Whether records are moved in training."""
        return augment.PART in self.given_spec.parts

    def batch(self, rows: np.ndarray, device: str) -> tuple[Tensor, Given]:
        """Some records and what is given with them, on the device."""
        x = torch.from_numpy(np.ascontiguousarray(self.x[rows])).to(device)
        return x, self.given[torch.from_numpy(rows)].to(device)


@final
@dataclass(frozen=True)
class Trained:
    """What training gives.

    Args:
        nets: The networks with the weights to keep, in evaluation mode, on the CPU.
        turns: Steps taken.
        seconds: Wall time spent.
        held: The loss of the kept weights on held-out subjects; NaN where there is none.
        ended: Why it ended: "budget", "patience" or "interrupted" (Ctrl-C).
        usual: Steps it gets where no budget is given.
        falling: Whether the last look at held-out subjects was the best of several; None: too few looks.
    """

    nets: dict[str, nn.Module]
    turns: int
    seconds: float
    held: float
    ended: str
    usual: int = 0
    falling: bool | None = None
