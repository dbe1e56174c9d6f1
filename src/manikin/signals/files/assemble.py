"""Recordings of one kind as a cohort: the same channels, rate and length in every record."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.core import arrow
from manikin.core.skipped import SkippedRecords
from manikin.errors import AbsentField, FormatError, SchemaError
from manikin.schema.kinds import Schema, Signal
from manikin.schema.limits import MAX_ABS_VALUE
from manikin.schema.remark import assign_field
from manikin.signals.files import channels, filters, record_fields, windows
from manikin.signals.files.recording import RecorderGrid, SignalOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.source_format import SourceFormat
    from manikin.signals.files.recording import Channel, Recording

_MAX_MISSING_SHARE = 0.5
SIGNAL_FIELD = "signal"


def find_declared_signal(schema: Schema | None) -> tuple[str, Signal]:
    """The field that recordings become, by its name and what is declared of it.

    Raises:
        SchemaError: Several signals are declared, but each record has one.
    """
    declared = {name: kind for name, kind in (schema or {}).items() if isinstance(kind, Signal)}
    if len(declared) > 1:
        raise SchemaError(
            f"the schema declares {', '.join(declared)}, but a recording is one signal; declare one"
        )
    return next(iter(declared.items()), (SIGNAL_FIELD, Signal()))


def assemble_recordings(
    recordings: Sequence[Recording],
    schema: Schema | None,
    origin: SourceFormat,
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
    name, kind = find_declared_signal(schema)
    bad = SkippedRecords(skip=skip_bad)
    order, leads = channels.match_channels(recordings, kind, bad)
    rate = kind.rate or _choose_rate(recordings, order, bad)
    samples, told = _choose_window(recordings, kind, rate, bad)
    usable = [None if i in bad else recording for i, recording in enumerate(recordings)]
    cuts = windows.segment_recordings(usable, kind, rate, samples)
    notes = [
        *cuts.notes,
        *([told] if told else []),
        *_note_resampling(usable, order, rate),
        *filters.describe_filters(kind),
    ]
    x = arrow.allocate_array((len(cuts.start), len(leads), samples), np.float32)
    for i, recording in enumerate(usable):
        if recording is not None and (cuts.recording == i).any():
            _fill_windows(x, recording, i, order[i], cuts, kind, rate, bad)
    kept = _select_windows(x, cuts, bad, notes)
    if not kept.any():
        raise FormatError(_explain_no_records(kind, list(bad.values())), recordings[0].path.parent)
    cohort = record_fields.build_record_fields(recordings, cuts, kept, schema, cells, notes)
    if absent := [key for key in schema or () if key not in (name, *cohort.schema)]:
        raise AbsentField(
            f"the schema declares {', '.join(absent)}, which the recordings do not have; the fields are "
            f"{', '.join((*cohort.schema, name))}"
        )
    signals = x if kept.all() else arrow.take_rows(x, np.flatnonzero(kept))
    kinds = {name: _complete_kind(kind, leads, rate, samples)}
    grid = RecorderGrid([[lead.gain, lead.baseline] for lead in leads], cuts.label_kind)
    origin = origin.add_options(SignalOptions({name: grid}))
    marked = (assign_field(note, name) for note in notes)
    whole = cohort.join(Cohort.from_arrays({name: signals}, kinds))
    return replace(whole, origin=origin, notes=(*bad.values(), *marked, *cohort.notes))


def _complete_kind(kind: Signal, leads: Sequence[Channel], rate: float, samples: int) -> Signal:
    """The declared kind with all that is known now."""
    units = [lead.unit for lead in leads]
    common = units[0] if len(set(units)) == 1 else ",".join(units)
    names = tuple(lead.name for lead in leads)
    return replace(kind, channels=names, rate=rate, unit=kind.unit or common or None, window=samples / rate)


def _choose_rate(
    recordings: Sequence[Recording], order: Sequence[Sequence[int]], bad: SkippedRecords
) -> float:
    """The rate of most recordings: of each, the highest of the channels that are read."""
    rates = Counter(
        max(recording.channels[place].rate for place in order[i])
        for i, recording in enumerate(recordings)
        if i not in bad
    )
    return rates.most_common(1)[0][0]


def _choose_window(
    recordings: Sequence[Recording], kind: Signal, rate: float, bad: SkippedRecords
) -> tuple[int, str]:
    """The samples of a window; recordings that are shorter are refused."""
    usable = [recording for i, recording in enumerate(recordings) if i not in bad]
    samples, told = windows.choose_length(usable, kind, rate) if usable else (1, "")
    for i, recording in enumerate(recordings):
        if i not in bad and round(recording.duration * rate) < samples:
            why = f"lasts {recording.duration:g} s, but a window of {samples / rate:g} s is asked for"
            channels.skip_or_raise(bad, i, recording, why, "declare a shorter `window`")
    return samples, told


def _fill_windows(
    x: np.ndarray,
    recording: Recording,
    number: int,
    order: list[int],
    cuts: windows.Windows,
    kind: Signal,
    rate: float,
    bad: SkippedRecords,
) -> None:
    """Read one recording and put its windows where they belong."""
    rows = np.flatnonzero(cuts.recording == number)
    try:
        traces = recording.load()
    except FormatError as error:
        bad.add(number, recording.path, error)
        return
    for channel, place in enumerate(order):
        lead, trace = recording.channels[place], traces[place]
        if np.isnan(trace).all():
            why = f"channel {lead.name} holds no value"
            channels.skip_or_raise(bad, number, recording, why, "declare the other `channels`")
            return
        if (np.abs(trace) > MAX_ABS_VALUE).any():
            why = f"channel {lead.name} holds values that are infinite or beyond {MAX_ABS_VALUE:g}"
            channels.skip_or_raise(bad, number, recording, why, "correct them")
            return
        if kind.band or kind.notch:  # before, since a rate asked for may be too low for what is to go
            trace = filters.apply_filters(trace, lead.rate, kind.band, kind.notch)
        if not filters.is_same_rate(lead.rate, rate):
            trace = filters.resample(trace, lead.rate, rate)
        for row in rows:
            start = cuts.start[row]
            piece = trace[start : start + cuts.samples]
            x[row, channel, : len(piece)] = piece
            x[row, channel, len(piece) :] = np.nan


def _select_windows(
    x: np.ndarray, cuts: windows.Windows, bad: SkippedRecords, notes: list[str]
) -> np.ndarray:
    """Which windows are records: those of a bad recording, and mostly missing ones, are not."""
    gone = np.isin(cuts.recording, list(bad))
    empty, gaps, flat = np.zeros(len(x), bool), np.zeros(len(x), bool), np.zeros(len(x), bool)
    for row, window in enumerate(x):
        missing = np.isnan(window)
        gaps[row] = missing.any()
        empty[row] = gaps[row] and bool(missing.all(axis=1).any() or missing.mean() > _MAX_MISSING_SHARE)
        flat[row] = not gaps[row] and bool((window == window[:, :1]).all(axis=1).any())
    empty, gaps, flat = empty & ~gone, gaps & ~gone & ~empty, flat & ~gone
    if empty.any():
        notes.append(f"{empty.sum()} windows that are mostly missing, or lack a channel, are left out")
    if gaps.any():
        notes.append(f"{gaps.sum()} of {len(x)} windows have gaps")
    if flat.any():
        notes.append(f"a channel is flat throughout {flat.sum()} of {len(x)} windows")
    return ~gone & ~empty


def _explain_no_records(kind: Signal, reasons: list[str]) -> str:
    """Why there is no record."""
    if reasons:
        return f"no recording can be used; {reasons[0]}"
    if kind.around:
        return f"no beat {kind.around!r} is annotated; leave out `around`, or name other symbols"
    return "every window is mostly missing; declare other `channels`"


def _note_resampling(usable: Sequence[Recording | None], order: list[list[int]], rate: float) -> list[str]:
    rates = Counter(
        f"{recording.channels[place].rate:g}"
        for i, recording in enumerate(usable)
        if recording
        for place in order[i]
        if not filters.is_same_rate(recording.channels[place].rate, rate)
    )
    return [f"channels of {', '.join(rates)} Hz are resampled to {rate:g} Hz"] if rates else []
