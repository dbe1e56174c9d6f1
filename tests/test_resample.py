"""Other sizes without distortion, and levels of label maps."""

from __future__ import annotations

import numpy as np
import pytest

from manikin.errors import SchemaError
from manikin.imaging import label_maps
from manikin.imaging.files import resize


def test_shrinking_is_the_mean_of_the_area():
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert resize.fit_to_size(x, (2, 2)).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]


@pytest.mark.parametrize(("old", "new"), [(7, 3), (3, 7), (5, 5), (218, 64)])
def test_weights_sum_to_one_and_keep_a_constant(old, new):
    weights = resize.build_resampling_matrix(old, new)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    x = np.full((2, old, old), 7, np.int16)
    assert (resize.fit_to_size(x, (new, new)) == 7).all()


def test_the_rest_is_background_and_nothing_is_distorted():
    x = np.full((1, 4, 8), -1024, np.int16)
    x[0, 1:3, 3:5] = 100
    square = resize.fit_to_size(x, (8, 8))
    assert (square[0, [0, 1, 6, 7]] == -1024).all()
    assert (square[0, 2:6] == x[0]).all()


def test_a_label_map_gets_no_new_level():
    x = np.random.default_rng(0).choice([0, 3], (1, 9, 9)).astype(np.uint8)
    assert set(np.unique(resize.fit_to_size(x, (4, 6), labels=True))) <= {0, 3}


def test_volumes_are_resampled_too():
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(
        resize.fit_to_size(x, (4, 4, 4)), x.reshape(1, 4, 2, 4, 2, 4, 2).mean(axis=(2, 4, 6)), atol=1e-6
    )


def test_levels_and_back():
    x = np.array([[[[0, 100], [200, 0]]]], dtype=np.uint8)
    numbered, table, note = label_maps.to_levels(x, "mask")
    assert numbered.tolist() == [[[[0, 1], [2, 0]]]]
    assert table == [0, 100, 200]
    assert "0, 100, 200" in note
    assert (label_maps.from_levels(numbered, table) == x).all()
    with pytest.raises(SchemaError, match="'mask'"):
        label_maps.to_levels(np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16), "mask")
    with pytest.raises(SchemaError, match="'mask'"):
        label_maps.to_levels(np.array([[[[0, 1, 2]]]]), "mask", declared=2)
