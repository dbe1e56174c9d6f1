"""EDF, EDF+ and BDF: recordings of sleep, brain and muscle in one file each."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from manikin.cohort.cohort import Origin
from manikin.core import record_files
from manikin.errors import FormatError, MissingExtra
from manikin.imaging.files.assemble import Bad
from manikin.io.format import Format
from manikin.signals.files import discontinuous_edf, folder_index, write
from manikin.signals.files.assemble import gather
from manikin.signals.files.recording import Lead, Marks, Recording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema
    from manikin.signals.files.write import Sheet

_OFTEN, _SHORT = 3, 3
"""A text met so often in all files, or of so few letters, is a level; others may be prose with names."""
_BLOCK, _LONGEST = 61_440, 60.0
"""Bytes and seconds of one data record (EDF specification; EDFlib)."""
_LOW, _HIGH = -32_768, 32_767
_DIGITS = 8
_NO_DATE = datetime(1985, 1, 1, tzinfo=UTC)


@final
class Edf(Format):
    """The European Data Format (Kemp et al. 1992), EDF+ (Kemp and Olivan 2003) and BDF of 24 bits."""

    suffixes: ClassVar[tuple[str, ...]] = (".edf", ".bdf", ".rec")
    binary: ClassVar[bool] = True
    writes_folders: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """One recording."""
        found = without_prose([recording(path, path.name)])
        return gather(found[0], schema, Origin("edf")).noted(*found[1])

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """All recordings below a folder, with what a table beside them tells."""
        bad = Bad(skip=skip_bad)
        files = [file for file in record_files.files(path) if record_files.kind(file) == "edf"]
        whose, meaning = folder_index.persons(files, path, schema)
        with meaning.hidden.kept():
            found = folder_index.opened(files, lambda file: recording(file, whose[file]), bad)
            if not found:
                raise FormatError(f"{path}: no recording can be read; {next(iter(bad.values()), '')}")
            found, told = without_prose(found)
            cells, order, notes = folder_index.beside(path, [recording.path for recording in found], schema)
            by_path = {recording.path: recording for recording in found}
            chosen = [by_path[file] for file in order]
            cohort = gather(chosen, schema, Origin("edf"), cells, skip_bad=skip_bad)
        return folder_index.told(cohort.noted(*bad.values(), *notes, *told), meaning)

    def write(self, cohort: Cohort, path: Path) -> None:
        """EDF+ without a name, number or date, marked as synthetic: a folder, or one record as a file."""
        name = write.field(cohort, path)
        if np.isnan(cohort[name]).any():
            raise FormatError(f"{path}: EDF has no missing values, but {name!r} has; write WFDB or .npz")
        if not path.suffix:
            write.folder(cohort, path, ".edf", _store)
        elif len(cohort) == 1:
            _store(write.sheet(cohort, name, write.leads(cohort, name), 0), path)
        else:
            raise FormatError(f"{path}: one file holds one recording; name a folder (no suffix)")


__plugin__ = Edf


def _library(path: Path) -> ModuleType:
    try:
        import pyedflib
    except ImportError as error:
        raise MissingExtra(
            f"{path}: EDF files need the package pyedflib; install it: pip install 'manikin[signals]'"
        ) from error
    return pyedflib


def _opened(path: Path) -> Any:  # noqa: ANN401 - a reader of pyedflib
    edf = _library(path)
    try:
        return edf.EdfReader(str(path))
    except OSError as error:
        why = str(error).removeprefix(str(path)).lstrip(": ")
        raise FormatError(
            f"{path}: no EDF or BDF file that can be read ({why}); copy it again, or save it as EDF+C"
        ) from error


def recording(path: Path, person: str) -> Recording:
    """What a header says; its values are read later.

    Raises:
        FormatError: It is no such file, is truncated, or holds no signal.
    """
    if discontinuous_edf.is_parted(path):
        return _discontinuous(path, person)
    with _opened(path) as file:
        count = file.signals_in_file
        if not count:
            raise FormatError(f"{path}: holds no signal")
        leads = tuple(_lead(file, i) for i in range(count))
        samples, facts = [int(n) for n in file.getNSamples()], _facts(file)
        marks = _marks(file)
    duration = samples[0] / leads[0].rate
    if not duration:
        raise FormatError(f"{path}: holds no sample")
    return Recording(path, person, leads, duration, lambda: _load(path, count), marks, facts)


def _discontinuous(path: Path, person: str) -> Recording:
    """A recording with gaps, which the library does not read."""
    found = discontinuous_edf.parted(path)
    if not found.leads:
        raise FormatError(f"{path}: holds no signal")
    who, when = (text.split() for text in found.patient)
    sex = who[1] if len(who) > 1 and who[1] in ("M", "F") else ""
    facts = {"sex": sex, "age": _age(who[2] if len(who) > 2 else "", when[1] if len(when) > 1 else "")}  # noqa: PLR2004 - code, sex, birthdate, name
    known = {key: value for key, value in facts.items() if value}
    leads, duration, marks = found.leads, found.duration, found.marks
    return Recording(
        path, person, leads, duration, lambda: discontinuous_edf.parted(path).traces, marks, known
    )


def _age(birth: str, start: str) -> str:
    """Years from 01-MAR-1960 to 01-JAN-1985; empty where either is no date."""
    try:
        born, then = (datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC) for text in (birth, start))
    except ValueError:
        return ""
    age = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return str(age) if 0 <= age <= 130 else ""  # noqa: PLR2004 - years of a life


def _lead(file: Any, i: int) -> Lead:  # noqa: ANN401 - a reader of pyedflib
    high, low = file.getDigitalMaximum(i), file.getDigitalMinimum(i)
    top, bottom = file.getPhysicalMaximum(i), file.getPhysicalMinimum(i)
    gain = (high - low) / (top - bottom) if top != bottom else 0.0
    rate = file.getSampleFrequency(i)
    rate = round(rate) if abs(rate - round(rate)) < 1e-4 * rate else rate
    unit = file.getPhysicalDimension(i).strip()
    return Lead(
        file.getLabel(i).strip() or f"ch{i + 1}", unit, float(rate), float(gain), float(low - bottom * gain)
    )


def _facts(file: Any) -> dict[str, str]:  # noqa: ANN401 - a reader of pyedflib
    """Sex, and age at the start of the recording; name, numbers and dates stay behind."""
    found = {"sex": {"male": "M", "female": "F"}.get(file.getSex().lower(), "")}
    birth = file.getBirthdate(string=True)
    if birth:
        start = file.getStartdatetime()
        born = datetime.strptime(birth, "%d %b %Y").replace(tzinfo=UTC)
        age = start.year - born.year - ((start.month, start.day) < (born.month, born.day))
        found["age"] = str(age) if 0 <= age <= 130 else ""  # noqa: PLR2004 - years of a life
    return {key: value for key, value in found.items() if value}


def _marks(file: Any) -> Marks:  # noqa: ANN401 - a reader of pyedflib
    """Annotations that last are states, the others events."""
    onsets, lasting, texts = file.readAnnotations()
    if not len(onsets):
        return Marks()
    order = np.argsort(onsets, kind="stable")
    found = [(float(onsets[i]), float(lasting[i]), str(texts[i]).strip()) for i in order]
    states = [(start, start + last, text) for start, last, text in found if last > 0]
    events = [(start, text) for start, last, text in found if last <= 0]
    return Marks(np.array([start for start, _ in events]), [text for _, text in events], states)


def without_prose(found: Sequence[Recording]) -> tuple[list[Recording], tuple[str, ...]]:
    """The recordings without annotations that are no levels: those met seldom may be prose."""
    counts = Counter(text for recording in found for text in _texts(recording.marks))
    often = {text for text, n in counts.items() if n >= _OFTEN or len(text) <= _SHORT}
    left = len(counts) - len(often)
    kept = []
    for recording in found:
        marks = recording.marks
        places = [i for i, text in enumerate(marks.symbols) if text in often]
        states = [state for state in marks.states if state[2] in often]
        marks = Marks(marks.times[places], [marks.symbols[i] for i in places], states)
        kept.append(replace(recording, marks=marks))
    return kept, (f"{left} annotations met seldom may be prose and are left out",) if left else ()


def _texts(marks: Marks) -> list[str]:
    return [*marks.symbols, *(state for _, _, state in marks.states)]


def _load(path: Path, count: int) -> list[np.ndarray]:
    with _opened(path) as file:
        return [np.asarray(file.readSignal(i), np.float64) for i in range(count)]


def _store(sheet: Sheet, path: Path) -> None:
    """Write one record as EDF+ whose header names nobody."""
    edf = _library(path)
    count, total = sheet.values.shape
    rate = sheet.leads[0].rate
    each = _samples(total, count, rate, path)
    with warnings.catch_warnings():  # it warns of every length that is declared, and of rounded ranges
        warnings.simplefilter("ignore")
        with edf.EdfWriter(str(path), count, file_type=edf.FILETYPE_EDFPLUS) as file:
            file.setSignalHeaders([_header(lead) for lead in sheet.leads])
            file.setStartdatetime(_NO_DATE.replace(tzinfo=None))
            file.setPatientAdditional("synthetic")
            file.setRecordingAdditional("synthetic data made by manikin")
            file.setSex({"M": 1, "F": 0}.get(sheet.facts.get("sex", "")))
            file.setDatarecordDuration(each / rate)
            steps = np.clip(sheet.steps, _LOW, _HIGH).astype(np.int32)
            for start in range(0, total, each):
                for channel in range(count):
                    file.writeDigitalSamples(np.ascontiguousarray(steps[channel, start : start + each]))
            if sheet.label:
                file.writeAnnotation(0, total / rate, sheet.label)


def _samples(total: int, channels: int, rate: float, path: Path) -> int:
    """The samples of a data record: the most that divide the recording and that the format allows."""
    most = min(_BLOCK // (2 * channels), int(_LONGEST * rate))
    found = max((n for n in range(1, most + 1) if total % n == 0), default=0)
    if not found or found / rate < 0.001:  # noqa: PLR2004 - EDFlib's shortest
        raise FormatError(f"{path}: EDF cannot hold {total} samples at {rate:g} Hz; write WFDB or .npz")
    return found


def _header(lead: Lead) -> dict[str, Any]:
    """A channel whose range in units is that of 16 bits on its grid."""
    low, high = ((step - lead.baseline) / lead.gain for step in (_LOW, _HIGH))
    return {
        "label": lead.name[:16],
        "dimension": lead.unit[:_DIGITS],
        "sample_frequency": lead.rate,
        "physical_min": float(f"{low:.{_DIGITS - 1}}"[:_DIGITS]),
        "physical_max": float(f"{high:.{_DIGITS - 1}}"[:_DIGITS]),
        "digital_min": _LOW,
        "digital_max": _HIGH,
        "transducer": "",
        "prefilter": "",
    }
