"""Histories in and out: long tables, times, visits, static facts, bad input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import manikin as mk
from manikin.cohort.fingerprint import compute_fingerprint
from manikin.cohort.histories import Histories
from manikin.datasets.histories import generate_toy_histories
from manikin.ehr import corrupt
from manikin.ehr.build_histories import build_histories
from manikin.ehr.vocabulary import build_vocabulary
from manikin.errors import FormatError, SchemaError
from manikin.schema.history_type import HISTORY_TYPE

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """subject_id,time,code,numeric_value
7,,sex//F,
7,1950-01-01,MEDS_BIRTH,
7,,bmi,24.5
7,2010-01-01,ICD10//I10,
7,2010-01-01,LAB//GLU,7.5
7,2010-03-01,MEDS_DEATH,
7,2010-03-01,ICD10//I10,
7,2010-03-01,ICD10//I10,
9,,sex//M,
9,,bmi,31.5
9,1960-06-01,MEDS_BIRTH,
9,2011-01-01,ICD10//E11,
"""


@pytest.fixture
def cohort(tmp_path: Path) -> mk.Cohort:
    path = tmp_path / "meds.csv"
    path.write_text(TABLE)
    return mk.read(path)


def test_a_table_of_codes_is_one_record_for_each_patient(cohort: mk.Cohort) -> None:
    assert list(cohort.schema) == ["subject_id", "sex", "bmi", "age", "history"]
    assert cohort["age"].tolist() == [60.0, 50.5845]  # 18,476 days after the birth
    first = cohort["history"][0]
    assert first["code"].tolist() == ["ICD10//I10", "LAB//GLU", "ICD10//I10", "MEDS_DEATH"]
    assert first["time"].tolist() == [0, 0, 59, 59]
    assert first["visit"].tolist() == [0, 0, 1, 1]
    assert any("1 events repeat another" in note for note in cohort.notes)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.tsv"])
def test_what_is_modelled_comes_back(cohort: mk.Cohort, tmp_path: Path, name: str) -> None:
    mk.write(cohort, tmp_path / name)
    again = mk.read(tmp_path / name)
    assert again.columns.equals(cohort.columns)
    assert compute_fingerprint(again) == compute_fingerprint(cohort)
    mk.write(generate_toy_histories(30), tmp_path / f"made-{name}")
    assert mk.read(tmp_path / f"made-{name}").columns.select(["sex", "history"]) == generate_toy_histories(
        30
    ).columns.select(["sex", "history"])


def test_parquet_has_the_types_of_meds(tmp_path: Path) -> None:
    cohort = generate_toy_histories(20)
    mk.write(cohort, tmp_path / "meds.parquet")
    types = {field.name: str(field.type) for field in parquet.read_schema(tmp_path / "meds.parquet")}
    assert types == {
        "subject_id": "int64",
        "time": "timestamp[us]",
        "code": "string",
        "numeric_value": "float",
        "visit_id": "int64",
    }
    assert mk.read(tmp_path / "meds.parquet").columns["history"].equals(cohort.columns["history"])


def test_a_dataset_of_meds_comes_back(tmp_path: Path) -> None:
    cohort = generate_toy_histories(20)
    for i, part in enumerate((cohort.take(range(12)), cohort.take(range(12, 20)))):
        (tmp_path / "in" / "data" / str(i)).mkdir(parents=True)
        mk.write(part, tmp_path / "in" / "data" / str(i) / "0.parquet")
    (tmp_path / "in" / "metadata").mkdir()
    (tmp_path / "in" / "metadata" / "dataset.json").write_text("{}")
    found = mk.read(tmp_path / "in")
    assert found.columns["history"].equals(cohort.columns["history"])
    assert "not modelled and left out: metadata/dataset.json" in found.notes
    mk.write(found, tmp_path / "out")
    assert mk.read(tmp_path / "out").columns.equals(found.columns)
    codes = parquet.read_table(tmp_path / "out" / "metadata" / "codes.parquet")["code"].to_pylist()
    assert len(codes) == len(set(codes))
    (tmp_path / "in" / "data" / "1" / "0.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(FormatError, match="no Parquet"):
        mk.read(tmp_path / "in")


def test_dates_of_patients_stay_behind(cohort: mk.Cohort, tmp_path: Path) -> None:
    mk.write(cohort, tmp_path / "out.csv")
    assert "2010" not in (tmp_path / "out.csv").read_text()


def test_histories_are_split_taken_and_framed(cohort: mk.Cohort) -> None:
    frame = cohort.to_pandas()
    assert mk.Cohort.from_pandas(frame).columns.equals(cohort.columns)
    assert cohort.take([1])["history"][0]["code"].tolist() == ["ICD10//E11"]
    assert compute_fingerprint(cohort) != compute_fingerprint(cohort.take([1, 0]))
    train, holdout = generate_toy_histories(40).split(0.25)
    assert (len(train), len(holdout)) == (30, 10)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("7,2010-01-01,,", "row 14: no code"),
        (",2010-01-01,ICD10//I10,", "row 14: no subject_id"),
        ("7,2010-01-01,LAB//GLU,high", "row 14: the numeric_value is no number"),
        ("7,last summer,ICD10//I10,", "row 14: the time is no time"),
        ("7,1949-01-01,ICD10//I10,", "1 events are before the birth"),
        ("7,1951-01-01,MEDS_BIRTH,", "1 births follow another birth"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(TABLE + line + "\n")
    with pytest.raises((FormatError, SchemaError), match=says) as caught:
        mk.read(path)
    assert "bad.csv" in str(caught.value)


def test_an_age_below_zero_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ages.csv"
    path.write_text(
        "subject_id,time,code,numeric_value\n1,,age,40\n1,2020-01-01,A,\n2,,age,-5\n2,2020-01-01,A,\n"
    )
    with pytest.raises(SchemaError, match=r"1 ages are below 0, first of patient 2"):
        mk.read(path)
    cohort = mk.read(path, skip_bad=True)
    assert cohort.columns["age"].to_pylist() == [40, None]
    assert "1 ages are below 0 and are left out" in cohort.notes


def test_bad_rows_are_left_out_on_request(tmp_path: Path) -> None:
    path, lines = tmp_path / "bad.csv", TABLE.splitlines(keepends=True)
    path.write_text(TABLE)
    whole = mk.read(path)
    bad = ["8,soon,ICD10//I10,\n", ",2010-01-01,ICD10//I10,\n", "8,2010-01-01,,\n", "8,2010-01-01,A,high\n"]
    path.write_text("".join([lines[0], *bad, *lines[1:]]))
    with pytest.raises(FormatError, match="row 2: the time is no time"):
        mk.read(path)
    cohort = mk.read(path, skip_bad=True)
    assert cohort.columns.equals(whole.columns)
    assert any("4 bad rows are left out, the first" in note for note in cohort.notes)


def test_times_of_several_spellings_are_refused_and_zones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("subject_id,time,code\n1,2020-01-01T10:00:00+02:00,A\n1,2020-01-01T10:00:00Z,B\n")
    assert mk.read(path)["history"][0]["time"].tolist() == pytest.approx([0, 2 / 24])
    path.write_text("subject_id,time,code\n1,2020-01-01,A\n1,13.02.2020,B\n")
    with pytest.raises(FormatError, match="row 3: the time is spelled otherwise than most"):
        mk.read(path)
    assert mk.read(path, skip_bad=True)["history"][0]["code"].tolist() == ["A"]


def test_a_patient_without_events_has_no_age(tmp_path: Path) -> None:
    path = tmp_path / "early.csv"
    path.write_text("subject_id,time,code\n1,2020-01-01,A\n1,2021-02-01,MEDS_BIRTH\n2,2020-01-01,A\n")
    cohort = mk.read(path, skip_bad=True)
    assert cohort.columns["age"].null_count == 2
    assert not any("beyond" in note for note in cohort.notes)


def test_another_column_is_a_code_where_it_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "diagnoses.csv"
    path.write_text(
        "patient_id,date,icd10,ward\n1,2010-01-01,I10,A\n1,2010-05-01,E11,B\n2,2011-01-01,I10,A\n"
    )
    assert "history" not in mk.read(path).schema
    found = mk.read(path, mk.Schema(icd10=mk.Codes(system="ICD-10")))
    assert found.schema["history"] == mk.Codes(system="ICD-10")
    assert found["history"][0]["time"].tolist() == [0, 120]
    assert any("ward" in note for note in found.notes)


def test_visits_are_labels_else_parted_by_a_day() -> None:
    time = np.array([0.0, 3.0, 0.5, 9.0, 1.0])
    visit = np.array([5, 5, -1, -1, -1])  # the third and fifth fall into the labelled visit
    names = np.array(list("abcde"), dtype=object)
    found = build_histories(np.zeros(5, int), time, visit, np.arange(5), np.full(5, np.nan), names, 1)
    assert found.codes[found.code].tolist() == ["a", "c", "e", "b", "d"]
    assert found.visit.tolist() == [0, 0, 0, 0, 1]


def test_a_rare_code_gives_way_to_its_parent() -> None:
    bags = [["ICD9//25001"], ["ICD9//25002"], ["LAB//9"], ["ICD9//401", "ICD9//401"], ["ICD9//401"]]
    codes, facts = build_vocabulary(Histories.from_column(pa.chunked_array([bags])), np.arange(5), 2)
    assert set(codes) == {"ICD9//2500", "ICD9//401"}
    assert (facts["codes_by_parent"], facts["codes_left_out"]) == (2, 1)


def test_exchanged_visits_keep_their_times_and_all_codes() -> None:
    found = Histories.from_column(generate_toy_histories(50).columns["history"])
    other = corrupt.shuffle_visits(found, np.random.default_rng(0))
    assert np.array_equal(np.sort(found.code), np.sort(other.code))
    assert np.array_equal(found.visit_counts, other.visit_counts)
    assert np.allclose(found.time[found.is_visit_start], other.time[other.is_visit_start])
    assert pa.types.is_list(other.column.type)
    assert other.column.type == HISTORY_TYPE


@pytest.mark.parametrize("name", ["out.npz", "out.arff"])
def test_a_format_without_room_for_histories_says_so(cohort: mk.Cohort, tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatError, match="histories"):
        mk.write(cohort, tmp_path / name)


def test_a_name_without_suffix_gets_that_of_the_file(cohort: mk.Cohort, tmp_path: Path) -> None:
    mk.write(cohort, tmp_path / "synthetic")
    assert mk.read(tmp_path / "synthetic.csv").columns.equals(cohort.columns)


def long(tmp_path: Path, rows: str, head: str = "subject_id,time,code,numeric_value") -> Path:
    path = tmp_path / "events.csv"
    path.write_text(f"{head}\n{rows}\n")
    return path


def test_system_unit_answer_and_name_stay_with_the_code(tmp_path: Path) -> None:
    path = long(
        tmp_path,
        "1,,,sex//F,,,,\n1,2020-01-01,LOINC,2345-7,5.5,mmol/L,,Glucose\n"
        "1,2020-01-01,LOINC,2345-7,99,mg/dL,,Glucose\n2,2020-01-01,ICD10,E11,,,severe,Diabetes\n"
        "2,2020-02-01,,A//B,1,,,\n2,2020-03-01,,MEDS_DEATH,,,,",
        "subject_id,time,system,code,value,unit,text_value,description",
    )
    cohort = mk.read(path)
    first, second = cohort["history"]
    assert first["code"].tolist() == ["LOINC//2345-7//mg/dL", "LOINC//2345-7//mmol/L"]
    assert second["code"].tolist() == ["ICD10//E11//=severe", "NONE//A//B", "MEDS_DEATH"]
    assert cohort["sex"].tolist() == ["F", None]
    mk.write(cohort, tmp_path / "out.csv")
    again = mk.read(tmp_path / "out.csv")
    assert again.columns.equals(cohort.columns)
    written = (tmp_path / "out.csv").read_text().splitlines()
    head = written[0].split(",")
    rows = [dict(zip(head, line.split(","), strict=True)) for line in written[1:]]
    shown = [
        (row["system"], row["code"], row["unit"], row["text_value"], row["description"]) for row in rows
    ]
    assert shown[:3] == [
        ("", "sex//F", "", "", ""),
        ("LOINC", "2345-7", "mg/dL", "", "Glucose"),
        ("LOINC", "2345-7", "mmol/L", "", "Glucose"),
    ]
    assert shown[3:] == [("ICD10", "E11", "", "severe", "Diabetes"), ("", "A//B", "", "", ""), shown[-1]]
    assert shown[-1] == ("", "MEDS_DEATH", "", "", "")


def test_texts_that_are_no_answers_are_counted(tmp_path: Path) -> None:
    head = "subject_id,time,code,numeric_value,text_value"
    cohort = mk.read(long(tmp_path, f"1,2020-01-01,A,1,high\n1,2020-01-02,B,,{'x' * 65}", head))
    assert cohort["history"][0]["code"].tolist() == ["A", "B"]
    assert any("2 texts are long, or stand beside a number" in note for note in cohort.notes)


def test_dates_among_moments_are_midnights(tmp_path: Path) -> None:
    cohort = mk.read(long(tmp_path, "1,2020-01-01,A,\n1,2020-01-02T12:00:00,B,\n1,2020-01-03 06:00,C,"))
    assert cohort["history"][0]["time"].tolist() == [0, 1.5, 2.25]


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        ("1,2020-01-01T10:00:00Z,A,\n1,2020-01-02T10:00:00Z,B,\n1,2020-01-03,C,", 4),
        ("1,03.01.2020,A,\n1,2020-01-02,B,\n1,2020-01-03,C,", 2),
    ],
)
def test_rows_spelled_otherwise_are_named_or_left_out(tmp_path: Path, rows: str, row: int) -> None:
    path = long(tmp_path, rows)
    with pytest.raises(FormatError, match=rf"row {row}: the time is spelled otherwise than most"):
        mk.read(path)
    assert len(mk.read(path, skip_bad=True)["history"][0]) == 2


def test_numbers_that_cannot_be_days_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"spans 474 years if its numbers count days"):
        mk.read(long(tmp_path, "1,1577836800,A,\n1,1578009928,B,"))


def test_what_comes_after_a_death_is_said(tmp_path: Path) -> None:
    cohort = mk.read(long(tmp_path, "1,2020-01-01,MEDS_DEATH,\n1,2020-01-03,A,\n2,2020-01-03,A,"))
    assert any("1 events come after the death of their patient" in note for note in cohort.notes)


def dataset(tmp_path: Path, **changes: pa.Array) -> Path:
    """A dataset of MEDS in two parts, with columns of its own, and names of codes."""
    days = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[us]")
    table = {
        "subject_id": pa.array([1, 1]),
        "time": pa.array(days),
        "code": pa.array(["LAB//A", "ICD10//I10"]),
        "numeric_value": pa.array([7.5, None], pa.float32()),
        "note_path": pa.array(["a", "b"]),
    }
    (tmp_path / "in" / "data" / "train").mkdir(parents=True)
    (tmp_path / "in" / "metadata").mkdir()
    parquet.write_table(pa.table(table), tmp_path / "in" / "data" / "train" / "0.parquet")
    table = {**table, "subject_id": pa.array([2, 2]), **changes}
    parquet.write_table(pa.table(table), tmp_path / "in" / "data" / "train" / "1.parquet")
    told = {"code": ["ICD10//I10"], "description": ["Hypertension"]}
    parquet.write_table(pa.table(told), tmp_path / "in" / "metadata" / "codes.parquet")
    return tmp_path / "in"


def test_a_dataset_of_meds_may_have_columns_of_its_own(tmp_path: Path) -> None:
    cohort = mk.read(dataset(tmp_path))
    assert len(cohort) == 2
    assert any("columns note_path are not modelled" in note for note in cohort.notes)


def test_names_of_codes_of_meds_come_back(tmp_path: Path) -> None:
    mk.write(mk.read(dataset(tmp_path)), tmp_path / "out")
    told = parquet.read_table(tmp_path / "out" / "metadata" / "codes.parquet").to_pydict()
    assert dict(zip(told["code"], told["description"], strict=True)) == {
        "LAB//A": None,
        "ICD10//I10": "Hypertension",
    }


def test_answers_of_a_dataset_are_large_strings_as_meds_says(tmp_path: Path) -> None:
    answers = pa.array([None, "mild"], pa.large_string())
    mk.write(mk.read(dataset(tmp_path, text_value=answers)), tmp_path / "out")
    table = parquet.read_table(tmp_path / "out" / "data" / "0.parquet")
    assert table["text_value"].type == pa.large_string()
    assert table["text_value"].drop_null().to_pylist() == ["mild"]


def test_a_bad_row_of_a_part_is_named(tmp_path: Path) -> None:
    path = dataset(tmp_path, numeric_value=pa.array([1.0, np.inf], pa.float32()))
    with pytest.raises(FormatError, match=r"data/train/1\.parquet: row 2: the numeric_value is no number"):
        mk.read(path)
    cohort = mk.read(path, skip_bad=True)
    assert [len(events) for events in cohort["history"]] == [2, 1]
    other = pa.table({"code": ["A"], "description": [1]})
    parquet.write_table(other.drop(["description"]), path / "metadata" / "codes.parquet")
    with pytest.raises(FormatError, match=r"codes\.parquet: is no table of codes"):
        mk.read(path, skip_bad=True)


def test_an_empty_dataset_of_meds_is_refused(tmp_path: Path) -> None:
    path = dataset(tmp_path)
    for part in (path / "data" / "train").iterdir():
        parquet.write_table(parquet.read_table(part).slice(0, 0), part)
    with pytest.raises(SchemaError, match="no event has a time"):
        mk.read(path)


def test_moments_are_written_to_the_millisecond(tmp_path: Path) -> None:
    mk.write(mk.read(long(tmp_path, "1,2020-01-01,A,\n1,2020-01-05 10:00:00,B,")), tmp_path / "out.parquet")
    times = parquet.read_table(tmp_path / "out.parquet")["time"].to_pylist()
    assert [str(time) for time in times] == ["2000-01-01 00:00:00", "2000-01-05 10:00:00"]
