"""Finite scalar quantisation: each channel of a code is rounded to one of a few values.

    f(z) = round(tanh(z + shift) half - offset)

(Mentzer et al., 2024, arXiv:2309.15505, section 3.2). A code is then one of a finite number, with no
table to learn, no second loss and no entries that are never used. Gradients pass the rounding unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True)
class FiniteScalarQuantizer:
    """Codes of a few levels per channel.

    Args:
        levels: How many values each channel of a code can take.

    Example:
        >>> FiniteScalarQuantizer((8, 6, 5)).code_count
        240
    """

    levels: tuple[int, ...]

    @property
    def code_count(self) -> int:
        """How many codes there are."""
        return math.prod(self.levels)

    def quantize(self, z: Tensor) -> Tensor:
        """Unbounded (B, L, channels) -> codes, each channel in [-1, 1]."""
        levels = self._to_level_tensor(z)
        half, offset = (levels - 1) * (1 - 1e-3) / 2, (levels % 2 == 0) * 0.5
        bounded = (z + (offset / half).atanh()).tanh() * half - offset
        return (bounded + (bounded.round() - bounded).detach()) / (levels // 2)

    def to_index(self, codes: Tensor) -> Tensor:
        """Codes (B, L, channels) -> their numbers (B, L), from 0 to size - 1."""
        levels = self._to_level_tensor(codes)
        digits = (codes * (levels // 2)).round() + levels // 2
        return (digits.long() * self._compute_strides(codes)).sum(-1)

    def to_code(self, number: Tensor) -> Tensor:
        """The inverse of `to_index`."""
        levels = torch.tensor(self.levels, device=number.device)
        digits = number[..., None] // self._compute_strides(number) % levels
        return (digits - levels // 2).float() / (levels // 2)

    def _to_level_tensor(self, like: Tensor) -> Tensor:
        return torch.tensor(self.levels, device=like.device, dtype=like.dtype)

    def _compute_strides(self, like: Tensor) -> Tensor:
        strides = [math.prod(self.levels[:i]) for i in range(len(self.levels))]
        return torch.tensor(strides, device=like.device)
