"""Generative adversarial networks with a loss that does not let them collapse.

    critic:     softplus(-(D(x) - D(G(z)))) + gamma / 2 (|grad D(x)|^2 + |grad D(G(z))|^2)
    generator:  softplus(-(D(G(z)) - D(x)))

Each fake is judged against a real record (relativistic pairing; Jolicoeur-Martineau, 2019), and
the gradient penalties on both keep the game near its equilibrium, where it converges locally
(R3GAN; Huang et al., NeurIPS 2024). Levels are drawn one-hot, with the gradient of their
relaxation (Jang et al., 2017), so that the critic sees the same kind of thing in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.contracts.family import Batch, Family, Networks, Optimizer
from manikin.nn.conditioning import ConditionBatch, Conditioner, ConditionSpec
from manikin.nn.spectral_whitening import SpectralWhitening
from manikin.nn.unet import Decoder, Encoder

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

EMBEDDING_WIDTH = 128
"""Width of the embedding of the condition."""

DEFAULT_PACK_SIZES = {0: 4, 1: 2}
"""Records that the critic judges together by the axes of their grid; 1 of more axes."""


@final
@dataclass(frozen=True)
class GanNetworks(Networks):
    """The two players.

    Args:
        critic: Tells real records from generated ones.
        generator: Makes them.
    """

    critic: Critic
    generator: Generator


@final
@dataclass(frozen=True)
class GAN(Family[GanNetworks]):
    """A generator and a critic.

    Args:
        latent: Length of the noise z; None: 64 without axes, else 128.
        gamma: Weight of the gradient penalties; more is steadier and slower. None: 0.3 without axes,
            else 1.
        pack: Records that the critic judges together, so that it sees a lack of variety
            (Lin et al., 2018); 1: each by itself. None: 4 without axes, 2 along one, else 1.
        width: Channels of the networks at their first level; None: by the data.
        blocks: Residual blocks per level; None: by the data.

    Example:
        >>> GAN(gamma=2.0)
        GAN(latent=None, gamma=2.0, pack=None, width=None, blocks=None)
    """

    latent: int | None = None
    gamma: float | None = None
    pack: int | None = None
    width: int | None = None
    blocks: int | None = None
    turns: ClassVar[tuple[str, ...]] = ("critic", "generator")
    optimizer: ClassVar[Optimizer] = Optimizer(rate=1e-3, betas=(0.0, 0.99))

    def refusal(self, spec: Spec) -> str | None:
        """Tokens pass no gradient."""
        if spec.tokens:
            return (
                "tokens pass no gradient from the critic to the generator; use 'autoregressive' or 'masked'"
            )
        return None

    def build_networks(self, spec: Spec, given: ConditionSpec) -> GanNetworks:
        """The two players."""
        return GanNetworks(spec, Critic(spec, given, self), Generator(spec, given, self))

    def compute_loss(self, nets: GanNetworks, batch: Batch) -> Tensor:
        """The loss of one player."""
        critic, generator, x, rng = nets.critic, nets.generator, batch.x, batch.rng
        given = generator.conditioner.mask_for_training(batch.given, x, rng)
        view = generator.emphasis
        real, fake = view(nets.spec.expand(x)), view(generator.generate(len(x), given, rng))
        if batch.player == "generator":
            return functional.softplus(critic(real, given) - critic(fake, given)).mean()
        real, fake = real.requires_grad_(), fake.detach().requires_grad_()
        true, false = critic(real, given), critic(fake, given)
        penalty = compute_gradient_penalty(true, real) + compute_gradient_penalty(false, fake)
        gamma = self.gamma or (1.0 if nets.spec.grid else 0.3)
        return functional.softplus(false - true).mean() + gamma / 2 * penalty

    @torch.no_grad()
    def sample(self, nets: GanNetworks, n: int, given: ConditionBatch, rng: torch.Generator) -> Tensor:
        """One pass of the generator."""
        net = nets.generator
        given = net.conditioner.fill_defaults(given, n, rng.device)
        return given.restore_observed(nets.spec.collapse(net.generate(n, given, rng)))


def compute_gradient_penalty(verdict: Tensor, x: Tensor) -> Tensor:
    """The mean squared gradient of the verdicts with respect to the records."""
    (gradient,) = torch.autograd.grad(verdict.sum(), x, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


@final
class Generator(nn.Module):
    """(z, given) -> expanded records."""

    def __init__(self, spec: Spec, given: ConditionSpec, family: GAN) -> None:
        super().__init__()
        self.spec = spec
        self.latent = family.latent or (128 if spec.grid else 64)
        self.conditioner = Conditioner(given, spec, EMBEDDING_WIDTH)
        self.emphasis = SpectralWhitening(spec)
        size = (self.conditioner.channels, family.width, family.blocks)
        self.decoder = Decoder(self.latent, spec.width, spec.grid, self.conditioner.vector, *size)

    def forward(self, z: Tensor, given: ConditionBatch) -> Tensor:
        """(B, latent) -> raw (B, width, *grid)."""
        condition = self.conditioner(given)
        return self.decoder(z, condition.vector, condition.map).float()

    def generate(self, n: int, given: ConditionBatch, rng: torch.Generator) -> Tensor:
        """`n` expanded records, the observed part in its place."""
        z = torch.randn(n, self.latent, generator=rng, device=rng.device)
        fake = self.emphasis.invert(self.spec.draw_relaxed(self(z, given), rng))
        if given.mask is None or given.values is None:
            return fake
        seen = self.spec.expand(torch.where(given.mask, given.values, torch.zeros_like(given.values)))
        return torch.where(self.spec.expand_mask(given.mask), seen, fake)


@final
class Critic(nn.Module):
    """(expanded records as `SpectralWhitening` shows them, given) -> how real they look."""

    def __init__(self, spec: Spec, given: ConditionSpec, family: GAN) -> None:
        super().__init__()
        self.conditioner = Conditioner(given, spec, EMBEDDING_WIDTH)
        self.pack = family.pack or DEFAULT_PACK_SIZES.get(len(spec.grid), 1)
        channels = (spec.width + self.conditioner.channels) * self.pack
        modulation = self.conditioner.vector * self.pack
        self.encoder = Encoder(channels, 1, spec.grid, modulation, family.width, family.blocks)

    def forward(self, x: Tensor, given: ConditionBatch) -> Tensor:
        """(B, width, *grid) -> (packs,)."""
        condition = self.conditioner(given)
        if condition.map is not None:
            x = torch.cat([x, condition.map], dim=1)
        vector = condition.vector
        return self.encoder(
            self._pack_records(x), None if vector is None else self._pack_records(vector)
        ).float()[:, 0]

    def _pack_records(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (packs, pack * C, ...); the last pack is filled from the start of the batch."""
        rows = torch.arange(-(-len(x) // self.pack) * self.pack, device=x.device) % len(x)
        return x[rows].unflatten(0, (-1, self.pack)).flatten(1, 2)


__plugin__ = GAN
