"""MIMIC-III and -IV: folders of csv tables, as PhysioNet distributes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Origin
from manikin.cohort.histories import BIRTH, DEATH, Histories, fields
from manikin.ehr import assemble
from manikin.ehr.long.read import days
from manikin.ehr.long.validate import Fault
from manikin.ehr.relational import write
from manikin.ehr.relational.read import Folder, Part, Source, column, joined, moments
from manikin.errors import FormatError
from manikin.io.format import Format

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.ehr.relational.write import Visits
    from manikin.schema.kinds import Schema

SUBJECT = "subject_id"
ORIGINS = ("ethnicity", "race")
"""What MIMIC-III and MIMIC-IV call it, said at each admission; that of the first one is kept."""
END_OF_DAY = 1439 / 1440
"""A death on a date lies at its end, so that the last orders of the day do not come after it."""

SOURCES = (
    Source("admissions", "HOSPITAL_ADMISSION//{admission_type}", ("admittime",)),
    Source("admissions", "HOSPITAL_DISCHARGE//{discharge_location}", ("dischtime",)),
    Source("prescriptions", "DRUG//{drug}", ("startdate", "starttime")),
    Source("labevents", "LAB//{itemid}//{valueuom}", ("charttime",), value="valuenum"),
    Source("diagnoses_icd", "DIAGNOSIS//ICD9CM//{icd9_code}", by="dischtime"),
    Source("procedures_icd", "PROCEDURE//ICD9PROC//{icd9_code}", by="dischtime"),
    Source("diagnoses_icd", "DIAGNOSIS//ICD{icd_version}CM//{icd_code}", by="dischtime"),
    Source("procedures_icd", "PROCEDURE//ICD{icd_version}PCS//{icd_code}", by="dischtime"),
)
"""Diagnoses and procedures are coded when the patient leaves, and have that time."""


@final
class Mimic(Format):
    """Patients, admissions, diagnoses, procedures, prescriptions and laboratory values of MIMIC."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    writes_folders: ClassVar[bool] = True
    single: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """Not possible: MIMIC is a folder."""
        del schema
        raise FormatError(f"{path}: MIMIC is a folder of tables; name the folder")

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each patient; dates become days since the first event."""
        folder = Folder(path, SUBJECT, skip_bad)
        found = folder.table("patients", SUBJECT, ("dob", "dod"))
        if found is not None:
            folder.people = column(found[0], SUBJECT, found[1])
        visits = folder.table("admissions", "hadm_id", ("admittime", "dischtime", "deathtime"))
        if found is None or visits is None:
            raise FormatError(f"{path}: MIMIC needs PATIENTS.csv and ADMISSIONS.csv with records")
        people = column(found[0], SUBJECT, found[1])
        folder.tables["admissions"] = visits = folder.cleared(visits, [_reversed(visits)])
        leaves, _ = days(visits[0]["dischtime"], "dischtime", visits[1])
        begins = dict(zip(column(visits[0], "hadm_id", visits[1]).tolist(), leaves.tolist(), strict=True))
        parts = [part for source in SOURCES if (part := folder.events(source, "", begins))]
        parts += _lives(found, people, visits)
        facts = {"gender": pa.array(column(found[0], "gender", found[1]).tolist(), pa.string())}
        facts |= {name: _said(name, people, visits) for name in ORIGINS if name in visits[0].column_names}
        used = ("deathtime", *ORIGINS)
        rows, notes = joined(parts, people, facts), folder.remarks(SOURCES, ("patients",), used)
        return assemble.cohort(rows, SUBJECT, schema, Origin("mimic"), notes, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """PATIENTS, ADMISSIONS and the other tables; dates count from 1 January 2000."""
        path.mkdir()
        sources = [source for source in SOURCES if source.file != "admissions"]
        visits = write.written(cohort, path, sources, SUBJECT)
        found = Histories.of(cohort.columns[fields(cohort.schema)[0]])
        nothing = np.full(len(cohort), np.nan)
        births = np.asarray(cohort[assemble.AGE], float) if assemble.AGE in cohort.schema else nothing
        genders = cohort["gender"] if "gender" in cohort.schema else np.full(len(cohort), None)
        died = np.flatnonzero(found.codes[found.code] == DEATH)
        dead = np.full(len(cohort), np.nan)
        dead[found.patient[died]] = found.time[died]
        patients = {
            SUBJECT: pa.array(np.arange(len(cohort)) + 1).cast(pa.string()),
            "gender": pa.array([str(gender or "") for gender in genders]),
            "dob": write.spelled(-births * assemble.YEAR),
            "dod": write.spelled(dead),
        }
        write.save(path / "PATIENTS.csv", pa.table(patients), "row_id")
        admissions = _admissions(found, visits)
        for name in (name for name in ORIGINS if name in cohort.schema):
            said = pa.array([cohort[name][row] for row in visits.patient], pa.string())
            admissions = admissions.append_column(name, said)
        write.save(path / "ADMISSIONS.csv", admissions, "row_id")


def _reversed(visits: tuple[pa.Table, Path]) -> Fault:
    """Admissions that end more than a day before they begin; hours are known to be off."""
    begin, end = (
        days(visits[0][name], name, visits[1], empty=True)[0] for name in ("admittime", "dischtime")
    )
    return Fault(end < begin - 1, "the dischtime is before the admittime")


def _said(name: str, people: np.ndarray, visits: tuple[pa.Table, Path]) -> pa.Array:
    """What the first admission of each of these patients says in a column."""
    owners, values = column(visits[0], SUBJECT, visits[1]), column(visits[0], name, visits[1])
    first = dict(zip(owners[::-1].tolist(), values[::-1].tolist(), strict=True))
    return pa.array([first.get(person) for person in people.tolist()], pa.string())


def _lives(found: tuple[pa.Table, Path], people: np.ndarray, visits: tuple[pa.Table, Path]) -> list[Part]:
    """Births; deaths in hospital by their time, others by their date."""
    owner = column(visits[0], SUBJECT, visits[1])
    here = moments(owner, visits, "deathtime", DEATH, 0.0)
    births = moments(people, found, "dob", BIRTH, 0.0)
    if {"anchor_year", "anchor_age"} <= {*found[0].column_names}:  # MIMIC-IV: an age in a year
        births = moments(people, (_anchored(found), found[1]), "dob", BIRTH, 0.0)
    late = moments(people, found, "dod", DEATH, END_OF_DAY)
    return [
        births,
        here,
        late.where(~np.isin(late.subject, here.subject)),
    ]


def _anchored(found: tuple[pa.Table, Path]) -> pa.Table:
    """Births in the middle of the year in which a patient of MIMIC-IV was born.

    Raises:
        FormatError: An age or its year is no number.
    """
    ages, years = (column(found[0], name, found[1]) for name in ("anchor_age", "anchor_year"))
    dates: list[str | None] = []
    for row, (age, year) in enumerate(zip(ages.tolist(), years.tolist(), strict=True)):
        if age is None or year is None:
            dates.append(None)
            continue
        if not (age.isdecimal() and year.isdecimal()):
            raise FormatError(f"{found[1]}: row {row + 2}: anchor_age and anchor_year are no numbers")
        dates.append(f"{int(year) - int(age):04}-07-01")
    return pa.table({"dob": pa.array(dates, pa.string())})


def _admissions(found: Histories, visits: Visits) -> pa.Table:
    """One row for each visit; what its codes say of how it began and ended."""
    columns = {
        SUBJECT: (visits.patient + 1).astype(str).astype(object),
        "hadm_id": (np.arange(len(visits.patient)) + 1).astype(str).astype(object),
        "admittime": visits.first,
        "dischtime": visits.last,
    }
    for source in SOURCES[:2]:
        rows, words = write.matched(found, source)
        columns[source.slots[0]] = _put(found.place[rows], words, len(visits.patient))
        columns[source.time[0]][found.place[rows]] = _moments(found, rows)
    died = np.flatnonzero(found.codes[found.code] == DEATH)
    columns["deathtime"] = _put(found.place[died], _moments(found, died), len(visits.patient))
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _moments(found: Histories, rows: np.ndarray) -> np.ndarray:
    return write.spelled(found.time[rows]).to_numpy(zero_copy_only=False)


def _put(at: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    out = np.full(n, None, dtype=object)
    out[at] = values
    return out


__plugin__ = Mimic
