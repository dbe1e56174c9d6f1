"""Disguise: pictures altered as people and programs alter them, so that a search can be tried on them."""

from __future__ import annotations

import numpy as np

TURN_DEGREES, CROP_SHARE, WARP_SHARE, NOISE_SHARE = (3.0, 10.0), (0.85, 0.95), (0.02, 0.04), (0.03, 0.08)
GAMMA_RANGE, JPEG_QUALITY = (0.6, 1.6), (15, 41)
JPEG_BLOCK = 8
JPEG_LUMINANCE_TABLE = np.array(  # ITU-T T.81, table K.1
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


def distort_images(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each picture moved in one way and recoloured in one way, float32 of the same shape.

    Moved: mirrored, turned by up to 10 degrees, cropped to 85 % or more, bent; recoloured: another gamma,
    noise, inverted, compressed as JPEG of quality 15 to 40 does, or left as it is.

    Args:
        x: Pictures (n, channels, *grid), of one axis or more.
        rng: Where the ways are drawn from.
    """
    found = np.empty(x.shape, dtype=np.float32)
    for i, one in enumerate(x):
        low, span = float(one.min()), float(np.ptp(one)) or 1.0
        shares = (one.astype(np.float32) - low) / span
        move, paint = (
            ways[rng.integers(len(ways))] for ways in (GEOMETRIC_DISTORTIONS, INTENSITY_DISTORTIONS)
        )
        found[i] = low + span * np.clip(paint(move(shares, rng), rng), 0, 1)
    return found


def interpolate(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A picture (channels, *grid) read at places (axes, *grid), between places by lines; edges go on."""
    from scipy.ndimage import map_coordinates

    return np.stack([map_coordinates(part, places, order=1, mode="nearest") for part in x])


def mirror(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrored along one axis."""
    return np.flip(x, axis=int(rng.integers(1, x.ndim)))


def rotate(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turned in the plane of its last two axes; of one axis cropped."""
    if x.ndim < 3:  # noqa: PLR2004 - channels and a plane
        return crop(x, rng)
    angle = np.deg2rad(rng.uniform(*TURN_DEGREES) * rng.choice((-1, 1)))
    centred, middle = _center_coordinates(x)
    down, right = centred[-2].copy(), centred[-1].copy()
    centred[-2] = down * np.cos(angle) - right * np.sin(angle)
    centred[-1] = down * np.sin(angle) + right * np.cos(angle)
    return interpolate(x, centred + middle)


def crop(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some part of it, brought back to its size."""
    share = rng.uniform(*CROP_SHARE)
    centred, middle = _center_coordinates(x)
    shift = rng.uniform(-1, 1, len(middle)).reshape(middle.shape) * (1 - share) * middle
    return interpolate(x, centred * share + middle + shift)


def warp(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Warped smoothly, by a few hundredths of its side (elastic deformation: Simard et al. 2003)."""
    from scipy.ndimage import gaussian_filter

    centred, middle = _center_coordinates(x)
    for axis in range(len(centred)):
        field = gaussian_filter(rng.standard_normal(x.shape[1:]), max(x.shape[1:]) / 8)
        centred[axis] += (
            field / max(float(np.abs(field).max()), 1e-9) * rng.uniform(*WARP_SHARE) * x.shape[axis + 1]
        )
    return interpolate(x, centred + middle)


def adjust_gamma(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With another gamma."""
    return np.clip(x, 0, 1) ** np.float32(rng.uniform(*GAMMA_RANGE))


def add_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Under white noise of some hundredths of its range."""
    return x + rng.uniform(*NOISE_SHARE) * rng.standard_normal(x.shape).astype(np.float32)


def invert(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001 - ways are called alike
    """Light for dark."""
    return 1 - x


def compress(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As JPEG of low quality leaves it: cosines of blocks of 8 by 8 places in coarse steps; planes only."""
    if x.ndim != 3:  # noqa: PLR2004 - channels and a plane
        return add_noise(x, rng)
    from scipy.fft import dctn, idctn

    quality = int(rng.integers(*JPEG_QUALITY))
    steps = np.clip(JPEG_LUMINANCE_TABLE * (5000 / quality / 100), 1, 255) / 255  # of quality below 50
    sides = [-side % JPEG_BLOCK for side in x.shape[1:]]
    full = np.pad(x, ((0, 0), (0, sides[0]), (0, sides[1])), mode="edge")
    channels, high, wide = full.shape
    blocks = full.reshape(channels, high // JPEG_BLOCK, JPEG_BLOCK, wide // JPEG_BLOCK, JPEG_BLOCK)
    cosines = np.asarray(dctn(blocks, axes=(2, 4), norm="ortho"))
    steps = steps[:, None, :]
    blocks = np.asarray(idctn(np.rint(cosines / steps) * steps, axes=(2, 4), norm="ortho"))
    return blocks.reshape(full.shape)[:, : x.shape[1], : x.shape[2]]


def keep_unchanged(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001 - ways are called alike
    """As it is."""
    return x


def _center_coordinates(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All places of a picture from its middle, (axes, *grid), and the middle."""
    grid = x.shape[1:]
    middle = np.array([(side - 1) / 2 for side in grid]).reshape(-1, *(1,) * len(grid))
    return np.indices(grid).astype(float) - middle, middle


GEOMETRIC_DISTORTIONS = (mirror, rotate, crop, warp)
INTENSITY_DISTORTIONS = (adjust_gamma, add_noise, invert, compress, keep_unchanged)
