"""The cohort: frames in and out, subjects, splits, selections."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from manikin.cohort.cohort import Cohort
from manikin.errors import SchemaError, UsageError
from manikin.schema.kinds import Category, Number, Schema, Signal

N = 60


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "factor": pd.Categorical(rng.choice(["x", "y"], N)),
            "ordinal": pd.Categorical(rng.choice([1, 2, 3], N), categories=[3, 2, 1], ordered=True),
            "nullable": pd.array(rng.integers(0, 50, N), "Int64"),
            "boolean": pd.array(rng.integers(0, 2, N).astype(bool), "boolean"),
            "flag": rng.integers(0, 2, N).astype(bool),
            "string": pd.array(rng.choice(["s", "t", "u"], N), "string"),
            "moment": pd.date_range("2020-01-01 10:30", periods=N),
            "zoned": pd.date_range("2020-01-01", periods=N, tz="Europe/Amsterdam"),
            "date": [dt.date(2020, 1, 1 + i % 28) for i in range(N)],
            "single": rng.normal(size=N).astype(np.float32),
            "small": rng.integers(0, 100, N).astype(np.int8),
            "gaps": rng.integers(0, 90, N).astype(float),
            "day": [f"2020-03-{1 + i % 28:02d}" for i in range(N)],
            "digit": rng.choice(["0", "1"], N),
            "numeral": [str(i * 7 % 61) for i in range(N)],
        }
    )
    table.loc[3, ["factor", "nullable", "boolean", "string", "moment", "single", "gaps"]] = None
    return table


def test_a_frame_comes_back_as_it_went_in():
    table = frame()
    pd.testing.assert_frame_equal(Cohort.from_pandas(table).to_pandas(), table)


def test_kinds_behind_the_types():
    cohort = Cohort.from_pandas(frame())
    names = {name: kind.name for name, kind in cohort.schema.items()}
    assert names == {
        "factor": "category", "ordinal": "category", "nullable": "number", "boolean": "category",
        "flag": "category", "string": "category", "moment": "time", "zoned": "time", "date": "time",
        "single": "number", "small": "number", "gaps": "number", "day": "time", "digit": "category",
        "numeral": "number",
    }  # fmt: skip
    assert cohort.schema["ordinal"] == Category(levels=(3, 2, 1), ordered=True)
    assert cohort.schema["flag"].levels == (False, True)
    assert all(len(cohort[name]) == N for name in cohort.schema)


def test_column_names_that_repeat_are_refused():
    table = pd.DataFrame(np.zeros((3, 2)), columns=["a", "a"])
    with pytest.raises(SchemaError, match="repeat: a"):
        Cohort.from_pandas(table)
    with pytest.raises(SchemaError, match="repeat: 1"):
        Cohort.from_pandas(pd.DataFrame(np.zeros((3, 2)), columns=[1, "1"]))


@pytest.mark.parametrize("table", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=range(3))])
def test_an_empty_frame_is_refused(table):
    with pytest.raises(SchemaError, match="no record"):
        Cohort.from_pandas(table)


@pytest.mark.parametrize(
    "values",
    [
        [{"a": 1}] * 5, [b"x"] * 5, [1j] * 5, [[1], [2], [3], [4], [5]],
        pd.to_timedelta(range(5), unit="D"), pd.period_range("2020-01", periods=5, freq="M"),
    ],
)  # fmt: skip
def test_values_that_no_kind_describes_are_refused_by_name(values):
    with pytest.raises(SchemaError, match="'odd'"):
        Cohort.from_pandas(pd.DataFrame({"odd": values}))


def test_a_column_of_numbers_and_words_shows_no_value():
    table = pd.DataFrame({"chol": [*range(180, 240), "haemolysed blood of Mrs X"]})
    with pytest.raises(
        SchemaError, match=r"'chol': 60 values are numbers and 1 are text .*record 61"
    ) as caught:
        Cohort.from_pandas(table)
    assert "Mrs X" not in str(caught.value)


def test_intervals_of_pandas_are_levels():
    table = pd.DataFrame({"age": pd.cut(np.arange(30.0), [-1, 10, 20, 30])})
    assert Cohort.from_pandas(table).schema["age"].levels == ("(-1, 10]", "(10, 20]", "(20, 30]")


def people() -> Cohort:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"patient_id": rng.integers(0, 40, 200), "x": rng.normal(size=200)})
    return Cohort.from_pandas(table)


def test_a_split_never_separates_the_records_of_a_subject():
    cohort = people()
    assert cohort.schema.find_by_role("subject") == "patient_id"
    train, holdout = cohort.split(0.25, seed=1)
    assert not set(train["patient_id"]) & set(holdout["patient_id"])
    assert len(set(holdout["patient_id"])) == 10
    assert len(train) + len(holdout) == 200


def test_a_split_is_the_same_for_the_same_seed():
    cohort = people()
    first, again, other = (cohort.split(0.2, seed=s)[1].columns for s in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 0.001])
def test_a_split_that_leaves_a_side_empty_is_refused(fraction):
    with pytest.raises(UsageError, match="empty"):
        people().split(fraction)


def test_records_without_a_subject_are_their_own():
    cohort = Cohort(pa.table({"pid": ["a", None, "a", None]}), Schema(pid=Category(("a",), role="subject")))
    assert cohort.subject.tolist() == [0, 1, 0, 2]


def test_select_and_take():
    cohort = people()
    assert list(cohort.select("x").schema) == ["x"]
    assert cohort.take([3, 1])["x"].tolist() == cohort["x"][[3, 1]].tolist()
    assert len(cohort.take(cohort["x"] > 0)) == (cohort["x"] > 0).sum()
    with pytest.raises(SchemaError, match="no field y"):
        cohort.select("y")
    with pytest.raises(SchemaError, match="no field 'y'"):
        cohort["y"]


def test_arrays_stand_beside_scalars():
    ecg = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    arrays = {"ecg": ecg, "age": np.array([60.0, np.nan, 50.0])}
    cohort = Cohort.from_arrays(arrays, {"ecg": Signal(rate=100.0), "age": Number()})
    assert np.array_equal(cohort["ecg"], ecg)
    assert np.isnan(cohort["age"][1])
    assert list(cohort.to_pandas().columns) == ["age"]
    assert np.array_equal(cohort.take([2, 0])["ecg"], ecg[[2, 0]])


def test_levels_present_come_in_the_order_of_the_schema():
    cohort = Cohort(pa.table({"g": ["II", None, "I"]}), Schema(g=Category(("I", "II", "III"))))
    assert cohort.list_levels("g") == ["I", "II"]


def test_a_schema_of_other_columns_is_refused():
    with pytest.raises(SchemaError, match="the schema declares a; the columns are b"):
        Cohort(pa.table({"b": [1]}), Schema(a=Number()))


def test_a_category_of_arrays_has_the_levels_that_it_shows():
    arrays = {"sex": np.array(["M", "F", None, "M"], dtype=object), "stage": np.array([3, 1, 1, 2])}
    schema = {"sex": Category(), "stage": Category(levels=(1, 2, 3, 4))}
    cohort = Cohort.from_arrays(arrays, schema)
    assert cohort.schema["sex"].levels == ("F", "M")
    assert cohort.schema["stage"].levels == (1, 2, 3, 4)


@pytest.mark.parametrize("role", [None, "subject"])
def test_sides_of_a_split_have_no_subject_in_common(role):
    schema = {"who": Number(role=role) if role else Number(), "x": Number()}
    cohort = Cohort.from_arrays({"who": np.arange(40) // 2, "x": np.arange(40.0)}, schema)
    train, holdout = cohort.split(0.25, seed=1)
    inner, held = train.split(0.5, seed=2)
    for one, other in ((train, holdout), (inner, held), (inner, holdout)):
        assert not set(one.subject) & set(other.subject)
        assert len(one.subject) == len(one)
    assert set(inner.subject) | set(held.subject) == set(train.subject)


def test_cohorts_stand_side_by_side():
    ages = Cohort.from_arrays({"age": np.array([40, 60])}, {"age": Number()}).add_notes("ages")
    sexes = Cohort.from_arrays(
        {"sex": np.array(["F", "M"]), "age": np.array([1, 2])}, {"sex": Category(), "age": Number(unit="y")}
    )
    both = ages.join(sexes)
    assert list(both.schema) == both.columns.column_names == ["age", "sex"]
    assert both["age"].tolist() == [1, 2]
    assert (both.schema["age"].unit, both.notes) == ("y", ("ages",))
    assert ages.join(Cohort(pa.table({}), Schema())).schema == ages.schema
    with pytest.raises(SchemaError, match="2 records cannot stand beside 1"):
        ages.join(sexes.take([0]))
