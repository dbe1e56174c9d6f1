"""Comparing two cards: only differences that are not chance count."""

import pytest

from manikin.evaluation.compare import compare
from manikin.evaluation.scorecard import Score, Scorecard

ABOUT = {"hashes": {"train": "a", "holdout": "b"}, "versions": {"manikin": "1"}}


def card(value, low=None, high=None, verdict="pass", better="low", about=ABOUT):
    return Scorecard(
        [Score("m", "fidelity", value, low, high, None, None, None, better, verdict, "")], about
    )


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (card(0.9, 0.88, 0.92), card(0.6, 0.58, 0.62), "better"),
        (card(0.6, 0.58, 0.62), card(0.9, 0.88, 0.92), "worse"),
        (card(0.9, 0.88, 0.92, better="high"), card(0.6, 0.58, 0.62, better="high"), "worse"),
        (card(0.7, 0.6, 0.8), card(0.65, 0.55, 0.75), "no clear difference"),
        (card(0.7, 0.6, 0.8, "warn"), card(0.65, 0.55, 0.75), "better"),
        (card(0.0), card(1.0), "worse"),
        (card(0.5), card(0.5), "no clear difference"),
        (card(0.5), card(None, verdict="not assessed"), "not comparable"),
        (card(0.5), card(0.5, better="high"), "not comparable"),
        (card(0.5), Scorecard([], ABOUT), "not comparable"),
    ],
)
def test_outcomes(first, second, outcome):
    comparison = compare(first, second)
    assert [change.outcome for change in comparison.changes] == [outcome]
    assert comparison.of(outcome) == ["m"]
    assert comparison.cautions == ()


def test_other_real_records_are_a_caution():
    other = {"hashes": {"train": "a", "holdout": "c"}, "versions": {"manikin": "2"}}
    cautions = compare(card(0.5), card(0.5, about=other)).cautions
    assert cautions == (
        "the two cards were judged against different holdout records",
        "the two cards are of different versions of manikin: 1 and 2",
    )
    assert (
        "not on record" in compare(card(0.5), card(0.5, about={"versions": {"manikin": "1"}})).cautions[0]
    )


def test_what_got_worse_comes_first():
    def two(a, b):
        entries = [("calm", 0.5), ("good", a), ("bad", b)]
        scores = [
            Score(n, "fidelity", v, None, None, None, None, None, "low", "pass", "") for n, v in entries
        ]
        return Scorecard(scores, ABOUT)

    comparison = compare(two(0.9, 0.1), two(0.1, 0.9))
    assert [change.name for change in comparison.changes] == ["bad", "good", "calm"]
    assert comparison.summary() == "worse: bad\nbetter: good\nno clear difference: 1 scores"
    assert comparison.to_dict()["changes"][0]["before"]["value"] == 0.1
