"""Limb leads and pressures: what follows from other channels follows from them by construction."""

import numpy as np
import pyarrow as pa
import pytest

import manikin as mk
from manikin.codecs.arrays import ArrayCodec
from manikin.core import arrow
from manikin.core.seeds import Key
from manikin.errors import SchemaError

NAMES = ("I", "II", "III", "aVR", "aVL", "aVF", "V1")
KIND = mk.Signal(channels=NAMES, rate=100, unit="mV")


def ecg(n, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    one, two, chest = rng.normal(size=(3, n, 50))
    leads = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2, chest]
    return np.stack(leads, axis=1) + noise * rng.normal(size=(n, 7, 50))


def cohort(x, kind=KIND):
    return mk.Cohort.from_arrays({"ecg": x}, {"ecg": kind})


def decoded(codec, x):
    return arrow.to_array(pa.chunked_array([codec.decode(x, Key(0))["ecg"]]))


def test_leads_that_follow_are_not_modelled_and_come_back():
    codec = ArrayCodec().fit(cohort(ecg(40)), ["ecg"])
    assert codec.spec.channels == 3  # I, II, V1
    restored = ArrayCodec.from_dict(codec.to_dict())
    assert np.allclose(decoded(restored, codec.encode(cohort(ecg(40)))), ecg(40), atol=1e-5)


def test_the_law_holds_of_whatever_is_drawn():
    codec = ArrayCodec().fit(cohort(ecg(40, noise=0.02)), ["ecg"])
    drawn = np.random.default_rng(1).normal(size=(5, 3, 50)).astype(np.float32)
    x = decoded(codec, drawn)
    assert np.allclose(x[:, 2], x[:, 1] - x[:, 0])
    assert np.allclose(x[:, 3], -(x[:, 0] + x[:, 1]) / 2)


def test_leads_that_do_not_keep_the_law_are_modelled():
    codec = ArrayCodec().fit(cohort(ecg(40, noise=0.5)), ["ecg"])
    assert codec.spec.channels == 7


def test_one_lead_tells_another():
    codec = ArrayCodec().fit(cohort(ecg(40)), ["ecg"])
    x = ecg(4)
    whole = codec.encode(cohort(x))
    torn = x.copy()
    torn[:, [0, 3, 4, 5]] = np.nan  # II and III are left, and V1
    assert np.allclose(codec.encode(cohort(torn)), whole, atol=1e-5)
    torn[:, [1, 2]] = np.nan
    found = codec.encode(cohort(torn))
    assert np.isnan(found[:, :2]).all()
    assert np.allclose(found[:, 2], whole[:, 2])


def test_a_lead_that_tells_only_a_relation_is_refused():
    codec = ArrayCodec().fit(cohort(ecg(40)), ["ecg"])
    torn = ecg(2)
    torn[:, [0, 1, 3, 4, 5]] = np.nan
    with pytest.raises(SchemaError, match="given without I and II"):
        codec.encode(cohort(torn))


def stays(n, rng):
    """Hours of heart rate, diastolic, mean and systolic pressure, half of the cells missing."""
    low = rng.normal(60, 8, (n, 24))
    x = np.stack([rng.normal(80, 9, (n, 24)), low, low + rng.uniform(5, 15, low.shape), low + 40], axis=1)
    return np.where(rng.random(x.shape) < 0.5, np.nan, x)


def test_pressures_come_out_in_their_order():
    kind = mk.Signal(channels=("HR", "DiasABP", "MAP", "SysABP"), rate=1 / 3600)
    codec = ArrayCodec().fit(cohort(stays(60, np.random.default_rng(0)), kind), ["ecg"])
    codec = ArrayCodec.from_dict(codec.to_dict())
    drawn = np.random.default_rng(1).normal(size=(30, 4, 24)).astype(np.float32)
    drawn[np.random.default_rng(2).random(drawn.shape) < 0.3] = np.nan
    x = decoded(codec, drawn)
    assert (np.isnan(x) == np.isnan(drawn)).all()
    low, middle, high = (x[:, j] for j in (1, 2, 3))
    assert not ((low > middle) | (middle > high) | (low > high)).any()
    assert (low < high).sum() > 100


def test_pressures_that_do_not_keep_their_order_are_left_alone():
    kind = mk.Signal(channels=("HR", "SysABP", "MAP", "DiasABP"), rate=1 / 3600)  # called the wrong way
    codec = ArrayCodec().fit(cohort(stays(60, np.random.default_rng(0)), kind), ["ecg"])
    assert codec.to_dict()["ecg"]["ordered"] == []
