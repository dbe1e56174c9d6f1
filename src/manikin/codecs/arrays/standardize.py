"""Measured values of a field, standardised by the mean and deviation of all training records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from manikin.encoding.spec import Continuous
from manikin.signals.analysis.spectrum import compute_dct_amplitudes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.core.seeds import Key
    from manikin.encoding.spec import Block

CHUNK_SIZE = 256
"""Records whose moments are taken at once."""

SIGNAL_AXES = 2
"""Axes of one signal: channels and time."""


@final
@dataclass(frozen=True)
class StandardScaler:
    """The scale of one field of measured values.

    Args:
        shape: Of one record, channels first.
        dtype: Of the file.
        mean, deviation: Per channel.
        low, high: The range of the training records per channel.
        optional: Whether places may be missing (NaN).
        spectrum: Of signals without gaps, mean amplitudes per channel in rising bands, standardised.
    """

    shape: tuple[int, ...]
    dtype: str
    mean: list[float]
    deviation: list[float]
    low: list[float]
    high: list[float]
    optional: bool
    spectrum: list[list[float]] = field(default_factory=list)

    @classmethod
    def from_records(cls, x: np.ndarray) -> Self:
        """Learn from records (n, channels, *grid), NaN where missing."""
        mean, deviation = _compute_moments(x)
        axes = (0, *range(2, x.ndim))
        low, high = (found(x, axis=axes).astype(float) for found in (np.nanmin, np.nanmax))
        limits = (array.tolist() for array in (mean, deviation, low, high))
        found = cls(tuple(x.shape[1:]), str(x.dtype), *limits, optional=compute_missing_share(x) > 0)
        if len(found.shape) != SIGNAL_AXES or found.optional:
            return found
        return replace(
            found,
            spectrum=compute_dct_amplitudes(
                found.encode(part, None) for part in iterate_chunks(x)
            ).tolist(),
        )

    @property
    def block(self) -> Block:
        """One quantity per channel and place."""
        return Continuous(self.shape[0], optional=self.optional)

    @property
    def is_integer(self) -> bool:
        """Whether the file holds whole numbers."""
        return np.dtype(self.dtype).kind in "iub"

    def encode(self, x: np.ndarray, key: Key | None) -> np.ndarray:
        """(n, channels, *grid) standardised; with a key, whole numbers are spread within their cell."""
        spread = key.numpy().random(x.shape, dtype=np.float32) - 0.5 if key and self.is_integer else 0.0
        return (x + spread - self._to_column(self.mean)) / self._to_column(self.deviation)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """The inverse, within the range and in the type of the training records."""
        x = z.astype(np.float64) * self._to_column(self.deviation) + self._to_column(self.mean)
        x = np.clip(x, self._to_column(self.low), self._to_column(self.high))
        return (np.round(x) if self.is_integer else x).astype(self.dtype)

    def _to_column(self, values: list[float]) -> np.ndarray:
        return np.array(values).reshape(-1, *(1,) * (len(self.shape) - 1))

    def to_dict(self) -> dict[str, Any]:
        """What was learned, in plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**state, "shape": tuple(state["shape"])})


def compute_missing_share(x: np.ndarray) -> float:
    """The share of places without a value."""
    if x.dtype.kind != "f" or not x.size:
        return 0.0
    return sum(int(np.isnan(chunk).sum()) for chunk in iterate_chunks(x)) / x.size


def _compute_moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per channel; a channel without spread has deviation 1."""
    axes = (0, *range(2, x.ndim))
    count = sum((~np.isnan(chunk)).sum(axes) for chunk in iterate_chunks(x))
    mean = sum(np.nansum(chunk, axes) for chunk in iterate_chunks(x)) / np.maximum(count, 1)
    centred = mean.reshape(-1, *(1,) * (x.ndim - 2))
    squares = sum(np.nansum((chunk - centred) ** 2, axes) for chunk in iterate_chunks(x))
    deviation = np.sqrt(squares / np.maximum(count, 1))
    return mean, np.where(deviation > 0, deviation, 1.0)


def iterate_chunks(x: np.ndarray) -> Iterator[np.ndarray]:
    """The records in float64, some at a time: the array itself may be larger than memory."""
    for start in range(0, len(x), CHUNK_SIZE):
        yield np.asarray(x[start : start + CHUNK_SIZE], dtype=np.float64)
