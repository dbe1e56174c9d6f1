"""Folders of tables, each with events of one sort, written: what MIMIC and OMOP have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from manikin.cohort.cohort import Cohort
from manikin.cohort.histories import Histories, extract_histories
from manikin.cohort.source_format import SourceOptions
from manikin.core.arrow import pc
from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR
from manikin.ehr.relational.event_sources import ANSWER_COLUMN
from manikin.schema.inference.datetimes import format_times
from manikin.schema.kinds import Schema, Text
from manikin.tables.delimited_output import render_delimited

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.ehr.relational.event_sources import EventSource

_EPOCH = np.datetime64("2000-01-01", "s")
_MINUTES_PER_DAY = 1440
ROWS_PER_BLOCK = 1 << 16
"""Rows of a table that are written together."""


@final
@dataclass(frozen=True)
class RelationalOptions(SourceOptions):
    """Whether the tables of a folder came as Parquet, not as csv."""

    parquet: bool | None = None


@final
@dataclass(frozen=True, eq=False)
class VisitTable:
    """Visits as they are written: whose each is, its first and its last moment, (visits,) of text."""

    patient: np.ndarray
    first: np.ndarray
    last: np.ndarray


def write_tables(cohort: Cohort, folder: Path, sources: Sequence[EventSource], subject: str) -> VisitTable:
    """Write one table for each file of the sources.

    Returns:
        The visits, in the order of the numbers by which the tables name them, which start with 1.
    """
    found = extract_histories(cohort.columns, cohort.schema)
    moments, codes = (
        format_days(found.time),
        [code.partition(CODE_SEPARATOR + ANSWER_PREFIX)[0] for code in found.codes.tolist()],
    )
    hits = [next((i for i, s in enumerate(sources) if s.pattern.fullmatch(code)), -1) for code in codes]
    chosen = np.array(hits, dtype=np.int64)[found.code]
    for file in dict.fromkeys(source.file for source in sources):
        parts = [
            _to_source_rows(found, moments, source, np.flatnonzero(chosen == i), subject)
            for i, source in enumerate(sources)
            if source.file == file and (chosen == i).any()
        ]
        if parts:
            whole = pa.concat_tables(parts, promote_options="default")
            write_table(build_table_path(folder, file, cohort), whole, f"{file}_id")
    ends = np.append(found.is_visit_start[1:], True)[: len(found.code)]
    edges = (
        moments.filter(pa.array(at)).to_numpy(zero_copy_only=False) for at in (found.is_visit_start, ends)
    )
    return VisitTable(found.visit_patient, *edges)


def build_table_path(folder: Path, table: str, cohort: Cohort) -> Path:
    """Where a table is written, in the format that it came in."""
    parquet = cohort.origin.find_options(RelationalOptions).parquet
    return folder / (f"{table}.parquet" if parquet else f"{table.upper()}.csv")


def match_events(found: Histories, source: EventSource) -> tuple[np.ndarray, np.ndarray]:
    """Which events a source has, and what the first column of its code then holds."""
    hits = [source.pattern.fullmatch(code) for code in found.codes.tolist()]
    rows = np.flatnonzero(np.array([hit is not None for hit in hits], dtype=bool)[found.code])
    words = np.array([hit[1] if hit else "" for hit in hits], dtype=object)
    return rows, words[found.code[rows]]


def _to_source_rows(
    found: Histories, moments: pa.Array, source: EventSource, rows: np.ndarray, subject: str
) -> pa.Table:
    """The events in `rows` as the rows of a source."""
    code, time = pa.array(found.code[rows]), moments.take(pa.array(rows))
    asked = [name.partition(CODE_SEPARATOR + ANSWER_PREFIX) for name in found.codes.tolist()]
    hits = [source.pattern.fullmatch(name) for name, _, _ in asked]
    columns = {
        subject: pa.array(found.patient[rows] + 1).cast(pa.string()),
        source.visit: pa.array(found.visit_index[rows] + 1).cast(pa.string()),
    }
    for i, slot in enumerate(source.code_columns):
        columns[slot] = pa.array([hit[i + 1] if hit else None for hit in hits], pa.string()).take(code)
    for name in source.time:
        columns[name] = extract_dates(time) if name.endswith("_date") else time
    if source.end:
        columns[source.end] = extract_dates(time)
    if source.value:
        value = [None if np.isnan(x) else f"{x:.10g}" for x in found.value[rows].tolist()]
        columns[source.value] = pa.array(value, pa.string())
        if any(said for _, _, said in asked):
            columns[ANSWER_COLUMN] = pa.array([said or None for _, _, said in asked], pa.string()).take(
                code
            )
    columns |= {name: pa.repeat(pa.scalar(text), len(rows)) for name, text in source.constants.items()}
    return pa.table(columns)


def write_table(path: Path, table: pa.Table, key: str = "") -> None:
    """Write a table of text, with a running number in the column `key` if it is named; nulls are empty.

    Some rows at a time, so that the text of all of them never stands in memory.
    """
    if path.suffix == ".parquet":
        parquet.write_table(cast_to_omop_types(table, key), path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        for start in range(0, max(table.num_rows, 1), ROWS_PER_BLOCK):
            some = table.slice(start, ROWS_PER_BLOCK)
            number = pa.array(np.arange(start, start + some.num_rows) + 1).cast(pa.string())
            numbered = {key: number} if key else {}
            columns = numbered | {name: some[name].fill_null("") for name in table.column_names}
            text = render_delimited(Cohort(pa.table(columns), Schema(dict.fromkeys(columns, Text()))))
            file.write(text.partition("\n")[2] if start else text)


def cast_to_omop_types(table: pa.Table, key: str = "") -> pa.Table:
    """A table of text in the types that the names of OMOP's columns say.

    Example:
        >>> table = pa.table({"person_id": ["7"], "death_date": ["2000-01-31"]})
        >>> cast_to_omop_types(table).column("person_id").type
        DataType(int64)
    """
    number = {key: pa.array(np.arange(table.num_rows) + 1)} if key else {}
    return pa.table(
        number | {name: table[name].cast(_choose_omop_type(name)) for name in table.column_names}
    )


def _choose_omop_type(name: str) -> pa.DataType:
    ends = {"_id": pa.int64(), "year_of_birth": pa.int64(), "_as_number": pa.float64()}
    ends |= {"_datetime": pa.timestamp("s"), "_date": pa.date32()}
    vocabulary = ("domain_id", "vocabulary_id", "concept_class_id")  # of text, though called so
    return next(
        (t for end, t in ends.items() if name.endswith(end) and name not in vocabulary), pa.string()
    )


def format_days(time: Sequence[float] | np.ndarray) -> pa.Array:
    """Days as moments from 1 January 2000 on, to the minute: 2000-01-01 00:00:00; null where NaN."""
    days_ = np.asarray(time, dtype=float)
    gap = np.isnan(days_)
    minutes = np.rint(np.where(gap, 0.0, days_) * _MINUTES_PER_DAY).astype("timedelta64[m]")
    return format_times(pa.array(_EPOCH + minutes, pa.timestamp("s"), mask=gap), "%Y-%m-%d %H:%M:%S")


def extract_dates(moments: pa.Array) -> pa.Array:
    """The dates of spelled moments."""
    return pc.utf8_slice_codeunits(moments, 0, len("2000-01-01"))
