"""Spec: what an encoded array is made of, in the families' only vocabulary.

Blocks partition the channels of a grid of 0 to 3 axes: a table row is a grid of no axis, a
signal of one, a slice of two, a volume of three; a label map is a categorical block on a grid.
Or the array is tokens: integers of shape (n, length).

Two forms of the same array. *Compact*, what codecs give: (n, channels, *grid) float32, one
channel per quantity, NaN where an optional quantity is missing, a level's number in a
categorical channel. *Expanded*, what networks see: one-hot levels, and for each optional
quantity its value (0 where missing) beside a flag that says whether it is missing; positive
quantities as log(1 + x).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from manikin.encoding.blocks import Binary, Block, Categorical, Continuous, Positive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import torch
    from torch import Tensor

    from manikin.encoding.grammar import Grammar

__all__ = ["Binary", "Block", "Categorical", "Continuous", "Positive", "Spec", "coarsen_grid"]

MAX_SERIES_LENGTH, MIN_SERIES_CHANNELS = 128, 4
"""Places up to which the courses of so many quantities or more are a series."""


@final
@dataclass(frozen=True)
class Spec:
    """Blocks on a grid, or tokens.

    Args:
        blocks: What the channels are, in order.
        grid: The lengths of 0 to 3 axes; with tokens, those along whose rows the tokens were laid, the
            same number at each place; empty: a sequence on no grid.
        vocab: With tokens, how many there are; 0: not tokens.
        length: With tokens, how many a record has.
        ranges: With tokens whose positions mean something (the columns of a table): the
            half-open range of tokens allowed at each position. Any order may then be learned;
            empty: a sequence, read from left to right.
        grammar: With tokens, which may follow which; records end early, and END fills the rest.
        ragged: With tokens without a grammar, whether records end early: the token END ends one and
            fills the rest.
        spectrum: Of waveforms, mean amplitudes of each channel at rising frequencies, by the discrete
            cosine transform; empty: unknown.

    Example:
        >>> row = Spec((Continuous(2, optional=True), Categorical(3)))
        >>> row.channels, row.width
        (3, 7)
    """

    blocks: tuple[Block, ...] = ()
    grid: tuple[int, ...] = ()
    vocab: int = 0
    length: int = 0
    ranges: tuple[tuple[int, int], ...] = ()
    grammar: Grammar | None = None
    ragged: bool = False
    spectrum: tuple[tuple[float, ...], ...] = ()

    @property
    def has_end_token(self) -> bool:
        """Whether records end early, at the token END."""
        return self.ragged or self.grammar is not None

    @property
    def tokens(self) -> bool:
        """Whether records are tokens."""
        return self.vocab > 0

    @property
    def is_series(self) -> bool:
        """Whether records are short courses of several quantities with gaps, as in intensive care."""
        gaps = [isinstance(block, Continuous) and block.optional for block in self.blocks]
        return (
            len(self.grid) == 1
            and self.grid[0] <= MAX_SERIES_LENGTH
            and self.channels >= MIN_SERIES_CHANNELS
            and all(gaps)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one compact record."""
        return (self.length,) if self.tokens else (self.channels, *self.grid)

    @property
    def channels(self) -> int:
        """Channels of the compact form."""
        return sum(block.n for block in self.blocks)

    @property
    def width(self) -> int:
        """Channels of the expanded form, and of the raw output that `draw_relaxed` takes."""
        return sum(block.width for block in self.blocks)

    @property
    def raw(self) -> int:
        """Channels of the raw output that `nll` and `draw` take."""
        return sum(block.raw for block in self.blocks)

    @property
    def is_numeric(self) -> tuple[bool, ...]:
        """Which expanded channels hold values rather than flags or levels."""
        return tuple(i < _count_values(block) for block in self.blocks for i in range(block.width))

    @property
    def discrete_spec(self) -> Spec:
        """The spec of the other expanded channels: the flags and levels alone."""
        blocks = [
            Binary(block.n) if _count_values(block) else block
            for block in self.blocks
            if _has_levels(block)
        ]
        return Spec(tuple(blocks), self.grid)

    @property
    def has_discrete(self) -> tuple[bool, ...]:
        """Which compact channels have flags or levels, and so are channels of `discrete_spec`."""
        return tuple(_has_levels(block) for block in self.blocks for _ in range(block.n))

    def expand(self, x: Tensor) -> Tensor:
        """Compact (B, channels, *grid) -> expanded (B, width, *grid)."""
        return _concatenate_parts(block.expand(part) for block, part in self._split_blocks(x, "n"))

    def collapse(self, x: Tensor) -> Tensor:
        """Expanded (B, width, *grid) -> compact (B, channels, *grid)."""
        return _concatenate_parts(block.collapse(part) for block, part in self._split_blocks(x, "width"))

    def expand_mask(self, mask: Tensor) -> Tensor:
        """A mask of compact channels -> the mask of the expanded channels that stand for them."""
        return _concatenate_parts(block.expand_mask(part) for block, part in self._split_blocks(mask, "n"))

    def draw_relaxed(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """Raw (B, width, *grid) -> an expanded sample through which gradients flow."""
        return _concatenate_parts(
            block.draw_relaxed(part, rng) for block, part in self._split_blocks(raw, "width")
        )

    def nll(self, raw: Tensor, x: Tensor) -> Tensor:
        """-log p(x | raw) in nats, per quantity: raw (B, raw, *grid) -> (B, channels, *grid)."""
        pairs = zip(self._split_blocks(raw, "raw"), self._split_blocks(x, "n"), strict=True)
        return _concatenate_parts(
            block.nll(parameters, values) for (block, parameters), (_, values) in pairs
        )

    def mean(self, raw: Tensor) -> Tensor:
        """The mean of p(x | raw): raw (B, raw, *grid) -> expanded (B, width, *grid)."""
        return _concatenate_parts(block.mean(part) for block, part in self._split_blocks(raw, "raw"))

    def draw(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """A compact draw from p(x | raw): raw (B, raw, *grid) -> (B, channels, *grid)."""
        return _concatenate_parts(block.draw(part, rng) for block, part in self._split_blocks(raw, "raw"))

    def _split_blocks(self, x: Tensor, size: str) -> Iterator[tuple[Block, Tensor]]:
        parts = x.split([getattr(block, size) for block in self.blocks], dim=1)
        return zip(self.blocks, parts, strict=True)


def coarsen_grid(grid: Sequence[int], factors: Sequence[int]) -> tuple[int, ...]:
    """The coarser grid each of whose places stands for `factors` places along each axis.

    Example:
        >>> coarsen_grid((28, 30), (4, 4))
        (7, 8)
    """
    return tuple(math.ceil(length / factor) for length, factor in zip(grid, factors, strict=True))


def _concatenate_parts(parts: Iterable[Tensor]) -> Tensor:
    import torch

    return torch.cat(list(parts), dim=1)


def _count_values(block: Block) -> int:
    """How many expanded channels hold values."""
    return block.n if isinstance(block, Continuous | Positive) else 0


def _has_levels(block: Block) -> bool:
    """Whether some expanded channels are flags or levels."""
    return block.width > _count_values(block)
