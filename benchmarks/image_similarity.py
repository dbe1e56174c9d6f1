"""Likeness of pictures, place by place: mean absolute error, SSIM and HaarPSI.

For what is made from another picture (T1 to T2, a noisy one to a clean one), where the true one is known.
All take arrays (n, channels, H, W) or (n, channels, D, H, W) and give (n,).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d, gaussian_filter

WINDOW_SIGMA = 1.5  # standard deviation of the window, in places
LUMINANCE_CONSTANT, CONTRAST_CONSTANT = 0.01, 0.03
AVERAGE_KERNEL = (0.5, 0.5)
HAAR_SCALES = 3
STABILITY_CONSTANT, LOGISTIC_SLOPE = 30 / 255, 4.2


def compute_mae(made: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Mean absolute error, in the unit of the pictures; 0 best."""
    return np.abs(made.astype(float) - real).reshape(len(real), -1).mean(axis=1)


def compute_ssim(made: np.ndarray, real: np.ndarray, span: float) -> np.ndarray:
    """Structural similarity (Wang et al. 2004, equation 13) in Gaussian windows, the mean; 1 best.

    Args:
        made: The pictures to judge.
        real: The true ones.
        span: The range of values.
    """
    x, y = made.astype(float), real.astype(float)
    mx, my = _smooth(x), _smooth(y)
    vx, vy, cov = _smooth(x * x) - mx**2, _smooth(y * y) - my**2, _smooth(x * y) - mx * my
    c, d = (LUMINANCE_CONSTANT * span) ** 2, (CONTRAST_CONSTANT * span) ** 2
    likeness = (2 * mx * my + c) * (2 * cov + d) / ((mx**2 + my**2 + c) * (vx + vy + d))
    return likeness.reshape(len(real), -1).mean(axis=1)


def compute_haarpsi(made: np.ndarray, real: np.ndarray, span: float) -> np.ndarray:
    """Haar wavelet-based perceptual similarity (Reisenhofer et al. 2018), of grey slices; 1 best.

    Of all such measures without a network it agrees best with what radiologists see. Channels
    (and the slices of volumes) are taken one by one, and their mean is given.

    Args:
        made: The pictures to judge.
        real: The true ones.
        span: The range of values.
    """
    flat = [x.reshape(-1, *x.shape[-2:]).astype(float) / span for x in (made, real)]
    found = np.array([_compute_slice_haarpsi(a, b) for a, b in zip(*flat, strict=True)])
    return found.reshape(len(real), -1).mean(axis=1)


def _smooth(x: np.ndarray) -> np.ndarray:
    return gaussian_filter(x, (0, 0, *(WINDOW_SIGMA,) * (x.ndim - 2)), truncate=3.5, mode="reflect")


def _compute_slice_haarpsi(a: np.ndarray, b: np.ndarray) -> float:
    a, b = (_halve_size(x) for x in (a, b))
    total, weights = 0.0, 0.0
    for axis in (0, 1):
        fine = [[np.abs(_filter_haar(x, axis, scale)) for scale in range(HAAR_SCALES)] for x in (a, b)]
        alike = [
            (2 * p * q + STABILITY_CONSTANT**2) / (p**2 + q**2 + STABILITY_CONSTANT**2)
            for p, q in zip(fine[0][:-1], fine[1][:-1], strict=True)
        ]
        weight = np.maximum(fine[0][-1], fine[1][-1])
        total += float((1 / (1 + np.exp(-LOGISTIC_SLOPE * np.mean(alike, axis=0))) * weight).sum())
        weights += float(weight.sum())
    mean = total / weights if weights else 1 / (1 + np.exp(-LOGISTIC_SLOPE))
    return float((np.log(mean / (1 - mean)) / LOGISTIC_SLOPE) ** 2)


def _halve_size(x: np.ndarray) -> np.ndarray:
    """Every second place of the averages of two by two, as the measure is defined."""
    return correlate1d(correlate1d(x, AVERAGE_KERNEL, 0), AVERAGE_KERNEL, 1)[::2, ::2]


def _filter_haar(x: np.ndarray, axis: int, scale: int) -> np.ndarray:
    """Coefficients of the Haar wavelet 2, 4 or 8 places wide, across one axis."""
    length = 2 ** (scale + 1)
    smooth, step = np.full(length, 1 / length), np.repeat((1.0, -1.0), length // 2)
    return correlate1d(correlate1d(x, step, axis, mode="constant"), smooth, 1 - axis, mode="constant")
