"""Augmentation that does not leak: few pictures are shown moved as well, and the network is told how.

A network that learns from a few hundred pictures begins to know them by heart. Shown shifted and
mirrored they are many more, and because the moves are a condition like any other, a sample
drawn at rest shows none of them (Karras et al., 2022, appendix F.2; Jun et al., 2020). Label maps and
pictures given on the same grid move along.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from manikin.encoding.blocks import Continuous
from manikin.encoding.spec import Spec
from manikin.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.nn.conditioning import ConditionBatch, ConditionSpec
    from manikin.training.budget import Training

MAX_AUGMENTED_RECORDS = 1_000
"""Pictures below which they are moved."""

MOVES_PART = "\tmoves"
"""Among the parts of a condition; no field can be called so."""

MAX_SHIFT_SHARE = 1 / 8
"""Of the length of an axis, how far pictures are shifted."""


def should_augment(training: Training, spec: Spec, given: ConditionSpec, n: int) -> bool:
    """Whether `n` records are to be moved: asked for or, where nothing is said, movable and few.

    Raises:
        Unsupported: Asked for, but not possible.
    """
    able = can_augment(spec, given)
    if training.augment and not able:
        raise Unsupported(
            "training, augment: only pictures and volumes on all their places, given nothing on another "
            "grid, can be shifted and mirrored; leave augment out"
        )
    return able and (n < MAX_AUGMENTED_RECORDS if training.augment is None else training.augment)


def can_augment(spec: Spec, given: ConditionSpec) -> bool:
    """Whether records are pictures or volumes, and all that is given on a grid lies on theirs."""
    grids = [part.grid for part in given.parts.values() if part.grid and not part.tokens]
    return len(spec.grid) > 1 and not spec.tokens and all(grid == spec.grid for grid in grids)


def add_move_condition(spec: Spec, given: ConditionSpec) -> ConditionSpec:
    """The same condition with the moves: mirrored or not, and a shift along each axis."""
    return replace(given, parts={**given.parts, MOVES_PART: Spec((Continuous(1 + len(spec.grid)),))})


def build_zero_moves(spec: Spec, n: int) -> Tensor:
    """The moves of n records that are not moved."""
    return torch.zeros(n, 1 + len(spec.grid))


def move_batch(
    spec: Spec, x: Tensor, given: ConditionBatch, rng: torch.Generator
) -> tuple[Tensor, ConditionBatch]:
    """Half of the records as they are, the others shifted.

    Where no values and no text are given every second of these is mirrored, too. They might speak of left
    and right, and what turns their meaning round is learned late.

    Args:
        spec: Of `x`.
        x: Compact records (B, channels, *grid).
        given: What is given with them.
        rng: Draws the moves.

    Returns:
        Records and condition, with the moves among its parts: 1 where mirrored, shifts in shares of the
        farthest.
    """
    some = torch.rand(len(x), 1, generator=rng, device=x.device) < 0.5  # noqa: PLR2004 - half of them
    sided = any(part.dim() < x.dim() for name, part in given.parts.items() if name != MOVES_PART)
    mirrored = (torch.rand(len(x), 1, generator=rng, device=x.device) < 0.5) & some  # noqa: PLR2004 - every second
    mirrored = mirrored & (not sided)
    far = torch.tensor([max(1, int(length * MAX_SHIFT_SHARE)) for length in spec.grid], device=x.device)
    drawn = torch.rand(len(x), len(far), generator=rng, device=x.device) * (2 * far + 1)
    shifts = (drawn.floor().long() - far) * some
    move = _build_mover(spec.grid, shifts, mirrored[:, 0])
    parts = {name: move(part) if part.dim() == x.dim() else part for name, part in given.parts.items()}
    parts[MOVES_PART] = torch.cat([mirrored.float(), shifts / far], dim=1)
    return move(x), replace(given, parts=parts)


def _build_mover(grid: tuple[int, ...], shifts: Tensor, mirrored: Tensor) -> Callable[[Tensor], Tensor]:
    """Moves arrays (B, channels, *grid): what leaves is lost, what comes in repeats the edge."""
    places = []
    for axis, length in enumerate(grid):
        place = torch.arange(length, device=shifts.device) - shifts[:, axis, None]
        place = place.clamp(0, length - 1)
        if axis == len(grid) - 1:
            place = torch.where(mirrored[:, None], length - 1 - place, place)
        places.append(place)

    def move(x: Tensor) -> Tensor:
        for axis, place in enumerate(places):
            shape = [len(x), 1, *(-1 if a == axis else 1 for a in range(len(grid)))]
            x = x.gather(2 + axis, place.reshape(shape).expand_as(x))
        return x

    return move
