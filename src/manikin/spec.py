"""Spec: what an encoded array is made of, in the families' only vocabulary.

Blocks partition the channels of a grid of 0 to 3 axes: a table row is a grid of no axis, a
signal of one, a slice of two, a volume of three; a label map is a categorical block on a grid.
Or the array is tokens: integers of shape (n, length).

Two forms of the same array. *Compact*, what codecs give: (n, channels, *grid) float32, one
channel per quantity, NaN where an optional quantity is missing, a level's number in a
categorical channel. *Expanded*, what networks see: one-hot levels, and for each optional
quantity its value (0 where missing) beside a flag that says whether it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Continuous:
    """`n` real quantities, roughly standard normal; `optional` ones may be NaN."""

    n: int = 1
    optional: bool = False

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n * (1 + self.optional)


@dataclass(frozen=True)
class Positive:
    """`n` quantities that are never negative, such as gaps of time; `optional` ones may be NaN."""

    n: int = 1
    optional: bool = False

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n * (1 + self.optional)


@dataclass(frozen=True)
class Categorical:
    """`n` quantities with the same `levels`, numbered 0 to levels - 1."""

    levels: int
    n: int = 1

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n * self.levels


@dataclass(frozen=True)
class Binary:
    """`n` yes/no quantities, 0 or 1 (multi-hot codes, flags)."""

    n: int = 1

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n


Block = Continuous | Positive | Categorical | Binary


@dataclass(frozen=True)
class Spec:
    """Blocks on a grid, or tokens.

    Args:
        blocks: What the channels are, in order.
        grid: The lengths of 0 to 3 axes.
        vocab: With tokens, how many there are; 0: not tokens.
        length: With tokens, how many a record has.
        ranges: With tokens whose positions mean something (the columns of a table): the
            half-open range of tokens allowed at each position. Any order may then be learned;
            empty: a sequence, read from left to right.

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

    @property
    def tokens(self) -> bool:
        """Whether records are tokens."""
        return self.vocab > 0

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
        """Channels of the expanded form."""
        return sum(block.width for block in self.blocks)
