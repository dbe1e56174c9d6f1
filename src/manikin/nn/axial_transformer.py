"""A network for series of many channels, which reads them along both axes.

*Along channels*: each channel's whole course is one token. A parameter of intensive care that was never
measured, or that is high all along, is so at all hours: a convolution would have to gather that from
everywhere for dozens of channels at once. Here a linear layer reads each course as it is, and channels
look at one another (inverted transformer; Liu et al., 2024, arXiv:2310.06625).

*Along time*: each moment's values and flags are one token. A laboratory measures a panel at once, so that
what is measured at a moment hangs together, which courses squeezed into tokens cannot tell to the hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.nn.layers import init_zero
from manikin.nn.transformer import Transformer, TransformerShape

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

DEFAULT_WIDTH, DEFAULT_BLOCKS = 96, 3


@final
class AxialTransformer(nn.Module):
    """Grid of one axis in, grid of the same length out, as `Backbone` does.

    Args:
        spec: Of what comes in and goes out: quantities of which each has a value and a flag of missing.
        beside: Further channels that come in; they are tokens, too, of which nothing is asked.
        modulation: Length of the modulation vector; 0: none.
        context: Width of the context's tokens; 0: none.
        width: Features of a token; None: 96.
        blocks: Blocks of the transformer along each axis; None: 3.
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
        width, blocks, (length,) = width or DEFAULT_WIDTH, blocks or DEFAULT_BLOCKS, spec.grid
        self.channels, self.parts = spec.channels, spec.width // spec.channels
        self.read = nn.Linear(self.parts * length, width)
        self.read_beside = nn.Linear(length, width) if beside else None
        self.names = nn.Embedding(spec.channels + beside, width)
        self.transformer = Transformer(
            TransformerShape(width, blocks, vector=modulation, context=context, rotary=False)
        )
        self.write = init_zero(nn.Linear(width, self.parts * length))
        self.tell = nn.Linear(width, self.parts * length)
        self.moments = TimeTransformer(
            2 * spec.width + beside, spec.width, TransformerShape(width, blocks, vector=modulation)
        )

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
        told = torch.cat([x, self._to_channels(self.tell(h))], dim=1)
        return self._to_channels(self.write(h)) + self.moments(told, modulation)

    def _to_channels(self, courses: Tensor) -> Tensor:
        """(B, channels, parts * length) -> (B, parts * channels, length)."""
        return courses.unflatten(2, (self.parts, -1)).transpose(1, 2).flatten(1, 2)


@final
class TimeTransformer(nn.Module):
    """Channels of each moment -> channels of each moment, which look at those of all others."""

    def __init__(self, width_in: int, width_out: int, shape: TransformerShape) -> None:
        super().__init__()
        self.read = nn.Linear(width_in, shape.width)
        self.transformer = Transformer(shape)
        self.write = init_zero(nn.Linear(shape.width, width_out))

    def forward(self, x: Tensor, modulation: Tensor | None) -> Tensor:
        """(B, width_in, length) -> (B, width_out, length)."""
        h = self.transformer(self.read(x.transpose(1, 2)), causal=False, vector=modulation)
        return self.write(h).transpose(1, 2)
