"""A long table of coded events (subject, time, code, value, visit), as MEDS lays it out, read."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort.cohort import Origin
from manikin.ehr import assemble
from manikin.ehr.code_names import NAMES
from manikin.ehr.long.code_columns import Beside, joined
from manikin.ehr.long.validate import legible
from manikin.errors import FormatError, SchemaError
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.distinct_values import MISSING, NUMBER, Words
from manikin.schema.kinds import Codes, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_PATTERNS = {
    "subject": r"(subject|patient|person|record|pid|mrn)(_?(id|no|nbr|number))?",
    "time": r"time|date|date_?time|time_?stamp|start_?(time|date)?|event_?(time|date)|days?|hours?",
    "code": r"code|concept(_?(code|id))?|event(_?code)?|icd_?(9|10)?_?(code|cm)?",
    "value": r"numeric_?value|values?(_?num(eric)?)?|result",
    "visit": r"(visit|encounter|admission|hadm|stay)(_?occurrence)?_?(id|no|nbr|number)",
    "ignored": r"row_?id|type",
}
_ROLES = {role: re.compile(f"^({like})$", re.IGNORECASE) for role, like in _PATTERNS.items()}
_DAY = 86_400.0
MEASURED = "numeric_value"
"""What MEDS calls the column of what was measured."""
_MOSTLY = 0.5
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


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
    known |= {*asdict(Beside.among(names, known)).values()} & {*names}
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
    _plausible(time, spelling, columns.time, path)
    value = _values(table[columns.value]) if columns.value else np.full(len(time), np.nan)
    visit = _labels(table[columns.visit]) if columns.visit else None
    subject = table[columns.subject].combine_chunks()
    more = Beside.among(table.column_names, asdict(columns).values())
    whole = joined(table, columns.code, more, ~np.isnan(time), value)
    rows = assemble.Rows(_whole(subject), time, whole.code, value, visit)
    used = {*asdict(columns).values(), *asdict(more).values()}
    if left := [name for name in table.column_names if name not in used]:
        notes.append(f"columns {', '.join(left)} are not modelled and are left out")
    if whole.lost:
        notes.append(f"{whole.lost} texts are long, or stand beside a number, and are left out")
    layout = {**asdict(columns), "spelling": spelling, "beside": asdict(more), "units": whole.units}
    options = {**origin.options, "events": layout, NAMES: {**origin.options.get(NAMES, {}), **whole.names}}
    declared = schema
    if schema is not None and isinstance(schema.get(columns.code), Codes):
        declared = Schema({("history" if n == columns.code else n): kind for n, kind in schema.items()})
    source = Origin(origin.format, options)
    return assemble.cohort(rows, columns.subject, declared, source, notes, skip_bad=skip_bad)


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
        seconds, spelling, _ = elapsed_time.seconds(said, name, "d", path)
    except FormatError as error:
        unlike = np.isin(np.arange(len(texts)), elapsed_time.unreadable(texts, texts[:1]))
        raise FormatError(f"{error}; row {words.first(unlike) + 1} is spelled otherwise") from error
    out = np.full(len(values), np.nan)
    out[known] = seconds / _DAY
    dates = spelling == "moment" and words.like(r"^[^:]*$").all()
    return out, "date" if dates else spelling


def _plausible(time: np.ndarray, spelling: str, name: str, path: Path) -> None:
    """Refuse numbers that cannot count what they are taken to count.

    Raises:
        FormatError: They span more than anybody lives.
    """
    known = time[~np.isnan(time)]
    years = float(np.ptp(known)) / assemble.YEAR if len(known) else 0.0
    if spelling in elapsed_time.SECONDS and years > assemble.OLDEST:
        raise FormatError(
            f"{path}: column {name!r} spans {years:,.0f} years if its numbers count {_UNITS[spelling]}; "
            "write dates, or days"
        )


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
