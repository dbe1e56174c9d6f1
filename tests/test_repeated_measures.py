"""Scores of repeated measures: exact on small cases, passed by real patients, failed by exchanged rows."""

import numpy as np
import pandas as pd
import pytest
from panels import invent_panel
from test_structure import judged, sides

import manikin as mk
from manikin.metrics.fidelity import repeated_measures
from manikin.metrics.fidelity.repeated_measures import compute_lag_correlations, exchange_rows, sort_rows


def cohort(n, seed):
    frame = invent_panel(n, seed)
    return mk.Cohort.from_pandas(frame.assign(patient_id=f"{seed}-" + frame.patient_id))


def test_rows_are_sorted_by_subject_and_order():
    frame = pd.DataFrame({"id": ["b", "a", "b", "a"], "day": [2, 1, 1, 0], "x": [4.0, 2.0, 3.0, 1.0]})
    whole = mk.Cohort.from_pandas(frame, mk.Schema(id=mk.Text(role="subject"), day=mk.Number(step=1)))
    rows = sort_rows(sides(whole, whole, whole).train, "day")
    assert rows.place.tolist() == [0, 1, 0, 1]
    assert sorted(zip(rows.subject, rows.table[:, 1], strict=True)) in (
        [(0, 1.0), (0, 2.0), (1, 3.0), (1, 4.0)],
        [(0, 3.0), (0, 4.0), (1, 1.0), (1, 2.0)],
    )


def test_lags_are_those_of_a_process_that_is_known():
    rng = np.random.default_rng(0)
    noise, rows = rng.normal(size=4000), []
    for step in range(3):
        rows.append(
            pd.DataFrame({"id": np.arange(4000), "visit": step, "x": noise, "new": rng.normal(size=4000)})
        )
        noise = 0.8 * noise + 0.6 * rng.normal(size=4000)
    frame = pd.concat(rows)
    whole = mk.Cohort.from_pandas(frame, mk.Schema(id=mk.Number(step=1, role="subject")))
    found = compute_lag_correlations(sides(whole, whole, whole).train, "visit")
    names = list(sides(whole, whole, whole).train.fields.names)
    assert found[0, names.index("x")] == pytest.approx(0.8, abs=0.03)
    assert found[1, names.index("x")] == pytest.approx(0.64, abs=0.03)
    assert found[0, names.index("new")] == pytest.approx(0, abs=0.03)
    assert np.isnan(found[2]).all()  # nobody has four rows


def test_real_patients_pass():
    found = judged(repeated_measures.__plugin__, cohort(300, 1), cohort(200, 2), cohort(300, 3))
    assert found["lag_correlation"].verdict == found["cross_lag_correlation"].verdict == "pass"
    assert found["drop_out_association"].verdict in ("pass", "not assessed")  # few patients, a weak link


def test_exchanged_rows_fail():
    made = cohort(300, 3)
    mixed = exchange_rows(sides(cohort(300, 1), cohort(200, 2), made).full_split)
    assert sorted(np.unique(mixed.subject, return_counts=True)[1]) == sorted(
        np.unique(made.subject, return_counts=True)[1]
    )
    frame = made.to_pandas().assign(patient_id=[f"S{code:05d}" for code in mixed.subject])
    mixed = mk.Cohort.from_pandas(frame, made.schema)
    found = judged(repeated_measures.__plugin__, cohort(300, 1), cohort(200, 2), mixed)
    assert found["lag_correlation"].verdict == "fail"
    assert found["cross_lag_correlation"].verdict == "fail"
    note = repeated_measures.describe_lags(sides(cohort(300, 1), cohort(200, 2), mixed).full_split)
    assert "after 1 row " in note


def test_patients_of_one_row_ask_nothing():
    single = []
    for seed in (1, 2, 3):
        whole = cohort(60, seed)
        single.append(whole.take(np.unique(whole.subject, return_index=True)[1]))
    found = judged(repeated_measures.__plugin__, *single)
    assert {score.verdict for score in found.values()} == {"not assessed"}
