"""Masked diffusion on small laws that are known."""

import math

import pytest
import torch

from manikin.contracts.family import Batch
from manikin.encoding.spec import Continuous, Spec
from manikin.families.masked import Masked, draw_hidden_counts
from manikin.nn.conditioning import ConditionBatch, ConditionSpec

ROW = Spec(vocab=7, length=3, ranges=((0, 2), (2, 4), (4, 7)))
SMALL = Masked(width=16, depth=1, heads=2, dropout=0.0)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(n):
    """The second column repeats the first; the third is 0, 1 or 2 with shares 1/2, 1/4, 1/4."""
    number = torch.arange(n)
    first, third = number % 2, torch.tensor([0, 0, 1, 2])[number // 2 % 4]
    return torch.stack([first, first + 2, third + 4], dim=1)


def trained(family, spec, x, given_spec=None, given=None):
    given = given or ConditionBatch()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = family.build_networks(spec, given_spec or ConditionSpec())
    optimizer = torch.optim.AdamW(nets.model.parameters(), lr=2e-2)
    for step in range(120):
        optimizer.zero_grad()
        family.compute_loss(nets, Batch(x, given, rng(step))).backward()
        optimizer.step()
    nets.model.eval()
    return nets


@pytest.fixture(scope="module")
def nets():
    return trained(SMALL, ROW, rows(128))


def test_the_bound_is_the_entropy_of_the_rows(nets):
    with torch.no_grad():
        loss = SMALL.compute_loss(nets, Batch(rows(4000), ConditionBatch(), rng()))
    entropy = math.log(2) + 0.5 * math.log(2) + 0.5 * math.log(4)
    assert loss.item() == pytest.approx(entropy / 3, abs=0.04)


def test_an_untrained_network_pays_the_logarithm_of_the_levels():
    spec = Spec(vocab=8, length=4)
    nets = SMALL.build_networks(spec, ConditionSpec())
    for layer in nets.model.heads.free:
        torch.nn.init.zeros_(layer.weight)
    loss = SMALL.compute_loss(nets, Batch(torch.zeros(16, 4, dtype=torch.long), ConditionBatch(), rng()))
    assert loss.item() == pytest.approx(math.log(8), abs=1e-5)


def test_every_number_of_hidden_tokens_is_as_frequent():
    counts = torch.bincount(draw_hidden_counts(40, 4, rng())[:, 0])
    assert counts.tolist() == [0, 10, 10, 10, 10]


def test_samples_follow_the_law(nets):
    x = SMALL.sample(nets, 2000, ConditionBatch(), rng())
    assert (x[:, 1] == x[:, 0] + 2).float().mean() > 0.98
    shares = torch.bincount(x[:, 2], minlength=7)[4:] / 2000
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.25, 0.25]), atol=0.06, rtol=0)


def test_what_is_observed_is_kept_and_the_rest_follows_it(nets):
    values = rows(100)
    mask = torch.rand(100, 3, generator=rng()) < 0.5
    x = SMALL.sample(nets, 100, ConditionBatch().set_observed(values, mask), rng())
    assert (x[mask] == values[mask]).all()
    assert (x[:, 1] == x[:, 0] + 2).float().mean() > 0.98
    everything = ConditionBatch().set_observed(values, torch.ones_like(mask))
    assert (SMALL.sample(nets, 100, everything, rng()) == values).all()


def test_same_seed_same_sample_whatever_the_process_drew(nets):
    first = SMALL.sample(nets, 20, ConditionBatch(), rng(3))
    torch.rand(5)
    assert (first == SMALL.sample(nets, 20, ConditionBatch(), rng(3))).all()
    assert not (first == SMALL.sample(nets, 20, ConditionBatch(), rng(4))).all()


def test_a_condition_moves_the_sample():
    x, spec = rows(128), ConditionSpec({"age": Spec((Continuous(),))})
    nets = trained(SMALL, ROW, x, spec, ConditionBatch({"age": x[:, :1] * 2.0 - 1.0}))
    old = SMALL.sample(nets, 200, ConditionBatch({"age": torch.ones(200, 1)}), rng())
    young = SMALL.sample(nets, 200, ConditionBatch({"age": -torch.ones(200, 1)}), rng())
    assert old[:, 0].float().mean() > 0.95
    assert young[:, 0].float().mean() < 0.05


@pytest.mark.parametrize("steps", [6, 4, 1])
def test_sequences_are_filled_in_within_the_steps(steps, monkeypatch):
    spec = Spec(vocab=4, length=6)
    family = Masked(width=16, depth=1, heads=2, steps=steps)
    nets = family.build_networks(spec, ConditionSpec())
    looks = []
    look = nets.model.compute_features
    monkeypatch.setattr(nets.model, "compute_features", lambda *a: looks.append(1) or look(*a))
    x = family.sample(nets, 5, ConditionBatch(), rng())
    assert (x < 4).all()
    assert len(looks) <= steps


def test_a_hidden_middle_is_found_from_both_sides():
    spec = Spec(vocab=4, length=5)
    x = torch.randint(4, (128, 1), generator=rng(1)).expand(128, 5).contiguous()
    nets = trained(SMALL, spec, x)
    given = ConditionBatch().set_observed(x[:50], torch.arange(5).expand(50, 5) == 4)
    assert (SMALL.sample(nets, 50, given, rng()) == x[:50]).float().mean() > 0.98


def test_grids_are_refused_with_the_alternative():
    assert "diffusion" in Masked().refusal(Spec((Continuous(),), grid=(4, 4)))
    assert Masked().refusal(ROW) is None
