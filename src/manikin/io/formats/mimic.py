"""MIMIC-III and -IV: folders of csv tables, as PhysioNet distributes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
import pyarrow as pa

from manikin.cohort.histories import BIRTH_CODE, DEATH_CODE, Histories, extract_histories
from manikin.cohort.source_format import SourceFormat
from manikin.ehr import assemble
from manikin.ehr.long.read import parse_days
from manikin.ehr.long.validate import RowIssue
from manikin.ehr.relational import write
from manikin.ehr.relational.event_sources import (
    EventBatch,
    EventSource,
    combine_batches,
    extract_timed_events,
)
from manikin.ehr.relational.read import RelationalFolder
from manikin.ehr.relational.tables import read_text_column
from manikin.errors import FormatError
from manikin.io.format import Format

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.ehr.relational.write import VisitTable
    from manikin.schema.kinds import Schema

SUBJECT_COLUMN = "subject_id"
ETHNICITY_COLUMNS = ("ethnicity", "race")
"""What MIMIC-III and MIMIC-IV call it, said at each admission; that of the first one is kept."""
END_OF_DAY = 1439 / 1440
"""A death on a date lies at its end, so that the last orders of the day do not come after it."""

SOURCES = (
    EventSource("admissions", "HOSPITAL_ADMISSION//{admission_type}", ("admittime",)),
    EventSource("admissions", "HOSPITAL_DISCHARGE//{discharge_location}", ("dischtime",)),
    EventSource("prescriptions", "DRUG//{drug}", ("startdate", "starttime")),
    EventSource("labevents", "LAB//{itemid}//{valueuom}", ("charttime",), value="valuenum"),
    EventSource("diagnoses_icd", "DIAGNOSIS//ICD9CM//{icd9_code}", visit_time_column="dischtime"),
    EventSource("procedures_icd", "PROCEDURE//ICD9PROC//{icd9_code}", visit_time_column="dischtime"),
    EventSource(
        "diagnoses_icd", "DIAGNOSIS//ICD{icd_version}CM//{icd_code}", visit_time_column="dischtime"
    ),
    EventSource(
        "procedures_icd", "PROCEDURE//ICD{icd_version}PCS//{icd_code}", visit_time_column="dischtime"
    ),
)
"""Diagnoses and procedures are coded when the patient leaves, and have that time."""


@final
class Mimic(Format):
    """Patients, admissions, diagnoses, procedures, prescriptions and laboratory values of MIMIC."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    can_write_folder: ClassVar[bool] = True
    can_write_file: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Not possible: MIMIC is a folder."""
        del schema, skip_bad
        raise FormatError("MIMIC is a folder of tables", path, "name the folder")

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each patient; dates become days since the first event."""
        folder = RelationalFolder(path, SUBJECT_COLUMN, skip_bad)
        found = folder.read_table("patients", SUBJECT_COLUMN, ("dob", "dod"))
        if found is not None:
            folder.patient_ids = read_text_column(found[0], SUBJECT_COLUMN, found[1])
        visits = folder.read_table("admissions", "hadm_id", ("admittime", "dischtime", "deathtime"))
        if found is None or visits is None:
            raise FormatError("MIMIC needs PATIENTS.csv and ADMISSIONS.csv with records", path)
        people = read_text_column(found[0], SUBJECT_COLUMN, found[1])
        folder.tables["admissions"] = visits = folder.drop_bad_rows(
            visits, [_check_admission_times(visits)]
        )
        leaves, _ = parse_days(visits[0]["dischtime"], "dischtime", visits[1])
        begins = dict(
            zip(read_text_column(visits[0], "hadm_id", visits[1]).tolist(), leaves.tolist(), strict=True)
        )
        parts = [part for source in SOURCES if (part := folder.read_events(source, "", begins))]
        parts += _extract_births_and_deaths(found, people, visits)
        facts = {"gender": pa.array(read_text_column(found[0], "gender", found[1]).tolist(), pa.string())}
        facts |= {
            name: _find_first_value(name, people, visits)
            for name in ETHNICITY_COLUMNS
            if name in visits[0].column_names
        }
        used = ("deathtime", *ETHNICITY_COLUMNS)
        rows, notes = (
            combine_batches(parts, people, facts),
            folder.collect_notes(SOURCES, ("patients",), used),
        )
        return assemble.assemble_cohort(
            rows, SUBJECT_COLUMN, schema, SourceFormat("mimic"), notes, skip_bad=skip_bad
        )

    def write(self, cohort: Cohort, path: Path) -> None:
        """PATIENTS, ADMISSIONS and the other tables; dates count from 1 January 2000."""
        path.mkdir()
        sources = [source for source in SOURCES if source.file != "admissions"]
        visits = write.write_tables(cohort, path, sources, SUBJECT_COLUMN)
        found = extract_histories(cohort.columns, cohort.schema)
        nothing = np.full(len(cohort), np.nan)
        births = (
            np.asarray(cohort[assemble.AGE_FIELD], float)
            if assemble.AGE_FIELD in cohort.schema
            else nothing
        )
        genders = cohort["gender"] if "gender" in cohort.schema else np.full(len(cohort), None)
        died = np.flatnonzero(found.codes[found.code] == DEATH_CODE)
        dead = np.full(len(cohort), np.nan)
        dead[found.patient[died]] = found.time[died]
        patients = {
            SUBJECT_COLUMN: pa.array(np.arange(len(cohort)) + 1).cast(pa.string()),
            "gender": pa.array([str(gender or "") for gender in genders]),
            "dob": write.format_days(-births * assemble.DAYS_PER_YEAR),
            "dod": write.format_days(dead),
        }
        write.write_table(path / "PATIENTS.csv", pa.table(patients), "row_id")
        admissions = _build_admissions(found, visits)
        for name in (name for name in ETHNICITY_COLUMNS if name in cohort.schema):
            said = pa.array([cohort[name][row] for row in visits.patient], pa.string())
            admissions = admissions.append_column(name, said)
        write.write_table(path / "ADMISSIONS.csv", admissions, "row_id")


def _check_admission_times(visits: tuple[pa.Table, Path]) -> RowIssue:
    """Admissions that end more than a day before they begin; hours are known to be off."""
    begin, end = (
        parse_days(visits[0][name], name, visits[1], empty=True)[0] for name in ("admittime", "dischtime")
    )
    return RowIssue(end < begin - 1, "the dischtime is before the admittime")


def _find_first_value(name: str, people: np.ndarray, visits: tuple[pa.Table, Path]) -> pa.Array:
    """What the first admission of each of these patients says in a column."""
    owners, values = (
        read_text_column(visits[0], SUBJECT_COLUMN, visits[1]),
        read_text_column(visits[0], name, visits[1]),
    )
    first = dict(zip(owners[::-1].tolist(), values[::-1].tolist(), strict=True))
    return pa.array([first.get(person) for person in people.tolist()], pa.string())


def _extract_births_and_deaths(
    found: tuple[pa.Table, Path], people: np.ndarray, visits: tuple[pa.Table, Path]
) -> list[EventBatch]:
    """Births; deaths in hospital by their time, others by their date."""
    owner = read_text_column(visits[0], SUBJECT_COLUMN, visits[1])
    here = extract_timed_events(owner, visits, "deathtime", DEATH_CODE, 0.0)
    births = extract_timed_events(people, found, "dob", BIRTH_CODE, 0.0)
    if {"anchor_year", "anchor_age"} <= {*found[0].column_names}:  # MIMIC-IV: an age in a year
        births = extract_timed_events(
            people, (_compute_birth_dates(found), found[1]), "dob", BIRTH_CODE, 0.0
        )
    late = extract_timed_events(people, found, "dod", DEATH_CODE, END_OF_DAY)
    return [
        births,
        here,
        late.select_events(~np.isin(late.subject, here.subject)),
    ]


def _compute_birth_dates(found: tuple[pa.Table, Path]) -> pa.Table:
    """Births in the middle of the year in which a patient of MIMIC-IV was born.

    Raises:
        FormatError: An age or its year is no number.
    """
    ages, years = (read_text_column(found[0], name, found[1]) for name in ("anchor_age", "anchor_year"))
    dates: list[str | None] = []
    for row, (age, year) in enumerate(zip(ages.tolist(), years.tolist(), strict=True)):
        if age is None or year is None:
            dates.append(None)
            continue
        if not (age.isdecimal() and year.isdecimal()):
            raise FormatError(f"row {row + 2}: anchor_age and anchor_year are no numbers", found[1])
        dates.append(f"{int(year) - int(age):04}-07-01")
    return pa.table({"dob": pa.array(dates, pa.string())})


def _build_admissions(found: Histories, visits: VisitTable) -> pa.Table:
    """One row for each visit; what its codes say of how it began and ended."""
    columns = {
        SUBJECT_COLUMN: (visits.patient + 1).astype(str).astype(object),
        "hadm_id": (np.arange(len(visits.patient)) + 1).astype(str).astype(object),
        "admittime": visits.first,
        "dischtime": visits.last,
    }
    for source in SOURCES[:2]:
        rows, words = write.match_events(found, source)
        columns[source.code_columns[0]] = _scatter(found.visit_index[rows], words, len(visits.patient))
        columns[source.time[0]][found.visit_index[rows]] = _format_event_times(found, rows)
    died = np.flatnonzero(found.codes[found.code] == DEATH_CODE)
    columns["deathtime"] = _scatter(
        found.visit_index[died], _format_event_times(found, died), len(visits.patient)
    )
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _format_event_times(found: Histories, rows: np.ndarray) -> np.ndarray:
    return write.format_days(found.time[rows]).to_numpy(zero_copy_only=False)


def _scatter(at: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    out = np.full(n, None, dtype=object)
    out[at] = values
    return out


__plugin__ = Mimic
