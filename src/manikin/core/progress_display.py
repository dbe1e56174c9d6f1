"""Progress: what a step that takes long shows, the same in the library and on the command line.

On a terminal or in a notebook each open step is a bar on standard error, erased when it is done. Where
there is none, the library is silent; the command line prints a plain line once a step has taken two
seconds, and another every half minute. The display belongs to the process, because a terminal does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

T = TypeVar("T")
FIRST_LINE_SECONDS, LINE_INTERVAL_SECONDS = (
    2.0,
    30.0,
)  # seconds until the first plain line of a step, and from one to the next


@dataclass
class Step:
    """A step that is going on.

    Args:
        title: What is done: "judging", "sampling".
        total: How much there is to do; None: nobody knows.
        done: How much is done.
        text: What else there is to say, such as the loss.
    """

    title: str
    total: float | None = None
    done: float = 0.0
    text: str = ""
    start_time: float = field(default_factory=time.monotonic)
    listener: Callable[[Step], object] = lambda _: None
    lock: Any = field(default_factory=threading.Lock)

    def advance(self, more: float = 1.0) -> None:
        """So much more is done; from any thread."""
        with self.lock:
            self.done += more
        self.listener(self)

    def set_progress(self, done: float, text: str = "") -> None:
        """So much is done in all."""
        self.done, self.text = done, text or self.text
        self.listener(self)

    def set_progress_and_total(self, done: float, total: float) -> None:
        """So much is done of so much in all, which was not known before."""
        self.total = total
        self.set_progress(done)

    @property
    def line(self) -> str:
        """How far it got, as a plain line.

        Example:
            >>> Step("judging", 50, 20).line
            'judging: 40 %, 0:00 so far'
        """
        share = f"{100 * self.done / self.total:.0f} %, " if self.total else ""
        said = f", {self.text}" if self.text else ""
        return f"{self.title}: {share}{format_duration(time.monotonic() - self.start_time)} so far{said}"


class Display:
    """Where steps are shown: on a console as bars or lines, or nowhere."""

    def __init__(self, console: Console | None, *, lines: bool) -> None:
        self.console, self.lines = console, lines
        self.lock, self.bars, self.open = threading.RLock(), None, 0

    @contextmanager
    def show(self, step: Step) -> Iterator[Step]:
        """Show a step as long as it lasts."""
        if self.console is not None and (self.console.is_terminal or self.console.is_jupyter):
            with self._show_bar(step):
                yield step
        elif self.console is not None and self.lines and not self.open:
            with self._print_lines(step):
                yield step
        else:
            yield step

    @contextmanager
    def _show_bar(self, step: Step) -> Iterator[None]:
        with self.lock:
            if self.bars is None:
                self.bars = create_bars(self.console)
                self.bars.start()
            drawn, self.open = self.bars, self.open + 1
        task = drawn.add_task(step.title, total=step.total, text=step.text)
        step.listener = lambda now: drawn.update(task, completed=now.done, total=now.total, text=now.text)
        try:
            yield
        finally:
            drawn.refresh()  # how it ended, before it is erased
            drawn.remove_task(task)
            with self.lock:
                self.open -= 1
                if not self.open:
                    drawn.stop()
                    self.bars = None

    @contextmanager
    def _print_lines(self, step: Step) -> Iterator[None]:
        ended, self.open = threading.Event(), self.open + 1

        def tell() -> None:
            pause = FIRST_LINE_SECONDS
            while not ended.wait(pause):
                pause = LINE_INTERVAL_SECONDS
                if self.console is not None:
                    self.console.print(step.line, markup=False, highlight=False)

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()
            self.open -= 1


_displays: list[Display] = []


@contextmanager
def report_on(console: Console | None) -> Iterator[None]:
    """Within it steps are shown on this console, in plain lines where it is no terminal; None: nowhere."""
    _displays.append(Display(console, lines=True))
    try:
        yield
    finally:
        _displays.pop()


@contextmanager
def show_step(title: str, total: float | None = None, *, quiet: bool = False) -> Iterator[Step]:
    """A step that may take long; whoever works on it says how far it got.

    Args:
        title: What is done; never a name or value of a patient.
        total: How much there is to do; None: nobody knows, and the time so far is shown.
        quiet: Show nothing.

    Example:
        >>> with show_step("judging", 3) as step:
        ...     for part in range(3):
        ...         step.advance()
        >>> step.done
        3.0
    """
    step = Step(title, total)
    if quiet:
        yield step
        return
    with _get_display().show(step):
        yield step


def track(items: Iterable[T], title: str, total: float | None = None) -> Iterator[T]:
    """The items one by one, as a step that advances with each.

    Example:
        >>> list(track([1, 2], "reading pictures"))
        [1, 2]
    """
    known = total if total is not None else len(items) if isinstance(items, Sized) else None
    with show_step(title, known) as step:
        for item in items:
            yield item
            step.advance()


def _get_display() -> Display:
    if not _displays:
        from rich.console import Console

        _displays.append(Display(Console(stderr=True), lines=False))
    return _displays[-1]


def create_bars(console: Console | None) -> Any:  # noqa: ANN401 - rich is imported when something is shown
    """Bars with what is done, what else there is to say, and the time so far."""
    from rich import progress as rich

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TextColumn("{task.fields[text]}", markup=False),
        rich.TimeElapsedColumn(),
    )
    return rich.Progress(*columns, console=console, transient=True)


def format_duration(seconds: float) -> str:
    """Minutes and seconds, as people read them.

    Example:
        >>> format_duration(125.4), format_duration(float("inf"))
        ('2:05', '-')
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}" if seconds < float("inf") else "-"
