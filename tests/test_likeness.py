"""Likeness: cases known by hand, and the order of damages."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from manikin.imaging.analysis.similarity import compute_psnr

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from image_similarity import compute_haarpsi, compute_mae, compute_ssim

rng = np.random.default_rng(0)
REAL = 255 * (gaussian_filter(rng.normal(size=(3, 1, 48, 40)), (0, 0, 2, 2)) * 2 + 0.5).clip(0, 1)


def test_equal_pictures():
    assert compute_mae(REAL, REAL).tolist() == [0, 0, 0]
    assert np.isinf(compute_psnr(REAL, REAL, 255)).all()
    assert compute_ssim(REAL, REAL, 255) == pytest.approx(np.ones(3))
    assert compute_haarpsi(REAL, REAL, 255) == pytest.approx(np.ones(3))


def test_a_known_error():
    assert compute_mae(REAL + 10, REAL) == pytest.approx(np.full(3, 10))
    assert compute_psnr(REAL + 25.5, REAL, 255) == pytest.approx(np.full(3, 20.0))


def test_flat_pictures_by_the_equation():
    """No variance: what is left of SSIM is the luminance."""
    a, b, c = np.full((1, 1, 16, 16), 100.0), np.full((1, 1, 16, 16), 150.0), (0.01 * 255) ** 2
    assert compute_ssim(a, b, 255)[0] == pytest.approx((2 * 100 * 150 + c) / (100**2 + 150**2 + c))


def test_more_damage_is_worse():
    blurred = [gaussian_filter(REAL, (0, 0, width, width)) for width in (0.7, 1.5, 3)]
    for measure in (compute_ssim, compute_haarpsi, compute_psnr):
        found = [measure(x, REAL, 255).mean() for x in blurred]
        assert found == sorted(found, reverse=True)
    assert 0 <= compute_haarpsi(blurred[-1], REAL, 255).mean() < 0.7


def test_volumes_are_taken_slice_by_slice():
    volume = np.stack([REAL[:2, 0], REAL[1:, 0]], axis=1)[:, None]
    assert volume.shape == (2, 1, 2, 48, 40)
    blurred = gaussian_filter(volume, (0, 0, 0, 2, 2))
    slices = (
        compute_haarpsi(blurred[:, :, 0], volume[:, :, 0], 255),
        compute_haarpsi(blurred[:, :, 1], volume[:, :, 1], 255),
    )
    assert compute_haarpsi(blurred, volume, 255) == pytest.approx(np.mean(slices, axis=0))
    assert compute_ssim(volume, volume, 255) == pytest.approx(np.ones(2))
