"""Spectrum: how much of a picture's variance lies at which spatial frequency, whatever its direction."""

from __future__ import annotations

from functools import cache

import numpy as np

BANDS = 12
TINY = 1e-6  # of a picture's mean power is taken for nothing


def compute_radial_spectrum(x: np.ndarray, bands: int = BANDS) -> np.ndarray:
    """Mean log power in rings of equal width, from the lowest frequency to the corner, (n, bands).

    Grids of any number of axes. The mean is taken off and a Hann window laid over each picture, so that
    its border is no edge. Power is that of a picture with unit spacing; the corner holds what
    alternates along all axes at once, as the artefacts of upsampling do (Odena et al. 2016; Durall
    et al. 2020, equation 2).

    Args:
        x: Pictures float32 (n, *grid).
        bands: Number of rings.
    """
    grid = x.shape[1:]
    window, ring, count = _build_rings(grid, bands)
    axes = tuple(range(1, x.ndim))
    centred = (x - x.mean(axis=axes, keepdims=True)) * window
    power = (np.abs(np.fft.rfftn(centred, axes=axes)) ** 2).reshape(len(x), -1)
    flat = np.log(power + TINY * power.mean(axis=1, keepdims=True) + TINY**2)
    return (flat @ ring / count).astype(np.float32)


@cache
def _build_rings(grid: tuple[int, ...], bands: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The window, to which ring each frequency belongs as ones (places, bands), and how many there are."""
    window = np.ones(grid, dtype=np.float32)
    for axis, side in enumerate(grid):
        shape = [1] * len(grid)
        shape[axis] = side
        hann = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
        window = window * hann.reshape(shape)
    ends = [np.fft.fftfreq(side) for side in grid[:-1]] + [np.fft.rfftfreq(grid[-1])]
    mesh = np.meshgrid(*ends, indexing="ij")
    radius = np.sqrt(sum(part**2 for part in mesh)) / (0.5 * np.sqrt(len(grid)))
    place = np.minimum((radius * bands).astype(int), bands - 1).ravel()
    ring = np.eye(bands, dtype=np.float32)[place]
    ring[0] = 0  # the mean is no texture
    return window.astype(np.float32), ring, np.maximum(ring.sum(axis=0), 1)
