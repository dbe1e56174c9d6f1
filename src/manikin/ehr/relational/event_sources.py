"""Tables of events of one sort: where they stand, and their rows as events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa

from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR, EventRows
from manikin.ehr.long.read import parse_days
from manikin.ehr.relational.tables import TextTable, read_text_column
from manikin.schema.vocabulary import NUMBER_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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


def build_events(
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


def _parse_numbers(values: np.ndarray) -> np.ndarray:
    like = re.compile(NUMBER_PATTERN)
    return np.array([float(v) if v is not None and like.match(v) else np.nan for v in values.tolist()])
