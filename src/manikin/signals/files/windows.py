"""From long recordings to records: fixed windows, or windows centred on beats, and what to call them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.schema.kinds import Signal
    from manikin.signals.files.recording import Annotations, Recording

NORMAL_BEAT = "N"
_MAX_WHOLE_SECONDS = 30.0
"""Recordings of one length up to so many seconds are records as they are."""
_DEFAULT_SECONDS, _DEFAULT_SAMPLES, _MIN_FAST_RATE = 10.0, 256, 25.0
"""The length of a window where none is declared: seconds; samples where the rate is below the third."""
_ROUNDING_TOLERANCE = 1e-6


@final
@dataclass(frozen=True)
class Windows:
    """Where the windows of all recordings lie.

    Args:
        recording: Of each window, its recording, (n,).
        start: The first sample of each window, at the rate asked for, (n,).
        labels: What each window is called; None: nothing was marked there.
        samples: The length of a window.
        label_kind: What the labels stand for: "beat", "state" or "event".
        notes: What was decided.
    """

    recording: np.ndarray
    start: np.ndarray
    labels: list[str | None]
    samples: int
    label_kind: str
    notes: tuple[str, ...]


def choose_length(recordings: Sequence[Recording], kind: Signal, rate: float) -> tuple[int, str]:
    """The samples of a window, and a note where nobody declared it."""
    if kind.window:
        return max(1, round(kind.window * rate)), ""
    sizes = {round(recording.duration * rate) for recording in recordings}
    shortest = min(recording.duration for recording in recordings)
    if len(sizes) == 1 and shortest <= _MAX_WHOLE_SECONDS and not kind.around:
        return sizes.pop(), ""
    usual = _DEFAULT_SECONDS if rate >= _MIN_FAST_RATE else _DEFAULT_SAMPLES / rate
    samples = min(1.0, shortest) * rate if kind.around else min(usual, shortest) * rate
    samples = max(1, int(samples + _ROUNDING_TOLERANCE))
    return samples, f"cut into windows of {samples / rate:g} s; `window` in schema.toml asks for another"


def segment_recordings(
    recordings: Sequence[Recording | None], kind: Signal, rate: float, samples: int
) -> Windows:
    """Where windows lie: none reaches across two recordings, fixed ones do not overlap."""
    marks = [recording.annotations for recording in recordings if recording]
    states = {state for found in marks for _, _, state in found.states}
    events = any(len(found.symbols) for found in marks)
    way = "beat" if kind.around else "state" if len(states) > (1 if events else 0) else "event"
    index: list[np.ndarray] = []
    starts: list[np.ndarray] = []
    labels: list[str | None] = []
    lost = 0
    for i, recording in enumerate(recordings):
        if recording is None:
            continue
        total = round(recording.duration * rate)
        if kind.around:
            start, called, out = _center_on_beats(recording.annotations, kind.around, rate, samples, total)
        else:
            start, out = np.arange(0, total - samples + 1, samples), 0
            called = _label_windows(recording.annotations, start / rate, samples / rate, way)
        lost += out
        starts.append(start)
        index.append(np.full(len(start), i))
        labels += called
    empty = [np.zeros(0, dtype=int)]
    place, first = np.concatenate(index or empty), np.concatenate(starts or empty)
    return Windows(place, first, labels, samples, way, _build_notes(kind, labels, way, lost))


def _center_on_beats(
    marks: Annotations, around: str, rate: float, samples: int, total: int
) -> tuple[np.ndarray, list[str | None], int]:
    """Windows whose middle is a beat of these symbols; those beyond an end are left out."""
    wanted = np.array([around == "*" or symbol in around for symbol in marks.symbols], dtype=bool)
    start = np.rint(marks.times * rate).astype(int) - samples // 2
    inside = (start >= 0) & (start + samples <= total)
    chosen = np.flatnonzero(wanted & inside)
    return start[chosen], [marks.symbols[i] for i in chosen.tolist()], int((wanted & ~inside).sum())


def _label_windows(marks: Annotations, starts: np.ndarray, width: float, way: str) -> list[str | None]:
    if way == "state":
        return [_find_longest_state(marks, start, start + width) for start in starts]
    first = np.searchsorted(marks.times, starts - _ROUNDING_TOLERANCE).tolist()
    last = np.searchsorted(marks.times, starts + width - _ROUNDING_TOLERANCE).tolist()
    return [_find_commonest_symbol(marks.symbols[a:b]) for a, b in zip(first, last, strict=True)]


def _find_longest_state(marks: Annotations, start: float, stop: float) -> str | None:
    """The state that holds for most of a window."""
    held: Counter[str] = Counter()
    for begin, end, state in marks.states:
        if begin < stop and end > start:
            held[state] += min(end, stop) - max(begin, start)  # type: ignore[assignment] - seconds
    return held.most_common(1)[0][0] if held else None


def _find_commonest_symbol(symbols: Sequence[str]) -> str | None:
    """The commonest event that is not a normal beat; else normal, where there is a beat at all."""
    others = Counter(symbol for symbol in symbols if symbol != NORMAL_BEAT)
    if others:
        return min(others, key=lambda symbol: (-others[symbol], symbol))
    return NORMAL_BEAT if len(symbols) else None


def _build_notes(kind: Signal, labels: list[Any], way: str, lost: int) -> tuple[str, ...]:
    told = {
        "beat": "label: the symbol of the beat in the middle of each window",
        "state": "label: the rhythm or state that holds for most of each window",
        "event": "label: the commonest mark in each window that is no normal beat, else N",
    }
    notes = [told[way]] if any(label is not None for label in labels) else []
    if lost:
        notes.append(f"{lost} beats whose window reaches beyond the recording are left out")
    if not kind.around and any(labels) and (bare := sum(label is None for label in labels)):
        notes.append(f"{bare} windows without any mark have no label")
    return tuple(notes)
