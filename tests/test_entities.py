"""Entities: labels inline and as spans, through a model of notes, and the F1 of a tagger."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.downstream.entity_tagger import Tagger, compute_f1
from manikin.text.deid.deidentify import Span
from manikin.text.inline_tags import extract_tags, insert_tags

SAID = "Has <problem>chest pain</problem> since <time>May</time>."


def test_spans_become_tags_and_spans_again() -> None:
    plain, spans = extract_tags(SAID)
    assert plain == "Has chest pain since May."
    assert spans == [Span(4, 14, "problem"), Span(21, 24, "time")]
    assert insert_tags(plain, spans) == SAID
    assert insert_tags(plain, spans[::-1]) == SAID  # in whatever order they are named


@pytest.mark.parametrize(
    ("text", "plain", "spans"),
    [
        ("<a>one</b> two", "one two", []),
        ("one</a> <b>two", "one two", []),
        ("<a>one <b>two</b></a>", "one two", [Span(4, 7, "b")]),
        ("<a> one </a>", " one ", [Span(1, 4, "a")]),
        ("<a> </a>x", " x", []),
        ("1 < 2 > 0", "1 < 2 > 0", []),
    ],
)
def test_tags_that_a_model_got_wrong_label_nothing(text: str, plain: str, spans: list[Span]) -> None:
    assert extract_tags(text) == (plain, spans)


@pytest.mark.parametrize(
    ("text", "spans", "says"),
    [
        ("fever", [Span(0, 6, "a")], "not within 5 letters"),
        ("fever", [Span(0, 3, "a"), Span(2, 5, "a")], "overlaps"),
        ("fever", [Span(2, 2, "a")], "empty"),
        ("fever", [Span(0, 5, "two words")], "one word"),
        ("<b>fever</b>", [], "holds tags"),
    ],
)
def test_spans_that_cannot_be_written_are_refused(text: str, spans: list[Span], says: str) -> None:
    with pytest.raises(mk.errors.UsageError, match=says):
        insert_tags(text, spans)


def labelled(n: int = 200) -> mk.Cohort:
    """Notes that say a symptom or deny it; the labels are inline."""
    rng = np.random.default_rng(0)
    symptoms = rng.choice(["fever", "cough", "chest pain", "rash"], n)
    notes = [
        f"The patient has <present>{s}</present> today." if yes else f"There is no <absent>{s}</absent>."
        for s, yes in zip(symptoms, rng.random(n) < 0.5, strict=True)
    ]
    return mk.Cohort.from_pandas(pd.DataFrame({"note": notes}), mk.Schema(note=mk.Text(role="note")))


def test_a_model_writes_labels_and_a_tagger_learns_from_them() -> None:
    train, holdout = labelled().split(0.3, seed=0)
    model = mk.Synthesizer("note", family="templates", seed=1).fit(train, quiet=True)
    drawn, spans = mk.untag_entities(model.sample(100, seed=1), "note")
    assert sum(map(len, spans)) > 80
    assert not any("<" in note for note in drawn["note"])
    kinds = {drawn["note"][i][s.start : s.end] for i, listed in enumerate(spans) for s in listed}
    assert kinds <= {"fever", "cough", "chest pain", "rash"}
    real, true = mk.untag_entities(holdout, "note")
    found = Tagger.fit(drawn["note"].tolist(), spans).find(real["note"].tolist())
    assert compute_f1(found, true) > 0.95


def test_f1_counts_start_end_and_kind() -> None:
    """Of two found and three true one is right: precision 1/2, recall 1/3, F1 2/5."""
    true = [[Span(0, 2, "a"), Span(4, 6, "a")], [Span(1, 3, "b")]]
    assert compute_f1([[Span(0, 2, "a"), Span(4, 6, "b")], []], true) == pytest.approx(0.4)
    assert compute_f1(true, true) == 1
    assert compute_f1([[], []], true) == 0
    assert math.isnan(compute_f1([[]], [[]]))


def test_records_and_spans_must_fit() -> None:
    cohort = labelled(3)
    plain, spans = mk.untag_entities(cohort, "note")
    assert mk.tag_entities(plain, "note", spans)["note"].tolist() == cohort["note"].tolist()
    with pytest.raises(mk.errors.UsageError, match="3 records and 1 lists"):
        mk.tag_entities(plain, "note", [[]])
    with pytest.raises(mk.errors.UsageError, match="record 1: the span from 0 to 999"):
        mk.tag_entities(plain, "note", [[], [(0, 999, "a")], []])
    with pytest.raises(mk.errors.SchemaError, match="there are: note"):
        mk.untag_entities(plain, "age")
    with pytest.raises(mk.errors.UsageError, match="needs notes with labels"):
        Tagger.fit(["no label"], [[]])
