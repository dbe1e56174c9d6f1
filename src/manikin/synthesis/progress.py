"""How the training goes, for whoever wants to hear it."""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


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
def bar(title: str, console: Console | None = None) -> Iterator[Report]:
    """A progress bar with the loss and the time left, erased when done.

    Args:
        title: What is trained.
        console: Where to draw; None: standard error.
    """
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.TextColumn("loss {task.fields[loss]}  {task.fields[left]} left"),
    )
    where = console or Console(stderr=True)
    with rich.Progress(*columns, console=where, transient=True) as drawn:
        task = drawn.add_task(title, total=1.0, loss="-", left="-")

        def report(now: Progress) -> None:
            loss = f"{now.loss if math.isnan(now.held) else now.held:.3f}"
            drawn.update(task, completed=now.fraction, loss=loss, left=clock(now.left))

        yield report


@contextmanager
def shown(title: str, *, quiet: bool) -> Iterator[Report]:
    """The same bar, or nobody who listens."""
    with nullcontext(lambda _: None) if quiet else bar(title) as report:
        yield report


def clock(seconds: float) -> str:
    """Minutes and seconds, as people read them.

    Example:
        >>> clock(125.4), clock(math.inf)
        ('2:05', '-')
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}" if math.isfinite(seconds) else "-"
