"""A wide table, one row for each moment and one column for each channel, as recordings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.errors import FormatError, SchemaError
from manikin.schema.inference import elapsed_time
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Category, Number, Schema, Signal, Text
from manikin.schema.remark import Remark, drop_remarks
from manikin.schema.subject_kind import to_subject_kind
from manikin.signals.files.assemble import assemble_recordings, find_declared_signal
from manikin.signals.files.recording import Annotations, Channel, Recording
from manikin.tables import TIME_NAME_PATTERN
from manikin.tables.delimited_output import render_delimited
from manikin.tables.layout_options import SeriesOptions, WideLayout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.cohort.source_format import SourceFormat

_GRID_TOLERANCE = 0.05
"""How far a moment may lie from the grid, in steps."""


def build_cohort(
    table: pa.Table, path: Path, schema: Schema, origin: SourceFormat, *, skip_bad: bool = False
) -> Cohort:
    """The records of a wide table: the rows of one subject are one recording.

    Columns that do not change within a subject are fields; one with the role label becomes the label
    of windows; the time column says where rows are missing.

    Raises:
        FormatError: Moments repeat or do not follow the rate.
        SchemaError: The rate is neither declared nor told by a time column.
    """
    name, kind = find_declared_signal(schema)
    told: dict[str, Any] = {
        key: kind
        for key, kind in schema.items()
        if key in table.column_names and not isinstance(kind, Signal)
    }
    told |= {channel: Number() for channel in kind.channels if channel not in told}
    flat = Cohort.from_table(table, Schema(told), spelled=True)
    time = next(
        (key for key in flat.schema if TIME_NAME_PATTERN.match(key) and key not in kind.channels),
        None,
    )
    person = flat.schema.find_by_role("subject") or next(
        (key for key in ("subject", "record") if key in flat.schema), None
    )
    rest = [key for key in flat.schema if key not in (*kind.channels, time, person)]
    groups = _group_rows(flat, person)
    constant = [key for key in rest if all(_is_constant(flat, key, rows) for rows in groups)]
    label = flat.schema.find_by_role("label") or ("label" if "label" in rest else None)
    moments, spelling = _read_times(table, time, path)
    own = _infer_rate(moments, groups)
    rate = own if own and _is_on_grid(moments, groups, own) else kind.rate or own
    if not rate:
        raise SchemaError("no time column tells the rate of the signal; declare `rate` in Hz")
    varying = label if label in rest and label not in constant else None
    recordings = [
        _build_recording(flat, rows, moments, rate, kind.channels, varying, (path, str(i)))
        for i, rows in enumerate(groups)
    ]  # fmt: skip
    kept = [key for key in flat.schema if key in (*constant, person)]
    first = np.array([rows[0] for rows in groups])
    facts = _build_static_fields(flat, kept, person, first)
    origin = origin.add_options(SeriesOptions(WideLayout(time, spelling, person)))
    found = assemble_recordings(recordings, Schema({name: kind}), origin, facts, skip_bad=skip_bad)
    lost = [key for key in rest if key not in constant and key != varying]
    note = Remark("changes within a subject and is left out", ", ".join(lost))
    return found.add_notes(*([note] if lost else []))


def _group_rows(flat: Cohort, person: str | None) -> list[np.ndarray]:
    """The rows of each subject, in their order."""
    if person is None:
        return [np.arange(len(flat))]
    codes = (
        flat.columns[person].combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
    )
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _is_constant(flat: Cohort, key: str, rows: np.ndarray) -> bool:
    return len(flat.columns[key].take(pa.array(rows)).unique()) == 1


def _read_times(table: pa.Table, time: str | None, path: Path) -> tuple[np.ndarray | None, str]:
    if time is None:
        return None, "s"
    seconds, spelling, _ = elapsed_time.parse_seconds(table[time].combine_chunks(), time, "s", path)
    return seconds, spelling


def _infer_rate(moments: np.ndarray | None, groups: Sequence[np.ndarray]) -> float:
    """The rate that the time column tells; 0: none does."""
    if moments is None:
        return 0.0
    apart = np.concatenate([np.diff(np.sort(moments[rows])) for rows in groups])
    apart = apart[apart > 0]
    return float(f"{1 / np.median(apart):.9g}") if len(apart) else 0.0


def _is_on_grid(moments: np.ndarray | None, groups: Sequence[np.ndarray], rate: float) -> bool:
    """Whether the moments of all subjects lie on a grid of this rate."""
    return moments is not None and all(_snap_to_grid(np.sort(moments[rows]), rate)[1] for rows in groups)


def _snap_to_grid(moments: np.ndarray, rate: float) -> tuple[np.ndarray, bool]:
    """The places of ascending moments on a grid from the first of them, and whether they lie there."""
    exact = (moments - moments[0]) * rate
    place = np.rint(exact).astype(int)
    near = np.abs(exact - place).max() <= _GRID_TOLERANCE + 1e-4 * len(place)
    return place, bool(near and (np.diff(place) >= 1).all())


def _build_recording(
    flat: Cohort,
    rows: np.ndarray,
    moments: np.ndarray | None,
    rate: float,
    channels: Sequence[str],
    label: str | None,
    where: tuple[Path, str],
) -> Recording:
    """The rows of one subject as a recording; moments without a row are missing."""
    path, number = where
    place = np.arange(len(rows))
    if moments is not None:
        rows = rows[np.argsort(moments[rows], kind="stable")]
        place, regular = _snap_to_grid(moments[rows], rate)
        if not regular:
            raise FormatError(
                f"the moments of subject {int(number) + 1} repeat or do not follow {rate:g} Hz",
                path,
                "correct them, declare `rate`, or give a long table (subject, time, parameter, value)",
            )
    total = int(place[-1]) + 1

    def load() -> list[np.ndarray]:
        traces = []
        for channel in channels:
            trace = np.full(total, np.nan)
            values = flat.columns[channel].take(pa.array(rows)).cast(pa.float64())
            trace[place] = values.to_numpy()
            traces.append(trace)
        return traces

    marks = Annotations()
    if label:
        values = flat.columns[label].take(pa.array(rows)).to_pylist()
        edges = [0, *(i for i in range(1, len(values)) if values[i] != values[i - 1]), len(values)]
        ends = [*place.tolist(), total]
        marks = Annotations(
            states=[
                (ends[a] / rate, ends[b] / rate, str(values[a]))
                for a, b in pairwise(edges)
                if values[a] is not None
            ]
        )
    leads = tuple(Channel(channel, rate=rate) for channel in channels)
    whose = path.with_name(f"{path.name}, subject {int(number) + 1}")
    return Recording(whose, number, leads, total / rate, load, marks)


def _build_static_fields(
    flat: Cohort, kept: list[str], person: str | None, first: np.ndarray
) -> Cohort | None:
    """The fields of each subject."""
    if not kept:
        return None
    cells_of = flat.take(first).select(*kept)
    kinds: dict[str, Any] = dict(cells_of.schema)
    if person in kinds:
        kinds[person] = to_subject_kind(Text(), cells_of.columns[person].type)
    if isinstance(kinds.get("label"), Category) and Schema(kinds).find_by_role("label") is None:
        kinds["label"] = replace(kinds["label"], role="label")
    others = [key for key in flat.schema if key not in kept or key == person]
    return Cohort(cells_of.columns, Schema(kinds), notes=drop_remarks(flat.notes, others))


def render_wide_table(cohort: Cohort, layout: WideLayout, delimiter: str) -> str:
    """The cohort as the wide table that it came in; the records of one subject follow one another."""
    name = next(name for name, kind in cohort.schema.items() if isinstance(kind, Signal))
    kind, x = cohort.schema[name], cohort[name]
    assert isinstance(kind, Signal)  # noqa: S101 - by its search
    rest = [key for key in cohort.schema if key != name]
    order, length = np.argsort(cohort.subject, kind="stable"), x.shape[2]
    spread = pa.array(np.repeat(order, length))
    columns: dict[str, Any] = {
        key: format_column(cohort.columns[key].combine_chunks(), cohort.schema[key]).take(spread)
        for key in rest
    }
    if layout.time:
        _, first, counts = np.unique(cohort.subject[order], return_index=True, return_counts=True)
        before = np.arange(len(order)) - np.repeat(first, counts)
        place = (before[:, None] * length + np.arange(length)).reshape(-1)
        moments = [
            elapsed_time.format_time(i / (kind.rate or 1.0), layout.spelling)
            for i in range(place.max() + 1)
        ]
        columns[layout.time] = pa.array(moments).take(pa.array(place))
    for i, channel in enumerate(kind.channels):
        values = pa.array(x[order, i].reshape(-1), from_pandas=True)
        columns[channel] = values.cast(pa.string()).fill_null("")
    table = Cohort(pa.table(columns), Schema(dict.fromkeys(columns, Text())))
    return render_delimited(table, delimiter)
