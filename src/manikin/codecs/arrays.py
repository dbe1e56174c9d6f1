"""Signals, images, volumes and label maps as arrays on their own grid.

Values are standardised per channel with the mean and standard deviation of all training records:
never per image, which would destroy what the unit means (Hounsfield units, millivolts). Parameters
of a series with gaps become normal scores (`codecs.table.series`). Label maps are one categorical
quantity per place. Decoding gives back the type and the range of the file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from manikin.codec import Codec
from manikin.codecs.table.series import Series
from manikin.data.cohort import column
from manikin.data.schema import Image, Signal
from manikin.errors import NotFitted, SchemaError, Unsupported
from manikin.spec import Block, Categorical, Continuous, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from manikin.data.cohort import Cohort
    from manikin.rng import Key

CHUNK = 256
"""Records whose moments are taken at once."""

GAPS = 0.05
"""Share of missing places from which on a signal is a series; a waveform's spikes are no tails."""


@final
@dataclass(frozen=True)
class Values:
    """The scale of one field of measured values.

    Args:
        shape: Of one record, channels first.
        dtype: Of the file.
        mean, deviation: Per channel.
        low, high: The range of the training records per channel.
        optional: Whether places may be missing (NaN).
    """

    shape: tuple[int, ...]
    dtype: str
    mean: list[float]
    deviation: list[float]
    low: list[float]
    high: list[float]
    optional: bool

    @property
    def block(self) -> Block:
        """One quantity per channel and place."""
        return Continuous(self.shape[0], optional=self.optional)

    @property
    def whole(self) -> bool:
        """Whether the file holds whole numbers."""
        return np.dtype(self.dtype).kind in "iub"

    def encode(self, x: np.ndarray, key: Key | None) -> np.ndarray:
        """(n, channels, *grid) standardised; with a key, whole numbers are spread within their cell."""
        spread = key.numpy().random(x.shape, dtype=np.float32) - 0.5 if key and self.whole else 0.0
        return (x + spread - self._column(self.mean)) / self._column(self.deviation)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """The inverse, within the range and in the type of the training records."""
        x = z.astype(np.float64) * self._column(self.deviation) + self._column(self.mean)
        x = np.clip(x, self._column(self.low), self._column(self.high))
        return (np.round(x) if self.whole else x).astype(self.dtype)

    def _column(self, values: list[float]) -> np.ndarray:
        return np.array(values).reshape(-1, *(1,) * (len(self.shape) - 1))


@final
@dataclass(frozen=True)
class Labels:
    """One label map: `levels` levels at every place of a grid.

    Args:
        shape: Of one record, channels first.
        dtype: Of the file.
        levels: How many levels, numbered from 0.
    """

    shape: tuple[int, ...]
    dtype: str
    levels: int

    @property
    def block(self) -> Block:
        """One quantity per channel and place."""
        return Categorical(self.levels, self.shape[0])

    def encode(self, x: np.ndarray, _key: Key | None) -> np.ndarray:
        """Level numbers."""
        return x

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Level numbers in the type of the file."""
        return z.astype(self.dtype)


Layer = Values | Labels | Series


@final
@dataclass(frozen=True)
class ArrayCodec(Codec):
    """Fields on one grid <-> compact arrays (n, channels, *grid).

    Args:
        layers: What was learned of each field; None: not fitted.
    """

    kinds: ClassVar[tuple[type, ...]] = (Signal, Image)
    tokens: ClassVar[bool] = False
    layers: dict[str, Layer] | None = None

    @property
    def spec(self) -> Spec:
        """The channels of all fields, one after another, on their common grid."""
        layers = list(self._layers.values())
        return Spec(tuple(layer.block for layer in layers), grid=layers[0].shape[1:])

    @property
    def _layers(self) -> dict[str, Layer]:
        if self.layers is None:
            raise NotFitted("this ArrayCodec has not seen any records: call fit first")
        return self.layers

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the scale or the levels of each field.

        Raises:
            Unsupported: The fields do not lie on one grid.
            SchemaError: A label map holds other values than its levels.
        """
        layers = {name: _learn(cohort, name) for name in fields}
        if len({layer.shape[1:] for layer in layers.values()}) > 1:
            shapes = ", ".join(f"{name} {layer.shape}" for name, layer in layers.items())
            message = f"not on one grid: {shapes}; model them one after another with Chain"
            raise Unsupported(message)
        return replace(self, layers=layers)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Records of shape (n, channels, *grid), float32.

        Raises:
            SchemaError: The records have another shape than those of training.
        """
        parts = []
        for name, layer in self._layers.items():
            x = cohort[name]
            if x.shape[1:] != layer.shape:
                message = f"field {name!r}: records of shape {x.shape[1:]}; the model knows {layer.shape}"
                raise SchemaError(message)
            parts.append(layer.encode(x, key.child(name) if key else None).astype(np.float32))
        return np.concatenate(parts, axis=1)

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:  # noqa: ARG002 - nothing is drawn
        """Columns of tensors in the types of the file."""
        ends = np.cumsum([layer.shape[0] for layer in self._layers.values()])[:-1]
        parts = np.split(x, ends, axis=1)
        layers = self._layers.items()
        return {name: column(layer.decode(part)) for (name, layer), part in zip(layers, parts, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Per field, its scale or its levels."""
        return {name: asdict(layer) for name, layer in self._layers.items()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls({name: _layer(table) for name, table in state.items()})


def _layer(table: dict[str, Any]) -> Layer:
    if "scales" in table:
        return Series.from_dict(table)
    table = {**table, "shape": tuple(table["shape"])}
    return Labels(**table) if "levels" in table else Values(**table)


def _learn(cohort: Cohort, name: str) -> Layer:
    kind, x = cohort.schema[name], cohort[name]
    shape = tuple(x.shape[1:])
    if isinstance(kind, Image) and kind.levels:
        _check_levels(name, x, kind.levels)
        return Labels(shape, str(x.dtype), kind.levels)
    missing = _missing(x)
    if isinstance(kind, Signal) and missing > GAPS:
        return Series.of(x)
    mean, deviation = _moments(x)
    axes = (0, *range(2, x.ndim))
    low, high = np.nanmin(x, axis=axes), np.nanmax(x, axis=axes)
    return Values(
        shape,
        str(x.dtype),
        mean.tolist(),
        deviation.tolist(),
        low.astype(float).tolist(),
        high.astype(float).tolist(),
        missing > 0,
    )


def _missing(x: np.ndarray) -> float:
    """The share of places without a value."""
    if x.dtype.kind != "f" or not x.size:
        return 0.0
    return sum(int(np.isnan(chunk).sum()) for chunk in _chunks(x)) / x.size


def _check_levels(name: str, x: np.ndarray, levels: int) -> None:
    for chunk in _chunks(x):
        if ((chunk < 0) | (chunk >= levels) | (chunk != np.floor(chunk))).any():
            message = (
                f"field {name!r}: a label map of {levels} levels holds others than 0 to {levels - 1}; "
                "set `levels` in schema.toml, or leave it out if these are measured values"
            )
            raise SchemaError(message)


def _moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per channel; a channel without spread has deviation 1."""
    axes = (0, *range(2, x.ndim))
    count = sum((~np.isnan(chunk)).sum(axes) for chunk in _chunks(x))
    mean = sum(np.nansum(chunk, axes) for chunk in _chunks(x)) / np.maximum(count, 1)
    centred = mean.reshape(-1, *(1,) * (x.ndim - 2))
    squares = sum(np.nansum((chunk - centred) ** 2, axes) for chunk in _chunks(x))
    deviation = np.sqrt(squares / np.maximum(count, 1))
    return mean, np.where(deviation > 0, deviation, 1.0)


def _chunks(x: np.ndarray) -> Iterator[np.ndarray]:
    """The records in float64, some at a time: the array itself may be larger than memory."""
    for start in range(0, len(x), CHUNK):
        yield np.asarray(x[start : start + CHUNK], dtype=np.float64)


__plugin__ = ArrayCodec
