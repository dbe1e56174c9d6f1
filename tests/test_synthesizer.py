"""The synthesizer: fields in, records out; conditions, gaps, rules, identifiers, saving, chains."""

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.datasets.demo import generate_multimodal_demo, load_demo

FAST = mk.Training(steps=30)


def _frame(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    sex = rng.choice(["F", "M"], n)
    age = rng.integers(20, 90, n)
    systolic = (100 + 0.5 * age + 5 * (sex == "M") + rng.normal(0, 8, n)).round()
    diastolic = (systolic * 0.6 + rng.normal(0, 4, n)).round()
    lab = np.where(rng.random(n) < 0.3, np.nan, rng.gamma(2, 2, n).round(1))
    ids = [f"MRN{1000 + i}" for i in range(n)]
    return pd.DataFrame(
        {
            "patient_id": ids,
            "sex": sex,
            "age": age,
            "systolic": systolic,
            "diastolic": diastolic,
            "lab": lab,
        }
    )


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    return mk.Cohort.from_pandas(_frame())


@pytest.fixture(scope="module")
def model(cohort):
    return mk.Synthesizer().fit(cohort, quiet=True)


def test_same_fields_types_and_order(cohort, model):
    real, drawn = cohort.to_pandas(), model.sample(100).to_pandas()
    assert list(drawn) == list(real)
    assert (drawn.dtypes == real.dtypes).all()
    assert drawn["lab"].isna().mean() == pytest.approx(0.3, abs=0.12)


def test_identifiers_are_invented(cohort, model):
    drawn = model.sample(100)
    assert not set(drawn["patient_id"]) & set(cohort["patient_id"])
    assert len(set(drawn["patient_id"])) == 100


def test_same_seed_same_records(model):
    assert model.sample(50, seed=1).columns.equals(model.sample(50, seed=1).columns)
    assert not model.sample(50, seed=1).columns.equals(model.sample(50, seed=2).columns)


def test_where_and_imputation(cohort, model):
    assert set(model.sample(40, where={"sex": "M"})["sex"]) == {"M"}
    frame = _frame().head(50).drop(columns="patient_id").astype({"age": float})
    frame.loc[:20, "age"] = None
    filled = model.sample(condition=frame).to_pandas()
    assert filled["age"].notna().all()
    assert filled["lab"].notna().all()
    assert (filled["age"][21:].to_numpy() == frame["age"][21:].to_numpy()).all()
    assert (filled["systolic"] == frame["systolic"]).all()
    rest = cohort.to_pandas()["age"]
    near = np.corrcoef(filled["age"][:21], filled["systolic"][:21])[0, 1]
    assert near > 0.3
    assert filled["age"].between(rest.min(), rest.max()).all()


def test_rules_are_obeyed(model):
    rule = mk.Rule("tight", "systolic - diastolic > 55", "made up")
    free = rule.holds(model.sample(300)).mean()
    assert 0.05 < free < 0.9
    assert rule.holds(model.sample(300, rules=[rule])).all()


def test_a_rule_that_cannot_be_met_is_an_error(model):
    with pytest.raises(mk.errors.RuleError, match="'never'"):
        model.sample(5, rules=[mk.Rule("never", "age > 500", "made up")])
    given = mk.Rule("given", 'sex == "F"', "made up")
    with pytest.raises(mk.errors.RuleError, match="given"):
        model.sample(5, where={"sex": "M"}, rules=[given])


def test_condition_at_fit(cohort):
    model = mk.Synthesizer(condition=("sex", "age")).fit(cohort, quiet=True)
    drawn = model.sample(condition=cohort.take(range(30)))
    assert drawn["age"].tolist() == cohort["age"][:30].tolist()
    assert drawn["systolic"].tolist() != cohort["systolic"][:30].tolist()  # the target is never copied
    with pytest.raises(mk.errors.UsageError, match="give sex, age too"):
        model.sample(10)
    with pytest.raises(mk.errors.UsageError, match="give age too"):
        model.sample(10, where={"sex": "F"})


@pytest.mark.parametrize("family", ["trees", "copula", "independent"])
def test_saved_models_sample_the_same(cohort, family, tmp_path):
    model = mk.Synthesizer(family=family, seed=3).fit(cohort, quiet=True)
    model.save(tmp_path / "model")
    model.save(tmp_path / "model")  # replaces a model
    again = mk.load(tmp_path / "model")
    assert again.sample(30, seed=5).columns.equals(model.sample(30, seed=5).columns)
    text = "".join(p.read_text() for p in (tmp_path / "model").iterdir() if p.suffix in (".toml", ".json"))
    assert "MRN1000" not in text


@pytest.mark.parametrize("family", ["diffusion", "vae", "gan", "autoregressive", "masked"])
def test_networks_fit_sample_condition_and_save(cohort, family, tmp_path):
    model = mk.Synthesizer(condition=("sex",), family=family, training=FAST).fit(cohort, quiet=True)
    drawn = model.sample(20, where={"sex": "F"}, seed=1)
    assert set(drawn["sex"]) == {"F"}
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model").sample(20, where={"sex": "F"}, seed=1)
    assert again.columns.equals(drawn.columns)


def test_networks_observe_what_was_announced(cohort):
    fields = ["sex", "age", "systolic"]
    model = mk.Synthesizer(fields, condition=fields, family="diffusion", training=FAST)
    drawn = model.fit(cohort, quiet=True).sample(20, where={"sex": "F"})
    assert set(drawn["sex"]) == {"F"}
    plain = mk.Synthesizer(fields, family="diffusion", training=FAST).fit(cohort, quiet=True)
    with pytest.raises(mk.errors.Unsupported, match="condition="):
        plain.sample(5, where={"sex": "F"})


def test_any_kind_given_any_other_and_chains():
    cohort = generate_multimodal_demo(48, seed=0)
    arrays = [name for name in cohort.schema if name not in cohort.schema.scalar_fields]
    rows = cohort.schema.scalar_fields
    chain = mk.Chain(
        [
            mk.Synthesizer(rows),
            *(mk.Synthesizer(a, condition=rows, training=mk.Training(steps=3)) for a in arrays),
        ]
    )
    whole = chain.fit(cohort, quiet=True).sample(5)
    assert len(whole) == 5
    for name in arrays:
        assert whole[name].shape == (5, *cohort[name].shape[1:])
        assert np.isfinite(whole[name]).all()
    back = mk.Synthesizer(rows, condition=arrays[0], family="vae", training=mk.Training(steps=3))
    assert len(back.fit(cohort, quiet=True).sample(condition=cohort.take(range(4)))) == 4


def test_what_one_model_cannot_hold_is_learned_by_a_chain(tmp_path):
    cohort = generate_multimodal_demo(24, seed=0).select("scan", "age", "sex")
    model = mk.Synthesizer(training=mk.Training(steps=3)).fit(cohort, quiet=True)
    assert [fitted.plan.target for fitted in model.models] == [("age", "sex"), ("scan",)]
    assert model.models[1].plan.condition == ("age", "sex")
    women = model.sample(5, where={"sex": "F"}, seed=2)
    assert list(women.schema) == ["scan", "age", "sex"]
    assert set(women["sex"]) == {"F"}
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model")
    assert again.sample(5, where={"sex": "F"}, seed=2).columns.equals(women.columns)
    assert len(model.refit(cohort)) == 24


def test_a_chain_is_given_what_none_of_its_links_makes():
    cohort = generate_multimodal_demo(24, seed=0).select("scan", "age", "sex")
    model = mk.Synthesizer(condition="sex", training=mk.Training(steps=3)).fit(cohort, quiet=True)
    asked = cohort.select("sex").take([0, 1, 2])
    assert model.sample(condition=asked)["sex"].tolist() == asked["sex"].tolist()
    assert set(model.sample(4, where={"sex": "M"})["sex"]) == {"M"}
    with pytest.raises(mk.errors.UsageError, match="give sex"):
        model.sample(4)
    with pytest.raises(mk.errors.SchemaError, match="'weight' is no modelled field"):
        model.sample(4, where={"sex": "M", "weight": 3})


def test_one_model_for_fields_of_two_grids_names_the_chain():
    with pytest.raises(mk.errors.Unsupported, match="Chain"):
        mk.Synthesizer(target=["age", "scan"]).fit(generate_multimodal_demo(24, seed=0), quiet=True)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        ({"n": 0}, mk.errors.UsageError, "at least 1"),
        ({}, mk.errors.UsageError, "how many"),
        ({"n": 3, "where": {"sex": "X"}}, mk.errors.SchemaError, "'F', 'M'"),
        ({"n": 3, "where": {"eyes": "blue"}}, mk.errors.SchemaError, "no modelled field"),
        ({"n": 3, "where": {"age": "old"}}, mk.errors.SchemaError, "takes a number"),
        ({"n": 3, "where": {"patient_id": "MRN1000"}}, mk.errors.SchemaError, "no modelled field"),
    ],
)
def test_bad_calls_say_what_to_do(model, call, error, says):
    with pytest.raises(error, match=says):
        model.sample(**call)


def test_bad_fits_say_what_to_do(cohort):
    with pytest.raises(mk.errors.NotFitted, match="fit"):
        mk.Synthesizer().sample(3)
    with pytest.raises(mk.errors.UsageError, match="2 are needed"):
        mk.Synthesizer().fit(cohort.take([0]), quiet=True)
    with pytest.raises(mk.errors.SchemaError, match="identifier"):
        mk.Synthesizer(target="patient_id").fit(cohort, quiet=True)
    with pytest.raises(mk.errors.UsageError, match="there are"):
        mk.Synthesizer(family="magic").fit(cohort, quiet=True)


def test_odd_tables():
    one = mk.Cohort.from_pandas(pd.DataFrame({"x": np.arange(50.0) + 0.5}))
    assert len(mk.Synthesizer().fit(one, quiet=True).sample(7)) == 7
    same = mk.Cohort.from_pandas(pd.DataFrame({"x": [1.5] * 30, "gone": [None] * 30, "c": ["a"] * 30}))
    drawn = mk.Synthesizer().fit(same, quiet=True).sample(7).to_pandas()
    assert drawn["gone"].isna().all()
    assert set(drawn["c"]) == {"a"}


def test_trees_keep_the_demo_faithful():
    """A classifier hardly tells synthetic from real tumours, and the diagnosis can be learned from them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, holdout = load_demo().split(0.2, seed=0)
    drawn = mk.Synthesizer().fit(train, quiet=True).sample(len(train)).to_pandas()
    label = train.schema.find_by_role("label")
    assert label is not None
    real = holdout.to_pandas()
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    judge.fit(drawn.drop(columns=label), drawn[label])
    scores = judge.predict_proba(real.drop(columns=label))[:, 1]
    assert roc_auc_score(real[label] == judge.classes_[1], scores) > 0.95


@pytest.mark.parametrize(
    ("family", "of"),
    [
        ("copula", "tables"),
        ("independent", "tables"),
        ("trees", "tables"),
        ("fewshot", "texts"),
        ("lora:folder", "texts"),
        ("templates", "texts"),
    ],
)
def test_a_family_of_tables_or_texts_says_which_can_model_signals(family, of):
    waves = np.zeros((12, 1, 16), np.float32)
    kinds = {"ecg": mk.Signal(), "ppg": mk.Signal()}
    cohort = mk.Cohort.from_arrays(dict.fromkeys(kinds, waves), kinds)
    name = family.partition(":")[0]
    said = f"{name!r} cannot model the signal 'ecg': it is for {of}; use 'diffusion', 'vae'"
    for records in (cohort, cohort.select("ecg")):  # two signals are a chain, of which no link fits
        with pytest.raises(mk.errors.Unsupported, match=said):
            mk.Synthesizer(None, (), family).fit(records, quiet=True)


def test_a_family_of_tables_is_not_given_a_signal():
    arrays = {"age": np.arange(12.0), "ecg": np.zeros((12, 1, 16), np.float32)}
    cohort = mk.Cohort.from_arrays(arrays, {"age": mk.Number(), "ecg": mk.Signal()})
    with pytest.raises(mk.errors.Unsupported, match="'trees' cannot be given the signal 'ecg'"):
        mk.Synthesizer("age", "ecg", "trees").fit(cohort, quiet=True)
