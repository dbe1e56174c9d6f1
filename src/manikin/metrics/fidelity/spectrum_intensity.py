"""Pictures and signals: frequencies, intensities and possible values, without any encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once, compute_per_record
from manikin.errors import Unsupported
from manikin.imaging.analysis.intensity import find_intensity_range, quantize, to_grey
from manikin.imaging.analysis.power_spectrum import compute_radial_spectrum
from manikin.schema.array_fields import list_measured_fields
from manikin.schema.kinds import Image, Signal
from manikin.signals.analysis.spectrum import compute_band_power
from manikin.stats.downsample import downsample
from manikin.stats.permutation import compute_extreme_p_value

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

BINS = 64
MAX_SIDES = {1: 512, 2: 128, 3: 40}  # places along an axis whose spectrum is taken
TAIL_SHARE = 0.001  # share of a channel's values that lies beyond its range at either end
TINY = 1e-12
PossibleValues = dict[str, tuple[np.ndarray, np.ndarray, bool]]
MAX_RECORD_RATIO = 1.2  # times as many records for each patient, before extremes are no longer compared
MAX_REACH = 0.05  # how far beyond all training values one may lie, as a share of their range
DURALL = "Durall et al. 2020, Watch your up-convolution, equation 2; Wasserstein-1"


@metric(
    "fidelity",
    MetricDescription(
        "How far the power of synthetic pictures or signals at each frequency lies from that of real ones.",
        reading="""From 0, in standard deviations of the training records, the mean over rings of
        frequency, of signals over bands of each channel.""",
        blind_spot="""It sees blur, noise, checkerboards, what upsampling leaves and a wrong sampling
        rate; it cannot see what is depicted, or when a wave comes.""",
        source=DURALL,
    ),
    better="low",
    feature="arrays",
    floor="superimposed",
)
def spectrum_distance(split: Split) -> float:
    scale = compute_once(split.train, _compute_spread)
    real, candidate = (
        np.sort(compute_per_record(side, compute_log_spectra), axis=0)
        for side in (split.holdout, split.synthetic)
    )
    return float(np.mean(_compute_wasserstein(real, candidate) / scale))


@metric(
    "fidelity",
    MetricDescription(
        "Wasserstein-1 distance between the values of all synthetic and all real pixels or samples.",
        reading="""0 to 1, in ranges of the training values, channel by channel, the mean over these;
        what is missing is left out.""",
        blind_spot="""It sees another brightness, contrast, amplitude or unit; it cannot see where in
        the picture, or when, a value stands.""",
        source="Villani 2009, definition 6.1",
    ),
    better="low",
    feature="arrays",
    floor="uniform",
)
def intensity_distance(split: Split) -> float:
    ranges = compute_once(split.train, _find_ranges)
    pooled = [
        compute_per_record(side, compute_histograms, ranges).mean(axis=0)
        for side in (split.holdout, split.synthetic)
    ]
    shares = [counts / np.maximum(counts.sum(axis=-1, keepdims=True), TINY) for counts in pooled]
    return float(np.abs(np.cumsum(shares[0] - shares[1], axis=-1)).sum(axis=-1).mean() / BINS)


@metric(
    "clinical validity",
    MetricDescription(
        "Share of pictures or signals with a value that no training record could have.",
        reading="""0 to 1: beyond the range of all training values (of a signal, of its channel) by a
        twentieth of it, or no whole number where all of these are whole, or a level that a label map
        has not. Chance is that of as many such patients among held-out ones, or of so many beyond all
        training patients on one side.""",
        blind_spot="It cannot see a wrong value that is possible elsewhere in the record.",
        source="""Kahn et al. 2016, A harmonized data quality assessment framework: conformance;
        Rosenbaum 1954""",
    ),
    better="low",
    feature="arrays",
    floor="wild",
    reference="whole",
)
def impossible_values(split: Split) -> ExactResult:
    known = compute_once(split.train, _find_possible_values)
    wrong = [_is_impossible(side, known) for side in (split.synthetic, split.holdout)]
    hits = [
        len(np.unique(side.subject[bad.any(axis=1)]))
        for side, bad in zip((split.synthetic, split.holdout), wrong, strict=True)
    ]
    counts = [len(np.unique(side.subject)) for side in (split.synthetic, split.holdout)]
    found = ExactResult.from_counts(hits[0], counts[0], hits[1], counts[1], split.key)
    chance = min(
        1.0,
        2
        * min(
            found.p_value,
            _test_impossible(split, wrong[0], compute_once(split.train, _is_impossible, known)),
        ),
    )
    return ExactResult(found.value, found.low, found.high, found.null_values, chance, 1.0)


def find_measured_fields(cohort: Cohort) -> list[str]:
    """The fields that are pictures, volumes or signals and no label maps.

    Raises:
        Unsupported: There is none.
    """
    found = list_measured_fields(cohort.schema)
    if not found:
        raise Unsupported("the records have label maps only")
    return found


def compute_log_spectra(cohort: Cohort) -> np.ndarray:
    """Log power in rings of frequency, of signals in bands of each channel, (n, rings)."""
    return np.concatenate([_compute_field_spectra(cohort[n]) for n in find_measured_fields(cohort)], axis=1)


def compute_histograms(cohort: Cohort, ranges: tuple[tuple[str, np.ndarray], ...]) -> np.ndarray:
    """The share of places in each of 64 bins, for each channel of each field, (n, channels, bins)."""
    found = []
    for name, ends in ranges:
        x = cohort[name]
        low, high = (end.reshape(-1, *(1,) * (x.ndim - 2)) for end in ends)
        codes = quantize(np.nan_to_num(x), low, high, BINS).reshape(len(x) * x.shape[1], -1)
        rows = np.arange(len(codes))[:, None] * BINS
        known = ~np.isnan(x).reshape(codes.shape)
        counts = np.bincount((codes + rows)[known], minlength=len(codes) * BINS) / codes.shape[1]
        found.append(counts.reshape(len(x), x.shape[1], BINS))
    return np.concatenate(found, axis=1)


def _compute_field_spectra(x: np.ndarray) -> np.ndarray:
    axes = x.ndim - 2
    return (
        compute_band_power(x).reshape(len(x), -1)
        if axes == 1
        else compute_radial_spectrum(downsample(to_grey(x), MAX_SIDES[axes]))
    )


def _find_ranges(train: Sample) -> tuple[tuple[str, np.ndarray], ...]:
    """The lowest and highest value of each field, (2, 1), or of each channel of a signal, (2, channels)."""
    return tuple(
        (name, _find_ends(train.source_cohort[name])) for name in find_measured_fields(train.source_cohort)
    )


def _find_ends(x: np.ndarray) -> np.ndarray:
    if x.ndim > 3:  # noqa: PLR2004 - a picture: its channels share one scale
        return np.array(find_intensity_range(x, tail=0.0))[:, None]
    known = [part[~np.isnan(part)] for part in np.moveaxis(x, 1, 0)]
    return np.array(
        [find_intensity_range(part, tail=TAIL_SHARE) if len(part) else (0.0, 1.0) for part in known]
    ).T


def _compute_spread(train: Sample) -> np.ndarray:
    spread = compute_per_record(train, compute_log_spectra).std(axis=0)
    return np.maximum(spread, 0.05 * spread.max() + 1e-6)


def _compute_wasserstein(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The Wasserstein-1 distance of sorted columns, (d,), by their quantile functions."""
    grid = (np.arange(64) + 0.5) / 64
    return np.abs(np.quantile(a, grid, axis=0) - np.quantile(b, grid, axis=0)).mean(axis=0)


def _find_possible_values(train: Sample) -> PossibleValues:
    """For each field the lowest and highest value that may be, and whether all are whole numbers."""
    cohort, found = train.source_cohort, {}
    for name in cohort.schema.modelled_fields:
        kind = cohort.schema[name]
        if isinstance(kind, Image | Signal):
            x = cohort[name]
            axes = (0, *range(2, x.ndim)) if isinstance(kind, Signal) else None
            low, high = (end.reduce(x, axis=axes, keepdims=True) for end in (np.fmin, np.fmax))
            count = kind.levels if isinstance(kind, Image) else 0
            room = 0.0 if count else MAX_REACH * (high.astype(float) - low)
            whole = x.dtype.kind in "iub" or bool((x == np.rint(x))[~np.isnan(x)].all())
            found[name] = (low - room, np.maximum(high, count - 1.0) + room, whole)
    return found


def _test_impossible(split: Split, wrong: np.ndarray, own: np.ndarray) -> float:
    """The chance that fresh patients have so often, in one way, what no training patient has.

    Bonferroni over the ways. Patients with more records than those of training have more occasions: 1.
    """
    people, known = (len(np.unique(side.subject)) for side in (split.synthetic, split.train))
    if len(split.synthetic) / people > MAX_RECORD_RATIO * len(split.train) / known:
        return 1.0
    ways = np.flatnonzero(~own.any(axis=0))
    hits = [len(np.unique(split.synthetic.subject[wrong[:, way]])) for way in ways]
    return min(1.0, len(ways) * compute_extreme_p_value(max(hits, default=0), people, known))


def _is_impossible(side: Sample, known: PossibleValues) -> np.ndarray:
    """In which ways each record is impossible: too low, too high, by channel; no whole number; missing."""
    ways = []
    for name, (low, high, whole) in known.items():
        x = side.cohort[name]
        grid = tuple(range(2, x.ndim))
        ways += [(x < low).any(axis=grid), (x > high).any(axis=grid)]
        if isinstance(side.cohort.schema[name], Image):
            ways.append(np.any(np.isnan(x), axis=grid).any(axis=1, keepdims=True))
        if whole and x.dtype.kind == "f":
            broken = (x != np.rint(x)) & ~np.isnan(x)
            ways.append(np.any(broken, axis=grid).any(axis=1, keepdims=True))
    return np.concatenate(ways, axis=1)


__plugin__ = (spectrum_distance, intensity_distance, impossible_values)
