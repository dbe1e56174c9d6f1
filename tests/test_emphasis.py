"""Emphasis: signals are brought halfway to white and back, and what is drawn keeps its fast part."""

import numpy as np
import pytest
import torch

import manikin as mk
from manikin.codecs.arrays import ArrayCodec
from manikin.nn.spectral_whitening import SpectralWhitening
from manikin.signals.analysis.spectrum import compute_dct_amplitudes, interpolate_amplitudes

LENGTH = 128


def waves(n, channels=1, seed=0):
    """Slow waves, of which each twice as fast is a quarter as high: random walks with a steady start."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(n, channels, LENGTH)), axis=2).astype(np.float32)


def cohort(x):
    return mk.Cohort.from_arrays({"ecg": x}, {"ecg": mk.Signal(rate=100)})


def spectrum(x):
    return interpolate_amplitudes(compute_dct_amplitudes([x])[0], x.shape[2])


def test_amplitudes_of_white_noise_are_its_deviation():
    x = np.random.default_rng(0).normal(0, 3, (400, 2, LENGTH))
    found = compute_dct_amplitudes([x[:100], x[100:]])
    assert found.shape[0] == 2
    assert found == pytest.approx(3, rel=0.2)


def test_emphasis_brings_a_walk_halfway_to_white_at_unit_scale_and_back():
    x = waves(500, channels=2)
    codec = ArrayCodec().fit(cohort(x), ["ecg"])
    z = torch.from_numpy(codec.encode(cohort(x)))
    emphasis = SpectralWhitening(codec.spec)
    y = emphasis(z)
    assert torch.allclose(emphasis.invert(y), z, atol=1e-4)
    assert float(y.square().mean()) == pytest.approx(1, rel=0.15)
    before, after = (spectrum(part.numpy().astype(float)) for part in (z, y))
    steep = [np.log(part[4] / part[100]) for part in (before, after)]
    assert steep[1] == pytest.approx(steep[0] / 2, rel=0.1)


def test_without_a_spectrum_nothing_changes():
    x = waves(20)
    x[0, 0, 3] = np.nan  # gaps have no frequencies
    spec = ArrayCodec().fit(cohort(x), ["ecg"]).spec
    assert not spec.spectrum
    z = torch.randn(2, spec.width, LENGTH)
    assert SpectralWhitening(spec)(z) is z


def test_a_frequency_that_is_not_there_is_not_divided_by_nothing():
    x = np.ones((10, 1, LENGTH), dtype=np.float32) * np.arange(10, dtype=np.float32)[:, None, None]
    codec = ArrayCodec().fit(cohort(x), ["ecg"])
    y = SpectralWhitening(codec.spec)(torch.from_numpy(codec.encode(cohort(x))))
    assert torch.isfinite(y).all()


@pytest.mark.parametrize("family", ["diffusion", "vae", "gan"])
def test_what_is_drawn_is_as_smooth_as_what_was_learned(family):
    """Without emphasis it was 2.3 to 4.3 times as rough."""
    x = waves(300)
    training = mk.Training(steps=150, batch=32)
    model = mk.Synthesizer("ecg", (), family, training=training).fit(cohort(x), quiet=True)
    drawn = model.sample(200)["ecg"]
    fast = [np.diff(part, 2, axis=2).std() / part.std() for part in (drawn, x)]
    assert fast[0] < 2 * fast[1]


def test_saved_models_draw_the_same(tmp_path):
    model = mk.Synthesizer("ecg", (), "diffusion", training=mk.Training(steps=5)).fit(
        cohort(waves(40)), quiet=True
    )
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model")
    assert (again.sample(4, seed=1)["ecg"] == model.sample(4, seed=1)["ecg"]).all()
