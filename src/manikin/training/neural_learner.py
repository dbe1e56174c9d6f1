"""A family with networks, and their weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from manikin.contracts.family import Batch
from manikin.errors import Unsupported
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.training import augment
from manikin.training.engine import Engine
from manikin.training.learner import Learner, refuse_losses
from manikin.training.loop import train
from manikin.training.weights import read_weights, write_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from manikin.contracts.family import Family, Networks
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec
    from manikin.training.budget import Training
    from manikin.training.data import TrainingData
    from manikin.training.learner import Parts
    from manikin.training.progress import ProgressCallback
    from manikin.training.state import TrainingState

MAX_BATCH_RECORDS = 8192
"""Records that networks draw at a time, which bounds memory."""

MAX_BATCH_CELLS = 65_536
"""The same in cells (records x places) on a grid: of sixteen pictures of 64 px together each takes a third
less time than of two."""


@dataclass(frozen=True)
class NeuralLearner(Learner):
    """A family with networks and their weights."""

    family: Family
    given_spec: ConditionSpec
    nets: Networks
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        family: Family,
        data: TrainingData,
        training: Training,
        key: Key,
        report: ProgressCallback,
        checkpoint: Path | None,
        known: dict[str, Any] | None = None,
        look: Callable[[TrainingState], None] | None = None,
    ) -> Self:
        """Train on encoded records and the parts given with them; `known` are facts of the codec."""
        done = train(family, data, training, key, checkpoint=checkpoint, progress=report, look=look)
        facts: dict[str, Any] = {
            "steps": done.steps,
            "seconds": round(done.seconds, 3),
            "ended": done.stop_reason,
            "usual": done.default_steps,
        }
        facts |= {} if done.is_improving is None else {"falling": done.is_improving}
        facts |= {"augmented": True} if data.is_augmented else {}
        facts |= {"codec": known} if known else {}
        return cls(family, data.given_spec, done.nets, facts)

    @property
    def spec(self) -> Spec:
        """What the records are made of."""
        return self.nets.spec

    def draw(self, given: Parts, values: np.ndarray, mask: np.ndarray, key: Key) -> np.ndarray:
        """Records drawn in batches; what is observed must have been announced, or the order be free."""
        if mask.any() and not self.can_redraw_fields:
            raise Unsupported(
                f"this {type(self.family).__name__} was not fitted for observed fields; name them in "
                "condition= (and in target=, if any part of them may be observed), or use 'trees'"
            )
        engine = Engine.select(self.spec)
        nets = engine.place(self.nets)
        drawn = []
        for rows in self._split_batches(len(values)):
            observed = (values[rows], mask[rows]) if mask.any() else (None, None)
            batch = ConditionBatch.from_arrays(self._select_condition(given, rows), *observed)
            n = len(values[rows])
            with torch.no_grad(), engine.seed_generators(key.child(rows.start)) as rng:
                x = self.family.sample(nets, n, batch.to(engine.device), rng)
            drawn.append(x.cpu().numpy())
        return np.concatenate(drawn)

    def translate(self, x: np.ndarray, before: Parts, after: Parts) -> np.ndarray:
        """Encoded records as they would be under another condition; the family must know how."""
        engine = Engine.select(self.spec)
        nets, carried = engine.place(self.nets), []
        for rows in self._split_batches(len(x)):
            some = torch.from_numpy(np.ascontiguousarray(x[rows])).to(engine.device)
            sides = (
                ConditionBatch.from_arrays(self._select_condition(part, rows)).to(engine.device)
                for part in (before, after)
            )
            with engine.enable_autocast():
                done = self.family.translate(nets, some, *sides)  # type: ignore[attr-defined]
            carried.append(done.float().cpu().numpy())
        return np.concatenate(carried)

    def compute_losses(self, x: np.ndarray, given: Parts, draws: int, key: Key) -> np.ndarray:
        """Losses record by record, as of `Learner`."""
        if len(self.family.turns) > 1:
            raise refuse_losses(self.family)
        engine, found = Engine.select(self.spec), np.zeros((len(x), draws))
        nets = engine.place(self.nets)
        for i in range(len(x)):
            parts = self._select_condition(given, slice(i, i + 1))
            batch = ConditionBatch.from_arrays(parts).to(engine.device)
            for draw in range(draws):
                with torch.no_grad(), engine.seed_generators(key.child(draw)) as rng:
                    one = torch.from_numpy(x[i : i + 1]).to(engine.device)
                    loss = self.family.compute_loss(nets, Batch(one, batch, rng))
                found[i, draw] = float(loss)
        return found.mean(axis=1)

    def _split_batches(self, n: int) -> list[slice]:
        """The records of each batch."""
        size = min(MAX_BATCH_RECORDS, max(1, MAX_BATCH_CELLS // int(np.prod(self.spec.grid, dtype=int))))
        return [slice(start, min(start + size, n)) for start in range(0, n, size)]

    def _select_condition(self, given: Parts, rows: slice) -> Parts:
        """The condition of some records, none of which is moved."""
        some = {name: part[rows] for name, part in given.items()}
        if augment.MOVES_PART in self.given_spec.parts:
            some[augment.MOVES_PART] = augment.build_zero_moves(self.spec, rows.stop - rows.start).numpy()
        return some

    @property
    def can_redraw_fields(self) -> bool:
        """Where the target was observed in training, or tokens are drawn in any order or end early."""
        return bool(self.given_spec.observed or self.spec.ranges or self.spec.has_end_token)

    @property
    def is_infilling(self) -> bool:
        """As of its family."""
        return self.family.is_infilling

    def save(self, folder: Path) -> None:
        """Write the weights."""
        write_weights(folder / "weights.safetensors", self.nets.by_name)

    @classmethod
    def load(
        cls,
        folder: Path,
        family: Family,
        spec: Spec,
        given: tuple[Mapping[str, Spec], bool],
        facts: dict[str, Any],
    ) -> Self:
        """The inverse of `save`."""
        given_spec = ConditionSpec(*given)
        if facts.get("augmented"):
            given_spec = augment.add_move_condition(spec, given_spec)
        with torch.random.fork_rng(devices=[]):
            nets = family.build_networks(spec, given_spec)
        read_weights(folder / "weights.safetensors", nets.by_name)
        return cls(family, given_spec, nets, facts)
