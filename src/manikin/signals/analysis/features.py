"""Statistics: some forty numbers of a waveform, or eight of each parameter of a series with gaps.

After the catch22 set (Lubba et al. 2019), whose names stand in brackets, with the quantities of signal
processing: amplitudes, band power, autocorrelation. None of them depends on where in time something
happens.
"""

from __future__ import annotations

import numpy as np

from manikin.signals.analysis.interpolate import compute_changes, compute_missing_share, interpolate_gaps
from manikin.signals.analysis.spectrum import (
    choose_lags,
    compute_autocorrelation,
    compute_band_power,
    compute_power_spectrum,
    correlate_channels,
)

MAX_PAIRED = 8  # channels whose correlations are taken
MAX_DETAILED = 4  # channels of which all numbers are kept; of more the core, and the mean of the rest
HISTOGRAM_BINS = 10
PNN_THRESHOLD = 0.04  # deviations by which neighbouring places differ (MD_hrv_classic_pnn40)
TINY = 1e-6


def compute_waveform_features(x: np.ndarray) -> np.ndarray:
    """Numbers float32 (n, d) of signals (n, channels, time): of each channel, and of pairs of them."""
    core, rest = _compute_core(x), _compute_rest(x)
    if x.shape[1] > MAX_DETAILED:
        rest = rest.mean(axis=1, keepdims=True)
    parts = [core.reshape(len(x), -1), rest.reshape(len(x), -1), correlate_channels(x, MAX_PAIRED)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def compute_series_features(x: np.ndarray) -> np.ndarray:
    """Numbers float32 (n, 8 * channels) of series with gaps: how often measured, level, spread, change.

    Share of missing places; mean, deviation, smallest, largest and last value; mean size of the change and
    the mean change for each place. NaN where a parameter was never measured, or measured once only.
    """
    seen = ~np.isnan(x)
    count = seen.sum(axis=2)
    known = np.nan_to_num(x.astype(np.float64))
    mean = _divide(known.sum(axis=2), count)
    spread = np.sqrt(np.maximum(_divide((known**2).sum(axis=2), count) - mean**2, 0))
    low = np.where(seen, x, np.inf).min(axis=2)
    high = np.where(seen, x, -np.inf).max(axis=2)
    last = np.take_along_axis(interpolate_gaps(x), np.full((*x.shape[:2], 1), x.shape[2] - 1), axis=2)[
        ..., 0
    ]
    change = compute_changes(x)
    moved = (~np.isnan(change)).sum(axis=2)
    size, trend = (_divide(np.nansum(part, axis=2), moved) for part in (np.abs(change), change))
    some = np.where(count > 0, 1.0, np.nan)
    columns = [compute_missing_share(x), mean, spread, low * some, high * some, last * some, size, trend]
    return np.stack(columns, axis=2).reshape(len(x), -1).astype(np.float32)


def _divide(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """A mean, NaN of nothing."""
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _compute_core(x: np.ndarray) -> np.ndarray:
    """Level, spread, ends, form, persistence and pace of each channel, (n, channels, 11)."""
    y = interpolate_gaps(x)
    mean, spread = y.mean(axis=2), y.std(axis=2)
    z = _standardize(y)
    gone = compute_missing_share(x)
    acf = compute_autocorrelation(x)
    change = np.abs(np.diff(y, axis=2)).mean(axis=2)
    columns = [mean, np.log(spread + TINY), *np.quantile(y, (0.0, 0.02, 0.98, 1.0), axis=2)]
    columns += [np.arcsinh((z**3).mean(axis=2)), np.arcsinh((z**4).mean(axis=2) - 3)]
    columns += [acf[..., 1], np.log(change + TINY), gone]
    return np.stack(columns, axis=2)


def _compute_rest(x: np.ndarray) -> np.ndarray:
    """The remaining numbers of each channel, (n, channels, k)."""
    y = interpolate_gaps(x)
    z, acf = _standardize(y), compute_autocorrelation(x)
    bands = compute_band_power(x)
    whole = np.log(compute_power_spectrum(x).mean(axis=2, keepdims=True) + TINY**2)
    later = acf[..., choose_lags(x.shape[2])[1:]]
    blocks = [bands - whole, later, _compute_shape(z), _compute_pace(z, acf, compute_power_spectrum(x))]
    return np.concatenate(blocks, axis=2)


def _standardize(y: np.ndarray) -> np.ndarray:
    """Each channel of each record with mean 0 and deviation 1; 0 where it does not vary."""
    centred = y - y.mean(axis=2, keepdims=True)
    spread = y.std(axis=2, keepdims=True)
    flat = spread <= TINY * np.abs(y).max(axis=2, keepdims=True)
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))


def _compute_shape(z: np.ndarray) -> np.ndarray:
    """Quartiles, the commonest value [DN_HistogramMode_10], runs and steps, (n, channels, 9)."""
    step = np.diff(z, axis=2)
    quartiles = np.moveaxis(np.quantile(z, (0.25, 0.5, 0.75), axis=2), 0, 2)
    columns = [
        _find_mode(z),
        np.log1p(_measure_longest_run(z > 0)),  # [SB_BinaryStats_mean_longstretch1]
        np.log1p(_measure_longest_run(step < 0)),  # [SB_BinaryStats_diff_longstretch0]
        (np.abs(step) > PNN_THRESHOLD).mean(axis=2),  # [MD_hrv_classic_pnn40]
        np.arcsinh((step**3).mean(axis=2)),  # [CO_trev_1_num]
        (np.diff(np.signbit(z), axis=2) != 0).mean(axis=2),
    ]
    return np.concatenate([quartiles, np.stack(columns, axis=2)], axis=2)


def _compute_pace(z: np.ndarray, acf: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Where autocorrelation falls and turns, middle of the spectrum, forecast errors, (n, channels, 5)."""
    length = z.shape[2]
    fallen = acf < np.exp(-1)  # [CO_f1ecac]
    turned = np.diff(acf, axis=2) > 0  # [CO_FirstMin_ac]
    first = [np.where(part.any(axis=2), part.argmax(axis=2), length) for part in (fallen, turned)]
    pitch = np.arange(1, found.shape[2] + 1) / found.shape[2]
    centre = (found * pitch).sum(axis=2) / np.maximum(found.sum(axis=2), 1e-30)
    half = (np.cumsum(found, axis=2) < found.sum(axis=2, keepdims=True) / 2).mean(axis=2)
    ahead = z[..., 3:] - (z[..., :-3] + z[..., 1:-2] + z[..., 2:-1]) / 3  # [FC_LocalSimple_mean3_stderr]
    error = ahead.std(axis=2) if ahead.shape[2] else np.zeros(z.shape[:2])
    return np.stack([*(np.log1p(part) for part in first), centre, half, np.log(error + TINY)], axis=2)


def _find_mode(z: np.ndarray) -> np.ndarray:
    """The middle of the fullest of ten bins between the ends of a record, (n, channels)."""
    low, high = z.min(axis=2, keepdims=True), z.max(axis=2, keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    codes = np.minimum(((z - low) / span * HISTOGRAM_BINS).astype(int), HISTOGRAM_BINS - 1)
    counts = np.stack([(codes == k).sum(axis=2) for k in range(HISTOGRAM_BINS)], axis=2)
    return low[..., 0] + (counts.argmax(axis=2) + 0.5) / HISTOGRAM_BINS * span[..., 0]


def _measure_longest_run(holds: np.ndarray) -> np.ndarray:
    """The longest run of true places, (n, channels)."""
    place = np.arange(1, holds.shape[2] + 1)
    broken = np.maximum.accumulate(np.where(holds, 0, place), axis=2)
    return np.where(holds, place - broken, 0).max(axis=2)
