"""A statistical family and the arrays that it has learned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from manikin.training.learner import Learner, refuse_losses
from manikin.training.progress import Progress
from manikin.training.weights import read_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.contracts.family import FamilyState, StatisticalFamily
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec
    from manikin.training.learner import Parts
    from manikin.training.progress import ProgressCallback


@dataclass(frozen=True)
class StatisticalLearner(Learner):
    """A statistical family and its state; the given columns come first in its rows."""

    has_condition_in_row: ClassVar[bool] = True
    family: StatisticalFamily
    spec: Spec
    state: FamilyState
    n_condition_channels: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        family: StatisticalFamily,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,
        report: ProgressCallback,
    ) -> Self:
        """Learn from rows (n, channels) of subjects (n,), `n_condition_channels` of them given."""
        started = time.monotonic()

        def progress(share: float) -> None:
            report(Progress(0, share, time.monotonic() - started, float("nan")))

        state = family.learn(spec, x, given, subject, key, progress)
        return cls(family, spec, state, given, {"seconds": round(time.monotonic() - started, 3)})

    @property
    def can_redraw_fields(self) -> bool:
        """Always: any cell of a row may be given."""
        return True

    def draw(self, given: Parts, values: np.ndarray, mask: np.ndarray, key: Key) -> np.ndarray:
        """Rows without their given columns."""
        before = given.get("row", np.empty((len(values), 0), dtype=values.dtype))
        x = np.concatenate([before, values], axis=1)
        observed = np.concatenate([np.ones(before.shape, dtype=bool), mask], axis=1)
        return self.family.draw(self.state, self.spec, x, observed, key)[:, before.shape[1] :]

    def compute_losses(self, x: np.ndarray, given: Parts, draws: int, key: Key) -> np.ndarray:  # noqa: ARG002
        """Never: it has learned no loss.

        Raises:
            Unsupported: Always.
        """
        raise refuse_losses(self.family)

    def save(self, folder: Path) -> None:
        """Write the state."""
        from safetensors.numpy import save_file

        arrays = {name: array.copy(order="C") for name, array in self.state.items()}
        save_file(arrays, folder / "weights.safetensors")

    @classmethod
    def load(
        cls, folder: Path, family: StatisticalFamily, spec: Spec, given: int, facts: dict[str, Any]
    ) -> Self:
        """The inverse of `save`."""
        return cls(family, spec, read_arrays(folder / "weights.safetensors"), given, facts)
