"""A long table of coded events (subject, time, code, value, visit), as MEDS lays it out, in and out."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.data.cells import cells
from manikin.data.cohort import Cohort, Origin
from manikin.data.events import gather
from manikin.data.events.history import BIRTH, Histories, fields
from manikin.data.events.legible import legible
from manikin.data.schema import Codes, Number, Schema, Text
from manikin.data.signals import clock
from manikin.data.times import spell
from manikin.data.words import MISSING, NUMBER, Words
from manikin.errors import FormatError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_PATTERNS = {
    "subject": r"(subject|patient|person|record|pid|mrn)(_?(id|no|nbr|number))?",
    "time": r"time|date|date_?time|time_?stamp|start_?(time|date)?|event_?(time|date)|days?|hours?",
    "code": r"code|concept(_?(code|id))?|event(_?code)?|icd_?(9|10)?_?(code|cm)?",
    "value": r"numeric_?value|values?(_?num(eric)?)?|result",
    "visit": r"(visit|encounter|admission|hadm|stay)(_?occurrence)?_?(id|no|nbr|number)",
    "ignored": r"text_?value|text|units?|value_?uom|description|row_?id|system|vocabulary(_id)?|type",
}
_ROLES = {role: re.compile(f"^({like})$", re.IGNORECASE) for role, like in _PATTERNS.items()}
_DAY = 86_400.0
MEASURED = "numeric_value"
"""What MEDS calls the column of what was measured."""
_EPOCH = np.datetime64("2000-01-01", "us")
_MOMENT, _DATE = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"
_MOSTLY = 0.5


@final
@dataclass(frozen=True)
class Columns:
    """Which column of a long table of events is what; "" where there is none."""

    subject: str = "subject_id"
    time: str = "time"
    code: str = "code"
    value: str = MEASURED
    visit: str = "visit_id"


def detected(names: Sequence[str], schema: Schema | None) -> Columns | None:
    """The columns of a table of coded events; None: it is another table.

    It is one where a field is declared as codes, or where one column is called "code", one names the
    subject, one the time, and no other column is unknown.

    Example:
        >>> detected(["subject_id", "time", "code", "numeric_value"], None).value
        'numeric_value'
        >>> detected(["patient_id", "date", "icd10", "age"], None)
    """
    declared = [name for name, kind in (schema or {}).items() if isinstance(kind, Codes)]
    code = next((name for name in declared if name in names), None)
    found = {
        role: next((n for n in names if like.match(n) and n != code), "") for role, like in _ROLES.items()
    }
    found["code"] = code or found["code"]
    known = {n for n in names if n == code or any(like.match(n) for like in _ROLES.values())}
    if not (found["subject"] and found["code"] and found["time"]):
        if declared and code is None:
            raise SchemaError(
                f"{declared[0]!r} is declared as codes, but no columns are called subject_id, time and code"
            )
        return None
    if not declared and (found["code"].lower() != "code" or len(known) < len(names)):
        return None
    return Columns(*(found[role] for role in ("subject", "time", "code", "value", "visit")))


def coded(values: pa.ChunkedArray) -> bool:
    """Whether the parameters of a table are events, not measurements: most values are no numbers."""
    words = Words.of(values.combine_chunks())
    return float(words.counts[words.like(NUMBER)].sum()) < _MOSTLY * max(len(values), 1)


def cohort(
    table: pa.Table,
    columns: Columns,
    path: Path,
    schema: Schema | None,
    origin: Origin,
    *,
    skip_bad: bool = False,
) -> Cohort:
    """One record for each patient of a long table.

    Args:
        table: Its rows.
        columns: What is what.
        path: Where it came from.
        schema: Declared kinds.
        origin: The format it came in.
        skip_bad: Whether rows that cannot be read are left out, instead of being an error.

    Raises:
        FormatError: A row lacks its subject or code, or its time or value cannot be read; the message names
            the row.
        SchemaError: A declaration does not fit.
    """
    table, notes = legible(table, columns, path, skip_bad=skip_bad)
    time, spelling = days(table[columns.time], columns.time, path)
    value = _values(table[columns.value]) if columns.value else np.full(len(time), np.nan)
    visit = _labels(table[columns.visit]) if columns.visit else None
    subject = table[columns.subject].combine_chunks()
    rows = gather.Rows(
        _whole(subject), time, table[columns.code].combine_chunks().cast(pa.string()), value, visit
    )
    if left := [name for name in table.column_names if name not in asdict(columns).values()]:
        notes.append(f"columns {', '.join(left)} are not modelled and are left out")
    layout = {**asdict(columns), "spelling": spelling}
    options = {**origin.options, "events": layout}
    declared = schema
    if schema is not None and isinstance(schema.get(columns.code), Codes):
        declared = Schema({("history" if n == columns.code else n): kind for n, kind in schema.items()})
    source = Origin(origin.format, options)
    return gather.cohort(rows, columns.subject, declared, source, notes, skip_bad=skip_bad)


def _whole(subject: pa.Array) -> pa.Array:
    """Subjects that are whole numbers as such, others as text."""
    if pa.types.is_integer(subject.type):
        return subject
    words = Words.of(subject.cast(pa.string()))
    plain = words.like(r"^(0|[1-9]\d{0,17})$").all()
    return words.spread(words.words.cast(pa.int64()) if plain else words.words)


def days(column: pa.ChunkedArray, name: str, path: Path, *, empty: bool = False) -> tuple[np.ndarray, str]:
    """Days, NaN where there is none; and how they are spelled: "moment", "date", or a unit of numbers.

    Raises:
        FormatError: What stands there is no time, or nothing does and that is not allowed (`empty`).
    """
    values = column.combine_chunks()
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        stamps = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        return stamps.to_numpy(zero_copy_only=False).astype(float) / 1e6 / _DAY, "moment"
    words = Words.of(values.cast(pa.string()))
    words = words.without(words.among(tuple(MISSING)))
    known = words.codes >= 0
    if empty and not known.any():
        return np.full(len(values), np.nan), "moment"
    if not known.any():
        raise FormatError(f"{path}: column {name!r} holds no time")
    texts = words.words.to_pylist()
    said = pa.array(texts, pa.string()).take(pa.array(words.codes[known]))
    try:
        seconds, spelling, _ = clock.seconds(said, name, "d", path)
    except FormatError as error:
        unlike = np.isin(np.arange(len(texts)), clock.unreadable(texts, texts[:1]))
        raise FormatError(f"{error}; row {words.first(unlike) + 1} is spelled otherwise") from error
    out = np.full(len(values), np.nan)
    out[known] = seconds / _DAY
    dates = spelling == "moment" and words.like(r"^[^:]*$").all()
    return out, "date" if dates else spelling


def _values(column: pa.ChunkedArray) -> np.ndarray:
    values = column.combine_chunks()
    if pa.types.is_float32(values.type):  # the number that was meant: 7.53, not 7.53000020980835
        values = values.cast(pa.string()).cast(pa.float64())
    if not pa.types.is_string(values.type):
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    words = Words.of(values)
    words = words.without(words.among(tuple(MISSING)))
    numbers = words.words.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.append(numbers, np.nan)[words.codes]


def _labels(column: pa.ChunkedArray) -> np.ndarray:
    words = Words.of(column.combine_chunks().cast(pa.string()))
    return words.without(words.among(tuple(MISSING))).codes.astype(np.int64)


def laid(cohort: Cohort) -> pa.Table:
    """The long table of a cohort: what is said once without a time, then the events.

    Times of files with dates are dates again, counted from 1 January 2000; an age becomes a birth.

    Raises:
        FormatError: There is no history, or a field that is no scalar.
    """
    layout = dict(cohort.origin.options.get("events", {**asdict(Columns()), "spelling": "moment"}))
    spelling = layout.pop("spelling")
    columns = Columns(**layout)
    name = fields(cohort.schema)[0]
    found = Histories.of(cohort.columns[name])
    subject = cohort.schema.named("subject")
    ids = cohort.columns[subject].combine_chunks() if subject else pa.array(np.arange(len(cohort)) + 1)
    parts = [_timed(found)]
    for key in cohort.schema.scalars:
        column = cohort.columns[key].combine_chunks()
        as_birth = key == gather.AGE and spelling in ("moment", "date")
        parts.append(_birth(column) if as_birth else _static(key, column, cohort.schema[key]))
    row, time, code, value, visit = (np.concatenate([part[i] for part in parts]) for i in range(5))
    birth = code == BIRTH
    order = np.lexsort((np.arange(len(row)), np.where(np.isnan(time), 0, np.where(birth, 1, 2)), row))
    row, time, code, value, visit = (x[order] for x in (row, time, code, value, visit))
    table = {
        columns.subject: ids.take(pa.array(row)),
        columns.time: _spelled(time, spelling),
        columns.code: pa.array(code.tolist(), pa.string()),
        columns.value or MEASURED: pa.array(value, pa.float64(), from_pandas=True),
        columns.visit or "visit_id": pa.array(visit, pa.int64(), mask=visit < 0),
    }
    return pa.table(table)


def typed(table: pa.Table) -> pa.Table:
    """A long table in the types of MEDS 0.4, whose `numeric_value` has 32 bits.

    Example:
        >>> typed(pa.table({"numeric_value": [7.53]})).schema.field("numeric_value").type
        DataType(float)
    """
    at = table.column_names.index(MEASURED) if MEASURED in table.column_names else -1
    return table if at < 0 else table.set_column(at, MEASURED, table[MEASURED].cast(pa.float32()))


def _timed(found: Histories) -> tuple[np.ndarray, ...]:
    return found.patient, found.time, found.codes[found.code], found.value, found.place + 1


def _birth(column: pa.Array) -> tuple[np.ndarray, ...]:
    age = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(~np.isnan(age))
    nothing = np.full(len(rows), np.nan)
    names = np.full(len(rows), BIRTH, dtype=object)
    return rows, np.round(-age[rows] * gather.YEAR, 6), names, nothing, np.full(len(rows), -1)


def _static(key: str, column: pa.Array, kind: Any) -> tuple[np.ndarray, ...]:  # noqa: ANN401 - a kind of field
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    nothing, never = np.full(len(rows), np.nan), np.full(len(rows), -1)
    if isinstance(kind, Number):
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)[rows]
        return rows, nothing, np.full(len(rows), key, dtype=object), values, never
    words = np.array(cells(column, kind).to_pylist(), dtype=object)[rows]
    names = np.array([f"{key}{gather.PARTS}{word}" for word in words], dtype=object)
    return rows, nothing, names, nothing, never


def _spelled(time: np.ndarray, spelling: str) -> pa.Array:
    if spelling in clock.SECONDS:
        return pa.array(np.round(time * _DAY / clock.SECONDS[spelling], 6), from_pandas=True)
    gap = np.isnan(time)
    whole = np.where(gap, 0, np.rint(time * _DAY * 1e6)).astype(np.int64)
    return pa.array(_EPOCH + whole.astype("timedelta64[us]"), pa.timestamp("us"), mask=gap)


def rendered(cohort: Cohort, delimiter: str) -> str:
    """The long table of a cohort as delimited text."""
    from manikin.data.formats.csv import render

    table = laid(cohort)
    spelling = cohort.origin.options.get("events", {}).get("spelling", "moment")
    kinds = Schema(dict.fromkeys(table.column_names, Text()))
    texts = [_text(column, _DATE if spelling == "date" else _MOMENT) for column in table.columns]
    plain = pa.table(dict(zip(table.column_names, texts, strict=True)))
    return render(Cohort(plain, kinds), delimiter)


def _text(column: pa.ChunkedArray, layout: str) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        column = spell(column.combine_chunks(), layout)
    return column.cast(pa.string()).fill_null("")
