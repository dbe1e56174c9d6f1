"""A long table (subject, time, parameter, value) as one series for each subject, on a regular grid."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort.cohort import Cohort, Origin
from manikin.core import mapped_arrays
from manikin.errors import FormatError, SchemaError
from manikin.io.formats.csv import render
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.distinct_values import Words, missing
from manikin.schema.kinds import Schema, Signal, Text
from manikin.signals.files import static_fields
from manikin.signals.files.recording import LARGEST
from manikin.signals.files.time_grid import Points, averaged, axis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

FIELD = "series"
_SUBJECT = re.compile(
    r"^(subject|patient|record|stay|icu_?stay|person|admission|hadm|encounter|case)?_?(id|no|number)?$"
    r"|^(subject|patient|record|stay|person|case|pid|ruid)$",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"^(parameter|variable|channel|measurement|item|feature|vital(_sign)?|lab|signal)(_?name|_?label|_?id)?$",
    re.IGNORECASE,
)
_VALUE = re.compile(r"^(values?|value_?num|val|result|numeric_value)$", re.IGNORECASE)
_UNIT = re.compile(r"^(units?|value_?uom|uom)$", re.IGNORECASE)
_DIGITS = 2


@final
@dataclass(frozen=True)
class Columns:
    """Which column of a long table is what.

    Args:
        subject, time, parameter, value: Their names.
        unit: The name of a column of units, or "".
    """

    subject: str
    time: str
    parameter: str
    value: str
    unit: str = ""


def detected(names: Sequence[str]) -> Columns | None:
    """The columns of a long table by their names; None: it is another table.

    Example:
        >>> detected(["RecordID", "Time", "Parameter", "Value"])
        Columns(subject='RecordID', time='Time', parameter='Parameter', value='Value', unit='')
        >>> detected(["age", "time", "parameter"])
    """
    like = (_SUBJECT, elapsed_time.NAMES, _PARAMETER, _VALUE)
    found = [next((name for name in names if pattern.match(name)), None) for pattern in like]
    unit = next((name for name in names if _UNIT.match(name)), "")
    known = [name for name in found if name]
    if len(set(known)) < len(like) or len(names) != len(like) + bool(unit):
        return None
    subject, time, parameter, value = known
    return Columns(subject, time, parameter, value, unit)


def cohort(
    table: pa.Table,
    columns: Columns,
    path: Path,
    schema: Schema | None,
    options: Mapping[str, Any],
    *,
    skip_bad: bool = False,
) -> Cohort:
    """One record for each subject: descriptors as fields, measurements on a grid.

    With `skip_bad` rows without a time, or whose measurement is no number, are left out and counted.

    Raises:
        FormatError: A time is no time, a measurement no number, or nothing is measured.
        SchemaError: A declaration does not fit.
    """
    name, kind = _declared(schema, columns)
    table, left = _timed(table, columns) if skip_bad else (table, 0)
    people, items = _words(table, columns.subject), _words(table, columns.parameter)
    if min(people.codes.min(initial=0), items.codes.min(initial=0)) < 0:
        raise FormatError(f"{path}: some rows have no {columns.subject} or no {columns.parameter}")
    time, spelling, moments = elapsed_time.seconds(
        table[columns.time].combine_chunks(), columns.time, "h", path
    )
    if moments:
        first = np.full(len(people.words), np.inf)
        np.minimum.at(first, people.codes, time)
        time = time - first[people.codes]
    text = _words(table, columns.value)
    text = text.without(missing(text))
    rows = static_fields.Rows(people, items, time, text, columns.subject)
    split = static_fields.split(rows)
    dynamic, wordy = static_fields.leave_out_words(rows, split.dynamic)
    points, codes, wrong = _points(rows, dynamic, kind, path, skip_bad=skip_bad)
    names = [items.words[int(code)].as_py() for code in codes]
    step, cells = axis(points, kind)
    x, told = averaged(points, len(people.words), len(names), step, cells)
    cells_of = static_fields.fields(rows, split, path, schema, name)
    units = _units(table, columns, items, names) if columns.unit else []
    whole = replace(
        kind,
        channels=tuple(names),
        rate=1 / step,
        window=step * cells,
        unit=kind.unit or ",".join(units) or None,
    )
    decimals = {item: _decimals(rows, code) for item, code in zip(names, codes, strict=True)}
    layout = {
        "form": "long",
        "columns": [columns.subject, columns.time, columns.parameter, columns.value, columns.unit],
        "spelling": spelling,
        "decimals": decimals,
    }
    arrow: dict[str, Any] = {key: cells_of.columns[key] for key in cells_of.schema} | {
        name: mapped_arrays.column(x)
    }
    lost = left + wrong
    notes = (
        *([f"{name}: left out {lost} rows without a time, or whose value is no number"] if lost else ()),
        (
            f"{name}: {len(names)} parameters on a grid of {cells} cells of "
            f"{elapsed_time.spelled(step, 'clock')} h"
        ),
        f"{name}: {told}",
        *_unsaid(columns.time, spelling),
        *split.notes,
        *wordy,
        *cells_of.notes,
    )
    origin = Origin("csv", {**options, "series": layout})
    return Cohort(pa.table(arrow), Schema({**cells_of.schema, name: whole}), origin, notes)


def _words(table: pa.Table, name: str) -> Words:
    """The spellings of a column; empty cells have none."""
    words = Words.of(table[name].combine_chunks())
    return words.without(words.among(("",)))


def _declared(schema: Schema | None, columns: Columns) -> tuple[str, Signal]:
    """The field of the measurements by its name, and what is declared of it."""
    found = {name: kind for name, kind in (schema or {}).items() if isinstance(kind, Signal)}
    if len(found) > 1:
        raise SchemaError(f"the schema declares {', '.join(found)}, but a long table is one signal")
    for kind in found.values():
        if kind.around or kind.band or kind.notch:
            raise SchemaError(
                f"{columns.parameter} and {columns.value} are no waveform: no around, band, notch"
            )
    return next(iter(found.items()), (FIELD, Signal()))


def _unsaid(time: str, spelling: str) -> list[str]:
    """A note on numbers whose unit nothing says."""
    if spelling != "h" or elapsed_time.unit(time, ""):
        return []
    return [f"{time}: numbers without a unit are read as hours; call the column seconds, minutes or days"]


def _timed(table: pa.Table, columns: Columns) -> tuple[pa.Table, int]:
    """The rows of a table that have a time, and how many others there are."""
    words = _words(table, columns.time)
    wrong = np.zeros(len(words.words) + 1, dtype=bool)
    wrong[[*elapsed_time.unreadable(words.words.to_pylist()), -1]] = True
    kept = ~wrong[words.codes]
    return table.filter(pa.array(kept)), int((~kept).sum())


def _points(
    rows: static_fields.Rows, dynamic: np.ndarray, kind: Signal, path: Path, *, skip_bad: bool
) -> tuple[Points, np.ndarray, int]:
    """The measurements as numbers, the parameters as declared or by their names, how many are left out."""
    known = rows.items.words.to_pylist()
    used = np.unique(rows.items.codes[dynamic])
    used = used[np.argsort([known[code].lower() for code in used.tolist()], kind="stable")]
    codes = np.array([known.index(channel) for channel in kind.channels if channel in known], dtype=int)
    if lost := [channel for channel in kind.channels if channel not in known]:
        raise FormatError(f"{path}: measures no {', '.join(lost)}; declare other `channels`")
    codes = codes if len(codes) else used
    place = np.full(len(known), -1)
    place[codes] = np.arange(len(codes))
    value = rows.numbers
    chosen = dynamic & (place[rows.items.codes] >= 0) & (rows.text.codes >= 0)
    bad = chosen & ~(np.abs(value) <= LARGEST)
    if bad.any() and not skip_bad:
        row = int(np.argmax(bad))
        what = "no number" if np.isnan(value[row]) else f"infinite or beyond {LARGEST:g}"
        raise FormatError(
            f"{path}: row {row + 2}: the value of {known[rows.items.codes[row]]} is {what}; correct it, or "
            "leave it out with skip_bad"
        )
    chosen &= ~bad
    if not chosen.any():
        raise FormatError(
            f"{path}: nothing is measured after the start; read it as a table of one row each"
        )
    points = Points(
        rows.people.codes[chosen], place[rows.items.codes[chosen]], rows.time[chosen], value[chosen]
    )
    return points, codes, int(bad.sum())


def _units(table: pa.Table, columns: Columns, items: Words, names: Sequence[str]) -> list[str]:
    """The commonest unit of each parameter."""
    units = Words.of(table[columns.unit].combine_chunks())
    known = items.words.to_pylist()
    found = []
    for name in names:
        codes = units.codes[(items.codes == known.index(name)) & (units.codes >= 0)]
        found.append(
            units.words[int(np.bincount(codes).argmax())].as_py().replace(",", ";") if len(codes) else ""
        )
    return found


def _decimals(rows: static_fields.Rows, code: int) -> int:
    """How many decimals most values of a parameter have."""
    codes = np.unique(rows.text.codes[(rows.items.codes == code) & (rows.text.codes >= 0)])
    words = [rows.text.words[int(i)].as_py() for i in codes[:1000]]
    return min(6, max((len(word.partition(".")[2]) for word in words), default=0))


def rendered(cohort: Cohort, delimiter: str) -> str:
    """The cohort as the long table that it came in: descriptors at time 0, then the middle of each cell.

    Means are written with two decimals more than measurements were.
    """
    layout = cohort.origin.options["series"]
    subject, time, parameter, value, unit = layout["columns"]
    name = next(name for name, kind in cohort.schema.items() if isinstance(kind, Signal))
    kind, x = cohort.schema[name], cohort[name]
    assert isinstance(kind, Signal)  # noqa: S101 - by its search
    person = subject if subject in cohort.schema else cohort.schema.named("subject")
    ids = cohort.columns[person].to_pylist() if person else [str(i + 1) for i in range(len(cohort))]
    step = 1 / (kind.rate or 1 / 3600)
    moments = [elapsed_time.spelled((i + 0.5) * step, layout["spelling"]) for i in range(x.shape[2])]
    digits = np.array([layout["decimals"].get(channel, _DIGITS) + _DIGITS for channel in kind.channels])
    row, cell, channel = np.nonzero(~np.isnan(x.transpose(0, 2, 1)))
    scale = 10.0 ** digits[channel]
    numbers = pa.array(np.rint(x[row, channel, cell].astype(np.float64) * scale) / scale).cast(pa.string())
    units = (kind.unit or "").split(",")
    units = units if len(units) == len(kind.channels) else [""] * len(kind.channels)
    measured = [
        row,
        np.array(moments)[cell],
        np.array(kind.channels)[channel],
        numbers,
        np.array(units)[channel],
    ]
    start = elapsed_time.spelled(0.0, layout["spelling"])
    parts = [
        _stated(texts, key, start) for key, texts in static_fields.texts(cohort, {name, person}).items()
    ]
    whole = [pa.concat_arrays([_text(part[i]) for part in (*parts, measured)]) for i in range(1, 5)]
    rows = np.concatenate([part[0] for part in (*parts, measured)])
    order = np.argsort(rows, kind="stable")
    names = [column for column in (subject, time, parameter, value, unit) if column]
    columns = [pa.array([str(key) for key in ids]).take(pa.array(rows)), *whole][: len(names)]
    table = pa.table(
        {key: column.take(pa.array(order)) for key, column in zip(names, columns, strict=True)}
    )
    return render(Cohort(table, Schema(dict.fromkeys(names, Text()))), delimiter)


def _stated(texts: Sequence[str], key: str, start: str) -> list[Any]:
    """What is said once of each subject: whose, when, of what, how much, and no unit."""
    rows = np.array([row for row, text in enumerate(texts) if text], dtype=np.int64)
    same = [np.full(len(rows), word) for word in (start, key)]
    return [rows, *same, np.array([texts[row] for row in rows.tolist()], dtype=str), np.full(len(rows), "")]


def _text(x: Any) -> pa.Array:  # noqa: ANN401 - of NumPy or of Arrow
    return x if isinstance(x, pa.Array) else pa.array(x.astype(object), pa.string())
