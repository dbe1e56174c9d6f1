"""A cohort as a folder of recordings: numbered files, and a table of all other fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.errors import FormatError
from manikin.schema.kinds import Image, Schema, Signal, Text
from manikin.signals.files.recording import Channel, SignalOptions
from manikin.tables.delimited_output import render_delimited

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE_NAME = "records.csv"
_MAX_STEP = 32_000
"""Values of a channel without a known grid are spread over so many steps either way."""
SYNTHETIC_NOTICE = "Synthetic data made by manikin; no recording of a patient"


@final
@dataclass(frozen=True)
class SignalRecord:
    """One record, ready for a file.

    Args:
        values: In units, (channels, time), NaN for missing.
        steps: The same on the grid of the recorder, whole numbers within 16 bits, (channels, time).
        channels: What each channel is, with its rate and grid.
        label: What the record is called; empty: nothing.
        label_kind: What the label stands for: "beat", "state" or "event".
        header_fields: Age and sex, as texts.
    """

    values: np.ndarray
    steps: np.ndarray
    channels: tuple[Channel, ...]
    label: str
    label_kind: str
    header_fields: dict[str, str]


def write_folder(
    cohort: Cohort, path: Path, suffix: str, store: Callable[[SignalRecord, Path], None]
) -> None:
    """Write every record by `store`, and a table of the other fields.

    Raises:
        FormatError: There is no signal, or more than one field of arrays.
    """
    name = find_signal_field(cohort, path)
    path.mkdir()
    found = describe_channels(cohort, name)
    places = [f"{i + 1:06d}" for i in range(len(cohort))]
    for i, place in enumerate(places):
        store(build_record(cohort, name, found, i), path / f"{place}{suffix}")
    rest = [other for other in cohort.schema if other != name]
    if rest:
        columns: dict[str, Any] = {"record": pa.array(places)}
        kinds: dict[str, Any] = {"record": Text(role="identifier")}
        columns |= {other: cohort.columns[other] for other in rest}
        kinds |= {other: cohort.schema[other] for other in rest}
        table = Cohort(pa.table(columns), Schema(kinds), cohort.origin)
        (path / TABLE_NAME).write_text(render_delimited(table), encoding="utf-8")


def find_signal_field(cohort: Cohort, path: Path) -> str:
    """The one signal of a cohort.

    Raises:
        FormatError: There is none, or more than one field of arrays.
    """
    arrays = [name for name, kind in cohort.schema.items() if isinstance(kind, Signal | Image)]
    if len(arrays) != 1 or not isinstance(cohort.schema[arrays[0]], Signal):
        held = ", ".join(arrays) or "none"
        raise FormatError("recordings hold one signal", path, f"the arrays are: {held}; write .npz")
    if not (cohort.schema[arrays[0]].rate or 0) > 0:  # type: ignore[union-attr] - a signal
        raise FormatError(f"the rate of {arrays[0]!r} is not known", path, "declare it in schema.toml")
    return arrays[0]


def build_record(cohort: Cohort, name: str, leads: tuple[Channel, ...], row: int) -> SignalRecord:
    """One record, ready for a file."""
    x = cohort[name][row].astype(np.float64)
    gain, baseline = (np.array([[getattr(lead, key)] for lead in leads]) for key in ("gain", "baseline"))
    steps = np.rint(x * gain + baseline)
    label = cohort.columns["label"][row].as_py() if "label" in cohort.schema else None
    way = cohort.origin.find_options(SignalOptions).get_grid(name).label_kind
    facts = {key: _format_field(cohort, key, row) for key in ("age", "sex") if key in cohort.schema}
    facts = {key: value for key, value in facts.items() if value}
    return SignalRecord(x, steps, leads, "" if label is None else str(label), way, facts)


def _format_field(cohort: Cohort, key: str, row: int) -> str:
    value = cohort.columns[key][row].as_py()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def describe_channels(cohort: Cohort, name: str) -> tuple[Channel, ...]:
    """The channels of a field; on the recorder's grid where it is known and 16 bits hold the values."""
    kind, x = cohort.schema[name], cohort[name]
    assert isinstance(kind, Signal)  # noqa: S101 - by `find_signal_field`
    count = x.shape[1]
    names = kind.channels if len(kind.channels) == count else [f"ch{i + 1}" for i in range(count)]
    units = (kind.unit or "").split(",")
    units = units if len(units) == count else [kind.unit or ""] * count
    known = cohort.origin.find_options(SignalOptions).get_grid(name).steps
    known = known if len(known) == count else [[0.0, 0.0]] * count
    leads = []
    for i in range(count):
        low, high = _find_range(x[:, i])
        gain, baseline = known[i]
        if gain <= 0 or max(abs(low * gain + baseline), abs(high * gain + baseline)) > _MAX_STEP:
            gain, baseline = _choose_grid(low, high)
        leads.append(
            Channel(names[i].strip() or f"ch{i + 1}", units[i].strip(), kind.rate or 1.0, gain, baseline)
        )
    return tuple(leads)


def _find_range(x: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value of a channel; 0 where it has none."""
    if np.isnan(x).all():
        return 0.0, 0.0
    return float(np.nanmin(x)), float(np.nanmax(x))


def _choose_grid(low: float, high: float) -> tuple[float, float]:
    """Gain and baseline that spread a range over 16 bits, the gain a power of ten times 1, 2 or 5."""
    middle, half = (low + high) / 2, max((high - low) / 2, abs(high) * 1e-6, 1e-9)
    most = (_MAX_STEP - 1) / half
    tens = 10.0 ** np.floor(np.log10(most))
    gain = float(max(tens * first for first in (1, 2, 5) if tens * first <= most))
    return gain, float(-np.rint(middle * gain))
