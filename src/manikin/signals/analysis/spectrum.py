"""Spectra: at which frequencies the power of a signal lies, and how it resembles itself later on."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from manikin.signals.analysis.interpolate import interpolate_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable

BANDS = 10
AMPLITUDE_BANDS = 16  # bands in which amplitudes are kept
LAG_COUNT = 12
TINY = 1e-6  # of a channel's mean power is taken for nothing


def compute_band_power(x: np.ndarray, bands: int = BANDS) -> np.ndarray:
    """Log power of each channel in bands that widen geometrically, (n, channels, bands).

    The mean is taken off and a Hann window laid over each record (Welch 1967, with one segment), so
    that its ends are no edge. The first band is the slowest wave, the last ends at half the rate.

    Args:
        x: Signals (n, channels, time); gaps are crossed by straight lines.
        bands: Number of bands; short signals have fewer.
    """
    return np.log(compute_power_spectrum(x) @ _build_band_weights(x.shape[2], bands) + TINY**2).astype(
        np.float32
    )


def compute_power_spectrum(x: np.ndarray) -> np.ndarray:
    """The power of each channel at each frequency but 0, float32 (n, channels, time // 2).

    A share of a millionth of the mean is added, so that what is empty has a logarithm.
    """
    y = interpolate_gaps(x)
    window = np.sin(np.pi * (np.arange(x.shape[2]) + 0.5) / x.shape[2]) ** 2
    y = (y - y.mean(axis=2, keepdims=True)) * window.astype(np.float32)
    found = np.abs(np.fft.rfft(y, axis=2)[..., 1:]) ** 2 / x.shape[2]
    return (found + TINY * found.mean(axis=2, keepdims=True)).astype(np.float32)


def compute_dct_amplitudes(chunks: Iterable[np.ndarray]) -> np.ndarray:
    """Root mean squares of each channel in rising bands of the cosine transform, (channels, bands).

    Args:
        chunks: Signals (n, channels, time) without gaps, some at a time.
    """
    from scipy.fft import dct

    powers = [(len(x), (np.asarray(dct(x, axis=2, norm="ortho")) ** 2).mean(axis=0)) for x in chunks]
    counts, means = zip(*powers, strict=True)
    mean = np.average(means, axis=0, weights=counts)
    return np.sqrt(
        np.stack([mean[:, a:b].mean(axis=1) for a, b in pairwise(_find_band_edges(mean.shape[1]))], axis=1)
    )


def interpolate_amplitudes(found: np.ndarray, length: int) -> np.ndarray:
    """Amplitudes in bands (bands,) at all frequencies, (length,): straight lines in logarithms."""
    edges = _find_band_edges(length)
    middle = np.log((edges[:-1] + edges[1:] + 1) / 2)
    return np.exp(
        np.interp(np.log(np.arange(length) + 1), middle, np.log(np.maximum(found, TINY * found.max())))
    )


def _find_band_edges(length: int) -> np.ndarray:
    """Where bands of the cosine transform begin and end, evenly in logarithms."""
    return np.unique(np.r_[0, np.rint(np.geomspace(1, length, min(length, AMPLITUDE_BANDS)))]).astype(int)


def compute_autocorrelation(x: np.ndarray) -> np.ndarray:
    """How each channel goes with itself so many places later, float32 (n, channels, time).

    The biased estimate (Box and Jenkins 1970, section 2.1.5): 1 at lag 0, and 0 throughout for a channel
    that does not vary.
    """
    y = interpolate_gaps(x)
    y = y - y.mean(axis=2, keepdims=True)
    length = x.shape[2]
    spectrum = np.abs(np.fft.rfft(y, 2 * length, axis=2)) ** 2
    found = np.fft.irfft(spectrum, 2 * length, axis=2)[..., :length]
    whole = found[..., :1]
    flat = whole <= 1e-12 * np.maximum((interpolate_gaps(x) ** 2).sum(axis=2, keepdims=True), 1e-30)
    return np.where(flat, 0.0, found / np.where(flat, 1.0, whole)).astype(np.float32)


def choose_lags(length: int, count: int = LAG_COUNT) -> np.ndarray:
    """Lags from one place to half the length, closer together where they are short.

    Example:
        >>> choose_lags(48, 6).tolist()
        [1, 2, 4, 7, 13, 24]
    """
    return np.unique(np.rint(np.geomspace(1, max(length // 2, 1), count)).astype(int))


def correlate_channels(x: np.ndarray, most: int) -> np.ndarray:
    """The correlation of each pair of the first `most` channels at the same time, (n, pairs)."""
    y = interpolate_gaps(x[:, :most])
    y = y - y.mean(axis=2, keepdims=True)
    size = np.sqrt((y**2).sum(axis=2))
    cross = np.einsum("nat,nbt->nab", y, y)
    scale = size[:, :, None] * size[:, None, :]
    first, second = np.triu_indices(y.shape[1], 1)
    r = np.where(scale > 0, cross / np.where(scale > 0, scale, 1.0), 0.0)
    return r[:, first, second].astype(np.float32)


@cache
def _build_band_weights(length: int, bands: int) -> np.ndarray:
    """To which band each frequency but 0 belongs, as means (time // 2, bands)."""
    count = length // 2
    edges = np.unique(np.rint(np.geomspace(1, count + 1, bands + 1)).astype(int))
    place = np.searchsorted(edges, np.arange(1, count + 1), side="right") - 1
    one = np.eye(len(edges) - 1, dtype=np.float32)[np.clip(place, 0, len(edges) - 2)]
    return one / np.maximum(one.sum(axis=0), 1)
