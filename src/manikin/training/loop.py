"""The one training loop: every family with networks, every kind of record.

Players take turns, each with its optimiser (AdamW; Loshchilov & Hutter, 2019), its learning rate
warmed up and let down along a cosine of the budget (Loshchilov & Hutter, 2017). What is kept is
the exponential moving average of the weights. Where a family has one player, its own loss on
held-out *subjects*, always with the same noise, says when to stop and which weights were best;
what the networks know of training subjects alone counts against them (`Run`). Weights that were best
long before the end come to rest in the last fifth of the training, as if it had been made for them.
All randomness follows from the key and the number of the turn: a resumed run is the same run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.training.budget import Training
from manikin.training.data import Encoded, Trained
from manikin.training.engine import Engine
from manikin.training.state import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manikin.contracts.family import Family
    from manikin.core.seeds import Key
    from manikin.training.progress import Report

__all__ = ["Encoded", "Trained", "Training", "train"]

SAVED = 60.0
"""Seconds between checkpoints."""

TOLD = 1.0
"""Seconds after which slow steps are reported one by one."""


def train(
    family: Family,
    data: Encoded,
    training: Training,
    key: Key,
    *,
    checkpoint: Path | None = None,
    progress: Report | None = None,
    look: Callable[[Run], None] | None = None,
    engine: Engine | None = None,
) -> Trained:
    """Train a family's networks on encoded records.

    Ctrl-C ends the training and keeps the best weights so far.

    Args:
        family: The family.
        data: The records, their specs and what is given with them.
        training: The budget.
        key: Where all randomness comes from.
        checkpoint: A file where the state is kept; if it is there already, training goes on from it.
        progress: Told every few steps how it goes.
        look: Shown the run whenever its state is kept.
        engine: Where to run; None: a GPU where there is one, else the CPU.

    Raises:
        TrainingError: The loss is no longer finite, or the checkpoint is of another run.
    """
    run = Run(family, data, training, key, engine or Engine.auto(data.spec))
    if checkpoint is not None and checkpoint.exists():
        run.restore(checkpoint)
    with run.engine.running(data.spec):
        ended = _loop(run, checkpoint, progress, look)
        _keep(run, checkpoint, look)
    return run.finish(ended)


def _keep(run: Run, checkpoint: Path | None, look: Callable[[Run], None] | None) -> None:
    if checkpoint is not None:
        run.save(checkpoint)
    if look is not None:
        look(run)


def _loop(
    run: Run, checkpoint: Path | None, progress: Report | None, look: Callable[[Run], None] | None
) -> str:
    saved = told = run.seconds
    try:
        while not run.ended:
            run.advance()
            if progress is not None and (run.turn % 10 == 0 or run.ended or run.seconds - told > TOLD):
                progress(run.progress())
                told = run.seconds
            if run.seconds - saved > SAVED:
                _keep(run, checkpoint, look)
                saved = run.seconds
    except KeyboardInterrupt:
        if run.turn == 0:
            raise
        return "interrupted"
    return run.ended
