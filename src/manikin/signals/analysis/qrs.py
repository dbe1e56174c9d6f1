"""Beats: where the R peaks of an ECG are, and what they say of rate, rhythm and QRS."""

from __future__ import annotations

import re

import numpy as np

from manikin.signals.analysis.interpolate import interpolate_gaps

QRS_BAND = (5.0, 20.0)  # Hz, where most of a QRS complex lies (Pan and Tompkins 1985)
SMOOTHING_SECONDS = 0.12  # seconds over which the energy of slopes is taken together
REFRACTORY_SECONDS = 0.24  # seconds after a beat in which there cannot be another
MIN_PEAK_ENERGY = 0.25  # of the energy that the highest peaks of a record have, which a peak must reach
QRS_REACH_SECONDS = 0.16  # seconds on either side of a peak in which a QRS complex lies
QRS_ENERGY_SHARE = 0.9  # share of the energy of the slopes that counts as the complex
LEAD_PATTERN = re.compile(
    r"^(ecg|ekg|ml?|lead)?\s*_?(i{1,3}|avr|avl|avf|v[1-6r]?|mcl1|d[1-3])$", re.IGNORECASE
)


def is_ecg(channels: tuple[str, ...]) -> bool:
    """Whether the channels are called as the leads of an ECG are.

    Example:
        >>> is_ecg(("MLII", "V5")), is_ecg(("HR", "Temp")), is_ecg(())
        (True, False, False)
    """
    return bool(channels) and all(LEAD_PATTERN.match(name.strip()) for name in channels)


def compute_slope_energy(x: np.ndarray, rate: float) -> np.ndarray:
    """The energy of slopes between 5 and 20 Hz over all channels, (n, time); Pan and Tompkins 1985."""
    length = x.shape[2]
    pitch = np.fft.rfftfreq(length, 1 / rate)
    inside = (pitch >= QRS_BAND[0]) & (pitch <= QRS_BAND[1])
    y = interpolate_gaps(x)
    spectrum = np.fft.rfft(y - y.mean(axis=2, keepdims=True), axis=2) * inside
    slope = np.gradient(np.fft.irfft(spectrum, length, axis=2), axis=2)
    size = slope / np.maximum(slope.std(axis=2, keepdims=True), 1e-12)
    return (size**2).mean(axis=1)


def detect_r_peaks(x: np.ndarray, rate: float) -> list[np.ndarray]:
    """The places of R peaks in each record, to within some hundredths of a second.

    Peaks of the energy of slopes, smoothed over 120 ms, at least 240 ms apart and a quarter as high as the
    highest ones. Enough to tell rate and rhythm; for diagnosis there are better detectors.

    Args:
        x: ECGs (n, leads, time).
        rate: In Hz.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    smooth = uniform_filter1d(
        compute_slope_energy(x, rate), max(1, round(SMOOTHING_SECONDS * rate)), axis=1, mode="constant"
    )
    top = np.quantile(smooth, 0.98, axis=1)
    gap = max(1, round(REFRACTORY_SECONDS * rate))
    return [
        find_peaks(np.pad(row, 1), height=MIN_PEAK_ENERGY * high, distance=gap)[0] - 1
        for row, high in zip(smooth, top, strict=True)
    ]


def compute_rhythm(x: np.ndarray, rate: float) -> np.ndarray:
    """Heart rate in 1/min, deviation of RR intervals in s, and QRS duration in s, (n, 3).

    NaN where a record has too few beats: two for a rate, three for a deviation, one for a QRS complex.
    The rate is that of the median interval. The QRS duration is the time within which nine tenths of the
    energy of slopes about a peak lie: comparable between records of one source, not with a cardiologist's.
    """
    size = compute_slope_energy(x, rate)
    reach = max(1, round(QRS_REACH_SECONDS * rate))
    rows = [
        _describe_beats(places / rate, _measure_width(one, places, reach) / rate)
        for places, one in zip(detect_r_peaks(x, rate), size, strict=True)
    ]
    return np.array(rows).reshape(len(x), 3)


def _describe_beats(moments: np.ndarray, width: float) -> tuple[float, float, float]:
    between = np.diff(moments)
    pace = 60 / float(np.median(between)) if len(between) else np.nan
    return pace, float(between.std(ddof=1)) if len(between) > 1 else np.nan, width


def _measure_width(size: np.ndarray, places: np.ndarray, reach: int) -> float:
    """The median width of the complexes of one record, in places."""
    inside = [size[p - reach : p + reach + 1] for p in places if reach <= p < len(size) - reach]
    if not inside:
        return np.nan
    total = np.cumsum(np.stack(inside), axis=1)
    share = total / np.maximum(total[:, -1:], 1e-12)
    tail, place = (1 - QRS_ENERGY_SHARE) / 2, np.arange(share.shape[1])
    ends = [np.array([np.interp(level, row, place) for row in share]) for level in (tail, 1 - tail)]
    return float(np.median(ends[1] - ends[0]))
