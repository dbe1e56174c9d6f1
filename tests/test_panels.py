"""Repeated measures: how the table lies, what the model keeps, and what is said of bad input."""

import numpy as np
import pandas as pd
import pytest
from panels import invent_panel
from scipy.stats import ks_2samp, spearmanr

import manikin as mk
from manikin.errors import UsageError
from manikin.panels.layout import PanelLayout


@pytest.fixture(scope="module")
def frame():
    return invent_panel(400)


@pytest.fixture(scope="module")
def model(frame):
    return mk.Synthesizer(seed=1).fit(mk.Cohort.from_pandas(frame), quiet=True)


@pytest.fixture(scope="module")
def made(model):
    return model.sample(600, seed=2).to_pandas()


def lag(frame, field, k=1):
    later = frame.groupby("patient_id")[field].shift(-k)
    both = frame[field].notna() & later.notna()
    return spearmanr(frame[field][both], later[both])[0]


def test_layout_says_what_stays_rises_and_lasts(frame):
    layout = PanelLayout.find(mk.Cohort.from_pandas(frame))
    assert layout.subject == "patient_id"
    assert layout.order == "day"
    assert set(layout.static) == {"age", "sex"}
    assert layout.rising == ("day",)
    assert layout.lasting == {"diabetes": (1,)}


def test_rows_are_ordered_though_the_file_is_not(frame):
    shuffled = frame.sample(frac=1, random_state=0)
    layout = PanelLayout.find(mk.Cohort.from_pandas(shuffled))
    assert layout.order == "day"
    assert layout.lasting == {"diabetes": (1,)}


def test_order_is_what_the_schema_says(frame):
    schema = mk.Schema(day=mk.Number(step=1), dose=mk.Number(role="order"))
    assert PanelLayout.find(mk.Cohort.from_pandas(frame, schema)).order == "dose"


def test_patients_are_drawn_with_all_their_rows(frame, made):
    sizes, real = made.groupby("patient_id").size(), frame.groupby("patient_id").size()
    assert len(sizes) == 600
    assert ks_2samp(sizes, real).statistic < 0.1
    assert list(made) == list(frame)


def test_what_stays_stays_and_what_rises_rises(made):
    groups = made.groupby("patient_id")
    assert groups[["age", "sex"]].nunique().max().max() == 1
    assert (groups.day.diff().dropna() > 0).all()
    assert (groups.day.first() == 0).all()
    assert not ((groups.diabetes.shift() == "yes") & (made.diabetes == "no")).any()


@pytest.mark.parametrize("field", ["pressure", "bmi", "dose"])
def test_rows_remember_those_before(made, field):
    truth = invent_panel(4000, seed=9)
    for k in (1, 2, 3):
        assert lag(made, field, k) == pytest.approx(lag(truth, field, k), abs=0.1)


def test_gaps_are_as_frequent_as_in_training(frame, made):
    assert made.bmi.isna().mean() == pytest.approx(frame.bmi.isna().mean(), abs=0.03)


def test_no_patient_of_training_is_repeated(frame, made):
    fresh = invent_panel(600, seed=5).groupby("patient_id").age.first().isin(frame.age).mean()
    assert made.groupby("patient_id").age.first().isin(frame.age).mean() < fresh + 0.08
    real = set(map(tuple, frame[["age", "pressure", "dose"]].itertuples(index=False)))
    assert not real.intersection(map(tuple, made[["age", "pressure", "dose"]].itertuples(index=False)))


def test_the_same_seed_gives_the_same_patients(model, made):
    pd.testing.assert_frame_equal(model.sample(600, seed=2).to_pandas(), made)
    assert not model.sample(600, seed=3).to_pandas().equals(made)


def test_saved_models_sample_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model")
    pd.testing.assert_frame_equal(
        again.sample(20, seed=4).to_pandas(), model.sample(20, seed=4).to_pandas()
    )


def test_static_fields_are_given_for_whole_patients(model):
    assert set(model.sample(30, where={"sex": "F"}).to_pandas().sex) == {"F"}
    given = pd.DataFrame({"age": [50.0, 70.0], "sex": ["F", "M"]})
    made = model.sample(condition=given, seed=1).to_pandas()
    assert made.groupby("patient_id").age.first().tolist() == [50.0, 70.0]
    with pytest.raises(UsageError, match=r"pressure changes from row to row.*age, sex"):
        model.sample(5, where={"pressure": 120.0})


def test_given_rows_are_continued(model, frame):
    begun = (
        frame.groupby("patient_id").head(3).groupby("patient_id").filter(lambda rows: len(rows) == 3)[:60]
    )
    made = model.sample(condition=begun, seed=1).to_pandas()
    kept = made.groupby("patient_id").head(3).drop(columns="patient_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, begun.drop(columns="patient_id").reset_index(drop=True))
    sizes = made.groupby("patient_id").size()
    assert sizes.min() >= 3
    assert sizes.max() > 3
    with pytest.raises(UsageError, match="lack dose"):
        model.sample(condition=begun.drop(columns="dose"))


def test_every_row_meets_the_rules(model):
    rule = mk.Rule("low pressure", "pressure < 130")
    made = model.sample(40, rules=[rule], seed=1)
    assert made.to_pandas().pressure.max() < 130
    assert 0 < made.enforced_constraints[0].redrawn_share < 1


def test_rows_of_one_patient_do_not_make_a_panel():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"patient_id": ["A"] * 500 + [f"B{i}" for i in range(60)], "x": rng.normal(size=560)}
    )
    cohort = mk.Cohort.from_pandas(frame, mk.Schema(patient_id=mk.Text(role="subject")))
    assert PanelLayout.find(cohort) is None


def test_one_patient_with_very_many_rows_is_cut(frame):
    rng = np.random.default_rng(0)
    long = pd.DataFrame(
        {
            "patient_id": "long",
            "day": np.arange(3000),
            "age": 61.25,
            "sex": "F",
            "pressure": rng.normal(120, 5, 3000).round(1),
            "bmi": 25.0,
            "diabetes": "no",
            "dose": 10.0,
        }
    )
    model = mk.Synthesizer().fit(mk.Cohort.from_pandas(pd.concat([frame, long])), quiet=True)
    sizes = model.sample(200).to_pandas().groupby("patient_id").size()
    assert sizes.max() <= 8
    assert model.chain.process.truncated == 1


def test_two_rows_a_patient_give_two_rows():
    frame = invent_panel(300, seed=3)
    two = frame.groupby("patient_id").head(2).groupby("patient_id").filter(lambda rows: len(rows) == 2)
    made = mk.Synthesizer().fit(mk.Cohort.from_pandas(two), quiet=True).sample(100).to_pandas()
    assert (made.groupby("patient_id").size() == 2).all()


def test_identifiers_of_patients_stay_within_them(frame):
    named = frame.assign(name=frame.patient_id.map(lambda p: f"Name {p}"), sample=range(len(frame)))
    schema = mk.Schema(name=mk.Text(role="identifier"), sample=mk.Text(role="identifier"))
    named["sample"] = named["sample"].map("S{:06d}".format)
    made = mk.Synthesizer().fit(mk.Cohort.from_pandas(named, schema), quiet=True).sample(50).to_pandas()
    assert made.groupby("patient_id").name.nunique().max() == 1
    assert made["sample"].is_unique
