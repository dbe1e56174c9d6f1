"""Disguise and registration: alterations are moderate, of every kind, and undone by an affine map."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from manikin.imaging.analysis.distortions import (
    GEOMETRIC_DISTORTIONS,
    INTENSITY_DISTORTIONS,
    compress,
    distort_images,
)
from manikin.imaging.analysis.registration import register_images
from manikin.signals.analysis import distortions as waves

RNG = np.random.default_rng(0)
SMOOTH = gaussian_filter(RNG.standard_normal((3, 1, 40, 40)), (0, 0, 3, 3)).astype(np.float32)


@pytest.mark.parametrize("shape", [(4, 1, 24, 20), (4, 3, 17, 17), (2, 1, 8, 9, 10), (3, 1, 30)])
def test_altered_pictures_keep_shape_and_range(shape):
    x = RNG.integers(0, 255, shape)
    found = distort_images(x, np.random.default_rng(1))
    assert found.shape == shape
    assert np.isfinite(found).all()
    for one, other in zip(found, x, strict=True):
        assert other.min() - 0.01 <= one.min() <= one.max() <= other.max() + 0.01


@pytest.mark.parametrize(
    "way", [*GEOMETRIC_DISTORTIONS, *INTENSITY_DISTORTIONS], ids=lambda way: way.__name__
)
def test_each_way_alters_a_little(way):
    x = (SMOOTH[0] - SMOOTH[0].min()) / np.ptp(SMOOTH[0])
    found = way(x, np.random.default_rng(2))
    assert found.shape == x.shape
    assert (way.__name__ == "keep_unchanged") == np.array_equal(found, x)


def test_compression_takes_grain_and_leaves_the_rest():
    x = np.clip(0.5 + 0.2 * SMOOTH[0] / SMOOTH[0].std(), 0, 1)
    grain = 0.02 * RNG.standard_normal(x.shape)
    found = compress(x + grain, np.random.default_rng(3))
    assert np.abs(found - x).mean() < 0.04
    assert len(np.unique(np.round(np.abs(found - x - grain), 6))) > 10


@pytest.mark.parametrize("degrees", [-9.0, 4.0, 10.0])
def test_a_turned_and_inverted_picture_is_registered(degrees):
    from scipy.ndimage import rotate

    turned = rotate(SMOOTH[:, 0], degrees, axes=(1, 2), reshape=False, order=1, mode="nearest")
    start = np.tile(np.eye(2, 3), (3, 1, 1))
    r, maps = register_images(5 - 3 * turned, SMOOTH[:, 0], start, 15)
    assert (r > 0.98).all()
    angle = np.rad2deg(np.arctan2(maps[:, 0, 1], maps[:, 0, 0]))
    assert np.abs(angle) == pytest.approx(abs(degrees), abs=1)


def test_strangers_and_flat_pictures_are_not_made_alike():
    start = np.tile(np.eye(2, 3), (3, 1, 1))
    r, _ = register_images(np.roll(SMOOTH[:, 0], 1, axis=0), SMOOTH[:, 0], start)
    assert (r < 0.9).all()
    flat, _ = register_images(np.ones((3, 40, 40), np.float32), SMOOTH[:, 0], start)
    assert flat.tolist() == [0, 0, 0]


def test_altered_signals_keep_gaps_and_scale():
    x = np.sin(np.arange(200) / 7)[None, None] + np.zeros((6, 2, 1))
    x[:, 1] = np.nan
    found = waves.distort_signals(x, np.random.default_rng(4))
    assert found.shape == x.shape
    assert np.isnan(found[:, 1]).all()
    assert (found[:, 0].std(axis=1) > 0.3).all()
    assert (found[:, 0].std(axis=1) < 1.3).all()
