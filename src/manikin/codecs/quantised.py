"""Pictures, volumes and signals as tokens: an autoencoder whose codes are a finite number.

So families of tokens (`autoregressive`, `masked`) model arrays: the codes are read along the rows of a
coarse grid. What the codes cannot hold is lost, fine texture first; how much is measured after training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

from manikin.codecs.arrays import ArrayCodec
from manikin.codecs.patches import choose_factors
from manikin.contracts.codec import Codec, TrainableCodec
from manikin.encoding.spec import Spec, coarsen_grid
from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import torch
    from torch import Tensor

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.nn.autoencoder import Autoencoder
    from manikin.nn.quantize import FiniteScalarQuantizer

MAX_TOKENS = 512
"""Up to how many tokens a record has, where its factors are chosen by its size."""


@final
@dataclass(frozen=True)
class Quantised(Codec, TrainableCodec["Autoencoder"]):
    """Fields on one grid <-> tokens (n, length) through a fitted autoencoder.

    Args:
        levels: How many values each channel of a code takes; their product is the number of tokens there
            are. (8, 6, 5) is about as many as 8 bits hold, (8, 5, 5, 5) as 10.
        factor: Places of each axis that a token stands for, a power of two; None: 4 (8 from a length of
            256 on, 2 below 24, 1 below 6), doubled while a record would have more than 512 tokens.
        depth: Tokens at each place; None: one for every three channels, at most four.
        width: Channels of the networks at their first level; None: by the data.
        source: What was learned of the fields.
        network: The trained autoencoder.

    Example:
        >>> Quantised(levels=(8, 5, 5, 5)).tokens
        True
    """

    kinds: ClassVar[tuple[type, ...]] = (Signal, Image)
    tokens: ClassVar[bool] = True
    levels: tuple[int, ...] = (8, 6, 5)
    factor: int | None = None
    depth: int | None = None
    width: int | None = None
    source: Codec = field(default_factory=ArrayCodec)
    network: Autoencoder | None = field(default=None, repr=False, compare=False)

    @property
    def spec(self) -> Spec:
        """Tokens along the rows of a coarse grid."""
        grid = coarsen_grid(self.source.spec.grid, self.downsampling_factors)
        return Spec(vocab=math.prod(self.levels), length=math.prod(grid) * self._depth, grid=grid)

    @property
    def downsampling_factors(self) -> tuple[int, ...]:
        """Places of each axis that a token stands for."""
        return choose_factors(self.source.spec.grid, self.factor, MAX_TOKENS / self._depth)

    @property
    def _depth(self) -> int:
        return self.depth or min(4, math.ceil(self.source.spec.channels / 3))

    @property
    def _quantizer(self) -> FiniteScalarQuantizer:
        from manikin.nn.quantize import FiniteScalarQuantizer  # late, as `Autoencoder` below

        return FiniteScalarQuantizer(self.levels)

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the scale or the levels of each field; the network is trained afterwards."""
        return replace(self, source=self.source.fit(cohort, fields))

    def build_network(self) -> Autoencoder:
        """One autoencoder."""
        from manikin.nn.autoencoder import Autoencoder  # late: choosing a codec must not import torch

        codes = self._depth * len(self.levels)
        return Autoencoder(self.source.spec, self.downsampling_factors, codes, self.width)

    def compute_loss(self, network: Autoencoder, x: Tensor, rng: torch.Generator) -> Tensor:
        """How far records rebuilt from rounded codes are off."""
        codes = self._quantizer.quantize(self._flatten_codes(network.encode(x)))
        return network.compute_loss(self._unflatten_codes(codes), x)

    def attach_network(self, network: Autoencoder, x: np.ndarray) -> Self:
        """This codec with a trained network."""
        return replace(self, network=network)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, length), int64."""
        net, finite = self.trained_network, self._quantizer

        def step(x: Tensor) -> Tensor:
            return finite.to_index(finite.quantize(self._flatten_codes(net.encode(x))))

        return net.apply_in_chunks(step, self.source.encode(cohort))

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Columns in the types of the file: what tokens most likely stand for."""
        net, finite = self.trained_network, self._quantizer

        def step(tokens: Tensor) -> Tensor:
            return net.decode(self._unflatten_codes(finite.to_code(tokens)))

        return self.source.decode(net.apply_in_chunks(step, x), key)

    def _flatten_codes(self, z: Tensor) -> Tensor:
        """Channels on the coarse grid -> a list of codes (B, length, channels of one)."""
        return z.unflatten(1, (self._depth, len(self.levels))).flatten(3).permute(0, 3, 1, 2).flatten(1, 2)

    def _unflatten_codes(self, codes: Tensor) -> Tensor:
        """The inverse of `_flatten_codes`."""
        z = codes.unflatten(1, (-1, self._depth)).flatten(2).mT
        return z.unflatten(2, self.spec.grid)

    def to_dict(self) -> dict[str, Any]:
        """The options, and what was learned of the fields."""
        return {name: getattr(self, name) for name in SAVED_OPTIONS} | {"source": self.source.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`, with fresh weights."""
        source = ArrayCodec.from_dict(state["source"])
        codec = cls(**{**state, "levels": tuple(state["levels"]), "source": source})
        return replace(codec, network=codec.build_blank_network())


SAVED_OPTIONS = ("levels", "factor", "depth", "width")

__plugin__ = Quantised
