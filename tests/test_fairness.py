"""Fairness: groups by hand, and planted faults in one group."""

import numpy as np
import pandas as pd
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.downstream import subgroup_comparison
from manikin.downstream.subgroups import build_group_masks, build_groupings
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.measurement import measure
from manikin.features.table import Table
from manikin.metrics.fairness import subgroups
from manikin.schema.kinds import Category, Number, Schema

SCHEMA = Schema(
    {
        **{name: Number() for name in "abcd"},
        "site": Category(levels=("A", "B", "C")),
        "sex": Category(levels=(0, 1)),
        "age": Number(),
        "label": Category(levels=(0, 1), role="label"),
    }
)


def patients(n, seed):
    rng = np.random.default_rng(seed)
    x, site, sex = rng.normal(size=(n, 4)), rng.choice(3, n, p=[0.6, 0.25, 0.15]), rng.integers(0, 2, n)
    odds = 1.5 * x[:, 0] - x[:, 1] + sex + site
    frame = pd.DataFrame(x, columns=list("abcd")).assign(site=np.array(list("ABC"))[site], sex=sex)
    frame["age"] = np.round(rng.normal(60, 10, n))
    return frame.assign(label=(odds + rng.logistic(size=n) > 1).astype(int))


def cohort(frame):
    return Cohort.from_pandas(frame.reset_index(drop=True), SCHEMA)


def sided(synthetic, subgroups=("site", "sex"), train=None):
    train = cohort(patients(800, 1)) if train is None else train
    sides = (train, cohort(patients(500, 2)), cohort(synthetic))
    return EvaluationData.from_cohorts(
        Table().fit(train), ScalarEncoder.fit(train), sides, EvaluationOptions("label", tuple(subgroups))
    )


def judged(sides):
    return {score.name: score for score in compute_scores(measure(sides, subgroups.__plugin__, Key(0)))}


def test_groups_are_levels_quartiles_and_intersections():
    sides = sided(patients(400, 3), ("site", "age"))
    split = sides.full_split
    found = build_group_masks(sides.synthetic, split)
    frame = patients(400, 3)
    assert [cut.field for cut in build_groupings(sides.train, split)] == ["site", "age"]
    assert len(found) == 3 + 4 + 3 * 4
    assert (found["site = B"] == (frame["site"] == "B")).all()
    quartile = np.quantile(patients(800, 1)["age"], 0.25)
    assert (
        found[f"site = B, age to {quartile:.4g}"] == ((frame["site"] == "B") & (frame["age"] <= quartile))
    ).all()


def test_a_share_differs_beyond_chance_by_hand():
    # 50 of 100 and 20 of 100: pooled .35, standard error .06745
    assert subgroups._compute_excess(50, 100, 20, 100) == pytest.approx(
        (0.3 - 1.96 * 0.067454) / 0.5, abs=1e-4
    )
    assert subgroups._compute_excess(50, 100, 45, 100) == 0


def test_fresh_patients_are_fair():
    found = judged(sided(patients(800, 3)))
    assert all(score.verdict in ("pass", "not assessed") for score in found.values())
    assert found["subgroup_prevalence"].verdict == found["subgroup_fidelity"].verdict == "pass"


@pytest.mark.parametrize("lost", ["site == 'C'", "site == 'B' and sex == 1"])
def test_a_lost_group_fails(lost):
    whole = patients(1000, 3)
    found = judged(sided(whole.drop(whole.query(lost).index)))
    assert found["subgroup_prevalence"].verdict == "fail"
    assert found["subgroup_fidelity"].verdict == "fail"
    assert found["subgroup_fidelity"].value == 1


def test_labels_flipped_in_one_group_are_seen():
    whole = patients(800, 3)
    whole["label"] = np.where(whole["sex"] == 1, 1 - whole["label"], whole["label"])
    assert judged(sided(whole))["subgroup_tstr_gap"].verdict == "fail"


def test_values_of_one_group_are_compared_within_it():
    whole = patients(800, 3)
    whole.loc[whole["site"] == "C", list("abcd")] += 2
    found = judged(sided(whole))
    assert found["subgroup_fidelity"].verdict == "fail"
    assert found["subgroup_prevalence"].verdict == "pass"


def test_without_subgroups_nothing_is_assessed_and_the_note_says_what_to_do():
    found = judged(sided(patients(300, 3), ()))
    assert {score.verdict for score in found.values()} == {"not assessed"}
    assert all("--subgroup" in score.note for score in found.values())


def test_sensitive_fields_are_subgroups_unless_others_are_named():
    schema = Schema({**SCHEMA, "sex": Category(levels=(0, 1), role="sensitive")})
    train = Cohort.from_pandas(patients(800, 1), schema)
    sides = sided(patients(300, 3), (), train)
    assert [cut.field for cut in build_groupings(sides.train, sides.full_split)] == ["sex"]


def test_the_table_shows_every_large_group_worst_first():
    whole = patients(800, 3)
    sides = sided(whole[whole["site"] != "C"])
    rows = subgroup_comparison.compare_subgroups(sides.full_split, sides.real)
    assert rows[0]["distance"] == 1
    assert rows[0]["synthetic"] == 0
    assert rows[0]["label = 1, synthetic"] is None
    assert all(row["real"] >= subgroup_comparison.MIN_RECORDS for row in rows)
    largest = next(row for row in rows if row["group"] == "site = A")
    real = pd.concat([patients(800, 1), patients(500, 2)]).query("site == 'A'")
    assert largest["real"] == len(real)
    assert largest["label = 1, real"] == pytest.approx(real["label"].mean(), abs=1e-4)
    assert 0.5 < largest["AUROC, trained on synthetic"] < 1


def test_the_note_names_the_lost_group():
    whole = patients(800, 3)
    sides = sided(whole[whole["site"] != "C"])
    assert subgroups.describe_missed_groups(sides.full_split).startswith("site = C: 0.0% (real 1")
