"""Errors say what they are by class and attributes, and keep these in other words."""

import pytest

import manikin as mk
from manikin.core.skipped import SkippedRecords
from manikin.datasets.demo import load_demo
from manikin.errors import AbsentField, EmptyTable, FormatError, RuleError, UnreadableFields
from manikin.rules.rule import Rule


def test_an_error_in_other_words_holds_what_it_held():
    error = UnreadableFields("crp: odd", {"crp": ("a kind", "its meaning")})
    again = error.reword(lambda text: f"a.csv: {text}")
    assert (type(again), str(again), again.cures) == (UnreadableFields, "a.csv: crp: odd", error.cures)
    assert AbsentField("no age", ["age"]).reword(str.upper).absent == ("age",)


def test_an_error_of_a_file_knows_its_parts():
    error = FormatError("truncated", "Smith/1.png", "copy it again")
    assert str(error) == "Smith/1.png: truncated; copy it again"
    hidden = error.reword(lambda text: text.replace("Smith", "[subject 1]"))
    assert (str(hidden), hidden.place) == (
        "[subject 1]/1.png: truncated; copy it again",
        "[subject 1]/1.png",
    )
    assert str(FormatError("the whole message")) == "the whole message"


@pytest.mark.parametrize("can_skip", [False, True])
def test_a_record_is_left_out_with_its_reason_or_an_error_says_how(tmp_path, can_skip):
    error = FormatError("truncated", tmp_path / "1.png", "copy it again", can_skip=can_skip)
    left = SkippedRecords(skip=True)
    left.add(3, tmp_path / "1.png", error)
    assert left == {3: "left out 1.png: truncated"}
    with pytest.raises(FormatError, match=r"truncated; copy it again, or leave it out with skip_bad$"):
        SkippedRecords(skip=False).add(3, tmp_path / "1.png", error)


def test_a_table_without_records_is_an_error_of_its_own(tmp_path):
    (tmp_path / "a.csv").write_text("age,sex\n")
    with pytest.raises(EmptyTable, match="no record"):
        mk.read(tmp_path / "a.csv")


def test_an_error_names_its_rule_once():
    with pytest.raises(RuleError, match=r"^rule 'old': (?!rule)"):
        Rule("old", "age > 5").holds(load_demo())
