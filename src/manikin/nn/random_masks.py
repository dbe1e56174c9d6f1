"""Random parts of a record to be observed while training, so that any part may be given later.

Half of the records of a grid see whole channels, the others places: a box of the grid is hidden
(in-painting, forecasting where it touches the end), or all but a box (out-painting), scattered
places are seen (imputation) or a lattice of them (super-resolution).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

UNSEEN_SHARE = 0.15
"""Share of the records of which nothing is observed, so that the model can start from nothing."""


def draw_observation_mask(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """A random mask of what is observed.

    Args:
        shape: Of compact records (B, channels, *grid), or of tokens (B, length).
        rng: The generator, on the device wanted.

    Returns:
        Booleans of this shape, true where observed.
    """
    mask = draw_channel_mask(shape, rng)
    if len(shape) > 2:  # noqa: PLR2004 - (B, channels) has no grid
        chosen = _to_column(_draw_uniform((shape[0],), rng) < 0.5, len(shape))  # noqa: PLR2004 - one half
        mask = torch.where(chosen, mask, draw_place_mask(shape, rng))
    seen = _draw_uniform((shape[0],), rng) >= UNSEEN_SHARE
    return mask & _to_column(seen, len(shape))


def draw_channel_mask(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """Whole channels, each with a probability that varies from record to record."""
    rate = _draw_uniform((shape[0], 1), rng)
    seen = _draw_uniform((shape[0], shape[1]), rng) < rate
    return seen.reshape(*seen.shape, *(1,) * (len(shape) - 2)).expand(shape)


def draw_place_mask(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """Places of the grid, all channels alike: outside a box, inside it, scattered, or a lattice."""
    inside, lattice = draw_box_mask(shape, rng), draw_lattice_mask(shape, rng)
    scattered = _draw_uniform((shape[0], 1, *shape[2:]), rng) < _to_column(
        _draw_uniform((shape[0],), rng), len(shape)
    )
    patterns = torch.stack([~inside, inside, scattered, lattice])
    kind = torch.randint(len(patterns), (shape[0],), generator=rng, device=rng.device)
    return patterns[kind, torch.arange(shape[0], device=rng.device)].expand(shape)


def draw_box_mask(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """True inside a random box (B, 1, *grid); every third side of a box reaches to the end of its axis."""
    mask = torch.ones(shape[0], 1, *shape[2:], dtype=torch.bool, device=rng.device)
    for axis, length in enumerate(shape[2:]):
        ends = (_draw_uniform((2, shape[0]), rng) * (length + 1)).floor().sort(dim=0).values
        far = torch.where(_draw_uniform((shape[0],), rng) < 1 / 3, math.inf, ends[1])
        place = torch.arange(length, device=rng.device)
        within = (place >= ends[0][:, None]) & (place < far[:, None])
        mask &= within.reshape(shape[0], 1, *(length if a == axis else 1 for a in range(len(shape) - 2)))
    return mask


def draw_lattice_mask(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """True at every second to fourth place of each axis (B, 1, *grid)."""
    stride = torch.randint(2, 5, (shape[0],), generator=rng, device=rng.device)
    mask = torch.ones(shape[0], 1, *shape[2:], dtype=torch.bool, device=rng.device)
    for axis, length in enumerate(shape[2:]):
        hit = torch.arange(length, device=rng.device) % stride[:, None] == 0
        mask &= hit.reshape(shape[0], 1, *(length if a == axis else 1 for a in range(len(shape) - 2)))
    return mask


def _draw_uniform(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=rng, device=rng.device)


def _to_column(values: Tensor, dimensions: int) -> Tensor:
    return values.reshape(-1, *(1,) * (dimensions - 1))
