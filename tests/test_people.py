"""What counts people counts subjects: a value in many records of one patient is not shared."""

import numpy as np
import pytest

import manikin as mk
from manikin.codecs.rows import RowsCodec
from manikin.codecs.table import TableCodec, fit_segments
from manikin.codecs.table.series import SeriesTransform
from manikin.cohort.cohort import Cohort
from manikin.families.trees.leaves import find_leaves, find_neighbors, merge_leaves
from manikin.schema.kinds import Category, Number
from manikin.stats.subject_counts import count_distinct_subjects, count_sharing_subjects, index_subjects


def visits(patients=150, rows=6, seed=0) -> Cohort:
    """A fixed age of many digits, a measurement of one decimal and a stage for each visit of a patient."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), rows)
    age = rng.normal(55, 10, patients)[who]
    arrays = {
        "id": who + 1000,
        "age": age,
        "sbp": np.round(90 + age / 2 + rng.normal(0, 8, len(who)), 1),
        "stage": rng.choice(np.array(["I", "II"], dtype=object), len(who)),
    }
    kinds = {"id": Number(role="subject"), "age": Number(), "sbp": Number(step=0.1), "stage": Category()}
    return Cohort.from_arrays(arrays, kinds)


def test_people_by_hand():
    who = np.array([0, 0, 0, 0, 0, 1, 2])
    values = np.array([4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 7.0])
    assert count_sharing_subjects(values, who).tolist() == [2, 2, 2, 2, 2, 2, 1]
    assert count_sharing_subjects(values, None).tolist() == [6, 6, 6, 6, 6, 6, 1]
    assert count_distinct_subjects(np.array([0, 0, 1, -1]), np.array([3, 3, 4, 4]), 2).tolist() == [1, 1]
    assert index_subjects(np.array([5, 6, 7])) is None


def test_five_rows_of_one_patient_are_no_atom_and_no_stretch():
    one = np.repeat(0, 5)
    _, start, end = fit_segments(np.full(5, 3.25), None, None, one)
    assert (start, end) == ([3.25], [3.25])  # all there is: a single value has no room
    values = np.concatenate([np.full(6, 3.25), np.arange(10.0, 20.0)])
    who = np.concatenate([np.repeat(0, 6), np.arange(1, 11)])
    _, start, end = fit_segments(values, None, None, who)
    assert 3.25 not in {*start[1:], *end}
    rows = np.concatenate([np.repeat(np.arange(4), 5), np.arange(4, 14)])  # four patients, five rows each
    upper, *_ = fit_segments(np.arange(30.0), None, None, rows)
    assert upper[0] >= 20 / 30  # five rows of one patient do not fill a stretch: five patients do


@pytest.mark.parametrize("family", ["trees", "copula", "independent", "autoregressive", "vae"])
def test_no_patient_is_repeated_to_the_last_digit(family):
    cohort = visits()
    steps = mk.Training(steps=20) if family in ("autoregressive", "vae") else None
    model = mk.Synthesizer(family=family, training=steps).fit(cohort, quiet=True)
    made = model.sample(600, seed=1)["age"]
    real = np.unique(cohort["age"])
    near = np.abs(made[:, None] - real).min(axis=1) <= 1e-6 * np.abs(made)
    assert near.mean() < 0.01  # it was 95 of 100 with trees


def test_a_value_of_enough_patients_stays_where_it_is():
    cohort = visits(patients=200)
    age = np.where(np.repeat(np.arange(200), 6) % 2, 40.123456, cohort["age"])
    arrays = {name: cohort[name] for name in cohort.schema} | {"age": age}
    shared = Cohort.from_arrays(arrays, dict(cohort.schema))
    made = mk.Synthesizer().fit(shared, quiet=True).sample(800)["age"]
    assert 0.4 < np.mean(np.abs(made - 40.123456) < 1e-9) < 0.6


def test_a_leaf_holds_so_many_patients():
    seen = np.repeat(np.arange(20.0), 10)[:, None]
    who = np.repeat(np.arange(20), 10)
    tree = {
        "left": np.array([1, 3, -1, -1, -1]),
        "right": np.array([2, 4, -1, -1, -1]),
        "feature": np.array([0, 0, -2, -2, -2]),
        "threshold": np.array([9.5, 0.5, 0.0, 0.0, 0.0]),
    }
    assert count_distinct_subjects(find_leaves(tree, seen), who, 5).tolist() == [0, 0, 10, 1, 9]
    thick = merge_leaves(tree, seen, who, least=5)
    assert count_distinct_subjects(find_leaves(thick, seen), who, 5).tolist() == [0, 10, 10, 0, 0]
    whole = merge_leaves(tree, seen, who, 11)
    assert sorted(count_distinct_subjects(find_leaves(whole, seen), who, 5)) == [0, 0, 0, 0, 20]


def test_a_value_moves_towards_another_patient():
    values = np.array([1.0, 2.0, 2.0, 3.0, np.nan], dtype=np.float32)
    below, above = find_neighbors(values, values, np.zeros(5, dtype=int), np.array([0, 1, 1, 1, 2]))[
        "beside"
    ]
    assert below[[0, 1, 2, 3]].tolist() == pytest.approx([np.nan, 1, 1, 1], nan_ok=True)
    assert above[0] == 2
    assert np.isnan(above[1:4]).all()  # 3 is the same patient's: nothing of another lies above


def test_bins_of_rows_and_scales_of_series_count_people():
    cohort = visits(patients=40, rows=30)
    codec = RowsCodec().fit(cohort, ["sbp"])
    assert len(codec.edges["sbp"]) - 1 <= 4  # 40 patients give two bins of 15, not 80
    x = np.full((10, 1, 4), np.nan, dtype=np.float32)
    x[:6] = np.float32(7.123)
    x[6:] = np.arange(16).reshape(4, 1, 4) + 20
    one = SeriesTransform.from_records(x, subject=np.array([0] * 6 + [1, 2, 3, 4])).scales[0]
    assert not [1 for a, b in zip(one.start, one.end, strict=True) if a == b]
    six = SeriesTransform.from_records(x).scales[0]
    assert [a for a, b in zip(six.start, six.end, strict=True) if a == b] == pytest.approx([7.123])


def test_without_subjects_nothing_changes():
    cohort = visits()
    bare = cohort.select("age", "sbp", "stage")
    codec = TableCodec().fit(bare, ["age"])
    state = codec.to_dict()["age"]
    assert (
        np.mean([a == b for a, b in zip(state["start"], state["end"], strict=True)]) > 0.9
    )  # six rows: atoms
