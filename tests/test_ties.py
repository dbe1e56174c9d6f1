"""Equalities, orders and shared gaps of a table hold in its synthetic records, in the units of the file."""

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.codecs.table import TableCodec, mix_segments
from manikin.core.seeds import Key
from manikin.encoding.spec import Categorical, Continuous
from manikin.families.trees.constraints import NO_COLUMN, ColumnConstraints
from manikin.families.trees.design import fit_own_scale, to_own_scale, to_shared_scale
from manikin.stats.equalities import ColumnRelations, find_relations

N = 2000


def _pair(step: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Here b never exceeds a, and equals it in half of the records."""
    rng = np.random.default_rng(0)
    a = np.round(rng.gamma(2, 300, N) / step) * step + step
    b = np.where(rng.random(N) < 0.5, a, np.ceil(a * rng.beta(2, 3, N) * 0.9 / step) * step)
    return a, b


def _sampled(frame: pd.DataFrame, **options) -> pd.DataFrame:
    return mk.Synthesizer().fit(frame, quiet=True).sample(N, **options).to_pandas()


def test_equality_and_order_by_hand():
    a = np.arange(100.0) * 37 % 101
    found = find_relations(np.column_stack([a, np.where(np.arange(100) % 4 == 0, a, a - 7), -a]))
    assert found.equal_share[0, 1] == pytest.approx(0.25)
    assert found.is_below.tolist() == [[False, False, False], [True, False, False], [False, False, False]]


def test_chance_and_shared_zeros_are_no_tie():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.3, (5000, 2)).astype(float)
    assert not find_relations(counts).is_related.any()
    apart = np.column_stack([rng.normal(0, 1, 500), rng.normal(100, 1, 500)])
    assert not find_relations(apart).is_related.any()  # their ranges keep the order, whatever is drawn


def test_gaps_hide_no_tie():
    a, b = _pair()
    a[::3], b[1::3] = np.nan, np.nan
    found = find_relations(np.column_stack([a, b]))
    assert found.is_below[1, 0]
    assert found.equal_share[0, 1] == pytest.approx(0.5 / 3, abs=0.02)


@pytest.mark.parametrize("step", [1.0, 0.001], ids=["whole", "fine"])
def test_a_bound_is_never_broken_and_equality_stays(step):
    a, b = _pair(step)
    drawn = _sampled(pd.DataFrame({"noise": np.random.default_rng(1).normal(size=N), "b": b, "a": a}))
    assert (drawn["b"] <= drawn["a"]).all()
    assert (drawn["b"] == drawn["a"]).mean() == pytest.approx((b == a).mean(), abs=0.03)
    apart = drawn[drawn["b"] < drawn["a"]]
    assert (apart["b"] / apart["a"]).mean() == pytest.approx((b / a)[b < a].mean(), abs=0.03)


def test_values_without_a_grid_are_equal_to_the_last_digit():
    a = np.random.default_rng(2).normal(size=N)
    b = np.where(np.arange(N) % 2, a, a - np.random.default_rng(3).exponential(size=N))
    drawn = _sampled(pd.DataFrame({"a": a, "b": b}))
    assert (drawn["b"] <= drawn["a"]).all()
    assert (drawn["b"] == drawn["a"]).mean() == pytest.approx(0.5, abs=0.03)
    assert not set(drawn["a"]) & set(a)  # nobody's value is repeated
    assert not set(drawn["b"]) & set(b)


def test_dates_keep_their_order_and_equality():
    a, b = _pair()
    origin = pd.Timestamp("2010-01-01")
    frame = pd.DataFrame(
        {"left": origin + pd.to_timedelta(a, "D"), "came": origin + pd.to_timedelta(b, "D")}
    )
    drawn = _sampled(frame)
    assert (drawn["came"] <= drawn["left"]).all()
    assert (drawn["came"] == drawn["left"]).mean() == pytest.approx((b == a).mean(), abs=0.03)


def test_three_dates_in_any_order_of_columns():
    rng = np.random.default_rng(7)
    came = rng.integers(0, 500, N)
    moved = came + np.where(rng.random(N) < 0.3, 0, rng.integers(1, 40, N))
    left = moved + np.where(rng.random(N) < 0.3, 0, rng.integers(1, 400, N))
    days = {"came": came, "left": left, "moved": moved}
    origin = pd.Timestamp("2020-01-01")
    drawn = _sampled(pd.DataFrame({name: origin + pd.to_timedelta(x, "D") for name, x in days.items()}))
    assert (drawn["came"] <= drawn["moved"]).all()
    assert (drawn["moved"] <= drawn["left"]).all()
    for first, second in (("came", "moved"), ("moved", "left"), ("came", "left")):
        real = (days[first] == days[second]).mean()
        assert (drawn[first] == drawn[second]).mean() == pytest.approx(real, abs=0.04)


@pytest.mark.parametrize("names", [["a", "b"], ["b", "a"]], ids=["before", "behind"])
def test_a_given_bound_is_met_in_either_order(names):
    a, b = _pair()
    drawn = _sampled(pd.DataFrame({"a": a, "b": b})[names], where={"a": 300})["b"]
    assert (drawn <= 300).all()
    assert (drawn == 300).mean() == pytest.approx(0.5, abs=0.12)
    assert drawn[drawn < 300].mean() == pytest.approx(b[(np.abs(a - 300) < 50) & (b < a)].mean(), rel=0.15)


def test_marginals_on_a_shared_scale():
    a, b = _pair()
    drawn = _sampled(pd.DataFrame({"b": b, "a": a}))
    for name, real in (("a", a), ("b", b)):
        assert np.quantile(drawn[name], [0.1, 0.5, 0.9]) == pytest.approx(
            np.quantile(real, [0.1, 0.5, 0.9]), rel=0.12
        )


def test_gaps_rarer_than_a_leaf_stay_together():
    """In 12 of 2,000 records a level and a number are missing, never one without the other."""
    rng = np.random.default_rng(4)
    level = rng.choice(["no", "early", "late"], N, p=[0.6, 0.1, 0.3]).astype(object)
    day = rng.gamma(2, 5, N)
    level[:12], day[:12] = None, np.nan
    drawn = _sampled(pd.DataFrame({"day": day, "level": level}))
    assert (drawn["level"].isna() == drawn["day"].isna()).all()
    assert 0 < drawn["day"].isna().sum() < 40


def test_a_level_that_another_column_tells():
    """The ward tells the site in every record, also where fewer records than a leaf have it."""
    of = np.random.default_rng(5).choice(20, N, p=[0.62] + [0.02] * 19)
    drawn = _sampled(pd.DataFrame({"ward": [f"w{i}" for i in of], "site": [f"s{i}" for i in of]}))
    assert (drawn["ward"].str[1:] == drawn["site"].str[1:]).all()
    assert drawn["ward"].nunique() == 20


def _facts(x: np.ndarray) -> ColumnConstraints:
    blocks = [Categorical(3), Continuous(optional=True)]
    none = ColumnRelations(np.zeros((2, 2)), np.zeros((2, 2), dtype=bool))
    return ColumnConstraints.find(x, blocks, [0], 1, none)


def test_facts_by_hand():
    x = np.column_stack([np.repeat([0.0, 1.0, 2.0], 20), np.repeat([0.5, 0.7, np.nan], 20)])
    facts = _facts(x)
    assert facts.equal_column == NO_COLUMN
    assert facts.determined_levels[1][1].tolist() == [False, False, True]
    values = np.array([0.5, np.nan, 0.5])
    assert facts.is_allowed(x[[0, 0, 59]], values).tolist() == [True, False, False]
    assert np.isnan(facts.impose_levels(x[[0, 0, 59]], values)).tolist() == [False, True, True]
    x[59, 1] = 0.1  # one exception
    assert not _facts(x).determined_levels


def test_facts_come_back():
    blocks = [Continuous(), Continuous(optional=True), Categorical(2)]
    facts = ColumnConstraints(blocks, 1, 0, [0], [], {1: (2, np.array([True, False]))})
    again = ColumnConstraints.from_state(facts.to_state(), blocks, 1)
    assert (again.equal_column, again.floor_columns, again.ceiling_columns) == (0, [0], [])
    assert again.determined_levels[1][1].tolist() == [True, False]


def test_shared_scores_keep_equality_and_order():
    a, b = _pair()
    cohort = mk.Cohort.from_pandas(pd.DataFrame({"a": a, "b": b}))
    together = TableCodec().share_scales().fit(cohort, ["a", "b"])
    x = together.encode(cohort)
    assert np.array_equal(x[:, 0] == x[:, 1], a == b)
    assert (x[:, 1] <= x[:, 0]).all()
    back = together.decode(x, Key(0))
    assert np.abs(np.array(back["a"]) - a).mean() < 1
    x = TableCodec().fit(cohort, ["a", "b"]).encode(cohort)
    assert not (x[:, 0] == x[:, 1])[a == b].any()  # each on its own scale


def test_mixture_by_hand():
    upper, start, end = mix_segments(
        [([0.5, 1.0], [0.0, 0.0], [0.0, 4.0]), ([1.0], [2.0], [4.0])], [30, 10]
    )
    assert start == [0.0, 0.0, 2.0]
    assert end == [0.0, 2.0, 4.0]
    assert upper == pytest.approx([0.375, 0.5625, 1.0])


def test_own_scores_are_normal_and_come_back():
    values = np.random.default_rng(6).gamma(2, 1, 3000).astype(np.float32)
    scale = fit_own_scale(values)
    own = to_own_scale(values, scale)
    assert own.mean() == pytest.approx(0, abs=0.02)
    assert own.std() == pytest.approx(1, abs=0.03)
    assert np.allclose(to_shared_scale(own, scale), values, atol=1e-4)
