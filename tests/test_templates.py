"""Notes from phrases that several patients share: what is stored, what is written, what agrees."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.codecs.phrases import Phrases
from manikin.core.seeds import Key
from manikin.errors import Unsupported
from manikin.families.templates import Templates, find_shared_ngrams
from manikin.families.templates.rerank import Reranker, fit_rerankers
from manikin.schema.name_lists import read_names
from manikin.synthesis.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

OPENINGS = (
    "The lungs are clear.",
    "Heart size is normal.",
    "No effusion.",
    "Degenerative changes of the spine.",
)


def reports(n: int = 200, per: int = 1) -> mk.Cohort:
    """Reports of a finding, with age and sex, a number each, and words that one patient alone has."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "patient": [f"p{i // per}" for i in range(n)],
            "age": rng.integers(20, 89, n),
            "sex": rng.choice(["F", "M"], n),
            "finding": rng.choice(["normal", "Cardiomegaly"], n),
        }
    )
    frame["note"] = [
        f"{a}-year-old {'woman' if s == 'F' else 'man'}. {OPENINGS[rng.integers(4)]} "
        + ("The heart is enlarged." if f == "Cardiomegaly" else "No acute disease.")
        + f" Study {rng.integers(1000, 9999)}."
        for a, s, f in zip(frame["age"], frame["sex"], frame["finding"], strict=True)
    ]
    frame.loc[3, "note"] = "Zyxwvutsria seen beside the qwertzlobe."
    kinds = mk.Schema(patient=mk.Text(role="subject"), note=mk.Text(role="note"))
    return mk.Cohort.from_pandas(frame, kinds)


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    return reports()


@pytest.fixture(scope="module")
def model(cohort: mk.Cohort) -> mk.Synthesizer:
    return mk.Synthesizer("note", condition=("age", "sex", "finding")).fit(cohort, quiet=True)


def test_runs_are_counted_by_subject_and_kept_where_enough_share_them() -> None:
    notes = [[9, 1, 2], [9, 1, 2], [9, 3, 2], [9, 3, 2]]
    assert find_shared_ngrams(notes, [0, 1, 2, 2], longest=3, least=2) == [
        {(9,): 4, (1,): 2, (2,): 4},
        {(9, 1): 2, (1, 2): 2},
        {(9, 1, 2): 2},
    ]


def test_readers_weigh_drafts_by_what_they_tell_and_by_their_length() -> None:
    """Weights by hand: logit +-1 for token 3 against 4, two values that are equally frequent."""
    state = {
        "runs.1": np.array([[3], [4]]),
        "reader.0.values": np.array([7, 9]),
        "reader.0.weights": np.array([[1.0, -1.0], [-1.0, 1.0]]),
        "reader.0.bias": np.zeros(2),
    }
    readers = Reranker(state)
    odds = np.exp(1) / (np.exp(1) + np.exp(-1)), np.exp(-1) / (np.exp(1) + np.exp(-1))
    want = np.array(odds) ** 2
    assert readers.compute_draft_shares([[3], [4]], [7]) == pytest.approx(want / want.sum())
    assert readers.compute_draft_shares([[4], [3]], [9]) == pytest.approx(want / want.sum())
    assert readers.compute_draft_shares([[3], [4]], [8]) == pytest.approx(
        [0.5, 0.5]
    )  # a value that was too rare
    far = np.exp(-np.log(3 / 2) / 0.25)
    assert readers.compute_draft_shares([[5], [5, 5]], [7]) == pytest.approx(
        [1 / (1 + far), far / (1 + far)]
    )


def test_readers_learn_what_tells_values_apart_and_forget_what_one_bearer_has() -> None:
    notes = [[0, 3, 5], [0, 3, 5], [0, 3, 6], [0, 4, 5], [0, 4, 5], [0, 4, 5]]
    given, subject = np.array([[1], [1], [1], [2], [2], [2]]), np.arange(6)
    runs = [{(3,): 3, (4,): 3, (5,): 5, (6,): 5}]
    state = fit_rerankers(notes, given, subject, runs, 2, Key(0).numpy())
    weights = state["reader.0.weights"]
    assert state["reader.0.values"].tolist() == [1, 2]
    assert weights[0, 0] > 0.3
    assert weights[0, 1] < -0.3
    assert weights[:, :2] == pytest.approx(-weights[::-1, :2])
    assert weights[0, 3] == 0  # one bearer of value 1 has the word 6
    assert fit_rerankers(notes, np.ones((6, 1), dtype=int), subject, runs, 2, Key(0).numpy()) == {}


def test_templates_are_the_default_where_texts_are_few(cohort: mk.Cohort, model: mk.Synthesizer) -> None:
    assert isinstance(model.fitted_model.plan.family, Templates)
    chain = mk.Synthesizer().fit(cohort, quiet=True)
    assert [type(m.plan.family).__name__ for m in chain.models] == ["Trees", "Templates"]
    assert len(chain.sample(5)) == 5


def test_a_note_says_what_its_record_says(cohort: mk.Cohort, model: mk.Synthesizer) -> None:
    drawn = model.sample(condition=cohort, seed=1)
    rows = list(zip(*(drawn[name] for name in ("note", "age", "sex", "finding")), strict=True))
    said = [(row, re.match(r"(\d+)-year-old (man|woman)\.", row[0])) for row in rows]
    told = [(row, found) for row, found in said if found]
    assert len(told) > 0.8 * len(rows)
    assert all(found[1] == f"{age:.0f}" for (_, age, _, _), found in told)
    assert all(found[2] == ("woman" if sex == "F" else "man") for (_, _, sex, _), found in told)
    agree = [("enlarged" in note) == (finding == "Cardiomegaly") for note, _, _, finding in rows]
    assert np.mean(agree) > 0.85


def test_nothing_of_one_patient_is_stored_or_written(model: mk.Synthesizer, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    stored = json.loads((tmp_path / "model" / "codec.json").read_text(encoding="utf-8"))
    text = json.dumps(stored)
    assert "Zyxw" not in text
    assert "qwertz" not in text
    assert list(stored["target"]["state"]["numerals"]) == [" 9999"]
    given = mk.Cohort.from_pandas(pd.DataFrame({"age": [50], "sex": ["F"], "finding": ["normal"]}))
    again = mk.load(tmp_path / "model").sample(condition=given, seed=4)
    assert again["note"].tolist() == model.sample(condition=given, seed=4)["note"].tolist()


def test_several_notes_of_one_patient_count_once() -> None:
    few = reports(per=50)  # four patients: nothing is shared by five
    with pytest.raises(mk.errors.SchemaError, match="no word is shared by 5 subjects"):
        Phrases().fit(few, ["note"])


def test_rare_names_and_dates_give_way_to_others_of_their_kind() -> None:
    """No surname of forty and no day is shared by five patients, but that there is one is."""
    surnames = read_names("families")[:40]
    frame = pd.DataFrame(
        {
            "note": [
                f"Mr. {surnames[i % 40]} was seen on 0{1 + i % 9}/{10 + i % 18}/2021." for i in range(120)
            ]
        }
    )
    cohort = mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text(role="note")))
    drawn = mk.Synthesizer("note", scan=False, seed=1).fit(cohort, quiet=True).sample(60, seed=1)["note"]
    parts = [re.fullmatch(r"Mr\. (\w+) was seen on (\d\d)/(\d\d)/\d{4}\.", text) for text in drawn]
    assert all(parts)
    assert {part[1] for part in parts if part} <= set(read_names("families"))
    assert len({part[1] for part in parts if part}) > 40
    days = [(int(part[2]), int(part[3])) for part in parts if part]
    assert all((0 < a <= 12 and 0 < b <= 31) or (0 < b <= 12 and 0 < a <= 31) for a, b in days)


def test_many_given_fields_do_not_break_sentences() -> None:
    """Six fields, five of which say nothing: every note is one of three sentences, as in training."""
    rng = np.random.default_rng(0)
    said = {"a": "No effusion is seen today.", "b": "A small effusion is seen.", "c": "The film was lost."}
    frame = pd.DataFrame({f"x{i}": rng.integers(0, 50, 200) for i in range(5)})
    frame["finding"] = rng.choice(list(said), 200)
    frame["note"] = frame["finding"].map(said)
    cohort = mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text(role="note")))
    given = [name for name in frame if name != "note"]
    drawn = mk.Synthesizer("note", condition=given, seed=1).fit(cohort, quiet=True)
    written = drawn.sample(condition=cohort, seed=1)
    assert np.mean([a == said[b] for a, b in zip(written["note"], written["finding"], strict=True)]) > 0.97


def test_in_a_chain_a_family_of_texts_writes_the_notes_and_the_default_the_table() -> None:
    schema = mk.Schema(age=mk.Number(), note=mk.Text(role="note"))
    links = mk.Chain.from_schema(schema, family="templates").links
    assert [(link.target, link.family) for link in links] == [(("age",), None), (("note",), "templates")]
    links = mk.Chain.from_schema(schema, family="lora:some/folder").links
    assert [link.family for link in links] == [None, "lora:some/folder"]
    assert [link.family for link in mk.Chain.from_schema(schema, family="trees").links] == ["trees", None]


def test_a_table_without_notes_is_refused_with_what_to_do(cohort: mk.Cohort) -> None:
    with pytest.raises(Unsupported, match=r"age, sex hold none.*role note"):
        mk.Synthesizer(("age", "sex"), family="templates").fit(cohort, quiet=True)


def test_a_beginning_is_refused_with_the_alternative(cohort: mk.Cohort) -> None:
    plain = mk.Synthesizer("note").fit(cohort, quiet=True)
    with pytest.raises(Unsupported, match="use 'autoregressive'"):
        plain.sample(condition=pd.DataFrame({"note": ["Heart size"] * 5}))


def test_words_numerals_and_fields_come_back(cohort: mk.Cohort) -> None:
    codec = Phrases().condition_on(("age", "sex")).fit(cohort, ["age", "sex", "note"])
    x = codec.encode(cohort)
    ranges = np.array(codec.spec.ranges)
    assert ((x >= ranges[:, 0]) & (x < ranges[:, 1])).all()
    back = codec.reconcile_given(codec.decode(x, Key(0)), cohort)
    first, real = back["note"][0].as_py(), cohort["note"][0]
    assert first[:-5] == real[:-5]  # digits of the study are drawn
    assert back["sex"].to_pylist() == cohort["sex"].tolist()
    assert Phrases.from_dict(json.loads(json.dumps(codec.to_dict()))) == codec


def test_a_beginning_is_left_to_a_network_by_default(cohort: mk.Cohort) -> None:
    plan = Plan.from_schema(cohort.schema, "note", ("note", "age"), None, 1000)
    assert isinstance(plan.family, mk.families.Autoregressive)


def test_text_given_text_is_refused_with_the_alternative(cohort: mk.Cohort) -> None:
    frame = pd.DataFrame({"dialogue": cohort["note"], "summary": cohort["note"]})
    pairs = mk.Cohort.from_pandas(frame, mk.Schema(dialogue=mk.Text(), summary=mk.Text()))
    with pytest.raises(Unsupported, match="use 'autoregressive'"):
        mk.Synthesizer("summary", condition="dialogue", family="templates").fit(pairs, quiet=True)


def test_a_word_that_stands_in_is_not_the_one_before_and_notes_begin_with_a_word() -> None:
    rng = np.random.default_rng(0)
    notes = [
        f" z{i}q x{i}q the lung {'is clear' if rng.random() < 0.5 else 'looks hazy'}." for i in range(60)
    ]
    cohort = mk.Cohort.from_pandas(pd.DataFrame({"note": notes}), mk.Schema(note=mk.Text(role="note")))
    model = mk.Synthesizer("note", seed=1).fit(cohort, quiet=True)
    written = model.sample(60, seed=1)["note"]
    assert not [note for note in written if note.startswith(" ")]
    pairs = [pair for note in written for pair in zip(note.split(), note.split()[1:], strict=False)]
    assert not [pair for pair in pairs if pair[0] == pair[1]]
