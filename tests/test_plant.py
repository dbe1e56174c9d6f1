"""Planted defects: each does what it says, and keeps schema, types and number of records."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.contracts.metric import AXES
from manikin.datasets.demo import load_demo
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.tabular import TABULAR_DEFECTS, plant
from manikin.schema.kinds import Category, Number


@pytest.fixture(scope="module")
def halves():
    return load_demo().split(0.5)


def values(cohort):
    return cohort.to_pandas().select_dtypes("number").to_numpy()


@pytest.mark.parametrize("defect", TABULAR_DEFECTS)
def test_schema_types_size_and_seed_are_kept(defect, halves):
    train, fresh = halves
    first, second, other = (plant(fresh, defect, seed, train=train) for seed in (0, 0, 1))
    assert first.schema == fresh.schema
    assert first.columns.schema.types == fresh.columns.schema.types
    assert len(first) == len(fresh)
    assert first.columns.equals(second.columns)
    assert not first.columns.equals(other.columns)
    assert not first.columns.equals(fresh.columns)
    assert TABULAR_DEFECTS[defect].axis in AXES


@pytest.mark.parametrize(
    ("defect", "count"), [("exact_copies", 285), ("leak_10", 28), ("leak_3", 9), ("leak_outliers", 9)]
)
def test_so_many_training_records_are_leaked(defect, count, halves):
    train, fresh = halves
    known = {row.tobytes() for row in values(train)}
    fresh = fresh.take(np.arange(284)) if defect != "exact_copies" else fresh
    leaked = [row.tobytes() in known for row in values(plant(fresh, defect, train=train))]
    assert sum(leaked) == min(count, len(fresh))


def test_jitter_and_shift_are_of_the_size_they_say(halves):
    train = halves[0]
    spread = values(train).std(axis=0)
    for defect, low, high in (("jittered_copies", 0.008, 0.012), ("shifted_copies", 0.45, 0.55)):
        planted = np.sort(values(plant(train, defect)), axis=0)
        moved = np.abs(planted - np.sort(values(train), axis=0)).mean(axis=0) / spread
        assert (moved < high).all()
        assert defect == "jittered_copies" or (moved > low).all()


def test_outliers_lie_farther_than_most(halves):
    train, fresh = halves
    known = {row.tobytes(): i for i, row in enumerate(values(train))}
    leaked = [
        known[row.tobytes()]
        for row in values(plant(fresh, "leak_outliers", train=train))
        if row.tobytes() in known
    ]
    z = np.abs((values(train) - values(train).mean(0)) / values(train).std(0)).max(axis=1)
    assert np.median(z[leaked]) > 2 * np.median(z)


def test_shares_of_the_other_defects(halves):
    _, fresh = halves
    label = fresh["diagnosis"]
    assert np.mean(plant(fresh, "flipped_labels")["diagnosis"] != label) == pytest.approx(0.3, abs=0.06)
    assert len(np.unique(values(plant(fresh, "collapse")), axis=0)) <= len(fresh) // 20
    assert set(plant(fresh, "dropped_subgroup")["diagnosis"]) == {"benign"}
    assert len(np.unique(values(plant(fresh, "duplicated_rows")), axis=0)) == len(fresh) - round(
        0.3 * len(fresh)
    )
    odd = (values(plant(fresh, "implausible_values")) != values(fresh)).any(axis=1)
    assert odd.sum() == round(0.05 * len(fresh))
    shuffled = values(plant(fresh, "independent_marginals"))
    assert np.array_equal(np.sort(shuffled, axis=0), np.sort(values(fresh), axis=0))


def test_whole_numbers_stay_whole_and_gaps_stay_gaps():
    ages = np.array([40, 50, 60, 70] * 5)
    weights = np.array([80.0, np.nan, 90.0, 70.0] * 5)
    cohort = Cohort.from_arrays({"age": ages, "weight": weights}, {"age": Number(), "weight": Number()})
    shifted = plant(cohort, "shifted_copies")
    assert shifted.columns["age"].type == cohort.columns["age"].type
    assert np.isnan(shifted["weight"]).sum() == 5


def test_identifiers_of_training_are_leaked_where_there_are_some():
    def people(start):
        ids = np.array([f"P{i}" for i in range(start, start + 40)], dtype=object)
        sex = np.array(["F", "M"] * 20, dtype=object)
        from manikin.schema.kinds import Text

        kinds = {"patient": Text(role="identifier"), "sex": Category(levels=("F", "M"))}
        return Cohort.from_arrays({"patient": ids, "sex": sex}, kinds)

    train, fresh = people(0), people(100)
    planted = plant(fresh, "leaked_identifiers", train=train)
    assert len(set(planted["patient"]) & set(train["patient"])) == 4
    assert list(planted["sex"]) == list(fresh["sex"])


def test_what_cannot_be_planted_is_said():
    numbers = Cohort.from_arrays({"age": np.arange(30.0)}, {"age": Number()})
    for defect in ("flipped_labels", "dropped_subgroup", "leaked_identifiers"):
        with pytest.raises(UsageError, match=defect):
            plant(numbers, defect)
    with pytest.raises(UsageError, match="no defect 'bug'; there are exact_copies"):
        plant(numbers, "bug")
