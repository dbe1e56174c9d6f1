"""Utility: hand-known scores, a Cox model against statsmodels, and planted faults."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import average_precision_score

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.downstream.cox import fit_hazards
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.measurement import measure
from manikin.features.table import Table
from manikin.metrics.utility import downstream, regression_coefficients, survival
from manikin.schema.kinds import Category, Number, Schema
from manikin.stats.prediction_scores import (
    compute_auprc,
    compute_auroc,
    compute_average_precision,
    compute_brier_score,
    compute_calibration_error,
    compute_concordance,
    compute_interval_overlap,
    compute_log_loss,
    compute_r2,
)


def judged(synthetic, train, holdout, label, modules, subgroups=()):
    question = EvaluationOptions(label, tuple(subgroups))
    sides = EvaluationData.from_cohorts(
        Table().fit(train), ScalarEncoder.fit(train), (train, holdout, synthetic), question
    )
    metrics = [metric for module in modules for metric in module.__plugin__]
    return {score.name: score for score in compute_scores(measure(sides, metrics, Key(0)))}, sides


def test_concordance_counts_pairs_whose_order_is_known():
    time, event = np.array([1.0, 2, 3, 4]), np.array([True, False, True, False])
    # known pairs: 1 before 2, 3 and 4; 3 before 4; the second is lost before the third's event
    assert compute_concordance(time, event, np.array([4.0, 3, 2, 1])) == 1
    assert compute_concordance(time, event, np.array([1.0, 2, 3, 4])) == 0
    assert compute_concordance(time, event, np.array([3.0, 9, 2, 4])) == 1 / 4  # only 1 before 3
    assert compute_concordance(time, event, np.zeros(4)) == 0.5
    assert np.isnan(compute_concordance(time, np.zeros(4, bool), time))


def test_an_event_comes_before_a_loss_at_the_same_time():
    assert compute_concordance(np.array([2.0, 2]), np.array([True, False]), np.array([1.0, 0])) == 1


def test_probabilities_are_scored_by_hand():
    y, p = np.array([0, 1, 2]), np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.6, 0.4, 0.0]])
    assert compute_log_loss(y, p) == pytest.approx(-(np.log(0.5) + 0 + np.log(0.001)) / 3)
    assert compute_brier_score(y, p) == pytest.approx((0.375 + 0 + 1.52) / 6)
    # class 0: .5 against 0 and .6; class 1: 1 against .25 and .4; class 2: 0 against .25 and 0
    assert compute_auroc(y, p) == pytest.approx((0.5 + 1.0 + 0.25) / 3)
    assert compute_r2(np.array([1.0, 2, 3]), np.array([1.0, 2, 4])) == pytest.approx(0.5)


def test_precision_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, score = rng.random(200) < 0.2, rng.integers(0, 9, 200) / 8.0  # with ties
    assert compute_average_precision(score, y) == pytest.approx(average_precision_score(y, score))
    p = np.stack([1 - score, score], axis=1)
    assert compute_auprc(y.astype(int), p) == pytest.approx(average_precision_score(y, score))
    assert compute_auprc((~y).astype(int), p[:, ::-1]) == pytest.approx(average_precision_score(y, score))
    assert np.isnan(compute_average_precision(score, np.zeros(200, bool)))


def test_calibration_is_the_distance_of_shares_in_bins():
    p = np.repeat([0.1, 0.9], 50)
    y = np.concatenate([np.arange(50) % 10 == 0, np.arange(50) % 2 == 0]).astype(int)  # .1 and .5 happen
    assert compute_calibration_error(y, np.stack([1 - p, p], axis=1)) == pytest.approx(0.2)


def test_intervals_overlap_as_karr_defines():
    a = np.array([[0.0, 4.0], [0.0, 1.0], [2.0, 3.0]])
    b = np.array([[0.0, 4.0], [5.0, 6.0], [0.0, 4.0]])
    assert compute_interval_overlap(a, b).tolist() == [1.0, 0.0, (1 + 1 / 4) / 2]


def test_hazards_are_those_of_statsmodels():
    from statsmodels.duration.hazard_regression import PHReg

    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3))
    time = np.ceil(10 * rng.exponential(np.exp(-x[:, 0])))  # with ties
    event = rng.random(150) < 0.7
    beta, covariance = fit_hazards(x, time, event, 0.0)
    known = PHReg(time, x, status=event, ties="breslow").fit(disp=0)
    assert np.allclose(beta, known.params, atol=1e-5)
    assert np.allclose(np.sqrt(covariance.diagonal()), known.bse, atol=1e-5)


@pytest.fixture(scope="module")
def breast():
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0).reset_index(drop=True)
    schema = Cohort.from_pandas(frame).schema

    def cohort(part):
        return Cohort.from_pandas(part.reset_index(drop=True), schema)

    return cohort, frame[:190], frame[190:380], frame[380:]


def flipped(frame, share):
    frame, rng = frame.reset_index(drop=True), np.random.default_rng(0)
    rows = rng.permutation(len(frame))[: round(share * len(frame))]
    frame.loc[rows, "target"] = 1 - frame.loc[rows, "target"]
    return frame


def test_fresh_patients_are_as_useful_as_real_ones(breast):
    cohort, train, holdout, fresh = breast
    found, _ = judged(
        cohort(fresh), cohort(train), cohort(holdout), "target", (downstream, regression_coefficients)
    )
    assert all(score.verdict in ("pass", "not assessed") for score in found.values())
    assert found["tstr_auroc"].verdict == found["trts_auroc"].verdict == "pass"
    assert "R² speaks" not in found["tstr_auroc"].note
    assert found["tstr_r2"].value is None


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_flipped_labels_fail(breast, share):
    cohort, train, holdout, fresh = breast
    found, _ = judged(
        cohort(flipped(fresh, share)),
        cohort(train),
        cohort(holdout),
        "target",
        (downstream, regression_coefficients),
    )
    assert any(score.verdict == "fail" for score in found.values())
    if share > 0.2:
        assert found["tstr_log_loss"].verdict == found["trts_auroc"].verdict == "fail"


def test_independent_marginals_fail_everywhere(breast):
    cohort, train, holdout, fresh = breast
    rng = np.random.default_rng(0)
    shuffled = pd.DataFrame({name: rng.permutation(fresh[name]) for name in fresh})
    found, _ = judged(
        cohort(shuffled), cohort(train), cohort(holdout), "target", (downstream, regression_coefficients)
    )
    failed = {name for name, score in found.items() if score.verdict == "fail"}
    assert {"tstr_auroc", "tstr_log_loss", "tstr_brier", "trts_auroc", "coefficient_overlap"} <= failed
    assert "tstr_auprc" in failed
    assert 0 < found["tstr_calibration"].value < 0.5


def test_one_outcome_only_teaches_nothing(breast):
    cohort, train, holdout, fresh = breast
    found, _ = judged(
        cohort(fresh.assign(target=1)),
        cohort(train),
        cohort(holdout),
        "target",
        (downstream, regression_coefficients),
    )
    assert found["tstr_auroc"].value == 0.5
    assert found["coefficient_overlap"].value == 0
    assert found["tstr_auroc"].verdict == "fail"


def test_without_a_label_nothing_is_assessed_and_the_note_says_what_to_do(breast):
    cohort, train, holdout, fresh = breast
    found, _ = judged(
        cohort(fresh), cohort(train), cohort(holdout), None, (downstream, survival, regression_coefficients)
    )
    assert {score.verdict for score in found.values()} == {"not assessed"}
    assert "--label" in found["tstr_auroc"].note
    assert "time and event" in found["tstr_c_index"].note


def test_a_field_that_gives_the_label_away_is_named(breast):
    cohort, train, holdout, fresh = breast
    schema = cohort(train).schema

    def leaked(part):
        part = part.reset_index(drop=True)
        given = Cohort.from_pandas(part, schema).to_pandas()
        return Cohort.from_pandas(
            given.assign(result=np.where(part["target"] == 1, 5.0, np.nan)),
            Schema({**schema, "result": Number()}),
        )

    _, sides = judged(leaked(fresh), leaked(train), leaked(holdout), "target", ())
    assert downstream.describe_label_leaks(sides.full_split).startswith("result alone determines the label")


def test_quantities_are_predicted_too_with_gaps_and_many_levels():
    x, y = load_diabetes(return_X_y=True, as_frame=True)
    frame = x.assign(y=y).sample(frac=1, random_state=0).reset_index(drop=True)
    rng = np.random.default_rng(0)
    frame["code"] = [f"c{value}" for value in rng.integers(0, 200, len(frame))]
    frame.loc[rng.random(len(frame)) < 0.2, "bmi"] = np.nan
    levels = tuple(sorted(frame["code"].unique()))
    schema = Schema({**{name: Number() for name in [*x, "y"]}, "code": Category(levels=levels)})
    train, holdout, fresh = (
        Cohort.from_pandas(part.reset_index(drop=True), schema)
        for part in (frame[:150], frame[150:300], frame[300:])
    )
    found, _ = judged(fresh, train, holdout, "y", (downstream, regression_coefficients))
    assert found["tstr_r2"].verdict == "pass"
    assert found["tstr_r2"].ceiling > 0.2 > found["tstr_r2"].floor
    assert "quantity" in found["tstr_auroc"].note


def patients(n, seed):
    rng = np.random.default_rng(seed)
    x, sex = rng.normal(size=(n, 3)), rng.integers(0, 2, n)
    time, lost = 100 * rng.exponential(np.exp(-x[:, 0] + 0.5 * sex)), rng.exponential(200, n)
    frame = pd.DataFrame(x, columns=list("abc")).assign(sex=sex, time=np.minimum(time, lost))
    return frame.assign(event=(time <= lost).astype(int))


def followed(frame):
    binary = (0, 1)
    schema = Schema(
        {
            **{name: Number() for name in "abc"},
            "sex": Category(levels=binary),
            "time": Number(role="time"),
            "event": Category(levels=binary, role="event"),
        }
    )
    return Cohort.from_pandas(frame.reset_index(drop=True), schema)


def test_survival_is_judged_without_a_label():
    train, holdout, fresh = followed(patients(300, 1)), followed(patients(200, 2)), patients(300, 3)
    found, _ = judged(followed(fresh), train, holdout, None, (survival,))
    assert {score.verdict for score in found.values()} == {"pass"}
    outcome = fresh[["time", "event"]].sample(frac=1, random_state=0).to_numpy()
    fresh["time"], fresh["event"] = outcome[:, 0], outcome[:, 1].astype(int)
    found, _ = judged(followed(fresh), train, holdout, None, (survival, regression_coefficients))
    assert {score.verdict for score in found.values()} == {"fail"}


def test_the_time_of_the_event_does_not_predict_it():
    train, holdout, fresh = (followed(patients(200, seed)) for seed in range(3))
    found, sides = judged(fresh, train, holdout, "event", (downstream,))
    assert found["tstr_auroc"].ceiling < 0.85
    assert downstream.describe_label_leaks(sides.full_split) == ""
