"""Layers for grids of 0 to 3 axes: tensors of shape (B, C, *grid).

Parameters live only in standard leaf layers (linear, convolution, embedding, group and layer
norm), attention is made of linear layers, no layer looks across the batch and learned constants
are `Embedding(1, d)`: so exact per-sample gradients, and with them differential privacy, work.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

M = TypeVar("M", bound=nn.Module)

_CONV = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def create_conv(axes: int, width_in: int, width_out: int, kernel: int = 3) -> nn.Module:
    """A convolution over `axes` axes that keeps the size; over none, a linear layer."""
    if axes == 0:
        return nn.Linear(width_in, width_out)
    return _CONV[axes - 1](width_in, width_out, kernel, padding=kernel // 2)


def init_zero(layer: M) -> M:
    """The layer with all its parameters set to 0, so that a residual branch starts silent."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def create_norm(axes: int, width: int) -> nn.Module:
    """Normalisation within one record: over all channels (no axes) or groups of them."""
    if axes == 0:
        return nn.LayerNorm(width)
    return nn.GroupNorm(math.gcd(width, 16), width)


def expand_to_grid(vector: Tensor, axes: int) -> Tensor:
    """(B, C) -> (B, C, 1, ...), ready to be broadcast over a grid of `axes` axes."""
    return vector.reshape(*vector.shape, *(1,) * axes)


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    """The nearest-neighbour image of (B, C, *grid) on a grid of another size."""
    return x if tuple(x.shape[2:]) == tuple(size) else functional.interpolate(x, size=tuple(size))


def shrink(x: Tensor, size: Sequence[int]) -> Tensor:
    """(B, C, *grid) on a coarser grid: means over the places that fall together."""
    return x if tuple(x.shape[2:]) == tuple(size) else functional.interpolate(x, tuple(size), mode="area")


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Features (B, L, width) of each attention head (B, heads, L, width / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """The inverse of `split_heads`."""
    return x.transpose(1, 2).flatten(2)


@final
class LearnedConstant(nn.Module):
    """A learned vector, the same for every record."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(1, width)

    @property
    def row(self) -> Tensor:
        """The vector as one row (1, width)."""
        return self.table(torch.zeros(1, dtype=torch.long, device=self.table.weight.device))

    def forward(self, x: Tensor) -> Tensor:
        """Any (B, ...) -> (B, width)."""
        return self.table(torch.zeros(len(x), dtype=torch.long, device=x.device))


@final
class FourierEmbedding(nn.Module):
    """A number in [0, 1] as a vector of unit scale: sines and cosines of growing frequency, two layers.

    Args:
        width: The length of the vector.
        terms: How many frequencies, spread evenly on a logarithmic scale from 1 to 1,000.
    """

    def __init__(self, width: int, terms: int = 32) -> None:
        super().__init__()
        self.frequencies = nn.Buffer(torch.logspace(0, 3, terms), persistent=False)
        self.layers = nn.Sequential(
            nn.Linear(2 * terms, width), nn.SiLU(), nn.Linear(width, width), nn.LayerNorm(width)
        )

    def forward(self, t: Tensor) -> Tensor:
        """(B,) -> (B, width)."""
        angle = t[:, None].float() * self.frequencies
        return self.layers(torch.cat([angle.sin(), angle.cos()], dim=1))


@final
class Attention(nn.Module):
    """Every place looks at all places, or at the tokens of a context (Vaswani et al., 2017).

    Args:
        width: Channels of the places.
        context: Width of the context's tokens; None: the places look at each other.
        heads: How many heads; reduced where it does not divide the width.
    """

    def __init__(self, width: int, context: int | None = None, heads: int = 4) -> None:
        super().__init__()
        self.heads = math.gcd(width, heads)
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(context or width, width)
        self.value = nn.Linear(context or width, width)
        self.out = init_zero(nn.Linear(width, width))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Places (B, L, width), with a context (B, K, context) if built for one; same shape back."""
        h = self.norm(x)
        source = h if context is None else context
        q, k, v = (
            split_heads(layer(y), self.heads)
            for layer, y in ((self.query, h), (self.key, source), (self.value, source))
        )
        # Written out because the fused kernel has no second derivative, which gradient penalties need.
        weight = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(dim=-1)
        return x + self.out(merge_heads(weight @ v))


@final
class Residual(nn.Module):
    """Two convolutions around a shortcut, modulated between them (adaptive group norm).

    The modulation vector scales and shifts the normalised features: `h (1 + scale) + shift`
    (Dhariwal & Nichol, 2021, eq. 1). With no axes this is a residual perceptron.

    Args:
        axes: Axes of the grid.
        width_in: Channels that come in.
        width_out: Channels that go out.
        modulation: Length of the modulation vector; 0: none.
    """

    def __init__(self, axes: int, width_in: int, width_out: int, modulation: int = 0) -> None:
        super().__init__()
        self.axes = axes
        self.before = nn.Sequential(
            create_norm(axes, width_in), nn.SiLU(), create_conv(axes, width_in, width_out)
        )
        self.norm = create_norm(axes, width_out)
        self.modulate = init_zero(nn.Linear(modulation, 2 * width_out)) if modulation else None
        self.after = nn.Sequential(nn.SiLU(), init_zero(create_conv(axes, width_out, width_out)))
        self.shortcut = (
            nn.Identity() if width_in == width_out else create_conv(axes, width_in, width_out, 1)
        )

    def forward(self, x: Tensor, modulation: Tensor | None = None) -> Tensor:
        """(B, width_in, *grid) -> (B, width_out, *grid)."""
        h = self.norm(self.before(x))
        if self.modulate is not None and modulation is not None:
            scale, shift = expand_to_grid(self.modulate(functional.silu(modulation)), self.axes).chunk(
                2, dim=1
            )
            h = h * (1 + scale) + shift
        return self.shortcut(x) + self.after(h)


@final
class GridAttention(nn.Module):
    """Attention on a grid: among its places, and to the tokens of a context where there is one.

    Args:
        width: Channels of the grid.
        context: Width of the context's tokens; None: no context.
        places: Whether the places look at each other too.
    """

    def __init__(self, width: int, context: int | None = None, *, places: bool = True) -> None:
        super().__init__()
        self.among = Attention(width) if places else None
        self.across = Attention(width, context) if context else None

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, C, *grid) and context (B, K, d) -> (B, C, *grid)."""
        places = x.flatten(2).transpose(1, 2) if x.dim() > 2 else x[:, None]  # noqa: PLR2004 - (B, C)
        if self.among is not None:
            places = self.among(places)
        if self.across is not None and context is not None:
            places = self.across(places, context)
        return places.transpose(1, 2).reshape(x.shape)
