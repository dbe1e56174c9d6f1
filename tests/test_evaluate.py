"""The judge: its door, its draws, its verdicts, and whether it can be fooled."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from manikin.cohort.cohort import Cohort
from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.errors import SchemaError, Unsupported, UsageError
from manikin.evaluation.evaluate import evaluate
from manikin.evaluation.measuring import catalogue
from manikin.evaluation.measuring import evaluation_data as module_sides
from manikin.evaluation.measuring.calibration import adjust_p_values, compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData, split_halves
from manikin.evaluation.measuring.repeats import Repeats, compute_standard_error
from manikin.evaluation.measuring.views import build_views
from manikin.evaluation.score import Thresholds, decide_verdict
from manikin.schema.kinds import Category, Number, Schema

OWN = ("association", "two_sample", "rules_and_survival", "manifold", "marginals")


@pytest.fixture
def own(monkeypatch):
    """Only the metrics of this part, so that a test stays seconds long."""
    found = [m for m in catalogue.list_metrics() if m.compute.__module__.rsplit(".", 1)[-1] in OWN]
    monkeypatch.setattr(catalogue, "list_metrics", lambda: tuple(found))


def cancer():
    frame = load_breast_cancer(as_frame=True).frame
    kinds = {name: Number(low=0) for name in frame.columns[:-1]}
    schema = {**kinds, "target": Category(levels=(0, 1), role="label")}
    return Cohort.from_arrays({name: frame[name].to_numpy() for name in frame.columns}, schema)


def diabetes():
    frame = load_diabetes(as_frame=True, scaled=False).frame
    frame["sex"] = frame["sex"].astype(int)
    schema = {name: Number(low=0) for name in frame.columns} | {"sex": Category(levels=(1, 2))}
    return Cohort.from_arrays({name: frame[name].to_numpy() for name in frame.columns}, schema)


def thirds(cohort, seed):
    order = np.random.default_rng(seed).permutation(len(cohort))
    return [cohort.take(part) for part in np.array_split(order, 3)]


def changed(cohort, **fields):
    columns = cohort.columns
    for name, values in fields.items():
        place = columns.column_names.index(name)
        columns = columns.set_column(place, name, pa.array(values, from_pandas=True))
    return replace(cohort, columns=columns)


def small(n=40, seed=0, **extra):
    rng = np.random.default_rng(seed)
    arrays = {"age": rng.normal(60, 9, n), "sex": rng.choice(["F", "M"], n).astype(object), **extra}
    kinds = {"age": Number(), "sex": Category(levels=("F", "M"))}
    return Cohort.from_arrays(arrays, kinds | {name: Number() for name in extra})


# the door


def test_fields_must_be_the_same():
    with pytest.raises(SchemaError, match=r"synthetic: lacks sex and has bmi"):
        evaluate(small(bmi=np.ones(40)).select("age", "bmi"), small(), small(seed=1))


def test_values_must_be_of_the_kind_that_train_declares():
    odd = Cohort.from_arrays(
        {"age": np.array(["old"] * 40, dtype=object), "sex": small()["sex"]},
        {"age": Category(levels=("old",)), "sex": Category(levels=("F", "M"))},
    )
    with pytest.raises(SchemaError, match=r"'age'.*number"):
        evaluate(odd, small(), small(seed=1))


def test_label_and_subgroups_must_exist():
    with pytest.raises(UsageError, match=r"label 'death'.*age, sex"):
        evaluate(small(), small(seed=1), small(seed=2), label="death")
    with pytest.raises(UsageError, match="subgroup 'race'"):
        evaluate(small(), small(seed=1), small(seed=2), subgroups=("race",))


def test_few_records_and_no_cohorts_are_refused():
    with pytest.raises(UsageError, match=r"holdout: 9 subjects"):
        evaluate(small(), small(seed=1), small(9, seed=2))
    with pytest.raises(UsageError, match=r"synthetic: a Cohort is needed, not list"):
        evaluate([], small(), small(seed=1))


def test_subjects_and_records_on_both_sides_are_refused():
    def patients(ids, seed):
        cohort = small(len(ids), seed, patient=ids.astype(float))
        return replace(cohort, schema=Schema(cohort.schema | {"patient": Number(role="subject")}))

    with pytest.raises(UsageError, match="5 subjects are both in train and in holdout"):
        evaluate(patients(np.arange(40), 0), patients(np.arange(40), 1), patients(np.arange(35, 75), 2))
    with pytest.raises(UsageError, match="the same records"):
        evaluate(small(), small(seed=1), small(seed=1))


def test_integers_that_came_back_as_floats_are_the_same_field(own):
    train, holdout, fresh = (small(60, seed, visits=np.arange(60)) for seed in range(3))
    same = evaluate(changed(fresh, visits=np.arange(60.0)), train, holdout)
    assert same.scores == evaluate(fresh, train, holdout).scores


# draws


def draws(value, fresh, floor, better="low"):
    def measured(split):
        """Nothing."""
        return 0.0

    about = MetricDescription("Nothing.", source="none")
    made = metric("fidelity", about, better=better)(measured)
    return Repeats("measured", made, np.asarray(value), np.asarray(fresh), np.asarray(floor))


def spread(middle, n=50, seed=0, width=0.1):
    return np.random.default_rng(seed).normal(middle, width, n)


def test_calibrated_is_zero_at_the_floor_and_one_at_the_ceiling():
    assert draws(spread(5), spread(1, seed=1), spread(5)).calibrated == pytest.approx(0, abs=0.03)
    assert draws(spread(1), spread(1, seed=1), spread(5)).calibrated == pytest.approx(1, abs=0.03)
    assert draws(spread(0), spread(1, seed=1), spread(5)).calibrated == pytest.approx(1.25, abs=0.03)
    assert draws(spread(2), spread(3, seed=1), spread(1), "high").calibrated == pytest.approx(0.5, abs=0.05)


def test_floor_and_ceiling_must_lie_three_null_deviations_apart():
    assert not draws(spread(1), spread(1), spread(1.2)).has_separate_floor
    assert draws(spread(1), spread(1), spread(1.5)).has_separate_floor
    assert not draws(
        spread(1), spread(1.5), spread(1.0)
    ).has_separate_floor  # a floor better than the ceiling
    [score] = compute_scores([draws(spread(1), spread(1), spread(1.2))])
    assert (score.verdict, score.note) == (
        "not assessed",
        "on so few records a bad generator scores like fresh real ones, so nothing can be told",
    )


def test_the_percentile_counts_better_draws_and_half_of_the_ties():
    assert draws([2.0] * 8, [1.0, 1, 2, 2, 3, 3, 3, 3], [9.0]).percentile == pytest.approx(0.25 + 0.125)


def test_a_share_keeps_its_interval_within_zero_and_one():
    low, high = draws(np.tile([0.0, 0.2], 10), np.zeros(20), np.ones(4)).interval
    assert (low, high < 1) == (0.0, True)


def test_the_standard_error_of_a_mean_is_that_of_the_whole_sample():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        sample = rng.normal(size=100)
        orders = [rng.permutation(100) for _ in range(25)]
        found.append(
            compute_standard_error(
                np.array([sample[o[p]].mean() for o in orders for p in (slice(50), slice(50, 100))])
            )
        )
    assert np.mean(found) == pytest.approx(0.1, rel=0.1)


def test_holm_multiplies_by_how_many_are_left():
    assert adjust_p_values([0.01, 0.5, 0.02], [1, 1, 1]) == pytest.approx([0.03, 0.5, 0.04])
    assert adjust_p_values([0.01, 0.5, 0.02], [1, 1, 2]) == pytest.approx([0.04, 0.5, 0.04])
    assert adjust_p_values([], []) == []


@pytest.mark.parametrize(
    ("calibrated", "worst", "chance", "said"),
    [
        (0.95, 0.9, 0.5, "pass"),  # not shown to be worse
        (0.95, 0.3, 0.5, "not assessed"),  # nor to be better than half way to the floor
        (0.9, 0.85, 0.001, "pass"),  # worse, but little
        (0.7, 0.6, 0.001, "warn"),
        (0.5, 0.4, 0.001, "fail"),
    ],
)
def test_verdicts(calibrated, worst, chance, said):
    assert decide_verdict(calibrated, worst, chance, Thresholds(0.8, 0.6)) == said


def test_halves_share_no_subject():
    cohort = small(90, patient=np.repeat(np.arange(30.0), 3))
    cohort = replace(cohort, schema=Schema(cohort.schema | {"patient": Number(role="subject")}))
    view = build_views((cohort, cohort, cohort), EvaluationOptions())["table"]
    kept, fresh = split_halves(view.holdout, Key(0))
    assert len(kept) + len(fresh) == 90
    assert not set(view.holdout.subject[kept]) & set(view.holdout.subject[fresh])
    assert abs(len(kept) - len(fresh)) <= 3


def test_a_small_holdout_is_joined_by_training_records():
    view = build_views((small(60), small(40, 1), small(200, 2)), EvaluationOptions())["table"]
    split, fresh = view.draw("holdout", 0, Key(0))
    assert len(split.holdout) == len(fresh.synthetic) == len(split.synthetic) == 50
    assert not set(split.holdout.rows) & set(fresh.synthetic.rows)
    assert max(split.holdout.rows) >= 40  # beyond the holdout


def test_a_pair_of_repeats_changes_the_parts_of_the_halves(monkeypatch):
    monkeypatch.setattr(module_sides, "MIN_HOLDOUT_RECORDS", 10)
    view = build_views((small(60), small(60, 1), small(60, 2)), EvaluationOptions())["table"]
    assert isinstance(view, EvaluationData)
    (first, fresh), (second, other) = (view.draw("holdout", r, Key(0)) for r in (0, 1))
    assert set(first.holdout.rows) == set(other.synthetic.rows)
    assert set(second.holdout.rows) == set(fresh.synthetic.rows)
    assert not set(first.synthetic.rows) & set(second.synthetic.rows)
    assert len(first.synthetic) == len(fresh.synthetic) == 30


# metrics in the loop


def with_metrics(monkeypatch, *metrics):
    monkeypatch.setattr(catalogue, "list_metrics", lambda: metrics)
    return evaluate(small(60), small(60, 1), small(60, 2))


def test_a_metric_that_cannot_be_measured_stays_on_the_card_with_the_reason(monkeypatch):
    @metric("utility", MetricDescription("It cannot be.", source="none"), better="low")
    def impossible(split):
        raise Unsupported("no label was named")

    @metric("utility", MetricDescription("It is not there.", source="none"), better="low", feature="sound")
    def unseen(split):
        return 1.0

    card = with_metrics(monkeypatch, impossible, unseen)
    assert (card["impossible"].verdict, card["impossible"].note) == ("not assessed", "no label was named")
    assert (card["unseen"].value, card["unseen"].note) == (
        None,
        "there is no field for the feature 'sound'",
    )


def test_a_metric_may_have_parts(monkeypatch):
    about = MetricDescription("One part for each field.", source="none")

    @metric("fairness", about, better="low", floor="uniform")
    def parted(split):
        return dict.fromkeys(split.fields.names, 1.0)

    card = with_metrics(monkeypatch, parted)
    assert [score.name for score in card.scores] == ["parted[age]", "parted[sex]"]


# the judge judged


def test_the_same_seed_gives_the_same_scores(own):
    train, holdout, fresh = thirds(diabetes(), 0)
    first, second, other = (evaluate(fresh, train, holdout, seed=seed) for seed in (0, 0, 1))
    assert first.scores == second.scores
    assert first.scores != other.scores
    assert first.plots == second.plots
    assert first.tables == second.tables


@pytest.mark.parametrize("table", [cancer, diabetes])
def test_fresh_real_records_pass_and_copies_gain_nothing(own, table):
    train, holdout, fresh = thirds(table(), 3)
    for candidate in (fresh, train):
        card = evaluate(candidate, train, holdout)
        assert {v for v in card.verdicts.values() if v != "not assessed"} == {"pass"}
        assert card["column_distance"].calibrated == pytest.approx(1, abs=0.15)


def shuffled(cohort, rng):
    columns = {
        name: cohort.columns[name].take(pa.array(rng.permutation(len(cohort)))) for name in cohort.schema
    }
    return replace(cohort, columns=pa.table(columns))


def collapsed(cohort, rng):
    again = cohort.take(rng.choice(rng.choice(len(cohort), 15), len(cohort)))
    names = [name for name, kind in cohort.schema.items() if isinstance(kind, Number)]
    return changed(again, **{n: again[n] + rng.normal(0, 0.02 * again[n].std(), len(again)) for n in names})


def noisy(cohort, rng):
    names = [name for name, kind in cohort.schema.items() if isinstance(kind, Number)]
    return changed(cohort, **{n: cohort[n] + rng.normal(0, cohort[n].std(), len(cohort)) for n in names})


def repeated(cohort, rng):
    rows = np.arange(len(cohort))
    rows[: len(rows) // 5] = rng.choice(rows[len(rows) // 5 :], len(rows) // 5, replace=False)
    return cohort.take(rows)


def implausible(cohort, rng):
    name = next(iter(cohort.schema))
    values = cohort[name].copy()
    values[rng.choice(len(values), len(values) // 20, replace=False)] *= 20
    return changed(cohort, **{name: values})


@pytest.mark.parametrize(
    ("plant", "axis"),
    [
        (shuffled, "fidelity"),
        (noisy, "fidelity"),
        (collapsed, "diversity"),
        (repeated, "diversity"),
        (implausible, "clinical validity"),
    ],
)
@pytest.mark.parametrize("table", [cancer, diabetes])
def test_planted_defects_fail_on_their_axis(own, monkeypatch, plant, axis, table):
    found = tuple(m for m in catalogue.list_metrics() if m.axis == axis)
    monkeypatch.setattr(catalogue, "list_metrics", lambda: found)
    train, holdout, fresh = thirds(table(), 4)
    card = evaluate(plant(fresh, np.random.default_rng(0)), train, holdout)
    assert card.verdicts[axis] == "fail"


def test_no_real_record_is_on_the_card(own):
    train, holdout, _ = thirds(cancer(), 5)
    card = evaluate(train, train, holdout)  # copies: every synthetic record is a real one
    assert card.tables["records"] == []
    assert card.about["records"] == {"train": 190, "holdout": 190, "synthetic": 190}
    for plot in card.plots["marginals"].values():
        counts = np.array(plot["real"]) * 380
        assert ((counts == 0) | (counts > 4.9)).all()
    json.dumps(card.to_dict(), allow_nan=False)


def test_constant_empty_and_odd_fields_do_not_stop_the_judge(own):
    def odd(seed):
        return small(50, seed, constant=np.ones(50), empty=np.full(50, np.nan), rare=np.eye(50)[0])

    card = evaluate(odd(0), odd(1), odd(2))
    assert card["column_distance"].value is not None
    assert card["c2st_auc"].value is not None
