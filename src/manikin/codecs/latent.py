"""Large pictures, volumes and signals as a smaller grid of values: a fitted autoencoder used as a codec.

A family of grids in such a space is what is called latent (Rombach et al., 2022, arXiv:2112.10752). Codes
are learned with a little noise on them and a pull to 0, so that neighbouring codes mean neighbouring
records, and are then brought to mean 0 and standard deviation 1 per channel, without which a noise
schedule does not fit them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from manikin.codecs.arrays import ArrayCodec
from manikin.codecs.patches import choose_factors
from manikin.contracts.codec import Codec, TrainableCodec
from manikin.encoding.spec import Continuous, Spec, coarsen_grid
from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    import pyarrow as pa
    import torch
    from torch import Tensor

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.nn.autoencoder import Autoencoder

CODE_NOISE, CODE_PENALTY = 0.1, 1e-3
"""Standard deviation of the noise on codes in training; weight of their mean square."""


@final
@dataclass(frozen=True)
class Latent(Codec, TrainableCodec["Autoencoder"]):
    """Fields on one grid <-> codes (n, channels, *coarser grid) through a fitted autoencoder.

    Args:
        factor: Places of each axis that a code stands for, a power of two; None: 4 (8 from a length of
            256 on, 2 below 24, 1 below 6).
        channels: Values per code.
        width: Channels of the networks at their first level; None: by the data.
        source: What was learned of the fields.
        mean, deviation: Of the training records' codes, per channel.
        network: The trained autoencoder.

    Example:
        >>> Latent(factor=8).min_length
        16384
    """

    kinds: ClassVar[tuple[type, ...]] = (Signal, Image)
    tokens: ClassVar[bool] = False
    min_length: ClassVar[int] = 128 * 128
    factor: int | None = None
    channels: int = 4
    width: int | None = None
    source: Codec = field(default_factory=ArrayCodec)
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    network: Autoencoder | None = field(default=None, repr=False, compare=False)

    @property
    def spec(self) -> Spec:
        """Values on a coarser grid."""
        return Spec(
            (Continuous(self.channels),), coarsen_grid(self.source.spec.grid, self.downsampling_factors)
        )

    @property
    def downsampling_factors(self) -> tuple[int, ...]:
        """Places of each axis that a code stands for."""
        return choose_factors(self.source.spec.grid, self.factor)

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the scale or the levels of each field; the network is trained afterwards."""
        return replace(self, source=self.source.fit(cohort, fields))

    def build_network(self) -> Autoencoder:
        """One autoencoder."""
        from manikin.nn.autoencoder import Autoencoder  # late, as torch below

        return Autoencoder(self.source.spec, self.downsampling_factors, self.channels, self.width)

    def compute_loss(self, network: Autoencoder, x: Tensor, rng: torch.Generator) -> Tensor:
        """How far records rebuilt from noisy codes are off, and how far codes are from 0."""
        import torch  # late: choosing a codec imports them all, and torch takes a second or is absent

        z = network.encode(x)
        noise = torch.randn(z.shape, generator=rng, device=z.device)
        return network.compute_loss(z + CODE_NOISE * noise, x) + CODE_PENALTY * z.square().mean()

    def attach_network(self, network: Autoencoder, x: np.ndarray) -> Self:
        """This codec with a trained network, and the scale of the training records' codes."""
        z = network.apply_in_chunks(network.encode, x)
        axes = (0, *range(2, z.ndim))
        mean, deviation = z.mean(axes, dtype=np.float64), z.std(axes, dtype=np.float64)
        scale = {"mean": tuple(mean.tolist()), "deviation": tuple(np.maximum(deviation, 1e-6).tolist())}
        return replace(self, network=network, **scale)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Codes (n, channels, *coarser grid), float32, each channel standardised."""
        net = self.trained_network
        z = net.apply_in_chunks(net.encode, self.source.encode(cohort))
        return ((z - self._to_column(self.mean)) / self._to_column(self.deviation)).astype(np.float32)

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Columns in the types of the file: what codes most likely stand for."""
        z = x * self._to_column(self.deviation) + self._to_column(self.mean)
        net = self.trained_network
        return self.source.decode(net.apply_in_chunks(net.decode, z.astype(np.float32)), key)

    def _to_column(self, values: tuple[float, ...]) -> np.ndarray:
        return np.array(values).reshape(-1, *(1,) * len(self.downsampling_factors))

    def to_dict(self) -> dict[str, Any]:
        """The options, the codes' scale, and what was learned of the fields."""
        return {name: getattr(self, name) for name in SAVED_FIELDS} | {"source": self.source.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`, with fresh weights."""
        scale = {name: tuple(state[name]) for name in ("mean", "deviation")}
        codec = cls(**{**state, **scale, "source": ArrayCodec.from_dict(state["source"])})
        return replace(codec, network=codec.build_blank_network())


SAVED_FIELDS = ("factor", "channels", "width", "mean", "deviation")

__plugin__ = Latent
