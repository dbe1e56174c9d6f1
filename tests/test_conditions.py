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
