"""WFDB records: a header (.hea) with signals (.dat, .mat) and annotations (.atr), read and written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.core import record_files
from manikin.core.extras import require
from manikin.errors import FormatError
from manikin.signals.files.header_fields import parse_header_comments
from manikin.signals.files.recording import Annotations, Channel, Recording
from manikin.signals.files.write import SYNTHETIC_NOTICE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

    from manikin.core.skipped import SkippedRecords
    from manikin.signals.files.write import SignalRecord

_ANNOTATORS = ("atr", "ann", "ari", "ecg", "apn", "qrs")
BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
_RHYTHM_PATTERN = re.compile(r"^\(([A-Za-z0-9]+)")
_BYTES_PER_SAMPLE = {
    "8": 1.0,
    "80": 1.0,
    "16": 2.0,
    "61": 2.0,
    "160": 2.0,
    "212": 1.5,
    "24": 3.0,
    "32": 4.0,
}
"""Bytes of one sample in each format of signal(5) whose files have a fixed length."""
_DAMAGE_ERRORS = (
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    UnicodeDecodeError,
)
_MISSING_STEP = -32768


def _import_library(path: Path) -> ModuleType:
    return require("wfdb", what=f"{path}: WFDB records need the package wfdb", extra="signals")


def find_headers(folder: Path, bad: SkippedRecords) -> list[Path]:
    """The headers of all records below a folder; those of segments belong to the record that names them.

    Signals without a header are counted as bad, or the first of them is an error.
    """
    paths = record_files.list_files(folder)
    headers = [path for path in paths if path.suffix == ".hea"]
    segments: set[Path] = set()
    for header in headers:
        if "/" in _read_record_name(header):
            segments |= {
                header.parent / f"{line.split()[0]}.hea" for line in _read_header_lines(header)[1:]
            }
    whole = [header for header in headers if header not in segments]
    known = {path.with_suffix("") for path in headers}
    named = {line.split()[0] for header in headers for line in _read_header_lines(header)[1:]}
    for i, path in enumerate(paths):
        if path.suffix == ".dat" and path.with_suffix("") not in known and path.name not in named:
            bad.add(
                -1 - i,
                path,
                FormatError("has no header", path, f"put {path.with_suffix('.hea').name} beside it"),
            )
    return whole


def _read_header_lines(header: Path) -> list[str]:
    """The lines of a header without comments."""
    return [line for line in header.read_text("latin-1").splitlines() if line.strip() and line[0] != "#"]


def _read_record_name(header: Path) -> str:
    """What a header says first: its name, and a slash where it lists segments."""
    return next((line.split()[0] for line in _read_header_lines(header)), "")


def read_recording(header: Path, person: str) -> Recording:
    """What a header says; its values are read later.

    Raises:
        FormatError: It is no header, or a file that it names is absent or too short.
    """
    wfdb = _import_library(header)
    name = str(header.with_suffix(""))
    try:
        record = wfdb.rdheader(name, rd_segments=True)
        leads, comments = _read_channels(record), list(record.comments or [])
    except _DAMAGE_ERRORS as error:
        raise FormatError(
            "no header of a WFDB record, or a segment of it is absent", header, "copy its files again"
        ) from error
    if not (record.fs or 0) > 0:
        raise FormatError(f"says {record.fs} samples a second", header, "correct its first line")
    if not leads:
        raise FormatError("names no signal", header)
    _check_files(header, record)
    count = record.sig_len if record.sig_len is not None else _load_signals(header, wfdb)[0].size
    duration = count / record.fs
    if not duration:
        raise FormatError("holds no sample", header)
    marks = _read_annotations(header, wfdb, record.fs, duration)
    names = [lead.name for lead in leads]
    return Recording(
        header,
        person,
        leads,
        duration,
        lambda: _load_signals(header, wfdb, names),
        marks,
        parse_header_comments(comments),
    )


def _read_channels(record: Any) -> tuple[Channel, ...]:  # noqa: ANN401 - a record of wfdb
    """The channels of a record; those of a multi-segment record as its layout or first segment says."""
    if hasattr(record, "segments"):
        parts = [segment for segment in record.segments if segment is not None and segment.n_sig]
        found: dict[str, Channel] = {}
        for lead in (lead for part in parts for lead in _read_channels(part)):
            before = found.get(lead.name)
            if before is None or not before.gain or (lead.gain or 0) > before.gain:
                found[lead.name] = Channel(lead.name, lead.unit, float(record.fs), lead.gain, lead.baseline)
        return tuple(found.values())
    frames = record.samps_per_frame or [1] * record.n_sig
    return tuple(
        Channel(
            record.sig_name[i] or f"ch{i + 1}",
            record.units[i] or "",
            float(record.fs * (frames[i] or 1)),
            float(record.adc_gain[i] or 0),
            float(record.baseline[i] or 0),
        )
        for i in range(record.n_sig)
    )


def _check_files(header: Path, record: Any) -> None:  # noqa: ANN401 - a record of wfdb
    """Refuse files that are absent or shorter than the header says."""
    if hasattr(record, "segments"):
        for name, segment in zip(record.seg_name, record.segments, strict=True):
            if segment is not None:
                _check_files(header.parent / f"{name}.hea", segment)
        return
    frames = record.samps_per_frame or [1] * record.n_sig
    needed: dict[str, float] = {}
    for i, name in enumerate(record.file_name or []):
        if name != "~":
            width = _BYTES_PER_SAMPLE.get(str(record.fmt[i]), 0.0) * (frames[i] or 1)
            start = needed.get(name, float((record.byte_offset or [0])[i] or 0))
            needed[name] = start + width * (record.sig_len or 0)
    for name, size in needed.items():
        path = header.parent / name
        if path.parent != header.parent or not path.is_file():
            raise FormatError(f"names {name}, which is not there", header, "put it beside the header")
        if path.stat().st_size < int(size):
            raise FormatError(
                f"is truncated, {path.stat().st_size} bytes of {int(size)}", path, "copy the file again"
            )


def _load_signals(header: Path, wfdb: ModuleType, names: Sequence[str] = ()) -> list[np.ndarray]:
    """The values of all channels, each at its own rate, NaN for missing; segments are joined."""
    name = str(header.with_suffix(""))
    try:
        if "/" in _read_record_name(header):
            return _join_segments(header, wfdb, names)
        record = wfdb.rdrecord(name, smooth_frames=False)
        return [np.asarray(trace, np.float64) for trace in record.e_p_signal]
    except _DAMAGE_ERRORS as error:
        raise FormatError("its signals cannot be read", header, "copy the files again") from error


def _join_segments(header: Path, wfdb: ModuleType, names: Sequence[str]) -> list[np.ndarray]:
    """The segments of a record one after another; a null segment, or an absent channel, is missing."""
    record = wfdb.rdheader(str(header.with_suffix("")))
    x = np.full((len(names), sum(record.seg_len)), np.nan)
    start = 0
    for name, length in zip(record.seg_name, record.seg_len, strict=True):
        if name != "~" and length:
            part = wfdb.rdrecord(str(header.parent / name))
            for channel, trace in zip(part.sig_name, part.p_signal.T, strict=True):
                x[names.index(channel), start : start + length] = trace
        start += length
    return list(x)


def _read_annotations(header: Path, wfdb: ModuleType, rate: float, duration: float) -> Annotations:
    """The beats and rhythms of the first annotator that there is."""
    kind = next((kind for kind in _ANNOTATORS if header.with_suffix(f".{kind}").is_file()), None)
    if kind is None:
        return Annotations()
    try:
        found = wfdb.rdann(str(header.with_suffix("")), kind)
    except _DAMAGE_ERRORS as error:
        raise FormatError("no annotations of a WFDB record", header.with_suffix(f".{kind}")) from error
    times = np.asarray(found.sample) / (found.fs or rate)
    beats = [i for i, symbol in enumerate(found.symbol) if symbol in BEAT_SYMBOLS]
    changes = [
        (float(times[i]), match[1])
        for i, symbol in enumerate(found.symbol)
        if symbol == "+" and (match := _RHYTHM_PATTERN.match(found.aux_note[i]))
    ]
    ends = [*(start for start, _ in changes[1:]), duration]
    states = [(start, end, state) for (start, state), end in zip(changes, ends, strict=False)]
    return Annotations(times[beats], [found.symbol[i] for i in beats], states)


def write_record(sheet: SignalRecord, place: Path) -> None:
    """Write one record; a missing value is the lowest step, as the format has it."""
    wfdb = _import_library(place)
    about = [f"{key}: {value}" for key, value in sheet.header_fields.items()]
    wfdb.wrsamp(
        place.name,
        fs=sheet.channels[0].rate,
        units=[re.sub(r"\s+", "_", lead.unit) or "NU" for lead in sheet.channels],
        sig_name=[lead.name for lead in sheet.channels],
        d_signal=np.where(np.isnan(sheet.steps), _MISSING_STEP, sheet.steps).astype(np.int64).T.copy(),
        fmt=["16"] * len(sheet.channels),
        adc_gain=[lead.gain for lead in sheet.channels],
        baseline=[int(lead.baseline) for lead in sheet.channels],
        comments=[SYNTHETIC_NOTICE, *about],
        write_dir=str(place.parent),
    )
    if not sheet.label:
        return
    beat = sheet.label_kind != "state" and sheet.label in BEAT_SYMBOLS
    middle = np.array([sheet.values.shape[1] // 2 if beat else 0])
    note = "" if beat else f"({re.sub(r'[^A-Za-z0-9]', '', sheet.label)}"
    wfdb.wrann(
        place.name,
        "atr",
        middle,
        symbol=[sheet.label if beat else "+"],
        aux_note=[note],
        fs=sheet.channels[0].rate,
        write_dir=str(place.parent),
    )
