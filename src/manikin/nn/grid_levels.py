"""What networks over a grid are made of: levels of a width and a size, stages, and space to depth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.encoding.spec import coarsen_grid
from manikin.nn.layers import GridAttention, Residual, create_conv, create_norm

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL_WIDTHS = {1: (64, 128, 192), 2: (64, 128, 192), 3: (32, 64, 96)}
ROW_WIDTH = 256
"""Channels where there are no axes."""

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
        return [width or ROW_WIDTH]
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
@dataclass(frozen=True)
class GridLevels:
    """The levels of a network over a grid, in the order in which it goes through them.

    Args:
        widths: Channels of each level.
        sizes: Places along each axis of each level.
        blocks: Residual blocks of each level.
    """

    widths: list[int]
    sizes: list[tuple[int, ...]]
    blocks: int

    @classmethod
    def from_grid(
        cls, grid: Sequence[int], width: int | None, blocks: int | None, row_blocks: int
    ) -> GridLevels:
        """From the finest on, for a grid of 0 to 3 axes.

        Args:
            grid: Its lengths.
            width: Channels at the first level; None: 256 without axes, else 64 or 32.
            blocks: Residual blocks per level; None: `row_blocks` without axes, else 1.
            row_blocks: The default where there are no axes.
        """
        count = blocks or (1 if grid else row_blocks)
        return cls(choose_level_widths(grid, width), compute_level_sizes(grid), count)

    @property
    def axes(self) -> int:
        """How many axes the grid has."""
        return len(self.sizes[0])

    @property
    def widths_in(self) -> list[int]:
        """Channels that come into each level: those of the one before."""
        return [self.widths[0], *self.widths[:-1]]

    @property
    def reversed(self) -> GridLevels:
        """The same in the other order."""
        return GridLevels(self.widths[::-1], self.sizes[::-1], self.blocks)


def build_head(axes: int, width_in: int, width_out: int) -> nn.Sequential:
    """What ends a network over a grid: (B, width_in, *grid) -> (B, width_out, *grid)."""
    return nn.Sequential(create_norm(axes, width_in), nn.SiLU(), create_conv(axes, width_in, width_out))
