"""Alignment: a picture is found again however it was altered, and strangers are not."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, rotate

from manikin.imaging.analysis.pose_matching import match_images, normalize_images
from manikin.stats.nearest_neighbors import assess_near_matches, compute_match_limit

N = 40


def blobs(n, *grid, seed=0):
    rng = np.random.default_rng(seed)
    return gaussian_filter(rng.random((n, 1, *grid)), (0, 0, *(1.5,) * len(grid))).astype(np.float32)


X = blobs(N, 28, 28)
KNOWN = normalize_images(X)


def crop(x):
    inner = x[..., 2:26, 2:26]
    places = np.linspace(0, 23, 28)
    low = np.minimum(places.astype(int), 22)
    for axis in (-2, -1):
        part = (places - low).reshape((-1, 1) if axis == -2 else (1, -1))
        inner = np.take(inner, low, axis) * (1 - part) + np.take(inner, low + 1, axis) * part
    return inner


ALTERED = {
    "as it is": lambda x: x,
    "mirrored": lambda x: x[..., ::-1],
    "upside down": lambda x: x[..., ::-1, :],
    "turned by a quarter": lambda x: np.rot90(x, axes=(-2, -1)),
    "shifted": lambda x: np.roll(x, 3, axis=-1),
    "of another contrast": lambda x: 3 + 2 * x**0.4,
    "inverted": lambda x: 1 - x,
    "cropped": crop,
    "blurred": lambda x: gaussian_filter(x, (0, 0, 1, 1)),
    "turned by 8 degrees": lambda x: rotate(x, 8, axes=(-2, -1), reshape=False, order=1, mode="nearest"),
    "noisy": lambda x: x + 0.02 * np.random.default_rng(3).standard_normal(x.shape),
}


@pytest.mark.parametrize("way", ALTERED)
def test_an_altered_picture_is_found_again(way):
    near = match_images(normalize_images(ALTERED[way](X)), KNOWN, np.arange(N))
    assert (near.positions == np.arange(N)).mean() > 0.95
    assert np.median(near.ratios) < 0.5
    strangers = match_images(normalize_images(blobs(N, 28, 28, seed=1)), KNOWN, np.arange(N))
    assert np.median(near.ratios) < np.quantile(strangers.ratios, 0.01)


def test_a_picture_is_not_compared_with_those_of_its_own_subject():
    owner = np.arange(N) // 2
    near = match_images(KNOWN, KNOWN, owner, apart=owner)
    assert (owner[near.positions] != owner).all()
    assert (near.distances > 0).all()


def test_the_second_is_of_another_subject():
    twice = np.concatenate([KNOWN, KNOWN])
    near = match_images(KNOWN, twice, np.tile(np.arange(N), 2))
    assert (near.distances == 0).all()
    assert (near.second_distances > 0.1).all()


def test_a_mirrored_volume_is_found_again():
    volumes = blobs(12, 10, 12, 14)
    near = match_images(normalize_images(volumes[..., ::-1]), normalize_images(volumes), np.arange(12))
    assert near.positions.tolist() == list(range(12))


def test_flat_pictures_are_alike_to_none():
    near = match_images(normalize_images(np.zeros((2, 1, 28, 28))), KNOWN, np.arange(N))
    assert near.distances == pytest.approx([1, 1])
    assert near.ratios == pytest.approx([1, 1])


def test_strangers_are_no_matches_and_copies_are():
    rng = np.random.default_rng(0)
    real = np.sqrt(rng.random(400))
    from manikin.stats.nearest_neighbors import NearestNeighbors

    far = np.sqrt(rng.random(200))
    strangers = NearestNeighbors(np.arange(200), far, np.ones(200))
    assert assess_near_matches([(strangers, real, 0.0)])[0] > 0.01
    leaked = NearestNeighbors(np.arange(200), np.where(np.arange(200) < 10, 1e-3, far), np.ones(200))
    chance, excess = assess_near_matches([(leaked, real, 0.0)])
    assert chance < 1e-6
    assert 5 <= excess <= 10
    assert compute_match_limit(real, 1e-3) < compute_match_limit(real, 1e-2)
