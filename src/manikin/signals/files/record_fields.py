"""The fields beside a signal: whose it is, what its header says, what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.schema.kinds import Category, Number, Schema
from manikin.schema.subject_kind import SUBJECT_NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.schema.kinds import Kind
    from manikin.signals.files.recording import Recording
    from manikin.signals.files.windows import Windows

_HEADER_KINDS: dict[str, Kind] = {"age": Number(unit="years"), "sex": Category(), "diagnosis": Category()}
_MAX_STRETCHES = 20


def build_record_fields(
    recordings: Sequence[Recording],
    cuts: Windows,
    kept: np.ndarray,
    schema: Schema | None,
    cells: Cohort | None,
    notes: list[str],
) -> Cohort:
    """The fields beside the signal: subject, what headers say, what a table says, the label."""
    rows = cuts.recording[kept]
    columns: dict[str, Any] = {}
    if cells is None or cells.schema.find_by_role("subject") is None:
        columns["subject"] = pa.array(_number_subjects(recordings, rows, notes))
    names = dict.fromkeys(key for recording in recordings for key in recording.header_fields)
    for key in names:
        if cells is None or key not in cells.schema:
            columns[key] = pa.array([recordings[row].header_fields.get(key) for row in rows], pa.string())
    labels = [label for label, use in zip(cuts.labels, kept, strict=True) if use]
    marked = any(label is not None for label in labels) and (cells is None or "label" not in cells.schema)
    if marked:
        columns["label"] = pa.array(labels, pa.string())
    kinds = _declare_kinds(
        columns, labels, schema, taken=cells is not None and bool(cells.schema.find_by_role("label"))
    )
    table = Cohort.from_table(pa.table(columns), Schema(kinds), spelled=True) if columns else None
    return _merge_fields(table, cells, rows)


def _number_subjects(recordings: Sequence[Recording], rows: np.ndarray, notes: list[str]) -> np.ndarray:
    """A running number for each person; stretches of time where there is only one."""
    people = {person: i for i, person in enumerate(dict.fromkeys(r.subject for r in recordings), 1)}
    if len(people) > 1 or len(rows) == 1:
        return np.array([people[recordings[row].subject] for row in rows])
    stretches = min(_MAX_STRETCHES, len(rows))
    notes.append(
        f"all of one person: {stretches} stretches of time stand for subjects, so that a split is by time; "
        "nothing can be learned here of other people"
    )
    return np.arange(len(rows)) * stretches // len(rows) + 1


def _declare_kinds(
    columns: Mapping[str, Any], labels: Sequence[str | None], schema: Schema | None, *, taken: bool
) -> dict[str, Kind]:
    levels = tuple(sorted({label for label in labels if label is not None}))
    usual = {**_HEADER_KINDS, "subject": SUBJECT_NUMBER}
    usual["label"] = Category(levels, role=None if taken else "label")
    return {name: (schema or {}).get(name) or usual[name] for name in columns if name in usual} | {
        name: kind for name, kind in (schema or {}).items() if name in columns
    }


def _merge_fields(table: Cohort | None, cells: Cohort | None, rows: np.ndarray) -> Cohort:
    if cells is None:
        return table or Cohort(pa.table({}), Schema())
    cells = cells.take(rows)
    return cells if table is None else table.join(cells)
