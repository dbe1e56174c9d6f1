"""One network for grids of 0 to 3 axes: tensors of shape (B, C, *grid).

Over no axes it is a residual perceptron; over 1 to 3 a U-Net (Ronneberger et al., 2015) on
space-to-depth input, with adaptive group norm and attention where the grid is small. Odd sizes
are met by up-sampling to the size that was left, not by padding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.nn.grid_levels import GridLevels, SpaceToDepth, Stage, build_coordinates, build_head
from manikin.nn.layers import create_conv, create_norm, init_zero, resize, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKBONE_ROW_BLOCKS, ENCODER_ROW_BLOCKS = 4, 2
"""Residual blocks where there are no axes: of a backbone, and of an encoder or decoder."""


@final
class Backbone(nn.Module):
    """Grid in, grid of the same size out: the network of diffusion and of image translation.

    Args:
        width_in: Channels that come in.
        width_out: Channels that go out.
        grid: The lengths of 0 to 3 axes.
        modulation: Length of the modulation vector; 0: none.
        context: Width of the context's tokens; 0: none.
        width: Channels at the first level; None: 256 without axes, else 64 or 32.
        blocks: Residual blocks per level; None: 4 without axes, else 1.
    """

    places: Tensor

    def __init__(
        self,
        width_in: int,
        width_out: int,
        grid: Sequence[int],
        modulation: int = 0,
        context: int = 0,
        width: int | None = None,
        blocks: int | None = None,
    ) -> None:
        super().__init__()
        levels = GridLevels.from_grid(grid, width, blocks, BACKBONE_ROW_BLOCKS)
        axes, widths, sizes = levels.axes, levels.widths, levels.sizes
        self.fold, self.sizes = SpaceToDepth(grid), sizes
        self.register_buffer("places", build_coordinates(self.fold.coarse), persistent=False)
        self.stem = create_conv(axes, width_in * self.fold.factor + axes, widths[0])
        self.down = nn.ModuleList(
            Stage(axes, a, b, modulation, context, levels.blocks, math.prod(size))
            for a, b, size in zip(levels.widths_in, widths, sizes, strict=True)
        )
        self.up = nn.ModuleList(
            Stage(axes, below + here, here, modulation, 0, levels.blocks, math.prod(size))
            for below, here, size in zip(widths[:0:-1], widths[-2::-1], sizes[-2::-1], strict=True)
        )
        self.head = build_head(axes, widths[0], width_out * self.fold.factor)
        init_zero(self.head[-1])

    def forward(self, x: Tensor, modulation: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        """(B, width_in, *grid), modulation (B, d), context (B, K, c) -> (B, width_out, *grid)."""
        h = self.fold(x)
        h = self.stem(torch.cat([h, self.places.expand(len(h), *self.places.shape)], dim=1))
        left = []
        for stage, size in zip(self.down, self.sizes, strict=True):
            h = stage(shrink(h, size), modulation, context)
            left.append(h)
        for stage, skip in zip(self.up, reversed(left[:-1]), strict=True):
            h = stage(torch.cat([resize(h, skip.shape[2:]), skip], dim=1), modulation)
        return self.fold.invert(self.head(h))


@final
class Encoder(nn.Module):
    """Grid in, vector out: the critic of a GAN, the encoder of a VAE, the reader of a condition.

    No attention: the vector reads all places anyway, and a penalty on gradients takes twice as long.

    Args:
        width_in: Channels that come in.
        width_out: Length of the vector.
        grid: The lengths of 0 to 3 axes.
        modulation: Length of the modulation vector; 0: none.
        width: Channels at the first level; None: as in `Backbone`.
        blocks: Residual blocks per level; None: 2 without axes, else 1.
    """

    def __init__(
        self,
        width_in: int,
        width_out: int,
        grid: Sequence[int],
        modulation: int = 0,
        width: int | None = None,
        blocks: int | None = None,
    ) -> None:
        super().__init__()
        levels = GridLevels.from_grid(grid, width, blocks, ENCODER_ROW_BLOCKS)
        axes, widths, self.sizes = levels.axes, levels.widths, levels.sizes
        self.fold, self.coarse = SpaceToDepth(grid), widths[-1]
        self.stem = create_conv(axes, width_in * self.fold.factor, widths[0])
        self.stages = nn.ModuleList(
            Stage(axes, a, b, modulation, blocks=levels.blocks)
            for a, b in zip(levels.widths_in, widths, strict=True)
        )
        self.out = nn.Sequential(
            create_norm(axes, widths[-1]), nn.SiLU(), nn.Flatten(1),
            nn.Linear(widths[-1] * math.prod(self.sizes[-1]), width_out),
        )  # fmt: skip

    def compute_features(self, x: Tensor, modulation: Tensor | None = None) -> Tensor:
        """(B, width_in, *grid) -> the coarsest level (B, coarse, *size)."""
        h = self.stem(self.fold(x))
        for stage, size in zip(self.stages, self.sizes, strict=True):
            h = stage(shrink(h, size), modulation)
        return h

    def head(self, features: Tensor) -> Tensor:
        """The coarsest level -> (B, width_out)."""
        return self.out(features)

    def forward(self, x: Tensor, modulation: Tensor | None = None) -> Tensor:
        """(B, width_in, *grid) -> (B, width_out)."""
        return self.head(self.compute_features(x, modulation))


@final
class Decoder(nn.Module):
    """Vector in, grid out: the generator of a GAN, the decoder of a VAE; no attention, as in `Encoder`.

    Args:
        width_in: Length of the vector.
        width_out: Channels that go out.
        grid: The lengths of 0 to 3 axes.
        modulation: Length of the modulation vector; 0: none.
        channels: Channels of an aligned map that is shown at every level; 0: none.
        width: Channels at the first level; None: as in `Backbone`.
        blocks: Residual blocks per level; None: 2 without axes, else 1.
    """

    def __init__(
        self,
        width_in: int,
        width_out: int,
        grid: Sequence[int],
        modulation: int = 0,
        channels: int = 0,
        width: int | None = None,
        blocks: int | None = None,
    ) -> None:
        super().__init__()
        levels = GridLevels.from_grid(grid, width, blocks, ENCODER_ROW_BLOCKS).reversed
        axes, widths, self.sizes = levels.axes, levels.widths, levels.sizes
        self.fold = SpaceToDepth(grid)
        self.stem = nn.Linear(width_in, widths[0] * math.prod(self.sizes[0]))
        shown = channels * self.fold.factor
        self.stages = nn.ModuleList(
            Stage(axes, a + shown, b, modulation, blocks=levels.blocks)
            for a, b in zip(levels.widths_in, widths, strict=True)
        )
        self.head = build_head(axes, widths[-1], width_out * self.fold.factor)

    def forward(self, z: Tensor, modulation: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        """(B, width_in), modulation (B, d), aligned map (B, channels, *grid) -> (B, width_out, *grid)."""
        h = self.stem(z).unflatten(1, (-1, *self.sizes[0]))
        folded = None if shown is None else self.fold(shown)
        for stage, size in zip(self.stages, self.sizes, strict=True):
            h = resize(h, size)
            if folded is not None:
                h = torch.cat([h, shrink(folded, size)], dim=1)
            h = stage(h, modulation)
        return self.fold.invert(self.head(h))
