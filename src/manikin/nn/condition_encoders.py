"""Encoders of the parts of a condition: a compact array -> a vector, and tokens to attend to.

Each takes (B, ...) and gives a vector (B, width) with tokens (B, K, width), or None where the
vector says it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.nn.layers import Attention
from manikin.nn.unet import Encoder

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec


def build_encoder(spec: Spec, width: int) -> nn.Module:
    """The module that turns one compact part into a vector (B, width) and tokens (B, K, width) or None."""
    if spec.tokens:
        return TokenEncoder(spec, width)
    return ArrayEncoder(spec, width) if spec.grid else ScalarEncoder(spec, width)


@final
class ScalarEncoder(nn.Module):
    """Scalars -> vector."""

    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.spec = spec
        # Normalised, because a network that starts from a faint condition learns it late.
        self.layers = nn.Sequential(
            nn.Linear(spec.width, width), nn.SiLU(), nn.Linear(width, width), nn.LayerNorm(width)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        """(B, channels) -> vector (B, width), and no context."""
        return self.layers(self.spec.expand(x)), None


@final
class ArrayEncoder(nn.Module):
    """An array on a grid of its own -> vector, and its coarse features as context."""

    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Encoder(spec.width, width, spec.grid)
        self.project = nn.Linear(self.encoder.coarse, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, channels, *grid) -> vector (B, width), context (B, K, width)."""
        features = self.encoder.compute_features(self.spec.expand(x))
        return self.encoder.head(features), self.project(features.flatten(2).transpose(1, 2))


@final
class TokenEncoder(nn.Module):
    """Tokens -> context by one look at each other, and their mean as vector."""

    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(spec.vocab, width)
        self.place = nn.Embedding(spec.length, width)
        self.attention = Attention(width)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, length) -> vector (B, width), context (B, length, width)."""
        places = torch.arange(x.shape[1], device=x.device).expand_as(x)
        context = self.out(self.attention(self.embed(x) + self.place(places)))
        return context.mean(dim=1), context
