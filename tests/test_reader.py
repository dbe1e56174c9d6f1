"""One of several drafts: what was given is told by those that are taken as by training records."""

import numpy as np
import pytest

from manikin.codecs.arrays import ArrayCodec
from manikin.data.cohort import Cohort
from manikin.data.schema import Category, Signal
from manikin.rng import Key
from manikin.spec import Categorical, Continuous, Spec
from manikin.synthesis.budget import Training
from manikin.synthesis.reader import Reader
from manikin.synthesis.store import load
from manikin.synthesis.synthesizer import Synthesizer

ROW = Spec((Continuous(), Categorical(2)))


def stays(n, key, effect):
    """Series of two channels whose level rises by `effect` with the label; the row that is given."""
    rng = key.numpy()
    label = rng.integers(2, size=n)
    level = rng.standard_normal(n) + effect * label
    x = level[:, None, None] + 0.1 * rng.standard_normal((n, 2, 6))
    x[rng.random(x.shape) < 0.3] = np.nan
    return x.astype(np.float32), np.stack([rng.standard_normal(n), label], axis=1).astype(np.float32)


def gap(x, rows):
    level = np.nanmean(x, axis=(1, 2))
    return np.nanmean(level[rows[:, 1] == 1]) - np.nanmean(level[rows[:, 1] == 0])


def test_drafts_that_know_nothing_of_the_label_are_chosen_by_it():
    real, drawn = stays(4000, Key(0), 1.0), stays(4000, Key(1), 0.0)
    reader = Reader.learn(ROW, real, drawn)
    rows = drawn[1]
    drafts = [stays(4000, Key(2 + i), 0.0)[0] for i in range(8)]
    assert abs(gap(drafts[0], rows)) < 0.15
    taken = reader.chosen(drafts, rows, Key(9).numpy())
    assert gap(taken, rows) == pytest.approx(1.0, abs=0.25)
    assert any(np.array_equal(taken[0], draft[0], equal_nan=True) for draft in drafts)


def test_drafts_that_agree_already_stay_as_they_are():
    real, drawn = stays(4000, Key(0), 1.0), stays(4000, Key(1), 1.0)
    reader = Reader.learn(ROW, real, drawn)
    rows = drawn[1]
    rng = Key(3).numpy()
    drafts = [(drawn[0] + 0.1 * rng.standard_normal(drawn[0].shape)).astype(np.float32) for _ in range(4)]
    assert gap(reader.chosen(drafts, rows, rng), rows) == pytest.approx(gap(drawn[0], rows), abs=0.1)


def test_levels_of_few_records_say_nothing():
    x, rows = stays(300, Key(0), 1.0)
    rows[:, 1] = np.arange(300) < 5
    assert Reader.learn(ROW, (x, rows), (x, rows)).fields == {}


def test_what_is_read_comes_back_from_its_file(tmp_path):
    real, drawn = stays(500, Key(0), 1.0), stays(500, Key(1), 0.0)
    reader = Reader.learn(ROW, real, drawn)
    reader.save(tmp_path / "reader.safetensors")
    again = Reader.load(tmp_path / "reader.safetensors")
    drafts = [stays(500, Key(2 + i), 0.0)[0] for i in range(4)]
    one, other = (r.chosen(drafts, drawn[1], Key(9).numpy()) for r in (reader, again))
    np.testing.assert_array_equal(one, other)


def test_a_model_of_stays_keeps_its_reader(tmp_path):
    rng = Key(0).numpy()
    label = np.arange(200) % 2
    x = (label[:, None, None] + rng.standard_normal((200, 4, 8))).astype(np.float32)
    x[rng.random(x.shape) < 0.3] = np.nan
    schema = {"died": Category(levels=(0, 1), role="label"), "series": Signal(rate=1 / 3600)}
    cohort = Cohort.from_arrays({"died": label, "series": x}, schema)
    model = Synthesizer("series", "died", "diffusion", training=Training(steps=20)).fit(cohort, quiet=True)
    assert model.models[0].learner.reader.fields
    model.save(tmp_path / "model")
    given = cohort.select("died")
    drawn, again = (m.sample(condition=given, seed=1)["series"] for m in (model, load(tmp_path / "model")))
    np.testing.assert_array_equal(drawn, again)


def test_a_value_that_holds_in_training_holds_in_samples():
    weight = np.repeat(np.linspace(50, 90, 100)[:, None], 10, axis=1)
    weight[:5, 5:] += 8.0  # who is weighed again
    others = Key(0).numpy().normal(size=(100, 3, 10))
    x = np.concatenate([weight[:, None], others], axis=1).astype(np.float32)
    x[:, 1, ::2] = np.nan
    codec = ArrayCodec().fit(Cohort.from_arrays({"s": x}, {"s": Signal(rate=1)}), ["s"])
    z = codec.encode(Cohort.from_arrays({"s": x}, {"s": Signal(rate=1)}))
    rough = z + 0.05 * Key(1).numpy().standard_normal(z.shape)
    back = np.stack(codec.decode(rough.astype(np.float32), Key(0))["s"].to_numpy_ndarray())
    assert ((np.diff(back[:, 0], axis=1) == 0).mean(axis=1) >= 8 / 9).all()
    assert (back[:5, 0, 9] - back[:5, 0, 0] > 4).all()
    assert (np.diff(back[:, 2], axis=1) != 0).mean() > 0.9
