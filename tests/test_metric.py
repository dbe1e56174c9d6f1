"""The contracts of metrics, checks and features, and the floors."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder, normalize_level, read_survival
from manikin.contracts.check import check
from manikin.contracts.feature import Feature
from manikin.contracts.metric import AXES, Metric, MetricDescription, metric
from manikin.contracts.split import EvaluationOptions, compute_once
from manikin.core import registry
from manikin.errors import UsageError
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.floors import FLOORS, find_floor
from manikin.features.table import Table
from manikin.schema.kinds import Category, Number, Signal

ABOUT = MetricDescription("It is measured.", source="none")
SCHEMA = {"age": Number(), "sex": Category(levels=("F", "M"))}


def cohort(n=60, seed=0):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["F", "M"], n, p=[0.7, 0.3]).astype(object)
    return Cohort.from_arrays({"age": rng.normal(60, 10, n).round(), "sex": sex}, SCHEMA)


@pytest.fixture
def split():
    train, holdout, fresh = (cohort(seed=s) for s in range(3))
    return EvaluationData.from_cohorts(
        Table().fit(train), ScalarEncoder.fit(train), (train, holdout, fresh), EvaluationOptions()
    ).full_split


def test_once_computes_once_for_each_owner(split):
    asked = []

    def size(sample, more):
        asked.append(len(sample))
        return len(sample) + more

    assert [
        compute_once(split.train, size, 1),
        compute_once(split.train, size, 1),
        compute_once(split.holdout, size, 1),
    ] == [61] * 3
    assert len(asked) == 2


def test_a_sample_keeps_its_records_together(split):
    part = split.synthetic.take(np.array([3, 1]))
    assert np.array_equal(part.cohort["age"], split.synthetic.cohort["age"][[3, 1]])
    assert np.array_equal(part.table[:, 0], part.cohort["age"])
    assert np.array_equal(part.x, Table().fit(split.train.cohort)(part.cohort))
    assert part.memo == {}


def test_an_unknown_option_of_a_metric_is_an_error():
    with pytest.raises(TypeError, match="flor"):
        metric("fidelity", ABOUT, better="low", flor="uniform")(float)


@pytest.mark.parametrize("name", registry.list_plugins("metrics"))
def test_shipped_metrics_say_what_they_are(name):
    for found in registry.find("metrics", name):
        assert isinstance(found, Metric)
        assert found.axis in AXES
        assert found.description.summary.endswith(".")
        assert found.description.reading
        assert found.description.source
        assert found.compute.__doc__ == found.description.render()
        assert callable(find_floor(found.plan.floor))


@pytest.mark.parametrize("name", registry.list_plugins("features"))
def test_shipped_features_obey_their_contract(name):
    feature = registry.find("features", name)
    assert issubclass(feature, Feature)
    assert "/" in feature.version


def test_a_check_answers_as_a_rule_does():
    @check(Signal, "by definition")
    def finite(cohort):
        return np.isfinite(cohort["ecg"]).all(axis=(1, 2))

    ecg = np.zeros((2, 1, 3), dtype=np.float32)
    ecg[1, 0, 0] = np.nan
    assert finite.holds(Cohort.from_arrays({"ecg": ecg}, {"ecg": Signal()})).tolist() == [True, False]


@pytest.mark.parametrize("name", FLOORS)
def test_floors_keep_size_and_schema_and_repeat(name, split):
    first, second = (FLOORS[name](split) for _ in range(2))
    assert len(first) == len(split.synthetic)
    assert first.schema == split.synthetic.cohort.schema
    assert first.columns.equals(second.columns)


def test_the_independent_floor_keeps_marginals_only(split):
    bad = FLOORS["independent"](split)
    assert sorted(bad["age"]) == sorted(split.synthetic.cohort["age"])
    assert not np.array_equal(bad["age"], split.synthetic.cohort["age"])


def test_the_wild_floor_leaves_the_real_range(split):
    ages, real = FLOORS["wild"](split)["age"], split.synthetic.cohort["age"]
    outside = (ages < real.min()) | (ages > real.max())
    assert 0.6 < outside.mean() < 0.95  # four fifths of five times the range


def test_the_collapsed_floor_has_one_mode_for_twenty_records(split):
    assert len(np.unique(FLOORS["collapsed"](split)["age"])) <= 3


def test_the_complete_floor_fills_gaps_or_makes_some(split):
    ages = split.synthetic.cohort["age"].copy()
    assert 0 < np.isnan(FLOORS["complete"](split)["age"]).mean() < 0.3
    ages[:20] = np.nan
    gappy = Cohort.from_arrays({"age": ages, "sex": split.synthetic.cohort["sex"]}, SCHEMA)
    sides = EvaluationData.from_cohorts(
        Table().fit(gappy), ScalarEncoder.fit(gappy), (gappy, gappy, gappy), EvaluationOptions()
    )
    filled = FLOORS["complete"](sides.full_split)["age"]
    assert not np.isnan(filled).any()
    assert np.array_equal(filled[20:], ages[20:])


def test_an_unknown_floor_is_named():
    with pytest.raises(UsageError, match=r"no floor 'flat'.*independent"):
        find_floor("flat")


def test_levels_are_the_same_in_any_spelling():
    a = Cohort.from_arrays({"code": np.array([1, 2])}, {"code": Category(levels=(1, 2))})
    b = Cohort.from_arrays({"code": np.array([2.0, np.nan])}, {"code": Category(levels=(1, 2))})
    assert np.array_equal(ScalarEncoder.fit(a).encode(b)[:, 0], [1.0, np.nan], equal_nan=True)
    assert normalize_level(np.float64(3.0)) == "3"


def test_survival_needs_a_pair_and_takes_the_last_level_for_the_event():
    schema = {"t": Number(role="time"), "dead": Category(levels=("no", "yes"), role="event")}
    arrays = {"t": np.array([1.0, np.nan, 3.0]), "dead": np.array(["yes", "yes", "no"], dtype=object)}
    time, event = read_survival(Cohort.from_arrays(arrays, schema))
    assert np.array_equal(time, [1.0, np.nan, 3.0], equal_nan=True)
    assert event.tolist() == [True, False, False]
    assert read_survival(cohort()) is None
