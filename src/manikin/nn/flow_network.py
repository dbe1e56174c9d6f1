"""The network of a flow: from what lies between noise and data to velocities and probabilities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.nn.axial_transformer import Courses
from manikin.nn.conditioning import Conditioner, Given, GivenSpec
from manikin.nn.interpolate import bridged
from manikin.nn.layers import Fourier, spread
from manikin.nn.spectral_whitening import Emphasis
from manikin.nn.unet import Backbone

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

EMBEDDING = 128
"""Width of the embedding of time and of the condition."""

SURE = 0.02
"""Least share of noise that evidence of levels reckons with, so that it stays finite."""


def power(t: Tensor) -> Tensor:
    """Mean square of what stands at a place at a time, where noise and data are of unit scale."""
    return (1 - t).square() + t.square()


@final
class Flow(nn.Module):
    """The network of a flow, with the places of values and levels among the expanded channels."""

    def __init__(
        self,
        spec: Spec,
        given: GivenSpec,
        formulation: str = "flow",
        width: int | None = None,
        blocks: int | None = None,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.informed = spec.series or formulation == "edm"
        self.conditioner = Conditioner(given, spec, EMBEDDING)
        self.time = Fourier(EMBEDDING)
        self.emphasis = Emphasis(spec)
        self.backbone = self._backbone(width, blocks)
        self.values = [i for i, numeric in enumerate(spec.numeric) if numeric]
        self.levels = [i for i, numeric in enumerate(spec.numeric) if not numeric]
        self.flagged = [i for i, flagged in enumerate(spec.flagged) if flagged]

    def _backbone(self, width: int | None, blocks: int | None) -> nn.Module:
        spec, known = self.spec, self.conditioner
        if spec.series:
            return Courses(spec, known.channels, EMBEDDING, known.context, width, blocks)
        width_in = spec.width + known.channels
        return Backbone(width_in, spec.width, spec.grid, EMBEDDING, known.context, width, blocks)

    def forward(self, x_t: Tensor, t: Tensor, given: Given) -> Tensor:
        """(B, width, *grid), (B,), given -> (B, width, *grid)."""
        condition = self.conditioner(given)
        modulation = self.time(t)
        if condition.vector is not None:
            modulation = modulation + condition.vector
        x_t = self.emphasis(x_t)
        h = x_t if condition.map is None else torch.cat([x_t, condition.map], dim=1)
        out = self.backbone(h, modulation, condition.context).float()
        return self.emphasis.back(self._informed(out, x_t, self._spread(t)) if self.informed else out)

    def noise(self, n: int, rng: torch.Generator) -> Tensor:
        """Where the lines of n records start, (n, width, *grid): noise of the colour of the data."""
        shape = (n, self.spec.width, *self.spec.grid)
        return self.emphasis.back(torch.randn(shape, generator=rng, device=rng.device))

    def _spread(self, t: Tensor) -> Tensor:
        return spread(t[:, None].float(), len(self.spec.grid))

    def _informed(self, out: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The network's output beside what x_t tells of each place by itself."""
        guess = (2 * t - 1) / power(t) * x_t[:, self.values]
        clear = t / (1 - t).clamp(min=SURE)
        evidence = 2 * clear / (1 - t).clamp(min=SURE) * x_t[:, self.levels]
        told = torch.empty_like(out)
        told[:, self.values] = guess + out[:, self.values] / power(t).sqrt()
        told[:, self.levels] = evidence + out[:, self.levels] * (1 + 2 * clear)
        return told

    def points(self, x: Tensor) -> Tensor:
        """Compact records -> where their lines end: values as they are, levels and flags at +1 and -1.

        In the gaps of a series, which its flags tell, values run straight from one measurement to the next:
        what is measured seldom then is a course like any other, in place of a few points among zeros.
        """
        end = self.spec.expand(x)
        end[:, self.levels] = 2 * end[:, self.levels] - 1
        if self.spec.series:
            end[:, self.values] = bridged(x)
        return end

    def shown(self, given: Given) -> Tensor:
        """The same of what is observed alone; elsewhere without meaning."""
        mask, values = given.mask, given.values
        if mask is None or values is None:
            raise ValueError("given.values and given.mask: nothing is observed")
        hidden = math.nan if self.spec.series else 0.0  # lines across gaps leave out NaN
        return self.points(torch.where(mask, values, torch.full_like(values, hidden)))

    def discrete(self, x: Tensor) -> Tensor:
        """Compact records -> compact records of the flags and levels alone."""
        return self.spec.discrete.collapse(self.spec.expand(x)[:, self.levels])
