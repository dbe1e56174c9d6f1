"""OMOP common data model 5.4: folders of tables of the OHDSI community, csv or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
import pyarrow as pa

from manikin.cohort.histories import BIRTH_CODE, DEATH_CODE, Histories, extract_histories
from manikin.cohort.source_format import SourceFormat
from manikin.core.arrow import pc
from manikin.ehr import assemble, omop_concepts
from manikin.ehr.code_names import VocabularyOptions
from manikin.ehr.long.validate import is_not_time
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

SUBJECT_COLUMN, VISIT_COLUMN = "person_id", "visit_occurrence_id"
EHR_TYPE_CONCEPT = "32817"  # the type concept "EHR"
NO_CONCEPT = "0"  # no matching concept
GENDER_CONCEPTS = {"8507": "M", "8532": "F"}
_CONCEPT_COLUMNS = {"race": "race_concept_id", "ethnicity": "ethnicity_concept_id"}


def _build_source(
    file: str, stem: str, when: str, value: str = "", unit: str = "", end: str = ""
) -> EventSource:
    code = f"{stem.upper()}//{{{stem}_concept_id}}" + (f"//{{{unit}}}" if unit else "")
    times = (f"{when}_datetime", f"{when}_date")
    return EventSource(
        file,
        code,
        times,
        value,
        VISIT_COLUMN,
        constants={f"{stem}_type_concept_id": EHR_TYPE_CONCEPT},
        end=end,
    )


SOURCES = (
    _build_source("visit_occurrence", "visit", "visit_start"),
    _build_source("condition_occurrence", "condition", "condition_start"),
    _build_source("drug_exposure", "drug", "drug_exposure_start", end="drug_exposure_end_date"),
    _build_source("procedure_occurrence", "procedure", "procedure"),
    _build_source("measurement", "measurement", "measurement", "value_as_number", "unit_source_value"),
    _build_source("observation", "observation", "observation", "value_as_number"),
    _build_source("device_exposure", "device", "device_exposure_start"),
)
_UNKNOWN_VISIT_CODE = f"VISIT//{NO_CONCEPT}"
"""A visit of which nothing is said but that it was: no event, as its events tell of it."""


@final
class Omop(Format):
    """Persons, visits, conditions, drugs, procedures, measurements, observations, devices, death."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    can_write_folder: ClassVar[bool] = True
    can_write_file: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Not possible: OMOP is a folder."""
        del schema, skip_bad
        raise FormatError("OMOP is a folder of tables", path, "name the folder")

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each person; codes are concepts, dates become days since the first event."""
        folder = RelationalFolder(path, SUBJECT_COLUMN, skip_bad)
        found = folder.read_table("person", SUBJECT_COLUMN, ("birth_datetime",))
        if found is None:
            raise FormatError("OMOP needs a table PERSON with records", path)
        folder.patient_ids = people = read_text_column(found[0], SUBJECT_COLUMN, found[1])
        parts = [part for source in SOURCES if (part := folder.read_events(source, f"{source.file}_id"))]
        unsaid = sum(int((part.code == _UNKNOWN_VISIT_CODE).sum()) for part in parts)
        parts = [part.select_events(part.code != _UNKNOWN_VISIT_CODE) for part in parts]
        parts.append(_extract_births(found, people))
        if (dead := folder.read_table("death", "", ("death_datetime", "death_date"))) is not None:
            owner = read_text_column(dead[0], SUBJECT_COLUMN, dead[1])
            name = "death_datetime" if "death_datetime" in dead[0].column_names else "death_date"
            parts.append(extract_timed_events(owner, dead, name, DEATH_CODE, 0.0))
        genders = read_text_column(found[0], "gender_concept_id", found[1]).tolist()
        facts = {"gender": pa.array([GENDER_CONCEPTS.get(g) for g in genders], pa.string())}
        for name, said in _CONCEPT_COLUMNS.items():
            if said in found[0].column_names:
                facts[name] = pa.array(read_text_column(found[0], said, found[1]).tolist(), pa.string())
        notes = folder.collect_notes(SOURCES, ("person", "death", "observation_period", "concept"))
        if unsaid:
            notes.append(f"{unsaid} visits are of no known concept: only their events tell of them")
        rows = combine_batches(parts, people, facts)
        told = omop_concepts.read_concepts(path, rows.code.unique().to_pylist())
        tables = write.RelationalOptions(parquet=found[1].suffix == ".parquet")
        vocabulary = VocabularyOptions(told, omop_concepts.collect_names(told))
        origin = SourceFormat("omop").add_options(tables, vocabulary)
        return assemble.assemble_cohort(rows, SUBJECT_COLUMN, schema, origin, notes, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """The same tables with new keys that fit each other; dates count from 1 January 2000."""
        path.mkdir()
        visits = write.write_tables(
            cohort, path, [s for s in SOURCES if s.file != "visit_occurrence"], SUBJECT_COLUMN
        )
        found = extract_histories(cohort.columns, cohort.schema)
        write.write_table(
            write.build_table_path(path, "visit_occurrence", cohort), _build_visits(found, visits)
        )
        write.write_table(write.build_table_path(path, "person", cohort), _build_persons(cohort))
        periods = write.build_table_path(path, "observation_period", cohort)
        write.write_table(periods, _build_observation_periods(found), "observation_period_id")
        if (known := omop_concepts.build_concept_table(cohort)).num_rows:
            write.write_table(write.build_table_path(path, "concept", cohort), known)
        died = np.flatnonzero(found.codes[found.code] == DEATH_CODE)
        if len(died):
            moments = write.format_days(found.time[died])
            dead = {
                SUBJECT_COLUMN: pa.array(found.patient[died] + 1).cast(pa.string()),
                "death_date": write.extract_dates(moments),
                "death_datetime": moments,
                "death_type_concept_id": pa.repeat(pa.scalar(EHR_TYPE_CONCEPT), len(died)),
            }
            write.write_table(write.build_table_path(path, "death", cohort), pa.table(dead))


def _build_persons(cohort: Cohort) -> pa.Table:
    """One row for each person; what is not known of concepts is 0, as OMOP has it."""
    nothing = np.full(len(cohort), np.nan)
    ages = np.asarray(cohort[assemble.AGE_FIELD], float) if assemble.AGE_FIELD in cohort.schema else nothing
    born = write.format_days(-ages * assemble.DAYS_PER_YEAR)
    concepts = {level: concept for concept, level in GENDER_CONCEPTS.items()}
    told = {name: cohort[name].tolist() for name in ("gender", *_CONCEPT_COLUMNS) if name in cohort.schema}
    unknown = [NO_CONCEPT] * len(cohort)
    columns = {
        SUBJECT_COLUMN: pa.array(np.arange(len(cohort)) + 1).cast(pa.string()),
        "gender_concept_id": pa.array(
            [concepts.get(str(level), NO_CONCEPT) for level in told.get("gender", unknown)], pa.string()
        ),
        "year_of_birth": pc.utf8_slice_codeunits(born, 0, 4),
        "birth_datetime": born,
    }
    for name, said in _CONCEPT_COLUMNS.items():
        columns[said] = pa.array([_format_concept(level) for level in told.get(name, unknown)], pa.string())
    return pa.table(columns)


def _format_concept(level: Any) -> str:  # noqa: ANN401 - a cell
    """A concept as OMOP writes it; few records may have been read as numbers."""
    if isinstance(level, float):
        return NO_CONCEPT if np.isnan(level) else f"{level:.0f}"
    return NO_CONCEPT if level is None else str(level)


def _build_observation_periods(found: Histories) -> pa.Table:
    """From the first to the last event of each person who has any: when no event means that nothing was."""
    people = np.flatnonzero(np.diff(found.start))
    last = np.zeros(len(found))
    np.maximum.at(last, found.patient, found.time)
    return pa.table(
        {
            SUBJECT_COLUMN: pa.array(people + 1).cast(pa.string()),
            "observation_period_start_date": write.extract_dates(write.format_days(np.zeros(len(people)))),
            "observation_period_end_date": write.extract_dates(write.format_days(last[people])),
            "period_type_concept_id": pa.repeat(pa.scalar(EHR_TYPE_CONCEPT), len(people)),
        }
    )


def _extract_births(found: tuple[pa.Table, Path], people: np.ndarray) -> EventBatch:
    """Births by their moment, else by year, month and day; else the middle of the year.

    Raises:
        FormatError: Year, month and day are no date.
    """
    if "birth_datetime" in found[0].column_names:
        part = extract_timed_events(people, found, "birth_datetime", BIRTH_CODE, 0.0)
        if len(part.time):
            return part
    nothing = np.full(len(people), None)
    year, month, day = (
        _strip_decimals(read_text_column(found[0], name, found[1]))
        if name in found[0].column_names
        else nothing
        for name in ("year_of_birth", "month_of_birth", "day_of_birth")
    )
    dates = [
        None if y is None else f"{y}-{m or 7:>02}-{d or 1:>02}"
        for y, m, d in zip(year, month, day, strict=True)
    ]
    table = pa.table({"birth": pa.array(dates, pa.string())})
    if (bad := is_not_time(table["birth"])).any():
        raise FormatError(
            f"row {int(bad.argmax()) + 2}: year, month and day of birth are no date",
            found[1],
            "correct them, or leave them empty",
        )
    return extract_timed_events(people, (table, found[1]), "birth", BIRTH_CODE, 0.0)


def _strip_decimals(values: np.ndarray) -> np.ndarray:
    """Whole numbers that were written as decimals, as columns with gaps often are: 5 for 5.0."""
    return np.array([v and v.removesuffix(".0") for v in values.tolist()], dtype=object)


def _build_visits(found: Histories, visits: VisitTable) -> pa.Table:
    """One row for each visit, of no matching concept where its codes do not say of what sort it is."""
    n, (rows, words) = len(visits.patient), write.match_events(found, SOURCES[0])
    concept, begun = np.full(n, NO_CONCEPT, dtype=object), visits.first.copy()
    concept[found.visit_index[rows]] = words
    begun[found.visit_index[rows]] = write.format_days(found.time[rows]).to_numpy(zero_copy_only=False)
    first, last = pa.array(begun, pa.string()), pa.array(visits.last, pa.string())
    columns = {
        VISIT_COLUMN: pa.array(np.arange(n) + 1).cast(pa.string()),
        SUBJECT_COLUMN: pa.array(visits.patient + 1).cast(pa.string()),
        "visit_concept_id": pa.array(concept, pa.string()),
        "visit_start_date": write.extract_dates(first),
        "visit_start_datetime": first,
        "visit_end_date": write.extract_dates(last),
        "visit_end_datetime": last,
        "visit_type_concept_id": pa.repeat(pa.scalar(EHR_TYPE_CONCEPT), n),
    }
    alone = np.bincount(found.visit_index, found.codes[found.code] != DEATH_CODE, minlength=n) == 0
    return pa.table(columns).filter(pa.array(~alone))  # a death is no visit


__plugin__ = Omop
