"""Blocks and specs: expanded forms, likelihoods and draws, by hand."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch

from manikin.core.seeds import Key
from manikin.encoding.spec import Binary, Categorical, Continuous, Positive, Spec

NAN = math.nan
ROW = Spec((Continuous(1, optional=True), Categorical(3), Binary(), Positive()))


def rng(seed=0):
    return Key(seed).torch()


def same(a, b):
    return torch.allclose(a, torch.as_tensor(b, dtype=a.dtype), atol=1e-6, equal_nan=True)


def test_importing_the_spec_loads_no_torch():
    code = "import manikin.encoding.spec, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code


def test_expanded_form_by_hand():
    x = torch.tensor([[2.0, 1, 1, math.e - 1], [NAN, 2, 0, 0]])
    expanded = [[2, 0, 0, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0, 0]]
    assert (ROW.channels, ROW.width, ROW.raw) == (4, 7, 3 + 3 + 1 + 2)
    assert same(ROW.expand(x), expanded)
    assert same(ROW.collapse(torch.tensor(expanded, dtype=torch.float)), x)


def test_mask_of_a_quantity_covers_all_its_expanded_channels():
    mask = torch.tensor([[True, False, True, False], [False, True, False, True]])
    assert ROW.expand_mask(mask).tolist() == [
        [True, True, False, False, False, True, False],
        [False, False, True, True, True, False, True],
    ]


def test_two_optional_quantities_keep_their_flags_in_order():
    spec = Spec((Continuous(2, optional=True),), grid=(3,))
    x = torch.tensor([[[1.0, NAN, 3.0], [4.0, 5.0, NAN]]])
    assert same(spec.expand(x), [[[1, 0, 3], [4, 5, 0], [0, 1, 0], [0, 0, 1]]])
    assert same(spec.collapse(spec.expand(x)), x)


def test_several_quantities_of_one_block_on_a_grid():
    spec = Spec((Categorical(2, n=2),), grid=(2,))
    x = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]])
    assert same(spec.expand(x), [[[1, 0], [0, 1], [0, 0], [1, 1]]])
    assert same(spec.collapse(spec.expand(x)), x)


def test_which_channels_hold_values_and_what_the_others_are():
    assert ROW.is_numeric == (True, False, False, False, False, False, True)
    assert ROW.discrete_spec == Spec((Binary(1), Categorical(3), Binary()))
    assert ROW.has_discrete == (True, True, True, False)


def test_likelihood_by_hand():
    # A standard normal at 1 that is missing with probability 1/2; three equal levels; a fair coin;
    # log(1 + x) = 0 under a normal law of mean 0 and standard deviation e.
    raw = torch.tensor([[0.0, 0, 0, 0, 0, 0, 0, 0, 1.0]])
    half = 0.5 * math.log(2 * math.pi)
    x = torch.tensor([[1.0, 2, 1, 0]])
    expected = [[half + 0.5 + math.log(2), math.log(3), math.log(2), half + 1]]
    assert same(ROW.nll(raw, x), expected)
    assert same(ROW.nll(raw, torch.tensor([[NAN, 2, 1, 0]]))[:, 0], [math.log(2)])


def test_mean_by_hand():
    raw = torch.tensor([[1.5, 0, 0, math.log(2), 0, 0, 0, 0.7, 1.0]])
    assert same(ROW.mean(raw), [[1.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.7]])


def test_draws_follow_the_likelihood():
    raw = torch.tensor(
        [[1.0, math.log(2), math.log(1 / 3), 0, math.log(2), math.log(5), math.log(4), 0.5, -9]]
    )
    x = ROW.draw(raw.repeat(20_000, 1), rng())
    seen = x[:, 0][~x[:, 0].isnan()]
    assert seen.mean().item() == pytest.approx(1, abs=0.05)
    assert seen.std().item() == pytest.approx(2, abs=0.05)
    assert x[:, 0].isnan().float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert [(x[:, 1] == k).float().mean().item() for k in range(3)] == pytest.approx(
        [1 / 8, 2 / 8, 5 / 8], abs=0.02
    )
    assert x[:, 2].mean().item() == pytest.approx(0.8, abs=0.02)
    assert x[:, 3].mean().item() == pytest.approx(math.expm1(0.5), abs=0.02)
    assert (x[:, 3] >= 0).all()


def test_linked_samples_are_one_hot_and_pass_gradients():
    raw = torch.randn(500, ROW.width, generator=rng()).requires_grad_()
    x = ROW.draw_relaxed(raw, rng())
    assert set(x[:, 1:6].detach().unique().tolist()) == {0.0, 1.0}
    assert same(x[:, 2:5].sum(1), torch.ones(500))
    assert (x[x[:, 1] == 1, 0] == 0).all()
    assert (x[:, 6] > 0).all()
    (gradient,) = torch.autograd.grad((x * torch.randn(x.shape, generator=rng(1))).sum(), raw)
    assert (gradient.abs().sum(0) > 0).all()


def test_linked_levels_follow_the_softmax():
    raw = torch.tensor([0.0, math.log(3)]).repeat(10_000, 1)
    assert Spec((Categorical(2),)).draw_relaxed(raw, rng()).mean(0)[1].item() == pytest.approx(
        0.75, abs=0.02
    )
