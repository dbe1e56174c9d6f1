"""What messages tell to do: on the command line no Python, and an unknown field named as such."""

import numpy as np
import pandas as pd
import pytest

from manikin.cli.field_values import parse_where
from manikin.cli.messages import to_command_line
from manikin.cohort.cohort import Cohort
from manikin.cohort.summary import summarize_fields
from manikin.cohort.value_ranges import count_rare_levels, find_range
from manikin.errors import PrivacyError, UsageError
from manikin.evaluation.card.policy import read_policy
from manikin.evaluation.report.wording import describe_calibrated
from manikin.evaluation.scorecard import Scorecard
from manikin.publication.release import release
from manikin.schema.kinds import Category, Schema


def test_a_refusal_on_the_command_line_gives_the_command(tmp_path):
    cohort = Cohort.from_pandas(pd.DataFrame({"age": range(40)}))
    with pytest.raises(PrivacyError) as refused:
        release(cohort, Scorecard([]), tmp_path / "out")
    said = to_command_line(str(refused.value))
    assert '--accept "WHY"' in said
    assert "--refits 16" in said
    for python in ("accept=", "in Python", "evaluation.", "publish."):
        assert python not in said
    assert 'accept="WHY"' in str(refused.value)


def test_every_remedy_of_the_policy_is_one_of_the_command_line():
    for limit in read_policy().limits:
        said = to_command_line(limit.remedy)
        assert "manikin." not in said
        assert "(" not in said


def test_options_are_spelled_as_in_a_shell():
    assert to_command_line("correct it, or leave bad rows out (skip_bad)").endswith("(--skip-bad)")
    assert to_command_line("name fields in condition=") == "name fields in condition=".replace(
        "name fields in condition=", "--condition FIELD"
    )
    assert to_command_line("skip_bad_rows = 3") == "skip_bad_rows = 3"


def test_an_unknown_field_of_where_is_named():
    schema = Schema(sex=Category(levels=("F", "M")))
    with pytest.raises(UsageError, match="--where Sex=F: there is no field 'Sex'; the fields are sex"):
        parse_where(schema, ["Sex=F"])
    with pytest.raises(UsageError, match="--where sex: write FIELD=VALUE"):
        parse_where(schema, ["sex"])


def test_no_score_is_more_than_as_good_as_real():
    assert describe_calibrated(1.04) == "as good as real data"
    assert describe_calibrated(0.999) == "as good as real data"
    assert describe_calibrated(0.99) == "99 % of the way to real data"


def frame(extra=()):
    rng = np.random.default_rng(0)
    pressure = np.round(rng.normal(127, 16, 2000)).astype(int)
    pressure[: len(extra)] = extra
    return pd.DataFrame({"ap_hi": pressure, "gender": ["F", "M"] * 999 + ["F", "Other"]})


def test_inspect_tells_impossible_values_by_their_number_and_not_by_themselves():
    cohort = Cohort.from_pandas(frame([16020, -150]))
    row = next(row for row in summarize_fields(cohort) if row.field == "ap_hi")
    said = " ".join((row.detail, *row.notes))
    assert "1 value looks impossible, more than 20 times" in said
    assert "1 value is below 0, all others above" in said
    assert "seen 7" in said or "seen 8" in said
    assert "16020" not in said
    assert "150" not in said
    assert not any("impossible" in note for note in Cohort.from_pandas(frame()).notes)


@pytest.mark.parametrize("law", ["normal", "lognormal", "exponential", "poisson", "uniform"])
def test_ordinary_quantities_are_not_called_impossible(law):
    rng = np.random.default_rng(1)
    draws = {
        "normal": rng.normal(70, 12, 5000).round(1),
        "lognormal": rng.lognormal(1, 1.5, 5000).round(2) + 0.01,
        "exponential": rng.exponential(8, 5000).round(1) + 0.1,
        "poisson": rng.poisson(2, 5000),
        "uniform": rng.uniform(0, 1, 5000).round(3),
    }
    notes = Cohort.from_pandas(pd.DataFrame({"x": draws[law]})).notes
    assert not any("impossible" in note or "below 0" in note for note in notes)


def test_levels_of_single_patients_are_told_once():
    row = next(row for row in summarize_fields(Cohort.from_pandas(frame())) if row.field == "gender")
    assert any("1 of 3 levels stands in fewer than five patients" in note for note in row.notes)


def test_ranges_and_levels_count_patients_and_not_rows():
    rows = pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{i:03d}" for i in range(30)], 6),
            "dose": np.repeat([9.0, *range(100, 129)], 6),
            "arm": np.repeat(["rare", *["a", "b"] * 14, "a"], 6),
        }
    )
    cohort = Cohort.from_pandas(rows)
    assert cohort.schema["patient_id"].role == "subject"
    assert find_range(cohort, "dose") == (103.0, 124.0)
    assert count_rare_levels(cohort, "arm") == (1, 3)


def test_a_terminal_reads_remedies_of_the_command_line_too():
    import io

    from rich.console import Console

    from manikin.evaluation.report.terminal import render_rich

    link = {"steps": 51, "usual": 1500, "ended": "budget", "target": ["scan"]}
    console = Console(file=io.StringIO(), width=300)
    console.print(render_rich(Scorecard([], {"generator": link}), None, to_command_line))
    assert "--steps 1500, or with more --minutes" in console.file.getvalue()
    assert "Training(" not in console.file.getvalue()
