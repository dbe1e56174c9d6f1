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
from torch.nn import functional

from manikin.encoding.spec import coarsen_grid
from manikin.nn.layers import GridAttention, Residual, create_conv, create_norm, init_zero, resize, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL_WIDTHS = {1: (64, 128, 192), 2: (64, 128, 192), 3: (32, 64, 96)}
PERCEPTRON_SHAPE = (256, 4)
"""Width and residual blocks where there are no axes."""

MIN_FULL_WIDTH_PLACES = 256
"""Places below which a picture gets a network half as wide, which learns in twice as many steps."""

MAX_ATTENTION_PLACES = 64
"""Up to how many places look at each other: at 196 attention would be half of the work of a step."""


def choose_patch_size(grid: Sequence[int]) -> tuple[int, ...]:
    """How many places of each axis the stem folds into channels: 1, 2 or 4 by length.

    Example:
        >>> choose_patch_size((12,)), choose_patch_size((64, 64)), choose_patch_size((3, 5000))
        ((1,), (2, 2), (1, 4))
    """
    return tuple(1 if length < 24 else 2 if length < 128 else 4 for length in grid)  # noqa: PLR2004


def compute_level_sizes(grid: Sequence[int], most: int = 6) -> list[tuple[int, ...]]:
    """The grids of a U-Net's levels after the stem: each axis is halved while longer than 7.

    Example:
        >>> compute_level_sizes((28, 28)), compute_level_sizes(())
        ([(14, 14), (7, 7)], [()])
    """
    levels = [coarsen_grid(grid, choose_patch_size(grid))]
    while len(levels) < most and any(length > 7 for length in levels[-1]):  # noqa: PLR2004
        levels.append(tuple(math.ceil(a / 2) if a > 7 else a for a in levels[-1]))  # noqa: PLR2004
    return levels


def choose_level_widths(grid: Sequence[int], width: int | None = None) -> list[int]:
    """The channels of each level; `width` overrides those of the first."""
    if not grid:
        return [width or PERCEPTRON_SHAPE[0]]
    default = LEVEL_WIDTHS[len(grid)]
    tiny = len(grid) > 1 and math.prod(grid) < MIN_FULL_WIDTH_PLACES
    scale = width / default[0] if width else 0.5 if tiny else 1.0
    return [
        16 * max(1, round(scale * default[min(i, 2)] / 16)) for i in range(len(compute_level_sizes(grid)))
    ]


@final
class SpaceToDepth(nn.Module):
    """Space to depth: each patch of the grid becomes channels of one place.

    Args:
        grid: The lengths of 0 to 3 axes.
        size: Places of each axis in a patch; None: by their lengths.
    """

    def __init__(self, grid: Sequence[int], size: Sequence[int] | None = None) -> None:
        super().__init__()
        self.patch = choose_patch_size(grid) if size is None else tuple(size)
        self.factor = math.prod(self.patch)
        self.grid = tuple(grid)
        self.coarse = coarsen_grid(grid, self.patch)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *grid) -> (B, C * factor, *coarse); short edges are filled by repeating them."""
        missing = [c * p - g for c, p, g in zip(self.coarse, self.patch, self.grid, strict=True)]
        if any(missing):
            x = functional.pad(x, [side for m in reversed(missing) for side in (0, m)], mode="replicate")
        for axis, p in enumerate(self.patch):
            if p > 1:
                x = x.unflatten(2 + axis, (-1, p)).movedim(3 + axis, 2).flatten(1, 2)
        return x

    def invert(self, x: Tensor) -> Tensor:
        """The inverse: (B, C * factor, *coarse) -> (B, C, *grid)."""
        for axis, p in reversed(list(enumerate(self.patch))):
            if p > 1:
                x = x.unflatten(1, (-1, p)).movedim(2, 3 + axis).flatten(2 + axis, 3 + axis)
        return x[(..., *(slice(length) for length in self.grid))]


def build_coordinates(grid: Sequence[int]) -> Tensor:
    """Where each place is along each axis, -1 to 1: (axes, *grid).

    Convolutions do not know where they are, and "in the left lung" is not found in noise (CoordConv;
    Liu et al., 2018).
    """
    lines = [torch.linspace(-1, 1, length) for length in grid]
    return torch.stack(torch.meshgrid(*lines, indexing="ij")) if lines else torch.zeros(0)


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
        axes, widths = len(grid), choose_level_widths(grid, width)
        count = blocks or (1 if grid else PERCEPTRON_SHAPE[1])
        self.fold = SpaceToDepth(grid)
        self.levels = compute_level_sizes(grid)
        self.register_buffer("places", build_coordinates(self.fold.coarse), persistent=False)
        self.stem = create_conv(axes, width_in * self.fold.factor + axes, widths[0])
        steps = list(zip([widths[0], *widths], widths, self.levels, strict=False))
        self.down = nn.ModuleList(
            [Stage(axes, a, b, modulation, context, count, math.prod(s)) for a, b, s in steps]
        )
        self.up = nn.ModuleList(
            [
                Stage(axes, a + b, b, modulation, 0, count, math.prod(s))
                for a, b, s in zip(widths[:0:-1], widths[-2::-1], self.levels[-2::-1], strict=True)
            ]
        )
        self.head = nn.Sequential(
            create_norm(axes, widths[0]),
            nn.SiLU(),
            init_zero(create_conv(axes, widths[0], width_out * self.fold.factor)),
        )

    def forward(self, x: Tensor, modulation: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        """(B, width_in, *grid), modulation (B, d), context (B, K, c) -> (B, width_out, *grid)."""
        h = self.fold(x)
        h = self.stem(torch.cat([h, self.places.expand(len(h), *self.places.shape)], dim=1))
        left = []
        for stage, size in zip(self.down, self.levels, strict=True):
            h = stage(shrink(h, size), modulation, context)
            left.append(h)
        for stage, skip in zip(self.up, reversed(left[:-1]), strict=True):
            h = stage(torch.cat([resize(h, skip.shape[2:]), skip], dim=1), modulation)
        return self.fold.invert(self.head(h))


@final
class Stage(nn.Module):
    """The residual blocks of one level, then attention if its `places` are few or a context is given."""

    def __init__(
        self,
        axes: int,
        width_in: int,
        width_out: int,
        modulation: int = 0,
        context: int = 0,
        blocks: int = 1,
        places: int | None = None,
    ) -> None:
        super().__init__()
        widths = [width_in, *[width_out] * (blocks - 1)]
        self.blocks = nn.ModuleList([Residual(axes, w, width_out, modulation) for w in widths])
        among = axes > 0 and places is not None and places <= MAX_ATTENTION_PLACES
        self.mixing = GridAttention(width_out, context or None, places=among) if among or context else None

    def forward(self, x: Tensor, modulation: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        """(B, width_in, *size) -> (B, width_out, *size)."""
        for block in self.blocks:
            x = block(x, modulation)
        return x if self.mixing is None else self.mixing(x, context)


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
        axes, widths = len(grid), choose_level_widths(grid, width)
        count = blocks or (1 if grid else 2)
        self.fold = SpaceToDepth(grid)
        self.levels = compute_level_sizes(grid)
        self.coarse = widths[-1]
        self.stem = create_conv(axes, width_in * self.fold.factor, widths[0])
        steps = zip([widths[0], *widths], widths, strict=False)
        self.stages = nn.ModuleList([Stage(axes, a, b, modulation, blocks=count) for a, b in steps])
        self.out = nn.Sequential(
            create_norm(axes, widths[-1]), nn.SiLU(), nn.Flatten(1),
            nn.Linear(widths[-1] * math.prod(self.levels[-1]), width_out),
        )  # fmt: skip

    def compute_features(self, x: Tensor, modulation: Tensor | None = None) -> Tensor:
        """(B, width_in, *grid) -> the coarsest level (B, coarse, *size)."""
        h = self.stem(self.fold(x))
        for stage, size in zip(self.stages, self.levels, strict=True):
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
        axes, widths = len(grid), choose_level_widths(grid, width)[::-1]
        count = blocks or (1 if grid else 2)
        self.fold = SpaceToDepth(grid)
        self.levels = compute_level_sizes(grid)[::-1]
        self.stem = nn.Linear(width_in, widths[0] * math.prod(self.levels[0]))
        shown = channels * self.fold.factor
        steps = zip([widths[0], *widths], widths, strict=False)
        self.stages = nn.ModuleList([Stage(axes, a + shown, b, modulation, blocks=count) for a, b in steps])
        self.head = nn.Sequential(
            create_norm(axes, widths[-1]),
            nn.SiLU(),
            create_conv(axes, widths[-1], width_out * self.fold.factor),
        )

    def forward(self, z: Tensor, modulation: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        """(B, width_in), modulation (B, d), aligned map (B, channels, *grid) -> (B, width_out, *grid)."""
        h = self.stem(z).unflatten(1, (-1, *self.levels[0]))
        folded = None if shown is None else self.fold(shown)
        for stage, size in zip(self.stages, self.levels, strict=True):
            h = resize(h, size)
            if folded is not None:
                h = torch.cat([h, shrink(folded, size)], dim=1)
            h = stage(h, modulation)
        return self.fold.invert(self.head(h))
