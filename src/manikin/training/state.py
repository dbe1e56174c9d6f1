"""The changing state of one training: networks, their averages, optimisers, the best so far."""

from __future__ import annotations

import copy
import hashlib
import math
import time
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from torch import Tensor

from manikin.contracts.family import Batch
from manikin.errors import TrainingError
from manikin.training import augment
from manikin.training import checkpoint as store
from manikin.training.batches import MAX_EVALUATED_RECORDS, ShuffledEpochs, split_subjects
from manikin.training.budget import Training, count_default_steps, resolve_budget
from manikin.training.data import TrainingData, TrainingResult
from manikin.training.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.contracts.family import Objective
    from manikin.core.seeds import Key
    from manikin.training.engine import Engine

STEPS_PER_EVALUATION = 100
"""Steps between looks at the held-out subjects."""

COOLDOWN_SHARE = 0.2
"""Share of a training in which weights that were best in the middle of it come to rest."""

MAX_STALE_EVALUATIONS = 3
"""Looks without a better loss after which they do."""

MAX_EVALUATED_TOKENS = 1 << 16
"""About how many places of histories are looked at on either side."""


@final
class TrainingState:
    """All that changes while networks learn; `train` drives it."""

    def __init__(
        self, objective: Objective, data: TrainingData, training: Training, key: Key, engine: Engine
    ) -> None:
        self.objective, self.data, self.key, self.engine = objective, data, key, engine
        share = training.holdout if len(set(objective.turns)) == 1 else 0.0
        self.rows, self.held_rows = split_subjects(data.subject, share, key.child("holdout"))
        self.training = resolve_budget(training, objective, data.spec, len(self.rows))
        with engine.seed_generators(key.child("weights")):
            self.nets = engine.place(objective.build_networks(data.spec, data.given_spec))
        self.average = copy.deepcopy(self.nets)
        for net in self.average.by_name.values():
            net.requires_grad_(False).eval()
        self.optimizers = {
            player: self._build_optimizer(player) for player in dict.fromkeys(objective.turns)
        }
        self.turn, self.seconds, self.loss, self.held = 0, 0.0, math.nan, math.nan
        self.best: dict[str, dict[str, Tensor]] = {}
        self.least, self.least_held, self.since = math.inf, math.nan, 0
        self.back, self.rest, self.best_pace = 0, 0, 1.0
        lengths = (data.x[self.rows] != 0).sum(axis=1) if data.spec.has_end_token else None
        self.epochs = ShuffledEpochs(len(self.rows), self.training.batch or 1, key.child("order"), lengths)

    def _build_optimizer(self, player: str) -> torch.optim.Optimizer:
        o = self.objective.optimizer
        parameters = list(self.nets.by_name[player].parameters())
        return torch.optim.AdamW(parameters, lr=o.rate, betas=o.betas, weight_decay=o.decay, fused=True)

    @property
    def fraction(self) -> float:
        """The share of the budget that is spent."""
        epoch = self.turn * (self.training.batch or 1) / len(self.rows)
        return self.training.compute_fraction(self.turn, epoch, self.seconds)

    @property
    def stop_reason(self) -> str:
        """Why the training is at its end, "budget" or "patience"; "" before that."""
        if self.fraction >= 1:
            return "budget"
        return "patience" if self.back and self.turn - self.back >= self.rest else ""

    def advance(self) -> None:
        """One turn of one player, and now and then a look at the held-out subjects."""
        started = time.monotonic()
        player = self.objective.turns[self.turn % len(self.objective.turns)]
        self._train_step(player)
        self.turn += 1
        if self.turn % STEPS_PER_EVALUATION == 0 or self.stop_reason:
            self._evaluate_average()
        if self.best and not self.back and self._is_stale():
            self._return_to_best()
        self.seconds += time.monotonic() - started

    def _train_step(self, player: str) -> None:
        optimizer = self.optimizers[player]
        for group in optimizer.param_groups:
            group["lr"] = self.objective.optimizer.rate * self._compute_rate_scale(
                self.objective.optimizer.warmup
            )
        x, given = self.data.load_batch(self.rows[self.epochs.choose_batch(self.turn)], self.engine.device)
        with self.engine.seed_generators(self.key.child("loss", self.turn)) as rng:
            if self.data.is_augmented:
                x, given = augment.move_batch(self.data.spec, x, given, rng)
            loss = self.objective.compute_loss(self.nets, Batch(x, given, rng, player))
        self._track_loss(loss)
        self.engine.step(loss, optimizer)
        self._update_average(player)

    def _is_stale(self) -> bool:
        """Whether patience is at an end; or the budget nearly is, and the best weights are long past."""
        impatient = 0 < self.training.patience <= self.since
        return impatient or (self.since >= MAX_STALE_EVALUATIONS and self.fraction >= 1 - COOLDOWN_SHARE)

    def _return_to_best(self) -> None:
        """Go back to the best weights and let the learning rate down from where it was then.

        Weights from the middle of a training still move much from step to step, and what they say of
        frequencies is off in one direction or another.
        """
        for name, weights in self.best.items():
            self.nets.by_name[name].load_state_dict(weights)
            self.average.by_name[name].load_state_dict(weights)
        left = self.turn * (1 - self.fraction) / max(self.fraction, 1e-9)
        self.back, self.rest = (
            self.turn,
            max(1, round(min(left, self.turn * COOLDOWN_SHARE / (1 - COOLDOWN_SHARE)))),
        )

    def _compute_rate_scale(self, warmup: int) -> float:
        if self.back:
            return self.best_pace * max(0.01, 1 - (self.turn - self.back) / self.rest)
        cosine = 0.5 * (1 + math.cos(math.pi * self.fraction))
        return min(1.0, (self.turn + 1) / warmup) * max(0.01, cosine)

    def _track_loss(self, loss: Tensor) -> None:
        value = float(loss.detach())
        if not math.isfinite(value):
            message = (
                f"step {self.turn}: the loss is {value}; lower the learning rate of the family, or look "
                "for extreme values in the data"
            )
            raise TrainingError(message)
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value

    @torch.no_grad()
    def _update_average(self, player: str) -> None:
        """Move the average; early on it forgets faster, or it would remember the random start."""
        weight = 1 - min(self.training.ema, (1 + self.turn) / (10 + self.turn))
        averages, parameters = (nets.by_name[player].parameters() for nets in (self.average, self.nets))
        for average, parameter in zip(averages, parameters, strict=True):
            average.lerp_(parameter, weight)

    def _evaluate_average(self) -> None:
        """Judge the averaged weights; what they know of training subjects alone counts against them.

        The criterion is the held-out loss plus its distance from the loss on as many training
        records: weights that begin to learn people by heart are not kept, even where the held-out
        loss still falls a little. It says how long to learn. Weights that come to rest after that
        fit training records a little better, too, and are kept where the held-out loss falls.
        """
        if not len(self.held_rows):
            return
        self.held = self._compute_loss(self.held_rows)
        known = self._compute_loss(self.rows[: len(self.held_rows)])
        criterion = 2 * self.held - known
        self.since += 1
        if self.held < self.least_held if self.back else criterion < self.least:
            self.best = {
                name: _copy_weights(net.state_dict()) for name, net in self.average.by_name.items()
            }
            self.least, self.least_held, self.since = criterion, self.held, 0
            if not self.back:
                self.best_pace = self._compute_rate_scale(self.objective.optimizer.warmup)

    @torch.no_grad()
    def _compute_loss(self, rows: np.ndarray) -> float:
        """The loss of the averaged weights on some records, each time with the same noise."""
        player, batch = self.objective.turns[0], self.training.batch or 1
        spec = self.data.spec
        if spec.has_end_token:  # their loss draws no noise
            rows = rows[: max(batch, MAX_EVALUATED_TOKENS // spec.length)]
        else:
            rows = np.resize(rows, max(len(rows), min(MAX_EVALUATED_RECORDS, 8 * len(rows))))
        total = 0.0
        with self.engine.seed_generators(self.key.child("held")) as rng:
            for start in range(0, len(rows), batch):
                x, given = self.data.load_batch(rows[start : start + batch], self.engine.device)
                loss = self.objective.compute_loss(self.average, Batch(x, given, rng, player))
                total += float(loss) * len(x)
        return total / len(rows)

    def measure_progress(self) -> Progress:
        """Where the training stands."""
        return Progress(self.turn, self.fraction, self.seconds, self.loss, self.held)

    def finish_training(self, ended: str) -> TrainingResult:
        """The weights to keep: the best on held-out subjects, else the last average."""
        for name, weights in self.best.items():
            self.average.by_name[name].load_state_dict(weights)
        for net in self.average.by_name.values():
            net.cpu().eval()
        return TrainingResult(
            self.average,
            self.turn,
            self.seconds,
            self.least_held,
            ended,
            self.default_steps,
            self.is_improving,
        )

    @property
    def default_steps(self) -> int:
        """The steps of a training without a budget of its own, on these records."""
        return count_default_steps(self.objective, self.data.spec, len(self.rows), self.training.batch or 1)

    @property
    def is_improving(self) -> bool | None:
        """Whether the last look at held-out subjects was the best so far; None: fewer than two looks."""
        if not len(self.held_rows) or self.turn < 2 * STEPS_PER_EVALUATION:
            return None
        return self.since == 0

    def save(self, path: Path) -> None:
        """Everything needed to go on from here."""
        tensors = {
            "nets": {name: net.state_dict() for name, net in self.nets.by_name.items()},
            "average": {name: net.state_dict() for name, net in self.average.by_name.items()},
            "optimizers": {name: store.extract_optimizer_state(o) for name, o in self.optimizers.items()},
            "best": self.best,
        }
        numbers = {name: getattr(self, name) for name in SAVED_NUMBERS}
        store.write(path, tensors, {"run": self._compute_fingerprint(), **numbers})

    def restore(self, path: Path) -> None:
        """Go on from where `save` left.

        Raises:
            TrainingError: The checkpoint is of another run, or unreadable.
        """
        tensors, facts = store.read(path)
        if facts["run"] != self._compute_fingerprint():
            message = (
                f"{path}: the checkpoint of another run (data, family, seed or budget differ); delete it"
            )
            raise TrainingError(message)
        for name, net in self.nets.by_name.items():
            net.load_state_dict(tensors["nets"][name])
            self.average.by_name[name].load_state_dict(tensors["average"][name])
        for name, optimizer in self.optimizers.items():
            store.restore_optimizer_state(optimizer, tensors["optimizers"].get(name, {}))
        self.best = tensors.get("best", {})
        for name in SAVED_NUMBERS:
            setattr(self, name, facts[name])

    def _compute_fingerprint(self) -> str:
        """What must be the same for a run to be the same run."""
        some = np.ascontiguousarray(self.data.x[:: max(1, len(self.data) // 1000)])
        parts: tuple[Any, ...] = (
            self.objective,
            self.data.spec,
            self.data.given_spec,
            self.training,
            self.key,
        )
        text = repr((*parts, self.data.x.shape)).encode()
        return hashlib.blake2b(text + some.tobytes(), digest_size=16).hexdigest()


SAVED_NUMBERS = (
    "turn",
    "seconds",
    "loss",
    "held",
    "least",
    "least_held",
    "since",
    "back",
    "rest",
    "best_pace",
)


def _copy_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in weights.items()}
