"""The autoregressive family on small laws that are known."""

import math

import pytest
import torch
from torch import nn

from manikin.contracts.family import Batch
from manikin.encoding.spec import Continuous, Spec
from manikin.families.autoregressive import Autoregressive
from manikin.nn.autoregressive_network import choose_reading_order
from manikin.nn.conditioning import ConditionBatch, ConditionSpec

ROW = Spec(vocab=7, length=3, ranges=((0, 2), (2, 4), (4, 7)))
SMALL = Autoregressive(width=16, depth=1, heads=2, dropout=0.0)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(n):
    """The second column repeats the first; the third is 0, 1 or 2 with shares 1/2, 1/4, 1/4."""
    number = torch.arange(n)
    first, third = number % 2, torch.tensor([0, 0, 1, 2])[number // 2 % 4]
    return torch.stack([first, first + 2, third + 4], dim=1)


def trained(family, spec, x, given_spec=None, given=None, steps=60):
    given = given or ConditionBatch()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = family.build_networks(spec, given_spec or ConditionSpec())
    optimizer = torch.optim.AdamW(nets.model.parameters(), lr=2e-2)
    for step in range(steps):
        optimizer.zero_grad()
        family.compute_loss(nets, Batch(x, given, rng(step))).backward()
        optimizer.step()
    nets.model.eval()
    return nets


@pytest.fixture(scope="module")
def nets():
    return trained(SMALL, ROW, rows(128))


def test_learns_the_entropy_of_the_rows(nets):
    with torch.no_grad():
        loss = SMALL.compute_loss(nets, Batch(rows(2000), ConditionBatch(), rng()))
    entropy = math.log(2) + 0.5 * math.log(2) + 0.5 * math.log(4)
    assert loss.item() == pytest.approx(entropy / 3, abs=0.03)


def test_samples_follow_the_law(nets):
    x = SMALL.sample(nets, 2000, ConditionBatch(), rng())
    assert x.shape == (2000, 3)
    assert (x[:, 1] == x[:, 0] + 2).float().mean() > 0.98
    shares = torch.bincount(x[:, 2], minlength=7)[4:] / 2000
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.25, 0.25]), atol=0.06, rtol=0)


@pytest.mark.parametrize("column", [0, 1])
def test_what_is_observed_is_kept_and_the_rest_follows_it(nets, column):
    values = rows(100)
    mask = torch.zeros(100, 3, dtype=torch.bool)
    mask[:, column] = True
    x = SMALL.sample(nets, 100, ConditionBatch().set_observed(values, mask), rng())
    assert (x[mask] == values[mask]).all()
    assert (x[:, :2] == values[:, :2]).float().mean() > 0.98


def test_records_may_have_different_columns_observed(nets):
    values = rows(100)
    mask = torch.rand(100, 3, generator=rng()) < 0.5
    x = SMALL.sample(nets, 100, ConditionBatch().set_observed(values, mask), rng())
    assert (x[mask] == values[mask]).all()
    assert (x[:, 1] == x[:, 0] + 2).float().mean() > 0.98


def test_same_seed_same_sample_whatever_the_process_drew(nets):
    first = SMALL.sample(nets, 20, ConditionBatch(), rng(3))
    torch.rand(5)
    assert (first == SMALL.sample(nets, 20, ConditionBatch(), rng(3))).all()
    assert not (first == SMALL.sample(nets, 20, ConditionBatch(), rng(4))).all()


def test_a_condition_moves_the_sample():
    x, spec = rows(128), ConditionSpec({"age": Spec((Continuous(),))})
    given = ConditionBatch({"age": x[:, :1] * 2.0 - 1.0})
    nets = trained(SMALL, ROW, x, spec, given)
    old = SMALL.sample(nets, 200, ConditionBatch({"age": torch.ones(200, 1)}), rng())
    young = SMALL.sample(nets, 200, ConditionBatch({"age": -torch.ones(200, 1)}), rng())
    assert old[:, 0].float().mean() > 0.95
    assert young[:, 0].float().mean() < 0.05


def test_sequences_are_read_from_left_to_right():
    spec = Spec(vocab=4, length=6)
    start = torch.randint(4, (128, 1), generator=rng(1))
    x = (start + torch.arange(6)) % 4
    nets = trained(SMALL, spec, x)
    drawn = SMALL.sample(nets, 200, ConditionBatch(), rng())
    assert ((drawn[:, 1:] - drawn[:, :-1]) % 4 == 1).float().mean() > 0.98
    prompt = ConditionBatch().set_observed(x[:50], torch.arange(6).expand(50, 6) < 1)
    assert (SMALL.sample(nets, 50, prompt, rng()) == x[:50]).float().mean() > 0.98


def test_tokens_given_as_context_are_looked_up():
    spec, x = Spec(vocab=4, length=3), torch.randint(4, (128, 3), generator=rng(1))
    nets = trained(SMALL, spec, x, ConditionSpec({"codes": spec}), ConditionBatch({"codes": x}))
    drawn = SMALL.sample(nets, 100, ConditionBatch({"codes": x[:100]}), rng())
    assert (drawn == x[:100]).float().mean() > 0.9


def test_a_condition_speaks_for_words_of_a_text():
    """Texts of three words, of which two kinds of records have none in common; END is 0."""
    spec, level = Spec(vocab=6, length=4, ragged=True), Spec((Continuous(),))
    kind = torch.arange(64)[:, None] % 2
    words = 2 + 2 * kind + torch.randint(2, (64, 3), generator=rng(1))
    x = torch.cat([words, torch.zeros(64, 1, dtype=torch.long)], dim=1)
    parts, given = ConditionSpec({"kind": level}), ConditionBatch({"kind": kind.float()})
    nets = trained(SMALL, spec, x, parts, given, steps=40)
    drawn = SMALL.sample(nets, 64, given, rng())
    spoken = drawn[:, :3] >= 2
    assert spoken.float().mean() > 0.5
    assert ((drawn[:, :3] - 2) // 2 == kind)[spoken].float().mean() > 0.95
    with torch.no_grad():
        said = nets.model.said(
            nets.model.condition(ConditionBatch({"kind": torch.arange(2.0)[:, None]})).vector
        )
    assert (said[0, 2:4].min() > said[0, 4:].max()).item()
    assert (said[1, 4:].min() > said[1, 2:4].max()).item()


def test_orders_put_the_observed_first():
    mask = torch.tensor([[False, True, False], [True, True, False]])
    order = choose_reading_order(ROW, 2, mask, rng())
    assert order[0, 0] == 1
    assert order[1, 2] == 2
    assert (order.sort(dim=1).values == torch.arange(3)).all()
    assert (choose_reading_order(Spec(vocab=4, length=3), 2, mask, rng()) == torch.arange(3)).all()


def test_all_orders_are_as_frequent():
    order = choose_reading_order(ROW, 6000, None, rng())
    counts = torch.unique(order, dim=0, return_counts=True)[1]
    assert len(counts) == 6
    assert counts.min() > 850
    assert counts.max() < 1150


def test_no_token_sees_itself_or_later_ones():
    with torch.random.fork_rng():  # some weights make a token so sure that its loss is 0 either way
        torch.manual_seed(0)
        nets = SMALL.build_networks(ROW, ConditionSpec())
        nn.init.normal_(nets.model.heads.smooth.weight)
    x, order = torch.tensor([[0, 2, 4]]), torch.tensor([[2, 0, 1]])
    before = nets.model(x, order, ConditionBatch())
    after = nets.model(torch.tensor([[1, 2, 4]]), order, ConditionBatch())
    assert before[0, 2] == after[0, 2]
    assert before[0, 1] != after[0, 1]


def test_grids_are_refused_with_the_alternative():
    assert "diffusion" in Autoregressive().refusal(Spec((Continuous(),), grid=(4, 4)))
    assert Autoregressive().refusal(ROW) is None
