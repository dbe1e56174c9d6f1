"""Signals, images, volumes and label maps as arrays on their own grid.

Values are standardised per channel with the mean and standard deviation of all training records:
never per image, which would destroy what the unit means (Hounsfield units, millivolts). Parameters
of a series with gaps become normal scores (`codecs.table.series`), limb leads that follow from two others
are left out. Label maps are one categorical quantity per place. Decoding gives back the type and the
range of the file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from manikin.codecs.arrays.limb_leads import LimbLeadScaler
from manikin.codecs.arrays.standardize import StandardScaler, compute_missing_share, iterate_chunks
from manikin.codecs.table.series import SeriesTransform
from manikin.cohort.finite_values import raise_if_extreme
from manikin.contracts.codec import Codec
from manikin.core.arrow import to_arrow_column
from manikin.encoding.spec import Block, Categorical, Spec
from manikin.errors import NotFitted, SchemaError, Unsupported
from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

MIN_MISSING_SHARE = 0.05
"""Share of missing places from which on a signal is a series; a waveform's spikes are no tails."""


@final
@dataclass(frozen=True)
class LabelMapEncoder:
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

    def to_dict(self) -> dict[str, Any]:
        """What was learned, in plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**state, "shape": tuple(state["shape"])})


Layer = StandardScaler | LabelMapEncoder | SeriesTransform | LimbLeadScaler


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
        known = [
            layer.spectrum if isinstance(layer, StandardScaler | LimbLeadScaler) else [] for layer in layers
        ]
        spectrum = tuple(tuple(row) for rows in known for row in rows) if all(known) else ()
        return Spec(tuple(layer.block for layer in layers), grid=layers[0].shape[1:], spectrum=spectrum)

    @property
    def _layers(self) -> dict[str, Layer]:
        if self.layers is None:
            raise NotFitted("this ArrayCodec has not seen any records: call fit first")
        return self.layers

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the scale or the levels of each field.

        Raises:
            Unsupported: The fields do not lie on one grid.
            SchemaError: A label map holds other values than its levels, or a value is infinite.
        """
        raise_if_extreme(cohort, fields)
        layers = {name: _fit_layer(cohort, name) for name in fields}
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

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Columns of tensors in the types of the file."""
        ends = np.cumsum([layer.block.n for layer in self._layers.values()])[:-1]
        parts = np.split(x, ends, axis=1)
        layers = self._layers.items()
        return {
            name: to_arrow_column(layer.decode(part))
            for (name, layer), part in zip(layers, parts, strict=True)
        }

    def complete(
        self,
        given: Cohort,
        drawn: dict[str, pa.Array],
        x: np.ndarray,
        *,
        infilling: bool = False,
    ) -> dict[str, pa.Array]:
        """Given places, and drawn ones where they are NaN.

        Decoding does not give back what was encoded: of series it makes values that files record, in
        an order.
        """
        return drawn | {name: _overlay(given[name], drawn[name]) for name in drawn if name in given.schema}

    def to_dict(self) -> dict[str, Any]:
        """Per field, its scale or its levels."""
        return {name: layer.to_dict() for name, layer in self._layers.items()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls({name: _load_layer(table) for name, table in state.items()})


def _overlay(given: np.ndarray, column: pa.Array) -> pa.Array:
    """A drawn column of arrays with those given (n, ...) wherever they are not NaN."""
    drawn = column.to_numpy_ndarray()
    known = ~np.isnan(given) if given.dtype.kind == "f" else np.ones(given.shape, dtype=bool)
    return to_arrow_column(np.where(known, given, drawn).astype(drawn.dtype))


def _load_layer(table: dict[str, Any]) -> Layer:
    for mark, layer in (("scales", SeriesTransform), ("told", LimbLeadScaler), ("levels", LabelMapEncoder)):
        if mark in table:
            return layer.from_dict(table)
    return StandardScaler.from_dict(table)


def _fit_layer(cohort: Cohort, name: str) -> Layer:
    kind, x = cohort.schema[name], cohort[name]
    shape = tuple(x.shape[1:])
    if isinstance(kind, Image) and kind.levels:
        _check_levels(name, x, kind.levels)
        return LabelMapEncoder(shape, str(x.dtype), kind.levels)
    if not isinstance(kind, Signal):
        return StandardScaler.from_records(x)
    if compute_missing_share(x) > MIN_MISSING_SHARE:
        return SeriesTransform.from_records(x, kind.channels, cohort.subject)
    return LimbLeadScaler.from_records(x, kind.channels) or StandardScaler.from_records(x)


def _check_levels(name: str, x: np.ndarray, levels: int) -> None:
    for chunk in iterate_chunks(x):
        if ((chunk < 0) | (chunk >= levels) | (chunk != np.floor(chunk))).any():
            message = (
                f"field {name!r}: a label map of {levels} levels holds others than 0 to {levels - 1}; "
                "set `levels` in schema.toml, or leave it out if these are measured values"
            )
            raise SchemaError(message)


__plugin__ = ArrayCodec
