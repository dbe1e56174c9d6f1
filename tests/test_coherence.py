"""Coherence: rules, plausible values and survival curves, by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions
from manikin.errors import Unsupported
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.features.table import Table
from manikin.metrics.validity import rules_and_survival
from manikin.schema.kinds import Category, Number
from manikin.stats import survival_curves

SCHEMA = {
    "low": Number(low=0),
    "high": Number(),
    "sex": Category(levels=("F", "M")),
    "t": Number(role="time"),
    "d": Category(levels=(0, 1), role="event"),
}


@dataclass(frozen=True)
class Ordered:
    """Low below high."""

    name: str = "low < high"
    fields: tuple = ("low", "high")

    def holds(self, cohort):
        """Whether it is so."""
        return cohort["low"] < cohort["high"]


def cohort(low, high, **others):
    n = len(low)
    values = {
        "low": np.asarray(low, dtype=float),
        "high": np.asarray(high, dtype=float),
        "sex": np.array(["F"] * n, dtype=object),
        "t": np.arange(1.0, n + 1),
        "d": np.ones(n, dtype=int),
        **others,
    }
    return Cohort.from_arrays(values, {**SCHEMA})


def split(real, synthetic, rules=()):
    sides = EvaluationData.from_cohorts(
        Table().fit(real), ScalarEncoder.fit(real), (real, real, synthetic), EvaluationOptions(rules=rules)
    )
    return sides.full_split


REAL = cohort([60, 70, 80, 90], [120, 130, 140, 80])
MANY = cohort(np.arange(1, 101), np.arange(100, 200))


def test_violations_are_those_beyond_the_real_rate():
    bad = cohort([60, 70, 80, 90], [50, 60, 140, 80])
    found = split(REAL, bad, (Ordered(),))
    assert rules_and_survival.rule_violations(found).value == pytest.approx(0.75 - 0.25)
    assert rules_and_survival.describe_violated_rules(found) == "low < high: 75.0% (real 25.0%)"
    assert rules_and_survival.rule_violations(split(REAL, REAL, (Ordered(),))).value == 0


def test_without_rules_nothing_is_assessed():
    with pytest.raises(Unsupported, match="no clinical rules"):
        rules_and_survival.rule_violations(split(REAL, REAL))


def test_values_beyond_the_schema_or_far_beyond_the_real_range_are_implausible():
    odd = cohort([-1, 60, 60, 60], [120, 201, 260, 120])
    assert rules_and_survival.implausible_share(split(MANY, odd)).value == 0.5
    assert rules_and_survival.describe_implausible_fields(split(MANY, odd)) == "low: 25.0%; high: 25.0%"


def test_no_quantity_becomes_negative_where_none_is():
    real = cohort(np.arange(1, 101), np.arange(100))
    assert rules_and_survival.implausible_share(split(real, cohort([60, 60], [-0.5, 3]))).value == 0.5


def test_a_long_tail_may_go_on():
    tail = np.exp(np.random.default_rng(0).normal(0, 1, 1000))
    real = cohort(np.ones(1000), tail)
    fresh = cohort(np.ones(1000), np.exp(np.random.default_rng(1).normal(0, 1, 1000)))
    assert rules_and_survival.implausible_share(split(real, fresh)).value < 0.002
    assert rules_and_survival.implausible_share(split(real, cohort([1, 1], [3.0, 1000.0]))).value == 0.5


def test_a_few_values_far_beyond_tell_among_many_fields():
    rng = np.random.default_rng(3)
    real, fresh = ({f"x{j}": rng.normal(size=n) for j in range(30)} for n in (380, 190))
    kinds = dict.fromkeys(real, Number())
    bad = {name: x.copy() for name, x in fresh.items()}
    for i in range(9):
        bad[f"x{i}"][i] = 60.0
    known = Cohort.from_arrays(real, kinds)
    train, holdout = known.take(np.arange(300)), known.take(np.arange(300, 380))
    chances = []
    for arrays in (bad, fresh):
        candidate = Cohort.from_arrays(arrays, kinds)
        sides = EvaluationData.from_cohorts(
            Table().fit(train), ScalarEncoder.fit(train), (train, holdout, candidate), EvaluationOptions()
        )
        chances.append(rules_and_survival.implausible_share(sides.full_split).p_value)
    assert chances[0] < 0.001
    assert chances[1] > 0.05


def test_a_level_of_no_real_record_is_implausible():
    odd = cohort([60] * 4, [120] * 4, sex=np.array(["F", "F", "F", "X"], dtype=object))
    assert rules_and_survival.implausible_share(split(MANY, odd)).value == 0.25


def test_a_new_code_is_plausible_where_codes_are_many():
    codes = np.array([f"C{i}" for i in range(100)], dtype=object)
    kinds = {"sex": Category(levels=tuple(codes))}
    real = Cohort.from_arrays({"sex": codes}, kinds)
    new = Cohort.from_arrays({"sex": np.array(["C1", "D7"], dtype=object)}, kinds)
    holdout = real.take(np.arange(10))
    sides = EvaluationData.from_cohorts(
        Table().fit(real), ScalarEncoder.fit(real), (real, holdout, new), EvaluationOptions()
    )
    assert rules_and_survival.implausible_share(sides.full_split).value == 0


def test_missing_is_not_implausible():
    gappy = cohort([np.nan] * 4, [120] * 4)
    assert rules_and_survival.implausible_share(split(MANY, gappy)).value == 0


def test_the_product_limit_of_a_textbook_sample():
    # 6-MP arm of Freireich 1963, remission in weeks: S(6) = 18/21, S(7) = 0.807, S(10) = 0.753
    weeks = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35.0])
    relapse = np.arange(21) < 9
    curve = survival_curves.compute_survival_at(
        *survival_curves.compute_product_limit(weeks, relapse), np.array([5, 6, 7, 10, 22, 23, 35])
    )
    assert curve.round(3).tolist() == [1.0, 0.857, 0.807, 0.753, 0.538, 0.448, 0.448]


def test_survival_distance_is_the_area_between_the_curves():
    longer = cohort([60] * 4, [120] * 4, t=np.array([5.0, 6, 7, 8]))
    # real: 1, .75, .5, .25 in the four units of follow-up; synthetic: 1 throughout
    assert rules_and_survival.survival_distance(split(REAL, longer)) == pytest.approx(0.375, abs=0.01)
    assert rules_and_survival.survival_distance(split(REAL, REAL)) == 0


def test_survival_needs_its_roles():
    plain = Cohort.from_arrays({"x": np.arange(9.0)}, {"x": Number()})
    with pytest.raises(Unsupported, match="roles"):
        rules_and_survival.survival_distance(split(plain, plain))


def test_the_floor_of_survival_is_that_nobody_dies():
    mixed = cohort([60] * 4, [120] * 4, d=np.array([1, 0, 1, 0]))
    bad = rules_and_survival.remove_events(split(REAL, mixed))
    assert bad["d"].tolist() == [0] * 4
    with pytest.raises(Unsupported, match="without an event"):
        rules_and_survival.remove_events(split(REAL, REAL))
