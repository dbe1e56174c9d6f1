"""Histories modelled: tokens there and back, a grammar that is never broken, conditions, saving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import torch

import manikin as mk
from manikin.checks import ehr
from manikin.codecs.events import Events
from manikin.cohort.histories import Histories
from manikin.core.seeds import Key
from manikin.datasets.histories import generate_toy_histories
from manikin.encoding.grammar import CLOSE, CODE, END, START
from manikin.families.autoregressive import Autoregressive
from manikin.families.masked import Masked
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.nn.history_grammar import GrammarHead
from manikin.testing import KIND_SPECS, N_RECORDS, check_private

if TYPE_CHECKING:
    from pathlib import Path


FAMILY = Autoregressive(width=32, depth=1, heads=2)


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    return generate_toy_histories(120)


@pytest.fixture(scope="module")
def codec(cohort: mk.Cohort) -> Events:
    return Events().fit(cohort, ["history"])


@pytest.fixture(scope="module")
def model(cohort: mk.Cohort) -> mk.Synthesizer:
    model = mk.Synthesizer(
        "history", condition=("sex", "age"), family=FAMILY, training=mk.Training(steps=40)
    )
    return model.fit(cohort, quiet=True)


def back(codec: Events, x: np.ndarray) -> mk.Cohort:
    return mk.Cohort(pa.table(codec.decode(x, Key(0))), mk.Schema(history=mk.Codes()))


def test_tokens_hold_codes_visits_and_days(cohort: mk.Cohort, codec: Events) -> None:
    found = Histories.from_column(cohort.columns["history"])
    again = Histories.from_column(back(codec, codec.encode(cohort)).columns["history"])
    assert np.array_equal(found.visit_counts, again.visit_counts)
    assert sorted(found.codes[found.code]) == sorted(again.codes[again.code])
    assert (
        np.corrcoef(found.days_between_visits, again.days_between_visits)[0, 1] > 0.95
    )  # drawn within bins
    known = ~np.isnan(again.value)
    assert set(again.codes[again.code[known]]) == {"LOINC//2345-7"}
    assert codec.facts["events_left_out"] == 0


def test_a_history_is_written_as_visits_that_open_and_close(codec: Events) -> None:
    two = [
        [
            {"time": 0.0, "visit": 0, "code": "ICD10//I10", "value": None},
            {"time": 40.0, "visit": 1, "code": "ICD10//J06", "value": None},
        ]
    ]
    table = pa.table(
        {"history": pa.array(two, pa.list_(generate_toy_histories(1).columns["history"].type.value_type))}
    )
    x = codec.encode(mk.Cohort(table, mk.Schema(history=mk.Codes())))[0]
    starts = codec.grammar.starts
    assert x[0] == 2  # the first opening
    assert starts[CODE] <= x[1] < starts[CODE] + len(codec.codes)
    assert (x[2], x[5]) == (CLOSE, CLOSE)
    assert (x[6:] == END).all()


def test_what_comes_after_death_is_not_learned(cohort: mk.Cohort) -> None:
    spoilt = mk.plant(cohort, "events_after_death")
    codec = Events().fit(spoilt, ["history"])
    assert codec.facts["events_after_death"] > 0
    tokens = torch.from_numpy(codec.encode(spoilt)).long()
    ruled = GrammarHead(codec.grammar, 4)
    allowed = ruled.is_allowed(ruled.compute_states(tokens)).gather(2, tokens[..., None])[..., 0]
    assert allowed[(tokens == END).cumsum(1) <= 1].all()


def test_the_states_of_training_are_those_of_sampling(cohort: mk.Cohort, codec: Events) -> None:
    x = torch.as_tensor(codec.encode(cohort)).long()
    ruled = GrammarHead(codec.grammar, 8)
    traced, state = ruled.compute_states(x), ruled.create_start_state(len(x))
    for i in range(x.shape[1]):
        assert ruled.is_allowed(state).gather(1, x[:, i : i + 1]).all()
        live = (x[:, i] != END) & ~torch.isin(ruled.kind[state.token], torch.tensor([CLOSE, START]))
        for name in ("token", "group", "code", "has_ended", "last_visit_codes", "past_codes"):
            assert torch.equal(getattr(state, name)[live], getattr(traced, name)[:, i][live]), name
        assert torch.allclose(state.links[live], traced.links[:, i][live], atol=1e-5)
        state = ruled.advance(state, x[:, i])


def test_untrained_networks_break_no_rule(codec: Events) -> None:
    nets = FAMILY.build_networks(codec.spec, ConditionSpec())
    nets.model.eval()
    x = FAMILY.sample(nets, 60, ConditionBatch(), Key(0).torch()).numpy()
    drawn = back(codec, x)
    for check in ehr.__plugin__:
        assert check.holds(drawn).all(), check.name
    assert np.array_equal(codec.encode(drawn) != END, x != END)


def test_histories_follow_a_condition_and_a_seed(
    model: mk.Synthesizer, cohort: mk.Cohort, tmp_path: Path
) -> None:
    given = cohort.select("sex", "age")
    synthetic = model.sample(condition=given, seed=1)
    assert synthetic.columns.select(["sex", "age"]).equals(given.columns)
    assert model.sample(condition=given, seed=1).columns.equals(synthetic.columns)
    assert not model.sample(condition=given, seed=2).columns.equals(synthetic.columns)
    assert model.facts["codec"]["codes"] == 23
    model.save(tmp_path / "model")
    assert mk.load(tmp_path / "model").sample(condition=given, seed=1).columns.equals(synthetic.columns)


def test_whole_patients_are_a_chain_in_the_format_that_came(cohort: mk.Cohort, tmp_path: Path) -> None:
    mk.write(cohort, tmp_path / "in.csv")
    model = mk.Synthesizer(training=mk.Training(steps=3)).fit(mk.read(tmp_path / "in.csv"), quiet=True)
    synthetic = model.sample(20)
    assert list(synthetic.schema) == list(cohort.schema)
    assert set(synthetic["subject_id"]) & set(cohort["subject_id"]) == set()
    mk.write(synthetic, tmp_path / "out.csv")
    again = mk.read(tmp_path / "out.csv")
    assert sorted(again["history"][0]["code"]) == sorted(synthetic["history"][0]["code"])


def test_long_histories_are_cut_after_a_visit(cohort: mk.Cohort) -> None:
    short = Events(longest=30).fit(cohort, ["history"])
    x = short.encode(cohort)
    assert x.shape[1] == 30
    assert short.facts["cut_histories"] > 0
    ends = (x != END).sum(axis=1)
    assert (x[np.arange(len(x)), ends - 1] == CLOSE).all()


def test_given_histories_are_continued(cohort: mk.Cohort) -> None:
    model = mk.Synthesizer(
        "history", condition=("sex", "age", "history"), family=FAMILY, training=mk.Training(steps=40)
    ).fit(cohort, quiet=True)
    some = cohort.take(np.arange(30)).select("sex", "age", "history")
    begun = some["history"]
    futures = [model.sample(condition=some, seed=seed)["history"] for seed in (1, 2)]
    for future in futures:
        for old, new in zip(begun, future, strict=True):
            assert new[: len(old)].tolist() == old.tolist() or str(new[: len(old)]) == str(old)
            assert (np.diff(new["visit"]) >= 0).all()
    longer = [len(new) > len(old) for old, new in zip(begun, futures[0], strict=True)]
    assert any(longer)
    assert any(len(a) != len(b) for a, b in zip(*futures, strict=True))
    dead = [i for i, events in enumerate(begun) if events["code"][-1] == "MEDS_DEATH"]
    assert not any(longer[i] for i in dead)


def test_what_one_code_says_of_another_is_learned(cohort: mk.Cohort) -> None:
    """B and C never stand together; D follows B in the next visit, E follows C."""
    kind = cohort.columns["history"].type
    follows = {"B": "D", "C": "E"}
    events = [
        [
            {"time": 30.0 * visit, "visit": visit, "code": code, "value": None}
            for visit, code in enumerate((first, follows[first]))
        ]
        for first in "BC" * 100
    ]
    x = mk.Cohort(pa.table({"history": pa.array(events, kind)}), mk.Schema(history=mk.Codes()))
    codec = Events().fit(x, ["history"])
    starts, names = codec.grammar.starts, list(codec.codes)
    net = FAMILY.build_networks(codec.spec, ConditionSpec()).model
    ruled, tokens = net.ruled, torch.from_numpy(codec.encode(x)).long()
    assert ruled is not None
    optimizer = torch.optim.AdamW(ruled.follows.parameters(), lr=0.05)  # the matrix alone
    for _ in range(60):
        optimizer.zero_grad()
        net.compute_sequence_nll(tokens[:50], ConditionBatch()).sum(dim=1).mean().backward()
        optimizer.step()
    state = ruled.compute_states(tokens[:2])
    said = ruled.follows(state.links)[:, 4]  # before the code of the second visit
    d, e = names.index("D"), names.index("E")
    assert (tokens[:2, 4] - starts[CODE]).tolist() == [d, e]
    assert said[0, d] - said[0, e] > 1
    assert said[1, e] - said[1, d] > 1
    assert (ruled.follows(state.links)[:, 1] == 0).all()  # nothing came before


def test_gradients_of_a_patient_are_exact_where_it_is_said(cohort: mk.Cohort, codec: Events) -> None:
    x = torch.from_numpy(codec.encode(cohort)[:N_RECORDS]).long()
    nets = FAMILY.build_networks(codec.spec, ConditionSpec())
    assert FAMILY.exact(codec.spec)
    check_private(FAMILY, nets, x, ConditionBatch())
    finder = Masked(width=32, depth=1, heads=2)
    assert finder.exact(KIND_SPECS["table"][1])
    assert not finder.exact(codec.spec)
    with pytest.raises(AssertionError, match="not one row per record"):
        check_private(finder, finder.build_networks(codec.spec, ConditionSpec()), x, ConditionBatch())


def test_codes_of_a_chapter_share_what_is_learned_of_it(codec: Events) -> None:
    ruled = GrammarHead(codec.grammar, 4)
    before, low = ruled.create_start_state(1), codec.grammar.starts[CODE]
    h, logits = torch.zeros(1, 4), torch.zeros(1, codec.grammar.vocab)
    opened = ruled.advance(before, torch.tensor([2]))  # inside a visit every code is allowed
    with torch.no_grad():
        ruled.kin_head.bias[codec.grammar.code_groups[codec.codes.index("ICD10//I10")]] = 1.0
        found = ruled(logits, h, opened)[0, low : low + len(codec.codes)]
    raised = {code for code, logit in zip(codec.codes, found.tolist(), strict=True) if logit == 1.0}
    assert raised == {"ICD10//I10", "ICD10//I50"}
    assert set(found.tolist()) == {0.0, 1.0}


def test_diagnoses_fit_the_sex_where_those_of_training_patients_do(
    model: mk.Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert model.facts["plausible"][:2] == ["codes_fit_sex", "codes_fit_age"]
    men = model.sample(200, where={"sex": "M", "age": 40.0}, seed=1)
    assert ehr.codes_fit_sex.holds(men).all()
    monkeypatch.setitem(model.facts, "plausible", [])
    assert not ehr.codes_fit_sex.holds(model.sample(200, where={"sex": "M", "age": 40.0}, seed=1)).all()


def test_what_is_given_is_kept_even_if_it_fits_no_man(cohort: mk.Cohort) -> None:
    going = mk.Synthesizer(
        "history", condition=("sex", "history"), family=FAMILY, training=mk.Training(steps=3)
    ).fit(cohort, quiet=True)
    events = [{"time": 0.0, "visit": 0, "code": "ICD10//O80", "value": None}]
    given = pa.table({"sex": ["M"], "history": pa.array([events], cohort.columns["history"].type)})
    whole = going.sample(condition=mk.Cohort(given, cohort.select("sex", "history").schema))
    assert whole["history"][0]["code"][0] == "ICD10//O80"


def test_nobody_is_without_events_where_no_training_patient_is(
    cohort: mk.Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = cohort.take(ehr.anything_happened.holds(cohort))
    short = mk.Synthesizer("history", condition=("sex",), family=FAMILY, training=mk.Training(steps=3))
    short.fit(some, quiet=True)
    assert ehr.anything_happened.holds(short.sample(60, where={"sex": "M"}, seed=1)).all()
    monkeypatch.setitem(short.facts, "plausible", [])
    assert not ehr.anything_happened.holds(short.sample(60, where={"sex": "M"}, seed=1)).all()


def test_events_beyond_the_longest_record_are_counted(cohort: mk.Cohort) -> None:
    whole = Events().fit(cohort, ["history"])
    assert whole.facts["cut_events"] == whole.facts["cut_histories"] == 0
    codec = Events(longest=12).fit(cohort, ["history"])
    there = Histories.from_column(back(codec, codec.encode(cohort)).columns["history"])
    kept = codec.map_to_vocabulary(Histories.from_column(cohort.columns["history"]))
    assert codec.facts["events"] == len(kept.code)
    assert codec.facts["cut_events"] == len(kept.code) - len(there.code) > 0
    lost = np.bincount(kept.patient, minlength=120) > np.bincount(there.patient, minlength=120)
    assert codec.facts["cut_histories"] == lost.sum()
