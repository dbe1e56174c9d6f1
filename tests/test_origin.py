"""The score of the provenance: what was declared, and whether it is about these records."""

import pytest

from manikin.evaluation.card.provenance_score import add_provenance_score
from manikin.evaluation.card.scorecard import Scorecard

CARD = Scorecard([], {"hashes": {"synthetic": "s", "train": "t"}})
RECORD = {
    "inputs": {"train": {"sha256": "t"}},
    "outputs": {"synthetic": {"sha256": "s"}},
    "configuration": {"family": "trees"},
    "seed": 0,
    "versions": {"manikin": "1"},
    "prohibited_use": ["care"],
}


def test_a_whole_record_passes():
    score = add_provenance_score(CARD, RECORD)["provenance_record"]
    assert (score.verdict, score.value, score.calibrated) == ("pass", 1.0, 1.0)


@pytest.mark.parametrize("entry", ["configuration", "seed", "versions", "prohibited_use"])
def test_what_is_absent_is_named(entry):
    score = add_provenance_score(CARD, {**RECORD, entry: None})["provenance_record"]
    assert (score.verdict, score.value) == ("warn", 0.8)
    assert entry.replace("_", " ") in score.note


@pytest.mark.parametrize("inputs", [None, {}, {"train": None}, {"train": {"sha256": "other"}}])
def test_other_training_records_are_not_on_record(inputs):
    score = add_provenance_score(CARD, {**RECORD, "inputs": inputs})["provenance_record"]
    assert score.note == "not on record: what was learned from"


@pytest.mark.parametrize(
    ("outputs", "note"),
    [
        ({"synthetic": {"sha256": "x"}}, "about other records"),
        ({}, "no hash"),
        (None, "no hash"),
        ("s", "no hash"),
    ],
)
def test_a_record_of_other_records_fails(outputs, note):
    score = add_provenance_score(CARD, {**RECORD, "outputs": outputs})["provenance_record"]
    assert (score.verdict, score.value) == ("fail", 0.0)
    assert note in score.note


def test_a_second_record_takes_the_place_of_the_first():
    card = add_provenance_score(add_provenance_score(CARD, {}), RECORD)
    assert [score.verdict for score in card.scores] == ["pass"]
