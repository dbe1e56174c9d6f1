"""Dates as lengths of time, weekdays and clock times; fields that follow from others, computed."""

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.errors import RuleError
from manikin.rules.mining.formulas import find_formulas

FAMILIES = ("trees", "copula", "independent")
DAY = np.timedelta64(1, "D")


def _stays(n=1000, gap=0.2, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 95, n)
    los = np.clip((age - 18) / 77 * 10 + rng.normal(2, 4.5, n), 0, 19).round().astype(int)
    admitted = np.datetime64("2025-01-01") + rng.integers(0, 300, n) * DAY
    frame = pd.DataFrame({"ward": rng.choice(list("ABC"), n), "admitted": admitted, "age": age})
    frame["discharged"] = admitted + los * DAY
    frame.loc[rng.random(n) < gap, "discharged"] = pd.NaT
    return frame, los


def _visits(n=800, seed=1):
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-01-02", "2024-12-30", freq="B").to_numpy().astype("datetime64[D]")
    visit = rng.choice(days, n).astype("datetime64[s]") + rng.integers(96, 204, n) * np.timedelta64(5, "m")
    frame = pd.DataFrame({"visit": visit, "age": rng.integers(20, 90, n)})
    frame["left"] = visit + rng.integers(10, 200, n) * np.timedelta64(1, "m")
    frame["fixed"] = rng.choice(days, n).astype("datetime64[s]") + np.timedelta64(510, "m")
    frame.loc[rng.random(n) < 0.15, "visit"] = pd.NaT
    return frame


def _measured(n=800, seed=2):
    rng = np.random.default_rng(seed)
    height = rng.normal(170, 9, n).round()
    weight = (rng.normal(25, 4, n) * (height / 100) ** 2).round(1)
    code = rng.choice(["I21", "I50", "J18", "J44", "K35", "K80"], n)
    organs = {"I": "heart", "J": "lung", "K": "gut"}
    items = {name: rng.integers(0, 5, n) for name in ("eyes", "verbal", "motor")}
    frame = pd.DataFrame(
        {"height": height, "weight": weight, "bmi": (weight / (height / 100) ** 2).round(1)}
    )
    frame["visit"] = np.datetime64("2019-01-01") + rng.integers(0, 1500, n) * DAY
    frame["birth"] = frame["visit"].to_numpy() - rng.integers(18 * 365, 90 * 365, n) * DAY
    frame["age"] = _years(frame)
    frame = frame.assign(code=code, organ=[organs[c[0]] for c in code], **items, total=sum(items.values()))
    frame.loc[rng.random(n) < 0.3, "bmi"] = np.nan
    frame.loc[rng.random(n) < 0.1, "weight"] = np.nan
    frame.loc[rng.random(n) < 0.2, "organ"] = None
    return frame


def _years(frame):
    birth, visit = frame["birth"].dt, frame["visit"].dt
    early = (visit.month * 32 + visit.day) < (birth.month * 32 + birth.day)
    return visit.year - birth.year - early.astype(int)


@functools.cache
def _model(kind, family="trees"):
    frame = {"stays": lambda: _stays()[0], "visits": _visits, "measured": _measured}[kind]()
    cohort = mk.Cohort.from_pandas(frame)
    return frame, mk.Synthesizer(family=family, seed=0).fit(cohort, quiet=True)


def _agree(frame):
    """That a table of `_measured` obeys its formulas."""
    whole = frame[["bmi", "weight", "height"]].notna().all(axis=1)
    off = frame["bmi"] - frame["weight"] / (frame["height"] / 100) ** 2
    assert (np.abs(off[whole]) <= 0.0501).all()
    assert (frame["age"] == _years(frame)).mean() > 0.98
    assert (frame["total"] == frame[["eyes", "verbal", "motor"]].sum(axis=1)).all()
    told = frame["organ"].notna()
    first = {"I": "heart", "J": "lung", "K": "gut"}
    assert (frame["organ"][told] == [first[c[0]] for c in frame["code"][told]]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_length_of_stay_stays_what_it_was(family):
    frame, model = _model("stays", family)
    drawn = model.sample(1000, seed=1).to_pandas()
    real = (frame["discharged"] - frame["admitted"]).dt.days
    stay = (drawn["discharged"] - drawn["admitted"]).dt.days
    assert stay.min() >= 0
    assert stay.max() <= 19
    assert abs(stay.mean() - real.mean()) < 0.8
    assert abs(drawn["discharged"].isna().mean() - frame["discharged"].isna().mean()) < 0.05
    if family != "independent":
        assert stay.corr(drawn["age"]) > real.corr(frame["age"]) - 0.12


def test_a_discharge_that_is_given_moves_the_admission():
    _, model = _model("stays")
    drawn = model.sample(200, where={"discharged": "2025-06-01", "age": 80}, seed=2).to_pandas()
    stay = (drawn["discharged"] - drawn["admitted"]).dt.days
    assert (drawn["discharged"] == pd.Timestamp("2025-06-01")).all()
    assert stay.between(0, 19).all()
    assert stay.std() > 2


def test_both_dates_given_are_kept_and_gaps_filled():
    frame, model = _model("stays")
    torn = frame.head(60).copy()
    torn.loc[::2, "age"] = np.nan
    torn.loc[::3, "admitted"] = pd.NaT
    drawn = model.sample(condition=torn, seed=3).to_pandas()
    for name in torn:
        there = torn[name].notna()
        assert (drawn[name][there] == torn[name][there]).all()
    assert drawn.notna().all().all()
    assert (drawn["discharged"] >= drawn["admitted"]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_clock_times_and_weekdays_keep_their_law(family):
    frame, model = _model("visits", family)
    drawn = model.sample(1000, seed=1).to_pandas()
    visit = drawn["visit"].dropna()
    assert visit.dt.hour.between(8, 16).all()
    assert (visit.dt.weekday < 5).all()
    assert (visit.dt.minute % 5 == 0).all()
    assert (visit.dt.second == 0).all()
    assert (drawn["fixed"].dt.strftime("%H:%M:%S.%f") == "08:30:00.000000").all()
    minutes = (drawn["left"] - drawn["visit"]).dropna().dt.total_seconds() / 60
    assert minutes.between(9, 200).all()
    assert abs(drawn["visit"].isna().mean() - frame["visit"].isna().mean()) < 0.05
    assert drawn["left"].notna().all()


def test_dates_without_clock_stay_dates():
    days = np.datetime64("2024-01-01") + np.random.default_rng(0).integers(0, 365, 300) * DAY
    cohort = mk.Cohort.from_pandas(pd.DataFrame({"seen": days, "age": np.arange(300) % 80}))
    model = mk.Synthesizer(seed=0).fit(cohort, quiet=True)
    assert "recoded" not in model.facts
    drawn = model.sample(100, seed=0).to_pandas()
    assert (drawn["seen"].dt.normalize() == drawn["seen"]).all()


def test_zones_count_by_their_own_clock():
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-02", periods=500, freq="B")
    visit = (days + pd.to_timedelta(rng.integers(8, 17, 500), "h")).tz_localize("Europe/Zurich")
    cohort = mk.Cohort.from_pandas(pd.DataFrame({"visit": visit, "age": rng.integers(20, 90, 500)}))
    drawn = mk.Synthesizer(seed=0).fit(cohort, quiet=True).sample(300, seed=0).to_pandas()
    assert drawn["visit"].dt.tz_convert("Europe/Zurich").dt.hour.between(8, 16).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_what_follows_is_computed_and_gaps_keep_their_share(family):
    frame, model = _model("measured", family)
    assert {"bmi", "age", "total", "organ"} == set(model.facts["computed"])
    drawn = model.sample(1000, seed=1).to_pandas()
    _agree(drawn)
    for name in ("bmi", "weight", "organ"):
        assert abs(drawn[name].isna().mean() - frame[name].isna().mean()) < 0.05


@pytest.mark.parametrize(
    "where",
    [{"bmi": 31.5}, {"organ": "lung"}, {"total": 9}, {"age": 44}, {"birth": "1960-05-05", "age": 60}],
)
def test_what_follows_may_be_given(where):
    _, model = _model("measured")
    drawn = model.sample(150, where=where, seed=4).to_pandas()
    for name, value in where.items():
        assert (drawn[name].astype(str).str[:10] == str(value)).all()
    _agree(drawn)


def test_saved_models_compute_too(tmp_path):
    _, model = _model("measured")
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model")
    drawn = again.sample(100, seed=5)
    assert drawn.columns.equals(model.sample(100, seed=5).columns)
    _agree(drawn.to_pandas())


def test_conditions_and_networks_compute_too():
    frame, _ = _stays(300, gap=0.0)
    cohort = mk.Cohort.from_pandas(frame)
    options = {"family": "vae", "training": mk.Training(steps=30), "seed": 0}
    model = mk.Synthesizer(condition="admitted", **options).fit(cohort, quiet=True)
    drawn = model.sample(condition=cohort, seed=1).to_pandas()
    assert (drawn["admitted"] == frame["admitted"]).all()
    assert (drawn["discharged"] - drawn["admitted"]).dt.days.between(0, 19).all()
    backwards = mk.Synthesizer(condition="discharged", **options).fit(cohort, quiet=True)
    drawn = backwards.sample(condition=cohort, seed=1).to_pandas()
    assert (drawn["discharged"] - drawn["admitted"]).dt.days.between(0, 19).all()


def test_a_rule_of_equality_is_computed_and_loses_no_value():
    frame, los = _stays()
    frame["los"] = los
    cohort = mk.Cohort.from_pandas(frame)
    model = mk.Synthesizer(seed=0).fit(cohort, quiet=True)
    learned = model.fitted_model
    model.links[0].fitted_model = replace(learned, recoding=learned.recoding.drop_derivation("discharged"))
    rule = mk.Rule("stay", "abs(admitted + los - discharged) <= 1e-06")
    drawn = model.sample(500, rules=[rule], seed=2)
    assert rule.holds(drawn).all()
    assert abs(drawn.to_pandas()["discharged"].isna().mean() - frame["discharged"].isna().mean()) < 0.05


def test_a_rule_that_binds_seldom_does_not_change_gaps():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(0, 1, 1000).round(2), "b": rng.normal(0, 1, 1000).round(2)})
    frame.loc[rng.random(1000) < 0.2, "b"] = np.nan
    model = mk.Synthesizer(seed=0).fit(mk.Cohort.from_pandas(frame), quiet=True)
    rule = mk.Rule("order", "b - a > 1")
    drawn = model.sample(1000, rules=[rule], seed=1)
    assert rule.holds(drawn).all()
    assert abs(drawn.to_pandas()["b"].isna().mean() - frame["b"].isna().mean()) < 0.04


def test_a_given_value_that_no_operand_can_meet_is_refused():
    _, model = _model("measured")
    with pytest.raises(RuleError, match="total"):
        model.sample(20, where={"total": 3, "eyes": 4, "verbal": 4}, seed=0)


def test_chance_gives_no_formula():
    rng = np.random.default_rng(0)
    arrays = {f"x{i}": rng.integers(0, 60, 200) * 1.0 for i in range(12)}
    cohort = mk.Cohort.from_pandas(pd.DataFrame(arrays))
    assert find_formulas(cohort, list(arrays)) == []


def test_what_is_imposed_is_not_counted_as_won():
    rng = np.random.default_rng(0)
    low = rng.normal(80, 10, 400).round()
    frame = pd.DataFrame(
        {"low": low, "high": low + rng.integers(-5, 60, 400), "age": rng.integers(20, 90, 400)}
    )
    train, holdout = mk.Cohort.from_pandas(frame).split(0.3, seed=0)
    model = mk.Synthesizer(seed=0).fit(train, quiet=True)
    rule = mk.Rule("pressure", "low < high")
    asked = model.sample(300, rules=[rule], seed=1)
    share = next(one.redrawn_share for one in asked.enforced_constraints if one.name == "pressure")
    assert 0.02 < share < 0.4
    card = mk.evaluate(asked, train, holdout, rules=[rule], seed=0)
    assert card["rule_violations"].verdict == "not assessed"
    assert "imposed" in card["rule_violations"].note
    assert any(f"{share * 100:.1f} % of the records" in fact for fact in card.about["facts"])
    free = mk.evaluate(model.sample(300, seed=1), train, holdout, rules=[rule], seed=0)
    assert free["rule_violations"].verdict != "not assessed"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_second_visit_keeps_its_weekdays_too(family, tmp_path):
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-02", periods=500, freq="B").to_numpy().astype("datetime64[D]")
    start = rng.integers(0, 400, 600)
    frame = pd.DataFrame({"first": days[start], "second": days[start + rng.integers(0, 60, 600)]})
    model = mk.Synthesizer(family=family, seed=0).fit(mk.Cohort.from_pandas(frame), quiet=True)
    model.save(tmp_path / "model")
    drawn = mk.load(tmp_path / "model").sample(500, seed=1).to_pandas()
    assert (drawn["first"].dt.weekday < 5).all()
    assert (drawn["second"].dt.weekday < 5).all()
    apart = (drawn["second"] - drawn["first"]).dt.days
    assert apart.between(0, 84).all()
    assert abs(apart.mean() - (frame["second"] - frame["first"]).dt.days.mean()) < 4


def test_clock_times_without_a_day_have_no_weekday(tmp_path):
    rng = np.random.default_rng(0)
    clock = [f"{hour:02d}:{minute:02d}" for hour, minute in rng.integers(0, (24, 4), (300, 2)) * (1, 15)]
    path = tmp_path / "triage.csv"
    path.write_text("triage,x\n" + "".join(f"{word},{i % 7}\n" for i, word in enumerate(clock)))
    model = mk.Synthesizer().fit(mk.read(path), quiet=True)
    assert model.facts["recoded"] == {"triage": "day and clock time"}
    mk.write(model.sample(100), tmp_path / "out.csv")
    minutes = {line.split(",")[0][3:] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]}
    assert minutes == {"00", "15", "30", "45"}
