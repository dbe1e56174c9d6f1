"""How the training goes, for whoever wants to hear it."""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, final

from manikin.core.progress_display import format_duration, show_step

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
        holdout_loss: The last loss on held-out subjects; NaN where there is none.

    Example:
        >>> Progress(turn=50, fraction=0.25, seconds=10.0, loss=0.5).seconds_left
        30.0
    """

    turn: int
    fraction: float
    seconds: float
    loss: float
    holdout_loss: float = math.nan

    @property
    def seconds_left(self) -> float:
        """Seconds that remain of the budget at this pace."""
        return self.seconds * (1 - self.fraction) / self.fraction if self.fraction else math.inf


class ProgressCallback(Protocol):
    """Whoever wants to hear how the training goes."""

    def __call__(self, progress: Progress, /) -> None:
        """Hear it; called every few steps."""


@contextmanager
def show_progress_bar(title: str) -> Iterator[ProgressCallback]:
    """A step that shows the loss and the time left.

    Args:
        title: What is trained.
    """
    with show_step(title, 1.0) as step:

        def report(now: Progress) -> None:
            loss = now.loss if math.isnan(now.holdout_loss) else now.holdout_loss
            known = "" if math.isnan(loss) else f"loss {loss:.3f}, "
            step.set_progress(now.fraction, f"{known}{format_duration(now.seconds_left)} left of learning")

        yield report


@contextmanager
def show_optional_bar(title: str, *, quiet: bool) -> Iterator[ProgressCallback]:
    """The same bar, or nobody who listens."""
    with nullcontext(lambda _: None) if quiet else show_progress_bar(title) as report:
        yield report


def scale_progress(report: ProgressCallback, start: float, end: float) -> ProgressCallback:
    """A report of one of several trainings, from `start` to `end` of the whole."""

    def told(now: Progress) -> None:
        report(replace(now, fraction=start + (end - start) * now.fraction))

    return told
