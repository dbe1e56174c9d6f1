"""Folders of tables, each with events of one sort, read: what MIMIC and OMOP have in common.

What is bad (an id that stands twice, a row of somebody whom the table of patients lacks, what is no
time) is an error that names table and row, or left out and counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.core import record_files
from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR, EventRows
from manikin.ehr.long.read import parse_days
from manikin.ehr.long.validate import (
    RowIssue,
    check_rows,
    has_minority_time_format,
    is_missing,
    is_not_number,
    is_not_time,
)
from manikin.ehr.relational import tables
from manikin.ehr.relational.tables import TextTable, is_blank
from manikin.errors import FormatError
from manikin.schema.spellings import MISSING_SPELLINGS, NUMBER_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_PLACEHOLDER_PATTERN = re.compile(r"\{(\w+)\}")
ANSWER_COLUMN = "value_as_concept_id"
"""Where OMOP has the answer to a measurement or question that is no number."""


@final
@dataclass(frozen=True)
class EventSource:
    """Where events stand, and how their codes are made of the columns.

    Args:
        file: The table, without suffix, in lower case.
        code_template: The code, with names of columns in braces: "LAB//{itemid}".
        time: Columns of the time, the best first.
        value: The column of what was measured.
        visit: The column of the visit.
        visit_time_column: Where the time stands in the table `visits` instead, by visit.
        constants: What else a written row must have.
        end: A column of days on which events end, which must be written: that of their beginning.
    """

    file: str
    code_template: str
    time: tuple[str, ...] = ()
    value: str = ""
    visit: str = "hadm_id"
    visit_time_column: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)
    end: str = ""

    @property
    def code_columns(self) -> list[str]:
        """The columns that the code is made of."""
        return _PLACEHOLDER_PATTERN.findall(self.code_template)

    @property
    def required_columns(self) -> list[str]:
        """The columns without which there is no code: all but the unit of what was measured."""
        return self.code_columns[:1] if self.value else self.code_columns

    @property
    def pattern(self) -> re.Pattern[str]:
        """What its codes look like."""
        parts = _PLACEHOLDER_PATTERN.split(self.code_template)
        like = [re.escape(part) if i % 2 == 0 else "(.*?)" for i, part in enumerate(parts)]
        return re.compile("".join(like))


@final
@dataclass(frozen=True, eq=False)
class EventBatch:
    """Events of one source: whose, when in days, what, how much, in which visit; all (m,)."""

    subject: np.ndarray
    time: np.ndarray
    code: np.ndarray
    value: np.ndarray
    visit: np.ndarray

    def select_events(self, kept: np.ndarray) -> EventBatch:
        """Only some events."""
        return EventBatch(*(x[kept] for x in (self.subject, self.time, self.code, self.value, self.visit)))


@final
@dataclass
class RelationalFolder:
    """A folder of tables that is being read.

    Args:
        path: Where it is.
        subject_column: The column of subjects in all tables.
        skip_bad: Whether bad rows are left out and counted, instead of being an error.
        patient_ids: The ids of the patients, once their table is read; None: not yet.
        notes: What was noticed so far.
        tables: The tables that were read, by name.
    """

    path: Path
    subject_column: str
    skip_bad: bool = False
    patient_ids: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    tables: dict[str, TextTable | None] = field(default_factory=dict)

    def read_table(
        self, name: str, key: str = "", times: Sequence[str] = (), value: str = ""
    ) -> TextTable | None:
        """A table whose rows can be read; None: the folder has none, or it is empty.

        Args:
            name: Of the table, without suffix, in lower case.
            key: A column in which nothing stands twice.
            times: Columns of times.
            value: A column of numbers.

        Raises:
            FormatError: A row is bad, and none may be left out.
        """
        if name not in self.tables:
            opened = tables.read_table(self.path, name)
            self.tables[name] = (
                None if opened is None else self._drop_invalid_rows(*opened, key, times, value)
            )
        return self.tables[name]

    def _drop_invalid_rows(
        self, found: pa.Table, path: Path, key: str, times: Sequence[str], value: str
    ) -> TextTable:
        here = [name for name in times if name in found.column_names]
        faults = [RowIssue(is_not_time(found[n]), f"the {n} is no time") for n in here]
        faults += [
            RowIssue(has_minority_time_format(found[n]), f"the {n} is spelled otherwise than most")
            for n in here
        ]
        if value in found.column_names:
            faults.append(RowIssue(is_not_number(found[value]), f"the {value} is no number"))
        if key in found.column_names:
            faults.append(RowIssue(tables.is_repeated(found[key]), f"the {key} stands twice"))
        if self.subject_column in found.column_names:
            faults.append(RowIssue(is_missing(found[self.subject_column]), f"no {self.subject_column}"))
        if self.patient_ids is not None and self.subject_column in found.column_names:
            known = np.isin(
                read_text_column(found, self.subject_column, path).astype(str), self.patient_ids.astype(str)
            )
            faults.append(RowIssue(~known, f"the {self.subject_column} is not in the table of patients"))
        return self.drop_bad_rows((found, path), faults)

    def drop_bad_rows(self, opened: TextTable, faults: Sequence[RowIssue]) -> TextTable:
        """A table without its bad rows, which are counted.

        Raises:
            FormatError: A row is bad, and none may be left out.
        """
        found, path = opened
        kept, notes = check_rows(faults, path, skip_bad=self.skip_bad)
        self.notes += notes
        return (found.filter(pa.array(kept)) if notes else found), path

    def read_events(
        self, source: EventSource, key: str = "", begins: Mapping[str, float] | None = None
    ) -> EventBatch | None:
        """The events of a source; None where the folder does not have it, or not with these columns.

        Args:
            source: Where they stand.
            key: A column in which nothing stands twice.
            begins: Days of each visit, for sources whose time is that of the visit.

        Raises:
            FormatError: A row is bad, and none may be left out.
        """
        if (opened := self.read_table(source.file, key, source.time, source.value)) is None:
            return None
        found, path = opened
        if any(slot not in found.column_names for slot in source.required_columns):
            return None
        part = _build_events(source, found, path, begins or {})
        who = read_text_column(found, self.subject_column, path)
        known = np.array([code is not None for code in part.code.tolist()], dtype=bool)
        if lost := int((known & np.isnan(part.time)).sum()):
            self.notes.append(f"{lost} rows of {path.name} have no time and are left out")
        return EventBatch(who, part.time, part.code, part.value, part.visit).select_events(
            known & ~np.isnan(part.time)
        )

    def collect_notes(
        self, sources: Sequence[EventSource], known: Sequence[str] = (), used: Sequence[str] = ()
    ) -> list[str]:
        """What is not modelled: files that are not known, tables without the columns that they need."""
        files = {*known, *(source.file for source in sources)}
        left = [
            p.name
            for p in record_files.list_files(self.path)
            if record_files.get_table_name(p) not in files
        ]
        notes = [f"not modelled and left out: {', '.join(left)}"] if left else []
        for name in dict.fromkeys(source.file for source in sources):
            wanted = [source.required_columns for source in sources if source.file == name]
            opened = self.tables.get(name)
            if opened and not any(set(slots) <= set(opened[0].column_names) for slots in wanted):
                absent = [slot for slot in wanted[0] if slot not in opened[0].column_names]
                notes.append(f"{opened[1].name} lacks {', '.join(absent)} and gives no events")
            elif opened and (
                lost := self._find_unused_columns(opened[0], [s for s in sources if s.file == name], used)
            ):
                notes.append(f"columns of {opened[1].name} that are not modelled: {', '.join(lost)}")
        return [*self.notes, *notes]

    def _find_unused_columns(
        self, found: pa.Table, sources: Sequence[EventSource], used: Sequence[str]
    ) -> list[str]:
        """The columns that hold something, and of which nothing is kept."""
        mine = {self.subject_column, ANSWER_COLUMN, "row_id", *used}
        for source in sources:
            mine |= {*source.code_columns, *source.time, *source.constants, source.value, source.visit}
            mine |= {source.visit_time_column, f"{source.file}_id"}
        return [name for name in found.column_names if name not in mine and not is_blank(found[name])]


def _build_events(
    source: EventSource, found: pa.Table, path: Path, begins: Mapping[str, float]
) -> EventBatch:
    """All rows of a table as events; what has no code or time is None and NaN."""
    n = found.num_rows
    time = np.full(n, np.nan)
    visit = (
        read_text_column(found, source.visit, path)
        if source.visit in found.column_names
        else np.full(n, None)
    )
    for name in reversed(source.time):
        if name in found.column_names:
            here, _ = parse_days(found[name], name, path, empty=True)
            time = np.where(np.isnan(here), time, here)
    if source.visit_time_column:
        time = np.array([begins.get(v, np.nan) for v in visit.tolist()], dtype=float)
    absent = set(source.code_columns) - set(source.required_columns) - set(found.column_names)
    slots = [
        np.full(n, None) if slot in absent else read_text_column(found, slot, path)
        for slot in source.code_columns
    ]
    prefix = _PLACEHOLDER_PATTERN.split(source.code_template)[::2]
    # Only the first part must be there: a measurement may have no unit.
    code = [
        "".join(p + (s or "") for p, s in zip(prefix, (*row, ""), strict=True))
        if row[0] is not None
        else None
        for row in zip(*slots, strict=True)
    ]
    measured = source.value in found.column_names
    value = _parse_numbers(read_text_column(found, source.value, path)) if measured else np.full(n, np.nan)
    if source.value and ANSWER_COLUMN in found.column_names:
        answers = read_text_column(found, ANSWER_COLUMN, path).tolist()
        code = [
            f"{c}{CODE_SEPARATOR}{ANSWER_PREFIX}{a}"
            if c is not None and np.isnan(v) and a not in (None, "0")
            else c
            for c, v, a in zip(code, value.tolist(), answers, strict=True)
        ]
    return EventBatch(np.full(n, None), time, np.array(code, dtype=object), value, visit)


def combine_batches(
    parts: Sequence[EventBatch], people: np.ndarray, facts: Mapping[str, pa.Array]
) -> EventRows:
    """All events as rows of the same patients, subjects as numbers where all are."""
    whole = [
        np.concatenate([getattr(part, name) for part in parts]) for name in EventBatch.__dataclass_fields__
    ]
    subject, time, code, value, visit = whole
    numbered = all(re.fullmatch(r"0|[1-9]\d{0,17}", str(name)) for name in people.tolist())
    cast = (lambda x: pa.array([int(v) for v in x])) if numbered else (lambda x: pa.array(x.tolist()))
    number = {name: i for i, name in enumerate(dict.fromkeys(v for v in visit.tolist() if v is not None))}
    place = np.array([number.get(v, -1) for v in visit.tolist()])
    return EventRows(cast(subject), time, pa.array(code.tolist()), value, place, facts, cast(people))


def extract_timed_events(
    owner: np.ndarray, opened: TextTable, name: str, code: str, later: float
) -> EventBatch:
    """One event for each row of a table that has a time in a column, `later` days after it."""
    found, path = opened
    if name not in found.column_names:
        return EventBatch(*(np.zeros(0, dtype=kind) for kind in (object, float, object, float, object)))
    time, _ = parse_days(found[name], name, path, empty=True)
    n = len(time)
    whole = EventBatch(owner, time + later, np.full(n, code, object), np.full(n, np.nan), np.full(n, None))
    return whole.select_events(~np.isnan(time))


def read_text_column(found: pa.Table, name: str, path: Path) -> np.ndarray:
    """A column as text, (n,) of objects, None where nothing stands.

    Raises:
        FormatError: There is no such column.
    """
    if name not in found.column_names:
        raise FormatError(f"{path}: has no column {name}; is it a table of this format?")
    values = np.array(found[name].to_pylist(), dtype=object)
    values[np.isin(values, sorted(MISSING_SPELLINGS))] = None
    return values


def _parse_numbers(values: np.ndarray) -> np.ndarray:
    like = re.compile(NUMBER_PATTERN)
    return np.array([float(v) if v is not None and like.match(v) else np.nan for v in values.tolist()])
