"""A network for series of many channels: each channel's whole course is one token.

A parameter of intensive care that was never measured, or that is high all along, is so at all hours: a
convolution would have to gather that from everywhere for dozens of channels at once. Here a linear layer
reads each course as it is, and channels look at one another (inverted transformer; Liu et al., 2024,
arXiv:2310.06625).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.nn.layers import zero
from manikin.nn.sequence import Shape, Transformer

if TYPE_CHECKING:
    from manikin.spec import Spec

WIDTH, BLOCKS = 96, 4


@final
class Courses(nn.Module):
    """Grid of one axis in, grid of the same length out, as `Backbone` does.

    Args:
        spec: Of what comes in and goes out: quantities of which each has a value and a flag of missing.
        beside: Further channels that come in; they are tokens, too, of which nothing is asked.
        modulation: Length of the modulation vector; 0: none.
        context: Width of the context's tokens; 0: none.
        width: Features of a token; None: 96.
        blocks: Blocks of the transformer; None: 4.
    """

    def __init__(
        self,
        spec: Spec,
        beside: int,
        modulation: int = 0,
        context: int = 0,
        width: int | None = None,
        blocks: int | None = None,
    ) -> None:
        super().__init__()
        width, (length,) = width or WIDTH, spec.grid
        self.channels, self.parts = spec.channels, spec.width // spec.channels
        self.read = nn.Linear(self.parts * length, width)
        self.read_beside = nn.Linear(length, width) if beside else None
        self.names = nn.Embedding(spec.channels + beside, width)
        shape = Shape(width, blocks or BLOCKS, vector=modulation, context=context, rotary=False)
        self.transformer = Transformer(shape)
        self.write = zero(nn.Linear(width, self.parts * length))

    def forward(self, x: Tensor, modulation: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        """(B, width of the spec + beside, length) -> (B, width of the spec, length)."""
        own = self.parts * self.channels
        courses = x[:, :own].unflatten(1, (self.parts, self.channels)).transpose(1, 2).flatten(2)
        h = self.read(courses)
        if self.read_beside is not None:
            h = torch.cat([h, self.read_beside(x[:, own:])], dim=1)
        # Looked up for each record: only so are gradients of single records exact.
        h = h + self.names(torch.arange(h.shape[1], device=x.device).expand(h.shape[:2]))
        h = self.transformer(h, causal=False, vector=modulation, context=context)[:, : self.channels]
        return self.write(h).unflatten(2, (self.parts, -1)).transpose(1, 2).flatten(1, 2)
