"""Limits stay in order: "<0.01", ">90", "90+" are numbers beyond the limit, and are written back so."""

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.errors import SchemaError
from manikin.schema.inference.censoring import parse_limit
from manikin.schema.kinds import Number, Schema


def laboratory(path, n=300, seed=0):
    """Troponin with a limit of detection, ages that end at 90+, eGFR above 90, a plain number."""
    rng = np.random.default_rng(seed)
    lines = ["age,troponin,egfr,sbp"]
    for _ in range(n):
        age, tnt, egfr = rng.integers(40, 100), rng.gamma(0.5, 0.05), rng.integers(20, 130)
        lines.append(
            f"{age if age < 90 else '90+'},{round(tnt, 3) if tnt >= 0.01 else '<0.010'},"
            f"{egfr if egfr <= 90 else '>90'},{rng.integers(90, 180)}"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("spelling", "value", "above"),
    [
        ("<5", 4.0, False),
        ("< 5", 4.0, False),
        ("<0.01", 0.005, False),
        ("<0.05", 0.04, False),
        ("≤ 5", 5.0, False),
        (">90", 91.0, True),
        ("≥ 90", 90.0, True),
        ("90+", 90.0, True),
        ("90 or older", 90.0, True),
        ("<0,5", 0.4, False),
    ],
)
def test_limits_by_hand(spelling, value, above):
    found = parse_limit(spelling)
    assert (found.value, found.above) == (value, above)


@pytest.mark.parametrize("word", ["5", "low 90s", "5-10", "V27", ""])
def test_what_is_no_limit(word):
    assert parse_limit(word) is None


def test_a_table_with_limits_is_read_modelled_and_written_as_it_came(tmp_path):
    cohort = mk.read(laboratory(tmp_path / "lab.csv"))
    assert cohort.schema["age"].censored == ("90+",)
    assert cohort.schema["troponin"].censored == ("<0.010",)
    assert cohort.schema["egfr"].censored == (">90",)
    assert cohort["age"].max() == 90
    assert cohort["egfr"].max() == 91
    assert any("egfr" in note and "values read as limits" in note for note in cohort.notes)
    mk.write(cohort, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "lab.csv").read_text()
    made = mk.Synthesizer().fit(cohort, quiet=True).sample(300, seed=1)
    mk.write(made, tmp_path / "made.csv")
    text = (tmp_path / "made.csv").read_text()
    assert all(spelling in text for spelling in ("90+", "<0.010", ">90"))
    back = mk.read(tmp_path / "made.csv")
    assert abs(np.mean(back["egfr"] > 90) - np.mean(cohort["egfr"] > 90)) < 0.1


def test_a_declared_number_takes_limits_too(tmp_path):
    path = laboratory(tmp_path / "lab.csv")
    cohort = mk.read(path)
    cohort.schema.write(tmp_path / "lab.schema.toml")
    declared = Schema.read(tmp_path / "lab.schema.toml")
    assert declared["egfr"].censored == (">90",)
    assert mk.read(path, declared).columns.equals(cohort.columns)
    few = mk.read(path, Schema(egfr=Number(high=90)))
    assert few.schema["egfr"].censored == (">90",)
    (tmp_path / "bad.toml").write_text('[egfr]\nkind = "number"\ncensored = ["many"]\n')
    with pytest.raises(SchemaError, match="censored is a list of limits"):
        Schema.read(tmp_path / "bad.toml")


def test_intervals_stay_levels(tmp_path):
    words = ["0", "1", "2", "3+"] * 30
    (tmp_path / "a.csv").write_text("children,x\n" + "".join(f"{w},{i}\n" for i, w in enumerate(words)))
    assert mk.read(tmp_path / "a.csv").schema["children"].levels == ("0", "1", "2", "3+")


def test_what_came_from_a_spreadsheet_opens_in_it_again(tmp_path):
    text = "city,x\n" + "".join(f"{'Köln' if i % 2 else 'Zürich'},{i}\n" for i in range(40))
    (tmp_path / "a.csv").write_bytes(text.encode("cp1252"))
    mk.write(mk.read(tmp_path / "a.csv"), tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == b"\xef\xbb\xbf" + text.encode()
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    mk.write(mk.read(tmp_path / "c.csv"), tmp_path / "d.csv")
    assert (tmp_path / "d.csv").read_text(encoding="utf-8") == text


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    lines = [f"{i}{' kg' if i % 2 else ''},{i if i % 9 else 'low 90s'},{i}" for i in range(100, 200)]
    (tmp_path / "a.csv").write_text("weight,age,x\n" + "\n".join(lines) + "\n")
    with pytest.raises(SchemaError) as error:
        mk.read(tmp_path / "a.csv")
    assert "2 fields cannot be read" in str(error.value)
    assert "'weight'" in str(error.value)
    assert "'age'" in str(error.value)


def test_a_limit_may_be_asked_for(tmp_path):
    rng = np.random.default_rng(0)
    age = [str(a) if a < 90 else "90+" for a in rng.integers(60, 96, 200)]
    frame = pd.DataFrame({"age": age, "sex": rng.choice(["F", "M"], 200)})
    frame.to_csv(tmp_path / "ages.csv", index=False)
    model = mk.Synthesizer().fit(mk.read(tmp_path / "ages.csv"), quiet=True)
    mk.write(model.sample(20, where={"age": "90+"}), tmp_path / "old.csv")
    assert set(pd.read_csv(tmp_path / "old.csv", dtype=str)["age"]) == {"90+"}
    with pytest.raises(SchemaError, match="takes a number"):
        model.sample(20, where={"age": "80+"})
