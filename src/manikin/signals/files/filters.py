"""Resampling and filtering of one trace, across gaps and without moving it in time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from manikin.schema.kinds import Signal

SignalTransform = Callable[[np.ndarray], np.ndarray]
_RATE_TOLERANCE = 1e-4
"""Rates as near as this, as a share, are one rate: headers round them."""
_FILTER_ORDER = 3
_NOTCH_QUALITY = 30.0
_MAX_DENOMINATOR = 10_000
"""Rates are taken as ratios of whole numbers up to this."""


def is_same_rate(rate: float, target: float) -> bool:
    """Whether two rates in Hz are one rate."""
    return abs(rate / target - 1) <= _RATE_TOLERANCE


def describe_filters(kind: Signal) -> list[str]:
    """What is filtered, in words: nothing undoes it."""
    notes = []
    if kind.band:
        notes.append(f"filtered to {kind.band[0]:g} to {kind.band[1]:g} Hz, as declared (0: open)")
    if kind.notch:
        notes.append(f"{kind.notch:g} Hz is taken out, as declared")
    return notes


def resample(x: np.ndarray, rate: float, target: float) -> np.ndarray:
    """A trace at another rate, by a polyphase filter that leaves no alias (Crochiere and Rabiner 1983).

    Gaps are bridged by straight lines for the filter and are gaps again afterwards.

    Args:
        x: Values, (n,), NaN for missing.
        rate: Of `x`, in Hz.
        target: The rate asked for, in Hz.

    Example:
        >>> resample(np.arange(8.0), 4.0, 2.0).round(6).tolist()
        [0.0, 2.0, 4.0, 6.0]
    """
    from scipy.signal import resample_poly

    ratio = Fraction(target / rate).limit_denominator(_MAX_DENOMINATOR)
    if ratio == 1 or not len(x):
        return x
    bridged, gap = _bridge_gaps(x)
    y = resample_poly(bridged, ratio.numerator, ratio.denominator, padtype="line")
    if gap.any():
        nearest = np.minimum(np.arange(len(y)) * ratio.denominator // ratio.numerator, len(x) - 1)
        y[gap[nearest]] = np.nan
    return y


def apply_filters(x: np.ndarray, rate: float, band: tuple[float, ...], notch: float | None) -> np.ndarray:
    """A trace through a Butterworth band-pass and a notch, forwards and backwards: no delay.

    Args:
        x: Values, (n,), NaN for missing; gaps stay gaps.
        rate: In Hz.
        band: The lowest and the highest frequency that pass, in Hz; 0 leaves a side open; empty: all pass.
        notch: A frequency to take out, such as that of mains, in Hz; None: none.

    Example:
        >>> t = np.arange(1000) / 250
        >>> mains = apply_filters(np.sin(2 * np.pi * 50 * t), 250.0, (), 50.0)
        >>> bool(np.abs(mains[200:800]).max() < 0.05)
        True
    """
    from scipy.signal import butter, filtfilt, iirnotch, sosfiltfilt

    bridged, gap = _bridge_gaps(x)
    low, high = band or (0.0, 0.0)
    kind = {(True, True): "bandpass", (True, False): "highpass", (False, True): "lowpass"}
    sides = (low > 0, 0 < high < rate / 2)
    if sides in kind:
        edges = [edge for edge, used in zip((low, high), sides, strict=True) if used]
        edges = edges if len(edges) > 1 else edges[0]
        bridged = sosfiltfilt(butter(_FILTER_ORDER, edges, kind[sides], fs=rate, output="sos"), bridged)
    if notch and notch < rate / 2:
        bridged = filtfilt(*iirnotch(notch, _NOTCH_QUALITY, fs=rate), bridged)
    return np.where(gap, np.nan, bridged)


def _bridge_gaps(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The trace with straight lines across its gaps, and where they are."""
    gap = np.isnan(x)
    if not gap.any() or gap.all():
        return np.where(gap, 0.0, x), gap
    places = np.arange(len(x))
    return np.interp(places, places[~gap], x[~gap]), gap
