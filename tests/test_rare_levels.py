"""Levels of fewer than five training patients that came out are counted on the card, never named."""

import numpy as np
import pandas as pd

import manikin as mk
from manikin.evaluation.card.rare_levels import describe_rare_levels


def cohort(jobs, **more):
    return mk.Cohort.from_pandas(pd.DataFrame({"job": jobs, **more}))


def test_levels_are_counted_in_patients_not_rows():
    jobs = ["nurse"] * 20 + ["farmer"] * 20 + ["bishop"] * 8
    patients = [*range(40), *[40] * 8]
    synthetic = cohort(["bishop"] * 3 + ["nurse"] * 5, patient_id=range(100, 108))
    one = "job: 1 level that fewer than 5 training patients have stands in 3 of 8 synthetic records"
    assert describe_rare_levels(cohort(jobs, patient_id=patients), synthetic) == [one]
    assert describe_rare_levels(cohort(jobs, patient_id=range(48)), synthetic) == []


def test_levels_of_nobody_and_of_many_are_not_counted():
    train = cohort(["nurse"] * 20 + ["farmer"] * 20 + ["bishop"])
    assert describe_rare_levels(train, cohort(["nurse", "farmer", "pilot"])) == []
    assert describe_rare_levels(cohort(["nurse"] * 4 + ["farmer"] * 4), cohort(["nurse"])) == []


def test_the_card_says_it_and_names_no_level():
    rng = np.random.default_rng(0)
    jobs = np.array(["nurse", "farmer"])[rng.integers(0, 2, 180)]
    jobs[:2], jobs[120:122] = "judge", "judge"
    frame = pd.DataFrame({"job": jobs, "age": rng.integers(20, 90, 180), "crp": rng.normal(size=180)})
    real = mk.Cohort.from_pandas(frame)
    card = mk.evaluate(
        real.take(np.arange(120, 180)), real.take(np.arange(60)), real.take(np.arange(60, 120))
    )
    said = [fact for fact in card.about["facts"] if "training patients have" in fact]
    assert said == [
        "job: 1 level that fewer than 5 training patients have stands in 2 of 60 synthetic records"
    ]
