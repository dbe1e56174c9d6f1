"""Gaps of a signal, bridged by straight lines: `signals/analysis/interpolate.py` for tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

GAP_WEIGHT = 0.3
"""How much a place between two measurements counts, where one of a measurement counts 1."""

MAX_WEIGHT_FACTOR = 4.0
"""By how much a place counts more at most because others of its channel are bridged."""


def interpolate_gaps(x: Tensor) -> Tensor:
    """(B, C, time) with straight lines across gaps; level before and behind, 0 where nothing is known.

    Example:
        >>> nan = float("nan")
        >>> interpolate_gaps(torch.tensor([[[nan, 1.0, nan, 3.0, nan], [nan] * 5]]))[0].tolist()
        [[1.0, 1.0, 2.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    absent, length = x.isnan(), x.shape[-1]
    place = torch.arange(length, device=x.device).expand(x.shape)
    before = place.masked_fill(absent, -1).cummax(dim=-1).values
    after = place.masked_fill(absent, length).flip(-1).cummin(dim=-1).values.flip(-1)
    low = torch.where(before < 0, after, before).clamp(max=length - 1)
    high = torch.where(after == length, before, after).clamp(min=0)
    known = x.nan_to_num()
    a, b = known.gather(-1, low), known.gather(-1, high)
    return torch.where(absent, torch.lerp(a, b, (place - low) / (high - low).clamp(min=1)), known)


def compute_loss_weights(x: Tensor) -> Tensor:
    """How much each place of a series with gaps (B, C, time) counts: what was measured, more than lines.

    One on average over a record's channel, unless hardly anything was measured.
    """
    weights = torch.where(x.isnan(), GAP_WEIGHT, 1.0)
    return weights * (x.shape[2] / weights.sum(dim=2, keepdim=True)).clamp(max=MAX_WEIGHT_FACTOR)
