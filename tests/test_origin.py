"""The score of the provenance: what was declared, and whether it is about these records."""

import pytest

from manikin.evaluation.card.provenance_score import score_provenance
from manikin.evaluation.scorecard import Scorecard

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
    score = score_provenance(CARD.about, RECORD)
    assert (score.verdict, score.value, score.calibrated) == ("pass", 1.0, 1.0)


@pytest.mark.parametrize("entry", ["configuration", "seed", "versions", "prohibited_use"])
def test_what_is_absent_is_named(entry):
    score = score_provenance(CARD.about, {**RECORD, entry: None})
    assert (score.verdict, score.value) == ("warn", 0.8)
    assert entry.replace("_", " ") in score.note


@pytest.mark.parametrize("inputs", [None, {}, {"train": None}, {"train": {"sha256": "other"}}])
def test_other_training_records_are_not_on_record(inputs):
    score = score_provenance(CARD.about, {**RECORD, "inputs": inputs})
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
    score = score_provenance(CARD.about, {**RECORD, "outputs": outputs})
    assert (score.verdict, score.value) == ("fail", 0.0)
    assert note in score.note


def test_a_second_record_takes_the_place_of_the_first():
    card = CARD.with_scores(score_provenance(CARD.about, {})).with_scores(
        score_provenance(CARD.about, RECORD)
    )
    assert [score.verdict for score in card.scores] == ["pass"]
