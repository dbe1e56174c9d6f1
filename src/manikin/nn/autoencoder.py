"""An autoencoder over grids of 1 to 3 axes: a record <-> a coarser grid of codes.

It is made of the parts of the other grid networks. What is lost is judged by how far values are off, by how
far their slopes are off at several scales, and by how much power each frequency has, so that texture
is kept without an encoder trained elsewhere; levels and flags are judged by their likelihood.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor, nn

from manikin.encoding.spec import coarsen_grid
from manikin.nn.grid_levels import SpaceToDepth, Stage, build_head, choose_level_widths, choose_patch_size
from manikin.nn.layers import create_conv, resize, shrink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.encoding.spec import Spec

CHUNK_PLACES = 1 << 19
"""Places that go through the networks at a time, which bounds memory."""

SLOPE_WEIGHT, POWER_WEIGHT = 0.5, 0.1
"""Weights of slopes and of power beside that of the values."""

SLOPE_SCALES = 3
"""At how many scales slopes are compared, each half as fine as the one before."""


@final
class Autoencoder(nn.Module):
    """Compact records -> codes (B, codes, *coarse) -> compact records.

    Args:
        spec: What the records are made of.
        factors: Places of each axis that one code stands for, powers of two.
        codes: Channels of the codes.
        width: Channels at the first level; None: as in `Backbone`.
    """

    def __init__(self, spec: Spec, factors: Sequence[int], codes: int, width: int | None = None) -> None:
        super().__init__()
        axes = len(spec.grid)
        self.spec = spec
        # Factors up to 2 are a stem alone: halving a small grid at full width would cost most of the time.
        pairs = zip(choose_patch_size(spec.grid), factors, strict=True)
        self.fold = SpaceToDepth(spec.grid, [f if f <= 2 else min(p, f) for p, f in pairs])  # noqa: PLR2004
        self.sizes, end = [self.fold.coarse], coarsen_grid(spec.grid, factors)
        while self.sizes[-1] != end:
            halves = coarsen_grid(self.sizes[-1], (2,) * axes)
            self.sizes.append(tuple(max(size, least) for size, least in zip(halves, end, strict=True)))
        default = choose_level_widths(spec.grid, width)
        widths = [default[min(i, len(default) - 1)] for i in range(len(self.sizes))]
        levels = list(zip([widths[0], *widths], widths, self.sizes, strict=False))
        self.stem = create_conv(axes, spec.width * self.fold.factor, widths[0])
        self.down = nn.ModuleList([Stage(axes, a, b, places=math.prod(s)) for a, b, s in levels])
        self.narrow = build_head(axes, widths[-1], codes)
        self.widen = create_conv(axes, codes, widths[-1])
        self.up = nn.ModuleList(
            [Stage(axes, b, a, blocks=2, places=math.prod(s)) for a, b, s in reversed(levels)]
        )
        self.head = build_head(axes, widths[0], spec.width * self.fold.factor)
        self.values = [i for i, numeric in enumerate(spec.is_numeric) if numeric]
        self.levels = [i for i, numeric in enumerate(spec.is_numeric) if not numeric]

    def encode(self, x: Tensor) -> Tensor:
        """Compact records -> codes, unbounded."""
        h = self.stem(self.fold(self.spec.expand(x)))
        for stage, size in zip(self.down, self.sizes, strict=True):
            h = stage(shrink(h, size))
        return self.narrow(h).float()

    def forward(self, z: Tensor) -> Tensor:
        """Codes -> values, and logits of levels and flags (B, width, *grid)."""
        h = self.widen(z)
        for stage, size in zip(self.up, reversed(self.sizes), strict=True):
            h = stage(resize(h, size))
        return self.fold.invert(self.head(h)).float()

    def decode(self, z: Tensor) -> Tensor:
        """Codes -> the most likely compact records."""
        out = self(z)
        if self.levels:
            out[:, self.levels] = self.spec.discrete_spec.mean(out[:, self.levels])
        return self.spec.collapse(out)

    def compute_loss(self, z: Tensor, x: Tensor) -> Tensor:
        """How far the records that codes give are from the records `x`."""
        out, end, total = self(z), self.spec.expand(x), z.new_zeros(())
        if self.values:
            # Where a value is missing only its flag counts.
            there = self.spec.expand_mask(~x.isnan())[:, self.values].to(end)
            total = total + compute_reconstruction_loss(
                out[:, self.values] * there, end[:, self.values] * there
            )
        if self.levels:
            discrete = self.spec.discrete_spec
            truth = discrete.collapse(end[:, self.levels])
            total = total + discrete.nll(out[:, self.levels], truth).mean()
        return total

    @torch.no_grad()
    def apply_in_chunks(self, step: Callable[[Tensor], Tensor], x: np.ndarray) -> np.ndarray:
        """An array (n, ...) through a step of the network, some records at a time, where the network is."""
        device = next(self.parameters()).device
        size = max(1, CHUNK_PLACES // max(1, math.prod(x.shape[1:])))
        chunks = [torch.from_numpy(np.ascontiguousarray(x[i : i + size])) for i in range(0, len(x), size)]
        return np.concatenate([step(chunk.to(device)).cpu().numpy() for chunk in chunks])


def compute_reconstruction_loss(out: Tensor, x: Tensor) -> Tensor:
    """What values have lost: (B, C, *grid) twice -> a scalar, 0 where they are the same."""
    wrong = (out - x).square().mean() + (out - x).abs().mean()
    return wrong + SLOPE_WEIGHT * _compare_slopes(out, x) + POWER_WEIGHT * _compare_power(out, x)


def _compare_slopes(out: Tensor, x: Tensor) -> Tensor:
    """The mean difference of slopes along each axis, at several scales."""
    total, terms = out.new_zeros(()), 0
    for scale in range(SLOPE_SCALES):
        if scale:
            size = [max(1, length // 2) for length in x.shape[2:]]
            out, x = shrink(out, size), shrink(x, size)
        for axis in range(2, x.dim()):
            if x.shape[axis] > 1:
                total, terms = total + (out.diff(dim=axis) - x.diff(dim=axis)).abs().mean(), terms + 1
    return total / max(1, terms)


def _compare_power(out: Tensor, x: Tensor) -> Tensor:
    """The mean difference of the amplitudes of all frequencies, whatever their phase."""
    axes = tuple(range(2, x.dim()))
    a, b = (torch.fft.rfftn(y.float(), dim=axes, norm="ortho").abs() for y in (out, x))
    return (a - b).abs().mean()
