"""Histories hidden and found again: slots there and back, no rule broken, missing events found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import torch

import manikin as mk
from manikin.checks import ehr
from manikin.codecs.events import Events
from manikin.cohort.histories import HIDDEN_CODE, Histories
from manikin.contracts.family import Batch, SingleNetwork
from manikin.core.seeds import Key
from manikin.datasets.histories import generate_toy_histories
from manikin.encoding.grammar import END, Grammar
from manikin.encoding.spec import Spec
from manikin.families.masked import Masked
from manikin.nn.conditioning import ConditionBatch, ConditionSpec
from manikin.nn.event_slots import NO_VALUE, SAME_TIME, EventSlots
from manikin.nn.history_diffusion import compute_nll_bound
from manikin.nn.history_grammar import GrammarHead
from manikin.schema.history_type import EVENT_TYPE

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.nn.history_decoder import HistoryDecoder

FAMILY = Masked(width=32, depth=1, heads=2)


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    return generate_toy_histories(120)


@pytest.fixture(scope="module")
def codec(cohort: mk.Cohort) -> Events:
    return Events().fit(cohort, ["history"])


@pytest.fixture(scope="module")
def model(cohort: mk.Cohort) -> mk.Synthesizer:
    model = mk.Synthesizer(
        "history", condition=("sex", "age", "history"), family=FAMILY, training=mk.Training(steps=60)
    )
    return model.fit(cohort, quiet=True)


def net(spec: Spec) -> HistoryDecoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FAMILY.build_networks(spec, ConditionSpec()).model.eval()  # type: ignore[return-value]


def with_hidden(cohort: mk.Cohort, which: np.ndarray) -> mk.Cohort:
    found = Histories.from_column(cohort.columns["history"])
    codes, last = np.append(found.codes, HIDDEN_CODE), len(found.codes)
    value = np.where(which, np.nan, found.value)
    found = replace(found, codes=codes, code=np.where(which, last, found.code), value=value)
    at = cohort.columns.column_names.index("history")
    return replace(cohort, columns=cohort.columns.set_column(at, "history", found.column))


def test_slots_hold_what_tokens_hold_in_any_order_of_one_time(cohort: mk.Cohort, codec: Events) -> None:
    x = torch.from_numpy(codec.encode(cohort)).long()
    slots = EventSlots.from_tokens(x, codec.grammar)
    assert torch.equal(slots.to_tokens(codec.grammar, x.shape[1]), x)
    mixed = slots.shuffle(Key(0).torch())
    assert not torch.equal(mixed.code, slots.code)
    assert torch.equal(mixed.to_tokens(codec.grammar, x.shape[1]), x)


def test_events_whose_code_was_not_found_are_left_out() -> None:
    grammar = Grammar(opens=2, steps=1, sizes=(0, 0))
    slots = EventSlots.from_tokens(torch.tensor([[2, 5, 4, 6, 1, 3, 6, 1, 0]]), grammar)
    lost = slots.set_tokens("code", torch.tensor([0]), torch.tensor([1]), torch.tensor([grammar.vocab]))
    assert lost.to_tokens(grammar, 9).tolist() == [[2, 5, 1, 3, 6, 1, 0, 0, 0]]
    first = slots.set_tokens("code", torch.tensor([0]), torch.tensor([0]), torch.tensor([grammar.vocab]))
    assert first.to_tokens(grammar, 9).tolist() == [[2, 6, 1, 3, 6, 1, 0, 0, 0]]
    assert slots.to_tokens(grammar, 7).tolist() == [[2, 5, 4, 6, 1, 0, 0]]


def test_a_hidden_value_is_told_from_a_hidden_code() -> None:
    grammar = Grammar(opens=1, steps=1, sizes=(0, 3))
    x = torch.tensor([[2, 4, grammar.vocab, 5, grammar.vocab, 1, 0], [2, 5, 7, 3, grammar.vocab, 1, 0]])
    slots = EventSlots.from_tokens(x, grammar)
    v = grammar.vocab
    assert slots.code.tolist() == [[4, v, 5], [5, v, NO_VALUE]]
    assert slots.value.tolist() == [[NO_VALUE, v, v], [7, v, NO_VALUE]]
    assert slots.is_event.tolist() == [[True] * 3, [True, True, False]]


def test_untrained_networks_break_no_rule(codec: Events) -> None:
    x = FAMILY.sample(SingleNetwork(codec.spec, net(codec.spec)), 60, ConditionBatch(), Key(0).torch())
    drawn = mk.Cohort(pa.table(codec.decode(x.numpy(), Key(0))), mk.Schema(history=mk.Codes()))
    for check in ehr.__plugin__:
        assert check.holds(drawn).all(), check.name
    assert np.array_equal(codec.encode(drawn) != END, x.numpy() != END)
    ruled = GrammarHead(codec.grammar, 4)
    allowed = ruled.is_allowed(ruled.compute_states(x)).gather(2, x[..., None])[..., 0]
    assert allowed[(x == END).cumsum(1) <= 1].all()


def test_small_vocabularies_run_out_and_no_code_stands_twice() -> None:
    grammar = Grammar(opens=2, steps=2, sizes=(0, 3, 0), repeatable_codes=(1,), terminal_codes=(2,))
    spec = Spec(vocab=grammar.vocab, length=40, grammar=grammar)
    x = FAMILY.sample(SingleNetwork(spec, net(spec)), 200, ConditionBatch(), Key(1).torch())
    ruled, state = GrammarHead(grammar, 4), None
    state = ruled.create_start_state(len(x))
    for i in range(x.shape[1]):
        live = state.token != END
        assert ruled.is_allowed(state).gather(1, x[:, i : i + 1])[live].all()
        state = ruled.advance(state, x[:, i])


def test_what_is_to_be_found_always_has_a_chance(cohort: mk.Cohort, codec: Events) -> None:
    x = torch.from_numpy(codec.encode(cohort)).long()
    filler = net(codec.spec)
    for seed in range(5):
        nll = compute_nll_bound(filler, x, ConditionBatch(), Key(seed).torch())
        assert nll.isfinite().all()
        assert (nll > 0).all()
        assert (
            compute_nll_bound(filler, x[:2], ConditionBatch(), Key(seed).torch()).isfinite().all()
        )  # not every part is there


def test_the_bound_falls_where_histories_are_alike() -> None:
    grammar = Grammar(opens=2, steps=0, sizes=(0, 2))
    spec = Spec(vocab=grammar.vocab, length=9, grammar=grammar)
    x = torch.tensor([[2, 4, 1, 3, 5, 7, 1, 0, 0], [2, 5, 6, 1, 3, 4, 1, 0, 0]]).repeat(32, 1)
    filler = net(spec).train()
    nets = SingleNetwork(spec, filler)
    optimizer = torch.optim.AdamW(filler.parameters(), lr=1e-2)
    for step in range(250):
        optimizer.zero_grad()
        FAMILY.compute_loss(nets, Batch(x, ConditionBatch(), Key(step).torch())).backward()
        optimizer.step()
    filler.eval()
    drawn = FAMILY.sample(nets, 200, ConditionBatch(), Key(0).torch())
    like = (drawn[:, None] == x[:2]).all(dim=2).any(dim=1)
    assert like.float().mean() > 0.9
    first = (drawn[:, 1] == 4).float().mean()
    assert 0.3 < first < 0.7


def test_missing_events_are_found_and_the_rest_stays(model: mk.Synthesizer, cohort: mk.Cohort) -> None:
    found = Histories.from_column(cohort.columns["history"])
    which = np.random.default_rng(0).random(len(found.code)) < 0.2
    given = with_hidden(cohort, which).select("sex", "age", "history")
    assert any(code is None for code in given["history"][0]["code"])
    out = Histories.from_column(model.sample(condition=given, seed=1).columns["history"])
    assert np.array_equal(out.time, found.time)
    assert np.array_equal(out.visit, found.visit)
    codes, before = out.codes[out.code], found.codes[found.code]
    assert (codes[~which] == before[~which]).all()
    measured = codes == "LOINC//2345-7"
    assert np.array_equal(~np.isnan(out.value), measured)
    for check in ehr.__plugin__[:3]:
        drawn = model.sample(condition=given, seed=1)
        assert check.holds(drawn).all(), check.name
    other = Histories.from_column(model.sample(condition=given, seed=2).columns["history"])
    assert (codes != other.codes[other.code]).any()


def test_lost_values_are_found_and_the_rest_stays(model: mk.Synthesizer, cohort: mk.Cohort) -> None:
    found = Histories.from_column(cohort.columns["history"])
    rng = np.random.default_rng(1)
    measured = ~np.isnan(found.value)
    lost = measured & (rng.random(len(measured)) < 0.3)
    which = ~measured & (rng.random(len(measured)) < 0.1)
    given = with_hidden(cohort, which)
    value = np.where(lost, np.nan, found.value)
    begun = replace(Histories.from_column(given.columns["history"], hidden=True), value=value)
    at = cohort.columns.column_names.index("history")
    given = replace(given, columns=given.columns.set_column(at, "history", begun.column))
    given = given.select("sex", "age", "history")
    out = Histories.from_column(model.sample(condition=given, seed=1).columns["history"])
    assert np.array_equal(out.time, found.time)
    known = measured & ~lost
    assert np.array_equal(out.value[known], found.value[known])
    assert not np.isnan(out.value[lost]).any()
    learned = found.value[measured]
    assert (out.value[lost] >= learned.min()).all()
    assert (out.value[lost] <= learned.max()).all()
    codes, before = out.codes[out.code], found.codes[found.code]
    assert (codes[~which] == before[~which]).all()
    other = Histories.from_column(model.sample(condition=given, seed=2).columns["history"])
    assert (out.value[lost] != other.value[lost]).any()
    going = mk.Synthesizer("history", condition="history", training=mk.Training(steps=1))
    with pytest.raises(mk.errors.Unsupported, match="lack the value"):
        going.fit(cohort, quiet=True).sample(condition=given)


def test_a_code_that_sometimes_has_no_value_may_stay_without_one() -> None:
    events = [
        {"time": 0.0, "visit": 0, "code": "LOINC//1", "value": float(i) if i % 2 else None}
        for i in range(40)
    ]
    table = pa.table({"history": pa.array([[e] for e in events], pa.list_(EVENT_TYPE))})
    codec = Events().fit(mk.Cohort(table, mk.Schema(history=mk.Codes())), ["history"])
    found = Histories.from_column(table["history"])
    assert len(codec.find_missing_values(found)) == 0
    whole = found.take(np.arange(1, 40, 2))
    cohort = mk.Cohort(pa.table({"history": whole.column}), mk.Schema(history=mk.Codes()))
    assert Events().fit(cohort, ["history"]).find_missing_values(found).tolist() == list(range(0, 40, 2))


def test_whole_histories_stay_and_absent_ones_are_drawn(
    model: mk.Synthesizer, cohort: mk.Cohort, tmp_path: Path
) -> None:
    some = cohort.take(np.arange(20)).select("sex", "age", "history")
    assert model.sample(condition=some).columns["history"].equals(some.columns["history"])
    absent = pa.chunked_array(
        [pa.array([None] * 10, pa.list_(EVENT_TYPE)), some.columns["history"].slice(10)]
    )
    partly = replace(some, columns=some.columns.set_column(2, "history", absent.combine_chunks()))
    drawn = model.sample(condition=partly)["history"]
    assert all(len(events) for events in drawn)
    assert str(drawn[10:].tolist()) == str(some["history"][10:].tolist())
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model").sample(condition=partly)
    assert str(again["history"].tolist()) == str(drawn.tolist())


def test_events_without_a_code_are_refused_where_nobody_finds_them(
    model: mk.Synthesizer, cohort: mk.Cohort
) -> None:
    found = Histories.from_column(cohort.columns["history"])
    given = with_hidden(cohort, np.arange(len(found.code)) % 5 == 0).select("sex", "age", "history")
    with pytest.raises(mk.errors.SchemaError, match="masked"):
        mk.Synthesizer("history", family=FAMILY, training=mk.Training(steps=1)).fit(given, quiet=True)
    going = mk.Synthesizer("history", condition="history", training=mk.Training(steps=1))
    with pytest.raises(mk.errors.Unsupported, match="masked"):
        going.fit(cohort, quiet=True).sample(condition=given)
    dead = [events for events in cohort["history"] if events["code"][-1] == "MEDS_DEATH"][:1]
    late = [[*map(dict, _rows(dead[0])), {"time": 9e3, "visit": 99, "code": None, "value": None}]]
    table = pa.table({"sex": ["F"], "age": [50.0], "history": pa.array(late, pa.list_(EVENT_TYPE))})
    with pytest.raises(mk.errors.UsageError, match="after a death"):
        model.sample(condition=mk.Cohort(table, given.schema))


def _rows(events: np.ndarray) -> list[dict[str, object]]:
    return [dict(zip(events.dtype.names or (), event, strict=True)) for event in events.tolist()]


def test_one_time_is_a_set(codec: Events) -> None:
    slots = EventSlots.from_counts(torch.tensor([3, 0]), codec.grammar).open_first_visit(codec.grammar)
    assert slots.is_event.tolist() == [[True] * 3, [False] * 3]
    assert slots.lead[1].tolist() == [SAME_TIME] * 3
    assert slots.value[1].tolist() == [NO_VALUE] * 3
