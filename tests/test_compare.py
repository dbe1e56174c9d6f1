"""Comparing two cards: only differences that are not chance count."""

import pytest
from typer.testing import CliRunner

from manikin.cli.app import app
from manikin.evaluation.card.compare import compare
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard

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
    assert comparison.list_scores(outcome) == ["m"]
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
    said = comparison.to_text().splitlines()
    assert said[0] == "Mixed: worse in bad; better in good."
    assert said[1:3] == ["worse: bad", "better: good"]
    assert comparison.to_dict()["changes"][0]["before"]["value"] == 0.1


def test_a_comparison_starts_with_its_answer_in_one_sentence():
    def of(*values):
        names = ("c2st_auc", "coverage", "correlation_distance")
        scores = [
            Score(n, "fidelity", v, v, v, None, None, None, "low", "pass", "")
            for n, v in zip(names, values, strict=True)
        ]
        return Scorecard(scores, ABOUT)

    first = of(0.5, 0.5, 0.5)
    for second, answer in (
        (of(0.9, 0.5, 0.5), "Worse: records told from real ones; nothing got better."),
        (of(0.1, 0.5, 0.5), "Better: records told from real ones; nothing got worse."),
        (
            of(0.1, 0.9, 0.5),
            "Mixed: worse in kinds of patients covered; better in records told from real ones.",
        ),
        (of(0.5, 0.5, 0.5), "No clear difference in any of 3 scores."),
    ):
        comparison = compare(first, second)
        assert comparison.to_text().splitlines()[0] == comparison.answer == answer


def test_the_printed_comparison_keeps_names_whole_and_folds_what_says_nothing():
    import io

    from rich.console import Console

    def of(value):
        many = [
            Score(f"m{i}", "fidelity", 0.5, None, None, None, None, None, "low", "pass", "")
            for i in range(45)
        ]
        long = Score("channel_correlation_distance[ecg]", "fidelity", value, *[None] * 5, "low", "pass", "")
        return Scorecard([*many, long], ABOUT)

    console = Console(file=io.StringIO(), width=80)
    console.print(compare(of(0.1), of(0.9)))
    said = console.file.getvalue()
    assert said.startswith("Worse: ")
    assert "channel_correlation_distance[ecg]" in said
    assert "m17" not in said
    assert "No clear difference: 45 scores" in said
    assert len(said.splitlines()) < 8


def test_compare_takes_the_folders_that_evaluate_wrote_and_says_what_lacks(tmp_path):
    for name, value in (("before", 0.9), ("after", 0.6)):
        (tmp_path / name).mkdir()
        card(value, value - 0.02, value + 0.02).to_json(tmp_path / name / "scorecard.json")
    paths = [str(tmp_path / name) for name in ("before", "after")]
    found = CliRunner().invoke(app, ["compare", *paths])
    assert (found.exit_code, "better" in found.output) == (0, True)
    (tmp_path / "empty").mkdir()
    failed = CliRunner().invoke(app, ["compare", paths[0], str(tmp_path / "empty")])
    assert "holds no scorecard.json; write one: manikin evaluate" in str(failed.exception)
