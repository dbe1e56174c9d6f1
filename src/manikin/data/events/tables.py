"""Folders of tables, each with events of one sort, in and out: what MIMIC and OMOP have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.data.events.gather import Rows
from manikin.data.events.history import Histories, fields
from manikin.data.events.long import days
from manikin.data.formats.csv import render, texts
from manikin.data.schema import Schema, Text
from manikin.data.times import spell
from manikin.data.words import MISSING, NUMBER
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from manikin.data.cohort import Cohort

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_SLOT = re.compile(r"\{(\w+)\}")
_EPOCH = np.datetime64("2000-01-01", "s")
_MINUTE = 1440
ROWS = 1 << 16
"""Rows of a table that are written together."""


@final
@dataclass(frozen=True)
class Source:
    """Where events stand, and how their codes are made of the columns.

    Args:
        file: The table, without suffix, in lower case.
        code: The code, with names of columns in braces: "LAB//{itemid}".
        time: Columns of the time, the best first.
        value: The column of what was measured.
        visit: The column of the visit.
        by: Where the time stands in the table `visits` instead, by visit.
        constants: What else a written row must have.
    """

    file: str
    code: str
    time: tuple[str, ...] = ()
    value: str = ""
    visit: str = "hadm_id"
    by: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def slots(self) -> list[str]:
        """The columns that the code is made of."""
        return _SLOT.findall(self.code)

    @property
    def pattern(self) -> re.Pattern[str]:
        """What its codes look like."""
        parts = _SLOT.split(self.code)
        like = [re.escape(part) if i % 2 == 0 else "(.*?)" for i, part in enumerate(parts)]
        return re.compile("".join(like))


@final
@dataclass(frozen=True, eq=False)
class Part:
    """Events of one source: whose, when in days, what, how much, in which visit; all (m,)."""

    subject: np.ndarray
    time: np.ndarray
    code: np.ndarray
    value: np.ndarray
    visit: np.ndarray

    def where(self, kept: np.ndarray) -> Part:
        """Only some events."""
        return Part(*(x[kept] for x in (self.subject, self.time, self.code, self.value, self.visit)))


def joined(parts: Sequence[Part], people: np.ndarray, facts: Mapping[str, pa.Array]) -> Rows:
    """All events as rows of the same patients, subjects as numbers where all are."""
    whole = [np.concatenate([getattr(part, name) for part in parts]) for name in Part.__dataclass_fields__]
    subject, time, code, value, visit = whole
    numbered = all(re.fullmatch(r"0|[1-9]\d{0,17}", str(name)) for name in people.tolist())
    cast = (lambda x: pa.array([int(v) for v in x])) if numbered else (lambda x: pa.array(x.tolist()))
    number = {name: i for i, name in enumerate(dict.fromkeys(v for v in visit.tolist() if v is not None))}
    place = np.array([number.get(v, -1) for v in visit.tolist()])
    return Rows(cast(subject), time, pa.array(code.tolist()), value, place, facts, cast(people))


def moments(owner: np.ndarray, opened: tuple[pa.Table, Path], name: str, code: str, later: float) -> Part:
    """One event for each row of a table that has a time in a column, `later` days after it."""
    found, path = opened
    if name not in found.column_names:
        return Part(*(np.zeros(0, dtype=kind) for kind in (object, float, object, float, object)))
    time, _ = days(found[name], name, path, empty=True)
    n = len(time)
    whole = Part(owner, time + later, np.full(n, code, object), np.full(n, np.nan), np.full(n, None))
    return whole.where(~np.isnan(time))


def table(folder: Path, name: str) -> tuple[pa.Table, Path] | None:
    """The columns of a table as text, named in lower case; None: the folder has none, or it is empty."""
    for path in sorted(folder.iterdir()):
        if path.name.lower().removesuffix(".gz") != f"{name}.csv":
            continue
        try:
            found = texts(path)
        except FormatError as error:
            if "no record" in str(error):
                return None
            raise
        return found.rename_columns([column.lower() for column in found.column_names]), path
    return None


def column(found: pa.Table, name: str, path: Path) -> np.ndarray:
    """A column as text, (n,) of objects, None where nothing stands.

    Raises:
        FormatError: There is no such column.
    """
    if name not in found.column_names:
        raise FormatError(f"{path}: has no column {name}; is it a table of this format?")
    values = np.array(found[name].to_pylist(), dtype=object)
    values[np.isin(values, sorted(MISSING))] = None
    return values


def read(folder: Path, source: Source, subject: str, begins: Mapping[str, float]) -> Part | None:
    """The events of a source; None where the folder does not have it.

    Args:
        folder: Of the tables.
        source: Where they stand.
        subject: The column of subjects.
        begins: Days of each visit, for sources whose time is that of the visit.
    """
    if (opened := table(folder, source.file)) is None:
        return None
    found, path = opened
    if any(slot not in found.column_names for slot in source.slots):
        return None
    n = found.num_rows
    time = np.full(n, np.nan)
    visit = column(found, source.visit, path) if source.visit in found.column_names else np.full(n, None)
    for name in reversed(source.time):
        if name in found.column_names:
            here, _ = days(found[name], name, path, empty=True)
            time = np.where(np.isnan(here), time, here)
    if source.by:
        time = np.array([begins.get(v, np.nan) for v in visit.tolist()], dtype=float)
    slots = [column(found, slot, path) for slot in source.slots]
    prefix = _SLOT.split(source.code)[::2]
    # Only the first part must be there: a measurement may have no unit.
    code = (
        np.array(
            [
                "".join(p + (s or "") for p, s in zip(prefix, (*row, ""), strict=True))
                for row in zip(*slots, strict=True)
            ],
            dtype=object,
        )
        if slots
        else np.full(n, source.code, dtype=object)
    )
    known = np.array([s is not None for s in slots[0]]) if slots else np.ones(n, dtype=bool)
    value = (
        _numbers(column(found, source.value, path))
        if source.value in found.column_names
        else np.full(n, np.nan)
    )
    kept = known & ~np.isnan(time)
    who = column(found, subject, path)
    return Part(who[kept], time[kept], code[kept], value[kept], visit[kept])


@final
@dataclass(frozen=True, eq=False)
class Visits:
    """Visits as they are written: whose each is, its first and its last moment, (visits,) of text."""

    patient: np.ndarray
    first: np.ndarray
    last: np.ndarray


def written(cohort: Cohort, folder: Path, sources: Sequence[Source], subject: str) -> Visits:
    """Write one table for each file of the sources.

    Returns:
        The visits, in the order of the numbers by which the tables name them, which start with 1.
    """
    found = Histories.of(cohort.columns[fields(cohort.schema)[0]])
    moments, codes = spelled(found.time), found.codes.tolist()
    hits = [next((i for i, s in enumerate(sources) if s.pattern.fullmatch(code)), -1) for code in codes]
    chosen = np.array(hits, dtype=np.int64)[found.code]
    for file in dict.fromkeys(source.file for source in sources):
        parts = [
            _listed(found, moments, source, np.flatnonzero(chosen == i), subject)
            for i, source in enumerate(sources)
            if source.file == file and (chosen == i).any()
        ]
        if parts:
            whole = pa.concat_tables(parts, promote_options="default")
            save(folder / f"{file.upper()}.csv", whole, f"{file}_id")
    ends = np.append(found.opens[1:], True)[: len(found.code)]
    edges = (moments.filter(pa.array(at)).to_numpy(zero_copy_only=False) for at in (found.opens, ends))
    return Visits(found.owner, *edges)


def matched(found: Histories, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Which events a source has, and what the first column of its code then holds."""
    hits = [source.pattern.fullmatch(code) for code in found.codes.tolist()]
    rows = np.flatnonzero(np.array([hit is not None for hit in hits], dtype=bool)[found.code])
    words = np.array([hit[1] if hit else "" for hit in hits], dtype=object)
    return rows, words[found.code[rows]]


def _listed(
    found: Histories, moments: pa.Array, source: Source, rows: np.ndarray, subject: str
) -> pa.Table:
    """The events in `rows` as the rows of a source."""
    code, time = pa.array(found.code[rows]), moments.take(pa.array(rows))
    hits = [source.pattern.fullmatch(name) for name in found.codes.tolist()]
    columns = {
        subject: pa.array(found.patient[rows] + 1).cast(pa.string()),
        source.visit: pa.array(found.place[rows] + 1).cast(pa.string()),
    }
    for i, slot in enumerate(source.slots):
        columns[slot] = pa.array([hit[i + 1] if hit else None for hit in hits], pa.string()).take(code)
    for name in source.time:
        columns[name] = day(time) if name.endswith("_date") else time
    if source.value:
        value = [None if np.isnan(x) else f"{x:.10g}" for x in found.value[rows].tolist()]
        columns[source.value] = pa.array(value, pa.string())
    columns |= {name: pa.repeat(pa.scalar(text), len(rows)) for name, text in source.constants.items()}
    return pa.table(columns)


def save(path: Path, table: pa.Table, key: str = "") -> None:
    """Write a table of text, with a running number in the column `key` if it is named; nulls are empty.

    Some rows at a time, so that the text of all of them never stands in memory.
    """
    from manikin.data.cohort import Cohort

    with path.open("w", encoding="utf-8", newline="") as file:
        for start in range(0, max(table.num_rows, 1), ROWS):
            some = table.slice(start, ROWS)
            number = pa.array(np.arange(start, start + some.num_rows) + 1).cast(pa.string())
            numbered = {key: number} if key else {}
            columns = numbered | {name: some[name].fill_null("") for name in table.column_names}
            text = render(Cohort(pa.table(columns), Schema(dict.fromkeys(columns, Text()))))
            file.write(text.partition("\n")[2] if start else text)


def spelled(time: Sequence[float] | np.ndarray) -> pa.Array:
    """Days as moments from 1 January 2000 on, to the minute: 2000-01-01 00:00:00; null where NaN."""
    days_ = np.asarray(time, dtype=float)
    gap = np.isnan(days_)
    minutes = np.rint(np.where(gap, 0.0, days_) * _MINUTE).astype("timedelta64[m]")
    return spell(pa.array(_EPOCH + minutes, pa.timestamp("s"), mask=gap), "%Y-%m-%d %H:%M:%S")


def day(moments: pa.Array) -> pa.Array:
    """The dates of spelled moments."""
    return pc.utf8_slice_codeunits(moments, 0, len("2000-01-01"))


def _numbers(values: np.ndarray) -> np.ndarray:
    like = re.compile(NUMBER)
    return np.array([float(v) if v is not None and like.match(v) else np.nan for v in values.tolist()])
