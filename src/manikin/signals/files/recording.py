"""What every format of signals gives: a recording, its leads, and what was marked on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@final
@dataclass(frozen=True)
class Channel:
    """One channel of a recording.

    Args:
        name: What it is called.
        unit: Of its values.
        rate: Samples per second.
        gain: Steps of the recorder for one unit; 0: not known.
        baseline: The step that stands for 0.
    """

    name: str
    unit: str = ""
    rate: float = 1.0
    gain: float = 0.0
    baseline: float = 0.0


@final
@dataclass(frozen=True)
class Annotations:
    """What was marked on a recording.

    Args:
        times: When each event happened, in seconds, ascending, (n,).
        symbols: What each event was, n texts.
        states: From when to when, in seconds, what held: rhythms, sleep stages.
    """

    times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    symbols: Sequence[str] = ()
    states: Sequence[tuple[float, float, str]] = ()


@final
@dataclass(frozen=True)
class Recording:
    """A recording whose values are read when they are asked for.

    Args:
        path: The file that names it in messages.
        subject: Whose it is; recordings of one person are one subject. Never leaves the reader.
        channels: Its channels.
        duration: In seconds.
        annotations: What was marked on it.
        header_fields: What is allowed of its header: age, sex, diagnosis.
        load: Gives the values of each lead, at its own rate, NaN for missing.
    """

    path: Path
    subject: str
    channels: tuple[Channel, ...]
    duration: float
    load: Callable[[], list[np.ndarray]]
    annotations: Annotations = field(default_factory=Annotations)
    header_fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """The highest rate of its leads, in Hz."""
        return max(lead.rate for lead in self.channels)
