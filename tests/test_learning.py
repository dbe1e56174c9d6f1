"""What each family with networks on grids learns from a small world whose laws are known.

x is standard normal, c is 1 where x is above 0, and y = 2 x is missing where c is 1.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from manikin.core.seeds import Key
from manikin.encoding.spec import Binary, Categorical, Continuous, Spec
from manikin.families.diffusion import Diffusion
from manikin.families.gan import GAN
from manikin.families.vae import VAE
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.training.engine import Engine
from manikin.training.loop import Training, TrainingData, train

FAMILIES = {
    "diffusion": (Diffusion(width=64, blocks=2), 300),
    "diffusion edm": (Diffusion(width=64, blocks=2, formulation="edm"), 300),
    "vae": (VAE(width=64, latent=4, components=8), 600),
    "gan": (GAN(width=64, latent=8), 2000),
}
WORLD = Spec((Continuous(), Categorical(2), Continuous(optional=True)))
ONE = Spec((Continuous(),))


def world(n, key):
    x = key.numpy().normal(size=n)
    y = np.where(x > 0, np.nan, 2 * x)
    return np.stack([x, x > 0, y], axis=1).astype(np.float32)


def learned(name, spec, x, given_spec, given=None):
    """A sampler of a family trained on records `x`."""
    family, steps = FAMILIES[name]
    data = TrainingData(spec, x, np.arange(len(x)), given_spec, given or ConditionBatch())
    training = Training(steps=steps, batch=128, ema=0.99)
    nets = train(family, data, training, Key(0), engine=Engine(threads=1)).nets
    return lambda n, given=None: family.sample(nets, n, given or ConditionBatch(), Key(1).torch()).numpy()


@cache
def citizen(name):
    """A sampler of the world of which any part may be observed, also none."""
    return learned(name, WORLD, world(2000, Key(2)), ConditionSpec(observed=True))


@pytest.mark.parametrize("name", FAMILIES)
def test_mixed_columns_and_missing_values_hang_together(name):
    x = citizen(name)(2000)
    assert x[:, 0].mean() == pytest.approx(0, abs=0.2)
    assert x[:, 0].std() == pytest.approx(1, abs=0.2)
    assert x[:, 1].mean() == pytest.approx(0.5, abs=0.1)
    assert ((x[:, 0] > 0) == (x[:, 1] == 1)).mean() > 0.9
    missing = np.isnan(x[:, 2])
    assert (missing == (x[:, 1] == 1)).mean() > 0.9
    assert np.corrcoef(x[~missing, 0], x[~missing, 2])[0, 1] > 0.85


@pytest.mark.parametrize("name", FAMILIES)
def test_any_observed_part_moves_the_rest_the_right_way(name):
    draw = citizen(name)
    values = torch.tensor([1.0, 0, 0]).repeat(400, 1)
    values[200:, 0] = -1
    by_value = draw(
        400, ConditionBatch().set_observed(values, torch.tensor([True, False, False]).expand(400, 3))
    )
    assert by_value[:200, 1].mean() > 0.85
    assert by_value[200:, 1].mean() < 0.15
    seen = by_value[200:, 2][~np.isnan(by_value[200:, 2])]
    assert np.median(seen) == pytest.approx(-2, abs=0.5)
    levels = torch.tensor([0.0, 1, 0]).repeat(400, 1)
    by_level = draw(
        400, ConditionBatch().set_observed(levels, torch.tensor([False, True, False]).expand(400, 3))
    )
    assert (by_level[:, 1] == 1).all()
    assert (by_level[:, 0] > -0.1).mean() > 0.85
    assert np.isnan(by_level[:, 2]).mean() > 0.85


@pytest.mark.parametrize("name", FAMILIES)
def test_a_condition_moves_the_sample_as_in_the_data(name):
    sex = Key(3).numpy().integers(2, size=(2000, 1)).astype(np.float32)
    x = (Key(4).numpy().normal(size=(2000, 1)) * 0.5 + 2 * sex).astype(np.float32)
    draw = learned(
        name, ONE, x, ConditionSpec({"sex": Spec((Binary(),))}), ConditionBatch.from_arrays({"sex": sex})
    )
    for value in (0.0, 1.0):
        drawn = draw(500, ConditionBatch({"sex": torch.full((500, 1), value)}))
        assert drawn.mean() == pytest.approx(2 * value, abs=0.25)
        assert drawn.std() == pytest.approx(0.5, abs=0.2)


def test_guidance_exaggerates_the_condition():
    sex = Key(3).numpy().integers(2, size=(2000, 1)).astype(np.float32)
    x = (Key(4).numpy().normal(size=(2000, 1)) + sex).astype(np.float32)
    spec = ConditionSpec({"sex": Spec((Binary(),))})
    data = TrainingData(ONE, x, np.arange(2000), spec, ConditionBatch.from_arrays({"sex": sex}))
    family = Diffusion(width=64, blocks=2)
    nets = train(
        family, data, Training(steps=300, batch=128, ema=0.99), Key(0), engine=Engine(threads=1)
    ).nets
    ones = ConditionBatch({"sex": torch.ones(500, 1)})
    plain, guided = (
        Diffusion(width=64, blocks=2, guidance=w).sample(nets, 500, ones, Key(1).torch()).mean().item()
        for w in (1.0, 3.0)
    )
    assert guided > plain + 0.3


def test_an_image_is_completed_from_its_observed_half():
    level = Key(5).numpy().normal(size=(600, 1, 1, 1))
    x = np.broadcast_to(level, (600, 1, 4, 6)).astype(np.float32)
    spec = Spec((Continuous(),), grid=(4, 6))
    data = TrainingData(spec, x, np.arange(600), ConditionSpec(observed=True))
    family = Diffusion(width=16, steps=9)
    training = Training(steps=250, batch=64, ema=0.98)
    nets = train(family, data, training, Key(0), engine=Engine(threads=1)).nets
    values = torch.from_numpy(x[:60].copy())
    mask = torch.zeros_like(values, dtype=torch.bool)
    mask[..., :3] = True
    drawn = family.sample(nets, 60, ConditionBatch().set_observed(values, mask), Key(1).torch())
    assert torch.equal(drawn[mask], values[mask])
    error = (drawn - values)[..., 3:].square().mean().sqrt().item()
    assert error < 0.5
