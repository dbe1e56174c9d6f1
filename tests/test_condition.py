"""What is given, as a network takes it in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from manikin.core.seeds import Key
from manikin.encoding.spec import Categorical, Continuous, Spec
from manikin.errors import UsageError
from manikin.nn.conditioning import ConditionBatch, Conditioner, ConditionSpec
from manikin.nn.random_masks import draw_box_mask, draw_lattice_mask, draw_observation_mask

IMAGE = Spec((Continuous(),), grid=(4, 6))
PARTS = {
    "age.years": Spec((Continuous(1, optional=True),)),
    "mask": Spec((Categorical(3),), grid=(4, 6)),
    "ecg": Spec((Continuous(2),), grid=(9,)),
    "codes": Spec(vocab=5, length=7),
}
WHOLE = ConditionBatch.from_arrays(
    {
        "age.years": np.array([[0.5], [np.nan]]),
        "mask": np.ones((2, 1, 4, 6)),
        "ecg": np.ones((2, 2, 9)),
        "codes": np.ones((2, 7), dtype=int),
    }
)


def rng(seed=0):
    return Key(seed).torch()


def test_nothing_given_costs_nothing():
    conditioner = Conditioner(ConditionSpec(), IMAGE, 8)
    assert not list(conditioner.parameters())
    assert (conditioner.vector, conditioner.channels, conditioner.context) == (0, 0, 0)
    condition = conditioner(ConditionBatch())
    assert (condition.vector, condition.map, condition.context) == (None, None, None)


def test_each_part_enters_the_way_its_spec_says():
    conditioner = Conditioner(ConditionSpec(PARTS, observed=True), IMAGE, 8)
    given = WHOLE.set_observed(torch.zeros(2, 1, 4, 6), torch.ones(2, 1, 4, 6, dtype=torch.bool))
    condition = conditioner(given)
    # The mask's 3 levels and whether it is shown; the observed value and where it is.
    assert conditioner.channels == 3 + 1 + 1 + 1
    assert condition.map.shape == (2, 6, 4, 6)
    assert condition.vector.shape == (2, 8)
    assert condition.context.shape[::2] == (2, 8)
    assert condition.context.shape[1] > 7


def test_the_map_by_hand():
    spec = Spec((Continuous(1, optional=True), Categorical(2)))
    conditioner = Conditioner(ConditionSpec(observed=True), spec, 8)
    values = torch.tensor([[3.0, 1.0], [float("nan"), 1.0]])
    mask = torch.tensor([[True, False], [True, True]])
    shown = conditioner(ConditionBatch().set_observed(values, mask)).map
    # value, flag, two levels, then where each of the two channels is observed
    assert shown.tolist() == [[3, 0, 0, 0, 1, 0], [0, 1, 0, 1, 1, 1]]


def test_tokens_as_target_take_no_map():
    conditioner = Conditioner(ConditionSpec(PARTS, observed=True), Spec(vocab=5, length=7), 8)
    assert conditioner.channels == 0
    assert conditioner(WHOLE).map is None


def test_a_dropped_condition_looks_alike_whatever_it_was():
    conditioner = Conditioner(ConditionSpec(PARTS), IMAGE, 8)
    other = ConditionBatch({name: torch.zeros_like(part) for name, part in WHOLE.parts.items()})
    kept = torch.tensor([False, True])
    a, b = (conditioner(given.drop_parts(kept)) for given in (WHOLE, other))
    for x, y in ((a.vector, b.vector), (a.map, b.map), (a.context, b.context)):
        assert torch.equal(x[0], y[0])
        assert not torch.equal(x[1], y[1])


def test_batches_are_indexed_repeated_and_counted():
    given = WHOLE.set_observed(torch.arange(2.0)[:, None], torch.ones(2, 1, dtype=torch.bool))
    assert len(given) == 2
    assert given[torch.tensor([1, 1, 0])].values.flatten().tolist() == [1, 1, 0]
    assert given[slice(1, None)].parts["ecg"].shape == (1, 2, 9)
    assert given.repeat(2).values.flatten().tolist() == [0, 0, 1, 1]
    assert not ConditionBatch()
    assert len(ConditionBatch()[slice(0, 5)]) == 0


def test_keep_puts_the_observed_part_in_its_place():
    given = ConditionBatch().set_observed(torch.tensor([[1.0, float("nan")]]), torch.tensor([[True, True]]))
    assert torch.equal(given.restore_observed(torch.zeros(1, 2)).isnan(), torch.tensor([[False, True]]))
    assert ConditionBatch().restore_observed(torch.ones(1, 2)).tolist() == [[1, 1]]


def test_rehearsal_observes_and_drops_by_the_generator():
    conditioner = Conditioner(ConditionSpec(PARTS, observed=True), IMAGE, 8)
    x = torch.randn(400, 1, 4, 6, generator=rng())
    many = WHOLE.repeat(200)
    first, again = (conditioner.mask_for_training(many, x, rng(1), drop=0.1) for _ in range(2))
    assert torch.equal(first.mask, again.mask)
    assert first.kept.float().mean().item() == pytest.approx(0.9, abs=0.05)
    assert conditioner.mask_for_training(many.set_observed(x, x > 0), x, rng()).mask.equal(x > 0)


def test_incomplete_conditions_are_refused_by_name():
    conditioner = Conditioner(ConditionSpec(PARTS, observed=True), IMAGE, 8)
    lacking = ConditionBatch({name: part for name, part in WHOLE.parts.items() if name != "ecg"})
    with pytest.raises(UsageError, match="ecg"):
        conditioner.fill_defaults(lacking, 2, torch.device("cpu"))
    with pytest.raises(UsageError, match="2 records, but 3"):
        conditioner.fill_defaults(WHOLE, 3, torch.device("cpu"))
    assert not conditioner.fill_defaults(WHOLE, 2, torch.device("cpu")).mask.any()


@pytest.mark.parametrize("shape", [(2000, 5), (2000, 2, 12), (2000, 1, 6, 8)])
def test_random_observations_range_from_nothing_to_nearly_all(shape):
    mask = draw_observation_mask(torch.Size(shape), rng())
    share = mask.flatten(1).float().mean(1)
    assert mask.shape == shape
    assert 0.1 < (share == 0).float().mean() < 0.5
    assert (share > 0.8).float().mean() > 0.05
    assert (mask.float().mean(0) > 0.2).all()
    assert (mask.float().mean(0) < 0.8).all()


def test_boxes_are_boxes_and_lattices_lattices():
    inside = draw_box_mask(torch.Size((300, 1, 7)), rng()).long()
    edges = (torch.diff(inside, dim=2) != 0).sum(2)
    assert (edges <= 2).all()
    assert (inside[:, 0, -1] == 1).float().mean() > 0.2
    lattice = draw_lattice_mask(torch.Size((300, 1, 9)), rng())[:, 0]
    patterns = {tuple(row) for row in lattice.int().tolist()}
    assert patterns == {tuple(int(i % k == 0) for i in range(9)) for k in (2, 3, 4)}
