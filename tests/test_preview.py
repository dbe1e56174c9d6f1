"""Preview: pictures drawn while a model learns stand beside its checkpoint."""

import numpy as np
import pytest
from PIL import Image as Picture

import manikin as mk

TRAINING = mk.Training(steps=6)


def pictured(shape: tuple[int, ...], dtype=np.uint8, **kind) -> mk.Cohort:
    rng = np.random.default_rng(0)
    x = rng.integers(0, kind.get("levels") or 200, (40, *shape)).astype(dtype)
    schema = {"scan": mk.Image(**kind), "age": mk.Number()}
    return mk.Cohort.from_arrays({"scan": x, "age": rng.uniform(20, 80, 40)}, schema)


@pytest.mark.parametrize(
    ("shape", "kind", "family"),
    [
        ((1, 16, 20), {}, "diffusion"),
        ((3, 16, 20), {"channels": ("r", "g", "b")}, "vae"),
        ((1, 16, 20), {"levels": 3}, "diffusion"),
        ((1, 4, 16, 20), {}, "diffusion"),
        ((1, 16, 20), {}, "autoregressive"),
    ],
)
def test_a_grid_of_pictures_is_written(tmp_path, shape, kind, family):
    model = mk.Synthesizer("scan", condition="age", family=family, training=TRAINING)
    model.fit(pictured(shape, **kind), checkpoint=tmp_path / "state", quiet=True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".png") == ["state.png"]
    with Picture.open(tmp_path / "state.png") as grid:
        assert grid.size == (8 * 20, 4 * 16)
        assert len(np.unique(np.asarray(grid))) > 1


def test_the_model_is_the_same_with_and_without(tmp_path):
    drawn = []
    for place in (None, tmp_path / "state"):
        model = mk.Synthesizer("scan", condition="age", family="diffusion", training=TRAINING)
        model.fit(pictured((1, 16, 20)), checkpoint=place, quiet=True)
        drawn.append(model.sample(condition=pictured((1, 16, 20)))["scan"])
    assert np.array_equal(*drawn)


def test_tables_have_no_preview(tmp_path):
    model = mk.Synthesizer("age", family="vae", training=TRAINING)
    model.fit(pictured((1, 16, 20)).select("age"), checkpoint=tmp_path / "state", quiet=True)
    assert not list(tmp_path.glob("*.png"))
