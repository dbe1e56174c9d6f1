import numpy as np
import pytest

from manikin.errors import Unsupported
from manikin.signals.analysis.delineation import compute_ecg_intervals

RATE = 250.0


def ecg(pace, qt, seconds=10):
    """A lead with a beat each `pace` seconds: a narrow R wave, and a T wave whose end moves with `qt`."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = t % pace
    r = np.exp(-(((phase - 0.3) / 0.012) ** 2)) - 0.2 * np.exp(-(((phase - 0.335) / 0.012) ** 2))
    p = 0.12 * np.exp(-(((phase - 0.14) / 0.03) ** 2))
    return r + p + 0.3 * np.exp(-(((phase - 0.3 - 0.7 * qt) / 0.045) ** 2))


def test_a_steady_rhythm_has_no_differences_and_an_uneven_one_has_them():
    even, uneven = ecg(0.8, 0.36), np.concatenate([ecg(0.8, 0.36, 4), ecg(1.0, 0.36, 6)])
    found = compute_ecg_intervals(np.stack([even, uneven]), RATE)[:, 0]
    assert found[0] == pytest.approx(0, abs=0.006)  # a place is .004 s
    assert found[1] > 0.03


def test_a_later_t_wave_is_a_longer_qt():
    short, long = compute_ecg_intervals(np.stack([ecg(1.0, 0.32), ecg(1.0, 0.42)]), RATE)[:, 2]
    assert long - short == pytest.approx(0.07, abs=0.03)  # the T wave lies .7 of .1 s later
    assert 0.25 < short < long < 0.6


def test_where_there_is_no_ecg_there_are_no_waves():
    flat, noise = np.zeros(2500), np.random.default_rng(0).normal(size=2500)
    found = compute_ecg_intervals(np.stack([flat, noise]), RATE)
    assert np.isnan(found[0]).all()
    assert found.shape == (2, 3)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "neurokit2", None)
    with pytest.raises(Unsupported, match=r"pip install 'manikin\[signals\]'"):
        compute_ecg_intervals(np.zeros((1, 100)), RATE)
