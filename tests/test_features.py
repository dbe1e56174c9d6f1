"""The table feature: a step of one is a step of one robust deviation."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.features.table import MAX_LEVELS, UNEXPECTED_GAP_VALUE, Table
from manikin.schema.kinds import Category, Number, Text


def numbers(*values):
    return Cohort.from_arrays({"x": np.array(values, dtype=float)}, {"x": Number()})


def levels(values):
    names = tuple(sorted(set(values)))
    return Cohort.from_arrays({"c": np.array(values, dtype=object)}, {"c": Category(levels=names)})


def test_the_middle_half_of_a_normal_field_spans_as_in_the_standard_normal():
    train = numbers(*np.random.default_rng(0).normal(50, 10, 5000))
    x = Table().fit(train)(numbers(50.0, 60.0))
    assert x[1, 0] - x[0, 0] == pytest.approx(np.arcsinh(1), abs=0.03)


def test_an_outlier_does_not_decide_a_distance():
    x = Table().fit(numbers(*range(100)))(numbers(50.0, 1e6))
    assert x[1, 0] - x[0, 0] < 12


def test_two_levels_lie_at_a_distance_of_one():
    train = levels(["a", "b", "c", "a"])
    x = Table().fit(train)(train)
    assert np.linalg.norm(x[0] - x[1]) == pytest.approx(1)
    assert np.linalg.norm(x[0] - x[3]) == 0


def test_levels_never_seen_share_a_place_of_their_own():
    feature = Table().fit(levels(["a", "b"]))
    x = feature(levels(["a", "y", "z"]))
    assert np.array_equal(x[1], x[2])
    assert np.linalg.norm(x[0] - x[1]) == pytest.approx(1)


def test_rare_levels_of_a_long_list_are_taken_together():
    many = [f"code {i:03}" for i in range(100)]
    assert Table().fit(levels(many))(levels(many)).shape == (100, MAX_LEVELS + 2)


def test_missing_has_a_place_of_its_own_and_never_gives_nan():
    seen = Table().fit(numbers(1, 2, 3, np.nan))(numbers(2, np.nan))
    assert seen.tolist() == [[0.0, 0.0], [0.0, 1.0]]
    unseen = Table().fit(numbers(1, 2, 3))(numbers(np.nan))
    assert unseen.tolist() == [[UNEXPECTED_GAP_VALUE]]


@pytest.mark.parametrize("values", [[5.0, 5.0, 5.0], [np.nan, np.nan], [0.0, 0.0, 0.0, 0.0, 9.0]])
def test_constant_empty_and_mostly_zero_fields_are_finite(values):
    train = numbers(*values)
    assert np.isfinite(Table().fit(train)(train)).all()


def test_what_is_never_modelled_is_not_looked_at():
    arrays = {"id": np.array(["p1", "p2"], dtype=object), "note": np.array(["a", "b"], dtype=object)}
    schema = {"id": Category(role="identifier"), "note": Text()}
    one = Cohort.from_arrays({**arrays, "x": np.array([1.0, 2.0])}, {**schema, "x": Number()})
    assert Table().fit(one)(one).shape == (2, 1)
