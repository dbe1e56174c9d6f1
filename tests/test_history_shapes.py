"""Histories counted, at one moment, as series and cut short; futures as probabilities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import manikin as mk
from manikin.datasets.histories import generate_toy_histories
from manikin.errors import SchemaError, UsageError
from manikin.families.autoregressive import Autoregressive
from manikin.schema.history_type import HISTORY_TYPE
from manikin.synthesis.forecast import shrink_to_prior


def event(time: float, visit: int, code: str, value: float | None = None) -> dict[str, object]:
    return {"time": time, "visit": visit, "code": code, "value": value}


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    events = [
        [event(0, 0, "A"), event(0, 0, "HR", 60), event(10, 1, "A"), event(10.5, 1, "HR", 80)],
        [event(0, 0, "HR", 100), event(0.2, 0, "HR", 110), event(3, 1, "B")],
        [event(0, 0, "A"), event(20, 1, "HR", 70), event(40, 2, "B")],
    ]
    columns = pa.table({"subject": [1, 2, 3], "history": pa.array(events, HISTORY_TYPE)})
    return mk.Cohort(columns, mk.Schema(subject=mk.Number(role="subject"), history=mk.Codes()))


def test_codes_are_counted_by_visit(cohort: mk.Cohort) -> None:
    wide = mk.histories.aggregate(cohort, counts=True, least=1)
    assert wide["A"].tolist() == [2, 0, 1]
    assert wide["B"].tolist() == [0, 1, 1]
    assert wide["HR"].tolist() == [2, 1, 1]
    assert wide["visits"].tolist() == [2, 2, 3]
    assert mk.histories.aggregate(cohort, least=1)["A"].tolist() == ["yes", "no", "yes"]


def test_rare_codes_have_no_column(cohort: mk.Cohort) -> None:
    assert set(mk.histories.aggregate(cohort, least=3).schema) == {"subject", "HR", "visits"}
    with pytest.raises(SchemaError, match="shared by 4 patients"):
        mk.histories.aggregate(cohort, least=4)


def test_a_snapshot_is_of_those_who_are_still_seen(cohort: mk.Cohort) -> None:
    then = mk.histories.take_snapshot(cohort, 10, least=1)
    assert then["subject"].tolist() == [1, 3]
    assert then["A"].tolist() == ["yes", "yes"]
    assert np.array_equal(then["HR"], [60, np.nan], equal_nan=True)
    assert mk.histories.take_snapshot(cohort, 10.5, least=1)["HR"].tolist()[0] == 80
    with pytest.raises(UsageError, match="no history reaches day 50"):
        mk.histories.take_snapshot(cohort, 50)


def test_a_series_holds_means_of_cells(cohort: mk.Cohort) -> None:
    found = mk.histories.to_series(cohort, step=10, length=2, least=1)
    wanted = [[60, 80], [105, np.nan], [np.nan, np.nan]]
    assert np.array_equal(found["series"][:, 0], wanted, equal_nan=True)
    assert found.schema["series"].channels == ("HR",)
    with pytest.raises(UsageError, match="positive"):
        mk.histories.to_series(cohort, step=0, length=2)


def test_histories_are_cut_by_day_or_visit(cohort: mk.Cohort) -> None:
    assert [len(h) for h in mk.histories.truncate(cohort, visits=1)["history"]] == [2, 2, 1]
    assert [len(h) for h in mk.histories.truncate(cohort, day=10)["history"]] == [3, 3, 1]
    with pytest.raises(UsageError, match="either"):
        mk.histories.truncate(cohort)


def test_aggregated_histories_are_a_table_for_any_family() -> None:
    wide = mk.histories.aggregate(generate_toy_histories(150), counts=True)
    synthetic = mk.Synthesizer(family="trees").fit(wide, quiet=True).sample(100)
    assert set(synthetic.schema) == set(wide.schema)
    assert (synthetic["visits"] >= 0).all()


def test_futures_are_shares_of_what_is_drawn() -> None:
    cohort = generate_toy_histories(120)
    family = Autoregressive(width=32, depth=1, heads=2)
    model = mk.Synthesizer(
        "history", condition=("sex", "age", "history"), family=family, training=mk.Training(steps=30)
    ).fit(cohort, quiet=True)
    begun = mk.histories.truncate(cohort.take(np.arange(12)), visits=1).select("sex", "age", "history")

    def further(known: np.ndarray, whole: np.ndarray) -> bool:
        assert whole[: len(known)]["code"].tolist() == known["code"].tolist()
        return len(whole) > len(known)

    chance = mk.histories.estimate_event_probabilities(model, begun, further, draws=4)
    assert set(chance) <= {0, 0.25, 0.5, 0.75, 1}
    assert np.array_equal(chance, mk.histories.estimate_event_probabilities(model, begun, further, draws=4))
    pooled = mk.histories.estimate_event_probabilities(model, begun, further, draws=4, pooled=True)
    assert np.array_equal(pooled, shrink_to_prior(chance, np.full(len(chance), 4.0)))
    assert np.isnan(mk.histories.estimate_event_probabilities(model, begun, lambda *_: None, draws=1)).all()
    with pytest.raises(UsageError, match="at least one future"):
        mk.histories.estimate_event_probabilities(model, begun, further, draws=0)


def test_shares_of_few_draws_shrink_to_the_chances_behind_them():
    rng = np.random.default_rng(0)
    truth = rng.beta(2, 3, 4_000)
    share = rng.binomial(10, truth) / 10
    asked = np.full(len(truth), 10.0)
    asked[0], share[0] = 0, np.nan
    found = shrink_to_prior(share, asked)
    assert np.isnan(found[0])
    wanted = (10 * share + 2) / (10 + 5)  # the posterior mean under the beta law that they come from
    assert np.abs(found[1:] - wanted[1:]).max() < 0.02
    assert np.mean((found - truth)[1:] ** 2) < 0.75 * np.mean((share - truth)[1:] ** 2)


def test_a_counterfactual_begins_without_some_codes(cohort: mk.Cohort) -> None:
    left = mk.histories.drop_codes(cohort, "H", "B")
    assert [events["code"].tolist() for events in left["history"]] == [["A", "A"], [], ["A"]]
    assert [events["visit"].tolist() for events in left["history"]] == [[0, 1], [], [0]]
    assert len(cohort["history"][0]) == 4
    with pytest.raises(UsageError, match="no event has a code that begins with X or Y"):
        mk.histories.drop_codes(cohort, "X", "Y")
    with pytest.raises(UsageError, match="begins with nothing"):
        mk.histories.drop_codes(cohort)
