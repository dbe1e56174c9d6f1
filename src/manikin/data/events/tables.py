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
from manikin.data.format import store
from manikin.data.formats.csv import render, texts
from manikin.data.schema import Schema, Text
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


def written(
    cohort: Cohort, folder: Path, sources: Sequence[Source], subject: str
) -> list[tuple[int, str, str]]:
    """Write one table for each file of the sources.

    Returns:
        For each visit, numbered from 1: whose it is, and its first and last moment.
    """
    found = Histories.of(cohort.columns[fields(cohort.schema)[0]])
    codes: list[str] = found.codes.tolist()
    moments = spelled(found.time)
    rows: dict[str, list[dict[str, str]]] = {}
    match = [next(((s, m) for s in sources if (m := s.pattern.fullmatch(code))), None) for code in codes]
    for i in range(len(found.code)):
        hit = match[found.code[i]]
        if hit is None:
            continue
        source, groups = hit
        row = {subject: str(found.patient[i] + 1), source.visit: str(found.place[i] + 1)}
        row |= dict(zip(source.slots, groups.groups(), strict=True))
        row |= {name: moments[i][:10] if name.endswith("_date") else moments[i] for name in source.time}
        if source.value and not np.isnan(found.value[i]):
            row[source.value] = f"{found.value[i]:.10g}"
        rows.setdefault(source.file, []).append(row | dict(source.constants))
    for file, listed in rows.items():
        save(folder / f"{file.upper()}.csv", listed, f"{file}_id")
    ends = np.append(found.opens[1:], True)[: len(found.code)]
    return [
        (int(found.patient[first]), moments[first], moments[last])
        for first, last in zip(np.flatnonzero(found.opens), np.flatnonzero(ends), strict=True)
    ]


def save(path: Path, rows: Sequence[Mapping[str, str]], key: str = "") -> None:
    """Write rows as a table of text, with a running number in the column `key` if it is named."""
    names: list[str] = list(
        dict.fromkeys([*([key] if key else []), *(name for row in rows for name in row)])
    )
    columns = {
        name: pa.array([row.get(name, str(i) if name == key else "") for i, row in enumerate(rows, 1)])
        for name in names
    }
    from manikin.data.cohort import Cohort

    kinds = Schema(dict.fromkeys(names, Text()))
    store(path, render(Cohort(pa.table(columns), kinds)).encode())


def spelled(time: Sequence[float] | np.ndarray) -> list[str]:
    """Days as moments from 1 January 2000 on, to the minute: 2000-01-01 00:00:00."""
    minutes = np.rint(np.asarray(time) * _MINUTE).astype(np.int64)
    return [
        str(moment).replace("T", " ") for moment in (_EPOCH + minutes.astype("timedelta64[m]")).tolist()
    ]


def _numbers(values: np.ndarray) -> np.ndarray:
    like = re.compile(NUMBER)
    return np.array([float(v) if v is not None and like.match(v) else np.nan for v in values.tolist()])
