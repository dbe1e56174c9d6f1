"""A long table (subject, time, parameter, value) as one series for each subject, on a regular grid."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.errors import FormatError, SchemaError
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.columns import DistinctValues, are_missing
from manikin.schema.kinds import Schema, Signal, Text
from manikin.schema.limits import MAX_ABS_VALUE
from manikin.schema.remark import Remark
from manikin.signals.files import static_fields
from manikin.signals.files.time_grid import Measurements, average_on_grid, choose_time_grid
from manikin.tables.delimited_output import render_delimited
from manikin.tables.layout_options import LongLayout, SeriesOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.cohort.source_format import SourceFormat
    from manikin.tables import SeriesColumns

SERIES_FIELD = "series"
_DEFAULT_DECIMALS = 2


def build_cohort(
    table: pa.Table,
    columns: SeriesColumns,
    path: Path,
    schema: Schema | None,
    origin: SourceFormat,
    *,
    skip_bad: bool = False,
) -> Cohort:
    """One record for each subject: descriptors as fields, measurements on a grid.

    With `skip_bad` rows without a time, or whose measurement is no number, are left out and counted.

    Raises:
        FormatError: A time is no time, a measurement no number, or nothing is measured.
        SchemaError: A declaration does not fit.
    """
    name, kind = _find_declared_signal(schema, columns)
    table, left = _drop_untimed_rows(table, columns) if skip_bad else (table, 0)
    people, items = (
        _list_distinct_texts(table, columns.subject),
        _list_distinct_texts(table, columns.parameter),
    )
    if min(people.codes.min(initial=0), items.codes.min(initial=0)) < 0:
        raise FormatError(f"some rows have no {columns.subject} or no {columns.parameter}", path)
    time, spelling, moments = elapsed_time.parse_seconds(
        table[columns.time].combine_chunks(), columns.time, "h", path
    )
    if moments:
        first = np.full(len(people.values), np.inf)
        np.minimum.at(first, people.codes, time)
        time = time - first[people.codes]
    text = _list_distinct_texts(table, columns.value)
    text = text.drop_values(are_missing(text))
    rows = static_fields.LongRows(people, items, time, text, columns.subject)
    split = static_fields.split_static(rows)
    dynamic, wordy = static_fields.drop_text_parameters(rows, split.is_measurement)
    points, codes, wrong = _select_measurements(rows, dynamic, kind, path, skip_bad=skip_bad)
    names = [items.values[int(code)].as_py() for code in codes]
    step, cells = choose_time_grid(points, kind)
    x, told = average_on_grid(points, len(people.values), len(names), step, cells)
    cells_of = static_fields.build_static_fields(rows, split, path, schema, name)
    units = _find_units(table, columns, items, names) if columns.unit else []
    whole = replace(
        kind,
        channels=tuple(names),
        rate=1 / step,
        window=step * cells,
        unit=kind.unit or ",".join(units) or None,
    )
    decimals = {item: _count_decimals(rows, code) for item, code in zip(names, codes, strict=True)}
    lost = left + wrong
    spacing = elapsed_time.format_time(step, "clock")
    notes = (
        *(
            [Remark(f"left out {lost} rows without a time, or whose value is no number", name)]
            if lost
            else ()
        ),
        Remark(f"{len(names)} parameters on a grid of {cells} cells of {spacing} h", name),
        Remark(told, name),
        *_note_missing_unit(columns.time, spelling),
        *split.notes,
        *wordy,
        *cells_of.notes,
    )
    origin = origin.add_options(SeriesOptions(LongLayout(columns, spelling, decimals)))
    cohort = cells_of.join(Cohort.from_arrays({name: x}, {name: whole}))
    return replace(cohort, origin=origin, notes=notes)


def _list_distinct_texts(table: pa.Table, name: str) -> DistinctValues:
    """The spellings of a column; empty cells have none."""
    words = DistinctValues.from_column(table[name].combine_chunks())
    return words.drop_values(words.are_in(("",)))


def _find_declared_signal(schema: Schema | None, columns: SeriesColumns) -> tuple[str, Signal]:
    """The field of the measurements by its name, and what is declared of it."""
    found = {name: kind for name, kind in (schema or {}).items() if isinstance(kind, Signal)}
    if len(found) > 1:
        raise SchemaError(f"the schema declares {', '.join(found)}, but a long table is one signal")
    for kind in found.values():
        if kind.around or kind.band or kind.notch:
            raise SchemaError(
                f"{columns.parameter} and {columns.value} are no waveform: no around, band, notch"
            )
    return next(iter(found.items()), (SERIES_FIELD, Signal()))


def _note_missing_unit(time: str, spelling: str) -> list[Remark]:
    """A note on numbers whose unit nothing says."""
    if spelling != "h" or elapsed_time.detect_unit(time, ""):
        return []
    note = "numbers without a unit are read as hours; call the column seconds, minutes or days"
    return [Remark(note, time)]


def _drop_untimed_rows(table: pa.Table, columns: SeriesColumns) -> tuple[pa.Table, int]:
    """The rows of a table that have a time, and how many others there are."""
    words = _list_distinct_texts(table, columns.time)
    wrong = np.zeros(len(words.values) + 1, dtype=bool)
    wrong[[*elapsed_time.find_unparsable(words.values.to_pylist()), -1]] = True
    kept = ~wrong[words.codes]
    return table.filter(pa.array(kept)), int((~kept).sum())


def _select_measurements(
    rows: static_fields.LongRows, dynamic: np.ndarray, kind: Signal, path: Path, *, skip_bad: bool
) -> tuple[Measurements, np.ndarray, int]:
    """The measurements as numbers, the parameters as declared or by their names, how many are left out."""
    known = rows.parameters.values.to_pylist()
    used = np.unique(rows.parameters.codes[dynamic])
    used = used[np.argsort([known[code].lower() for code in used.tolist()], kind="stable")]
    codes = np.array([known.index(channel) for channel in kind.channels if channel in known], dtype=int)
    if lost := [channel for channel in kind.channels if channel not in known]:
        raise FormatError(f"measures no {', '.join(lost)}", path, "declare other `channels`")
    codes = codes if len(codes) else used
    place = np.full(len(known), -1)
    place[codes] = np.arange(len(codes))
    value = rows.numbers
    chosen = dynamic & (place[rows.parameters.codes] >= 0) & (rows.values.codes >= 0)
    bad = chosen & ~(np.abs(value) <= MAX_ABS_VALUE)
    if bad.any() and not skip_bad:
        row = int(np.argmax(bad))
        what = "no number" if np.isnan(value[row]) else f"infinite or beyond {MAX_ABS_VALUE:g}"
        raise FormatError(
            f"row {row + 2}: the value of {known[rows.parameters.codes[row]]} is {what}",
            path,
            "correct it",
            can_skip=True,
        )
    chosen &= ~bad
    if not chosen.any():
        raise FormatError("nothing is measured after the start", path, "read it as a table of one row each")
    points = Measurements(
        rows.subjects.codes[chosen], place[rows.parameters.codes[chosen]], rows.time[chosen], value[chosen]
    )
    return points, codes, int(bad.sum())


def _find_units(
    table: pa.Table, columns: SeriesColumns, items: DistinctValues, names: Sequence[str]
) -> list[str]:
    """The commonest unit of each parameter."""
    units = DistinctValues.from_column(table[columns.unit].combine_chunks())
    known = items.values.to_pylist()
    found = []
    for name in names:
        codes = units.codes[(items.codes == known.index(name)) & (units.codes >= 0)]
        found.append(
            units.values[int(np.bincount(codes).argmax())].as_py().replace(",", ";") if len(codes) else ""
        )
    return found


def _count_decimals(rows: static_fields.LongRows, code: int) -> int:
    """How many decimals most values of a parameter have."""
    codes = np.unique(rows.values.codes[(rows.parameters.codes == code) & (rows.values.codes >= 0)])
    words = [rows.values.values[int(i)].as_py() for i in codes[:1000]]
    return min(6, max((len(word.partition(".")[2]) for word in words), default=0))


def render_long_table(cohort: Cohort, layout: LongLayout, delimiter: str) -> str:
    """The cohort as the long table that it came in: descriptors at time 0, then the middle of each cell.

    Means are written with two decimals more than measurements were.
    """
    columns = layout.columns
    name = next(name for name, kind in cohort.schema.items() if isinstance(kind, Signal))
    kind, x = cohort.schema[name], cohort[name]
    assert isinstance(kind, Signal)  # noqa: S101 - by its search
    person = columns.subject if columns.subject in cohort.schema else cohort.schema.find_by_role("subject")
    ids = cohort.columns[person].to_pylist() if person else [str(i + 1) for i in range(len(cohort))]
    step = 1 / (kind.rate or 1 / 3600)
    moments = [elapsed_time.format_time((i + 0.5) * step, layout.spelling) for i in range(x.shape[2])]
    digits = np.array(
        [layout.decimals.get(channel, _DEFAULT_DECIMALS) + _DEFAULT_DECIMALS for channel in kind.channels]
    )
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
    start = elapsed_time.format_time(0.0, layout.spelling)
    parts = [
        _to_static_rows(texts, key, start)
        for key, texts in static_fields.format_scalars(cohort, {name, person}).items()
    ]
    whole = [
        pa.concat_arrays([_to_text_array(part[i]) for part in (*parts, measured)]) for i in range(1, 5)
    ]
    rows = np.concatenate([part[0] for part in (*parts, measured)])
    order = np.argsort(rows, kind="stable")
    names = [name for name in astuple(columns) if name]
    texts = [pa.array([str(key) for key in ids]).take(pa.array(rows)), *whole][: len(names)]
    table = pa.table({key: text.take(pa.array(order)) for key, text in zip(names, texts, strict=True)})
    return render_delimited(Cohort(table, Schema(dict.fromkeys(names, Text()))), delimiter)


def _to_static_rows(texts: Sequence[str], key: str, start: str) -> list[Any]:
    """What is said once of each subject: whose, when, of what, how much, and no unit."""
    rows = np.array([row for row, text in enumerate(texts) if text], dtype=np.int64)
    same = [np.full(len(rows), word) for word in (start, key)]
    return [rows, *same, np.array([texts[row] for row in rows.tolist()], dtype=str), np.full(len(rows), "")]


def _to_text_array(x: Any) -> pa.Array:  # noqa: ANN401 - of NumPy or of Arrow
    return x if isinstance(x, pa.Array) else pa.array(x.astype(object), pa.string())
