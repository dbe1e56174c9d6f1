"""Encoder: pictures and volumes through a small frozen convolutional layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from manikin.data.schema import Image
from manikin.feature import Feature
from manikin.pixels.grids import limits, small
from manikin.pixels.patches import Filters, learn, pooled
from manikin.pixels.scale import Scale
from manikin.rng import Key

if TYPE_CHECKING:
    from manikin.data.cohort import Cohort

MOST = 2_000  # training records from which whitening and scales are learned
WIDEST = {1: 256, 2: 48, 3: 20}  # places along an axis, by the number of axes
SIDE = {1: 9, 2: 6, 3: 4}  # of a patch
PATCHES = 400  # of a picture at least as many, where there are
COUNT = {1: 64, 2: 64, 3: 48}
COMPONENTS = 48
CODE = (1 << 8) - 1  # levels of a label map that are told apart


@dataclass(frozen=True)
class Encoder(Feature):
    """A frozen convolutional encoder of random filters over whitened patches, pooled over quadrants.

    After Coates and Ng 2011; then 48 fixed random directions of what the filters give. It sees what
    stands where; pictures wider than 48 places along an axis (volumes: 20) are averaged down first, so it
    cannot see finer structure: radiomics does. Only scales and the covariance of patches are learned from
    the
    training pictures, in about a second: principal components would fit the training pictures better than
    held-out ones, which attacks then mistake for a leak. Always from the same key.
    """

    kinds: ClassVar[tuple[type, ...]] = (Image,)
    version: ClassVar[str] = "encoder/1"

    ranges: tuple[tuple[str, float, float], ...] = ()
    filters: tuple[Filters, ...] = ()
    means: tuple[np.ndarray, ...] = ()
    axes: tuple[np.ndarray, ...] = ()
    scale: Scale | None = None

    def fit(self, cohort: Cohort) -> Encoder:
        """Learn the whitening of patches and the scales."""
        names = [name for name in cohort.schema.modelled if isinstance(cohort.schema[name], Image)]
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MOST)).astype(int))
        ranges = tuple(
            (name, *limits(some[name], tail=0.0 if _labels(cohort, name) else 0.001)) for name in names
        )
        learned = [_learned(some, *entry) for entry in ranges]
        filters, means, axes = (tuple(part) for part in zip(*learned, strict=True))
        found = Encoder(ranges, filters, means, axes)
        return Encoder(ranges, filters, means, axes, _even(Scale.of(found.components(some))))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = self.components(cohort)
        return x if self.scale is None else self.scale(x)

    def components(self, cohort: Cohort) -> np.ndarray:
        """Random directions of pooled activations, field after field, (n, d)."""
        blocks = [
            (pooled(_given(cohort, *entry), filters) - mean) @ axes
            for entry, filters, mean, axes in zip(
                self.ranges, self.filters, self.means, self.axes, strict=True
            )
        ]
        return np.concatenate(blocks, axis=1)


def _labels(cohort: Cohort, name: str) -> bool:
    kind = cohort.schema[name]
    return isinstance(kind, Image) and kind.levels > 0


def _given(cohort: Cohort, name: str, low: float, high: float) -> np.ndarray:
    """Pictures of intensities 0 to 1, no wider than the encoder reads, (n, channels, *grid)."""
    x = cohort[name]
    axes = x.ndim - 2
    flat = small(x.reshape(-1, *x.shape[2:]), WIDEST[axes]) if max(x.shape[2:]) > WIDEST[axes] else x
    scaled = (flat.reshape(*x.shape[:2], *flat.shape[-axes:]).astype(np.float32) - low) / (high - low)
    return np.clip(scaled, -1, 2)


def _learned(some: Cohort, name: str, low: float, high: float) -> tuple[Filters, np.ndarray, np.ndarray]:
    x = _given(some, name, low, high)
    grid, axes = x.shape[2:], x.ndim - 2
    side = max(2, min(SIDE[axes], min(grid) // 2))
    stride = max(1, int(np.floor((np.prod([g - side + 1 for g in grid]) / PATCHES) ** (1 / axes))))
    filters = learn(x, side, stride, COUNT[axes], Key(0).child("encoder").numpy())
    y = pooled(x, filters)
    mean = y.mean(axis=0)
    directions = Key(0).child("encoder", "directions").numpy().standard_normal((y.shape[1], COMPONENTS))
    return filters, mean, np.linalg.qr(directions)[0]


def _even(scale: Scale) -> Scale:
    """Scales that differ at most tenfold."""
    return Scale(scale.centre, np.maximum(scale.spread, scale.spread.max() / 10))


__plugin__ = Encoder
