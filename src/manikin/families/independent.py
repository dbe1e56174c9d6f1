"""Independent marginals: every column drawn by itself. The floor that any model must leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.family import Progress, State, Statistical

if TYPE_CHECKING:
    from manikin.rng import Key
    from manikin.spec import Spec

QUANTILES = 1000


@dataclass(frozen=True)
class Independent(Statistical):
    """Columns without any relation; numbers through their quantiles, levels by their shares."""

    def refusal(self, spec: Spec) -> str | None:
        """Rows only: on a grid, independent channels would be noise."""
        if spec.tokens or spec.grid:
            return "independent marginals are for rows of a table; use 'diffusion' or 'autoregressive'"
        return None

    def learn(
        self,
        spec: Spec,  # noqa: ARG002 - the contract's, as those below
        x: np.ndarray,
        given: int,  # noqa: ARG002
        subject: np.ndarray,  # noqa: ARG002
        key: Key,  # noqa: ARG002
        progress: Progress,
    ) -> State:
        """Up to a thousand quantiles of each column, missing values among them."""
        ordered = np.sort(x, axis=0)  # NaN comes last, so missing keeps its share
        at = np.linspace(0, len(x) - 1, min(len(x), QUANTILES)).round().astype(int)
        progress(1.0)
        return {"quantiles": ordered[at]}

    def draw(self, state: State, spec: Spec, x: np.ndarray, observed: np.ndarray, key: Key) -> np.ndarray:  # noqa: ARG002 - the contract's
        """Each free cell from its own column."""
        quantiles = state["quantiles"]
        rows = key.numpy().integers(len(quantiles), size=x.shape)
        return np.where(observed, x, np.take_along_axis(quantiles, rows, axis=0))


__plugin__ = Independent
