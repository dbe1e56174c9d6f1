"""Survival curves by the product-limit estimate of Kaplan and Meier."""

from __future__ import annotations

import numpy as np


def compute_product_limit(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The times at which somebody leaves and the share that survives each, both rising in time.

    Kaplan and Meier 1958, equation 2b; records without a time are left out.

    Args:
        time: Until the event or the end of follow-up, (n,), NaN where unknown.
        event: Whether the event was seen, bool (n,).

    Example:
        >>> time, event = np.array([1.0, 2, 2, 3]), np.array([True, True, False, True])
        >>> compute_product_limit(time, event)
        (array([1., 2., 3.]), array([0.75, 0.5 , 0.  ]))
    """
    event, time = event[~np.isnan(time)], time[~np.isnan(time)]
    times, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, weights=event, minlength=len(times))
    risk = np.bincount(place, minlength=len(times))[::-1].cumsum()[::-1]
    return times, np.cumprod(1 - deaths / np.maximum(risk, 1))


def compute_survival_at(times: np.ndarray, share: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """A curve of `compute_product_limit` read at the times of a grid, same shape as the grid.

    Example:
        >>> compute_survival_at(np.array([1.0, 2.0]), np.array([0.75, 0.5]), np.array([0.5, 1.0, 9.0]))
        array([1.  , 0.75, 0.5 ])
    """
    return np.concatenate([[1.0], share])[np.searchsorted(times, grid, side="right")]
