"""Arithmetic of pictures: what is known by hand, and what must not change when a picture is turned."""

import numpy as np
import pytest

from manikin.imaging.analysis import (
    intensity,
    power_spectrum,
    random_patches,
    shape_features,
    texture_features,
)
from manikin.imaging.analysis.region_features import compute_region_features
from manikin.stats.downsample import downsample


def noise(*size, seed=0):
    return np.random.default_rng(seed).random(size).astype(np.float32)


def test_luminance_weighs_green_most():
    x = np.zeros((3, 3, 1, 1))
    x[np.arange(3), np.arange(3)] = 1
    assert intensity.to_grey(x)[:, 0, 0] == pytest.approx([0.299, 0.587, 0.114])


def test_an_average_keeps_the_mean_of_a_picture():
    x = noise(2, 30, 45)
    assert downsample(x, 15).mean(axis=(1, 2)) == pytest.approx(x.mean(axis=(1, 2)), rel=1e-5)
    assert downsample(x, 15).shape == (2, 15, 15)


def test_a_wave_stands_in_the_ring_of_its_frequency():
    wave = np.sin(2 * np.pi * 0.25 * np.arange(32))[None, None] * np.ones((1, 32, 1))
    rings = power_spectrum.compute_radial_spectrum(wave.astype(np.float32), bands=12)[0]
    assert rings.argmax() == int(0.25 / (0.5 * np.sqrt(2)) * 12)


def test_a_checkerboard_stands_in_the_corner():
    board = np.indices((32, 32)).sum(axis=0)[None] % 2
    assert (
        power_spectrum.compute_radial_spectrum(board.astype(np.float32))[0].argmax()
        == power_spectrum.BANDS - 1
    )


@pytest.mark.parametrize("grid", [(8, 8), (28, 28), (40, 33), (9, 12, 10)])
def test_texture_is_finite_on_any_grid(grid):
    x = np.concatenate([noise(3, 1, *grid), np.zeros((1, 1, *grid))])
    y = texture_features.compute_texture_features(x, 0, 1)
    assert y.shape == (4, 58)
    assert np.isfinite(y).all()


def test_texture_of_no_picture_is_an_empty_array():
    assert texture_features.compute_texture_features(noise(0, 1, 16, 16), 0, 1).shape == (0, 58)


def test_a_mirrored_picture_has_the_same_texture():
    x = noise(5, 1, 24, 24)
    assert texture_features.compute_texture_features(x[..., ::-1], 0, 1) == pytest.approx(
        texture_features.compute_texture_features(x, 0, 1), abs=2e-3
    )


def test_haralick_of_a_flat_picture():
    contrast, correlation, homogeneity, energy, entropy = texture_features.compute_glcm_features(
        np.zeros((1, 8, 8))
    )[0, :5]
    assert (contrast, correlation, homogeneity, energy) == (0, 1, 1, 1)
    assert entropy == pytest.approx(0, abs=1e-5)


def test_contrast_of_alternating_stripes():
    stripes = np.tile([0.0, 1.0], 8)[None, None].repeat(16, axis=1)
    contrast = np.expm1(texture_features.compute_glcm_features(stripes)[0, 0])
    pairs = {"along": 16 * 15, "across": 15 * 16, "aslant": 2 * 15 * 15}
    expected = 15**2 * (pairs["along"] + pairs["aslant"]) / sum(pairs.values())
    assert contrast == pytest.approx(expected)


def test_there_are_four_directions_in_a_plane_and_thirteen_in_a_volume():
    assert (len(texture_features._list_offsets(2, 1)), len(texture_features._list_offsets(3, 1))) == (4, 13)


def test_the_shape_of_a_square():
    x = np.zeros((2, 1, 16, 16), dtype=np.uint8)
    x[0, 0, 2:6, 8:12] = 1
    y = shape_features.compute_shape_features(x, 2)
    assert y[0, 0] == pytest.approx(np.sqrt(16 / 256))
    assert y[0, 1] == pytest.approx(np.log(2))  # one piece
    assert y[0, 2] == pytest.approx(2 * 3.5 / 15 - 1)
    assert y[0, 3] == pytest.approx(2 * 9.5 / 15 - 1)
    assert y[0, 6] == pytest.approx(1)  # sixteen edges over four times the side
    assert not y[1].any()


def test_what_is_bright_inside_a_region_is_seen():
    x, inside = np.zeros((2, 1, 8, 8)), np.zeros((2, 8, 8), dtype=bool)
    inside[:, 2:5, 2:5] = True
    x[0, 0][inside[0]] = 1.0
    y = compute_region_features(x, inside)
    assert y[0, 0] == pytest.approx(1 / x[0].std(), rel=1e-3)
    assert y[1, 0] == 0


def test_filters_are_the_same_from_the_same_key():
    x = noise(20, 1, 16, 16)
    first, second = (random_patches.fit_filters(x, 4, 1, 8, np.random.default_rng(0)) for _ in range(2))
    assert (first.centres == second.centres).all()
    assert random_patches.pool_activations(x, first).shape == (20, 32)


def test_activations_are_not_below_zero():
    x = noise(6, 2, 9, 9, 9)
    y = random_patches.pool_activations(x, random_patches.fit_filters(x, 3, 2, 4, np.random.default_rng(0)))
    assert y.shape == (6, 32)
    assert (y >= 0).all()
    assert y.any()
