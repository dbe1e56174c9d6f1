"""Clinical rules: the grammar, what satisfies them, what is proposed."""

import numpy as np
import pandas as pd
import pytest

from manikin.cohort.cohort import Cohort
from manikin.datasets.demo import load_demo
from manikin.errors import RuleError
from manikin.rules.mining.propose import propose_rules
from manikin.rules.rule import Rule, read_rules, write_rules
from manikin.schema.kinds import Category, Schema, Text


def four() -> Cohort:
    table = pd.DataFrame(
        {
            "systolic": [120.0, 80.0, np.nan, 130.0],
            "diastolic": [80.0, 90.0, 70.0, 130.0],
            "sex": ["M", "F", "M", None],
            "pregnant": ["no", "yes", "yes", "yes"],
            "d.time": [10, 20, 30, 40],
            "heart rate": [60, 70, 80, 90],
            "lambda": [0.5, 1.5, 2.5, 3.5],
            "dead": [0, 1, 0, 1],
            "flag": [True, False, True, False],
            "cause": [None, "heart", "heart", None],
            "came": pd.to_datetime(["2020-01-01", "2020-01-05", "2020-02-01", "2020-03-01"]),
            "left": pd.to_datetime(["2020-01-03", "2020-01-04", None, "2020-03-01"]),
            "grade": ["I", "II", "III", "I"],
            "before": ["I", "I", "III", "II"],
            "remark": ["a", "b", "c", "d"],
        }
    )
    grades = Category(("I", "II", "III"), ordered=True)
    return Cohort.from_pandas(table, Schema(grade=grades, before=grades, remark=Text()))


@pytest.mark.parametrize(
    ("expression", "when", "expected"),
    [
        ("diastolic < systolic", "", [1, 0, 1, 0]),
        ("diastolic <= systolic", "", [1, 0, 1, 1]),
        ("80 <= systolic <= 125", "", [1, 1, 1, 0]),
        ('pregnant == "no"', 'sex == "M"', [1, 1, 0, 1]),
        ('not (sex == "M" and pregnant == "yes")', "", [1, 1, 0, 1]),
        ('sex in ("F", "M")', "", [1, 1, 1, 1]),
        ('sex not in ("F",)', "", [1, 0, 1, 1]),
        ("`d.time` >= 20", "", [0, 1, 1, 1]),
        ("d.time >= 20", "", [0, 1, 1, 1]),
        ("`heart rate` > 60 and `lambda` < 3", "", [0, 1, 1, 0]),
        ("missing(cause)", "dead == 0", [1, 1, 0, 1]),
        ("not missing(cause)", "dead == 1", [1, 1, 1, 0]),
        ("dead", "", [0, 1, 0, 1]),
        ("flag == True", "", [1, 0, 1, 0]),
        ("flag or dead == 1", "", [1, 1, 1, 1]),
        ("came <= left", "", [1, 0, 1, 1]),
        ("left - came == 2", "", [1, 0, 1, 0]),
        ('came >= "2020-01-05"', "", [0, 1, 1, 1]),
        ("before <= grade", "", [1, 1, 1, 0]),
        ('grade >= "II"', "", [0, 1, 1, 0]),
        ("grade == before", "", [1, 0, 1, 0]),
        ("abs(systolic - 100) <= 20", "", [1, 1, 1, 0]),
        ("max(systolic, diastolic) == systolic", "", [1, 0, 1, 1]),
        ("(systolic + 2 * diastolic) / 3 > 100", "", [0, 0, 1, 1]),
        ("sqrt(d.time * 10) == 10", "", [1, 0, 0, 0]),
        ("missing(sex) == missing(cause)", "", [0, 1, 1, 1]),
        ("-systolic ** 2 < 0", "", [1, 1, 1, 1]),
    ],
)
def test_who_satisfies_a_rule(expression, when, expected):
    found = Rule("r", expression, when=when).holds(four())
    assert (found.dtype, found.shape) == (bool, (4,))
    assert found.astype(int).tolist() == expected


def test_the_fields_of_a_rule():
    assert Rule("r", "`heart rate` < 2 * d.time", when="missing(cause)").fields == (
        "heart rate",
        "d.time",
        "cause",
    )


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("weight > 3", "no field weight; there are systolic"),
        ("sex == 'X'", "'sex' has no level 'X'; it has F, M"),
        ("sex < 'M'", "no order"),
        ("sex + 1 > 2", "holds text"),
        ("systolic == 'high'", "'high' is text"),
        ("came > 'soon'", "'soon' is no date"),
        ("systolic", "neither true nor false"),
        ("remark == 'a'", "'remark' is text"),
    ],
)
def test_a_rule_that_does_not_fit_the_fields(expression, words):
    rule = Rule("pressure", expression)
    with pytest.raises(RuleError, match=words) as caught:
        rule.holds(four())
    assert "rule 'pressure'" in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "1 <", "", "lambda > 0", "__import__('os').system('true')", "(x for x in y)", "[x for x in y]",
        "x if y else z", "(lambda: 1)() > 0", "x[0] > 1", "f'{x}' == 'a'", "(x := 1) > 0",
        "open('f') == 1", "abs(x, y) > 0", "missing(x, y)", "max(x) > 1", "abs(x=1) > 0", "x is None",
        "x == None", "x == b'a'", "x; y", "x = 1", "x @ y > 1", "x | y", "print(x) == 1",
    ],
)  # fmt: skip
def test_what_is_not_let_through(expression):
    with pytest.raises(RuleError, match="rule 'r'"):
        Rule("r", expression)


def test_rules_in_toml(tmp_path):
    path = tmp_path / "rules.toml"
    rules = (
        Rule("pressure", "diastolic < systolic", "physiology"),
        Rule("men", 'pregnant == "no"', "physiology", 'sex == "M"', support=3),
    )
    write_rules(rules, path)
    assert read_rules(path) == rules
    path.write_text("[men]\nwhen = 'sex == \"M\"'\nexpression = 'pregnant == \"no\"'\n")
    assert read_rules(path) == (Rule("men", 'pregnant == "no"', when='sex == "M"'),)
    assert str(read_rules(path)[0]) == 'pregnant == "no" when sex == "M"'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("[a", "is not TOML"),
        ("a = 1", "rule 'a': is a table with the keys expression, source"),
        ("[a]\nsource = 'x'", "rule 'a': needs expression"),
        ("[a]\nexpression = 'x <'", "rule 'a'"),
        ("[a]\nexpression = 'x < 1'\nthen = 'y'", "has no then"),
        ("[a]\nexpression = 'x < 1'\nname = 'y'", "has no name"),
        ("[a]\nexpression = 1", "expression is text in quotes, not 1"),
    ],
)
def test_a_wrong_file_of_rules(tmp_path, text, words):
    path = tmp_path / "rules.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RuleError, match=words) as caught:
        read_rules(path)
    assert str(path) in str(caught.value)


def ward(n: int = 1500) -> Cohort:
    rng = np.random.default_rng(0)
    height, weight = rng.normal(170, 9, n).round(), rng.normal(75, 12, n).round(1)
    came = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    stay, systolic = rng.integers(0, 30, n), rng.normal(130, 15, n).round()
    diastolic = systolic - rng.integers(20, 70, n)
    smoker, sex = rng.choice(["never", "former", "current"], n), rng.choice(["M", "F"], n)
    group = rng.choice(["Lung", "Colon", "Sepsis", "COPD", "CHF"], n)
    table = pd.DataFrame(
        {
            "height": height, "weight": weight, "bmi": (weight / (height / 100) ** 2).round(1),
            "came": came, "stay": stay, "left": came + pd.to_timedelta(stay, unit="D"),
            "sbp": systolic, "dbp": diastolic, "map": ((systolic + 2 * diastolic) / 3).round(),
            "ldl": rng.normal(130, 30, n).round(), "hdl": rng.normal(50, 10, n).round(),
            "age": rng.integers(20, 90, n), "chol_hdl": rng.normal(4, 1, n).round(1),
            "sex": sex, "pregnant": np.where((sex == "F") & (rng.random(n) < 0.2), "yes", "no"),
            "smoker": smoker, "pack_years": np.where(smoker == "never", 0, rng.integers(1, 50, n)),
            "quit": np.where(smoker == "former", rng.integers(1980, 2020, n), np.nan),
            "group": group, "part": np.where(np.isin(group, ["Lung", "Colon"]), "cancer", "organ"),
        }
    )  # fmt: skip
    table["total"] = table["ldl"] + table["hdl"]
    return Cohort.from_pandas(table)


def test_what_is_proposed():
    rules = propose_rules(ward())
    cancer = "(part == 'cancer') == (group in ('Colon', 'Lung'))"
    assert {str(rule) for rule in rules} == {
        "abs(bmi - weight / (height / 100) ** 2) <= 0.06",
        "abs(map - (sbp + 2 * dbp) / 3) <= 0.51",
        "abs(came + stay - left) <= 1e-06",
        "abs(ldl + hdl - total) <= 1e-06",
        "came <= left",
        "dbp < sbp",
        "missing(quit) and pack_years == 0 when smoker == 'never'",
        "not missing(quit) when smoker == 'former'",
        "missing(quit) when smoker == 'current'",
        "sex == 'F' when pregnant == 'yes'",
        f"{cancer} and (part == 'organ') == (group in ('CHF', 'COPD', 'Sepsis'))",
    }  # fmt: skip
    assert all(rule.holds(ward()).all() for rule in rules)
    assert all("holds in all" in rule.source for rule in rules)
    assert {rule.name: rule.support for rule in rules}["came at most left"] == 1500


def test_no_rule_is_proposed_for_independent_fields():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({f"lab_{i}": rng.normal(50 + i, 10, 400).round(1) for i in range(12)})
    table = table.assign(**{f"sign_{i}": rng.choice(["a", "b", "c"], 400) for i in range(12)})
    table["age"], table["cholesterol"] = rng.integers(20, 90, 400), rng.integers(120, 400, 400)
    table["gap"] = np.where(rng.random(400) < 0.4, np.nan, rng.normal(size=400))
    assert propose_rules(Cohort.from_pandas(table)) == []


def test_the_worst_of_three_measurements_is_above_their_mean():
    rules = {str(rule) for rule in propose_rules(load_demo())}
    assert "`mean radius` <= `worst radius`" in rules
    assert len(rules) <= 12


@pytest.mark.parametrize("n", [1, 3, 30])
def test_small_tables_prove_nothing(n):
    assert propose_rules(ward().take(range(n))) == []
