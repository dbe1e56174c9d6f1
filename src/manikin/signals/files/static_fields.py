"""What a long table says once of each subject, and what tables beside it say: ordinary fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.core.arrow import pc
from manikin.core.record_files import is_table_name
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Category, Image, Number, Schema, Signal
from manikin.schema.remark import Remark, drop_remarks
from manikin.schema.subject_kind import to_subject_kind
from manikin.tables.delimited import read_header, read_text_columns

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.schema.inference.columns import DistinctValues

_MIN_SUBJECT_SHARE = 0.99
_MAX_TABLE_BYTES = 16 << 20
_OUTCOME_PATTERN = re.compile(r"(mortality|death|died|deceased|expired|outcome|label)", re.IGNORECASE)


@final
@dataclass(frozen=True)
class LongRows:
    """The rows of a long table.

    Args:
        subjects: Whose each row is.
        parameters: Of what.
        time: When, in seconds, (n,).
        values: The value as it is spelled; none for missing.
        subject_column: The name of the column of subjects.
    """

    subjects: DistinctValues
    parameters: DistinctValues
    time: np.ndarray
    values: DistinctValues
    subject_column: str

    @cached_property
    def numbers(self) -> np.ndarray:
        """The values as numbers, NaN for text and for missing, (n,)."""
        parsed = [_parse_number(word) for word in self.values.values.to_pylist()]
        return np.array([*parsed, np.nan])[self.values.codes]


def _parse_number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan


@final
@dataclass(frozen=True)
class StaticSplit:
    """Which rows are measurements, and which parameters describe the subject.

    Args:
        is_measurement: Whether a row is a measurement, (n,).
        static_names: Descriptors, by their number among the parameters.
        notes: What was decided.
    """

    is_measurement: np.ndarray
    static_names: dict[int, str]
    notes: tuple[str, ...]


def split_static(rows: LongRows) -> StaticSplit:
    """Descriptors are what stands at time 0 only; where there are such, also what stands there for all.

    A weight at admission is a descriptor, and later weights are measurements.
    """
    known = rows.parameters.values.to_pylist()
    start = rows.time == 0
    later = np.bincount(rows.parameters.codes[~start], minlength=len(known)) > 0
    if not later.any():
        return StaticSplit(np.ones(len(start), bool), {}, ())
    most = _MIN_SUBJECT_SHARE * len(rows.subjects.values)
    own = [code for code in np.flatnonzero(~later).tolist() if _is_subject_id(rows, code)]
    pure = [code for code in np.flatnonzero(~later).tolist() if code not in own]
    both = [
        code
        for code in np.flatnonzero(later).tolist()
        if pure and len(np.unique(rows.subjects.codes[start & (rows.parameters.codes == code)])) >= most
    ]
    described = sorted((*pure, *both))
    dynamic = ~np.isin(rows.parameters.codes, [*pure, *own]) & ~(
        start & np.isin(rows.parameters.codes, both)
    )
    gap = _is_missing_code(rows, dynamic)
    notes = [Remark("repeats the number of the subject and is left out", known[code]) for code in own]
    if described:
        named = ", ".join(known[code] for code in described)
        notes.append(Remark("stand at time 0, taken as fields", named))
    if gap.any():
        named = ", ".join(known[code] for code in np.unique(rows.parameters.codes[gap]).tolist())
        notes.append(
            Remark(f"-1, the only negative value, is taken for a gap in {gap.sum()} measurements", named)
        )
    return StaticSplit(dynamic & ~gap, {code: known[code] for code in described}, tuple(notes))


def drop_text_parameters(rows: LongRows, dynamic: np.ndarray) -> tuple[np.ndarray, list[Remark]]:
    """Which rows measure something in numbers, (n,), and notes on parameters that are words alone."""
    known = rows.parameters.values.to_pylist()
    said = dynamic & (rows.values.codes >= 0)
    total, numeric = (
        np.bincount(rows.parameters.codes[chosen], minlength=len(known))
        for chosen in (said, said & ~np.isnan(rows.numbers))
    )
    wordy = np.flatnonzero((total > 0) & (numeric == 0))
    if len(wordy) == np.count_nonzero(total):
        return dynamic, []  # nothing is a number: reading says which row
    notes = [
        Remark(f"none of its {total[code]:,} values is a number; the parameter is left out", known[code])
        for code in wordy.tolist()
    ]
    return dynamic & ~np.isin(rows.parameters.codes, wordy), notes


def _is_subject_id(rows: LongRows, code: int) -> bool:
    """Whether a parameter repeats the subject, be it as 7.0 where it is called 7."""
    chosen = rows.parameters.codes == code
    people, text = rows.subjects.values.to_pylist(), [*rows.values.values.to_pylist(), None]
    pairs = zip(rows.subjects.codes[chosen].tolist(), rows.values.codes[chosen].tolist(), strict=True)
    return all(
        people[person] == text[value] or _parse_number(people[person]) == _parse_number(text[value] or "")
        for person, value in pairs
    )


def _is_missing_code(rows: LongRows, dynamic: np.ndarray) -> np.ndarray:
    """Measurements of -1 where no other value is negative."""
    lowest = np.full(len(rows.parameters.values), np.inf)
    number = rows.numbers
    used = dynamic & ~np.isnan(number) & (number != -1)
    np.minimum.at(lowest, rows.parameters.codes[used], number[used])
    return dynamic & (number == -1) & (lowest[rows.parameters.codes] >= 0)


def build_static_fields(
    rows: LongRows, parts: StaticSplit, path: Path, schema: Schema | None, series: str
) -> Cohort:
    """One record for each subject: its number, its descriptors, and what tables beside tell."""
    columns: dict[str, Any] = {rows.subject_column: rows.subjects.values}
    start = rows.time == 0
    for code, name in parts.static_names.items():
        chosen = np.flatnonzero(start & (rows.parameters.codes == code))[::-1]
        place = np.full(len(rows.subjects.values), -1)
        place[rows.subjects.codes[chosen]] = rows.values.codes[chosen]
        words = rows.values.values
        columns[name] = words.take(pa.array(place, mask=place < 0))
    joined, notes = _join_outcomes(rows.subject_column, path, columns)
    columns |= joined
    declared = {
        name: kind
        for name, kind in (schema or {}).items()
        if name in columns and not isinstance(kind, Signal | Image) and name != series
    }
    found = Cohort.from_table(pa.table(columns), Schema(declared), spelled=True)
    return _assign_roles(_replace_missing_codes(found, declared), rows.subject_column, declared).add_notes(
        *notes
    )


def _replace_missing_codes(cohort: Cohort, declared: dict[str, Any]) -> Cohort:
    """The same fields with -1 as missing where it is the only negative value."""
    gaps = [name for name in cohort.schema if name not in declared and _has_minus_one_code(cohort, name)]
    if not gaps:
        return cohort
    columns = {name: cohort.columns[name] for name in cohort.schema}
    for name in gaps:
        values = columns[name]
        columns[name] = pc.if_else(
            pc.equal(values.cast(pa.float64()), -1.0), pa.scalar(None, values.type), values
        )
    again = Cohort.from_table(pa.table(columns), Schema(declared), spelled=True)
    kinds: dict[str, Any] = dict(again.schema)
    kinds |= {name: replace(kinds[name], missing=("-1",)) for name in gaps}
    shares = {name: again.columns[name].null_count / len(again) for name in gaps}
    told = [
        Remark(f"'-1' read as missing ({share:.1%} of the records)", key) for key, share in shares.items()
    ]
    return replace(again, schema=Schema(kinds), notes=(*drop_remarks(cohort.notes, gaps), *told))


def _has_minus_one_code(cohort: Cohort, name: str) -> bool:
    kind, column = cohort.schema[name], cohort.columns[name]
    if not isinstance(kind, Number | Category) or not (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    ):
        return False
    negative = np.unique(column.drop_null().to_numpy())
    return len(negative) > 1 and negative[0] == -1 and negative[1] >= 0


def _assign_roles(cohort: Cohort, key: str, declared: dict[str, Any]) -> Cohort:
    """The subject by its column; the label by its name, where nobody declared one."""
    kinds: dict[str, Any] = dict(cohort.schema)
    if key not in declared:
        kinds[key] = to_subject_kind(kinds[key], cohort.columns[key].type)
    named = [
        name
        for name in kinds
        if _OUTCOME_PATTERN.search(name) and _is_binary(kinds[name]) and name not in declared
    ]
    notes = drop_remarks(cohort.notes, [key])
    if named and Schema(kinds).find_by_role("label") is None:
        kinds[named[0]] = replace(kinds[named[0]], role="label")
        notes = (*notes, Remark("taken for the label, by its name", named[0]))
    return replace(cohort, schema=Schema(kinds), notes=notes)


def _is_binary(kind: Any) -> bool:  # noqa: ANN401 - any kind of field
    return isinstance(kind, Category) and len(kind.levels) == 2 and kind.role in (None, "event")  # noqa: PLR2004


def _join_outcomes(key: str, path: Path, taken: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The columns of the tables beside that have one row for each subject."""
    subjects: pa.Array = taken[key]
    found: dict[str, Any] = {}
    notes = []
    for other in _list_nearby_tables(path):
        if key not in read_header(other):
            continue
        cells_of = read_text_columns(other)
        place = pc.index_in(subjects, value_set=pc.utf8_trim_whitespace(cells_of[key].combine_chunks()))
        if pc.count_distinct(cells_of[key]).as_py() < len(cells_of):
            continue  # several rows for a subject: a long table itself
        if place.null_count == len(place):
            notes.append(f"{other.name}: not joined, none of its {key} is a subject's")
            continue
        new = [
            name
            for name in cells_of.column_names
            if name != key and name not in taken and name not in found
        ]
        found |= {name: cells_of[name].combine_chunks().take(place) for name in new}
        notes.append(Remark(f"joined from {other.name} by {key}", ", ".join(new)))
        if place.null_count:
            notes.append(f"{other.name} has no row for {place.null_count} of {len(place)} subjects")
    return found, notes


def _list_nearby_tables(path: Path) -> list[Path]:
    """Small tables beside a table, or in and beside a folder of tables."""
    places = [path.parent] if path.exists() else [path.parent, path.parent.parent]
    found = [
        other for place in places for other in sorted(place.iterdir()) if other.is_file() and other != path
    ]
    return [other for other in found if is_table_name(other) and other.stat().st_size <= _MAX_TABLE_BYTES]


def format_scalars(cohort: Cohort, but: set[str | None]) -> dict[str, list[str]]:
    """The scalar fields as the file spells them; a gap without a spelling of its own is empty."""
    return {
        name: format_column(cohort.columns[name].combine_chunks(), kind).to_pylist()
        for name, kind in cohort.schema.items()
        if name not in but and not isinstance(kind, Signal | Image)
    }
