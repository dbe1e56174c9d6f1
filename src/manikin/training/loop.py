"""The one training loop: every family with networks, every kind of record.

Players take turns, each with its optimiser (AdamW; Loshchilov & Hutter, 2019), its learning rate
warmed up and let down along a cosine of the budget (Loshchilov & Hutter, 2017). What is kept is
the exponential moving average of the weights. Where a family has one player, its own loss on
held-out *subjects*, always with the same noise, says when to stop and which weights were best;
what the networks know of training subjects alone counts against them (`TrainingState`). Weights that were
best long before the end come to rest in the last fifth of the training, as if it had been made for them.
All randomness follows from the key and the number of the turn: a resumed run is the same run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.training.budget import Training
from manikin.training.data import TrainingData, TrainingResult
from manikin.training.engine import Engine
from manikin.training.state import TrainingState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manikin.contracts.family import Objective
    from manikin.core.seeds import Key
    from manikin.training.progress import ProgressCallback

__all__ = ["Training", "TrainingData", "TrainingResult", "train"]

SECONDS_BETWEEN_CHECKPOINTS = 60.0
"""Seconds between checkpoints."""

SECONDS_BETWEEN_REPORTS = 1.0
"""Seconds after which slow steps are reported one by one."""


def train(
    objective: Objective,
    data: TrainingData,
    training: Training,
    key: Key,
    *,
    checkpoint: Path | None = None,
    progress: ProgressCallback | None = None,
    look: Callable[[TrainingState], None] | None = None,
    engine: Engine | None = None,
) -> TrainingResult:
    """Train networks on encoded records.

    Ctrl-C ends the training and keeps the best weights so far.

    Args:
        objective: The networks and their loss: a family's, or those of a codec.
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
    run = TrainingState(objective, data, training, key, engine or Engine.select(data.spec))
    if checkpoint is not None and checkpoint.exists():
        run.restore(checkpoint)
    with run.engine.limit_threads(data.spec):
        ended = _run_loop(run, checkpoint, progress, look)
        _save_checkpoint(run, checkpoint, look)
    return run.finish_training(ended)


def _save_checkpoint(
    run: TrainingState, checkpoint: Path | None, look: Callable[[TrainingState], None] | None
) -> None:
    if checkpoint is not None:
        run.save(checkpoint)
    if look is not None:
        look(run)


def _run_loop(
    run: TrainingState,
    checkpoint: Path | None,
    progress: ProgressCallback | None,
    look: Callable[[TrainingState], None] | None,
) -> str:
    saved = told = run.seconds
    try:
        while not run.stop_reason:
            run.advance()
            if progress is not None and (
                run.turn % 10 == 0 or run.stop_reason or run.seconds - told > SECONDS_BETWEEN_REPORTS
            ):
                progress(run.measure_progress())
                told = run.seconds
            if run.seconds - saved > SECONDS_BETWEEN_CHECKPOINTS:
                _save_checkpoint(run, checkpoint, look)
                saved = run.seconds
    except KeyboardInterrupt:
        if run.turn == 0:
            raise
        return "interrupted"
    return run.stop_reason
