"""The way into and out of a network for tokens: features of tokens, and a law at each position.

Where positions mean something (the columns of a table), each has tokens and a head of its own.
A column's tokens may be the bins of a number: cosines of a token's place in its range, beside free
weights, let neighbouring bins share what is learned (on both sides of the network).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.nn.grid_levels import Stage
from manikin.nn.layers import create_conv

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import EncodedCondition

COSINE_TERMS = 16
"""Cosines per token: structure finer than a sixteenth of a range is left to the free weights."""

INIT_STD = 0.02
"""Standard deviation of the first weights: small, so that learning starts from uniform laws."""


def compute_cosines(spec: Spec) -> Tensor:
    """Cosines of each token's place within its range, slow ones larger: (vocab + 1, terms).

    Example:
        >>> from manikin.encoding.spec import Spec
        >>> compute_cosines(Spec(vocab=2, length=1, ranges=((0, 2),)))[:, 0].sign().tolist()
        [1.0, -1.0, 0.0]
    """
    table = torch.zeros(spec.vocab + 1, COSINE_TERMS)
    speed = torch.arange(1, COSINE_TERMS + 1)
    for start, end in spec.ranges:
        place = (torch.arange(end - start) + 0.5) / (end - start)
        table[start:end] = torch.cos(torch.pi * place[:, None] * speed) / speed.sqrt()
    return table


@final
class TokenEmbedding(nn.Module):
    """Tokens and their positions -> features; the token `vocab` is extra: a start, or a mask."""

    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.free = nn.Embedding(spec.vocab + 1, width)
        nn.init.normal_(self.free.weight, std=INIT_STD)
        self.waves = nn.Buffer(compute_cosines(spec), persistent=False)
        self.smooth = nn.Linear(COSINE_TERMS, width, bias=False) if spec.ranges else None
        placed = bool(spec.ranges or spec.grid)
        self.place = nn.Embedding(spec.length + 1, width) if placed else None
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor, place: Tensor) -> Tensor:
        """Tokens (B, L) at positions (B, L), the position `length` being none -> (B, L, width)."""
        h = self.free(x)
        if self.smooth is not None:
            h = h + self.smooth(self.waves[x])
        if self.place is not None:
            h = h + self.place(place)
        return h + self.mix(h)


@final
class ConditionMapEmbedding(nn.Module):
    """A condition whose map lies on the tokens' grid, with its map as features of each token.

    Args:
        spec: The tokens.
        channels: Of the map; 0: there is none.
        width: Features per token.
    """

    def __init__(self, spec: Spec, channels: int, width: int) -> None:
        super().__init__()
        axes, places = len(spec.grid), math.prod(spec.grid)
        self.depth = spec.length // places
        stage = Stage(axes, width, width, places=places)
        self.layers = nn.Sequential(create_conv(axes, channels, width), stage) if channels else None

    def forward(self, condition: EncodedCondition) -> EncodedCondition:
        """A map (B, channels, *grid) becomes (B, length, width)."""
        if self.layers is None or condition.map is None:
            return condition
        h = self.layers(condition.map).flatten(2).mT
        return replace(condition, map=h.repeat_interleave(self.depth, dim=1))


@final
class TokenHeads(nn.Module):
    """Features -> the law of the token at each position."""

    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.ranges = spec.ranges or ((0, spec.vocab),)
        self.free = nn.ModuleList(_create_linear(width, end - start) for start, end in self.ranges)
        self.smooth = _create_linear(width, COSINE_TERMS) if spec.ranges else None
        self.waves = nn.Buffer(compute_cosines(spec), persistent=False)

    def compute_logits(self, h: Tensor, head: int) -> Tensor:
        """Features (..., width) -> logits (..., tokens) over one head's range."""
        free = self.free[head](h)
        if self.smooth is None:
            return free
        start, end = self.ranges[head]
        return free + self.smooth(h) @ self.waves[start:end].mT

    def nll(self, h: Tensor, x: Tensor) -> Tensor:
        """-log p of tokens `x` (B, L) given features (B, L, width), in nats: (B, L)."""
        if self.smooth is None:
            return functional.cross_entropy(self.compute_logits(h, 0).mT, x, reduction="none")
        parts = [
            functional.cross_entropy(self.compute_logits(h[:, i], i), x[:, i] - start, reduction="none")
            for i, (start, _) in enumerate(self.ranges)
        ]
        return torch.stack(parts, dim=1)

    def draw(self, h: Tensor, place: Tensor, rng: torch.Generator) -> Tensor:
        """Tokens (M,) for features (M, width) at positions (M,)."""
        if self.smooth is None:
            return sample_tokens(self.compute_logits(h, 0), rng)
        x = torch.empty_like(place)
        for head in place.unique().tolist():
            here = place == head
            x[here] = self.ranges[head][0] + sample_tokens(self.compute_logits(h[here], head), rng)
        return x


def _create_linear(width: int, size: int) -> nn.Linear:
    layer = nn.Linear(width, size)
    nn.init.normal_(layer.weight, std=INIT_STD)
    nn.init.zeros_(layer.bias)
    return layer


def sample_tokens(logits: Tensor, rng: torch.Generator) -> Tensor:
    """A token for each row of logits (M, tokens): (M,)."""
    return torch.multinomial(logits.float().softmax(-1), 1, generator=rng).squeeze(-1)
