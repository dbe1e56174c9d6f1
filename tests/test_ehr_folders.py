"""Folders of tables: MIMIC and OMOP in and out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pyarrow import parquet

import manikin as mk
from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

MIMIC = {
    "PATIENTS": "row_id,subject_id,gender,dob,dod\n"
    "1,10,F,2094-03-05 00:00:00,\n2,11,M,2090-06-05 00:00:00,2126-08-28 00:00:00\n",
    "ADMISSIONS": "row_id,subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,"
    "discharge_location\n1,10,100,2164-10-23 12:00:00,2164-10-26 12:00:00,,EMERGENCY,HOME\n"
    "2,10,101,2164-12-23 12:00:00,2164-12-24 12:00:00,,ELECTIVE,HOME\n"
    "3,11,102,2126-08-14 12:00:00,2126-08-28 18:59:00,2126-08-28 18:59:00,EMERGENCY,DEAD/EXPIRED\n",
    "DIAGNOSES_ICD": "row_id,subject_id,hadm_id,seq_num,icd9_code\n"
    "1,10,100,1,4280\n2,10,101,1,4280\n3,11,102,1,5849\n",
    "PRESCRIPTIONS": "row_id,subject_id,hadm_id,startdate,drug\n"
    "1,10,100,2164-10-24 00:00:00,Aspirin\n2,11,102,2126-08-15 00:00:00,\n",
    "LABEVENTS": "row_id,subject_id,hadm_id,itemid,charttime,valuenum,valueuom\n"
    "1,10,100,50912,2164-10-23 18:00:00,1.2,mg/dL\n",
    "ICUSTAYS": "subject_id,intime\n",
}
OMOP = {
    "PERSON": "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,race_concept_id,"
    "ethnicity_concept_id\n1,8507,1998,4,9,8527,38003564\n2,8532,1970,,,8516,38003564\n",
    "VISIT_OCCURRENCE": "visit_occurrence_id,person_id,visit_concept_id,visit_start_date\n"
    "21,1,9202,2000-12-27\n22,1,9201,2001-03-01\n23,2,9202,2001-03-01\n",
    "CONDITION_OCCURRENCE": "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
    "visit_occurrence_id\n1,1,372328,2000-12-27,21\n2,2,372328,2001-03-01,23\n",
    "MEASUREMENT": "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,"
    "visit_occurrence_id,unit_source_value\n1,1,3025315,2001-03-02,48.1,22,kg\n",
    "DEATH": "person_id,death_date\n2,2019-05-28\n",
}


def folder(tmp_path: Path, tables: dict[str, str], name: str = "in") -> Path:
    (tmp_path / name).mkdir()
    for table, text in tables.items():
        (tmp_path / name / f"{table}.csv").write_text(text)
    return tmp_path / name


def test_mimic_is_read_by_admissions(tmp_path: Path) -> None:
    cohort = mk.read(folder(tmp_path, MIMIC))
    assert list(cohort.schema) == ["subject_id", "gender", "age", "history"]
    first, second = cohort["history"]
    assert first["code"].tolist() == [
        "HOSPITAL_ADMISSION//EMERGENCY",
        "LAB//50912//mg/dL",
        "DRUG//Aspirin",
        "DIAGNOSIS//ICD9CM//4280",
        "HOSPITAL_DISCHARGE//HOME",
        "HOSPITAL_ADMISSION//ELECTIVE",
        "DIAGNOSIS//ICD9CM//4280",
        "HOSPITAL_DISCHARGE//HOME",
    ]
    assert first["time"].tolist() == [0, 0.25, 0.5, 3, 3, 61, 62, 62]
    assert first["visit"].tolist() == [0] * 5 + [1] * 3
    assert first["value"][1] == 1.2
    assert second["code"][-1] == "MEDS_DEATH"  # once, at its time, not at its date
    assert second["code"].tolist().count("MEDS_DEATH") == 1
    assert cohort["age"].round(1).tolist() == [70.6, 36.2]
    assert any("ICUSTAYS.csv" in note for note in cohort.notes)


def test_omop_is_read_by_concepts(tmp_path: Path) -> None:
    cohort = mk.read(folder(tmp_path, OMOP))
    first, second = cohort["history"]
    assert first["code"].tolist() == [
        "CONDITION//372328",
        "VISIT//9202",
        "VISIT//9201",
        "MEASUREMENT//3025315//kg",
    ]
    assert first["time"].tolist() == [0, 0, 64, 65]
    assert second["code"].tolist() == ["CONDITION//372328", "VISIT//9202", "MEDS_DEATH"]
    assert cohort["gender"].tolist() == ["M", "F"]
    assert cohort["age"].round(1).tolist() == [2.7, 30.7]


@pytest.mark.parametrize("tables", [MIMIC, OMOP], ids=["mimic", "omop"])
def test_what_is_modelled_comes_back(tmp_path: Path, tables: dict[str, str]) -> None:
    cohort = mk.read(folder(tmp_path, tables))
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    for old, new in zip(cohort["history"], again["history"], strict=True):
        assert new["code"].tolist() == old["code"].tolist()
        assert new["visit"].tolist() == old["visit"].tolist()
        assert abs(new["time"] - old["time"]).max() < 1 / 1440
    assert abs(again["age"] - cohort["age"]).max() < 0.01
    written = (tmp_path / "out" / ("PATIENTS.csv" if tables is MIMIC else "PERSON.csv")).read_text()
    assert not any(year in written for year in ("2094", "2090", "1998"))


def test_omop_events_without_a_visit_come_back_alone(tmp_path: Path) -> None:
    visits = OMOP["VISIT_OCCURRENCE"] + "24,2,0,2001-05-01\n"
    free = OMOP["CONDITION_OCCURRENCE"] + "3,1,4112343,2002-01-01,\n4,2,4112343,2001-05-02,24\n"
    changed = {**OMOP, "VISIT_OCCURRENCE": visits, "CONDITION_OCCURRENCE": free}
    cohort = mk.read(folder(tmp_path, changed))
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    for old, new in zip(cohort["history"], again["history"], strict=True):
        assert new["code"].tolist() == old["code"].tolist()
        assert new["visit"].tolist() == old["visit"].tolist()
    assert cohort["history"][0]["code"].tolist()[-1] == "CONDITION//4112343"
    assert cohort["history"][1]["visit"].tolist() == [0, 0, 1, 2]
    assert any("1 visits are of no known concept" in note for note in cohort.notes)
    rows = (tmp_path / "out" / "VISIT_OCCURRENCE.csv").read_text().splitlines()[1:]
    assert [row.split(",")[2] for row in rows] == ["9202", "9201", "0", "9202", "0"]


def test_omop_has_what_its_model_asks_for(tmp_path: Path) -> None:
    drugs = (
        "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,visit_occurrence_id\n"
        "1,1,1539403,2001-03-02,22\n"
    )
    mk.write(mk.read(folder(tmp_path, {**OMOP, "DRUG_EXPOSURE": drugs})), tmp_path / "out")
    head, row = (tmp_path / "out" / "DRUG_EXPOSURE.csv").read_text().splitlines()
    written = dict(zip(head.split(","), row.split(","), strict=True))
    assert written["drug_exposure_end_date"] == written["drug_exposure_start_date"] == "2000-03-06"
    periods = (tmp_path / "out" / "OBSERVATION_PERIOD.csv").read_text().splitlines()
    assert periods[1:] == ["1,1,2000-01-01,2000-03-06,32817", "2,2,2000-01-01,2018-03-29,32817"]


def test_a_table_of_another_kind_is_refused(tmp_path: Path) -> None:
    broken = {**MIMIC, "ADMISSIONS": MIMIC["ADMISSIONS"].replace("2164-10-23 12:00:00", "soon")}
    with pytest.raises(FormatError, match=r"ADMISSIONS\.csv: row 2: the admittime is no time"):
        mk.read(folder(tmp_path, broken))
    with pytest.raises(FormatError, match=r"a table PERSON with records"):
        mk.read(folder(tmp_path, {**OMOP, "PERSON": "person_id\n"}, "empty"))


@pytest.mark.parametrize(
    ("tables", "table", "line", "says"),
    [
        (OMOP, "PERSON", "1,8507,1990,,,8527,38003564\n", "row 4: the person_id stands twice"),
        (OMOP, "VISIT_OCCURRENCE", "21,2,9202,2001-03-01\n", "row 5: the visit_occurrence_id stands twice"),
        (
            OMOP,
            "CONDITION_OCCURRENCE",
            "3,9,372328,2001-01-01,\n",
            "row 4: the person_id is not in",
        ),
        (OMOP, "CONDITION_OCCURRENCE", "3,,372328,2001-01-01,\n", "row 4: no person_id"),
        (OMOP, "CONDITION_OCCURRENCE", "3,1,372328,soon,\n", "row 4: the condition_start_date is no time"),
        (MIMIC, "PATIENTS", "3,10,M,2090-06-05 00:00:00,\n", "row 4: the subject_id stands twice"),
        (MIMIC, "DIAGNOSES_ICD", "4,55,102,1,5849\n", "row 5: the subject_id is not in"),
        (
            MIMIC,
            "PRESCRIPTIONS",
            "3,11,102,15.08.2126,A\n",
            "row 4: the startdate is spelled otherwise than",
        ),
        (
            MIMIC,
            "LABEVENTS",
            "2,10,100,50912,2164-10-24 18:00:00,high,mg/dL\n",
            "row 3: the valuenum is no number",
        ),
        (
            MIMIC,
            "ADMISSIONS",
            "4,10,103,2165-12-23 12:00:00,2165-12-20 12:00:00,,ELECTIVE,HOME\n",
            "row 5: the dischtime is before the admittime",
        ),
        (OMOP, "MEASUREMENT", "2,1,3025315,2001-03-03,heavy,22,kg\n", "row 3: the value_as_number is no"),
    ],
)
def test_bad_rows_are_named_or_left_out(
    tmp_path: Path, tables: dict[str, str], table: str, line: str, says: str
) -> None:
    whole = mk.read(folder(tmp_path, tables))
    bad = folder(tmp_path, {**tables, table: tables[table] + line}, "bad")
    with pytest.raises(FormatError, match=rf"{table}\.csv: {says}"):
        mk.read(bad)
    cohort = mk.read(bad, skip_bad=True)
    assert cohort.columns.equals(whole.columns)
    assert any(
        f"1 bad rows are left out, the first: {bad / table}.csv: row" in note for note in cohort.notes
    )


def test_what_gives_no_events_is_noted(tmp_path: Path) -> None:
    tables = {
        **OMOP,
        "CONDITION_OCCURRENCE": OMOP["CONDITION_OCCURRENCE"].replace("2001-03-01", ""),
        "DRUG_EXPOSURE": "drug_exposure_id,person_id\n1,1\n",
    }
    cohort = mk.read(folder(tmp_path, tables))
    assert "1 rows of CONDITION_OCCURRENCE.csv have no time and are left out" in cohort.notes
    assert "DRUG_EXPOSURE.csv lacks drug_concept_id and gives no events" in cohort.notes
    month = {**OMOP, "PERSON": OMOP["PERSON"].replace("1998,4,9", "1998,14,9")}
    with pytest.raises(FormatError, match=r"PERSON\.csv: row 2: year, month and day of birth are no date"):
        mk.read(folder(tmp_path, month, "month"))


CONCEPT = (
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\t"
    "valid_start_date\tvalid_end_date\tinvalid_reason\n"
    '372328\tOtitis "media"\tCondition\tSNOMED\tClinical Finding\tS\t65363002\t20020131\t20991231\t\n'
    "3025315\tBody weight\tMeasurement\tLOINC\tLab Test\tS\t29463-7\t19960613\t20991231\t\n"
    "9\tUnused\tUnit\tUCUM\tUnit\tS\tx\t19960613\t20991231\t\n"
)
ASKED = (
    "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,value_as_concept_id,"
    "visit_occurrence_id,unit_source_value,operator_concept_id,measurement_source_value\n"
    "1,1,3025315,2001-03-02,48.1,0,22,kg,0,29463-7\n2,2,4058243,2001-03-01,,372328,23,,0,\n"
)


def binary(folder_: Path, tables: dict[str, str]) -> Path:
    """The same tables as Parquet in the types that pandas gives them: visits with gaps are floats."""
    folder_.mkdir()
    for name, text in tables.items():
        mark = "\t" if "\t" in text.partition("\n")[0] else ","
        pd.read_csv(io.StringIO(text), sep=mark).to_parquet(folder_ / f"{name.lower()}.parquet")
    return folder_


def test_omop_of_parquet_is_the_same_and_comes_back_in_its_types(tmp_path: Path) -> None:
    free = OMOP["CONDITION_OCCURRENCE"] + "3,1,4112343,2002-01-01,\n"
    changed = {**OMOP, "CONDITION_OCCURRENCE": free, "CONCEPT": CONCEPT}
    whole = mk.read(folder(tmp_path, changed, "text"))
    cohort = mk.read(binary(tmp_path / "in", changed))
    assert cohort.columns.equals(whole.columns)
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    assert [h["code"].tolist() for h in again["history"]] == [h["code"].tolist() for h in cohort["history"]]
    person = parquet.read_schema(tmp_path / "out" / "person.parquet")
    assert [str(person.field(n).type) for n in ("person_id", "year_of_birth", "birth_datetime")] == [
        "int64",
        "int64",
        "timestamp[ms]",
    ]
    (tmp_path / "in" / "death.parquet").write_bytes(b"PAR1")
    with pytest.raises(FormatError, match=r"death\.parquet: is no table of Parquet"):
        mk.read(tmp_path / "in")


def test_concepts_of_omop_keep_their_names(tmp_path: Path) -> None:
    cohort = mk.read(folder(tmp_path, {**OMOP, "MEASUREMENT": ASKED, "CONCEPT": CONCEPT}))
    assert cohort.origin.options["names"] == {
        "CONDITION//372328": 'Otitis "media"',
        "MEASUREMENT//3025315": "Body weight",
        "372328": 'Otitis "media"',
    }
    mk.write(cohort, tmp_path / "out")
    rows = (tmp_path / "out" / "CONCEPT.csv").read_text().splitlines()
    assert len(rows) == 3
    assert '372328,"Otitis ""media""",Condition,SNOMED' in rows[1]
    assert ",2002-01-31,2099-12-31" in rows[1]
    broken = folder(tmp_path, {**OMOP, "CONCEPT": "a,b\n1,2\n"}, "broken")
    with pytest.raises(FormatError, match=r"CONCEPT\.csv: is no table of concepts"):
        mk.read(broken)


def test_answers_that_are_concepts_come_back(tmp_path: Path) -> None:
    cohort = mk.read(folder(tmp_path, {**OMOP, "MEASUREMENT": ASKED}))
    code = "MEASUREMENT//4058243//"
    assert f"{code}//=372328" in cohort["history"][1]["code"]
    assert "columns of MEASUREMENT.csv that are not modelled: measurement_source_value" in cohort.notes
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    assert [h["code"].tolist() for h in again["history"]] == [h["code"].tolist() for h in cohort["history"]]


def test_mimic_iv_lies_deeper_and_anchors_ages(tmp_path: Path) -> None:
    tables = {
        "patients": "subject_id,gender,anchor_age,anchor_year,dod\n10,F,70,2164,\n",
        "admissions": "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,discharge_location,"
        "race,insurance\n10,100,2164-10-23 12:00:00,2164-10-26 12:00:00,,URGENT,HOME,WHITE,Medicare\n",
        "diagnoses_icd": "subject_id,hadm_id,seq_num,icd_code,icd_version\n10,100,1,I50,10\n",
    }
    inner = folder(tmp_path, tables, "hosp")
    (tmp_path / "mimiciv").mkdir()
    inner.rename(tmp_path / "mimiciv" / "hosp")
    cohort = mk.read(tmp_path / "mimiciv")
    assert "DIAGNOSIS//ICD10CM//I50" in cohort["history"][0]["code"]
    assert cohort["race"].tolist() == ["WHITE"]
    assert cohort["age"].round(1).tolist() == [70.3]
    assert "columns of admissions.csv that are not modelled: insurance" in cohort.notes
    mk.write(cohort, tmp_path / "out")
    assert mk.read(tmp_path / "out")["race"].tolist() == ["WHITE"]
    changed = {**tables, "patients": tables["patients"].replace("70,", "old,")}
    with pytest.raises(
        FormatError, match=r"patients\.csv: row 2: anchor_age and anchor_year are no numbers"
    ):
        mk.read(folder(tmp_path, changed, "bad"))


def test_omop_needs_no_unit_and_takes_months_as_decimals(tmp_path: Path) -> None:
    bare = OMOP["MEASUREMENT"].replace(",unit_source_value", "").replace(",kg", "")
    people = OMOP["PERSON"].replace(",4,9,", ",4.0,9.0,")
    cohort = mk.read(folder(tmp_path, {**OMOP, "MEASUREMENT": bare, "PERSON": people}))
    assert cohort["history"][0]["code"].tolist()[-1] == "MEASUREMENT//3025315//"
    assert cohort["history"][0]["value"].tolist()[-1] == 48.1
    assert cohort["age"].round(1).tolist() == [2.7, 30.7]
    mk.write(cohort, tmp_path / "out")
    assert mk.read(tmp_path / "out")["history"][0]["code"].tolist()[-1] == "MEASUREMENT//3025315//"


def test_a_lacking_column_is_named_alone(tmp_path: Path) -> None:
    other = OMOP["MEASUREMENT"].replace("measurement_concept_id", "concept")
    notes = mk.read(folder(tmp_path, {**OMOP, "MEASUREMENT": other})).notes
    assert any("lacks measurement_concept_id and gives no events" in note for note in notes)
