"""Folders of tables, each with events of one sort, read: what MIMIC and OMOP have in common.

What is bad (an id that stands twice, a row of somebody whom the table of patients lacks, what is no
time) is an error that names table and row, or left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa

from manikin.core import record_files
from manikin.ehr.long.validate import (
    RowIssue,
    check_rows,
    has_minority_time_format,
    is_missing,
    is_not_number,
    is_not_time,
)
from manikin.ehr.relational import tables
from manikin.ehr.relational.event_sources import ANSWER_COLUMN, EventBatch, EventSource, build_events
from manikin.ehr.relational.tables import TextTable, is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


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
                tables.read_text_column(found, self.subject_column, path).astype(str),
                self.patient_ids.astype(str),
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
        part = build_events(source, found, path, begins or {})
        who = tables.read_text_column(found, self.subject_column, path)
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
