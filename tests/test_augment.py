"""Moved pictures: by hand, along with their masks, and never in samples."""

import numpy as np
import pytest
import torch

import manikin as mk
from manikin.encoding.blocks import Categorical, Continuous
from manikin.encoding.spec import Spec
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.training import augment

SPEC = Spec((Continuous(1),), grid=(16, 24))
MAP = Spec((Categorical(3),), grid=(16, 24))


def by_hand(picture: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """One picture (H, W) moved as `moves` say."""
    up, left = round(moves[1] * 2), round(moves[2] * 3)  # an eighth of 16 and of 24 is the farthest
    source = picture[:, ::-1] if moves[0] else picture
    padded = np.pad(source, 3, mode="edge")
    return padded[3 - up : 19 - up, 3 - left : 27 - left]


def test_pictures_are_moved_as_the_moves_say():
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(200, 1, 16, 24, generator=rng)
    mask = torch.randint(3, x.shape, generator=rng).float()
    y, given = augment.move_batch(SPEC, x, ConditionBatch(parts={"mask": mask}), rng)
    moves = given.parts[augment.MOVES_PART].numpy()
    for i in range(200):
        assert np.array_equal(y[i, 0].numpy(), by_hand(x[i, 0].numpy(), moves[i]))
        assert np.array_equal(given.parts["mask"][i, 0].numpy(), by_hand(mask[i, 0].numpy(), moves[i]))


def test_half_stay_and_a_quarter_is_mirrored():
    rng = torch.Generator().manual_seed(0)
    _, given = augment.move_batch(SPEC, torch.zeros(4000, 1, 16, 24), ConditionBatch(), rng)
    moves = given.parts[augment.MOVES_PART]
    assert (moves == 0).all(dim=1).float().mean() == pytest.approx(0.5 + 0.5 * 0.5 / 5 / 7, abs=0.03)
    assert moves[:, 0].mean() == pytest.approx(0.25, abs=0.03)
    assert moves.abs().max() == 1


def test_nothing_is_mirrored_that_values_or_text_may_speak_of():
    rng = torch.Generator().manual_seed(0)
    x = torch.zeros(400, 1, 16, 24)
    for part in (torch.zeros(400, 2), torch.zeros(400, 9, dtype=torch.long)):
        _, given = augment.move_batch(
            SPEC, x, ConditionBatch(parts={"row": part, augment.MOVES_PART: torch.zeros(400, 3)}), rng
        )
        assert not given.parts[augment.MOVES_PART][:, 0].any()
        assert given.parts[augment.MOVES_PART][:, 1:].any()


def test_volumes_move_along_three_axes():
    spec = Spec((Continuous(1),), grid=(8, 8, 8))
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(50, 1, 8, 8, 8, generator=rng)
    y, given = augment.move_batch(spec, x, ConditionBatch(), rng)
    still = (given.parts[augment.MOVES_PART] == 0).all(dim=1)
    assert torch.equal(y[still], x[still])
    assert not torch.equal(y[~still], x[~still])


def test_what_can_be_moved():
    scalar = Spec((Continuous(2),))
    coarse = Spec((Continuous(1),), grid=(8, 8))
    assert augment.can_augment(SPEC, ConditionSpec({"age": scalar, "mask": MAP}))
    assert not augment.can_augment(SPEC, ConditionSpec({"other": coarse}))
    assert not augment.can_augment(Spec((Continuous(1),), grid=(100,)), ConditionSpec())
    assert not augment.can_augment(scalar, ConditionSpec())
    assert augment.should_augment(mk.Training(), SPEC, ConditionSpec(), 999)
    assert not augment.should_augment(mk.Training(), SPEC, ConditionSpec(), 1000)
    assert augment.should_augment(mk.Training(augment=True), SPEC, ConditionSpec(), 1000)
    assert not augment.should_augment(mk.Training(augment=False), SPEC, ConditionSpec(), 10)
    with pytest.raises(mk.errors.Unsupported, match="leave augment out"):
        augment.should_augment(mk.Training(augment=True), scalar, ConditionSpec(), 10)


def onesided(n: int) -> mk.Cohort:
    """Pictures with a bright left edge."""
    rng = np.random.default_rng(0)
    x = rng.normal(100, 10, (n, 1, 16, 16))
    x[:, :, :, :4] += 80
    return mk.Cohort.from_arrays({"image": x.astype(np.float32)}, {"image": mk.Image()})


def test_samples_are_not_moved(tmp_path):
    training = mk.Training(steps=250, augment=True)
    model = mk.Synthesizer("image", family=mk.families.Diffusion(width=16, steps=5), training=training)
    model.fit(onesided(300), quiet=True)
    assert model.fitted_model.learner.facts["augmented"] is True
    x = model.sample(100, seed=1)["image"][:, 0]
    bright = x > 140
    assert bright[:, :, :4].mean() > 0.9  # none is shifted or mirrored
    assert bright[:, :, 4:].mean() < 0.05
    model.save(tmp_path / "model")
    assert np.array_equal(mk.load(tmp_path / "model").sample(100, seed=1)["image"][:, 0], x)


@pytest.mark.parametrize("family", ["gan", "vae"])
def test_other_families_take_moves(family):
    model = mk.Synthesizer("image", family=family, training=mk.Training(steps=4)).fit(
        onesided(30), quiet=True
    )
    assert model.fitted_model.learner.facts["augmented"] is True
    assert model.sample(3)["image"].shape == (3, 1, 16, 16)


def test_codes_are_not_moved():
    training = mk.Training(steps=4)
    model = mk.Synthesizer("image", family="autoregressive", training=training).fit(
        onesided(30), quiet=True
    )
    assert "augmented" not in model.fitted_model.learner.facts
