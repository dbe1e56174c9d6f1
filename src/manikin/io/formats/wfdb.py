"""WFDB: records of PhysioNet, a header (.hea) with signals (.dat, .mat) and annotations (.atr)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from manikin.cohort.cohort import Origin
from manikin.core import record_files
from manikin.errors import FormatError, MissingExtra
from manikin.imaging.files.assemble import Bad
from manikin.io.format import Format
from manikin.signals.files import folder_index, write
from manikin.signals.files.assemble import gather
from manikin.signals.files.header_fields import facts
from manikin.signals.files.recording import Lead, Marks, Recording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema
    from manikin.signals.files.write import Sheet

_ANNOTATORS = ("atr", "ann", "ari", "ecg", "apn", "qrs")
BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
_RHYTHM = re.compile(r"^\(([A-Za-z0-9]+)")
_BYTES = {"8": 1.0, "80": 1.0, "16": 2.0, "61": 2.0, "160": 2.0, "212": 1.5, "24": 3.0, "32": 4.0}
"""Bytes of one sample in each format of signal(5) whose files have a fixed length."""
_DAMAGED = (
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    UnicodeDecodeError,
)
_GAP = -32768


@final
class Wfdb(Format):
    """Records of the WFDB library (header(5), signal(5), annot(5) of the WFDB applications guide)."""

    suffixes: ClassVar[tuple[str, ...]] = (".hea", ".dat", ".atr", ".mat")
    binary: ClassVar[bool] = True
    writes_folders: ClassVar[bool] = True
    single: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """One recording, by its header or any other of its files."""
        header = path.with_suffix(".hea")
        if not header.is_file():
            raise FormatError(f"{path}: has no header; put {header.name} beside it")
        return gather([recording(header, header.name)], schema, Origin("wfdb"))

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """All recordings below a folder, with what a table beside them tells."""
        bad = Bad(skip=skip_bad)
        headers = _headers(path, bad)
        whose, meaning = folder_index.persons(headers, path, schema)
        with meaning.hidden.kept():
            found = folder_index.opened(headers, lambda header: recording(header, whose[header]), bad)
            if not found:
                raise FormatError(
                    f"{path}: no record can be read; {next(iter(bad.values()), 'no header (.hea)')}"
                )
            cells, order, notes = folder_index.beside(path, [recording.path for recording in found], schema)
            by_path = {recording.path: recording for recording in found}
            chosen = [by_path[header] for header in order]
            cohort = gather(chosen, schema, Origin("wfdb"), cells, skip_bad=skip_bad)
        return folder_index.told(cohort.noted(*bad.values(), *notes), meaning)

    def write(self, cohort: Cohort, path: Path) -> None:
        """A folder of records of 16 bits, marked as synthetic, annotated where there are labels."""
        if path.suffix:
            raise FormatError(f"{path}: a WFDB record is several files; name a folder (no suffix)")
        write.folder(cohort, path, "", _store)


__plugin__ = Wfdb


def _library(path: Path) -> ModuleType:
    try:
        import wfdb
    except ImportError as error:
        raise MissingExtra(
            f"{path}: WFDB records need the package wfdb; install it: pip install 'manikin[signals]'"
        ) from error
    return wfdb


def _headers(folder: Path, bad: Bad) -> list[Path]:
    """The headers of all records; those of segments belong to the record that names them."""
    paths = record_files.files(folder)
    headers = [path for path in paths if path.suffix == ".hea"]
    segments: set[Path] = set()
    for header in headers:
        if "/" in _first(header):
            segments |= {header.parent / f"{line.split()[0]}.hea" for line in _lines(header)[1:]}
    whole = [header for header in headers if header not in segments]
    known = {path.with_suffix("") for path in headers}
    named = {line.split()[0] for header in headers for line in _lines(header)[1:]}
    for i, path in enumerate(paths):
        if path.suffix == ".dat" and path.with_suffix("") not in known and path.name not in named:
            bad.add(
                -1 - i,
                path,
                FormatError(f"{path}: has no header; put {path.with_suffix('.hea').name} beside it"),
            )
    return whole


def _lines(header: Path) -> list[str]:
    """The lines of a header without comments."""
    return [line for line in header.read_text("latin-1").splitlines() if line.strip() and line[0] != "#"]


def _first(header: Path) -> str:
    """What a header says first: its name, and a slash where it lists segments."""
    return next((line.split()[0] for line in _lines(header)), "")


def recording(header: Path, person: str) -> Recording:
    """What a header says; its values are read later.

    Raises:
        FormatError: It is no header, or a file that it names is absent or too short.
    """
    wfdb = _library(header)
    name = str(header.with_suffix(""))
    try:
        record = wfdb.rdheader(name, rd_segments=True)
        leads, comments = _leads(record), list(record.comments or [])
    except _DAMAGED as error:
        raise FormatError(
            f"{header}: no header of a WFDB record, or a segment of it is absent; copy its files again"
        ) from error
    if not (record.fs or 0) > 0:
        raise FormatError(f"{header}: says {record.fs} samples a second; correct its first line")
    if not leads:
        raise FormatError(f"{header}: names no signal")
    _check(header, record)
    count = record.sig_len if record.sig_len is not None else _load(header, wfdb)[0].size
    duration = count / record.fs
    if not duration:
        raise FormatError(f"{header}: holds no sample")
    marks = _marks(header, wfdb, record.fs, duration)
    names = [lead.name for lead in leads]
    return Recording(
        header, person, leads, duration, lambda: _load(header, wfdb, names), marks, facts(comments)
    )


def _leads(record: Any) -> tuple[Lead, ...]:  # noqa: ANN401 - a record of wfdb
    """The channels of a record; those of a multi-segment record as its layout or first segment says."""
    if hasattr(record, "segments"):
        parts = [segment for segment in record.segments if segment is not None and segment.n_sig]
        found: dict[str, Lead] = {}
        for lead in (lead for part in parts for lead in _leads(part)):
            before = found.get(lead.name)
            if before is None or not before.gain or (lead.gain or 0) > before.gain:
                found[lead.name] = Lead(lead.name, lead.unit, float(record.fs), lead.gain, lead.baseline)
        return tuple(found.values())
    frames = record.samps_per_frame or [1] * record.n_sig
    return tuple(
        Lead(
            record.sig_name[i] or f"ch{i + 1}",
            record.units[i] or "",
            float(record.fs * (frames[i] or 1)),
            float(record.adc_gain[i] or 0),
            float(record.baseline[i] or 0),
        )
        for i in range(record.n_sig)
    )


def _check(header: Path, record: Any) -> None:  # noqa: ANN401 - a record of wfdb
    """Refuse files that are absent or shorter than the header says."""
    if hasattr(record, "segments"):
        for name, segment in zip(record.seg_name, record.segments, strict=True):
            if segment is not None:
                _check(header.parent / f"{name}.hea", segment)
        return
    frames = record.samps_per_frame or [1] * record.n_sig
    needed: dict[str, float] = {}
    for i, name in enumerate(record.file_name or []):
        if name != "~":
            width = _BYTES.get(str(record.fmt[i]), 0.0) * (frames[i] or 1)
            start = needed.get(name, float((record.byte_offset or [0])[i] or 0))
            needed[name] = start + width * (record.sig_len or 0)
    for name, size in needed.items():
        path = header.parent / name
        if path.parent != header.parent or not path.is_file():
            raise FormatError(f"{header}: names {name}, which is not there; put it beside the header")
        if path.stat().st_size < int(size):
            raise FormatError(
                f"{path}: is truncated, {path.stat().st_size} bytes of {int(size)}; copy the file again"
            )


def _load(header: Path, wfdb: ModuleType, names: Sequence[str] = ()) -> list[np.ndarray]:
    """The values of all channels, each at its own rate, NaN for missing; segments are joined."""
    name = str(header.with_suffix(""))
    try:
        if "/" in _first(header):
            return _joined(header, wfdb, names)
        record = wfdb.rdrecord(name, smooth_frames=False)
        return [np.asarray(trace, np.float64) for trace in record.e_p_signal]
    except _DAMAGED as error:
        raise FormatError(f"{header}: its signals cannot be read; copy the files again") from error


def _joined(header: Path, wfdb: ModuleType, names: Sequence[str]) -> list[np.ndarray]:
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


def _marks(header: Path, wfdb: ModuleType, rate: float, duration: float) -> Marks:
    """The beats and rhythms of the first annotator that there is."""
    kind = next((kind for kind in _ANNOTATORS if header.with_suffix(f".{kind}").is_file()), None)
    if kind is None:
        return Marks()
    try:
        found = wfdb.rdann(str(header.with_suffix("")), kind)
    except _DAMAGED as error:
        raise FormatError(f"{header.with_suffix(f'.{kind}')}: no annotations of a WFDB record") from error
    times = np.asarray(found.sample) / (found.fs or rate)
    beats = [i for i, symbol in enumerate(found.symbol) if symbol in BEATS]
    changes = [
        (float(times[i]), match[1])
        for i, symbol in enumerate(found.symbol)
        if symbol == "+" and (match := _RHYTHM.match(found.aux_note[i]))
    ]
    ends = [*(start for start, _ in changes[1:]), duration]
    states = [(start, end, state) for (start, state), end in zip(changes, ends, strict=False)]
    return Marks(times[beats], [found.symbol[i] for i in beats], states)


def _store(sheet: Sheet, place: Path) -> None:
    """Write one record; a missing value is the lowest step, as the format has it."""
    wfdb = _library(place)
    about = [f"{key}: {value}" for key, value in sheet.facts.items()]
    wfdb.wrsamp(
        place.name,
        fs=sheet.leads[0].rate,
        units=[re.sub(r"\s+", "_", lead.unit) or "NU" for lead in sheet.leads],
        sig_name=[lead.name for lead in sheet.leads],
        d_signal=np.where(np.isnan(sheet.steps), _GAP, sheet.steps).astype(np.int64).T.copy(),
        fmt=["16"] * len(sheet.leads),
        adc_gain=[lead.gain for lead in sheet.leads],
        baseline=[int(lead.baseline) for lead in sheet.leads],
        comments=[write.MARK, *about],
        write_dir=str(place.parent),
    )
    if not sheet.label:
        return
    beat = sheet.way != "state" and sheet.label in BEATS
    middle = np.array([sheet.values.shape[1] // 2 if beat else 0])
    note = "" if beat else f"({re.sub(r'[^A-Za-z0-9]', '', sheet.label)}"
    wfdb.wrann(
        place.name,
        "atr",
        middle,
        symbol=[sheet.label if beat else "+"],
        aux_note=[note],
        fs=sheet.leads[0].rate,
        write_dir=str(place.parent),
    )
