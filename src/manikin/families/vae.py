"""Conditional variational autoencoder that draws from its likelihood.

    -log p(x | c) <= E_q [ -log p(x | z, c) + beta (log q(z | x, c) - log p(z | c)) ]

(Kingma & Welling, 2014; Sohn et al., 2015). Two things make its draws follow the data. The prior
p(z | c) is a mixture of normal laws learned with the rest, so that it covers what the encoder
uses and no more (Tomczak & Welling, 2018). And records are drawn from the likelihood with its
learned spread: the mean alone would halve the spread of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor, nn

from manikin.contracts.family import Batch, Family, Optimizer, SingleNetwork
from manikin.nn.conditioning import ConditionBatch, Conditioner, ConditionSpec
from manikin.nn.grid_levels import MIN_FULL_WIDTH_PLACES
from manikin.nn.layers import LearnedConstant
from manikin.nn.spectral_whitening import SpectralWhitening
from manikin.nn.unet import Decoder, Encoder

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

EMBEDDING_WIDTH = 128
"""Width of the embedding of the condition."""

LOG_SCALE_LIMITS = (-6.0, 3.0)
"""Least and greatest logarithm of a standard deviation of z."""


@final
@dataclass(frozen=True)
class VAE(Family[SingleNetwork["Autoencoder"]]):
    """A variational autoencoder.

    Args:
        latent: Length of the code z; None: 16 for rows and grids of fewer than 256 places, else 64.
        components: Normal laws in the prior's mixture.
        beta: Weight of the divergence from the prior; 1: the bound on the likelihood itself.
        width: Channels of the networks at their first level; None: by the data.
        blocks: Residual blocks per level; None: by the data.

    Example:
        >>> VAE(latent=8)
        VAE(latent=8, components=32, beta=1.0, width=None, blocks=None)
    """

    latent: int | None = None
    components: int = 32
    beta: float = 1.0
    width: int | None = None
    blocks: int | None = None
    private: ClassVar[bool] = True
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3)

    def refusal(self, spec: Spec) -> str | None:
        """Tokens would be drawn independently of each other."""
        if spec.tokens:
            return "tokens would be drawn each by itself; use 'autoregressive' or 'masked'"
        return None

    def build_networks(self, spec: Spec, given: ConditionSpec) -> SingleNetwork[Autoencoder]:
        """One network: encoder, prior and decoder."""
        return SingleNetwork(spec, Autoencoder(spec, given, self))

    def compute_loss(self, nets: SingleNetwork[Autoencoder], batch: Batch) -> Tensor:
        """The bound on -log p per quantity, in nats, of what is not observed."""
        net, rng = nets.model, batch.rng
        given = net.conditioner.mask_for_training(batch.given, batch.x, rng)
        known = net.read_condition(given)
        x = net.emphasis(batch.x)
        mean, log_scale = net.encode(x, known)
        z = mean + log_scale.exp() * torch.randn(mean.shape, generator=rng, device=x.device)
        hidden = torch.ones_like(x, dtype=torch.bool) if given.mask is None else ~given.mask
        likelihood = (nets.spec.nll(net.decode(z, known), x) * hidden).flatten(1).sum(1)
        return (
            likelihood + self.beta * (compute_normal_log_density(z, mean, log_scale) - net.prior(z, known))
        ).sum() / x.numel()

    @torch.no_grad()
    def sample(
        self, nets: SingleNetwork[Autoencoder], n: int, given: ConditionBatch, rng: torch.Generator
    ) -> Tensor:
        """Codes from the prior, records from the likelihood."""
        net = nets.model
        given = net.conditioner.fill_defaults(given, n, rng.device)
        known = net.read_condition(given)
        drawn = nets.spec.draw(net.decode(net.prior.draw(n, known, rng), known), rng)
        return given.restore_observed(net.emphasis.invert(drawn))


def compute_normal_log_density(z: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Log density of a normal law, summed over the last axis, without its constant."""
    return -(0.5 * ((z - mean) * (-log_scale).exp()).square() + log_scale).sum(-1)


@final
@dataclass(frozen=True)
class ConditionState:
    """What is given: one vector (B, d) that says it all, and its aligned map; None: nothing is."""

    vector: Tensor | None
    map: Tensor | None


@final
class Autoencoder(nn.Module):
    """Encoder, prior and decoder, all of them shown what is given."""

    def __init__(self, spec: Spec, given: ConditionSpec, family: VAE) -> None:
        super().__init__()
        self.spec = spec
        latent = family.latent or (64 if math.prod(spec.grid) >= MIN_FULL_WIDTH_PLACES else 16)
        self.conditioner = Conditioner(given, spec, EMBEDDING_WIDTH)
        self.emphasis = SpectralWhitening(spec)
        channels = self.conditioner.channels
        modulation = EMBEDDING_WIDTH if given else 0
        size = (family.width, family.blocks)
        self.reader = (
            Encoder(channels, EMBEDDING_WIDTH, spec.grid, 0, family.width, 1) if channels else None
        )
        self.encoder = Encoder(spec.width + channels, 2 * latent, spec.grid, modulation, *size)
        self.prior = MixturePrior(latent, family.components)
        self.decoder = Decoder(latent, spec.raw, spec.grid, modulation, channels, *size)

    def read_condition(self, given: ConditionBatch) -> ConditionState:
        """What is given, read once for all three."""
        condition = self.conditioner(given)
        vector = condition.vector
        if self.reader is not None and condition.map is not None:
            read = self.reader(condition.map)
            vector = read if vector is None else vector + read
        return ConditionState(vector, condition.map)

    def encode(self, x: Tensor, known: ConditionState) -> tuple[Tensor, Tensor]:
        """Emphasised compact records -> mean and log deviation of q(z | x, c), each (B, latent)."""
        h = self.spec.expand(x)
        if known.map is not None:
            h = torch.cat([h, known.map], dim=1)
        mean, log_scale = self.encoder(h, known.vector).float().chunk(2, dim=1)
        return mean, log_scale.clamp(*LOG_SCALE_LIMITS)

    def decode(self, z: Tensor, known: ConditionState) -> Tensor:
        """Codes (B, latent) -> parameters of the likelihood of emphasised records (B, raw, *grid)."""
        return self.decoder(z, known.vector, known.map).float()


@final
class MixturePrior(nn.Module):
    """p(z | c): a mixture of normal laws with diagonal covariance, its parameters linear in c."""

    def __init__(self, latent: int, components: int) -> None:
        super().__init__()
        self.sizes = (latent, latent, 1)
        self.components = components
        self.start = LearnedConstant(EMBEDDING_WIDTH)
        self.parameters_of = nn.Linear(EMBEDDING_WIDTH, components * sum(self.sizes))
        with torch.no_grad():
            bias = self.parameters_of.bias.view(components, -1)
            bias.zero_()[:, :latent].normal_()

    def forward(self, z: Tensor, known: ConditionState) -> Tensor:
        """Log density (B,) at z (B, latent), without its constant."""
        mean, log_scale, log_weight = self._compute_components(z, known)
        return (compute_normal_log_density(z[:, None], mean, log_scale) + log_weight).logsumexp(dim=1)

    def draw(self, n: int, known: ConditionState, rng: torch.Generator) -> Tensor:
        """One code per record, (n, latent)."""
        mean, log_scale, log_weight = self._compute_components(torch.zeros(n, 1, device=rng.device), known)
        chosen = torch.multinomial(log_weight.exp(), 1, generator=rng)[:, 0]
        rows = torch.arange(n, device=rng.device)
        mean, log_scale = mean[rows, chosen], log_scale[rows, chosen]
        return mean + log_scale.exp() * torch.randn(mean.shape, generator=rng, device=rng.device)

    def _compute_components(self, like: Tensor, known: ConditionState) -> tuple[Tensor, Tensor, Tensor]:
        """Means, log deviations (B, K, latent) and log weights (B, K)."""
        h = self.start(like)
        if known.vector is not None:
            h = h + known.vector
        parts = self.parameters_of(h).float().unflatten(1, (self.components, -1)).split(self.sizes, dim=2)
        mean, log_scale, logits = parts
        return mean, log_scale.clamp(*LOG_SCALE_LIMITS), logits[:, :, 0].log_softmax(dim=1)


__plugin__ = VAE
