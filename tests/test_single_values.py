"""An exact value of one training patient in synthetic records is found, and none is invented."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.errors import Unsupported
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.measurement import measure_exact
from manikin.features.table import Table
from manikin.metrics.privacy.single_values import single_values
from manikin.schema.kinds import Number


def cohort(age, sbp, who=None) -> Cohort:
    who = np.arange(len(age)) if who is None else who
    kinds = {"id": Number(role="subject"), "age": Number(), "sbp": Number(step=1)}
    return Cohort.from_arrays({"id": who, "age": age, "sbp": sbp}, kinds)


def people(n, seed, rows=1) -> Cohort:
    rng = np.random.default_rng(seed)
    age = np.repeat(rng.normal(55, 10, n), rows)
    return cohort(
        age, np.rint(rng.normal(130, 15, n * rows)), np.repeat(np.arange(n), rows) + 10_000 * seed
    )


def judged(train, holdout, synthetic):
    sides = EvaluationData.from_cohorts(
        Table().fit(train), ScalarEncoder.fit(train), (train, holdout, synthetic), EvaluationOptions()
    )
    draws = measure_exact(sides, [single_values], Key(0))[single_values]
    return compute_scores(draws)[0], single_values.note(sides.full_split) if draws[0].is_measured else ""


@pytest.mark.parametrize("rows", [1, 6])
def test_copied_ages_are_found_and_counted_in_patients(rows):
    train, holdout = people(150, 1, rows), people(60, 2, rows)
    made = people(200, 3)
    age = made["age"].copy()
    age[:20] = np.float32(np.unique(train["age"])[:20])  # rounded as networks do
    score, note = judged(train, holdout, cohort(age, made["sbp"]))
    assert score.value > 0.03
    assert score.verdict == "fail"
    assert (
        "age: values that only one training patient has, of 20 of 150 patients, stand in 20 of 200" in note
    )


def test_values_that_many_share_or_strangers_meet_are_nobodys():
    train, holdout = people(150, 1), people(60, 2)
    same = cohort(np.full(150, 55.123456), train["sbp"])
    score, note = judged(same, cohort(np.full(60, 55.123456), holdout["sbp"]), same)
    assert (score.value, score.verdict) == (0.0, "pass")
    assert "no number" in note


def test_fresh_patients_are_not_flagged():
    flagged = 0
    for seed in range(60):
        score, _ = judged(people(80, 3 * seed), people(40, 3 * seed + 1), people(80, 3 * seed + 2, rows=1))
        flagged += score.verdict != "pass"
    assert flagged == 0


def test_a_handful_of_people_show_nothing():
    score, _ = judged(people(10, 1), people(5, 2), people(20, 3))
    assert score.verdict == "not assessed"
    few = people(5, 1)
    sides = EvaluationData.from_cohorts(
        Table().fit(few), ScalarEncoder.fit(few), (few, few, few), EvaluationOptions()
    )
    with pytest.raises(Unsupported, match="20 real subjects"):
        single_values(sides.full_split)
