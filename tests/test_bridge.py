"""Bridge: records under another condition, known where the flow is known."""

import numpy as np
import pytest
from scipy.stats import spearmanr

import manikin as mk
from manikin.recipes import translate_unpaired

rng = np.random.default_rng(0)


def two_sides(n: int) -> mk.Cohort:
    """Slices of two kinds: the second is brighter by 60 and has half the contrast."""
    from scipy.ndimage import gaussian_filter

    x = 20 * gaussian_filter(rng.normal(size=(n, 1, 8, 8)), (0, 0, 2, 2)) / 0.15
    side = rng.permutation(["T1", "T2"] * (n // 2)).astype(object)
    x = np.where((side == "T2")[:, None, None, None], 60 + x / 2, x).astype(np.float32)
    return mk.Cohort.from_arrays(
        {"scan": x, "side": side}, {"scan": mk.Image(), "side": mk.Category(levels=("T1", "T2"))}
    )


@pytest.fixture(scope="module")
def model() -> mk.Synthesizer:
    training = mk.Training(steps=500, augment=False)
    family = mk.families.Diffusion(width=32)
    return mk.Synthesizer("scan", "side", family, training=training).fit(two_sides(600), quiet=True)


def test_slices_of_one_side_become_those_of_the_other(model):
    fresh = two_sides(200)
    first = fresh.take(np.flatnonzero(fresh["side"] == "T1"))
    there = translate_unpaired(model, first, {"side": "T2"})
    assert set(there["side"]) == {"T2"}
    made, real = there["scan"].mean(axis=(1, 2, 3)), first["scan"].mean(axis=(1, 2, 3))
    assert made.mean() == pytest.approx(60, abs=6)
    assert made.std() == pytest.approx(real.std() / 2, rel=0.35)
    assert spearmanr(made, real).statistic > 0.9  # each slice stays itself
    back = translate_unpaired(model, there, {"side": "T1"})
    assert np.corrcoef(back["scan"].ravel(), first["scan"].ravel())[0, 1] > 0.97


def test_what_has_no_way_back_is_refused(model):
    with pytest.raises(mk.errors.NotFitted):
        translate_unpaired(mk.Synthesizer("scan", "side", "diffusion"), two_sides(4), {"side": "T2"})
    vae = mk.Synthesizer("scan", "side", "vae", training=mk.Training(steps=2)).fit(
        two_sides(20), quiet=True
    )
    with pytest.raises(mk.errors.Unsupported, match="use 'diffusion'"):
        translate_unpaired(vae, two_sides(4), {"side": "T2"})
    maps = mk.Cohort.from_arrays(
        {"mask": rng.integers(0, 2, (20, 1, 8, 8)).astype(np.uint8), "age": rng.uniform(20, 80, 20)},
        {"mask": mk.Image(levels=2), "age": mk.Number()},
    )
    levels = mk.Synthesizer("mask", "age", "diffusion", training=mk.Training(steps=2)).fit(maps, quiet=True)
    with pytest.raises(mk.errors.Unsupported, match="levels"):
        translate_unpaired(levels, maps, {"age": 30.0})
    with pytest.raises(mk.errors.SchemaError, match="takes one of"):
        translate_unpaired(model, two_sides(4), {"side": "T3"})
