"""What a column is taken for: spelled as text, as in csv, or typed, as in a frame."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_linnerud, load_wine

from manikin.cohort.cohort import Cohort
from manikin.errors import SchemaError
from manikin.schema.inference.columns import order_levels
from manikin.schema.inference.numeric import are_missing_sentinels, find_grid_step
from manikin.schema.kinds import Category, Kind, Number, Schema, Signal, Text, Time

RNG = np.random.default_rng(0)


def spelled(values, name="x", declared: Kind | None = None):
    """One column of text, read as from a csv file."""
    table = pa.table({name: pa.array([str(value) for value in values], pa.string())})
    schema = Schema({name: declared}) if declared else None
    cohort = Cohort.from_table(table, schema, spelled=True)
    return cohort.schema[name], cohort.columns[name].combine_chunks(), cohort.notes


def kind(values, name="x") -> Kind:
    return spelled(values, name)[0]


def ints(low, high, n=200):
    return RNG.integers(low, high, n).tolist()


# --- numbers ---


def test_numbers_get_the_type_they_are_spelled_in():
    assert spelled(["1", "20", "+3"])[1].to_pylist() == [1, 20, 3]
    assert spelled(["1", "20", " 3.50 "])[1].to_pylist() == [1.0, 20.0, 3.5]
    assert spelled(["1e-3", ".5", "-2."])[1].to_pylist() == [0.001, 0.5, -2.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(40), 1),
        (np.arange(40) / 2, 0.5),
        (np.arange(40) * 2.0, 2),
        (np.round(np.linspace(20, 90, 40), 5), 1e-05),
        (np.arange(40) * 0.1, 0.1),
        (np.round(np.arange(40) * 0.1, 1).astype(np.float32), 0.1),
        (np.linspace(0, 1, 41) ** 0.5, None),
        (np.float32(0.1) * np.arange(40, dtype=np.float64), None),
        (np.array([0.5, 2.0]), 0.1),
    ],
)
def test_the_recording_grid(values, expected):
    assert find_grid_step(values) == expected


def test_one_record_in_200_may_lie_off_the_grid():
    values = np.append(np.arange(50.0), 7.123456789)
    assert find_grid_step(values, np.append(np.full(50, 10), 1)) == 1
    assert find_grid_step(values, np.append(np.full(50, 10), 3)) is None


def test_a_low_of_zero_needs_twenty_records():
    assert kind(RNG.normal(50, 9, 40).round(1)).low == 0
    assert kind(RNG.normal(50, 9, 15).round(1)).low is None
    assert kind(RNG.normal(0, 9, 40).round(1)).low is None


def test_units_that_names_state():
    values = RNG.normal(50, 9, 40).round(1)
    assert kind(values, "weight_kg").unit == "kg"
    assert kind(values, "petal length (cm)").unit == "cm"
    assert kind(values, "age").unit is None
    assert kind(values, "saturation_percent").high == 100


def test_point_masses_are_reported():
    assert "x: 50% of the values are 0" in spelled([0] * 50 + list(range(1, 51)))[2]


# --- codes ---


@pytest.mark.parametrize(
    ("values", "name", "levels", "ordered"),
    [
        ([0, 1] * 20, "x", (0, 1), False),
        ([1, 2] * 3, "x", (1, 2), False),
        (ints(1, 9), "admission_type_id", (1, 2, 3, 4, 5, 6, 7, 8), False),
        (ints(1, 5), "tumour_grade", (1, 2, 3, 4), True),
        ([3, 6, 7] * 30, "thal", (3, 6, 7), False),
        ([3, 6, 7] * 30, "x", (3, 6, 7), False),
        (ints(0, 5), "x", (0, 1, 2, 3, 4), True),
        (["0.0", "1.0"] * 20, "x", (0.0, 1.0), False),
    ],
)
def test_whole_numbers_that_are_codes(values, name, levels, ordered):
    assert kind(values, name) == Category(levels, ordered=ordered)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (ints(0, 5), "num_procedures"),
        (ints(0, 4), "number_of_sites"),
        (ints(1, 15), "time_in_hospital"),
        (ints(0, 12), "x"),
        (ints(1990, 1994), "year"),
        (RNG.integers(0, 5, 20).tolist(), "x"),
    ],
)
def test_whole_numbers_that_are_quantities(values, name):
    assert isinstance(kind(values, name), Number)


# --- missing values ---


@pytest.mark.parametrize("spelling", ["?", "NA", "N/A", "NaN", "null", "None", "<NA>"])
def test_spellings_of_missing(spelling):
    found, values, notes = spelled([spelling, *range(30, 60)])
    assert (found.missing, values.null_count, values.type) == ((spelling,), 1, pa.int64())
    assert any("read as missing (3.2% of the records)" in note for note in notes)


def test_empty_cells_go_without_saying_and_the_commonest_spelling_comes_first():
    assert kind(["", *range(30, 60)]).missing == ()
    assert kind(["", "?", "?", *range(30, 60)]).missing == ("?", "")


def test_none_is_a_level_on_a_scale_of_severity():
    assert kind(["None", "Mild", "Severe"] * 9).levels == ("None", "Mild", "Severe")
    assert kind(["None", "Norm", ">200", ">300"] * 9) == Category(
        ("Norm", ">200", ">300"), True, None, ("None",)
    )


def test_unknown_is_a_gap_among_numbers_and_a_level_among_words():
    assert kind(["unknown", *range(30, 60)]).missing == ("unknown",)
    assert kind(["Unknown", "Yes please", "No thanks"] * 9).levels == ("No thanks", "Unknown", "Yes please")


@pytest.mark.parametrize(
    ("values", "counts", "expected"),
    [
        ([-999, 40, 41, 42], [3, 5, 5, 5], [True, False, False, False]),
        ([-9, 0, 1], [4, 9, 9], [True, False, False]),
        ([0, 20, 150, 999], [5, 9, 9, 3], [False, False, False, True]),
        ([0, 20, 150, 999], [5, 9, 9, 1], [False] * 4),  # once may be a reading
        ([0, 20, 900, 999], [5, 9, 9, 3], [False] * 4),  # not set apart
        ([-9, -3, 2, 8], [5, 9, 9, 3], [False] * 4),  # base excess may be -9
        ([-99, -3, 2, 8], [5, 9, 9, 3], [True, False, False, False]),
        ([-1, 0, 1, 2], [5, 9, 9, 3], [False] * 4),
    ],
)
def test_numbers_that_stand_for_a_gap(values, counts, expected):
    assert are_missing_sentinels(np.array(values), np.array(counts)).tolist() == expected


def test_a_gap_number_is_remembered_as_it_was_spelled():
    found, values, notes = spelled(["-999.0"] * 4 + [str(v / 2) for v in range(60)])
    assert (found.missing, values.null_count) == (("-999.0",), 4)
    assert any("'-999.0' read as missing" in note for note in notes)


def test_zeros_set_apart_are_only_pointed_out():
    found, values, notes = spelled([0] * 3 + ints(85, 300))
    assert (found.missing, values.null_count) == ((), 0)
    assert "x: 0 stands in 3 records, far below all others; if it is a gap, list it under missing" in notes
    assert not any("far below" in note for note in spelled(ints(0, 300))[2])


def test_minus_one_is_only_pointed_out():
    found, values, notes = spelled([-1] * 4 + ints(0, 80))
    assert (found.missing, values.null_count) == ((), 0)
    assert any("-1 is the only negative value" in note for note in notes)


def test_a_column_without_any_value_is_kept_and_reported():
    found, values, notes = spelled(["", "?", ""] * 9)
    assert (found, values.null_count, notes[0]) == (Category(missing=("", "?")), 27, "x: no value at all")


def test_a_column_97_percent_missing():
    found, values, _ = spelled(["?"] * 97 + ["[0-25)", "[25-50)", ">200"])
    assert (found.levels, found.ordered, values.null_count) == (("[0-25)", "[25-50)", ">200"), True, 97)


def test_constants_are_reported():
    assert spelled(["No"] * 9)[::2] == (Category(("No",)), ("x: constant",))
    assert spelled([7] * 9)[::2] == (Category((7,)), ("x: constant",))


# --- categories ---


@pytest.mark.parametrize(
    "levels",
    [
        ("[0-10)", "[10-20)", "[90-100)"),
        ("<=20", "20-50", ">50"),
        ("under $11k", "$11-$25k", "$25-$50k", ">$50k"),
        ("none", "mild", "moderate", "severe"),
        ("I", "II", "III", "IV"),
        ("18-39", "40-64", "65+"),
        ("Low", "Medium", "High"),
        ("0-1 years", "2-4 years", "5 or more"),
    ],
)
def test_levels_with_an_order_are_put_into_it(levels):
    assert order_levels(sorted(levels)) == (levels, True)
    assert kind(list(levels) * 12) == Category(levels, ordered=True)


def test_two_levels_need_no_order_but_come_with_the_negative_first():
    for no, yes in (("no", "yes"), ("N", "Y"), ("False", "True"), ("FALSE", "TRUE"), ("alive", "dead")):
        assert kind([yes, no] * 9) == Category((no, yes))


def test_many_spellings_of_yes_and_no_become_one():
    found, values, notes = spelled(["Yes", "Yes", "yes", "NO", "no", "no"] * 3)
    assert found.levels == ("no", "Yes")
    assert set(values.to_pylist()) == {"no", "Yes"}
    assert "x: several spellings of yes and no, made one" in notes


def test_diagnosis_codes_are_levels_not_identifiers():
    rng = np.random.default_rng(0)
    codes = [f"{rng.integers(1, 999)}.{rng.integers(0, 99):02d}" for _ in range(700)]
    weights = rng.dirichlet(np.full(len(codes), 0.5))
    found, values, notes = spelled([*rng.choice(codes, 9000, p=weights), *["V27", "E909"] * 20])
    assert isinstance(found, Category)
    assert found.role is None
    assert values.type == pa.string()
    assert any("levels" in note for note in notes)


def test_padded_numerals_are_codes_and_keep_their_zeros():
    assert kind(["01234", "00567", "12345"] * 9).levels == ("00567", "01234", "12345")


@pytest.mark.parametrize(
    "levels",
    [
        ("1A", "1B", "2A", "3"),
        ("1st", "2nd", "3rd"),
        ("5 mg", "10 mg", "placebo"),
        ("0", "1", "2", "3+"),
        ("<30", ">30", "NO"),
    ],
)
def test_numbers_with_letters_that_are_plainly_levels(levels):
    assert set(kind(list(levels) * 20).levels) == set(levels)


# --- refusals ---


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([f"{w} kg" for w in range(50, 90)], "numbers with a unit"),
        (["72 kg", "80 kg"] * 20, "numbers with a unit"),
        ([f"{w}mmHg" for w in range(50, 90)], "numbers with a unit"),
        ([f"{w} points" for w in range(50, 90)], "numbers with a unit"),
        ([*range(50, 80), "91 kg", "92 kg"], "numbers with a unit"),
        ([f"{w}%" for w in range(50, 90)], "numbers with a unit"),
        ([*range(900, 930), *(f"{w},{w}0" for w in range(10, 50))], "thousands mark"),
        ([f"${w}" for w in range(10, 50)], "currency"),
        ([f"{w},5" for w in range(10, 50)], "decimal comma"),
        ([f"{100 + w}/{60 + w}" for w in range(40)], "two numbers in one cell"),
        ([*range(1, 7), *["<5"] * 20, *[">300", "<7", "<8", "<9", ">200"]], "limits such as '<5'"),
        ([*range(10, 50), "low 90s"], "often 'low 90s'"),
        ([*range(10, 50), "haemolysed"], "40 values are numbers and 1 are text"),
        (["2020-01-05T10:00:00+01:00", "2020-07-05T10:00:00+02:00"] * 9, "one layout and time zone"),
        (["2020-01-05", "05/01/2020"] * 9, "one layout and time zone"),
        (["01/02/2020", "03/04/2020"] * 9, "day and month cannot be told apart"),
    ],
)
def test_text_that_hides_numbers_is_refused(values, words):
    with pytest.raises(SchemaError, match=words) as caught:
        spelled(values, "vital")
    assert "'vital'" in str(caught.value)


def test_a_refusal_shows_only_spellings_that_many_share():
    with pytest.raises(SchemaError) as caught:
        spelled([*range(40), *["pending"] * 6, "Mrs Jones refused"])
    assert "'pending'" in str(caught.value)
    assert "Jones" not in str(caught.value)


def test_infinite_values_are_refused():
    with pytest.raises(SchemaError, match="'x': infinite"):
        Cohort.from_pandas(pd.DataFrame({"x": [1.0, 2.0, np.inf]}))


# --- times ---


@pytest.mark.parametrize(
    ("values", "layout", "unit"),
    [
        (["2020-01-05", "2021-12-31"], "%Y-%m-%d", "day"),
        (["25/01/2020", "04/03/2021"], "%d/%m/%Y", "day"),
        (["1/25/2020", "3/4/2021"], "%m/%d/%Y", "day"),
        (["05JAN2020", "15FEB2021"], "%d%b%Y", "day"),
        (["20200105", "20211231"], "%Y%m%d", "day"),
        (["31.12.2020", "01.02.2020"], "%d.%m.%Y", "day"),
        (["2164-10-23 21:09:00", "2164-11-01 17:15:00"], "%Y-%m-%d %H:%M:%S", "minute"),
        (["2020-01-05T10:11:12Z", "2020-02-05T10:11:12Z"], "%Y-%m-%dT%H:%M:%SZ", "s"),
        (["2020-01-05 10:11", "2020-02-05 10:11"], "%Y-%m-%d %H:%M", "minute"),
        (["2020-01-05 10:11:12.125", "2020-02-05 10:11:12.500"], "%Y-%m-%d %H:%M:%S.%f", "ms"),
        (["2020-01-05 00:00:00", "2021-12-31 00:00:00"], "%Y-%m-%d %H:%M:%S", "day"),
        (["12:30", "01:15"], "%H:%M", "minute"),
        (["2020-01", "2021-12"], "%Y-%m", "month"),
    ],
)
def test_dates_and_moments(values, layout, unit):
    found, column, _ = spelled([*values, "NA"])
    assert (found.format, found.unit, found.missing) == (layout, unit, ("NA",))
    assert pa.types.is_timestamp(column.type)
    assert column.null_count == 1


def test_the_values_of_a_date():
    found = spelled(["25/01/2020", "04/03/2021"])[1]
    assert [moment.date().isoformat() for moment in found.to_pylist()] == ["2020-01-25", "2021-03-04"]


# --- identifiers, subjects, survival ---


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("rownames", RNG.permutation(200) + 1),
        ("sno", np.arange(1, 201)),
        ("encounter_id", RNG.integers(10**6, 10**9, 200)),
        ("x", RNG.permutation(200) + 1),
        ("x", np.setdiff1d(np.arange(220), RNG.integers(0, 220, 20))),  # a counter with gaps
        ("x", [f"P{i:05d}" for i in RNG.permutation(200)]),
        ("last_name", [f"Name{i % 60}" for i in range(200)]),
        ("contact", [f"a{i}@example.org" for i in range(200)]),
        ("contact", [f"+31 6 1234 {1000 + i}" for i in range(200)]),
        (
            "remarks",
            [f"patient {i} tells a long story about the pain in the chest {i * 7}" for i in range(200)],
        ),
    ],
)
def test_identifiers(name, values):
    found, _, notes = spelled(values, name)
    assert found.role == "identifier"
    assert any("never modelled" in note or isinstance(found, Text) for note in notes)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("glucose", np.sort(RNG.choice(np.arange(70, 400), 60, replace=False))),
        ("creatinine", RNG.normal(80, 20, 60).round(3)),
        ("age", np.arange(20, 80)),
        ("time", np.arange(1, 61)),
        ("x", np.exp(RNG.normal(12, 0.5, 60)).round()),
        ("PT", RNG.integers(10, 20, 60)),
        ("patient_weight", RNG.integers(40, 120, 60)),
    ],
)
def test_distinct_measurements_are_no_identifiers(name, values):
    found = kind(values, name)
    assert isinstance(found, Number)
    assert found.role is None


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes, load_wine, load_linnerud])
@pytest.mark.parametrize("n", [10, 20, 60, 150])
def test_no_measurement_of_a_small_table_is_hidden(load, n):
    table = load(as_frame=True).frame.sample(n, random_state=n, replace=n > 150 or load is load_linnerud)
    for order in ("kept", "sorted"):
        table = table if order == "kept" else table.sort_values(list(table.columns[:1]))
        cohort = Cohort.from_pandas(table.reset_index(drop=True))
        assert cohort.schema.modelled_fields == list(table.columns)


@pytest.mark.parametrize(
    "name", ["patient_nbr", "pid", "subject_id", "PatientID", "id", "mrn", "person_id"]
)
def test_patients_with_several_records_are_subjects(name):
    assert kind(RNG.integers(1000, 1080, 300), name).role == "subject"
    assert kind(RNG.permutation(300) * 7, name).role == "identifier"


@pytest.mark.parametrize(
    ("time", "event"),
    [("time", "cens"), ("futime", "death"), ("d.time", "death"), ("rtime", "recur"), ("OS.time", "OS")],
)
def test_survival_pairs(time, event):
    table = pd.DataFrame(
        {time: RNG.integers(1, 3000, 80), "x": RNG.normal(size=80), event: RNG.integers(0, 2, 80)}
    )
    assert Cohort.from_pandas(table).schema.survival_pairs == [(time, event)]


def test_a_time_alone_or_an_event_of_three_levels_is_no_pair():
    table = pd.DataFrame({"time": RNG.integers(1, 3000, 80), "status": RNG.integers(0, 3, 80)})
    assert Cohort.from_pandas(table).schema.survival_pairs == []
    assert Cohort.from_pandas(table[["time"]]).schema.find_by_role("time") is None


# --- declared ---


def test_what_is_declared_overrides_and_what_is_open_is_filled_in():
    found, values, _ = spelled(ints(0, 5), "x", Number(unit="mmol/l"))
    assert found == Number(unit="mmol/l", low=0, step=1)
    assert values.type == pa.int64()


def test_a_declared_role_is_taken_as_it_is():
    values = RNG.permutation(200) + 1
    assert kind(values, "sno").role == "identifier"
    assert spelled(values, "sno", Number())[0].role is None


def test_declared_levels_decide_the_type():
    assert spelled([0, 1] * 9, "x", Category((0, 1)))[1].type == pa.int64()
    assert spelled([0, 1] * 9, "x", Category(("0", "1", "2")))[1].type == pa.string()
    assert spelled(["yes", "no"] * 9, "x", Category((False, True)))[1].type == pa.bool_()


def test_declared_missing_overrides_the_usual_spellings():
    found, values, _ = spelled(["None", "?", "a"] * 9, "x", Category(missing=("?",)))
    assert (found.levels, found.missing, values.null_count) == (("a", "None"), ("?",), 9)
    found, values, _ = spelled([9, 1, 2] * 9, "x", Category((1, 2), missing=("9",)))
    assert (found.missing, values.null_count) == (("9",), 9)


def test_declared_format_settles_day_and_month():
    values = spelled(["01/02/2020", "03/04/2020"], "x", Time(format="%m/%d/%Y"))[1]
    assert values[0].as_py().month == 1


@pytest.mark.parametrize(
    ("values", "declared", "words"),
    [
        (["F", "M"], Category(("F",)), "1 levels in the data are not among the 1 declared"),
        (["F", "M"], Number(), "2 of 2 values are none"),
        ([50, 130], Number(high=120), "1 values lie outside the declared range -inf to 120"),
        (["2020-01-05"], Time(format="%d/%m/%Y"), "do not follow the format"),
        (["a"], Signal(), "holds no arrays"),
    ],
)
def test_data_against_their_declaration(values, declared, words):
    with pytest.raises(SchemaError, match=words) as caught:
        spelled(values, "field", declared)
    assert "'field'" in str(caught.value)


def test_a_declared_field_that_is_absent_is_named():
    with pytest.raises(SchemaError, match="declares weight, which the data do not have"):
        Cohort.from_table(pa.table({"x": [1]}), Schema(weight=Number()))


def test_a_frame_keeps_blanks_and_numerals_in_text():
    table = pd.DataFrame({"a": [" x", "y "] * 9, "b": ["1", "2"] * 9})
    cohort = Cohort.from_pandas(table)
    assert cohort.schema["a"].levels == (" x", "y ")
    assert cohort.schema["b"].levels == ("1", "2")
    pd.testing.assert_frame_equal(cohort.to_pandas(), table)
