"""Records within subjects, and the one relation that is furthest off."""

from dataclasses import replace

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.cohort.summary import describe_sample
from manikin.contracts.split import EvaluationOptions, Sample, Split
from manikin.core.seeds import Key
from manikin.errors import Unsupported
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.measurement import measure, measure_exact
from manikin.features.table import Table
from manikin.metrics.fidelity import within_subject, worst_pair
from manikin.schema.kinds import Category, Number
from manikin.stats import pair_correlations


def visits(n, seed, rows=(2, 5), *, shuffled=False):
    """Subjects with several visits: sex never changes, the visit rises, a level belongs to the person."""
    g = np.random.default_rng(seed)
    many = g.integers(*rows, size=n)
    who = np.repeat(np.arange(n) + 1000 * seed, many)
    visit = np.concatenate([np.arange(k) for k in many])
    sex, level = np.repeat(g.integers(0, 2, n), many), np.repeat(g.normal(0, 2, n), many)
    values = {"sex": sex, "visit": visit, "level": level + g.normal(0, 1, len(who))}
    if shuffled:
        values = {name: g.permutation(column) for name, column in values.items()}
    kinds = {"id": Number(role="subject"), "sex": Category(), "visit": Number(), "level": Number()}
    return Cohort.from_arrays({"id": who, **values}, kinds)


def sides(train, holdout, synthetic, label=None):
    feature = Table().fit(train)
    return EvaluationData.from_cohorts(
        feature, ScalarEncoder.fit(train), (train, holdout, synthetic), EvaluationOptions(label)
    )


def judged(metrics, *cohorts, label=None, seed=0):
    found = measure(sides(*cohorts, label), metrics, Key(seed))
    return {score.name: score for score in compute_scores(found)}


def scattered(cohort):
    return replace(cohort, subject_codes=(cohort.columns, np.arange(len(cohort))))


# records of a subject


def sample(values, subject, *, categorical=False):
    kind = Category() if categorical else Number()
    cohort = Cohort.from_arrays({"x": np.asarray(values)}, {"x": kind})
    cohort = replace(cohort, subject_codes=(cohort.columns, np.asarray(subject)))
    fields = ScalarEncoder.fit(cohort)
    return Sample(cohort, np.arange(len(cohort)), np.zeros((len(cohort), 1)), fields.encode(cohort), fields)


def test_intraclass_correlation_by_hand():
    assert within_subject.compute_intraclass(
        sample([1.0, 1, 2, 2, 3, 3], [0, 0, 1, 1, 2, 2])
    ) == pytest.approx(1)
    # ranks 1 3 2 4: between 1, within 2, k 2: (1 - 2) / (1 + 2) is below 0
    assert within_subject.compute_intraclass(sample([1.0, 3, 2, 4], [0, 0, 1, 1])) == pytest.approx(0)
    # ranks 1 2 3 4: between 4, within 1/2: 3.5 / 4.5
    assert within_subject.compute_intraclass(sample([1.0, 2, 3, 4], [0, 0, 1, 1])) == pytest.approx(
        3.5 / 4.5
    )
    assert within_subject.compute_intraclass(
        sample([0, 0, 1, 1], [0, 0, 1, 1], categorical=True)
    ) == pytest.approx(1)
    assert np.isnan(within_subject.compute_intraclass(sample([1.0, 2, 3], [0, 1, 2]))).all()


def test_real_visits_pass():
    found = judged(within_subject.__plugin__, visits(120, 1), visits(100, 2), visits(120, 3))
    assert {score.verdict for score in found.values()} == {"pass"}


def test_single_rows_made_of_many_do_not_pass_in_silence():
    train, holdout, made = visits(120, 1), visits(100, 2), scattered(visits(120, 3))
    found = judged(within_subject.__plugin__, train, holdout, made)
    assert found["records_per_subject"].verdict == "fail"
    assert found["within_subject_correlation"].verdict == "fail"
    assert found["within_subject_faults"].verdict == "not assessed"
    assert within_subject.describe_record_counts(sides(train, holdout, made).full_split).endswith(
        "single-row patients"
    )


def test_what_never_changes_within_a_subject_must_not_change():
    made = visits(120, 3, shuffled=True)
    train, holdout = visits(120, 1), visits(100, 2)
    found = judged(within_subject.__plugin__, train, holdout, made)
    assert found["records_per_subject"].verdict == "pass"
    assert found["within_subject_faults"].verdict == found["within_subject_correlation"].verdict == "fail"
    note = within_subject.describe_broken_rules(sides(train, holdout, made).full_split)
    assert "sex changes within" in note
    assert "visit does not rise within" in note


def test_the_console_warns_of_single_row_patients():
    made = scattered(visits(40, 3, (2, 3)))
    assert describe_sample(visits(120, 1, (2, 3)), made) == (
        "80 synthetic records (warning: 120 subjects with 2 rows each: these are single-row patients)"
    )
    assert describe_sample(visits(120, 1, (1, 2)), made) == "80 synthetic records"


def test_one_record_each_asks_nothing():
    found = judged(within_subject.__plugin__, *(visits(60, seed, (1, 2)) for seed in (1, 2, 3)))
    assert {score.verdict for score in found.values()} == {"not assessed"}
    assert "every real subject has one record" in found["records_per_subject"].note


# the worst pair


def trial(n, seed, kept=1.0):
    """Prothrombin time by survival, among fields that have nothing to do with either."""
    g = np.random.default_rng(seed)
    died = (g.random(n) < 0.2).astype(int)
    time = 67 - 23 * kept * died + g.normal(0, 19, n)
    others = {f"flag {j}": (g.random(n) < 0.3).astype(int) for j in range(5)}
    numbers = {f"number {j}": g.normal(size=n) for j in range(5)}
    arrays = {"died": died, "prothrombin": time.round(), **others, **numbers}
    flags = dict.fromkeys(("died", *others), Category())
    return Cohort.from_arrays(arrays, {name: flags.get(name, Number()) for name in arrays})


def worst(train, holdout, made, seed=0):
    seen = sides(train, holdout, made, "died")
    return Split(seen.train, seen.holdout, seen.synthetic, seen.question, Key(seed))


def test_a_conditional_mean_drawn_towards_all_is_warned_of_and_named():
    cohorts = trial(300, 1), trial(150, 2), trial(450, 3, kept=0.1)
    found = judged(worst_pair.__plugin__, *cohorts, label="died")["worst_pair"]
    assert found.verdict == "warn"
    note = worst_pair.describe_worst_pair(worst(*cohorts))
    assert note.startswith("mean prothrombin where died is 1 and elsewhere: ")
    real = np.concatenate([side["prothrombin"][side["died"] == 1] for side in cohorts[:2]]).mean()
    assert f"(real {real:.3g} and " in note


def test_fresh_records_are_hardly_ever_warned_of():
    flagged = [
        worst_pair.find_worst_pair(
            worst(trial(120, 3 * s), trial(60, 3 * s + 1), trial(150, 3 * s + 2))
        ).chance
        <= 0.05
        for s in range(20)
    ]
    assert sum(flagged) <= 2


def test_levels_of_few_patients_are_no_pair():
    rare = Cohort.from_arrays(
        {"rare": (np.arange(200) < 9).astype(int), "x": np.arange(200.0)},
        {"rare": Category(), "x": Number()},
    )
    with pytest.raises(Unsupported, match="ten real subjects"):
        worst_pair.find_worst_pair(worst(rare.take(range(0, 200, 2)), rare.take(range(1, 200, 2)), rare))


def test_correlations_leave_missing_values_out():
    cells = pair_correlations.MatrixColumns(
        np.array([0, 1]), np.array([np.nan, np.nan]), np.array([20, 20]), 20
    )
    x = np.stack([np.arange(20.0), np.arange(20.0) ** 2], axis=1)
    x[3, 0] = np.nan
    known = np.delete(x, 3, axis=0)
    links = pair_correlations.correlate_pairs(x, cells)
    assert links.n.tolist() == [19]
    assert links.r == pytest.approx(np.corrcoef(known.T)[0, 1])


def test_it_is_tested_by_itself():
    cohorts = trial(300, 1), trial(150, 2), trial(450, 3)
    seen = sides(*cohorts, "died")
    draws = measure_exact(seen, worst_pair.__plugin__, Key(0))[worst_pair.worst_pair]
    exact = replace(draws[0].exact, p_value=0.04, value=0.3, low=0.3, high=0.3, floor=0.3)
    alone = replace(draws[0], value=np.array([0.3]), floor=np.array([0.3]), exact=exact)
    assert (
        compute_scores([alone, *[replace(alone, name=f"other {j}") for j in range(9)]])[0].verdict == "warn"
    )
