"""Small cells: rare levels are pooled, and conditions without patients behind them are told of."""

import json
import tomllib
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.cohort.cohort import Cohort
from manikin.cohort.level_pooling import PooledLevels, hash_level, pool_levels
from manikin.errors import ManikinWarning, SchemaError, UsageError
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.scorecard import Scorecard
from manikin.publication.pipeline import synthesize
from manikin.publication.request import SynthesisRequest
from manikin.schema.kinds import Category, Number, Schema


def clinic(n=400, seed=0) -> pd.DataFrame:
    """Sex, age, pregnancy (of women alone), a diagnosis that three patients have, a stage that two have."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["F", "M"], n)
    dx = rng.choice(["none", "ckd", "dm2"], n, p=[0.7, 0.1, 0.2]).astype(object)
    dx[:3] = "sickle"
    stage = rng.choice(["I", "II", "III"], n)
    stage[:2] = "IV"
    pregnant = np.where(sex == "F", rng.choice(["yes", "no"], n), None)
    age = rng.integers(18, 90, n)
    return pd.DataFrame({"sex": sex, "age": age, "pregnant": pregnant, "dx": dx, "stage": stage})


@pytest.fixture(scope="module")
def model() -> mk.Synthesizer:
    return mk.Synthesizer(seed=0).fit(clinic(), quiet=True)


def levels(words, who=None, kind=None):
    words = np.array(words, dtype=object)
    who = np.arange(len(words)) if who is None else np.array(who)
    kinds = {"id": Number(role="subject"), "x": kind or Category()}
    return Cohort.from_arrays({"id": who, "x": words}, kinds)


def test_what_stands_for_a_rare_level():
    kept, pools = pool_levels(levels(["a"] * 6 + ["b"] * 4), ["x"], 5)
    assert kept.schema["x"].levels == ("a",)
    assert set(kept["x"]) == {"a"}
    assert (pools["x"].levels, pools["x"].pooled, pools["x"].records) == (2, 1, 4)
    ordered = Category(("I", "II", "III", "IV"), ordered=True)
    kept, _ = pool_levels(levels(["I"] * 9 + ["III"] * 6 + ["IV"] * 2, kind=ordered), ["x"], 5)
    assert set(kept["x"][-2:]) == {"III"}
    kept, _ = pool_levels(levels(["E11.9"] * 6 + ["J45"] * 9 + ["E11.3"]), ["x"], 5)
    assert kept["x"][-1] == "E11.9"
    kept, _ = pool_levels(levels(["white"] * 20 + ["Other"] * 5 + ["inuit"]), ["x"], 5)
    assert kept["x"][-1] == "Other"
    words = [f"ward {i // 2}" for i in range(12)]
    kept, pools = pool_levels(levels(words), ["x"], 5)
    assert list(kept["x"]) == [None] * 12
    assert pools["x"].pooled == pools["x"].levels == 6
    few = levels(["a", "b", None])
    assert pool_levels(few, ["x"], 5) == (few, {})  # three patients have nothing to pool with


def test_levels_count_patients_and_one_keeps_all():
    cohort = levels(["a"] * 9 + ["b"] * 6, [*range(9), 9, 9, 9, 9, 9, 9])
    assert pool_levels(cohort, ["x"], 5)[0].schema["x"].levels == ("a",)
    assert pool_levels(cohort, ["x"], 1) == (cohort, {})


def test_a_mark_tells_no_word():
    pool = PooledLevels(2, 1, {hash_level("sickle"): 0}, 1)
    assert "sickle" not in str(pool)
    assert len(hash_level("sickle")) == 4  # 16 bits, which one word in 65,536 bears
    assert pool.find_position("lupus") is None


def test_rare_levels_are_nowhere_in_a_model_and_its_records(model, tmp_path):
    made = model.sample(500)
    assert set(made["dx"]) == {"none", "ckd", "dm2"}
    assert set(made["stage"]) == {"I", "II", "III"}
    assert model.facts["codec"]["pooled"]["dx"] == {"levels": 4, "pooled": 1, "records": 3}
    assert any("dx: 1 of 4 levels, of fewer than 5 patients" in note for note in made.notes)
    model.save(tmp_path / "model")
    written = b"".join(path.read_bytes() for path in (tmp_path / "model").iterdir())
    assert b"sickle" not in written
    again = mk.load(tmp_path / "model")
    with pytest.warns(ManikinWarning, match="fewer than 5"):
        assert set(again.sample(5, where={"dx": "sickle"})["dx"]) == {"sickle"}


def test_an_option_keeps_them():
    made = mk.Synthesizer(anonymous=1).fit(clinic(), quiet=True).sample(4000)
    assert "sickle" in set(made["dx"])


def test_a_rare_class_of_a_label_goes_with_a_warning():
    frame = clinic()
    cohort = Cohort.from_pandas(frame)
    kinds = dict(cohort.schema) | {"dx": replace(cohort.schema["dx"], role="label")}
    labelled = Cohort(cohort.columns, Schema(kinds))
    with pytest.warns(ManikinWarning, match=r"dx: 1 of 4 levels.*anonymous=1"):
        mk.Synthesizer().fit(labelled, quiet=True)
    with pytest.warns(ManikinWarning, match=r"stage: 1 of 4 levels"):
        mk.Synthesizer("age", "stage").fit(frame, quiet=True)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"dx": "sickle"}, "dx = sickle: fewer than 5 training patients"),
        ({"sex": "M", "pregnant": "yes"}, "sex = M together with pregnant = yes: no training patient"),
        ({"age": 130}, "age = 130: fewer than 5 training patients"),
    ],
)
def test_a_condition_without_patients_behind_it_is_told_of(model, where, said):
    with pytest.warns(ManikinWarning, match=said):
        made = model.sample(20, where=where)
    assert len(made) == 20
    assert any(said in note for note in made.notes)
    assert said in made.origin.options["unsupported"][0]


def test_what_training_holds_is_no_matter(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = model.sample(20, where={"sex": "F", "pregnant": "yes", "age": 40})
        model.sample(20)
    assert "unsupported" not in made.origin.options


def test_limits_of_a_field_and_unknown_levels_are_refused(model):
    with pytest.raises(SchemaError, match=r"'age': 20 given values lie below 0.*low in schema.toml"):
        model.sample(20, where={"age": -5})
    with pytest.raises(SchemaError, match="'dx' takes one of"):
        model.sample(20, where={"dx": "lupus"})


def test_a_frame_without_a_field_is_refused_and_unknown_columns_are_named(model):
    with pytest.raises(UsageError, match=r"none of its columns \(Sex\) is a field.*did you mean sex"):
        model.sample(condition=pd.DataFrame({"Sex": ["F"] * 6}))
    with pytest.warns(ManikinWarning, match="no field of the model is called Colour"):
        made = model.sample(condition=pd.DataFrame({"sex": ["F"] * 6, "Colour": ["red"] * 6}))
    assert set(made["sex"]) == {"F"}


@pytest.mark.parametrize("n", [2.5, "10", True, -1, 0, np.float64(3), [3]])
def test_a_number_of_records_is_a_whole_one(model, n):
    with pytest.raises(UsageError, match="a whole number of records is needed"):
        model.sample(n)


def test_numbers_of_numpy_are_numbers(model):
    assert len(model.sample(np.int64(3))) == 3


def test_the_gate_refuses_unsupported_conditions_above_internal():
    card = Scorecard([], {"unsupported": ["sex = M together with pregnant = yes: no training patient"]})
    assert "conditions" in {finding.score for finding in decide_use(card, "controlled").findings}
    assert decide_use(card, "controlled").outcome == "broken"
    assert "conditions" not in {finding.score for finding in decide_use(card, "internal").findings}


@pytest.mark.filterwarnings("ignore::manikin.errors.ManikinWarning")
def test_the_main_job_writes_no_rare_level_and_says_so(tmp_path):
    said: list[str] = []
    source = Cohort.from_pandas(clinic(500))
    request = SynthesisRequest(label="dx", where={"sex": "M", "pregnant": "yes"})
    done = synthesize(source, tmp_path / "out", request, say=said.append)
    assert any(text.startswith("dx: 1 of 4 levels") for text in said)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"sickle" not in path.read_bytes(), path.name
    about = json.loads((tmp_path / "out" / "scorecard.json").read_text())["about"]
    assert "sex = M together with pregnant = yes" in about["unsupported"][0]
    assert any("levels, of fewer than 5 patients" in fact for fact in about["facts"])
    assert "sickle" not in tomllib.loads((tmp_path / "out" / "schema.toml").read_text())["dx"]["levels"]
    assert decide_use(done.card, "controlled").outcome == "broken"


@pytest.mark.filterwarnings("ignore::manikin.errors.ManikinWarning")
def test_conditions_taken_from_training_hold_no_rare_level(tmp_path):
    request = SynthesisRequest(condition=["dx"])
    synthesize(Cohort.from_pandas(clinic(500)), tmp_path / "out", request)
    assert "sickle" not in (tmp_path / "out" / "synthetic.csv").read_text()
