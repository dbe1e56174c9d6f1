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

from manikin.errors import TrainingError
from manikin.training import augment
from manikin.training import checkpoint as store
from manikin.training.batches import JUDGED, alike, partition
from manikin.training.budget import Training, settled, usual_steps
from manikin.training.data import Encoded, Trained
from manikin.training.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.contracts.family import Family
    from manikin.core.seeds import Key
    from manikin.training.engine import Engine

LOOK = 100
"""Steps between looks at the held-out subjects."""

LAST = 0.2
"""Share of a training in which weights that were best in the middle of it come to rest."""

STALE = 3
"""Looks without a better loss after which they do."""

PLACES = 1 << 16
"""About how many places of histories are looked at on either side."""


@final
class Run:
    """All that changes while a family learns; `train` drives it."""

    def __init__(self, family: Family, data: Encoded, training: Training, key: Key, engine: Engine) -> None:
        self.family, self.data, self.key, self.engine = family, data, key, engine
        share = training.holdout if len(set(family.turns)) == 1 else 0.0
        self.rows, self.held_rows = partition(data.subject, share, key.child("holdout"))
        self.training = settled(training, family, data.spec, len(self.rows))
        with engine.stream(key.child("weights")):
            self.nets = engine.place(family.networks(data.spec, data.given_spec))
        self.average = {
            name: copy.deepcopy(net).requires_grad_(False).eval() for name, net in self.nets.items()
        }
        self.optimizers = {player: self._optimizer(player) for player in dict.fromkeys(family.turns)}
        self.turn, self.seconds, self.loss, self.held = 0, 0.0, math.nan, math.nan
        self.best: dict[str, dict[str, Tensor]] = {}
        self.least, self.least_held, self.since = math.inf, math.nan, 0
        self.back, self.rest, self.best_pace = 0, 0, 1.0
        self.orders: dict[int, np.ndarray] = {}
        self.lengths = (data.x[self.rows] != 0).sum(axis=1) if data.spec.ends else np.zeros(0)

    def _optimizer(self, player: str) -> torch.optim.Optimizer:
        o = self.family.optimizer
        parameters = list(self.nets[player].parameters())
        return torch.optim.AdamW(parameters, lr=o.rate, betas=o.betas, weight_decay=o.decay, fused=True)

    @property
    def fraction(self) -> float:
        """The share of the budget that is spent."""
        epoch = self.turn * (self.training.batch or 1) / len(self.rows)
        return self.training.fraction(self.turn, epoch, self.seconds)

    @property
    def ended(self) -> str:
        """Why the training is at its end, "budget" or "patience"; "" before that."""
        if self.fraction >= 1:
            return "budget"
        return "patience" if self.back and self.turn - self.back >= self.rest else ""

    def advance(self) -> None:
        """One turn of one player, and now and then a look at the held-out subjects."""
        started = time.monotonic()
        player = self.family.turns[self.turn % len(self.family.turns)]
        self._step(player)
        self.turn += 1
        if self.turn % LOOK == 0 or self.ended:
            self._look()
        if self.best and not self.back and self._stale():
            self._return()
        self.seconds += time.monotonic() - started

    def _step(self, player: str) -> None:
        optimizer = self.optimizers[player]
        for group in optimizer.param_groups:
            group["lr"] = self.family.optimizer.rate * self._pace(self.family.optimizer.warmup)
        x, given = self.data.batch(self._next_rows(), self.engine.device)
        with self.engine.stream(self.key.child("loss", self.turn)) as rng:
            if self.data.moves:
                x, given = augment.moved(self.data.spec, x, given, rng)
            loss = self.family.loss(self.nets, player, self.data.spec, x, given, rng)
        self._watch(loss)
        self.engine.step(loss, optimizer)
        self._follow(player)

    def _stale(self) -> bool:
        """Whether patience is at an end; or the budget nearly is, and the best weights are long past."""
        impatient = 0 < self.training.patience <= self.since
        return impatient or (self.since >= STALE and self.fraction >= 1 - LAST)

    def _return(self) -> None:
        """Go back to the best weights and let the learning rate down from where it was then.

        Weights from the middle of a training still move much from step to step, and what they say of
        frequencies is off in one direction or another.
        """
        for name, weights in self.best.items():
            self.nets[name].load_state_dict(weights)
            self.average[name].load_state_dict(weights)
        left = self.turn * (1 - self.fraction) / max(self.fraction, 1e-9)
        self.back, self.rest = self.turn, max(1, round(min(left, self.turn * LAST / (1 - LAST))))

    def _pace(self, warmup: int) -> float:
        if self.back:
            return self.best_pace * max(0.01, 1 - (self.turn - self.back) / self.rest)
        cosine = 0.5 * (1 + math.cos(math.pi * self.fraction))
        return min(1.0, (self.turn + 1) / warmup) * max(0.01, cosine)

    def _next_rows(self) -> np.ndarray:
        """The next records of an endless row of shuffled epochs."""
        batch = self.training.batch or 1
        epoch, place = divmod(self.turn * batch, len(self.rows))
        order = self._order(epoch)[place : place + batch]
        while len(order) < batch:
            epoch += 1
            order = np.append(order, self._order(epoch)[: batch - len(order)])
        return self.rows[order]

    def _order(self, epoch: int) -> np.ndarray:
        if epoch not in self.orders:
            rng = self.key.child("order", epoch).numpy()
            shuffled = rng.permutation(len(self.rows))
            if self.data.spec.ends:
                shuffled = alike(shuffled, self.lengths, self.training.batch or 1, rng)
            self.orders = {k: v for k, v in self.orders.items() if k == epoch - 1} | {epoch: shuffled}
        return self.orders[epoch]

    def _watch(self, loss: Tensor) -> None:
        value = float(loss.detach())
        if not math.isfinite(value):
            message = (
                f"step {self.turn}: the loss is {value}; lower the learning rate of the family, or look "
                "for extreme values in the data"
            )
            raise TrainingError(message)
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value

    @torch.no_grad()
    def _follow(self, player: str) -> None:
        """Move the average; early on it forgets faster, or it would remember the random start."""
        weight = 1 - min(self.training.ema, (1 + self.turn) / (10 + self.turn))
        pairs = zip(self.average[player].parameters(), self.nets[player].parameters(), strict=True)
        for average, parameter in pairs:
            average.lerp_(parameter, weight)

    def _look(self) -> None:
        """Judge the averaged weights; what they know of training subjects alone counts against them.

        The criterion is the held-out loss plus its distance from the loss on as many training
        records: weights that begin to learn people by heart are not kept, even where the held-out
        loss still falls a little. It says how long to learn. Weights that come to rest after that
        fit training records a little better, too, and are kept where the held-out loss falls.
        """
        if not len(self.held_rows):
            return
        self.held = self._judged(self.held_rows)
        known = self._judged(self.rows[: len(self.held_rows)])
        criterion = 2 * self.held - known
        self.since += 1
        if self.held < self.least_held if self.back else criterion < self.least:
            self.best = {name: _copied(net.state_dict()) for name, net in self.average.items()}
            self.least, self.least_held, self.since = criterion, self.held, 0
            if not self.back:
                self.best_pace = self._pace(self.family.optimizer.warmup)

    @torch.no_grad()
    def _judged(self, rows: np.ndarray) -> float:
        """The loss of the averaged weights on some records, each time with the same noise."""
        player, batch = self.family.turns[0], self.training.batch or 1
        spec = self.data.spec
        if spec.ends:  # their loss draws no noise
            rows = rows[: max(batch, PLACES // spec.length)]
        else:
            rows = np.resize(rows, max(len(rows), min(JUDGED, 8 * len(rows))))
        total = 0.0
        with self.engine.stream(self.key.child("held")) as rng:
            for start in range(0, len(rows), batch):
                x, given = self.data.batch(rows[start : start + batch], self.engine.device)
                loss = self.family.loss(self.average, player, self.data.spec, x, given, rng)
                total += float(loss) * len(x)
        return total / len(rows)

    def progress(self) -> Progress:
        """Where the training stands."""
        return Progress(self.turn, self.fraction, self.seconds, self.loss, self.held)

    def finish(self, ended: str) -> Trained:
        """The weights to keep: the best on held-out subjects, else the last average."""
        for name, weights in self.best.items():
            self.average[name].load_state_dict(weights)
        nets = {name: net.cpu().eval() for name, net in self.average.items()}
        return Trained(nets, self.turn, self.seconds, self.least_held, ended, self.usual, self.falling)

    @property
    def usual(self) -> int:
        """The steps of a training without a budget of its own, on these records."""
        return usual_steps(self.family, self.data.spec, len(self.rows), self.training.batch or 1)

    @property
    def falling(self) -> bool | None:
        """Whether the last look at held-out subjects was the best so far; None: fewer than two looks."""
        if not len(self.held_rows) or self.turn < 2 * LOOK:
            return None
        return self.since == 0

    def save(self, path: Path) -> None:
        """Everything needed to go on from here."""
        tensors = {
            "nets": {name: net.state_dict() for name, net in self.nets.items()},
            "average": {name: net.state_dict() for name, net in self.average.items()},
            "optimizers": {name: store.optimizer_tensors(o) for name, o in self.optimizers.items()},
            "best": self.best,
        }
        numbers = {name: getattr(self, name) for name in NUMBERS}
        store.write(path, tensors, {"run": self._fingerprint(), **numbers})

    def restore(self, path: Path) -> None:
        """Go on from where `save` left.

        Raises:
            TrainingError: The checkpoint is of another run, or unreadable.
        """
        tensors, facts = store.read(path)
        if facts["run"] != self._fingerprint():
            message = (
                f"{path}: the checkpoint of another run (data, family, seed or budget differ); delete it"
            )
            raise TrainingError(message)
        for name, net in self.nets.items():
            net.load_state_dict(tensors["nets"][name])
            self.average[name].load_state_dict(tensors["average"][name])
        for name, optimizer in self.optimizers.items():
            store.fill_optimizer(optimizer, tensors["optimizers"].get(name, {}))
        self.best = tensors.get("best", {})
        for name in NUMBERS:
            setattr(self, name, facts[name])

    def _fingerprint(self) -> str:
        """What must be the same for a run to be the same run."""
        some = np.ascontiguousarray(self.data.x[:: max(1, len(self.data) // 1000)])
        parts: tuple[Any, ...] = (
            self.family,
            self.data.spec,
            self.data.given_spec,
            self.training,
            self.key,
        )
        text = repr((*parts, self.data.x.shape)).encode()
        return hashlib.blake2b(text + some.tobytes(), digest_size=16).hexdigest()


NUMBERS = ("turn", "seconds", "loss", "held", "least", "least_held", "since", "back", "rest", "best_pace")


def _copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in weights.items()}
