"""Filters: what stands at and around each place of a picture, for classifiers of single pixels."""

from __future__ import annotations

import numpy as np

from manikin.stats.downsample import downsample

SIGMAS = (1.0, 2.5, 6.0)


def compute_filter_responses(x: np.ndarray, most: int) -> np.ndarray:
    """Vectors of every place, float32 (n, places, d).

    Intensities, their Gaussians, gradient magnitudes and Laplacians at three scales, the picture's mean
    and spread, and the place itself: the filters of Arganda-Carreras et al. 2017 (Trainable Weka
    segmentation) that cost least.

    Args:
        x: Pictures (n, channels, *grid).
        most: Places along each axis, down to which larger pictures are averaged.
    """
    from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

    flat = downsample(x.reshape(-1, *x.shape[2:]), most)
    grid = flat.shape[1:]
    flat = flat.reshape(*x.shape[:2], *grid)
    first = flat.mean(axis=1)
    blocks = [*np.moveaxis(flat, 1, 0)]
    axes = tuple(range(1, first.ndim))
    for sigma in SIGMAS:
        blurred = gaussian_filter(first, sigma, axes=axes)
        wide = gaussian_filter(first, 1.6 * sigma, axes=axes)
        blocks += [blurred, blurred - wide, gaussian_gradient_magnitude(first, sigma, axes=axes)]
    shape = (len(x), *(1,) * len(grid))
    blocks += [part.reshape(shape) for part in (first.mean(axis=axes), first.std(axis=axes))]
    blocks += list(
        np.stack(np.meshgrid(*[np.linspace(-1, 1, side) for side in grid], indexing="ij"))[:, None]
    )
    full = [np.broadcast_to(block, (len(x), *grid)).reshape(len(x), -1) for block in blocks]
    return np.stack(full, axis=2).astype(np.float32)
