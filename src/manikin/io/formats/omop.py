"""OMOP common data model 5.4: folders of tables of the OHDSI community, csv or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort.cohort import Origin
from manikin.cohort.histories import BIRTH, DEATH, Histories, fields
from manikin.ehr import assemble, omop_concepts
from manikin.ehr.code_names import CONCEPTS, NAMES
from manikin.ehr.long.validate import timeless
from manikin.ehr.relational import write
from manikin.ehr.relational.read import Folder, Part, Source, column, joined, moments
from manikin.errors import FormatError
from manikin.io.format import Format

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.ehr.relational.write import Visits
    from manikin.schema.kinds import Schema

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

SUBJECT, VISIT = "person_id", "visit_occurrence_id"
EHR = "32817"  # the type concept "EHR"
UNKNOWN = "0"  # no matching concept
GENDERS = {"8507": "M", "8532": "F"}
_NAMED = {"race": "race_concept_id", "ethnicity": "ethnicity_concept_id"}


def _source(file: str, stem: str, when: str, value: str = "", unit: str = "", end: str = "") -> Source:
    code = f"{stem.upper()}//{{{stem}_concept_id}}" + (f"//{{{unit}}}" if unit else "")
    times = (f"{when}_datetime", f"{when}_date")
    return Source(file, code, times, value, VISIT, constants={f"{stem}_type_concept_id": EHR}, end=end)


SOURCES = (
    _source("visit_occurrence", "visit", "visit_start"),
    _source("condition_occurrence", "condition", "condition_start"),
    _source("drug_exposure", "drug", "drug_exposure_start", end="drug_exposure_end_date"),
    _source("procedure_occurrence", "procedure", "procedure"),
    _source("measurement", "measurement", "measurement", "value_as_number", "unit_source_value"),
    _source("observation", "observation", "observation", "value_as_number"),
    _source("device_exposure", "device", "device_exposure_start"),
)
_UNSAID = f"VISIT//{UNKNOWN}"
"""A visit of which nothing is said but that it was: no event, as its events tell of it."""


@final
class Omop(Format):
    """Persons, visits, conditions, drugs, procedures, measurements, observations, devices, death."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    writes_folders: ClassVar[bool] = True
    single: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """Not possible: OMOP is a folder."""
        del schema
        raise FormatError(f"{path}: OMOP is a folder of tables; name the folder")

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each person; codes are concepts, dates become days since the first event."""
        folder = Folder(path, SUBJECT, skip_bad)
        found = folder.table("person", SUBJECT, ("birth_datetime",))
        if found is None:
            raise FormatError(f"{path}: OMOP needs a table PERSON with records")
        folder.people = people = column(found[0], SUBJECT, found[1])
        parts = [part for source in SOURCES if (part := folder.events(source, f"{source.file}_id"))]
        unsaid = sum(int((part.code == _UNSAID).sum()) for part in parts)
        parts = [part.where(part.code != _UNSAID) for part in parts]
        parts.append(_births(found, people))
        if (dead := folder.table("death", "", ("death_datetime", "death_date"))) is not None:
            owner = column(dead[0], SUBJECT, dead[1])
            name = "death_datetime" if "death_datetime" in dead[0].column_names else "death_date"
            parts.append(moments(owner, dead, name, DEATH, 0.0))
        genders = column(found[0], "gender_concept_id", found[1]).tolist()
        facts = {"gender": pa.array([GENDERS.get(g) for g in genders], pa.string())}
        for name, said in _NAMED.items():
            if said in found[0].column_names:
                facts[name] = pa.array(column(found[0], said, found[1]).tolist(), pa.string())
        notes = folder.remarks(SOURCES, ("person", "death", "observation_period", "concept"))
        notes += [f"{unsaid} visits are of no known concept: only their events tell of them"] * bool(unsaid)
        rows = joined(parts, people, facts)
        told = omop_concepts.told(path, rows.code.unique().to_pylist())
        binary = found[1].suffix == ".parquet"
        origin = Origin("omop", {"parquet": binary, CONCEPTS: told, NAMES: omop_concepts.names(told)})
        return assemble.cohort(rows, SUBJECT, schema, origin, notes, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """The same tables with new keys that fit each other; dates count from 1 January 2000."""
        path.mkdir()
        visits = write.written(cohort, path, [s for s in SOURCES if s.file != "visit_occurrence"], SUBJECT)
        found = Histories.of(cohort.columns[fields(cohort.schema)[0]])
        write.save(write.place(path, "visit_occurrence", cohort), _visits(found, visits))
        write.save(write.place(path, "person", cohort), _persons(cohort))
        periods = write.place(path, "observation_period", cohort)
        write.save(periods, _periods(found), "observation_period_id")
        if (known := omop_concepts.table(cohort)).num_rows:
            write.save(write.place(path, "concept", cohort), known)
        died = np.flatnonzero(found.codes[found.code] == DEATH)
        if len(died):
            moments = write.spelled(found.time[died])
            dead = {
                SUBJECT: pa.array(found.patient[died] + 1).cast(pa.string()),
                "death_date": write.day(moments),
                "death_datetime": moments,
                "death_type_concept_id": pa.repeat(pa.scalar(EHR), len(died)),
            }
            write.save(write.place(path, "death", cohort), pa.table(dead))


def _persons(cohort: Cohort) -> pa.Table:
    """One row for each person; what is not known of concepts is 0, as OMOP has it."""
    nothing = np.full(len(cohort), np.nan)
    ages = np.asarray(cohort[assemble.AGE], float) if assemble.AGE in cohort.schema else nothing
    born = write.spelled(-ages * assemble.YEAR)
    concepts = {level: concept for concept, level in GENDERS.items()}
    told = {name: cohort[name].tolist() for name in ("gender", *_NAMED) if name in cohort.schema}
    unknown = [UNKNOWN] * len(cohort)
    columns = {
        SUBJECT: pa.array(np.arange(len(cohort)) + 1).cast(pa.string()),
        "gender_concept_id": pa.array(
            [concepts.get(str(level), UNKNOWN) for level in told.get("gender", unknown)], pa.string()
        ),
        "year_of_birth": pc.utf8_slice_codeunits(born, 0, 4),
        "birth_datetime": born,
    }
    for name, said in _NAMED.items():
        columns[said] = pa.array([_concept(level) for level in told.get(name, unknown)], pa.string())
    return pa.table(columns)


def _concept(level: Any) -> str:  # noqa: ANN401 - a cell
    """A concept as OMOP writes it; few records may have been read as numbers."""
    if isinstance(level, float):
        return UNKNOWN if np.isnan(level) else f"{level:.0f}"
    return UNKNOWN if level is None else str(level)


def _periods(found: Histories) -> pa.Table:
    """From the first to the last event of each person who has any: when no event means that nothing was."""
    people = np.flatnonzero(np.diff(found.start))
    last = np.zeros(len(found))
    np.maximum.at(last, found.patient, found.time)
    return pa.table(
        {
            SUBJECT: pa.array(people + 1).cast(pa.string()),
            "observation_period_start_date": write.day(write.spelled(np.zeros(len(people)))),
            "observation_period_end_date": write.day(write.spelled(last[people])),
            "period_type_concept_id": pa.repeat(pa.scalar(EHR), len(people)),
        }
    )


def _births(found: tuple[pa.Table, Path], people: np.ndarray) -> Part:
    """Births by their moment, else by year, month and day; else the middle of the year.

    Raises:
        FormatError: Year, month and day are no date.
    """
    if "birth_datetime" in found[0].column_names:
        part = moments(people, found, "birth_datetime", BIRTH, 0.0)
        if len(part.time):
            return part
    nothing = np.full(len(people), None)
    year, month, day = (
        _whole(column(found[0], name, found[1])) if name in found[0].column_names else nothing
        for name in ("year_of_birth", "month_of_birth", "day_of_birth")
    )
    dates = [
        None if y is None else f"{y}-{m or 7:>02}-{d or 1:>02}"
        for y, m, d in zip(year, month, day, strict=True)
    ]
    table = pa.table({"birth": pa.array(dates, pa.string())})
    if (bad := timeless(table["birth"])).any():
        raise FormatError(
            f"{found[1]}: row {int(bad.argmax()) + 2}: year, month and day of birth are no date; correct "
            "them, or leave them empty"
        )
    return moments(people, (table, found[1]), "birth", BIRTH, 0.0)


def _whole(values: np.ndarray) -> np.ndarray:
    """Whole numbers that were written as decimals, as columns with gaps often are: 5 for 5.0."""
    return np.array([v and v.removesuffix(".0") for v in values.tolist()], dtype=object)


def _visits(found: Histories, visits: Visits) -> pa.Table:
    """One row for each visit, of no matching concept where its codes do not say of what sort it is."""
    n, (rows, words) = len(visits.patient), write.matched(found, SOURCES[0])
    concept, begun = np.full(n, UNKNOWN, dtype=object), visits.first.copy()
    concept[found.place[rows]] = words
    begun[found.place[rows]] = write.spelled(found.time[rows]).to_numpy(zero_copy_only=False)
    first, last = pa.array(begun, pa.string()), pa.array(visits.last, pa.string())
    columns = {
        VISIT: pa.array(np.arange(n) + 1).cast(pa.string()),
        SUBJECT: pa.array(visits.patient + 1).cast(pa.string()),
        "visit_concept_id": pa.array(concept, pa.string()),
        "visit_start_date": write.day(first),
        "visit_start_datetime": first,
        "visit_end_date": write.day(last),
        "visit_end_datetime": last,
        "visit_type_concept_id": pa.repeat(pa.scalar(EHR), n),
    }
    alone = np.bincount(found.place, found.codes[found.code] != DEATH, minlength=n) == 0
    return pa.table(columns).filter(pa.array(~alone))  # a death is no visit


__plugin__ = Omop
