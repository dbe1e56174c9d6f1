"""Series with gaps: bridged courses, their network, and diffusion of them."""

import numpy as np
import pytest
import torch

from manikin.core.seeds import Key
from manikin.encoding.spec import Continuous, Spec
from manikin.families.diffusion import Diffusion
from manikin.nn.axial_transformer import AxialTransformer
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.nn.flow_network import Flow
from manikin.nn.interpolate import compute_loss_weights, interpolate_gaps
from manikin.signals.analysis import interpolate
from manikin.training.budget import Training
from manikin.training.loop import TrainingData, train

SERIES = Spec((Continuous(5, optional=True),), (12,))


def stays(n, key):
    """Levels that hold for the whole stay, five alike; channel 4 is measured all the time or never."""
    rng = key.numpy()
    level = rng.standard_normal((n, 1, 1))
    x = level + 0.2 * rng.standard_normal((n, 5, 12))
    x[rng.random(x.shape) < 0.5] = np.nan
    x[:, 4] = np.where(rng.random((n, 1)) < 0.5, np.nan, level[:, 0])
    return x.astype(np.float32)


def test_gaps_are_bridged_as_the_judge_does():
    x = stays(30, Key(0))
    np.testing.assert_allclose(
        interpolate_gaps(torch.from_numpy(x)).numpy(), interpolate.interpolate_gaps(x), atol=1e-6
    )


@pytest.mark.parametrize(
    ("spec", "is_series"),
    [
        (SERIES, True),
        (Spec((Continuous(5),), (12,)), False),
        (Spec((Continuous(2, optional=True),), (12,)), False),
        (Spec((Continuous(5, optional=True),), (5000,)), False),
        (Spec((Continuous(5, optional=True),), (12, 12)), False),
    ],
)
def test_short_courses_with_gaps_are_a_series(spec, is_series):
    assert spec.is_series is is_series
    assert isinstance(Flow(spec, ConditionSpec()).backbone, AxialTransformer) is is_series


def test_every_channel_comes_out_where_it_went_in():
    net = AxialTransformer(SERIES, beside=3, modulation=7, context=4, width=16, blocks=1)
    with torch.no_grad():
        net.write.get_parameter("weight").normal_(generator=torch.Generator().manual_seed(0))
    x = torch.randn(2, 13, 12, generator=torch.Generator().manual_seed(1))
    out = net(x, torch.zeros(2, 7), torch.zeros(2, 3, 4))
    assert out.shape == (2, 10, 12)
    net.transformer.blocks = torch.nn.ModuleList()  # without looks at one another, each knows itself
    moved = net(x.index_add(1, torch.tensor([6]), torch.ones(2, 1, 12)), None, None)
    changed = (moved != net(x, None, None)).any(dim=2).any(dim=0)
    assert changed.nonzero().flatten().tolist() == [1, 6]


def test_what_x_t_tells_by_itself_needs_no_network():
    net = Flow(SERIES, ConditionSpec())  # writes nothing before it has learned
    x = torch.from_numpy(stays(4, Key(1)))
    end = net.compute_targets(x)
    t = torch.full((4,), 0.95)
    noise = torch.randn(end.shape, generator=torch.Generator().manual_seed(0))
    out = net(0.05 * noise + 0.95 * end, t, ConditionBatch()).detach()
    assert torch.equal(out[:, net.levels] > 0, x.isnan())
    assert torch.equal(end[:, net.levels] > 0, x.isnan())
    v = end - noise
    assert (out - v)[:, net.values].square().mean() < 1.2 < v[:, net.values].square().mean()


def test_gaps_of_what_is_observed_are_not_bridged_by_what_is_hidden():
    net = Flow(SERIES, ConditionSpec(observed=True))
    x = torch.zeros(1, 5, 12)
    x[:, :, 4] = torch.nan
    x[:, :, 5:] = 100.0
    mask = torch.zeros(x.shape, dtype=torch.bool)
    mask[..., :5] = True
    shown = net.compute_observed_targets(ConditionBatch().set_observed(x, mask))
    assert shown[:, net.values][mask].abs().max() == 0
    assert net.compute_targets(x)[0, 0, 4] == 50


@pytest.fixture(scope="module")
def learned():
    x = stays(600, Key(2))
    data = TrainingData(SERIES, x, np.arange(600), ConditionSpec(observed=True))
    return train(Diffusion(width=32, blocks=2), data, Training(steps=400, batch=64), Key(0)).nets


def test_levels_and_gaps_of_whole_stays_are_learned(learned):
    family, rng = Diffusion(), torch.Generator().manual_seed(0)
    x = family.sample(learned, 300, ConditionBatch(), rng).numpy()
    share = np.isnan(x[:, 4]).mean(axis=1)
    # After so short a training; with hours drawn apart from one another, hardly any would be.
    assert ((share < 0.1) | (share > 0.9)).mean() > 0.6
    assert share.mean() == pytest.approx(0.5, abs=0.12)
    assert np.isnan(x[:, :4]).mean() == pytest.approx(0.5, abs=0.06)
    level = np.nanmean(x[:, :2], axis=(1, 2)), np.nanmean(x[:, 2:4], axis=(1, 2))
    assert np.corrcoef(*level)[0, 1] > 0.85


def test_the_observed_part_of_a_series_moves_the_rest(learned):
    x = torch.full((60, 5, 12), 1.5)
    x[30:] = -1.5
    x[:, ::2, 3] = torch.nan
    mask = torch.zeros(x.shape, dtype=torch.bool)
    mask[:, :, :6] = True
    given = ConditionBatch().set_observed(x, mask)
    drawn = Diffusion().sample(learned, 60, given, torch.Generator().manual_seed(1))
    assert torch.equal(drawn[mask].nan_to_num(9.0), x[mask].nan_to_num(9.0))
    rest = drawn[..., 6:].flatten(1).nanmean(dim=1)
    assert rest[:30].mean() > 0.8
    assert rest[30:].mean() < -0.8


def test_what_was_measured_counts_more_than_lines_between():
    x = torch.full((1, 2, 8), torch.nan)
    x[0, 0, [1, 4]] = 1.0
    weights = compute_loss_weights(x)
    assert weights[0, 0, 1] / weights[0, 0, 0] == pytest.approx(1 / 0.3)
    assert weights[0, 0].mean() == pytest.approx(1)
    assert weights[0, 1] == pytest.approx(1)  # never measured: no more than any other
