"""How the training goes, for whoever wants to hear it."""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

from manikin.core.progress_display import clock, show_step

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
@dataclass(frozen=True)
class Progress:
    """Where the training stands.

    Args:
        turn: Steps taken.
        fraction: Share of the budget spent, 0 to 1.
        seconds: Wall time so far.
        loss: The recent mean of the training loss.
        held: The last loss on held-out subjects; NaN where there is none.

    Example:
        >>> Progress(turn=50, fraction=0.25, seconds=10.0, loss=0.5).left
        30.0
    """

    turn: int
    fraction: float
    seconds: float
    loss: float
    held: float = math.nan

    @property
    def left(self) -> float:
        """Seconds that remain of the budget at this pace."""
        return self.seconds * (1 - self.fraction) / self.fraction if self.fraction else math.inf


class Report(Protocol):
    """Whoever wants to hear how the training goes."""

    def __call__(self, progress: Progress, /) -> None:
        """Hear it; called every few steps."""


@contextmanager
def bar(title: str) -> Iterator[Report]:
    """A step that shows the loss and the time left.

    Args:
        title: What is trained.
    """
    with show_step(title, 1.0) as step:

        def report(now: Progress) -> None:
            loss = now.loss if math.isnan(now.held) else now.held
            known = "" if math.isnan(loss) else f"loss {loss:.3f}, "
            step.reach(now.fraction, f"{known}{clock(now.left)} left of learning")

        yield report


@contextmanager
def shown(title: str, *, quiet: bool) -> Iterator[Report]:
    """The same bar, or nobody who listens."""
    with nullcontext(lambda _: None) if quiet else bar(title) as report:
        yield report
