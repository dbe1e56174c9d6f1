"""The network of a flow: from what lies between noise and data to velocities and probabilities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.nn.axial_transformer import AxialTransformer
from manikin.nn.conditioning import ConditionBatch, Conditioner, ConditionSpec
from manikin.nn.interpolate import interpolate_gaps
from manikin.nn.layers import FourierEmbedding, expand_to_grid
from manikin.nn.spectral_whitening import SpectralWhitening
from manikin.nn.unet import Backbone

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

EMBEDDING_WIDTH = 128
"""Width of the embedding of time and of the condition."""

MIN_NOISE_SHARE = 0.02
"""Least share of noise that evidence of levels reckons with, so that it stays finite."""


def compute_mean_square(t: Tensor) -> Tensor:
    """Mean square of what stands at a place at a time, where noise and data are of unit scale."""
    return (1 - t).square() + t.square()


@final
class Flow(nn.Module):
    """The network of a flow, with the places of values and levels among the expanded channels."""

    def __init__(
        self,
        spec: Spec,
        given: ConditionSpec,
        formulation: str = "flow",
        width: int | None = None,
        blocks: int | None = None,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.informed = spec.is_series or formulation == "edm"
        self.conditioner = Conditioner(given, spec, EMBEDDING_WIDTH)
        self.time = FourierEmbedding(EMBEDDING_WIDTH)
        self.emphasis = SpectralWhitening(spec)
        self.backbone = self._build_backbone(width, blocks)
        self.values = [i for i, numeric in enumerate(spec.is_numeric) if numeric]
        self.levels = [i for i, numeric in enumerate(spec.is_numeric) if not numeric]
        self.flagged = [i for i, flagged in enumerate(spec.has_discrete) if flagged]

    def _build_backbone(self, width: int | None, blocks: int | None) -> nn.Module:
        spec, known = self.spec, self.conditioner
        if spec.is_series:
            return AxialTransformer(spec, known.channels, EMBEDDING_WIDTH, known.context, width, blocks)
        width_in = spec.width + known.channels
        return Backbone(width_in, spec.width, spec.grid, EMBEDDING_WIDTH, known.context, width, blocks)

    def forward(self, x_t: Tensor, t: Tensor, given: ConditionBatch) -> Tensor:
        """(B, width, *grid), (B,), given -> (B, width, *grid)."""
        condition = self.conditioner(given)
        modulation = self.time(t)
        if condition.vector is not None:
            modulation = modulation + condition.vector
        x_t = self.emphasis(x_t)
        h = x_t if condition.map is None else torch.cat([x_t, condition.map], dim=1)
        out = self.backbone(h, modulation, condition.context).float()
        return self.emphasis.invert(
            self._precondition(out, x_t, self._expand_time(t)) if self.informed else out
        )

    def draw_noise(self, n: int, rng: torch.Generator) -> Tensor:
        """Where the lines of n records start, (n, width, *grid): noise of the colour of the data."""
        shape = (n, self.spec.width, *self.spec.grid)
        return self.emphasis.invert(torch.randn(shape, generator=rng, device=rng.device))

    def _expand_time(self, t: Tensor) -> Tensor:
        return expand_to_grid(t[:, None].float(), len(self.spec.grid))

    def _precondition(self, out: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The network's output beside what x_t tells of each place by itself."""
        guess = (2 * t - 1) / compute_mean_square(t) * x_t[:, self.values]
        clear = t / (1 - t).clamp(min=MIN_NOISE_SHARE)
        evidence = 2 * clear / (1 - t).clamp(min=MIN_NOISE_SHARE) * x_t[:, self.levels]
        told = torch.empty_like(out)
        told[:, self.values] = guess + out[:, self.values] / compute_mean_square(t).sqrt()
        told[:, self.levels] = evidence + out[:, self.levels] * (1 + 2 * clear)
        return told

    def compute_targets(self, x: Tensor) -> Tensor:
        """Compact records -> where their lines end: values as they are, levels and flags at +1 and -1.

        In the gaps of a series, which its flags tell, values run straight from one measurement to the next:
        what is measured seldom then is a course like any other, in place of a few points among zeros.
        """
        end = self.spec.expand(x)
        end[:, self.levels] = 2 * end[:, self.levels] - 1
        if self.spec.is_series:
            end[:, self.values] = interpolate_gaps(x)
        return end

    def compute_observed_targets(self, given: ConditionBatch) -> Tensor:
        """The same of what is observed alone; elsewhere without meaning."""
        mask, values = given.mask, given.values
        if mask is None or values is None:
            raise ValueError("given.values and given.mask: nothing is observed")
        hidden = math.nan if self.spec.is_series else 0.0  # lines across gaps leave out NaN
        return self.compute_targets(torch.where(mask, values, torch.full_like(values, hidden)))

    def extract_discrete(self, x: Tensor) -> Tensor:
        """Compact records -> compact records of the flags and levels alone."""
        return self.spec.discrete_spec.collapse(self.spec.expand(x)[:, self.levels])
