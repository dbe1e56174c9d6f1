"""Networks between a grid of 0 to 3 axes and one vector: of (B, C, *grid) and (B, d)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

from torch import Tensor, cat, nn

from manikin.nn.grid import Fold, Stage, plan, sizes
from manikin.nn.layers import conv, interpolated, norm, resize, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        axes, widths = len(grid), plan(grid, width)
        count = blocks or (1 if grid else 2)
        self.fold = Fold(grid)
        self.levels = sizes(grid)
        self.coarse = widths[-1]
        self.stem = conv(axes, width_in * self.fold.factor, widths[0])
        steps = zip([widths[0], *widths], widths, strict=False)
        self.stages = nn.ModuleList([Stage(axes, a, b, modulation, blocks=count) for a, b in steps])
        self.out = nn.Sequential(
            norm(axes, widths[-1]), nn.SiLU(), nn.Flatten(1),
            nn.Linear(widths[-1] * math.prod(self.levels[-1]), width_out),
        )  # fmt: skip

    def features(self, x: Tensor, modulation: Tensor | None = None) -> Tensor:
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
        return self.head(self.features(x, modulation))


@final
class Decoder(nn.Module):
    """Vector in, grid out: the generator of a GAN, the decoder of a VAE; no attention, as in `Encoder`.

    Along one axis places are not unfolded from channels, whose edges show in a smooth curve, but
    interpolated, on further levels of half the width each.

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
        axes, widths, self.levels = len(grid), plan(grid, width)[::-1], sizes(grid)[::-1]
        count = blocks or (1 if grid else 2)
        self.fold = Fold(grid, (1,) if axes == 1 else None)
        while self.levels[-1] != self.fold.coarse:
            self.levels.append(tuple(min(2 * a, b) for a, b in zip(self.levels[-1], grid, strict=True)))
            widths.append(max(16, widths[-1] // 2))
        self.stem = nn.Linear(width_in, widths[0] * math.prod(self.levels[0]))
        shown = channels * self.fold.factor
        steps = zip([widths[0], *widths], widths, strict=False)
        self.stages = nn.ModuleList([Stage(axes, a + shown, b, modulation, blocks=count) for a, b in steps])
        self.head = nn.Sequential(
            norm(axes, widths[-1]), nn.SiLU(), conv(axes, widths[-1], width_out * self.fold.factor)
        )

    def forward(self, z: Tensor, modulation: Tensor | None = None, shown: Tensor | None = None) -> Tensor:
        """(B, width_in), modulation (B, d), aligned map (B, channels, *grid) -> (B, width_out, *grid)."""
        h = self.stem(z).unflatten(1, (-1, *self.levels[0]))
        folded = None if shown is None else self.fold(shown)
        for stage, size in zip(self.stages, self.levels, strict=True):
            h = interpolated(h, size) if len(size) == 1 else resize(h, size)
            if folded is not None:
                h = cat([h, shrink(folded, size)], dim=1)
            h = stage(h, modulation)
        return self.fold.back(self.head(h))
