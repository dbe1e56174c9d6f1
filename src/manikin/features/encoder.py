"""Encoder: pictures, volumes and signals through a small frozen convolutional layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from manikin.contracts.feature import Feature
from manikin.core.seeds import Key
from manikin.imaging.analysis.intensity import limits, small
from manikin.imaging.analysis.random_patches import Filters, learn, pooled
from manikin.imaging.analysis.robust_scaler import Scale
from manikin.schema.kinds import Image, Signal
from manikin.signals.analysis.interpolate import filled

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MOST = 2_000  # training records from which whitening and scales are learned
WIDEST = {1: 256, 2: 48, 3: 20}  # places along an axis, by the number of axes
SIDE = {1: 9, 2: 6, 3: 4}  # of a patch
PATCHES = 400  # of a picture at least as many, where there are
COUNT = {1: 64, 2: 64, 3: 48}
COMPONENTS = 48
Ends = tuple[Any, Any, bool]  # lowest, highest (numbers, or arrays (channels, 1)), gaps


@dataclass(frozen=True)
class Encoder(Feature):
    """A frozen convolutional encoder of random filters over whitened patches, pooled over quadrants.

    After Coates and Ng 2011; then 48 fixed random directions of what the filters give. It sees what
    stands where; pictures wider than 48 places along an axis (volumes: 20) are averaged down first, so it
    cannot see finer structure: radiomics does. Signals are read channel by channel on a scale of its own,
    gaps crossed by lines with flags beside them, at 256 places. Only scales and the covariance of patches
    are learned from the
    training pictures, in about a second: principal components would fit the training pictures better than
    held-out ones, which attacks then mistake for a leak. Always from the same key.
    """

    kinds: ClassVar[tuple[type, ...]] = (Image, Signal)
    version: ClassVar[str] = "encoder/1"

    ranges: tuple[tuple[str, Ends], ...] = ()
    filters: tuple[Filters, ...] = ()
    means: tuple[np.ndarray, ...] = ()
    axes: tuple[np.ndarray, ...] = ()
    scale: Scale | None = None

    def fit(self, cohort: Cohort) -> Encoder:
        """Learn the whitening of patches and the scales."""
        names = [n for n in cohort.schema.modelled if isinstance(cohort.schema[n], self.kinds)]
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MOST)).astype(int))
        ranges = tuple((name, _ends(some, name)) for name in names)
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


def _ends(some: Cohort, name: str) -> Ends:
    """What becomes 0 and 1, of a signal for each channel, and whether there are gaps."""
    kind, x = some.schema[name], some[name]
    if isinstance(kind, Image):
        return (*limits(x, tail=0.0 if kind.levels else 0.001), False)
    known = [part[~np.isnan(part)] for part in np.moveaxis(x.astype(np.float64), 1, 0)]
    found = np.array([limits(part) if len(part) else (0.0, 1.0) for part in known])
    return found[:, :1], found[:, 1:], bool(np.isnan(x).any())


def _given(cohort: Cohort, name: str, ends: Ends) -> np.ndarray:
    """Pictures of intensities 0 to 1, no wider than the encoder reads, (n, channels, *grid)."""
    low, high, gaps = ends
    x = cohort[name]
    axes = x.ndim - 2
    lost = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, dtype=bool)
    never = lost.all(axis=2, keepdims=True) if gaps else False
    scaled = (_small(filled(x) if lost.any() else x, axes) - low) / (high - low)
    read = np.clip(np.where(never, 0.5, scaled), -1, 2).astype(np.float32)
    return np.concatenate([read, _small(lost, axes)], axis=1) if gaps else read


def _small(x: np.ndarray, axes: int) -> np.ndarray:
    flat = x.reshape(-1, *x.shape[2:])
    flat = small(flat, WIDEST[axes]) if max(x.shape[2:]) > WIDEST[axes] else flat
    return flat.reshape(*x.shape[:2], *flat.shape[-axes:]).astype(np.float32)


def _learned(some: Cohort, name: str, ends: Ends) -> tuple[Filters, np.ndarray, np.ndarray]:
    x = _given(some, name, ends)
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
