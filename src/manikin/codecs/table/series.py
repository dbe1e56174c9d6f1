"""The channels of a series with gaps as normal scores, each by its own distribution.

A parameter of intensive care is recorded to a whole number or a tenth, has a long tail and typing errors
in it. By its distribution function (`QuantileTransform`) it is standard normal whatever its tails, and
comes back on
the values that are recorded: those that several records share are atoms, those between and beyond them
stretches. All values of an atom get the same score, the middle of it: what stays the same for hours stays
the same, and a little noise does not move it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from manikin.codecs.table.quantile_transform import QuantileTransform, fit_segments, round_to_step
from manikin.encoding.spec import Continuous
from manikin.signals.analysis.interpolate import compute_changes as changes
from manikin.signals.analysis.lead_names import find_pressures

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Block

DECIMAL_STEPS = (1.0, 0.1, 0.01, 0.001)
"""Grids on which files record measurements."""

MIN_GRID_SHARE = 0.5
"""Share of the values that lie on a grid from which on it is the channel's: others are means of several."""

MAX_FALLING_SHARE = 0.02
"""Share of moments at which training records may miss an order that is kept nevertheless."""

MIN_UNCHANGED_SHARE = 0.9
"""Share of successive measurements that are equal, from which on a channel holds its value."""

MIN_CHANGE = 0.3
"""Change in normal scores below which such a value holds: what is drawn is never quite still."""

MAX_VALUES = 4_000_000
"""Values of a channel from which its distribution is learned."""


@final
@dataclass(frozen=True)
class SeriesTransform:
    """The distributions of the channels of one field.

    Args:
        shape: Of one record, channels first.
        dtype: Of the file.
        scales: The distribution of each channel.
        steps: The grid of what lies beyond or far between atoms, per channel; 0: none.
        ordered: Groups of channels whose values do not fall from one to the next: diastolic, mean and
            systolic pressure of one artery, where the training records keep this.
        steady: Channels whose value holds from one measurement to the next, but for rare changes: a weight
            that is copied hour by hour.
    """

    shape: tuple[int, ...]
    dtype: str
    scales: list[QuantileTransform]
    steps: list[float]
    ordered: list[list[int]] = field(default_factory=list)
    steady: list[int] = field(default_factory=list)

    @classmethod
    def from_records(
        cls, x: np.ndarray, channels: tuple[str, ...] = (), subject: np.ndarray | None = None
    ) -> Self:
        """Learn from records (n, channels, time), NaN where missing, of subjects (n,)."""
        found = [_fit_channel(x[:, j], subject) for j in range(x.shape[1])]
        groups = find_pressures(channels) if len(channels) == x.shape[1] else []
        ordered = [group for group in groups if _is_rising(x[:, group])]
        scales, steps = (list(part) for part in zip(*found, strict=True))
        steady = [j for j in range(x.shape[1]) if _compute_unchanged_share(x[:, j]) >= MIN_UNCHANGED_SHARE]
        return cls(tuple(x.shape[1:]), str(x.dtype), scales, steps, ordered, steady)

    @property
    def block(self) -> Block:
        """One quantity per channel and place."""
        return Continuous(self.shape[0], optional=True)

    def encode(self, x: np.ndarray, _key: Key | None) -> np.ndarray:
        """(n, channels, time) as normal scores."""
        parts = [scale.to_scores(_flatten(x[:, j])) for j, scale in enumerate(self.scales)]
        return np.stack(parts, axis=1).reshape(len(x), self.shape[1], self.shape[0]).swapaxes(1, 2)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """The inverse, in the type of the training records."""
        z = z.copy()
        z[:, self.steady] = _hold_values(z[:, self.steady])
        pairs = enumerate(zip(self.scales, self.steps, strict=True))
        parts = [
            _round_to_grid(scale, scale.to_values(_flatten(z[:, j])), step) for j, (scale, step) in pairs
        ]
        x = np.stack(parts, axis=1).reshape(len(z), self.shape[1], self.shape[0]).swapaxes(1, 2)
        for group in self.ordered:
            x[:, group] = _sort_rising(x[:, group])
        return x.astype(self.dtype)

    def to_dict(self) -> dict[str, Any]:
        """What was learned, in plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        scales = [QuantileTransform(**table) for table in state["scales"]]
        return cls(**{**state, "shape": tuple(state["shape"]), "scales": scales})


def _compute_unchanged_share(x: np.ndarray) -> float:
    """The share of measurements (n, time) that are equal to the one before; 0 where none are."""
    change = changes(x[:, None])
    seen = ~np.isnan(change)
    return float((change[seen] == 0).mean()) if seen.any() else 0.0


def _hold_values(z: np.ndarray) -> np.ndarray:
    """Normal scores (n, channels, time) that stay until they move by more than `MIN_CHANGE`."""
    z, last = z.copy(), np.full(z.shape[:2], np.nan)
    for t in range(z.shape[2]):
        now = z[..., t]
        still = np.abs(now - last) < MIN_CHANGE  # false where there is nothing yet
        z[..., t] = np.where(still, last, now)
        last = np.where(np.isnan(now), last, z[..., t])
    return z


def _is_rising(x: np.ndarray) -> bool:
    """Whether nearly no value (n, channels, time) falls from one channel to the next that is there."""
    risen = _sort_rising(x.astype(np.float64))
    several = (~np.isnan(x)).sum(axis=1) > 1
    changed = ((risen != x) & ~np.isnan(x)).any(axis=1)
    return bool(several.any() and changed[several].mean() <= MAX_FALLING_SHARE)


def _sort_rising(x: np.ndarray) -> np.ndarray:
    """The values of each moment in rising order, gaps where they were."""
    gone = np.isnan(x)
    place = np.argsort(np.argsort(gone, axis=1, kind="stable"), axis=1)  # of each value among those there
    return np.where(gone, np.nan, np.take_along_axis(np.sort(x, axis=1), place, axis=1))


def _flatten(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float64).ravel()


def _fit_channel(x: np.ndarray, subject: np.ndarray | None) -> tuple[QuantileTransform, float]:
    """The distribution of one channel (n, time) of subjects (n,), and the grid of its values."""
    some = x[:: max(1, x.size // MAX_VALUES)]
    seen = ~np.isnan(some)
    values, who = some[seen].astype(np.float64), np.nonzero(seen)[0]
    if subject is not None:
        who = np.unique(subject, return_inverse=True)[1][:: max(1, x.size // MAX_VALUES)][who]
    scale = QuantileTransform(
        *fit_segments(values, None, None, who), step=0.0, dtype="double", optional=True
    )
    return scale, _find_step(values, np.finfo(x.dtype).eps)


def _find_step(values: np.ndarray, precision: float) -> float:
    """The coarsest decimal grid that most values lie on; 0: none."""
    for step in DECIMAL_STEPS:
        off = np.abs(values - np.round(values / step) * step)
        if len(values) and (off <= 4 * precision * np.maximum(np.abs(values), 1)).mean() >= MIN_GRID_SHARE:
            return step
    return 0.0


def _round_to_grid(scale: QuantileTransform, values: np.ndarray, step: float) -> np.ndarray:
    """Values of wide stretches on the channel's grid; narrow ones, between its points, as they are."""
    if not step or not scale.upper:
        return values
    start, end = np.array(scale.start), np.array(scale.end)
    between = np.searchsorted(end, values)
    wide = (end - start > step)[np.minimum(between, len(end) - 1)]
    return round_to_step(values, step, wide)
