"""Arithmetic of signals, against values known by hand."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.features.dynamics import Dynamics
from manikin.features.encoder import Encoder
from manikin.schema.kinds import Signal
from manikin.signals.analysis.features import compute_series_features, compute_waveform_features
from manikin.signals.analysis.interpolate import compute_changes, compute_missing_share, interpolate_gaps
from manikin.signals.analysis.qrs import compute_rhythm, detect_r_peaks, is_ecg
from manikin.signals.analysis.shift_matching import (
    compute_channel_deviations,
    compute_max_correlation,
    match_signals,
    normalize_signals,
)
from manikin.signals.analysis.spectrum import (
    choose_lags,
    compute_autocorrelation,
    compute_band_power,
    compute_power_spectrum,
    correlate_channels,
)

RATE = 100.0


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def ecg(n, seconds=8, pace=72, seed=0):
    """Spikes at an even pace, each record from another moment on, and the seconds of the first spikes."""
    start = np.random.default_rng(seed).uniform(0, 60 / pace, (n, 1))
    t = np.arange(round(seconds * RATE)) / RATE
    beat = (t - start) % (60 / pace)
    return np.exp(-(((beat - 0.2) / 0.015) ** 2))[:, None] + 0.01 * noise(n, 1, len(t), seed=seed), start


def test_gaps_are_crossed_by_lines_and_counted():
    x = np.array([[[np.nan, 2.0, np.nan, np.nan, 8.0]]])
    assert interpolate_gaps(x)[0, 0].tolist() == pytest.approx([2, 2, 4, 6, 8])
    assert compute_missing_share(x).tolist() == [[pytest.approx(0.6)]]
    np.testing.assert_array_equal(compute_changes(x)[0, 0], [np.nan, np.nan, np.nan, np.nan, 2.0])
    assert compute_missing_share(np.ones((1, 1, 5), dtype=np.int16)).tolist() == [[0.0]]


def test_a_sine_has_its_power_at_its_frequency_and_returns_after_its_period():
    t = np.arange(256)
    x = np.sin(2 * np.pi * t / 16)[None, None]
    assert compute_power_spectrum(x)[0, 0].argmax() + 1 == 16
    assert compute_autocorrelation(x)[0, 0, 16] == pytest.approx(1 - 16 / 256, abs=0.01)
    assert compute_autocorrelation(x)[0, 0, 8] == pytest.approx(-(1 - 8 / 256), abs=0.01)
    assert compute_autocorrelation(np.ones((1, 1, 9))).tolist() == [[[0.0] * 9]]


def test_bands_widen_and_white_noise_is_even_in_them():
    found = compute_band_power(noise(400, 1, 512)).mean(axis=0)[0]
    assert len(found) <= 10
    assert np.ptp(found[3:]) < 0.4
    assert choose_lags(48, 6).tolist() == [1, 2, 4, 7, 13, 24]


def test_channels_that_mirror_each_other_have_a_correlation_of_minus_one():
    x = noise(3, 1, 50)
    r = correlate_channels(np.concatenate([x, -2 * x, noise(3, 1, 50, seed=1)], axis=1), 8)
    assert r[:, 0] == pytest.approx([-1] * 3, abs=1e-5)
    assert np.abs(r[:, 1:]).max() < 0.5


def test_statistics_do_not_depend_on_where_a_wave_begins():
    x = np.sin(2 * np.pi * np.arange(128) / 8)[None, None] + 3
    later = np.roll(x, 8, axis=2)
    np.testing.assert_allclose(compute_waveform_features(x), compute_waveform_features(later), atol=1e-5)
    assert compute_waveform_features(x)[0, 0] == pytest.approx(3)


def test_a_series_is_described_by_what_was_measured():
    x = np.array([[[np.nan, 4.0, np.nan, 8.0], [np.nan] * 4]])
    gone, mean, spread, low, high, last, size, trend = compute_series_features(x)[0, :8]
    assert (gone, mean, spread, low, high, last, size, trend) == (0.5, 6, 2, 4, 8, 8, 2, 2)
    assert compute_series_features(x)[0, 8] == 1
    assert np.isnan(compute_series_features(x)[0, 9:]).all()


def test_the_best_shift_is_found_as_by_trying_all():
    a, b = noise(4, 2, 40), noise(4, 2, 40, seed=1)
    best = np.zeros(4)
    for i in range(4):
        for s in range(-20, 21):
            p, q = a[i][:, max(0, -s) : 40 - max(0, s)], b[i][:, max(0, s) : 40 + min(0, s)]
            p, q = p - p.mean(axis=1, keepdims=True), q - q.mean(axis=1, keepdims=True)
            best[i] = max(best[i], abs((p * q).sum()) / np.sqrt((p**2).sum() * (q**2).sum()))
    np.testing.assert_allclose(compute_max_correlation(a, b), best, atol=1e-6)


def test_a_moved_and_scaled_signal_is_traced_to_its_source():
    x = np.cumsum(noise(60, 2, 120), axis=2)
    moved = np.concatenate([np.repeat(x[:9, :, :1], 13, axis=2), x[:9, :, :-13]], axis=2) * -3 + 7
    spread = compute_channel_deviations(x)
    near = match_signals(normalize_signals(moved, spread), normalize_signals(x, spread), np.arange(60))
    assert near.positions.tolist() == list(range(9))
    assert near.ratios.max() < 0.1
    strangers = match_signals(
        normalize_signals(np.cumsum(noise(9, 2, 120, seed=5), axis=2), spread),
        normalize_signals(x, spread),
        np.arange(60),
    )
    assert strangers.ratios.min() > 0.4


def test_a_query_is_not_compared_with_its_own_subject():
    x = normalize_signals(noise(10, 1, 64), np.ones(1))
    owner = np.arange(10) // 2
    near = match_signals(x, x, owner, apart=owner)
    assert (owner[near.positions] != owner).all()
    assert near.distances.min() > 0.1


def test_r_peaks_lie_where_the_spikes_are():
    x, start = ecg(5)
    for places, first in zip(detect_r_peaks(x, RATE), start[:, 0], strict=True):
        wanted = np.arange(first + 0.2, 8, 60 / 72) * RATE
        missed = [np.abs(places - one).min() for one in wanted if 10 < one < 790]
        assert max(missed) <= 4


def test_the_heart_rate_is_that_of_the_spikes():
    pace, deviation, width = compute_rhythm(ecg(20, pace=90)[0], RATE).T
    assert pace == pytest.approx(90, abs=2)
    assert deviation.max() < 0.03
    assert 0.02 < np.median(width) < 0.12
    assert np.isnan(compute_rhythm(np.zeros((1, 1, 800)), RATE)[0, 0])


def test_leads_are_known_by_their_names():
    assert is_ecg(("I", "II", "III", "aVR", "V5"))
    assert not is_ecg(("II", "RESP"))


def cohort(x, **kind):
    return Cohort.from_arrays({"x": x}, {"x": Signal(**kind)})


@pytest.mark.parametrize("feature", [Dynamics, Encoder])
@pytest.mark.parametrize("gaps", [0.0, 0.6])
def test_features_of_signals_are_finite_and_know_no_unit(feature, gaps):
    x = np.cumsum(noise(80, 3, 48), axis=2)
    x[np.random.default_rng(1).random(x.shape) < gaps] = np.nan
    x[:8, 1] = np.nan
    plain, other = (feature().fit(cohort(part))(cohort(part)) for part in (x, 1000 * x))
    assert np.isfinite(plain).all()
    assert plain.std(axis=0).max() < 10
    if feature is Encoder:
        np.testing.assert_allclose(plain, other, atol=1e-2)


def test_a_parameter_that_was_never_measured_is_no_error():
    x = noise(30, 2, 24)
    x[:, 1] = np.nan
    assert np.isfinite(Dynamics().fit(cohort(x))(cohort(x))).all()
    assert np.isfinite(Encoder().fit(cohort(x))(cohort(x))).all()
