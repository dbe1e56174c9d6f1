"""Checks of signals: flat channels, amplitudes, heart rate, Einthoven's law, values of intensive care."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.check import check
from manikin.schema.kinds import Signal
from manikin.signals.analysis.lead_names import find_limb_leads, find_pressures, normalize_name
from manikin.signals.analysis.qrs import compute_rhythm, is_ecg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.cohort.cohort import Cohort

MILLIVOLT_FACTORS = {"V": 1e3, "mV": 1.0, "uV": 1e-3, "µV": 1e-3, "μV": 1e-3}  # U+00B5 and U+03BC
MAX_ECG_AMPLITUDE = 10.0  # mV: twice the ± 5 mV that an electrocardiograph must record
MIN_WAVEFORM_RATE = 1.0  # Hz, from which rate on a signal is a waveform and no series of measurements
MIN_ECG_SECONDS, MIN_ECG_RATE = 4.0, 50.0  # an ECG of which the rate is told is so long, and has so many Hz
HEART_RATE_RANGE = (20.0, 300.0)  # beats a minute
LIMB_LEADS = ("I", "II", "III")
MAX_RESIDUE, MAX_RESIDUE_SHARE = 0.05, 0.1
"""Of Einthoven's law: mV, or share of the deviation where the unit is unknown."""

MIN_TIME_SHARE = 0.5  # of the time points or more at which a law must hold
PRESSURE_TOLERANCE = 1.0  # mmHg by which means over an hour may stand in the wrong order


@check(Signal, "Kahn et al. 2016, completeness")
def signal_not_flat(cohort: Cohort) -> np.ndarray:
    """Whether every channel of a waveform moves: one that does not is an electrode that fell off."""
    return _combine_tests(
        cohort,
        (
            _is_moving(x)
            for kind, x in _iterate_fields(cohort)
            if (kind.rate or MIN_WAVEFORM_RATE) >= MIN_WAVEFORM_RATE
        ),
    )


@check(Signal, "IEC 60601-2-25:2011, 201.12.4.105: input of ± 5 mV")
def amplitude_of_ecg(cohort: Cohort) -> np.ndarray:
    """Whether no value of an ECG in mV is beyond 10 mV from the record's median."""
    return _combine_tests(
        cohort,
        (
            _is_within_amplitude(kind, x)
            for kind, x in _iterate_fields(cohort)
            if _has_voltage_unit(kind) and is_ecg(kind.channels)
        ),
    )


@check(Signal, "Pan and Tompkins 1985; range of Kligfield et al. 2007, AHA recommendations for the ECG")
def heart_rate_of_ecg(cohort: Cohort) -> np.ndarray:
    """Whether an ECG of four seconds or more has 20 to 300 beats a minute, by its R peaks."""
    return _combine_tests(
        cohort,
        (_is_within_heart_rate(kind, x) for kind, x in _iterate_fields(cohort) if has_heart_rate(kind, x)),
    )


@check(Signal, "Einthoven et al. 1913: II = I + III")
def einthoven(cohort: Cohort) -> np.ndarray:
    """Whether lead II is the sum of I and III, where all three are there, at most points in time."""
    return _combine_tests(
        cohort,
        (
            _is_lead_sum(kind, x)
            for kind, x in _iterate_fields(cohort)
            if set(LIMB_LEADS) <= set(find_limb_leads(kind.channels))
        ),
    )


@check(Signal, "Harutyunyan et al. 2019, Scientific Data 6:96: ranges of valid values")
def range_of_parameter(cohort: Cohort) -> np.ndarray:
    """Whether every parameter of intensive care that is called as usual lies in its range."""
    return _combine_tests(
        cohort, (_is_within_range(kind, x) for kind, x in _iterate_fields(cohort) if kind.channels)
    )


@check(Signal, "Kahn et al. 2016, relational conformance: diastolic ≤ mean ≤ systolic pressure")
def order_of_pressures(cohort: Cohort) -> np.ndarray:
    """Whether diastolic pressure is not above mean, nor mean above systolic, wherever both are there."""
    return _combine_tests(
        cohort, (_is_ordered(kind, x) for kind, x in _iterate_fields(cohort) if kind.channels)
    )


def has_heart_rate(kind: Signal, x: np.ndarray) -> bool:
    """Whether a field is an ECG long and fine enough to tell a heart rate."""
    rate = kind.rate or 0.0
    return is_ecg(kind.channels) and rate >= MIN_ECG_RATE and x.shape[2] >= MIN_ECG_SECONDS * rate


def _is_moving(x: np.ndarray) -> np.ndarray:
    gone = np.isnan(x).any(axis=2) if x.dtype.kind == "f" else np.zeros(x.shape[:2], dtype=bool)
    return np.all(gone | (x.max(axis=2) > x.min(axis=2)), axis=1)


def _has_voltage_unit(kind: Signal) -> bool:
    return kind.unit in MILLIVOLT_FACTORS


def _is_within_amplitude(kind: Signal, x: np.ndarray) -> np.ndarray:
    y = x.astype(float) * MILLIVOLT_FACTORS[kind.unit or "mV"]
    seen = np.where(np.isnan(y), 0.0, np.abs(y - _compute_medians(y)))
    return np.all(seen <= MAX_ECG_AMPLITUDE, axis=(1, 2))


def _compute_medians(y: np.ndarray) -> np.ndarray:
    """The median of each channel, 0 where there is none, (n, channels, 1)."""
    never = np.isnan(y).all(axis=2, keepdims=True)
    return np.nanmedian(np.where(never, 0.0, y), axis=2, keepdims=True)


def _is_within_heart_rate(kind: Signal, x: np.ndarray) -> np.ndarray:
    pace = compute_rhythm(x, kind.rate or MIN_ECG_RATE)[:, 0]
    return (pace >= HEART_RATE_RANGE[0]) & (pace <= HEART_RATE_RANGE[1])


def _is_lead_sum(kind: Signal, x: np.ndarray) -> np.ndarray:
    place = find_limb_leads(kind.channels)
    first, second, third = (x[:, place.index(lead)].astype(float) for lead in LIMB_LEADS)
    usual = np.nanstd(second, axis=1, keepdims=True)
    most = (
        MAX_RESIDUE / MILLIVOLT_FACTORS[kind.unit or "mV"]
        if _has_voltage_unit(kind)
        else MAX_RESIDUE_SHARE * usual
    )
    residue = np.abs(second - first - third)
    return (~(residue > most)).mean(axis=1) >= MIN_TIME_SHARE


def _is_within_range(kind: Signal, x: np.ndarray) -> np.ndarray:
    low, high = np.array([_find_range(name) for name in kind.channels]).T[:, :, None]
    return np.all(~((x < low) | (x > high)), axis=(1, 2))


def _is_ordered(kind: Signal, x: np.ndarray) -> np.ndarray:
    holds = np.ones(len(x), dtype=bool)
    for group in find_pressures(kind.channels):
        for below, above in combinations(group, 2):
            holds &= ~(x[:, below] > x[:, above] + PRESSURE_TOLERANCE).any(axis=1)
    return holds


@cache
def _read_ranges() -> dict[str, tuple[float, float]]:
    text = resources.files("manikin.checks").joinpath("ranges.toml").read_text(encoding="utf-8")
    return {
        name: tuple(entry["range"]) for entry in tomllib.loads(text)["parameter"] for name in entry["names"]
    }


def _find_range(name: str) -> tuple[float, float]:
    return _read_ranges().get(normalize_name(name), (-np.inf, np.inf))


def _iterate_fields(cohort: Cohort) -> Iterator[tuple[Signal, np.ndarray]]:
    for name in cohort.schema.modelled_fields:
        kind = cohort.schema[name]
        if isinstance(kind, Signal):
            yield kind, cohort[name]


def _combine_tests(cohort: Cohort, tests: Iterator[np.ndarray]) -> np.ndarray:
    found = np.ones(len(cohort), dtype=bool)
    for holds in tests:
        found &= holds
    return found


__plugin__ = (
    signal_not_flat,
    amplitude_of_ecg,
    heart_rate_of_ecg,
    einthoven,
    range_of_parameter,
    order_of_pressures,
)
