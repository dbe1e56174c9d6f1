"""Delineation: where the waves of an ECG begin and end, by NeuroKit2 (Makowski et al. 2021)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from manikin.core.extras import require
from manikin.errors import MissingExtra, Unsupported

MIN_PEAKS = 4  # R peaks from which waves are looked for
WAVE_ENDS = ("ECG_R_Onsets", "ECG_R_Offsets", "ECG_T_Offsets")


def compute_ecg_intervals(x: np.ndarray, rate: float) -> np.ndarray:
    """RMSSD, QRS duration and QT interval of single leads, medians over the beats of each, in seconds.

    By discrete wavelets (Martinez et al. 2004), as NeuroKit2 has them. RMSSD is the root mean square of
    successive differences of RR intervals.

    Args:
        x: One lead of each record (n, time), of some seconds.
        rate: In Hz.

    Returns:
        (n, 3), NaN where the waves are not found.

    Raises:
        Unsupported: NeuroKit2 is not installed.
    """
    try:
        neurokit2 = require("neurokit2", what="needs the package neurokit2", extra="signals")
    except MissingExtra as error:
        raise Unsupported(str(error)) from error
    return np.array([_delineate_lead(neurokit2, lead, rate) for lead in x]).reshape(len(x), 3)


def _delineate_lead(neurokit2: Any, lead: np.ndarray, rate: float) -> list[float]:  # noqa: ANN401 - the module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of beats whose waves are not found, and of few beats
        try:
            clean = neurokit2.ecg_clean(np.nan_to_num(lead).astype(float), sampling_rate=rate)
            peaks = neurokit2.ecg_peaks(clean, sampling_rate=rate)[1]["ECG_R_Peaks"]
            if len(peaks) < MIN_PEAKS:
                return [np.nan] * 3
            waves = neurokit2.ecg_delineate(clean, peaks, sampling_rate=rate, method="dwt")[1]
        except (ValueError, IndexError, ZeroDivisionError):  # what it raises where there is no ECG
            return [np.nan] * 3
        jumps = np.diff(peaks, n=2) / rate
        begin, end, last = (np.array(waves[end], dtype=float) for end in WAVE_ENDS)
        return [
            float(np.sqrt((jumps**2).mean())),
            _compute_median_interval(begin, end, rate),
            _compute_median_interval(begin, last, rate),
        ]


def _compute_median_interval(begin: np.ndarray, end: np.ndarray, rate: float) -> float:
    count = min(len(begin), len(end))
    found = end[:count] - begin[:count]
    return float(np.nanmedian(found)) / rate if not np.isnan(found).all() else np.nan
