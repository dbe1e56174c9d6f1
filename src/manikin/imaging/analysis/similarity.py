"""Likeness: how near one picture comes to another of the same patient, place by place.

For what is made from another picture (T1 to T2, a noisy one to a clean one), where the true one is known.
"""

from __future__ import annotations

import numpy as np


def compute_psnr(made: np.ndarray, real: np.ndarray, span: float) -> np.ndarray:
    """Peak signal-to-noise ratio in dB, 10 log10(span^2 / mean squared error); more is better.

    Args:
        made: The pictures to judge, (n, channels, H, W) or (n, channels, D, H, W).
        real: The true ones.
        span: The range of values, the same for all pictures: one by one a dark picture would count more.

    Returns:
        One for each picture, (n,).
    """
    wrong = ((made.astype(float) - real) ** 2).reshape(len(real), -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(span**2 / wrong)
