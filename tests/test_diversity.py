"""Diversity: balls, duplicates and rare levels, by hand."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions
from manikin.errors import Unsupported
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.features.table import Table
from manikin.metrics.diversity import manifold
from manikin.schema.kinds import Category, Number
from manikin.stats import knn_balls
from manikin.stats.knn_balls import compute_knn_radii


def line(values):
    return Cohort.from_arrays({"x": np.asarray(values, dtype=float)}, {"x": Number()})


def split(holdout, synthetic, train=None):
    train = train or holdout
    return EvaluationData.from_cohorts(
        Table().fit(train), ScalarEncoder.fit(train), (train, holdout, synthetic), EvaluationOptions()
    ).full_split


def test_neighbours_beyond_reach_are_not_covered():
    real = line(np.concatenate([np.arange(10), np.arange(1000, 1010)]))
    found = split(real, line(np.arange(10)))
    assert manifold.coverage(found) == 0.5
    assert manifold.recall(found) == 0.5
    assert manifold.precision(found) == 1


def test_records_like_no_real_one_lower_precision():
    real = line(np.arange(20))
    found = split(real, line(np.concatenate([np.arange(10), np.arange(10) + 1e6])))
    assert manifold.precision(found) == 0.5


def test_density_counts_the_balls_that_hold_a_record():
    real = line(np.arange(12))
    inside = manifold._find_knn_balls(split(real, line([5.5] * 8))).ball_counts
    x = Table().fit(real)(real)[:, 0].astype(float)
    at = float(Table().fit(real)(line([5.5]))[0, 0])
    reach = np.sort(np.abs(x[:, None] - x), axis=1)[:, 5]
    assert inside.tolist() == [int((np.abs(x - at) <= reach + 1e-6).sum())] * 8


def test_radii_are_distances_to_the_kth_neighbour():
    sample = split(line([0, 1, 3, 7, 20, 50]), line([0] * 6)).holdout
    expected = [np.sort((sample.x[:, 0] - value) ** 2)[2] for value in sample.x[:, 0]]
    assert compute_knn_radii(sample.x, 2) == pytest.approx(expected, abs=1e-4)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    pair = line(rng.normal(size=50)), line(rng.normal(size=50))
    whole = manifold._find_knn_balls(split(*pair))
    monkeypatch.setattr(knn_balls, "BLOCK_SIZE", 7)
    parts = manifold._find_knn_balls(split(*pair))
    assert np.array_equal(whole.is_covered, parts.is_covered)
    assert np.array_equal(whole.is_recalled, parts.is_recalled)
    assert np.array_equal(whole.ball_counts, parts.ball_counts)


def test_too_few_records_have_no_balls():
    with pytest.raises(Unsupported, match="more than 5"):
        manifold.coverage(split(line(range(5)), line(range(5))))


def test_duplicates_are_records_that_could_be_left_out():
    real, train = line(np.arange(10)), line(np.arange(100, 120))
    found = manifold.duplicate_share(split(real, line([1, 1, 1, 2, np.nan, np.nan, 4, 5, 6, 7]), train))
    assert found.value == 0.3
    assert manifold.duplicate_share(split(real, line(np.arange(10)), train)).value == 0


def test_duplicates_are_expected_where_real_records_have_them():
    rng = np.random.default_rng(0)
    real, train, coarse = (line(rng.integers(0, 40, size)) for size in (60, 60, 60))
    found = manifold.duplicate_share(split(real, coarse, train))
    assert found.value > 0.2
    assert found.p_value > 0.2
    assert np.mean(found.null_values) == pytest.approx(found.value, abs=0.2)


def test_near_duplicates_are_seen_where_equal_ones_are_not():
    rng = np.random.default_rng(1)
    schema = {name: Number() for name in "abcd"}

    def table(x):
        return Cohort.from_arrays(dict(zip("abcd", x.T, strict=True)), schema)

    real, again = rng.normal(size=(200, 4)), rng.normal(size=(100, 4))
    jittered = np.concatenate([again, again + rng.normal(0, 1e-3, again.shape)])
    train = table(rng.normal(size=(200, 4)))
    found = split(table(real), table(jittered), train)
    assert manifold.near_duplicate_share(found).value > 0.95
    fresh = split(table(real), table(rng.normal(size=(200, 4))), train)
    assert manifold.near_duplicate_share(fresh).value < 0.1


def test_rare_levels_that_come_back_are_counted():
    values = ["common"] * 186 + ["rare"] * 5 + ["odd"] * 5 + ["of few"] * 4
    schema = {"c": Category(levels=("common", "odd", "of few", "rare"))}

    def cohort(levels):
        return Cohort.from_arrays({"c": np.array(levels, dtype=object)}, schema)

    found = split(cohort(values), cohort(["common"] * 99 + ["odd"]))
    assert manifold.rare_level_coverage(found) == 0.5
    common = cohort(["common"] * 50 + ["rare"] * 50)
    with pytest.raises(Unsupported, match="no category"):
        manifold.rare_level_coverage(split(common, common))
    few = cohort(["common"] * 96 + ["of few"] * 4)
    with pytest.raises(Unsupported, match="no category"):
        manifold.rare_level_coverage(split(few, common))
