"""One network for grids of 0 to 3 axes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from manikin.core.seeds import Key
from manikin.nn.grid_levels import SpaceToDepth, compute_level_sizes
from manikin.nn.layers import Attention, Residual, resize, shrink
from manikin.nn.unet import Backbone, Decoder, Encoder

GRIDS = [(), (13,), (9, 30), (28, 28), (5, 6, 7)]
LEAVES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Embedding, nn.LayerNorm, nn.GroupNorm)


def normal(*shape):
    return torch.randn(*shape, generator=Key(0).torch())


@pytest.fixture(autouse=True)
def _own_randomness():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def stirred(net):
    """The network with no parameter left at 0, so that all paths carry."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return net


@pytest.mark.parametrize("grid", GRIDS)
def test_fold_and_back_is_the_same(grid):
    x = normal(2, 3, *grid)
    assert torch.equal(SpaceToDepth(grid).invert(SpaceToDepth(grid)(x)), x)


def test_fold_moves_patches_into_channels_by_hand():
    x = torch.arange(24.0).reshape(1, 1, 24)
    folded = SpaceToDepth((24,))(x)
    assert folded.shape == (1, 2, 12)
    assert folded[0, :, 0].tolist() == [0, 1]
    assert folded[0, :, 11].tolist() == [22, 23]


def test_levels_halve_the_long_axes_only():
    assert compute_level_sizes((28, 28)) == [(14, 14), (7, 7)]
    assert compute_level_sizes((3, 60)) == [(3, 30), (3, 15), (3, 8), (3, 4)]


@pytest.mark.parametrize("grid", GRIDS)
def test_shapes_of_all_networks(grid):
    x, z = normal(2, 3, *grid), normal(2, 7)
    modulation, context = normal(2, 8), normal(2, 4, 6)
    backbone = Backbone(3, 5, grid, modulation=8, context=6, width=16)
    assert backbone(x, modulation, context).shape == (2, 5, *grid)
    assert Encoder(3, 4, grid, modulation=8, width=16)(x, modulation).shape == (2, 4)
    assert Decoder(7, 5, grid, modulation=8, channels=3, width=16)(z, modulation, x).shape == (2, 5, *grid)


@pytest.mark.parametrize("grid", GRIDS)
def test_records_of_a_batch_do_not_see_each_other(grid):
    net = stirred(Backbone(2, 2, grid, modulation=8, context=6, width=16))
    x, modulation, context = normal(3, 2, *grid), normal(3, 8), normal(3, 4, 6)
    alone = torch.cat([net(x[i : i + 1], modulation[i : i + 1], context[i : i + 1]) for i in range(3)])
    assert torch.allclose(net(x, modulation, context), alone, atol=1e-4)


@pytest.mark.parametrize("grid", GRIDS)
def test_modulation_context_and_input_all_matter(grid):
    net = stirred(Backbone(2, 2, grid, modulation=8, context=6, width=16))
    inputs = [normal(1, 2, *grid), normal(1, 8), normal(1, 4, 6)]
    out = net(*inputs)
    for i in range(3):
        changed = [
            value + 1.5 * normal(*value.shape).flip(-1) if i == j else value
            for j, value in enumerate(inputs)
        ]
        assert not torch.allclose(net(*changed), out)


@pytest.mark.parametrize("grid", GRIDS)
def test_parameters_stand_in_standard_leaf_layers_only(grid):
    nets = (
        Backbone(2, 2, grid, modulation=8, context=6, width=16),
        Encoder(2, 2, grid, modulation=8, width=16),
        Decoder(2, 2, grid, modulation=8, channels=1, width=16),
    )
    for module in (module for net in nets for module in net.modules()):
        assert isinstance(module, LEAVES) or not list(module.parameters(recurse=False))


def test_an_image_network_sees_the_whole_image():
    net = stirred(Backbone(1, 1, (28, 28), width=16))
    x = torch.zeros(1, 1, 28, 28)
    touched = x.clone()
    touched[0, 0, 0, 0] = 5.0
    assert (net(touched) - net(x))[0, 0, 27, 27].abs() > 0


def test_a_residual_block_starts_as_its_shortcut():
    x = normal(2, 4, 6)
    assert torch.equal(Residual(1, 4, 4, modulation=3)(x, normal(2, 3)), x)


def test_attention_does_not_care_for_the_order_of_a_context():
    net, x, context = stirred(Attention(8, 6)), normal(1, 5, 8), normal(1, 4, 6)
    assert torch.allclose(net(x, context), net(x, context.flip(1)), atol=1e-6)


def test_resizing_by_hand():
    x = torch.tensor([[[1.0, 3.0, 5.0, 7.0]]])
    assert shrink(x, (2,)).tolist() == [[[2, 6]]]
    assert resize(shrink(x, (2,)), (4,)).tolist() == [[[2, 2, 6, 6]]]
