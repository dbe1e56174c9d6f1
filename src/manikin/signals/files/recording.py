"""What every format of signals gives: a recording, its leads, and what was marked on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from manikin.cohort.source_format import SourceOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@final
@dataclass(frozen=True)
class RecorderGrid:
    """What a signal was recorded on.

    Args:
        steps: Of each channel the steps in a unit, and the step that is 0.
        label_kind: What the label of a window stands for: "beat", "state" or "event".
    """

    steps: Sequence[Sequence[float]] = ()
    label_kind: str = "event"


@final
@dataclass(frozen=True)
class SignalOptions(SourceOptions):
    """What the signals of each field were recorded on."""

    signals: Mapping[str, RecorderGrid] | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The grids among these options."""
        told: Mapping[str, Any] = options.get("signals", {})
        return cls(
            {n: RecorderGrid(one.get("grid", ()), one.get("way", "event")) for n, one in told.items()}
        )

    def to_options(self) -> dict[str, Any]:
        """The grids, each as a table of names."""
        told = {n: {"grid": one.steps, "way": one.label_kind} for n, one in (self.signals or {}).items()}
        return {"signals": told} if told else {}

    def get_grid(self, name: str) -> RecorderGrid:
        """The grid of the field of this name; without steps where it is not known."""
        return (self.signals or {}).get(name, RecorderGrid())


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
