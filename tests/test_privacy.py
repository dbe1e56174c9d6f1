"""Attacks on privacy: hand-known cases, planted leaks, and never-seen records that must pass."""

import numpy as np
import pyarrow as pa
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.metric import ExactResult, MeasurementPlan, Metric
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.datasets.demo import load_demo
from manikin.errors import UsageError
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.measurement import measure, measure_exact
from manikin.evaluation.selftest.defects.tabular import plant
from manikin.features.table import Table
from manikin.metrics.privacy import attribute_inference, copies, identifiers, membership
from manikin.schema.kinds import Category, Number, Schema, Text
from manikin.stats.coincidence import estimate_coincidence
from manikin.stats.nearest_neighbors import compute_nearest_distance, find_nearest, rank_columns
from manikin.stats.permutation import (
    N_PERMUTATIONS,
    PermutationResult,
    compute_share_interval,
    permute_attack_scores,
    permute_mean_difference,
    sample_one_per_subject,
)

METRICS = [
    *copies.__plugin__,
    *membership.__plugin__,
    *attribute_inference.__plugin__,
    *identifiers.__plugin__,
]
AT = {metric.name: metric for metric in METRICS}


def sides(train, holdout, synthetic, **question):
    feature = Table().fit(train)
    return EvaluationData.from_cohorts(
        feature, ScalarEncoder.fit(train), (train, holdout, synthetic), EvaluationOptions(**question)
    )


def asked(seen, *names, seed=0):
    metrics = [AT[name] for name in names]
    found = measure_exact(seen, metrics, Key(seed))
    return [found[metric][0] for metric in metrics]


def parts(cohort, seed=0):
    real, fresh = cohort.split(1 / 3, seed=seed)
    train, holdout = real.split(0.25, seed=seed)
    return train, holdout, fresh


@pytest.fixture(scope="module")
def cancer():
    return parts(load_demo())


def levels(table):
    """A cohort of one category per column of a table of integers."""
    return Cohort.from_arrays(
        {f"c{j}": table[:, j] for j in range(table.shape[1])},
        {f"c{j}": Category(levels=tuple(range(int(table.max()) + 1))) for j in range(table.shape[1])},
    )


# what attacks are made of


def test_neighbours_of_another_subject_are_second():
    x = np.array([[0.0], [0.1], [4.0]], dtype=np.float32)
    near = find_nearest(np.array([[1.0]], dtype=np.float32), x, np.array([7, 7, 8]))
    assert near.positions.tolist() == [1]
    assert near.distances.tolist() == pytest.approx([0.9])
    assert near.second_distances.tolist() == pytest.approx([3.0])


def test_a_record_is_not_compared_with_its_own_subject():
    x = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    near = find_nearest(x, x, np.arange(3), apart=np.arange(3))
    assert near.distances.tolist() == pytest.approx([1.0, 1.0, 4.0])
    assert near.ratios.tolist() == pytest.approx([0.2, 0.25, 0.8])


def test_a_twin_is_not_singled_out():
    x = np.zeros((3, 1), dtype=np.float32)
    assert find_nearest(x[:1], x, np.arange(3)).ratios.tolist() == [1.0]


def test_distances_of_equal_records_are_exactly_zero():
    x = (1e3 + np.random.default_rng(0).standard_normal((50, 6))).astype(np.float32)
    assert compute_nearest_distance(x, x).max() == 0


def test_ranks_forget_shift_scale_and_logarithm():
    x = np.random.default_rng(0).uniform(1, 9, (40, 2)).astype(np.float32)
    assert np.array_equal(rank_columns(x), rank_columns(3 * x + 7))
    assert np.array_equal(rank_columns(x), rank_columns(np.log(x)))


def test_difference_of_means_by_hand():
    found = permute_mean_difference(
        np.array([1.0, 1.0, 0.0, 0.0]), np.array([True, True, False, False]), np.random.default_rng(0)
    )
    assert found.value == 1.0
    assert np.mean(found.null_values >= 1) == pytest.approx(1 / 6, abs=0.03)  # one of six labellings


def test_attacks_by_hand():
    member = np.array([True, True, True, False, False])
    right, wrong = np.array([5.0, 4, 3, 2, 1]), np.array([1.0, 2, 3, 4, 5])
    found, areas = permute_attack_scores(
        np.stack([wrong, right]), member, np.zeros(5), (0.5,), np.random.default_rng(0)
    )
    assert areas.tolist() == [0.0, 1.0]
    assert found[0].value == 1.0
    assert found[1].value == 1.0
    assert len(found[0].null_values) == N_PERMUTATIONS


def test_the_chance_of_the_best_attack_is_uniform_when_nothing_is_known():
    rng = np.random.default_rng(1)
    member = np.arange(60) < 40
    chances = [
        permute_attack_scores(rng.standard_normal((4, 60)), member, np.zeros(60), (), rng)[0][0].p_value
        for _ in range(40)
    ]
    assert 0.3 < np.mean(chances) < 0.7
    assert np.mean(np.array(chances) < 0.05) < 0.2


def test_a_chance_is_never_zero():
    assert PermutationResult(9.0, np.random.default_rng(0).standard_normal(99)).p_value >= 1e-6
    assert PermutationResult(1.0, np.zeros(9)).p_value == 0.1


def test_share_of_nothing_found_is_the_rule_of_three():
    assert compute_share_interval(0, 1000)[1] == pytest.approx(0.003, abs=1e-5)
    assert compute_share_interval(5, 5)[1] == 1.0


def test_one_record_of_each_subject():
    subject = np.array([3, 3, 3, 8, 9])
    rows = sample_one_per_subject(subject, 2, np.random.default_rng(0))
    assert len(rows) == 2
    assert len(set(subject[rows])) == 2


# copies


def test_copies_are_counted_by_hand(cancer):
    train, holdout, fresh = cancer
    leaked = plant(fresh, "leak_10", train=train)
    found = asked(sides(train, holdout, leaked), "exact_copies")[0]
    assert found.value[0] == round(0.1 * len(fresh)) / len(fresh)
    assert found.p_value < 1e-9


def test_ten_patients_among_ten_thousand_are_found(cancer):
    train, holdout, fresh = cancer
    rng = np.random.default_rng(0)
    frame = fresh.to_pandas().iloc[rng.integers(len(fresh), size=10_000)].reset_index(drop=True)
    numbers = frame.columns[:-1]
    frame[numbers] = frame[numbers] * rng.uniform(0.8, 1.2, (len(frame), len(numbers)))
    honest = Cohort.from_pandas(frame, train.schema)
    frame.iloc[:10] = train.to_pandas().iloc[:10].to_numpy()
    leaked = Cohort.from_pandas(frame.astype(dict.fromkeys(numbers, float)), train.schema)
    for synthetic, said in ((honest, "pass"), (leaked, "fail")):
        [score] = compute_scores(asked(sides(train, holdout, synthetic), "exact_copies"))
        assert score.verdict == said, score


def test_twins_that_chance_makes_do_not_flag():
    rng = np.random.default_rng(0)
    train, holdout, fresh = (levels(rng.integers(0, 2, (n, 6))) for n in (300, 100, 300))
    for name in ("exact_copies", "near_match_excess"):
        assert asked(sides(train, holdout, fresh), name)[0].p_value > 0.001


@pytest.mark.parametrize(
    "defect", ["exact_copies", "jittered_copies", "shifted_copies", "leak_10", "leak_3", "leak_outliers"]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_planted_leaks_fail_the_axis(defect, seed):
    train, holdout, fresh = parts(load_demo(), seed)
    synthetic = plant(fresh, defect, seed, train=train)
    judged = compute_scores(asked(sides(train, holdout, synthetic), "exact_copies", "near_match_excess"))
    assert "fail" in {score.verdict for score in judged}


def test_fresh_records_pass(cancer):
    train, holdout, fresh = cancer
    seen = sides(train, holdout, fresh)
    judged = compute_scores([measure_exact(seen, [metric], Key(0))[metric][0] for metric in METRICS])
    assert not {score.name for score in judged if score.verdict in ("warn", "fail")}
    assert {score.name: score.value for score in judged}["exact_copies"] == 0


# attackers


def test_all_attackers_know_copies(cancer):
    train, holdout, fresh = cancer
    seen = sides(train, holdout, plant(fresh, "exact_copies", train=train))
    found = asked(seen, "membership_auc", "membership_tpr_1", "attribute_inference", "linkability")
    assert all(draws.p_value < 1e-3 and draws.calibrated < 0.2 for draws in found)
    assert all(np.mean(draws.floor) > np.mean(draws.fresh) for draws in found)


def test_membership_survives_a_shift(cancer):
    train, holdout, fresh = cancer
    seen = sides(train, holdout, plant(fresh, "shifted_copies", train=train))
    assert asked(seen, "membership_auc")[0].value[0] > 0.7


def test_attribute_is_guessed_from_sensitive_fields_first():
    schema = {"a": Number(), "b": Number(), "virus": Category(levels=(0, 1), role="sensitive")}
    rng = np.random.default_rng(0)

    def people(n):
        arrays = {"a": rng.standard_normal(n), "b": rng.standard_normal(n), "virus": rng.integers(0, 2, n)}
        return Cohort.from_arrays(arrays, Schema(schema))

    train, holdout = people(200), people(200)
    draws = asked(sides(train, holdout, train), "attribute_inference")[0]
    assert draws.value[0] == pytest.approx(0.5, abs=0.15)  # a copy tells it; else it is a coin
    assert attribute_inference.describe_best_guess(sides(train, holdout, train).full_split).startswith(
        "virus: guessed right for 100%"
    )


def test_too_few_held_out_records_are_said(cancer):
    train, holdout, fresh = cancer
    found = asked(sides(train, holdout.take(np.arange(12)), fresh), "membership_auc", "linkability")
    assert all(not draws.is_measured and draws.reason for draws in found)


# identifiers


def named(numbers, notes=None):
    n = len(numbers)
    arrays = {
        "mrn": np.array([str(number) for number in numbers], dtype=object),
        "age": np.arange(n, dtype=float),
        "ward": np.array(notes or ["north", "south"] * (n // 2), dtype=object),
    }
    kinds = {"mrn": Text(role="identifier"), "age": Number(), "ward": Category(levels=("north", "south"))}
    return Cohort.from_arrays(arrays, kinds)


RECORDS = np.random.default_rng(0).choice(10**9, 200, replace=False)


def bearing(synthetic):
    train, holdout = named(RECORDS[:100]), named(RECORDS[100:])
    return int(identifiers.find_identifiers(sides(train, holdout, synthetic).full_split).has_mark.sum())


def test_record_numbers_of_training_are_found():
    made_up = list(range(100))
    assert bearing(named(made_up)) == 0
    assert bearing(named([*RECORDS[:3], *made_up[3:]])) == 3
    assert bearing(named([*RECORDS[100:103], *made_up[3:]])) == 0  # of nobody in training


def test_running_numbers_are_hit_by_counting_and_do_not_flag():
    order = np.random.default_rng(1).permutation(200)
    train, holdout = named(order[:150]), named(order[150:])
    assert not identifiers.find_identifiers(
        sides(train, holdout, named(range(100))).full_split
    ).has_mark.any()
    assert identifiers.find_identifiers(sides(train, holdout, named(order[:100])).full_split).has_mark.all()


def test_marks_of_persons_are_found_in_a_category():
    wards = ["north"] * 97 + ["jane.doe@example.org", "+49 30 1234567", "MRN 4711234"]
    assert bearing(named(list(range(100)), wards)) == 3


def test_a_record_number_in_another_field_is_found():
    wards = ["north"] * 99 + [str(RECORDS[0])]
    assert bearing(named(list(range(100)), wards)) == 1


def test_a_code_that_equals_the_number_of_another_patient_is_ordinary():
    codes = [str(RECORDS[5]), *["north"] * 99]  # of patient 0, who has the number of patient 5 as a code
    train, holdout = named(RECORDS[:100], codes), named(RECORDS[100:])
    same = named(list(range(100)), codes)
    assert not identifiers.find_identifiers(sides(train, holdout, same).full_split).has_mark.any()
    own = named(
        RECORDS[:100], [str(RECORDS[0]), *codes[1:]]
    )  # a patient whose own number stands in two fields
    left = identifiers.find_identifiers(
        sides(own, holdout, named(list(range(100)), [str(RECORDS[0]), *codes[1:]])).full_split
    )
    assert left.has_mark.sum() == 1


def test_notes_never_name_a_value():
    train, holdout = named(RECORDS[:100]), named(RECORDS[100:])
    note = identifiers.describe_identifiers(sides(train, holdout, train).full_split)
    assert note == "mrn: values of 100 training patients in 100 records"


# the loop


def test_a_metric_that_forgets_to_say_whole_is_refused(cancer):
    wrong = Metric(
        lambda _: ExactResult(0.0, 0.0, 0.0, np.zeros(2), 1.0),
        "privacy",
        "low",
        "by definition",
        MeasurementPlan(),
    )
    with pytest.raises(UsageError, match="whole"):
        measure(sides(*cancer), [wrong], Key(0))


def test_a_metric_of_the_whole_gives_a_at_once(cancer):
    wrong = Metric(lambda _: 0.0, "privacy", "low", "by definition", MeasurementPlan(reference="whole"))
    with pytest.raises(UsageError, match="Exact"):
        measure(sides(*cancer), [wrong], Key(0))


def test_the_same_seed_gives_the_same_numbers(cancer):
    first, second = (asked(sides(*cancer), "membership_auc", "linkability", seed=3) for _ in range(2))
    assert [(d.value[0], d.p_value) for d in first] == [(d.value[0], d.p_value) for d in second]


@pytest.mark.parametrize(("many", "verdict"), [(0, "pass"), (3, "fail"), (60, "fail")])
def test_held_out_patients_among_the_records_are_found(cancer, many, verdict):
    train, holdout, fresh = cancer
    rows = [*range(many)]
    given = holdout.take(rows) if many else None
    made = (
        fresh
        if given is None
        else Cohort(pa.concat_tables([given.columns, fresh.columns.slice(many)]), fresh.schema)
    )
    (score,) = compute_scores(asked(sides(train, holdout, made), "held_out_copies"))
    assert score.verdict == verdict
    assert round(score.value * len(made)) == many


def test_a_note_of_copies_says_what_chance_explains():
    rng = np.random.default_rng(0)
    tables = (rng.integers(0, 4, (n, 3)) for n in (60, 60, 60))
    seen = sides(*map(levels, tables)).full_split
    assert "chance explains up to " in copies.describe_copies(seen)


@pytest.mark.parametrize("many", [0, 3, 8])
def test_a_few_copies_in_a_table_of_seven_coarse_fields_are_found(many):
    def patients(n, seed):
        rng = np.random.default_rng(seed)
        age, sex = rng.normal(62, 12, n).round(), rng.integers(0, 2, n)
        fields = {
            "age": age,
            "sex": np.array(["F", "M"], object)[sex],
            "creatinine": np.exp(rng.normal(0, 0.4, n) + 0.01 * (age - 60)).round(2),
            "sbp": (110 + 0.4 * age + rng.normal(0, 12, n)).round(),
            "hb": (13 + sex + rng.normal(0, 1, n)).round(1),
            "stage": rng.choice(np.array(["I", "II", "III", "IV"], object), n, p=[0.4, 0.3, 0.2, 0.1]),
            "died": np.where(rng.random(n) < 0.4, "yes", "no").astype(object),
        }
        words = {"sex", "stage", "died"}
        kinds = {name: Category() if name in words else Number() for name in fields}
        return Cohort.from_arrays(fields, kinds)

    train, holdout, fresh = (patients(n, seed) for seed, n in enumerate((800, 300, 800)))
    columns = pa.concat_tables([train.columns.slice(0, many), fresh.columns.slice(many)])
    (score,) = compute_scores(asked(sides(train, holdout, Cohort(columns, fresh.schema)), "exact_copies"))
    assert score.verdict == ("fail" if many else "pass")


def test_the_chance_of_equal_rows_is_near_what_happens():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 12, (2000, 4)).astype(float)
    others = rng.integers(0, 12, (20000, 4)).astype(float)
    known = {row.tobytes() for row in table}
    happens = np.mean([row.tobytes() in known for row in others])
    found = estimate_coincidence(table, rng)
    assert happens <= found <= 6 * happens


def test_equal_rows_of_a_coarse_table_are_no_held_out_patients():
    rng = np.random.default_rng(0)
    tables = (rng.geometric(0.3, (n, 3)) for n in (1200, 300, 1500))
    (score,) = compute_scores(asked(sides(*map(levels, tables)), "held_out_copies"))
    assert (score.value, score.verdict) == (0, "pass")
