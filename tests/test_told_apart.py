"""A card that privacy officers read: what refuses a release never reads "pass", and names are plain."""

from dataclasses import replace

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.metric import ExactResult
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.datasets.demo import load_demo
from manikin.errors import AbsentField, PrivacyError, UsageError
from manikin.evaluation.altered_copies import refuse_altered_copies
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.inputs import describe_missing_fields
from manikin.evaluation.measuring.calibration import DOUBTFUL_NOTE, compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.repeats import Repeats
from manikin.evaluation.report import wording
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard
from manikin.features.table import Table
from manikin.metrics.privacy.identifiers import IdentifierSearch
from manikin.metrics.privacy.membership import membership_auc, membership_tpr_1
from manikin.publication.evaluation_files import read_for_evaluation
from manikin.publication.release import release
from manikin.schema.kinds import Category, Number, Schema, Text, Time
from manikin.text.identifier_patterns import classify_identifier


def drawn(metric, value, chance, name=""):
    null = np.linspace(0.01, 0.03, 400)
    exact = ExactResult(value, value - 0.02, value + 0.02, null, chance, 1.0)
    return Repeats(name or metric.name, metric, np.array([value]), null, np.ones(1), exact=exact)


@pytest.mark.parametrize(
    ("chance", "axis", "answer"),
    [(0.004, "not assessed", "not shown"), (0.02, "not assessed", "not shown"), (1e-5, "fail", "broken")],
)
def test_an_axis_does_not_pass_beside_a_check_that_refuses(chance, axis, answer):
    others = [drawn(membership_auc, 0.02, 0.5, f"other {n}") for n in range(20)]
    found = compute_scores(
        [drawn(membership_tpr_1, 0.09, chance), drawn(membership_auc, 0.02, 0.5), *others]
    )
    card = Scorecard(found, {"subjects": {"holdout": 500}, "records": {"synthetic": 500}})
    assert card.verdicts["privacy"] == axis
    outcome = {f.score: f.outcome for f in decide_use(card, "controlled").findings}
    assert outcome["membership_tpr_1"] == answer
    if axis == "not assessed":
        said = wording.describe_axis(card, "privacy")
        assert "0.09" in said
        assert DOUBTFUL_NOTE[1:] in said
        assert f"{DOUBTFUL_NOTE[0].upper()}{DOUBTFUL_NOTE[1:]}" in said


def test_a_refusal_speaks_plainly_and_names_the_metric(tmp_path):
    leak = Score("exact_copies", "privacy", 0.1, 0.08, 0.12, None, 0.0, None, "low", "fail", "")
    card = Scorecard([leak], {"records": {"synthetic": 30}, "subjects": {"holdout": 100}})
    records = load_demo().take([*range(30)])
    with pytest.raises(PrivacyError) as error:
        release(records, card, tmp_path / "out", tier="internal")
    text = str(error.value)
    assert "  3 of 30 records equal a training patient's [exact_copies]" in text
    assert "  identifiers left in values: " in text
    assert "\n  identifiers_left: " not in text


@pytest.mark.parametrize("change", ["rounded", "noisy", "scaled"])
def test_training_records_in_the_holdout_are_refused_though_they_were_changed(change):
    cohort = load_demo()
    train, holdout = cohort.split(0.3, seed=0)
    feature, fields = Table().fit(train), ScalarEncoder.fit(train)

    def ask(held):
        sides = EvaluationData.from_cohorts(feature, fields, (train, held, held), EvaluationOptions())
        refuse_altered_copies(sides.train, sides.holdout, Key(0))

    def changed(values):
        noise = np.random.default_rng(0).normal(0, 0.01 * values.std(), len(values))
        if change == "rounded":
            return np.round(values, 1 - int(np.floor(np.log10(values.std() + 1e-9))))
        return values + noise if change == "noisy" else values * 1.5

    ask(holdout)
    rows = train.take([*range(150)])
    numbers = {n for n, kind in cohort.schema.items() if isinstance(kind, Number)}
    columns = {
        n: changed(rows.columns[n].to_numpy()) if n in numbers else rows.columns[n].to_pylist()
        for n in cohort.schema
    }
    held = Cohort.from_arrays(
        {n: np.array(v, dtype=None if n in numbers else object) for n, v in columns.items()},
        {
            n: replace(kind, low=None, high=None, step=None) if n in numbers else kind
            for n, kind in cohort.schema.items()
        },
    )
    with pytest.raises(UsageError, match="far nearer to one training record"):
        ask(held)


def test_moments_of_one_patient_are_found():
    rng = np.random.default_rng(0)
    start = np.datetime64("2015-01-01T00:00:00")

    def moments(count, step=1):
        return start + (rng.integers(0, 10**8 // step, count) * step).astype("timedelta64[s]")

    def found(step, copied):
        kinds = Schema(when=Time(), age=Number())
        values = [moments(n, step) for n in (900, 400, 900)]
        values[2][:copied] = values[0][:copied]
        ages = (rng.integers(20, 90, len(v)) for v in values)
        sides = [
            Cohort.from_arrays({"when": v.astype("datetime64[us]"), "age": age}, kinds)
            for v, age in zip(values, ages, strict=True)
        ]
        search = IdentifierSearch(sides[0], sides[1], sides[2])
        search.search_column("when")
        return search.findings

    assert found(1, 5) == ["when: values of 5 training patients in 5 records"]
    assert found(1, 0) == []
    assert found(3600, 0) == []
    assert found(1800, 5) == []


def test_a_number_of_a_trial_is_no_telephone_number():
    assert classify_identifier("ABC01-103-4711") == "subject number of a trial"
    assert classify_identifier("call 0664-123-4567") == "telephone number"
    assert classify_identifier("+43 664 1234567") == "telephone number"
    assert classify_identifier("HbA1c 48") == ""


def test_a_file_may_lack_what_no_model_learns(tmp_path):
    path = tmp_path / "any.csv"
    path.write_text("age,sex\n50,F\n60,M\n")
    schema = Schema(pid=Text(role="subject"), age=Number(), sex=Category(levels=("F", "M")))
    cohort = read_for_evaluation(path, schema)
    assert list(cohort.schema) == ["age", "sex"]
    with pytest.raises(AbsentField, match="weight"):
        read_for_evaluation(path, Schema(**schema, weight=Number()))
    whole = Cohort.from_arrays(
        {"pid": np.array(["a", "b"], object), "age": np.array([1.0, 2.0])},
        {"pid": Text(role="subject"), "age": Number()},
    )
    said = describe_missing_fields(cohort, whole, whole)
    assert said == ["The synthetic records lack pid, so that nothing is judged there."]
