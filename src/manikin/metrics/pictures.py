"""Pictures: spatial frequencies, intensities and possible values, without any encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.data.schema import Image
from manikin.errors import Unsupported
from manikin.metric import Exact, Sample, Split, each, metric, once
from manikin.pixels.grids import grey, levels, limits, small
from manikin.pixels.spectrum import radial

if TYPE_CHECKING:
    from manikin.data.cohort import Cohort

BINS = 64
WIDEST = {1: 512, 2: 128, 3: 40}  # places along an axis whose spectrum is taken
BEYOND = 0.05  # how far beyond all training values one may lie, as a share of their range
DURALL = "Durall et al. 2020, Watch your up-convolution, equation 2; Wasserstein-1"


@metric("fidelity", better="low", source=DURALL, feature="radiomics", floor="superimposed")
def spectrum_distance(split: Split) -> float:
    """How far the power of synthetic pictures at each spatial frequency lies from that of real ones.

    From 0, in standard deviations of the training pictures, the mean over rings of frequency. It sees blur,
    noise, checkerboards and what upsampling leaves; it cannot see what is depicted.
    """
    scale = once(split.train, _spread)
    real, candidate = (np.sort(each(side, spectra), axis=0) for side in (split.holdout, split.synthetic))
    return float(np.mean(_apart(real, candidate) / scale))


@metric(
    "fidelity", better="low", source="Villani 2009, definition 6.1", feature="radiomics", floor="uniform"
)
def intensity_distance(split: Split) -> float:
    """Wasserstein-1 distance between the intensities of all synthetic and all real pixels.

    0 to 1, in ranges of the training intensities, channel by channel, the mean over these. It sees another
    brightness, contrast or unit; it cannot see where in the picture a value stands.
    """
    ranges = once(split.train, _ranges)
    pooled = [each(side, histograms, ranges).mean(axis=0) for side in (split.holdout, split.synthetic)]
    return float(np.abs(np.cumsum(pooled[0] - pooled[1], axis=-1)).sum(axis=-1).mean() / BINS)


@metric(
    "clinical validity",
    better="low",
    source="Kahn et al. 2016, A harmonized data quality assessment framework: conformance",
    feature="radiomics",
    floor="wild",
    reference="whole",
)
def impossible_values(split: Split) -> Exact:
    """Share of pictures with a value that no training picture could have.

    0 to 1: beyond the range of all training values by a twentieth of it, or no whole number where all of
    these are whole, or a level that a label map has not. It cannot see a wrong value that is possible
    elsewhere in the picture.
    """
    known = once(split.train, _known)
    wrong = [_impossible(side, known) for side in (split.synthetic, split.holdout)]
    hits = [
        len(np.unique(side.subject[bad]))
        for side, bad in zip((split.synthetic, split.holdout), wrong, strict=True)
    ]
    counts = [len(np.unique(side.subject)) for side in (split.synthetic, split.holdout)]
    found = Exact.counted(hits[0], counts[0], hits[1], counts[1], split.key)
    return Exact(found.value, found.low, found.high, found.null, found.chance, 1.0)


def measured(cohort: Cohort) -> list[str]:
    """The fields that are pictures or volumes and no label maps."""
    schema = cohort.schema
    return [n for n in schema.modelled if isinstance(k := schema[n], Image) and not k.levels]


def spectra(cohort: Cohort) -> np.ndarray:
    """Log power in rings of frequency, field after field, (n, rings)."""
    names = measured(cohort)
    if not names:
        raise Unsupported("the records have label maps only")
    return np.concatenate(
        [radial(small(grey(cohort[n]), WIDEST[cohort[n].ndim - 2])) for n in names], axis=1
    )


def histograms(cohort: Cohort, ranges: tuple[tuple[str, float, float], ...]) -> np.ndarray:
    """The share of pixels in each of 64 bins, for each channel of each field, (n, channels, bins)."""
    found = []
    for name, low, high in ranges:
        x = cohort[name]
        codes = levels(x, low, high, BINS).reshape(len(x) * x.shape[1], -1)
        rows = np.arange(len(codes))[:, None] * BINS
        counts = np.bincount((codes + rows).ravel(), minlength=len(codes) * BINS) / codes.shape[1]
        found.append(counts.reshape(len(x), x.shape[1], BINS))
    return np.concatenate(found, axis=1)


def _ranges(train: Sample) -> tuple[tuple[str, float, float], ...]:
    names = measured(train.whole)
    if not names:
        raise Unsupported("the records have label maps only")
    return tuple((name, *limits(train.whole[name], tail=0.0)) for name in names)


def _spread(train: Sample) -> np.ndarray:
    spread = each(train, spectra).std(axis=0)
    return np.maximum(spread, 0.05 * spread.max() + 1e-6)


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The Wasserstein-1 distance of sorted columns, (d,), by their quantile functions."""
    grid = (np.arange(64) + 0.5) / 64
    return np.abs(np.quantile(a, grid, axis=0) - np.quantile(b, grid, axis=0)).mean(axis=0)


def _known(train: Sample) -> dict[str, tuple[float, float, bool]]:
    """For each field the lowest and highest value that may be, and whether all are whole numbers."""
    cohort, found = train.whole, {}
    for name in cohort.schema.modelled:
        kind = cohort.schema[name]
        if isinstance(kind, Image):
            x = cohort[name]
            low, high = float(x.min()), float(x.max())
            room = 0.0 if kind.levels else BEYOND * (high - low)
            whole = x.dtype.kind in "iub" or bool((x == np.rint(x)).all())
            found[name] = (low - room, max(high, kind.levels - 1.0) + room, whole)
    return found


def _impossible(side: Sample, known: dict[str, tuple[float, float, bool]]) -> np.ndarray:
    wrong = np.zeros(len(side), dtype=bool)
    for name, (low, high, whole) in known.items():
        x = side.cohort[name]
        axes = tuple(range(1, x.ndim))
        wrong |= (x.min(axis=axes) < low) | (x.max(axis=axes) > high) | ~np.isfinite(x).all(axis=axes)
        if whole and x.dtype.kind == "f":
            wrong |= (x != np.rint(x)).any(axis=axes)
    return wrong


__plugin__ = (spectrum_distance, intensity_distance, impossible_values)
