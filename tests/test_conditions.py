"""What is given at sampling: a gap where there never was one is refused, for every kind and family."""

import numpy as np
import pandas as pd
import pytest

import manikin as mk

N = 200


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    gaps = rng.random(N) < 0.3
    return pd.DataFrame(
        {
            "age": rng.integers(20, 90, N),
            "sex": rng.choice(["F", "M"], N),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, N), "D"),
            "lab": np.where(gaps, np.nan, rng.normal(size=N).round(2)),
            "grade": np.where(gaps, None, rng.choice(["a", "b"], N)),
            "y": rng.normal(size=N),
        }
    )


GIVEN = ("age", "sex", "day", "lab", "grade")


@pytest.fixture(scope="module", params=["trees", "copula", "independent", "vae", "autoregressive"])
def model(request, frame) -> mk.Synthesizer:
    few = mk.Training(steps=2)
    return mk.Synthesizer("y", GIVEN, request.param, training=few).fit(frame, quiet=True)


@pytest.mark.parametrize("name", ["age", "sex", "day"])
def test_a_gap_in_a_condition_is_refused(model, frame, name):
    given = frame[[*GIVEN]].astype({name: object})
    given.loc[:1, name] = None
    with pytest.raises(mk.errors.UsageError, match=f"'{name}': missing in 2 of 200"):
        model.sample(condition=given)


@pytest.mark.parametrize("name", ["age", "sex", "day"])
def test_a_gap_in_where_is_refused(model, frame, name):
    row = frame.dropna().iloc[0][[*GIVEN]].to_dict()
    with pytest.raises(mk.errors.UsageError, match=f"'{name}': missing"):
        model.sample(3, where={**row, name: None})


def test_a_gap_that_training_knew_is_taken(model, frame):
    given = frame[[*GIVEN]].copy()
    given.loc[0, ["lab", "grade"]] = None
    drawn = model.sample(condition=given).to_pandas()
    assert drawn["lab"].isna().equals(given["lab"].isna())
    assert drawn["y"].notna().all()


def test_gaps_of_the_target_are_filled_in(frame):
    model = mk.Synthesizer().fit(frame, quiet=True)
    given = frame.assign(age=frame["age"].where(frame.index > 2))
    drawn = model.sample(condition=given).to_pandas()
    assert drawn["age"].notna().all()
    assert (drawn["age"][3:] == frame["age"][3:]).all()
    with pytest.raises(mk.errors.UsageError, match="'age': missing in 5 of 5 given records"):
        model.sample(5, where={"age": None})


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_torn_pictures_of_whole_numbers_are_filled_in(dtype):
    """A picture in bytes has no NaN: torn ones come as floats, and go back as bytes."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 200, (40, 1, 8, 8)).astype(dtype)
    cohort = mk.Cohort.from_arrays({"scan": x}, {"scan": mk.Image()})
    model = mk.Synthesizer("scan", condition="scan", family="diffusion", training=mk.Training(steps=5))
    model.fit(cohort, quiet=True)
    torn = x[:3].astype(np.float32)
    torn[:, :, 2:6, 2:6] = np.nan
    whole = model.sample(condition=mk.Cohort.from_arrays({"scan": torn}, {"scan": mk.Image()}))["scan"]
    assert whole.dtype == dtype
    known = np.isfinite(torn)
    assert np.allclose(whole[known], x[:3][known], atol=1e-3)


def test_a_torn_condition_is_refused():
    x = np.random.default_rng(0).normal(size=(30, 1, 8, 8)).astype(np.float32)
    both = mk.Cohort.from_arrays({"t1": x, "t2": 2 * x}, {"t1": mk.Image(), "t2": mk.Image()})
    model = mk.Synthesizer("t2", condition="t1", family="vae", training=mk.Training(steps=2)).fit(
        both, quiet=True
    )
    torn = x[:4].copy()
    torn[1, 0, 0, 0] = np.nan
    with pytest.raises(mk.errors.UsageError, match="NaN in 1 of 4"):
        model.sample(condition=mk.Cohort.from_arrays({"t1": torn}, {"t1": mk.Image()}))
