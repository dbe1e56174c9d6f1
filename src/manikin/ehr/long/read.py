"""A long table of coded events (subject, time, code, value, visit), as MEDS lays it out, read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.ehr import assemble
from manikin.ehr.code_names import VocabularyOptions
from manikin.ehr.long.code_columns import compose_codes
from manikin.ehr.long.validate import drop_unreadable_rows
from manikin.errors import FormatError
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.columns import DistinctValues
from manikin.schema.kinds import Codes, Schema
from manikin.schema.vocabulary import MISSING_SPELLINGS
from manikin.tables import CodeColumns
from manikin.tables.layout_options import EventLayout, EventOptions

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.source_format import SourceFormat
    from manikin.tables import EventColumns

_SECONDS_PER_DAY = 86_400.0
_UNIT_NAMES = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


def build_cohort(
    table: pa.Table,
    columns: EventColumns,
    path: Path,
    schema: Schema | None,
    origin: SourceFormat,
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
    table, notes = drop_unreadable_rows(table, columns, path, skip_bad=skip_bad)
    time, spelling = parse_days(table[columns.time], columns.time, path)
    _raise_if_implausible(time, spelling, columns.time, path)
    value = _parse_values(table[columns.value]) if columns.value else np.full(len(time), np.nan)
    visit = _encode_visits(table[columns.visit]) if columns.visit else None
    subject = table[columns.subject].combine_chunks()
    more = CodeColumns.from_names(table.column_names, asdict(columns).values())
    whole = compose_codes(table, columns.code, more, ~np.isnan(time), value)
    rows = assemble.EventRows(_parse_subjects(subject), time, whole.code, value, visit)
    used = {*asdict(columns).values(), *asdict(more).values()}
    if left := [name for name in table.column_names if name not in used]:
        notes.append(f"columns {', '.join(left)} are not modelled and are left out")
    if whole.dropped_count:
        notes.append(f"{whole.dropped_count} texts are long, or stand beside a number, and are left out")
    names = {**(origin.find_options(VocabularyOptions).names or {}), **whole.names}
    layout = EventLayout(columns, spelling, more, whole.units)
    origin = origin.add_options(EventOptions(layout), VocabularyOptions(names=names))
    declared = schema
    if schema is not None and isinstance(schema.get(columns.code), Codes):
        declared = Schema({("history" if n == columns.code else n): kind for n, kind in schema.items()})
    return assemble.assemble_cohort(rows, columns.subject, declared, origin, notes, skip_bad=skip_bad)


def _parse_subjects(subject: pa.Array) -> pa.Array:
    """Subjects that are whole numbers as such, others as text."""
    if pa.types.is_integer(subject.type):
        return subject
    words = DistinctValues.from_column(subject.cast(pa.string()))
    plain = words.are_matching(r"^(0|[1-9]\d{0,17})$").all()
    return words.broadcast(words.values.cast(pa.int64()) if plain else words.values)


def parse_days(
    column: pa.ChunkedArray, name: str, path: Path, *, empty: bool = False
) -> tuple[np.ndarray, str]:
    """Days, NaN where there is none; and how they are spelled: "moment", "date", or a unit of numbers.

    Raises:
        FormatError: What stands there is no time, or nothing does and that is not allowed (`empty`).
    """
    values = column.combine_chunks()
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        stamps = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        return stamps.to_numpy(zero_copy_only=False).astype(float) / 1e6 / _SECONDS_PER_DAY, "moment"
    words = DistinctValues.from_column(values.cast(pa.string()))
    words = words.drop_values(words.are_in(tuple(MISSING_SPELLINGS)))
    known = words.codes >= 0
    if empty and not known.any():
        return np.full(len(values), np.nan), "moment"
    if not known.any():
        raise FormatError(f"column {name!r} holds no time", path)
    texts = words.values.to_pylist()
    said = pa.array(texts, pa.string()).take(pa.array(words.codes[known]))
    try:
        seconds, spelling, _ = elapsed_time.parse_seconds(said, name, "d", path)
    except FormatError as error:
        unlike = np.isin(np.arange(len(texts)), elapsed_time.find_unparsable(texts, texts[:1]))
        raise FormatError(
            f"{error}; row {words.find_first_record(unlike) + 1} is spelled otherwise"
        ) from error
    out = np.full(len(values), np.nan)
    out[known] = seconds / _SECONDS_PER_DAY
    dates = spelling == "moment" and words.are_matching(r"^[^:]*$").all()
    return out, "date" if dates else spelling


def _raise_if_implausible(time: np.ndarray, spelling: str, name: str, path: Path) -> None:
    """Refuse numbers that cannot count what they are taken to count.

    Raises:
        FormatError: They span more than anybody lives.
    """
    known = time[~np.isnan(time)]
    years = float(np.ptp(known)) / assemble.DAYS_PER_YEAR if len(known) else 0.0
    if spelling in elapsed_time.SECONDS_PER_UNIT and years > assemble.MAX_AGE_YEARS:
        raise FormatError(
            f"column {name!r} spans {years:,.0f} years if its numbers count {_UNIT_NAMES[spelling]}",
            path,
            "write dates, or days",
        )


def _parse_values(column: pa.ChunkedArray) -> np.ndarray:
    values = column.combine_chunks()
    if pa.types.is_float32(values.type):  # the number that was meant: 7.53, not 7.53000020980835
        values = values.cast(pa.string()).cast(pa.float64())
    if not pa.types.is_string(values.type):
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    words = DistinctValues.from_column(values)
    words = words.drop_values(words.are_in(tuple(MISSING_SPELLINGS)))
    numbers = words.values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.append(numbers, np.nan)[words.codes]


def _encode_visits(column: pa.ChunkedArray) -> np.ndarray:
    words = DistinctValues.from_column(column.combine_chunks().cast(pa.string()))
    return words.drop_values(words.are_in(tuple(MISSING_SPELLINGS))).codes.astype(np.int64)
