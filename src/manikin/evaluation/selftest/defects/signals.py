"""Defects of signals: copies that begin later, time and leads in disorder, wrong rates and amplitudes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.edit import replace_columns
from manikin.core import arrow
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import (
    Defect,
    DefectInput,
    copy_training_records,
    inject_leaks,
)
from manikin.schema.kinds import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

LEAKED_SHARE = 0.05
MAX_SHIFT_SHARE = 0.1  # of its length a signal is moved by at most
SPEED_FACTOR = 1.25
SPIKED_SHARE, SPIKE_GAIN = 0.05, 5.0  # share of records, and by how much their amplitude is too large
SWAPPED_SHARE = 0.3  # share of records whose leads have changed places


def shift_signals(given: DefectInput) -> Cohort:
    """Training signals, each begun up to a tenth of its length earlier or later."""
    copies = copy_training_records(given)
    return _alter_signals(copies, lambda x: _shift_records(x, _draw_shifts(given, x)))


def scale_signals(given: DefectInput) -> Cohort:
    """Training signals, each begun elsewhere, with another gain, some upside down."""
    copies = copy_training_records(given)
    return _alter_signals(
        copies,
        lambda x: _scale_amplitude(_shift_records(x, _draw_shifts(given, x)), _draw_gains(given, len(x))),
    )


def leak_signals(given: DefectInput) -> Cohort:
    """Honest records, of which 5 % have given way to training records as they are."""
    return inject_leaks(given, given.train, LEAKED_SHARE)


def leak_shifted_signals(given: DefectInput) -> Cohort:
    """Honest records, of which 5 % gave way to training ones begun elsewhere, with another gain."""
    moved = _alter_signals(
        given.train,
        lambda x: _scale_amplitude(_shift_records(x, _draw_shifts(given, x)), _draw_gains(given, len(x))),
    )
    return inject_leaks(given, moved, LEAKED_SHARE)


def leak_subject(given: DefectInput) -> Cohort:
    """Honest records, of which one in ten is of one training subject, begun elsewhere.

    Where it has fewer records than that, they come again, each begun at another place.
    """
    subjects, counts = np.unique(given.train.subject, return_counts=True)
    one = np.flatnonzero(given.train.subject == given.rng.choice(subjects[counts == counts.max()]))
    count = max(2, round(2 * LEAKED_SHARE * len(given.cohort)))
    again = one if len(one) >= count else given.rng.choice(one, count)
    moved = _alter_signals(given.train.take(again), lambda x: _shift_records(x, _draw_shifts(given, x)))
    return inject_leaks(given, moved, 2 * LEAKED_SHARE)


def shuffle_time(given: DefectInput) -> Cohort:
    """Honest signals whose points in time are in random order, all channels alike."""

    def change(x: np.ndarray) -> np.ndarray:
        order = given.rng.permuted(np.tile(np.arange(x.shape[2]), (len(x), 1)), axis=1)
        return np.take_along_axis(x, order[:, None], axis=2)

    return _alter_signals(given.cohort, change)


def swap_leads(given: DefectInput) -> Cohort:
    """Honest signals of which three in ten have two channels in each other's place."""
    chosen = given.rng.random(len(given.cohort)) < SWAPPED_SHARE

    def change(x: np.ndarray) -> np.ndarray:
        if x.shape[1] < 2:  # noqa: PLR2004 - two that change places
            raise UsageError("swapped_leads: the signals have one channel only")
        first = int(np.isnan(x).mean(axis=(0, 2)).argsort(kind="stable")[0]) if x.dtype.kind == "f" else 0
        order = np.arange(x.shape[1])
        other = 1 if first == 0 else 0
        order[[first, other]] = order[[other, first]]
        return np.where(chosen[:, None, None], x[:, order], x)

    return _alter_signals(given.cohort, change)


def change_rate(given: DefectInput) -> Cohort:
    """Honest signals that run a quarter too fast, as if read at another rate; what lacks is repeated."""

    def change(x: np.ndarray) -> np.ndarray:
        places = np.arange(x.shape[2]) * SPEED_FACTOR
        near = np.rint(places).astype(int) % x.shape[2]
        return x[..., near]

    return _alter_signals(given.cohort, change)


def spike_signals(given: DefectInput) -> Cohort:
    """Honest signals of which 5 % have five times the amplitude."""
    n = len(given.cohort)
    chosen = np.zeros(n, dtype=bool)
    chosen[given.rng.choice(n, max(2, round(SPIKED_SHARE * n)), replace=False)] = True
    return _alter_signals(given.cohort, lambda x: _scale_amplitude(x, np.where(chosen, SPIKE_GAIN, 1.0)))


def _draw_shifts(given: DefectInput, x: np.ndarray) -> np.ndarray:
    """By how many places each record is moved, never 0."""
    most = max(1, round(MAX_SHIFT_SHARE * x.shape[2]))
    return given.rng.integers(1, most + 1, len(x)) * given.rng.choice([-1, 1], len(x))


def _draw_gains(given: DefectInput, n: int) -> np.ndarray:
    return given.rng.uniform(0.6, 1.6, n) * given.rng.choice([1.0, 1.0, -1.0], n)


def _shift_records(x: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Each record later by so many places; its end is repeated."""
    places = np.clip(np.arange(x.shape[2]) - by[:, None], 0, x.shape[2] - 1)
    return np.take_along_axis(x, places[:, None], axis=2)


def _scale_amplitude(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Each record with another amplitude about the middle of its channels, in its own type."""
    y = x.astype(float)
    gone = np.isnan(y).all(axis=2, keepdims=True)
    middle = np.nanmedian(np.where(gone, 0.0, y), axis=2, keepdims=True)
    found = middle + (y - middle) * gain[:, None, None]
    if x.dtype.kind not in "iu":
        return found.astype(x.dtype)
    ends = np.iinfo(x.dtype)
    return np.rint(found).clip(ends.min, ends.max).astype(x.dtype)


def _alter_signals(cohort: Cohort, change: Callable[[np.ndarray], np.ndarray]) -> Cohort:
    names = [name for name in cohort.schema.modelled_fields if isinstance(cohort.schema[name], Signal)]
    if not names:
        raise UsageError("the records have no signal that could be spoilt")
    return replace_columns(cohort, {name: arrow.to_column(change(cohort[name])) for name in names})


SIGNAL_DEFECTS = {
    "shifted_signals": Defect(shift_signals, "privacy"),
    "scaled_signals": Defect(scale_signals, "privacy"),
    "leak_signals": Defect(leak_signals, "privacy"),
    "leak_shifted_signals": Defect(leak_shifted_signals, "privacy"),
    "leaked_subject": Defect(leak_subject, "privacy"),
    "shuffled_time": Defect(shuffle_time, "fidelity"),
    "swapped_leads": Defect(swap_leads, "fidelity"),
    "wrong_rate": Defect(change_rate, "fidelity"),
    "spiked_signals": Defect(spike_signals, "clinical validity"),
}
