"""Arrays whose patches are one place each: space to depth, with nothing lost and nothing learned.

So a label map or a picture lies on the coarser grid of another codec's codes, place for place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from manikin.codecs.arrays import ArrayCodec
from manikin.contracts.codec import Codec
from manikin.encoding.spec import Spec, coarsen_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

FACTOR_BY_LENGTH = ((8, 256), (4, 24), (2, 6), (1, 0))
"""Places that a learned code stands for along an axis, and the least length of such an axis."""


@final
@dataclass(frozen=True)
class PatchCodec(Codec):
    """Fields on one grid <-> compact arrays (n, channels * places of a patch, *coarser grid).

    Args:
        patch: Places of each axis in a patch; empty: by the lengths of the axes, as learned codes have it.
        source: What is learned of the fields.
    """

    kinds: ClassVar[tuple[type, ...]] = ()  # never chosen by kind, only where a coarser grid is asked for
    tokens: ClassVar[bool] = False
    patch: tuple[int, ...] = ()
    source: ArrayCodec = field(default_factory=ArrayCodec)

    @property
    def spec(self) -> Spec:
        """Each block with as many quantities per channel as a patch has places."""
        spec, size = self.source.spec, int(np.prod(self.patch))
        blocks = tuple(replace(block, n=block.n * size) for block in spec.blocks)
        return Spec(blocks, coarsen_grid(spec.grid, self.patch))

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the scale or the levels of each field."""
        source = self.source.fit(cohort, fields)
        return replace(self, patch=self.patch or choose_factors(source.spec.grid), source=source)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Records (n, channels, *grid), float32; patches that reach beyond the edge repeat it."""
        x = self.source.encode(cohort, key)
        pairs = list(zip(self.spec.grid, self.patch, strict=True))
        missing = [(0, c * p - length) for (c, p), length in zip(pairs, x.shape[2:], strict=True)]
        x = np.pad(x, [(0, 0), (0, 0), *missing], mode="edge")
        x = x.reshape(*x.shape[:2], *(size for pair in pairs for size in pair))
        within, between = range(3, x.ndim, 2), range(2, x.ndim, 2)
        return x.transpose(0, 1, *within, *between).reshape(len(x), *self.spec.shape)

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """The inverse of `encode`."""
        spec, axes = self.source.spec, len(self.patch)
        x = x.reshape(len(x), spec.channels, *self.patch, *x.shape[2:])
        order = [place for i in range(axes) for place in (2 + axes + i, 2 + i)]
        sizes = [c * p for c, p in zip(self.spec.grid, self.patch, strict=True)]
        x = x.transpose(0, 1, *order).reshape(len(x), spec.channels, *sizes)
        return self.source.decode(x[(..., *(slice(length) for length in spec.grid))], key)

    def to_dict(self) -> dict[str, Any]:
        """The patch, and what was learned of the fields."""
        return {"patch": list(self.patch), "source": self.source.to_dict()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(tuple(state["patch"]), ArrayCodec.from_dict(state["source"]))


def choose_factors(
    grid: Sequence[int], factor: int | None = None, most: float = math.inf
) -> tuple[int, ...]:
    """How many places of each axis learned codes stand for: powers of two, by the lengths of the axes.

    Args:
        grid: The lengths of the axes.
        factor: The same for all axes that are as long; None: 4, 8 from a length of 256 on, 2 below 24, 1
            below 6.
        most: Up to how many places the coarser grid has, where `factor` is not given.

    Example:
        >>> choose_factors((28, 28)), choose_factors((256, 256))
        ((4, 4), (8, 8))
        >>> choose_factors((256, 256), most=512), choose_factors((3, 64), 8)
        ((16, 16), (2, 8))
    """
    if factor is not None:
        return tuple(min(factor, 1 << length.bit_length() - 1) for length in grid)
    chosen = tuple(next(f for f, short in FACTOR_BY_LENGTH if length >= short) for length in grid)
    while math.prod(coarsen_grid(grid, chosen)) > most:
        chosen = tuple(
            f if c == 1 else 2 * f for f, c in zip(chosen, coarsen_grid(grid, chosen), strict=True)
        )
    return chosen


__plugin__ = PatchCodec
