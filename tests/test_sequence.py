"""The transformer: order of sight, cache, conditions, clean parameters."""

import pytest
import torch
from torch import nn

from manikin.encoding.spec import Spec
from manikin.nn.token_layers import TokenEmbedding, TokenHeads, compute_cosines
from manikin.nn.transformer import KeyValueCache, Transformer, TransformerShape, rotate_features

SHAPE = TransformerShape(width=16, depth=2, heads=2)


@pytest.fixture(autouse=True)
def weights():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def features(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("causal", [True, False])
def test_causal_tokens_see_only_what_is_before_them(causal):
    net = Transformer(SHAPE)
    h = features(1, 5, 16)
    changed = h.clone()
    changed[:, 3, 0] += 3  # not the whole vector: a layer norm cannot see that
    same = torch.isclose(net(h, causal=causal), net(changed, causal=causal), atol=1e-6).all(-1)[0]
    assert same.tolist() == ([True] * 3 + [False] * 2 if causal else [False] * 5)


@pytest.mark.parametrize("pieces", [[1, 1, 1, 1, 1], [3, 2], [5]])
def test_cached_pieces_give_the_whole(pieces):
    net = Transformer(TransformerShape(width=16, depth=2, heads=2, vector=3, context=4))
    for layer in net.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.3)
    h, vector, context = features(2, 5, 16), features(2, 3), features(2, 7, 4)
    whole = net(h, causal=True, vector=vector, context=context)
    cache = KeyValueCache()
    parts = [net(p, causal=True, vector=vector, context=context, cache=cache) for p in h.split(pieces, 1)]
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-5, rtol=1e-4)
    assert cache.length == 5


def test_without_rotation_order_does_not_count():
    net = Transformer(TransformerShape(width=16, depth=1, heads=2, rotary=False))
    h = features(1, 4, 16)
    torch.testing.assert_close(net(h.flip(1), causal=False).flip(1), net(h, causal=False))
    turned = Transformer(TransformerShape(width=16, depth=1, heads=2))
    assert not torch.allclose(turned(h.flip(1), causal=False).flip(1), turned(h, causal=False))


def test_rotation_keeps_lengths_and_turns_by_one_radian():
    x = torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)
    turned = rotate_features(x, start=1)[0, 0, 0]
    torch.testing.assert_close(turned, torch.tensor([1.0, 1.0]).mul(torch.tensor([0.5403023, 0.8414710])))


def test_a_vector_says_nothing_before_training_and_context_does():
    net = Transformer(TransformerShape(width=16, depth=1, heads=2, vector=3, context=4))
    h, context = features(1, 4, 16), features(1, 2, 4)
    calm = net(h, causal=True, vector=features(1, 3), context=context)
    torch.testing.assert_close(calm, net(h, causal=True, vector=-features(1, 3), context=context))
    assert not torch.allclose(calm, net(h, causal=True, vector=features(1, 3), context=-context))


def test_parameters_live_in_leaf_layers_that_give_gradients_per_sample():
    spec = Spec(vocab=5, length=2, ranges=((0, 2), (2, 5)))
    nets = [
        Transformer(TransformerShape(16, 1, 2, vector=3, context=4)),
        TokenEmbedding(spec, 16),
        TokenHeads(spec, 16),
    ]
    for net in nets:
        for layer in net.modules():
            if list(layer.parameters(recurse=False)):
                assert type(layer) in (nn.Linear, nn.Embedding, nn.LayerNorm)


def test_waves_are_smooth_within_a_range_and_silent_for_the_extra_token():
    table = compute_cosines(Spec(vocab=12, length=2, ranges=((0, 10), (10, 12))))
    assert table.shape == (13, 16)
    near, far = (table[4] - table[5]).norm(), (table[0] - table[9]).norm()
    assert near < far
    assert not table[12].any()


def test_heads_know_only_the_tokens_of_their_position():
    spec = Spec(vocab=5, length=2, ranges=((0, 2), (2, 5)))
    heads = TokenHeads(spec, 16)
    h = features(50, 16)
    place = torch.arange(50) % 2
    drawn = heads.draw(h, place, torch.Generator().manual_seed(0))
    assert set(drawn[place == 0].tolist()) == {0, 1}
    assert set(drawn[place == 1].tolist()) == {2, 3, 4}


def test_nll_is_the_log_of_the_softmax():
    spec = Spec(vocab=5, length=2, ranges=((0, 2), (2, 5)))
    heads = TokenHeads(spec, 16)
    h, x = features(1, 2, 16), torch.tensor([[1, 4]])
    expected = [
        -heads.compute_logits(h[0, i], i).log_softmax(-1)[x[0, i] - s]
        for i, (s, _) in enumerate(spec.ranges)
    ]
    torch.testing.assert_close(heads.nll(h, x)[0], torch.stack(expected))
    total = sum(heads.nll(h[:, :2], torch.tensor([[a, 2]]))[0, 0].neg().exp() for a in (0, 1))
    assert total.item() == pytest.approx(1.0, abs=1e-6)
