"""A long table of coded events (subject, time, code, value, visit), as MEDS lays it out, written."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.histories import BIRTH_CODE, Histories, list_history_fields
from manikin.core.arrow import pc
from manikin.ehr import assemble
from manikin.ehr.code_names import VocabularyOptions
from manikin.ehr.long.code_columns import split_codes
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.datetimes import format_times
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Number, Schema, Text
from manikin.tables import VALUE_COLUMN
from manikin.tables.delimited_output import render_delimited
from manikin.tables.layout_options import EventLayout, EventOptions

MEDS_TYPES = {VALUE_COLUMN: pa.float32(), "text_value": pa.large_string()}
_SECONDS_PER_DAY = 86_400.0
_EPOCH = np.datetime64("2000-01-01", "us")
_MOMENT_FORMAT, _DATE_FORMAT = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"


def to_long_table(cohort: Cohort) -> pa.Table:
    """The long table of a cohort: what is said once without a time, then the events.

    Times of files with dates are dates again, counted from 1 January 2000; an age becomes a birth.

    Raises:
        FormatError: There is no history, or a field that is no scalar.
    """
    layout = _find_layout(cohort)
    columns, spelling = layout.columns, layout.spelling
    name = list_history_fields(cohort.schema)[0]
    found = Histories.from_column(cohort.columns[name])
    subject = cohort.schema.find_by_role("subject")
    ids = cohort.columns[subject].combine_chunks() if subject else pa.array(np.arange(len(cohort)) + 1)
    listed = [_list_events(found)]
    for key in cohort.schema.scalar_fields:
        column = cohort.columns[key].combine_chunks()
        as_birth = key == assemble.AGE_FIELD and spelling in ("moment", "date")
        listed.append(
            _list_births(column) if as_birth else _list_static_rows(key, column, cohort.schema[key])
        )
    row, time, code, value, visit = (np.concatenate([part[i] for part in listed]) for i in range(5))
    birth = code == BIRTH_CODE
    order = np.lexsort((np.arange(len(row)), np.where(np.isnan(time), 0, np.where(birth, 1, 2)), row))
    row, time, code, value, visit = (x[order] for x in (row, time, code, value, visit))
    parts = _split_code_columns(code, visit >= 0, layout, cohort)
    table = {
        columns.subject: ids.take(pa.array(row)),
        columns.time: _format_times(time, spelling),
        columns.code: parts[""],
        columns.value or VALUE_COLUMN: pa.array(value, pa.float64(), from_pandas=True),
        columns.visit or "visit_id": pa.array(visit, pa.int64(), mask=visit < 0),
    }
    table |= {name: parts[role] for role, name in asdict(layout.beside).items() if name}
    return pa.table(table)


def _find_layout(cohort: Cohort) -> EventLayout:
    """The layout that events came in, else that of MEDS."""
    return cohort.origin.find_options(EventOptions).events or EventLayout()


def _split_code_columns(
    code: np.ndarray, events: np.ndarray, layout: EventLayout, cohort: Cohort
) -> dict[str, pa.Array]:
    """The columns of codes and of what stands beside them, row by row; facts of patients stay."""
    told, at = np.unique(code.astype(str), return_inverse=True)
    names = cohort.origin.find_options(VocabularyOptions).names or {}
    parts = split_codes(told, layout.beside, layout.units, names)
    here = pa.array(events)
    plain = {"": pa.array(code.tolist(), pa.string())}
    nothing = pa.nulls(len(code), pa.string())
    return {
        key: pc.if_else(here, x.take(pa.array(at)), plain.get(key, nothing)) for key, x in parts.items()
    }


def cast_to_meds_types(table: pa.Table) -> pa.Table:
    """A long table in the types of MEDS 0.4: `numeric_value` of 32 bits, `text_value` of large strings.

    Example:
        >>> cast_to_meds_types(pa.table({"numeric_value": [7.53]})).schema.field("numeric_value").type
        DataType(float)
    """
    for name, kind in MEDS_TYPES.items():
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
    return table


def _list_events(found: Histories) -> tuple[np.ndarray, ...]:
    return found.patient, found.time, found.codes[found.code], found.value, found.visit_index + 1


def _list_births(column: pa.Array) -> tuple[np.ndarray, ...]:
    age = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(~np.isnan(age))
    nothing = np.full(len(rows), np.nan)
    names = np.full(len(rows), BIRTH_CODE, dtype=object)
    return rows, np.round(-age[rows] * assemble.DAYS_PER_YEAR, 6), names, nothing, np.full(len(rows), -1)


def _list_static_rows(key: str, column: pa.Array, kind: Any) -> tuple[np.ndarray, ...]:  # noqa: ANN401 - a kind of field
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    nothing, never = np.full(len(rows), np.nan), np.full(len(rows), -1)
    if isinstance(kind, Number):
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)[rows]
        return rows, nothing, np.full(len(rows), key, dtype=object), values, never
    words = np.array(format_column(column, kind).to_pylist(), dtype=object)[rows]
    names = np.array([f"{key}{assemble.CODE_SEPARATOR}{word}" for word in words], dtype=object)
    return rows, nothing, names, nothing, never


def _format_times(time: np.ndarray, spelling: str) -> pa.Array:
    if spelling in elapsed_time.SECONDS_PER_UNIT:
        return pa.array(
            np.round(time * _SECONDS_PER_DAY / elapsed_time.SECONDS_PER_UNIT[spelling], 6), from_pandas=True
        )
    gap = np.isnan(time)
    whole = np.where(gap, 0, np.rint(time * _SECONDS_PER_DAY * 1e3) * 1e3).astype(
        np.int64
    )  # milliseconds are known
    return pa.array(_EPOCH + whole.astype("timedelta64[us]"), pa.timestamp("us"), mask=gap)


def render_long_table(cohort: Cohort, delimiter: str) -> str:
    """The long table of a cohort as delimited text."""
    table = to_long_table(cohort)
    spelling = _find_layout(cohort).spelling
    kinds = Schema(dict.fromkeys(table.column_names, Text()))
    texts = [
        _format_column(column, _DATE_FORMAT if spelling == "date" else _MOMENT_FORMAT)
        for column in table.columns
    ]
    plain = pa.table(dict(zip(table.column_names, texts, strict=True)))
    return render_delimited(Cohort(plain, kinds), delimiter)


def _format_column(column: pa.ChunkedArray, layout: str) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        column = format_times(column.combine_chunks(), layout)
    return column.cast(pa.string()).fill_null("")
