import numpy as np
import pytest
import torch

import manikin as mk
from manikin.errors import UsageError
from manikin.evaluation import timegan_scores


def waves(x):
    return mk.Cohort.from_arrays({"x": x}, {"x": mk.Signal(channels=tuple("abcdefgh"), rate=1)})


def ramps(n, slope, seed=0):
    start = np.random.default_rng(seed).uniform(size=(n, 1, 1))
    return np.repeat(start + slope * np.arange(12) / 12, 8, axis=1)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(timegan_scores, "LEARNING_RATE", 0.02)


@pytest.mark.usefixtures("quick")
def test_what_runs_the_other_way_is_told_every_time():
    real = waves(ramps(200, 1))
    assert mk.compute_discriminative_score(waves(ramps(200, -1)), real, steps=60) == 0.5


@pytest.mark.usefixtures("quick")
def test_what_is_alike_is_told_by_chance():
    real, alike = waves(ramps(300, 1)), waves(ramps(400, 1, seed=1))
    assert mk.compute_discriminative_score(alike, real, steps=60) < 0.15  # 120 windows told: .046 by chance


@pytest.mark.usefixtures("quick")
def test_shuffled_time_teaches_less_of_what_comes_next():
    real = waves(ramps(200, 1))
    mixed = np.random.default_rng(2).permuted(ramps(200, 1, seed=1), axis=2)
    taught = mk.compute_predictive_score(waves(ramps(200, 1, seed=1)), real, steps=100)
    assert taught < 0.12
    assert mk.compute_predictive_score(waves(mixed), real, steps=100) > 1.3 * taught


@pytest.mark.usefixtures("quick")
def test_errors_are_shares_of_the_real_range():
    real, other = ramps(100, 1), ramps(100, 1, seed=1)
    plain, scaled = (
        mk.compute_predictive_score(waves(k * other), waves(k * real), steps=100) for k in (1, 64)
    )
    assert plain == pytest.approx(scaled)


@pytest.mark.usefixtures("quick")
def test_the_same_seed_gives_the_same_score_and_leaves_the_process_alone():
    real, other = waves(ramps(50, 1)), waves(ramps(50, 0.5))
    before = torch.random.get_rng_state()
    assert mk.compute_discriminative_score(
        other, real, seed=3, steps=60
    ) == mk.compute_discriminative_score(other, real, seed=3, steps=60)
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_cannot_be_scored_is_said():
    few, real = waves(ramps(4, 1)), waves(ramps(20, 1))
    with pytest.raises(UsageError, match="at least 10"):
        mk.compute_predictive_score(few, real, steps=100)
    with pytest.raises(UsageError, match="no signal of both"):
        mk.compute_discriminative_score(real, real, field="y", steps=60)
    table = mk.Cohort.from_arrays({"age": np.arange(20.0)}, {"age": mk.Number()})
    with pytest.raises(UsageError, match="0 signals"):
        mk.compute_discriminative_score(table, table, steps=60)
