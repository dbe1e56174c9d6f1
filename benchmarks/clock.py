"""Clock: budgets in minutes that count the processor's time, so that a busy machine takes nothing away."""

from __future__ import annotations

import time
from types import SimpleNamespace

from manikin.training import state


def processor() -> None:
    """From here on a training's minutes are CPU minutes of this process."""
    state.time = SimpleNamespace(monotonic=time.process_time)  # pyright: ignore[reportAttributeAccessIssue]
