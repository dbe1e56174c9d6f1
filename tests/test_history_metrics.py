"""Histories judged: every planted defect shows in the scores that are there for it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import manikin as mk
from manikin.checks import ehr
from manikin.cohort.histories import Histories
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.metric import AXES, ExactResult
from manikin.contracts.split import EvaluationOptions, Split
from manikin.datasets.histories import generate_toy_histories
from manikin.ehr import cooccurrence
from manikin.errors import Unsupported
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.selftest.defects.histories import HISTORY_DEFECTS
from manikin.evaluation.selftest.defects.tabular import plant
from manikin.features.events import Events
from manikin.metrics.fidelity import histories as metrics
from manikin.metrics.privacy.copies import near_match_excess
from manikin.schema.history_type import HISTORY_TYPE

TRAIN, HOLDOUT, FRESH = (generate_toy_histories(n, seed) for n, seed in ((400, 1), (200, 2), (200, 3)))
HONEST = Events().fit(TRAIN)


def split(candidate: mk.Cohort) -> Split:
    return EvaluationData.from_cohorts(
        HONEST, ScalarEncoder.fit(TRAIN), (TRAIN, HOLDOUT, candidate), EvaluationOptions()
    ).full_split


def planted(defect: str) -> mk.Cohort:
    return plant(FRESH, defect, train=TRAIN)


def value(metric: object, candidate: mk.Cohort) -> float:
    found = metric(split(candidate))  # type: ignore[operator]
    return found.value if isinstance(found, ExactResult) else found


@pytest.mark.parametrize(
    ("defect", "metric", "clear"),
    [
        ("shuffled_visits", "successive_codes", -0.03),
        ("shuffled_visits", "code_persistence", 0.1),
        ("shuffled_visits", "next_visit_auroc", -0.1),
        ("truncated_histories", "visit_count_distance", 0.2),
        ("lost_events", "visit_length_distance", 0.3),
        ("leaked_patients", "near_histories", 0.02),
    ],
)
def test_a_defect_shows(defect: str, metric: str, clear: float) -> None:
    asked = next(m for m in metrics.__plugin__ if m.name == metric)
    change = value(asked, planted(defect)) - value(asked, FRESH)
    assert change * np.sign(clear) >= abs(clear)


def test_copies_are_near_matches_of_vectors_too() -> None:
    assert value(near_match_excess, TRAIN.take(np.arange(200))) > 0.5
    assert value(near_match_excess, FRESH) == 0


@pytest.mark.parametrize(
    ("defect", "check"),
    [("swapped_sex", ehr.codes_fit_sex), ("events_after_death", ehr.nothing_after_death)],
)
def test_a_check_sees_what_cannot_be(defect: str, check: mk.check.Check) -> None:
    assert check.holds(FRESH).all()
    assert 0.02 < (~check.holds(planted(defect))).mean() < 0.4


def test_every_defect_keeps_the_shape_of_records() -> None:
    for name, defect in HISTORY_DEFECTS.items():
        made_bad = planted(name)
        assert len(made_bad) == len(FRESH)
        assert made_bad.schema == FRESH.schema
        assert defect.axis in AXES


def history(*codes: tuple[float, int, str]) -> Histories:
    events = [{"time": t, "visit": v, "code": c, "value": None} for t, v, c in codes]
    return Histories.from_column(pa.chunked_array([pa.array([events], HISTORY_TYPE)]))


def test_pairs_and_persistence_by_hand() -> None:
    found = history((0, 0, "a"), (0, 0, "b"), (9, 1, "a"), (9, 1, "c"))
    together = cooccurrence.compute_cooccurrence(found, 3).toarray()
    assert (
        together[0, 1] == together[0, 2] == 0.5
    )  # a stands with b in one visit of two, with c in the other
    assert cooccurrence.compute_transitions(found, 3).toarray()[0].tolist() == [1, 0, 1]  # after a: a and c
    assert cooccurrence.compute_persistence(found, 3)[1].tolist() == [0.5]  # a comes again, b does not


def test_checks_by_hand() -> None:
    def cohort(*codes: tuple[float, int, str], sex: str = "M", age: float = 50) -> mk.Cohort:
        columns = {"sex": [sex], "age": [age], "history": history(*codes).column}
        schema = mk.Schema(sex=mk.Category(("F", "M")), age=mk.Number(), history=mk.Codes())
        return mk.Cohort(pa.table(columns), schema)

    assert not ehr.no_repeated_code.holds(cohort((0, 0, "a"), (0, 0, "a")))[0]
    assert ehr.no_repeated_code.holds(cohort((0, 0, "a"), (1, 0, "a")))[0]
    assert not ehr.time_goes_on.holds(cohort((5, 0, "a"), (1, 1, "a")))[0]
    assert not ehr.nothing_after_death.holds(cohort((0, 0, "MEDS_DEATH"), (4, 1, "a")))[0]
    assert not ehr.codes_fit_sex.holds(cohort((0, 0, "ICD10//O80.1")))[0]
    assert not ehr.codes_fit_age.holds(cohort((0, 0, "ICD9//650"), sex="F", age=70))[0]
    assert ehr.codes_fit_age.holds(cohort((0, 0, "ICD9//650"), sex="F", age=30))[0]


def test_what_cannot_be_measured_says_why() -> None:
    ones = FRESH.take(
        np.flatnonzero(Histories.from_column(FRESH.columns["history"]).visit_counts == 1)[:15]
    )
    with pytest.raises(Unsupported, match="fewer than 20 visits"):
        value(metrics.successive_codes, ones)


def test_histories_without_any_other_field_are_judged() -> None:
    alone = [generate_toy_histories(60, seed).select("history") for seed in (1, 2, 3)]
    card = mk.evaluate(alone[2], alone[0], alone[1])
    assert card["c2st_auc"].value is not None
    assert card["exact_copies"].note == "there are no fields of one value, such as age or sex"
    assert "judge records that have some, such as age and sex" in card.to_text().splitlines()[0]
