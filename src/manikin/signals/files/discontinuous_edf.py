"""Discontinuous EDF+ (Kemp and Olivan 2003): data records that stand apart, as one trace with gaps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from manikin.errors import FormatError
from manikin.signals.files.recording import Annotations, Channel

if TYPE_CHECKING:
    from pathlib import Path

_HEADER_BYTES, _DISCONTINUOUS_MARK = 256, b"EDF+D"
_ENTRY_BYTES = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
"""Bytes of each entry of a signal's header, from its label to what is reserved."""
_ANNOTATION_LABEL = "EDF Annotations"
_ANNOTATION_PATTERN = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")
"""Onset, duration, and texts (section 2.2.2)."""
_MAX_SPAN_RATIO = 100
"""Gaps so many times as long as what was recorded are no gaps of one recording."""


@final
@dataclass(frozen=True)
class DiscontinuousRecording:
    """What a discontinuous file holds.

    Args:
        channels: Its channels, without those of annotations.
        signals: Their values in units, NaN between data records, each at its own rate.
        duration: From the first data record to the end of the last, in seconds.
        annotations: Its annotations, counted from the first data record.
        header_texts: The patient and the recording as the header says, two texts.
    """

    channels: tuple[Channel, ...]
    signals: list[np.ndarray]
    duration: float
    annotations: Annotations
    header_texts: tuple[str, str]


def is_discontinuous(path: Path) -> bool:
    """Whether a file says that its data records stand apart."""
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES)[192:197] == _DISCONTINUOUS_MARK


def read_discontinuous(path: Path) -> DiscontinuousRecording:
    """The whole of a file.

    Raises:
        FormatError: The file is truncated, or is not built as EDF+ says.
    """
    data = path.read_bytes()
    try:
        return _parse_discontinuous(data)
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise FormatError(
            f"no discontinuous EDF+ that can be read ({error})", path, "copy it again"
        ) from error


def _parse_discontinuous(data: bytes) -> DiscontinuousRecording:
    start, each, count = int(data[184:192]), float(data[244:252]), int(data[252:256])
    entries = _read_signal_headers(data, count)
    sizes = np.array([int(text) for text in entries[8]])
    stored = np.frombuffer(data[start:], "<i2", len(data[start:]) // 2)
    if not each > 0 or len(stored) < sizes.sum() * max(int(data[236:244]), 1):
        raise ValueError("truncated")
    blocks = stored[: len(stored) // sizes.sum() * sizes.sum()].reshape(-1, sizes.sum())
    ends = np.cumsum(sizes)
    noted = [ends[i] - sizes[i] for i in range(count) if entries[0][i] == _ANNOTATION_LABEL]
    lists = [
        [_ANNOTATION_PATTERN.findall(row[a : a + sizes[_find_signal(ends, a)]].tobytes()) for a in noted]
        for row in blocks
    ]
    onset = np.array([float(row[0][0][0]) for row in lists])
    span = float(onset[-1] - onset[0] + each)
    if (np.diff(onset) < each * 0.999).any() or span > _MAX_SPAN_RATIO * each * len(onset):
        raise ValueError("its data records overlap, or lie too far apart")
    leads, traces = [], []
    for i in range(count):
        if entries[0][i] != _ANNOTATION_LABEL:
            lead = _read_channel([entry[i] for entry in entries], sizes[i] / each)
            steps = blocks[:, ends[i] - sizes[i] : ends[i]]
            leads.append(lead)
            traces.append(
                _place_blocks((steps - lead.baseline) / lead.gain, onset - onset[0], lead.rate, span)
            )
    header = data[8:88].decode("latin-1").strip(), data[88:168].decode("latin-1").strip()
    return DiscontinuousRecording(tuple(leads), traces, span, _parse_annotations(lists, onset[0]), header)


def _read_signal_headers(data: bytes, count: int) -> list[list[str]]:
    """The header of the signals: for each kind of entry one text for each signal."""
    found, place = [], _HEADER_BYTES
    for width in _ENTRY_BYTES:
        texts = [data[place + i * width : place + (i + 1) * width] for i in range(count)]
        found.append([text.decode("latin-1").strip() for text in texts])
        place += width * count
    return found


def _find_signal(ends: np.ndarray, start: int) -> int:
    """Which signal begins at a place of a data record."""
    return int(np.searchsorted(ends, start, side="right"))


def _read_channel(entry: list[str], rate: float) -> Channel:
    bottom, top, low, high = (float(text) for text in entry[3:7])
    gain = (high - low) / (top - bottom)
    return Channel(entry[0], entry[2], round(rate, 6), gain, low - bottom * gain)


def _place_blocks(blocks: np.ndarray, onset: np.ndarray, rate: float, span: float) -> np.ndarray:
    """Data records (n, samples) where they belong in time; NaN between them."""
    trace = np.full(max(round(span * rate), blocks.size), np.nan)
    for block, second in zip(blocks, onset, strict=True):
        first = min(round(second * rate), len(trace) - len(block))
        trace[first : first + len(block)] = block
    return trace


def _parse_annotations(lists: list[list[list[tuple[bytes, bytes, bytes]]]], start: float) -> Annotations:
    """Annotations; those that last are states. What only keeps the time has no text."""
    found = [
        (float(onset) - start, float(lasting or 0), text.decode("utf-8", "replace").strip())
        for row in lists
        for signal in row
        for onset, lasting, texts in signal
        for text in texts.split(b"\x14")
        if text.strip()
    ]
    found.sort()
    events = [(onset, text) for onset, lasting, text in found if not lasting]
    states = [(onset, onset + lasting, text) for onset, lasting, text in found if lasting]
    return Annotations(np.array([onset for onset, _ in events]), [text for _, text in events], states)
