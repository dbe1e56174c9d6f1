"""Fidelity: distances of fields, associations, gaps and the two-sample judges, by hand."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, spearmanr, wasserstein_distance

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions
from manikin.errors import Unsupported
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.features.table import Table
from manikin.metrics.fidelity.association import correlation_distance, missingness_links
from manikin.metrics.fidelity.marginals import (
    column_distance,
    missingness_distance,
    shape,
    worst_column,
)
from manikin.metrics.fidelity.two_sample import c2st_auc, c2st_linear_auc
from manikin.schema.kinds import Category, Number
from manikin.stats.association import AssociationLayout, compute_associations
from manikin.stats.marginals import MarginalScale


def cohort(**fields):
    kinds = {}
    for name, values in fields.items():
        text = np.asarray(values).dtype == object
        kinds[name] = (
            Category(levels=tuple(sorted({v for v in values if v is not None}))) if text else Number()
        )
    return Cohort.from_arrays({name: np.asarray(values) for name, values in fields.items()}, kinds)


def split(train, holdout, synthetic):
    sides = EvaluationData.from_cohorts(
        Table().fit(train), ScalarEncoder.fit(train), (train, holdout, synthetic), EvaluationOptions()
    )
    return sides.full_split


def far(measure, found):
    """A distance of `MarginalScale` between the held-out and the synthetic records of a split."""
    scale = MarginalScale.fit(found.train.table, found.fields.levels)
    return measure(scale, found.holdout.table, found.synthetic.table)


def letters(text):
    return np.array(list(text), dtype=object)


def test_a_field_moved_by_a_tenth_of_its_deviation_is_that_far():
    values = np.random.default_rng(0).normal(0, 1, 4000)
    real = cohort(x=values)
    found = far(MarginalScale.compute_distances, split(real, real, cohort(x=values + 0.1)))
    curves = [np.arcsinh(values), np.arcsinh(values + 0.1)]
    assert found[0] == pytest.approx(wasserstein_distance(*curves), abs=0.005)


def test_categories_are_compared_by_total_variation_and_largest_level():
    real, synthetic = cohort(c=letters("aabb")), cohort(c=letters("abbc"))
    found = split(real, real, synthetic)
    assert far(MarginalScale.compute_distances, found)[0] == pytest.approx((0.25 + 0 + 0.25) / 2)
    assert far(MarginalScale.compute_shape_distances, found)[0] == pytest.approx(0.25)
    assert shape(found) == pytest.approx(0.75)


def test_shapes_of_quantities_are_kolmogorov_smirnov():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=50), rng.normal(0.5, 1, 70)
    found = far(MarginalScale.compute_shape_distances, split(cohort(x=a), cohort(x=a), cohort(x=b)))
    assert found[0] == pytest.approx(ks_2samp(a, b).statistic)


def test_the_worst_column_is_seen_among_many():
    rng = np.random.default_rng(2)
    real = {f"x{j}": rng.normal(size=300) for j in range(20)}
    spoilt = {**real, "x7": real["x7"] + 5}
    found = split(cohort(**real), cohort(**real), cohort(**spoilt))
    assert worst_column(found) > 0.95
    assert column_distance(found) < 0.2


def test_all_values_missing_is_as_far_as_can_be():
    real = cohort(x=np.arange(20.0))
    found = split(real, real, cohort(x=np.full(20, np.nan)))
    assert far(MarginalScale.compute_shape_distances, found)[0] == 1


def test_gaps_are_counted_over_all_fields():
    real = cohort(x=np.array([1.0, np.nan, 3, 4]), y=np.arange(4.0))
    assert missingness_distance(split(real, real, cohort(x=np.arange(4.0), y=np.arange(4.0)))) == 0.125


def associated(c, *names):
    train = split(c, c, c).train
    plan = AssociationLayout.from_table(train.table, train.fields.is_categorical)
    order = [train.fields.names[j] for j in plan.column_order]
    matrix = compute_associations(train.table, plan)[0]
    return matrix[order.index(names[0]), order.index(names[1])]


def test_two_quantities_associate_by_spearman():
    rng = np.random.default_rng(3)
    a = rng.normal(size=100)
    b = np.exp(a) + rng.normal(size=100)
    assert associated(cohort(a=a, b=b), "a", "b") == pytest.approx(spearmanr(a, b).statistic)


def test_a_category_that_fixes_a_quantity_has_ratio_one_and_none_otherwise():
    group = letters("ab" * 50)
    assert associated(cohort(x=np.tile([1.0, 2.0], 50), c=group), "x", "c") == pytest.approx(1)
    assert associated(cohort(x=np.repeat([1.0, 2.0], 50), c=group), "x", "c") == 0


def test_equal_categories_have_v_one_and_crossed_ones_none():
    a, b = letters("ab" * 50), letters("aabb" * 25)
    assert associated(cohort(a=a, b=a), "a", "b") == pytest.approx(1)
    assert associated(cohort(a=a, b=b), "a", "b") == 0


def test_shuffling_a_field_shows_in_the_correlation_distance():
    rng = np.random.default_rng(4)
    a = rng.normal(size=400)
    real, shuffled = cohort(a=a, b=a), cohort(a=a, b=rng.permutation(a))
    assert correlation_distance(split(real, real, shuffled)) == pytest.approx(1, abs=0.1)
    assert correlation_distance(split(real, real, real)) == 0


def test_one_field_has_no_correlation():
    real = cohort(a=np.arange(5.0))
    with pytest.raises(Unsupported, match="no two fields"):
        correlation_distance(split(real, real, real))


def test_links_of_gaps_with_values_are_seen():
    rng = np.random.default_rng(5)
    a = rng.normal(size=400)
    informative = cohort(a=a, b=np.where(a > 0, np.nan, 1.0))
    chance = cohort(a=a, b=np.where(rng.random(400) < 0.5, np.nan, 1.0))
    assert missingness_links(split(informative, informative, informative)) == 0
    assert missingness_links(split(informative, informative, chance)) > 0.5


def test_no_gap_has_no_link():
    real = cohort(a=np.arange(9.0), b=np.arange(9.0))
    with pytest.raises(Unsupported, match="missing"):
        missingness_links(split(real, real, real))


def joint(n, seed, turned=1):
    a = np.random.default_rng(seed).normal(size=n)
    return cohort(a=a, b=turned * a + 0.1 * np.random.default_rng(seed + 50).normal(size=n))


def test_judges_cannot_tell_real_records_from_real_ones():
    found = split(joint(300, 0), joint(300, 1), joint(300, 2))
    assert c2st_auc(found) == pytest.approx(0.5, abs=0.08)
    assert c2st_linear_auc(found) == pytest.approx(0.5, abs=0.08)


def test_only_the_boosted_judge_sees_a_joint_difference():
    found = split(joint(300, 0), joint(300, 1), joint(300, 2, turned=-1))
    assert c2st_auc(found) > 0.85
    assert c2st_linear_auc(found) < 0.6


def test_both_judges_see_a_shift():
    real, far = joint(300, 0), cohort(a=np.full(300, 9.0), b=np.full(300, 9.0))
    found = split(real, joint(300, 1), far)
    assert c2st_auc(found) > 0.99
    assert c2st_linear_auc(found) > 0.99


def test_a_judge_needs_records_to_learn_from():
    few = joint(8, 0)
    with pytest.raises(Unsupported, match="8 records"):
        c2st_auc(split(few, few, few))
