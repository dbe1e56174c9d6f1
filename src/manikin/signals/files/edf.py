"""EDF, EDF+ and BDF: recordings of one file each, read and written."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.core.extras import require
from manikin.errors import FormatError
from manikin.signals.files import discontinuous_edf
from manikin.signals.files.recording import Annotations, Channel, Recording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

    from manikin.signals.files.write import SignalRecord

_MIN_LEVEL_COUNT, _MAX_LEVEL_LENGTH = 3, 3
"""A text met so often in all files, or of so few letters, is a level; others may be prose with names."""
_MAX_BLOCK_BYTES, _MAX_BLOCK_SECONDS = 61_440, 60.0
"""Bytes and seconds of one data record (EDF specification; EDFlib)."""
_DIGITAL_MIN, _DIGITAL_MAX = -32_768, 32_767
_HEADER_DIGITS = 8
_PLACEHOLDER_DATE = datetime(1985, 1, 1, tzinfo=UTC)


def _import_library(path: Path) -> ModuleType:
    return require("pyedflib", what=f"{path}: EDF files need the package pyedflib", extra="signals")


def _open_reader(path: Path) -> Any:  # noqa: ANN401 - a reader of pyedflib
    edf = _import_library(path)
    try:
        return edf.EdfReader(str(path))
    except OSError as error:
        why = str(error).removeprefix(str(path)).lstrip(": ")
        raise FormatError(
            f"no EDF or BDF file that can be read ({why})", path, "copy it again, or save it as EDF+C"
        ) from error


def read_recording(path: Path, person: str) -> Recording:
    """What a header says; its values are read later.

    Raises:
        FormatError: It is no such file, is truncated, or holds no signal.
    """
    if discontinuous_edf.is_discontinuous(path):
        return _read_discontinuous(path, person)
    with _open_reader(path) as file:
        count = file.signals_in_file
        if not count:
            raise FormatError("holds no signal", path)
        leads = tuple(_read_channel(file, i) for i in range(count))
        samples, facts = [int(n) for n in file.getNSamples()], _read_header_fields(file)
        marks = _read_annotations(file)
    duration = samples[0] / leads[0].rate
    if not duration:
        raise FormatError("holds no sample", path)
    return Recording(path, person, leads, duration, lambda: _load_signals(path, count), marks, facts)


def _read_discontinuous(path: Path, person: str) -> Recording:
    """A recording with gaps, which the library does not read."""
    found = discontinuous_edf.read_discontinuous(path)
    if not found.channels:
        raise FormatError("holds no signal", path)
    who, when = (text.split() for text in found.header_texts)
    sex = who[1] if len(who) > 1 and who[1] in ("M", "F") else ""
    facts = {
        "sex": sex,
        "age": _compute_age(who[2] if len(who) > 2 else "", when[1] if len(when) > 1 else ""),  # noqa: PLR2004
    }
    known = {key: value for key, value in facts.items() if value}
    leads, duration, marks = found.channels, found.duration, found.annotations
    return Recording(
        path,
        person,
        leads,
        duration,
        lambda: discontinuous_edf.read_discontinuous(path).signals,
        marks,
        known,
    )


def _compute_age(birth: str, start: str) -> str:
    """Years from 01-MAR-1960 to 01-JAN-1985; empty where either is no date."""
    try:
        born, then = (datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC) for text in (birth, start))
    except ValueError:
        return ""
    age = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return str(age) if 0 <= age <= 130 else ""  # noqa: PLR2004 - years of a life


def _read_channel(file: Any, i: int) -> Channel:  # noqa: ANN401 - a reader of pyedflib
    high, low = file.getDigitalMaximum(i), file.getDigitalMinimum(i)
    top, bottom = file.getPhysicalMaximum(i), file.getPhysicalMinimum(i)
    gain = (high - low) / (top - bottom) if top != bottom else 0.0
    rate = file.getSampleFrequency(i)
    rate = round(rate) if abs(rate - round(rate)) < 1e-4 * rate else rate
    unit = file.getPhysicalDimension(i).strip()
    return Channel(
        file.getLabel(i).strip() or f"ch{i + 1}", unit, float(rate), float(gain), float(low - bottom * gain)
    )


def _read_header_fields(file: Any) -> dict[str, str]:  # noqa: ANN401 - a reader of pyedflib
    """Sex, and age at the start of the recording; name, numbers and dates stay behind."""
    found = {"sex": {"male": "M", "female": "F"}.get(file.getSex().lower(), "")}
    birth = file.getBirthdate(string=True)
    if birth:
        start = file.getStartdatetime()
        born = datetime.strptime(birth, "%d %b %Y").replace(tzinfo=UTC)
        age = start.year - born.year - ((start.month, start.day) < (born.month, born.day))
        found["age"] = str(age) if 0 <= age <= 130 else ""  # noqa: PLR2004 - years of a life
    return {key: value for key, value in found.items() if value}


def _read_annotations(file: Any) -> Annotations:  # noqa: ANN401 - a reader of pyedflib
    """Annotations that last are states, the others events."""
    onsets, lasting, texts = file.readAnnotations()
    if not len(onsets):
        return Annotations()
    order = np.argsort(onsets, kind="stable")
    found = [(float(onsets[i]), float(lasting[i]), str(texts[i]).strip()) for i in order]
    states = [(start, start + last, text) for start, last, text in found if last > 0]
    events = [(start, text) for start, last, text in found if last <= 0]
    return Annotations(np.array([start for start, _ in events]), [text for _, text in events], states)


def drop_free_text(found: Sequence[Recording]) -> tuple[list[Recording], tuple[str, ...]]:
    """The recordings without annotations that are no levels: those met seldom may be prose."""
    counts = Counter(text for recording in found for text in _list_annotation_texts(recording.annotations))
    often = {text for text, n in counts.items() if n >= _MIN_LEVEL_COUNT or len(text) <= _MAX_LEVEL_LENGTH}
    left = len(counts) - len(often)
    kept = []
    for recording in found:
        marks = recording.annotations
        places = [i for i, text in enumerate(marks.symbols) if text in often]
        states = [state for state in marks.states if state[2] in often]
        marks = Annotations(marks.times[places], [marks.symbols[i] for i in places], states)
        kept.append(replace(recording, annotations=marks))
    return kept, (f"{left} annotations met seldom may be prose and are left out",) if left else ()


def _list_annotation_texts(marks: Annotations) -> list[str]:
    return [*marks.symbols, *(state for _, _, state in marks.states)]


def _load_signals(path: Path, count: int) -> list[np.ndarray]:
    with _open_reader(path) as file:
        return [np.asarray(file.readSignal(i), np.float64) for i in range(count)]


def write_record(sheet: SignalRecord, path: Path) -> None:
    """Write one record as EDF+ whose header names nobody."""
    edf = _import_library(path)
    count, total = sheet.values.shape
    rate = sheet.channels[0].rate
    each = _choose_block_length(total, count, rate, path)
    with warnings.catch_warnings():  # it warns of every length that is declared, and of rounded ranges
        warnings.simplefilter("ignore")
        with edf.EdfWriter(str(path), count, file_type=edf.FILETYPE_EDFPLUS) as file:
            file.setSignalHeaders([_build_channel_header(lead) for lead in sheet.channels])
            file.setStartdatetime(_PLACEHOLDER_DATE.replace(tzinfo=None))
            file.setPatientAdditional("synthetic")
            file.setRecordingAdditional("synthetic data made by manikin")
            file.setSex({"M": 1, "F": 0}.get(sheet.header_fields.get("sex", "")))
            file.setDatarecordDuration(each / rate)
            steps = np.clip(sheet.steps, _DIGITAL_MIN, _DIGITAL_MAX).astype(np.int32)
            for start in range(0, total, each):
                for channel in range(count):
                    file.writeDigitalSamples(np.ascontiguousarray(steps[channel, start : start + each]))
            if sheet.label:
                file.writeAnnotation(0, total / rate, sheet.label)


def _choose_block_length(total: int, channels: int, rate: float, path: Path) -> int:
    """The samples of a data record: the most that divide the recording and that the format allows."""
    most = min(_MAX_BLOCK_BYTES // (2 * channels), int(_MAX_BLOCK_SECONDS * rate))
    found = max((n for n in range(1, most + 1) if total % n == 0), default=0)
    if not found or found / rate < 0.001:  # noqa: PLR2004 - EDFlib's shortest
        raise FormatError(f"EDF cannot hold {total} samples at {rate:g} Hz", path, "write WFDB or .npz")
    return found


def _build_channel_header(lead: Channel) -> dict[str, Any]:
    """A channel whose range in units is that of 16 bits on its grid."""
    low, high = ((step - lead.baseline) / lead.gain for step in (_DIGITAL_MIN, _DIGITAL_MAX))
    return {
        "label": lead.name[:16],
        "dimension": lead.unit[:_HEADER_DIGITS],
        "sample_frequency": lead.rate,
        "physical_min": float(f"{low:.{_HEADER_DIGITS - 1}}"[:_HEADER_DIGITS]),
        "physical_max": float(f"{high:.{_HEADER_DIGITS - 1}}"[:_HEADER_DIGITS]),
        "digital_min": _DIGITAL_MIN,
        "digital_max": _DIGITAL_MAX,
        "transducer": "",
        "prefilter": "",
    }
