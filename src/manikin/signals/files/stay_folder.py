"""A folder of tables of measurements: one long table, or one table for each subject."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.source_format import SourceFormat
from manikin.core import record_files
from manikin.core.skipped import SkippedRecords
from manikin.errors import FormatError
from manikin.schema.inference import elapsed_time
from manikin.signals.files import long_table
from manikin.tables import SeriesColumns
from manikin.tables.delimited import read_header, read_text_columns

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

_COLUMN_COUNT = 3


def read_cohort(folder: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort:
    """The series of a folder; tables with one row for each subject are joined.

    Raises:
        FormatError: The folder holds no such tables, or several long ones.
    """
    paths = [path for path in record_files.list_files(folder) if record_files.is_table_name(path)]
    names = {path: read_header(path) for path in paths}
    whole = [path for path in paths if SeriesColumns.from_names(names[path]) is not None]
    if len(whole) == 1:
        table = read_text_columns(whole[0])
        columns = SeriesColumns.from_names(table.column_names)
        assert columns is not None  # noqa: S101 - by its header
        origin = SourceFormat("csv")
        return long_table.build_cohort(table, columns, whole[0], schema, origin, skip_bad=skip_bad)
    each = [path for path in paths if _is_single_subject(names[path])]
    if whole or len(each) < 2:  # noqa: PLR2004 - one is no cohort
        what = f"with {len(whole)} long tables" if whole else "without a picture, recording or series"
        raise FormatError(f"is a folder {what}", folder, "name one file")
    return _combine_tables(folder, each, schema, SkippedRecords(skip=skip_bad))


def _is_single_subject(names: list[str]) -> bool:
    """Whether a table holds the measurements of one subject: time, parameter, value."""
    return len(names) == _COLUMN_COUNT and SeriesColumns.from_names(["subject", *names]) is not None


def _combine_tables(folder: Path, paths: list[Path], schema: Schema | None, bad: SkippedRecords) -> Cohort:
    """The tables of all subjects as one; each subject is called as its file."""
    first = read_text_columns(paths[0]).column_names
    parts, subjects = [], []
    for i, path in enumerate(paths):
        try:
            table = _read_table(path, first)
        except FormatError as error:
            bad.add(i, path, error)
            continue
        parts.append(table)
        subjects += [path.name.partition(".")[0]] * len(table)
    if not parts:
        raise FormatError("no table can be read", folder, next(iter(bad.values())))
    table = pa.concat_tables(parts)
    key = _choose_subject_name(table, np.array(subjects), first)
    table = table.add_column(0, key, pa.array(subjects))
    columns = SeriesColumns.from_names(table.column_names) or SeriesColumns(key, *_detect_columns(first))
    found = long_table.build_cohort(
        table, columns, folder / "x", schema, SourceFormat("csv"), skip_bad=bad.skip
    )
    return found.add_notes(*bad.values())


def _read_table(path: Path, names: list[str]) -> pa.Table:
    """The measurements of one subject.

    Raises:
        FormatError: Its columns are others, or its times are none.
    """
    table, time = read_text_columns(path), _detect_columns(names)[0]
    if table.column_names != names:
        raise FormatError(f"has not the columns {', '.join(names)}", path, "give it the same header")
    elapsed_time.parse_seconds(table[time].combine_chunks(), time, "h", path)
    return table


def _detect_columns(names: list[str]) -> tuple[str, str, str]:
    """The columns of time, parameter and value."""
    found = SeriesColumns.from_names(["subject", *names])
    assert found is not None  # noqa: S101 - by `_is_single_subject`
    return found.time, found.parameter, found.value


def _choose_subject_name(table: pa.Table, subjects: np.ndarray, names: list[str]) -> str:
    """What the subject is called: as the parameter that repeats it, else `subject`."""
    _, parameter, value = _detect_columns(names)
    items = np.array(table[parameter].to_pylist(), dtype=object)
    same = np.array(table[value].to_pylist(), dtype=object) == subjects
    for item in dict.fromkeys(items.tolist()):
        if item and re.search(r"(id|number)$", item, re.IGNORECASE) and same[items == item].all():
            return str(item)
    return "subject"
