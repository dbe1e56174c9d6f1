"""Signals, images and label maps as arrays and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from manikin.codecs.arrays import ArrayCodec
from manikin.cohort.cohort import Cohort
from manikin.core.seeds import Key
from manikin.encoding.spec import Categorical, Continuous
from manikin.errors import NotFitted, SchemaError, Unsupported
from manikin.schema.kinds import Image, Signal


def signals(n=6):
    """Two channels of other scales: 0, 1, ... around 10, and the same times 100."""
    wave = np.arange(n * 5, dtype=np.float32).reshape(n, 1, 5)
    return np.concatenate([wave + 10, wave * 100], axis=1)


def cohort(x, kind):
    return Cohort.from_arrays({"x": x}, {"x": kind})


def test_values_are_standardised_per_channel_over_all_records():
    codec = ArrayCodec().fit(cohort(signals(), Signal()), ["x"])
    z = codec.encode(cohort(signals(), Signal()))
    assert codec.spec.blocks == (Continuous(2),)
    assert codec.spec.grid == (5,)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.mean(axis=(0, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(z.std(axis=(0, 2)), 1, atol=1e-6)
    # One bright record stays brighter than the others: nothing is scaled per record.
    assert z[-1].mean() > z[0].mean() + 1


def test_decoding_restores_values_and_type_and_json_restores_the_codec():
    x = signals()
    codec = ArrayCodec().fit(cohort(x, Signal()), ["x"])
    again = ArrayCodec.from_dict(json.loads(json.dumps(codec.to_dict())))
    assert again == codec
    back = again.decode(again.encode(cohort(x, Signal())), Key(0))["x"].to_numpy_ndarray()
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, x, rtol=1e-5, atol=1e-3)


def test_decoded_values_stay_in_the_range_of_training():
    codec = ArrayCodec().fit(cohort(signals(), Signal()), ["x"])
    far = np.full((1, 2, 5), 50, dtype=np.float32)
    back = codec.decode(far, Key(0))["x"].to_numpy_ndarray()
    assert back[0, 0].max() == 39
    assert back[0, 1].max() == 2900


def test_whole_numbers_are_spread_with_a_key_and_come_back_whole():
    x = Key(0).numpy().integers(0, 17, size=(8, 1, 4, 3)).astype(np.uint8)
    codec = ArrayCodec().fit(cohort(x, Image()), ["x"])
    plain, spread = (codec.encode(cohort(x, Image()), key) for key in (None, Key(1)))
    assert not np.array_equal(plain, spread)
    assert np.array_equal(spread, codec.encode(cohort(x, Image()), Key(1)))
    for z in (plain, spread):
        back = codec.decode(z, Key(0))["x"].to_numpy_ndarray()
        assert back.dtype == np.uint8
        assert np.array_equal(back, x)


def test_missing_places_are_optional_and_do_not_count_in_the_scale():
    x = signals()
    x[0, 0, :2] = np.nan
    codec = ArrayCodec().fit(cohort(x, Signal()), ["x"])
    z = codec.encode(cohort(x, Signal()))
    assert codec.spec.blocks == (Continuous(2, optional=True),)
    np.testing.assert_allclose(np.nanmean(z, axis=(0, 2)), 0, atol=1e-6)
    assert np.array_equal(np.isnan(codec.decode(z, Key(0))["x"].to_numpy_ndarray()), np.isnan(x))


def test_a_constant_channel_stays_constant():
    codec = ArrayCodec().fit(cohort(np.full((3, 1, 4), 7.0), Signal()), ["x"])
    assert (codec.decode(np.ones((1, 1, 4)), Key(0))["x"].to_numpy_ndarray() == 7).all()


def test_a_label_map_is_categorical_on_its_grid():
    x = Key(0).numpy().integers(0, 3, size=(5, 1, 4, 6)).astype(np.int16)
    codec = ArrayCodec().fit(cohort(x, Image(levels=4)), ["x"])
    assert codec.spec.blocks == (Categorical(4, 1),)
    assert codec.spec.grid == (4, 6)
    again = ArrayCodec.from_dict(json.loads(json.dumps(codec.to_dict())))
    back = again.decode(again.encode(cohort(x, Image(levels=4)), Key(0)), Key(0))["x"].to_numpy_ndarray()
    assert back.dtype == np.int16
    assert np.array_equal(back, x)


def test_a_label_map_with_other_values_is_refused():
    with pytest.raises(SchemaError, match="'x': a label map of 2 levels"):
        ArrayCodec().fit(cohort(np.full((2, 1, 3, 3), 2), Image(levels=2)), ["x"])


def test_an_image_and_its_mask_share_a_grid_and_others_do_not():
    arrays = {
        "image": np.random.default_rng(0).normal(size=(4, 1, 3, 3)),
        "mask": np.ones((4, 1, 3, 3), dtype=int),
    }
    both = Cohort.from_arrays(arrays, {"image": Image(), "mask": Image(levels=2)})
    codec = ArrayCodec().fit(both, ["image", "mask"])
    assert codec.spec.blocks == (Continuous(1), Categorical(2, 1))
    back = codec.decode(codec.encode(both), Key(0))
    np.testing.assert_allclose(back["image"].to_numpy_ndarray(), arrays["image"], atol=1e-6)
    assert np.array_equal(back["mask"].to_numpy_ndarray(), arrays["mask"])
    other = Cohort.from_arrays({**arrays, "mask": np.ones((4, 1, 2, 2), dtype=int)}, both.schema)
    with pytest.raises(Unsupported, match="not on one grid"):
        ArrayCodec().fit(other, ["image", "mask"])


def test_records_of_another_shape_and_an_unfitted_codec_are_refused():
    codec = ArrayCodec().fit(cohort(signals(), Signal()), ["x"])
    with pytest.raises(SchemaError, match="'x': records of shape"):
        codec.encode(cohort(np.zeros((2, 2, 6)), Signal()))
    with pytest.raises(NotFitted):
        _ = ArrayCodec().spec


def test_a_wild_value_of_a_series_does_not_flatten_all_others():
    x = 7.4 + 0.1 * np.random.default_rng(0).standard_normal((50, 1, 8))
    x[np.random.default_rng(1).random(x.shape) < 0.2] = np.nan
    x[0, 0, 0] = 735
    series = cohort(x, Signal())
    codec = ArrayCodec().fit(series, ["x"])
    z = codec.encode(series)
    assert np.nanstd(z[1:]) > 0.5
    assert np.nanmax(z) < 20
    again = ArrayCodec.from_dict(json.loads(json.dumps(codec.to_dict())))
    assert again == codec
    (column,) = again.decode(z, Key(0)).values()
    back = column.to_numpy_ndarray()
    assert np.array_equal(np.isnan(back), np.isnan(x))
    inner = (x > np.nanquantile(x, 0.05)) & (x < np.nanquantile(x, 0.95))
    np.testing.assert_allclose(back[inner], x[inner], rtol=1e-5)
    assert np.nanmax(back) < 735  # one person's value is not stored


def gappy(x, seed=0, share=0.3):
    return np.where(np.random.default_rng(seed).random(x.shape) < share, np.nan, x).astype(np.float32)


def test_a_series_comes_back_on_the_values_that_are_recorded():
    rng = np.random.default_rng(0)
    rate = rng.normal(80, 12, size=(300, 1, 12)).round()
    rate[rng.random(rate.shape) < 0.1] += 0.5  # the mean of two
    saturation = np.minimum(100, rng.normal(98, 3, size=(300, 1, 12))).round()
    ph = rng.normal(7.4, 0.05, size=(300, 1, 12)).round(2)
    x = gappy(np.concatenate([rate, saturation, ph], axis=1))
    codec = ArrayCodec().fit(cohort(x, Signal()), ["x"])
    z = codec.encode(cohort(x, Signal()))
    noisy = z + 0.02 * rng.standard_normal(z.shape).astype(np.float32)
    back = codec.decode(noisy, Key(0))["x"].to_numpy_ndarray()
    for j, step in enumerate((1, 1, 0.01)):
        on = [np.isclose(y, np.round(y / step) * step, atol=1e-4) for y in (x[:, j], back[:, j])]
        seen = ~np.isnan(x[:, j])
        assert abs(on[0][seen].mean() - on[1][seen].mean()) < 0.08
    assert np.nanmean(back == x, where=~np.isnan(x)) > 0.5


def test_what_stays_the_same_in_a_series_keeps_one_score():
    level = np.random.default_rng(0).integers(3, 16, size=(100, 1, 1))
    x = gappy(np.broadcast_to(level, (100, 1, 24)).astype(np.float32))
    codec = ArrayCodec().fit(cohort(x, Signal()), ["x"])
    z = codec.encode(cohort(x, Signal()), Key(0))
    assert np.nanmax(np.nanmax(z, axis=2) - np.nanmin(z, axis=2)) == 0
    assert abs(np.nanmean(z)) < 0.1


def test_values_that_one_record_alone_repeats_are_not_kept():
    x = np.random.default_rng(0).integers(60, 100, size=(200, 1, 24)).astype(np.float32)
    x[0] = 71.37
    codec = ArrayCodec().fit(cohort(gappy(x), Signal()), ["x"])
    assert "71.37" not in json.dumps(codec.to_dict())


def test_a_parameter_that_nobody_has_stays_missing():
    x = gappy(np.random.default_rng(0).normal(size=(20, 2, 8)))
    x[:, 1] = np.nan
    codec = ArrayCodec().fit(cohort(x, Signal()), ["x"])
    back = codec.decode(np.zeros((4, 2, 8), dtype=np.float32), Key(0))["x"].to_numpy_ndarray()
    assert np.isnan(back[:, 1]).all()
    assert not np.isnan(back[:, 0]).any()


def test_the_spikes_of_a_waveform_are_no_tails():
    x = 0.01 * np.random.default_rng(0).standard_normal((20, 1, 50))
    x[:, :, ::25] += 1
    codec = ArrayCodec().fit(cohort(x, Signal()), ["x"])
    z = codec.encode(cohort(x, Signal()))
    assert z.max() == pytest.approx((x.max() - x.mean()) / x.std(), rel=1e-4)


def test_a_value_that_holds_in_training_holds_in_samples():
    weight = np.repeat(np.linspace(50, 90, 100)[:, None], 10, axis=1)
    weight[:5, 5:] += 8.0  # who is weighed again
    others = Key(0).numpy().normal(size=(100, 3, 10))
    x = np.concatenate([weight[:, None], others], axis=1).astype(np.float32)
    x[:, 1, ::2] = np.nan
    codec = ArrayCodec().fit(Cohort.from_arrays({"s": x}, {"s": Signal(rate=1)}), ["s"])
    z = codec.encode(Cohort.from_arrays({"s": x}, {"s": Signal(rate=1)}))
    rough = z + 0.05 * Key(1).numpy().standard_normal(z.shape)
    back = np.stack(codec.decode(rough.astype(np.float32), Key(0))["s"].to_numpy_ndarray())
    assert ((np.diff(back[:, 0], axis=1) == 0).mean(axis=1) >= 8 / 9).all()
    assert (back[:5, 0, 9] - back[:5, 0, 0] > 4).all()
    assert (np.diff(back[:, 2], axis=1) != 0).mean() > 0.9
