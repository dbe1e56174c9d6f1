"""Recordings of one kind as a cohort: the same channels, rate and length in every record."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort, Origin
from manikin.core import mapped_arrays
from manikin.errors import AbsentField, FormatError, SchemaError
from manikin.imaging.files.assemble import Bad
from manikin.schema.kinds import Schema, Signal
from manikin.signals.files import channels, filters, record_fields, windows
from manikin.signals.files.recording import LARGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.signals.files.recording import Lead, Recording

_HALF = 0.5
FIELD = "signal"


def declaration(schema: Schema | None) -> tuple[str, Signal]:
    """The field that recordings become, by its name and what is declared of it.

    Raises:
        SchemaError: Several signals are declared, but each record has one.
    """
    declared = {name: kind for name, kind in (schema or {}).items() if isinstance(kind, Signal)}
    if len(declared) > 1:
        raise SchemaError(
            f"the schema declares {', '.join(declared)}, but a recording is one signal; declare one"
        )
    return next(iter(declared.items()), (FIELD, Signal()))


def gather(
    recordings: Sequence[Recording],
    schema: Schema | None,
    origin: Origin,
    cells: Cohort | None = None,
    *,
    skip_bad: bool = False,
) -> Cohort:
    """One cohort of recordings.

    Args:
        recordings: All of them; values are read one recording after another.
        schema: What is declared: of the signal, its channels, rate, window and filters.
        origin: The format they came in.
        cells: What a table says of each recording, one record for each.
        skip_bad: Whether recordings that cannot be used are left out and noted.

    Raises:
        FormatError: A recording cannot be read, or differs from the others in its channels.
        SchemaError: A declaration does not fit.
    """
    name, kind = declaration(schema)
    bad = Bad(skip=skip_bad)
    order, leads = channels.found(recordings, kind, bad)
    rate = kind.rate or _rate(recordings, order, bad)
    samples, told = _window(recordings, kind, rate, bad)
    usable = [None if i in bad else recording for i, recording in enumerate(recordings)]
    cuts = windows.cut(usable, kind, rate, samples)
    notes = [
        *cuts.notes,
        *([told] if told else []),
        *_resampled(usable, order, rate),
        *filters.filters(kind),
    ]
    x = mapped_arrays.allocate((len(cuts.start), len(leads), samples), np.float32)
    for i, recording in enumerate(usable):
        if recording is not None and (cuts.recording == i).any():
            _fill(x, recording, i, order[i], cuts, kind, rate, bad)
    kept = _kept(x, cuts, bad, notes)
    if not kept.any():
        raise FormatError(f"{recordings[0].path.parent}: {_nothing(kind, list(bad.values()))}")
    cohort = record_fields.beside(recordings, cuts, kept, schema, cells, notes)
    if absent := [key for key in schema or () if key not in (name, *cohort.schema)]:
        raise AbsentField(
            f"the schema declares {', '.join(absent)}, which the recordings do not have; the fields are "
            f"{', '.join((*cohort.schema, name))}"
        )
    columns: dict[str, Any] = {key: cohort.columns[key] for key in cohort.schema}
    columns[name] = mapped_arrays.column(x if kept.all() else mapped_arrays.rows(x, np.flatnonzero(kept)))
    kinds = Schema({**cohort.schema, name: _described(kind, leads, rate, samples)})
    grid = {"grid": [[lead.gain, lead.baseline] for lead in leads], "way": cuts.way}
    origin = replace(origin, options={**origin.options, "signals": {name: grid}})
    marked = tuple(f"{name}: {note}" for note in notes)
    return Cohort(pa.table(columns), kinds, origin, (*bad.values(), *marked, *cohort.notes))


def _described(kind: Signal, leads: Sequence[Lead], rate: float, samples: int) -> Signal:
    """The declared kind with all that is known now."""
    units = [lead.unit for lead in leads]
    common = units[0] if len(set(units)) == 1 else ",".join(units)
    names = tuple(lead.name for lead in leads)
    return replace(kind, channels=names, rate=rate, unit=kind.unit or common or None, window=samples / rate)


def _rate(recordings: Sequence[Recording], order: Sequence[Sequence[int]], bad: Bad) -> float:
    """The rate of most recordings: of each, the highest of the channels that are read."""
    rates = Counter(
        max(recording.leads[place].rate for place in order[i])
        for i, recording in enumerate(recordings)
        if i not in bad
    )
    return rates.most_common(1)[0][0]


def _window(recordings: Sequence[Recording], kind: Signal, rate: float, bad: Bad) -> tuple[int, str]:
    """The samples of a window; recordings that are shorter are refused."""
    usable = [recording for i, recording in enumerate(recordings) if i not in bad]
    samples, told = windows.length(usable, kind, rate) if usable else (1, "")
    for i, recording in enumerate(recordings):
        if i not in bad and round(recording.duration * rate) < samples:
            why = f"lasts {recording.duration:g} s, but a window of {samples / rate:g} s is asked for"
            channels.refuse(bad, i, recording, why, "declare a shorter `window`")
    return samples, told


def _fill(
    x: np.ndarray,
    recording: Recording,
    number: int,
    order: list[int],
    cuts: windows.Cuts,
    kind: Signal,
    rate: float,
    bad: Bad,
) -> None:
    """Read one recording and put its windows where they belong."""
    rows = np.flatnonzero(cuts.recording == number)
    try:
        traces = recording.load()
    except FormatError as error:
        bad.add(number, recording.path, error)
        return
    for channel, place in enumerate(order):
        lead, trace = recording.leads[place], traces[place]
        if np.isnan(trace).all():
            why = f"channel {lead.name} holds no value"
            channels.refuse(bad, number, recording, why, "declare the other `channels`")
            return
        if (np.abs(trace) > LARGEST).any():
            why = f"channel {lead.name} holds values that are infinite or beyond {LARGEST:g}"
            channels.refuse(bad, number, recording, why, "correct them")
            return
        if kind.band or kind.notch:  # before, since a rate asked for may be too low for what is to go
            trace = filters.filtered(trace, lead.rate, kind.band, kind.notch)
        if not filters.same(lead.rate, rate):
            trace = filters.resampled(trace, lead.rate, rate)
        for row in rows:
            start = cuts.start[row]
            piece = trace[start : start + cuts.samples]
            x[row, channel, : len(piece)] = piece
            x[row, channel, len(piece) :] = np.nan


def _kept(x: np.ndarray, cuts: windows.Cuts, bad: Bad, notes: list[str]) -> np.ndarray:
    """Which windows are records: those of a bad recording, and mostly missing ones, are not."""
    gone = np.isin(cuts.recording, list(bad))
    empty, gaps, flat = np.zeros(len(x), bool), np.zeros(len(x), bool), np.zeros(len(x), bool)
    for row, window in enumerate(x):
        missing = np.isnan(window)
        gaps[row] = missing.any()
        empty[row] = gaps[row] and bool(missing.all(axis=1).any() or missing.mean() > _HALF)
        flat[row] = not gaps[row] and bool((window == window[:, :1]).all(axis=1).any())
    empty, gaps, flat = empty & ~gone, gaps & ~gone & ~empty, flat & ~gone
    if empty.any():
        notes.append(f"{empty.sum()} windows that are mostly missing, or lack a channel, are left out")
    if gaps.any():
        notes.append(f"{gaps.sum()} of {len(x)} windows have gaps")
    if flat.any():
        notes.append(f"a channel is flat throughout {flat.sum()} of {len(x)} windows")
    return ~gone & ~empty


def _nothing(kind: Signal, reasons: list[str]) -> str:
    """Why there is no record."""
    if reasons:
        return f"no recording can be used; {reasons[0]}"
    if kind.around:
        return f"no beat {kind.around!r} is annotated; leave out `around`, or name other symbols"
    return "every window is mostly missing; declare other `channels`"


def _resampled(usable: Sequence[Recording | None], order: list[list[int]], rate: float) -> list[str]:
    rates = Counter(
        f"{recording.leads[place].rate:g}"
        for i, recording in enumerate(usable)
        if recording
        for place in order[i]
        if not filters.same(recording.leads[place].rate, rate)
    )
    return [f"channels of {', '.join(rates)} Hz are resampled to {rate:g} Hz"] if rates else []
