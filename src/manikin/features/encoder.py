"""Encoder: pictures, volumes and signals through a small frozen convolutional layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from manikin.contracts.feature import Feature
from manikin.core.seeds import Key
from manikin.imaging.analysis.intensity import find_intensity_range
from manikin.imaging.analysis.random_patches import PatchFilters, fit_filters, pool_activations
from manikin.imaging.analysis.robust_scaler import RobustScaler
from manikin.schema.kinds import Image, Signal
from manikin.signals.analysis.interpolate import interpolate_gaps
from manikin.stats.downsample import downsample

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MAX_FIT_RECORDS = 2_000  # training records from which whitening and scales are learned
MAX_AXIS_PLACES = {1: 256, 2: 48, 3: 20}  # places along an axis, by the number of axes
PATCH_SIDES = {1: 9, 2: 6, 3: 4}  # of a patch
MIN_PATCHES = 400  # of a picture at least as many, where there are
FILTER_COUNTS = {1: 64, 2: 64, 3: 48}
N_COMPONENTS = 48
IntensityRange = tuple[Any, Any, bool]  # lowest, highest (numbers, or arrays (channels, 1)), gaps


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

    ranges: tuple[tuple[str, IntensityRange], ...] = ()
    filters: tuple[PatchFilters, ...] = ()
    means: tuple[np.ndarray, ...] = ()
    axes: tuple[np.ndarray, ...] = ()
    scale: RobustScaler | None = None

    def fit(self, cohort: Cohort) -> Encoder:
        """Learn the whitening of patches and the scales."""
        names = [n for n in cohort.schema.modelled_fields if isinstance(cohort.schema[n], self.kinds)]
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MAX_FIT_RECORDS)).astype(int))
        ranges = tuple((name, _find_intensity_range(some, name)) for name in names)
        learned = [_learn_filters(some, *entry) for entry in ranges]
        filters, means, axes = (tuple(part) for part in zip(*learned, strict=True))
        found = Encoder(ranges, filters, means, axes)
        return Encoder(
            ranges,
            filters,
            means,
            axes,
            _limit_scales(RobustScaler.from_vectors(found.compute_components(some))),
        )

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = self.compute_components(cohort)
        return x if self.scale is None else self.scale(x)

    def compute_components(self, cohort: Cohort) -> np.ndarray:
        """Random directions of pooled activations, field after field, (n, d)."""
        blocks = [
            (pool_activations(_scale_field(cohort, *entry), filters) - mean) @ axes
            for entry, filters, mean, axes in zip(
                self.ranges, self.filters, self.means, self.axes, strict=True
            )
        ]
        return np.concatenate(blocks, axis=1)


def _find_intensity_range(some: Cohort, name: str) -> IntensityRange:
    """What becomes 0 and 1, of a signal for each channel, and whether there are gaps."""
    kind, x = some.schema[name], some[name]
    if isinstance(kind, Image):
        return (*find_intensity_range(x, tail=0.0 if kind.levels else 0.001), False)
    known = [part[~np.isnan(part)] for part in np.moveaxis(x.astype(np.float64), 1, 0)]
    found = np.array([find_intensity_range(part) if len(part) else (0.0, 1.0) for part in known])
    return found[:, :1], found[:, 1:], bool(np.isnan(x).any())


def _scale_field(cohort: Cohort, name: str, ends: IntensityRange) -> np.ndarray:
    """Pictures of intensities 0 to 1, no wider than the encoder reads, (n, channels, *grid)."""
    low, high, gaps = ends
    x = cohort[name]
    axes = x.ndim - 2
    lost = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, dtype=bool)
    never = lost.all(axis=2, keepdims=True) if gaps else False
    scaled = (_shrink_grid(interpolate_gaps(x) if lost.any() else x, axes) - low) / (high - low)
    read = np.clip(np.where(never, 0.5, scaled), -1, 2).astype(np.float32)
    return np.concatenate([read, _shrink_grid(lost, axes)], axis=1) if gaps else read


def _shrink_grid(x: np.ndarray, axes: int) -> np.ndarray:
    flat = x.reshape(-1, *x.shape[2:])
    flat = downsample(flat, MAX_AXIS_PLACES[axes]) if max(x.shape[2:]) > MAX_AXIS_PLACES[axes] else flat
    return flat.reshape(*x.shape[:2], *flat.shape[-axes:]).astype(np.float32)


def _learn_filters(
    some: Cohort, name: str, ends: IntensityRange
) -> tuple[PatchFilters, np.ndarray, np.ndarray]:
    x = _scale_field(some, name, ends)
    grid, axes = x.shape[2:], x.ndim - 2
    side = max(2, min(PATCH_SIDES[axes], min(grid) // 2))
    stride = max(1, int(np.floor((np.prod([g - side + 1 for g in grid]) / MIN_PATCHES) ** (1 / axes))))
    filters = fit_filters(x, side, stride, FILTER_COUNTS[axes], Key(0).child("encoder").numpy())
    y = pool_activations(x, filters)
    mean = y.mean(axis=0)
    directions = Key(0).child("encoder", "directions").numpy().standard_normal((y.shape[1], N_COMPONENTS))
    return filters, mean, np.linalg.qr(directions)[0]


def _limit_scales(scale: RobustScaler) -> RobustScaler:
    """Scales that differ at most tenfold."""
    return RobustScaler(scale.centre, np.maximum(scale.spread, scale.spread.max() / 10))


__plugin__ = Encoder
