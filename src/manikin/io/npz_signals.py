"""Signals of an archive, all of one length: at the rate and through the filters that are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from manikin.core import arrow
from manikin.errors import FormatError, SchemaError
from manikin.schema.limits import MAX_ABS_VALUE
from manikin.signals.files import filters

if TYPE_CHECKING:
    from manikin.schema.kinds import Signal


def conform_signals(x: np.ndarray, kind: Signal, own: float | None) -> tuple[np.ndarray, Signal, list[str]]:
    """Signals as they are declared, and notes on what was done to them.

    Args:
        x: Values (n, channels, time), NaN for missing.
        kind: What is declared.
        own: Their rate in Hz, where the archive tells it.

    Raises:
        FormatError: A value is too large to be one.
        SchemaError: They have other channels, another length, or no rate to filter by.

    Example:
        >>> from manikin.schema.kinds import Signal
        >>> x, kind, notes = conform_signals(np.arange(16.0).reshape(2, 1, 8), Signal(rate=2), own=4)
        >>> x.shape, kind.rate, notes
        ((2, 1, 4), 2, ['resampled from 4 to 2 Hz'])
    """
    _check_signals(x, kind)
    rate = own or kind.rate
    notes = filters.describe_filters(kind)
    if notes and not rate:
        raise SchemaError("band and notch need the `rate` of the signal in Hz; declare it")
    y = (
        _map_signals(x, lambda trace: filters.apply_filters(trace, rate or 1.0, kind.band, kind.notch))
        if notes
        else x
    )
    target = kind.rate or rate
    if rate and target and not filters.is_same_rate(rate, target):
        y = _map_signals(y, lambda trace: filters.resample(trace, rate, target))
        notes.append(f"resampled from {rate:g} to {target:g} Hz")
    if kind.window and target and round(kind.window * target) != y.shape[2]:
        raise SchemaError(
            f"a window of {kind.window:g} s is declared, but the records last {y.shape[2] / target:g} s; "
            "records of an archive are not cut: leave out `window`"
        )
    return y, replace(kind, rate=target), [*notes, *_note_empty_channels(y)]


def _check_signals(x: np.ndarray, kind: Signal) -> None:
    if kind.channels and len(kind.channels) != x.shape[1]:
        raise SchemaError(
            f"{len(kind.channels)} channels are declared ({', '.join(kind.channels)}), but the records "
            f"have {x.shape[1]}"
        )
    if any((np.abs(block) > MAX_ABS_VALUE).any() for block in arrow.iterate_blocks(x)):
        raise FormatError(f"holds values beyond {MAX_ABS_VALUE:g}; leave these records out or correct them")


def _map_signals(x: np.ndarray, change: filters.SignalTransform) -> np.ndarray:
    """Every trace changed alike."""
    first = change(x[0, 0].astype(np.float64))
    y = arrow.allocate_array((*x.shape[:2], len(first)), np.float32)
    for i, record in enumerate(x):
        for j, trace in enumerate(record):
            y[i, j] = change(trace.astype(np.float64))
    return y


def _note_empty_channels(x: np.ndarray) -> list[str]:
    """What is said of traces without values, and of those that do not move."""
    never = sum(_count_records(np.isnan(block)) for block in arrow.iterate_blocks(x))
    flat = sum(_count_records(np.equal(block, block[..., :1])) for block in arrow.iterate_blocks(x))
    notes = [f"a channel holds no value in {never} of {len(x)} records"] if never else []
    return [*notes, *([f"a channel is flat throughout {flat} of {len(x)} records"] if flat else [])]


def _count_records(holds: np.ndarray) -> int:
    """How many records have a channel throughout which it holds, of (n, channels, time)."""
    return int(np.any(np.all(holds, axis=2), axis=1).sum())
