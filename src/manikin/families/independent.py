"""Independent marginals: every column drawn by itself. The floor that any model must leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.family import FamilyState, ProgressCallback, StatisticalFamily
from manikin.encoding.spec import Continuous
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_sharing_subjects

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec

MAX_QUANTILES = 1000


@dataclass(frozen=True)
class Independent(StatisticalFamily):
    """Columns without any relation; numbers through their quantiles, levels by their shares."""

    def refusal(self, spec: Spec) -> str | None:
        """Rows only: on a grid, independent channels would be noise."""
        if spec.tokens or spec.grid:
            return "independent marginals are for rows of a table; use 'diffusion' or 'autoregressive'"
        return None

    def learn(
        self,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,
        progress: ProgressCallback,
    ) -> FamilyState:
        """Up to a thousand quantiles of each column, missing values among them."""
        ordered = np.sort(x, axis=0)  # NaN comes last, so missing keeps its share
        who = np.unique(subject, return_inverse=True)[1]
        numbers = [isinstance(block, Continuous) for block in spec.blocks for _ in range(block.n)]
        for j in np.flatnonzero(numbers):
            ordered[:, j] = _spread_rare_values(x[:, j], who)
        at = np.linspace(0, len(x) - 1, min(len(x), MAX_QUANTILES)).round().astype(int)
        progress(1.0)
        return {"quantiles": ordered[at]}

    def draw(
        self,
        state: FamilyState,
        spec: Spec,
        x: np.ndarray,
        observed: np.ndarray,
        key: Key,
    ) -> np.ndarray:
        """Each free cell from its own column."""
        quantiles = state["quantiles"]
        rows = key.numpy().integers(len(quantiles), size=x.shape)
        return np.where(observed, x, np.take_along_axis(quantiles, rows, axis=0))


def _spread_rare_values(values: np.ndarray, who: np.ndarray) -> np.ndarray:
    """The values (n,) in rising order; those of few patients fill the room around them evenly."""
    order = np.argsort(values, kind="stable")
    held, free = values[order], count_sharing_subjects(values, who)[order] < MIN_CELL_SIZE
    known, run, size = np.unique(held, return_inverse=True, return_counts=True)
    known = known.astype(float)
    ends = np.concatenate([known[:1], (known[:-1] + known[1:]) / 2, known[-1:]])
    seen = known[~np.isnan(known)]
    ends[np.isnan(ends)] = seen[-1] if len(seen) else 0.0
    place = (np.arange(len(held)) - np.searchsorted(run, np.arange(len(known)))[run] + 0.5) / size[run]
    evenly = ends[run] + place * (ends[run + 1] - ends[run])
    return np.where(free & ~np.isnan(held), evenly, held).astype(values.dtype)


__plugin__ = Independent
