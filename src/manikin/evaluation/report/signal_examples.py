"""Traces: what signals look like, class by class, beside aggregates of the real ones; never a real record.

Single synthetic signals are shown unless they lie suspiciously near a training one: a copy is a real
patient's too. Of real signals the mean and the middle 80 % at each moment are shown, where a class has
twenty records of five subjects or more, their mean spectra, and how often each parameter is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.evaluation.report.histograms import MIN_SHOWN_RECORDS
from manikin.schema.kinds import Category, Signal
from manikin.signals.analysis.interpolate import compute_missing_share
from manikin.signals.analysis.shift_matching import (
    compute_channel_deviations,
    match_signals,
    normalize_signals,
)
from manikin.signals.analysis.spectrum import compute_power_spectrum

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.contracts.split import Sample
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import EvaluationData

MAX_CLASSES, MAX_FIELDS, MAX_CHANNELS = 4, 2, 3  # that are drawn
SHOWN_PER_CLASS, DRAWN_PER_CLASS = 4, 24  # signals of a class; those from which they are chosen
MAX_POINTS, FREQUENCY_BINS = 240, 40  # along the axes of traces and of spectra
MIN_RECORDS = 20  # records of a side, below which it is not summarised
MAX_SUMMARY_RECORDS = 2_000  # records of a class that enter a summary
BAND_QUANTILES = (0.1, 0.9)
MAX_HOLDOUT_COMPARED, MAX_TRAIN_COMPARED = 100, 2_000
"""Held-out signals that say how near is usual; training signals looked at."""

MIN_DISTANCE_QUANTILE = 0.1  # share of held-out signals that are as near, below which a signal is not shown
MAX_MISSING_SHARE, LOG_OFFSET, SECONDS_PER_HOUR = 0.5, 1e-12, 3_600
MIN_SHOWN_MISSING = 0.001  # share of places from which on it is shown how much is missing


def collect_signal_examples(sides: EvaluationData, key: Key) -> list[dict[str, Any]]:
    """For each signal its classes, spectra and gaps, as plain numbers.

    Args:
        sides: All records, through any feature.
        key: Which signals are shown.
    """
    schema = sides.synthetic.source_cohort.schema
    names = [name for name in schema.modelled_fields if isinstance(schema[name], Signal)]
    return [_summarize_field(sides, name, key.child("traces", name)) for name in names[:MAX_FIELDS]]


def _summarize_field(sides: EvaluationData, name: str, key: Key) -> dict[str, Any]:
    kind = sides.train.source_cohort.schema[name]
    rate = (kind.rate if isinstance(kind, Signal) else None) or 1.0
    x = sides.synthetic.source_cohort[name]
    shown = _choose_channels(sides.real.source_cohort[name])
    channels = [_name_channel(kind, j) for j in shown]
    return {
        "field": name,
        "channels": channels,
        "unit": getattr(kind, "unit", None),
        "time": [0.0, *_choose_time_unit(x.shape[2] / rate, timed=getattr(kind, "rate", None) is not None)],
        "groups": [
            {"group": group} | _summarize_class(sides, name, group, shown, key)
            for group in _list_classes(sides.synthetic.source_cohort, sides.question.label)
        ],
        "spectra": _compute_spectra(sides, name, shown, rate),
        "missing": _compute_missing_rates(sides, name, kind),
    }


def _choose_time_unit(length: float, *, timed: bool) -> tuple[float, str]:
    """A span of time and its unit."""
    if not timed:
        return length, "samples"
    for unit, seconds in (("d", 259_200.0), ("h", 10_800.0), ("min", 300.0)):
        size = {"d": 86_400.0, "h": 3_600.0, "min": 60.0}[unit]
        if length >= seconds:
            return round(length / size, 3), unit
    return round(length, 4), "s"


def _choose_channels(x: np.ndarray) -> list[int]:
    """The channels that are drawn: those with the most values, in their order."""
    gone = compute_missing_share(x).mean(axis=0)
    return sorted(np.argsort(gone, kind="stable")[:MAX_CHANNELS].tolist())


def _name_channel(kind: Any, j: int) -> str:  # noqa: ANN401 - a kind of field
    return kind.channels[j] if len(kind.channels) > j else f"channel {j + 1}"


def _list_classes(cohort: Cohort, label: str | None) -> list[str]:
    """The most frequent levels of the label; "" for all records, where there is none."""
    if label is None or not isinstance(cohort.schema[label], Category):
        return [""]
    levels, counts = np.unique(cohort[label].astype(str), return_counts=True)
    return [
        f"{label} {level}" for level in sorted(levels[np.argsort(-counts, kind="stable")[:MAX_CLASSES]])
    ]


def _find_class_rows(sample: Sample, label: str | None, group: str) -> np.ndarray:
    """The positions of the records of a group."""
    if not group or label is None:
        return np.arange(len(sample))
    return np.flatnonzero(np.char.add(f"{label} ", sample.source_cohort[label].astype(str)) == group)


def _summarize_class(
    sides: EvaluationData, name: str, group: str, shown: list[int], key: Key
) -> dict[str, Any]:
    label = sides.question.label
    rows = {
        n: _find_class_rows(side, label, group)
        for n, side in (("real", sides.real), ("synthetic", sides.synthetic))
    }
    rng = key.child(group).numpy()
    drawn = np.sort(rng.permutation(rows["synthetic"])[:DRAWN_PER_CLASS])
    strangers = drawn[_are_shareable(sides, name, drawn, key)][:SHOWN_PER_CLASS] if len(drawn) else drawn
    entered = {n: np.sort(rng.permutation(found)[:MAX_SUMMARY_RECORDS]) for n, found in rows.items()}
    people = len(np.unique(sides.real.subject[rows["real"]]))
    return {
        "traces": _downsample_to_lists(sides.synthetic.source_cohort.take(strangers)[name][:, shown]),
        "real": _summarize_signals(sides.real.source_cohort.take(entered["real"])[name][:, shown], people),
        "synthetic": _summarize_signals(
            sides.synthetic.source_cohort.take(entered["synthetic"])[name][:, shown], MIN_SHOWN_RECORDS
        ),
    }


def _are_shareable(sides: EvaluationData, name: str, rows: np.ndarray, key: Key) -> np.ndarray:
    """Which synthetic signals are no nearer to a training signal than nine in ten held-out ones are."""
    rng = key.child("known").numpy()
    some = rng.permutation(len(sides.train))[:MAX_TRAIN_COMPARED]
    held = rng.permutation(len(sides.holdout))[:MAX_HOLDOUT_COMPARED]
    train, holdout = (
        side.source_cohort.take(part)[name] for side, part in ((sides.train, some), (sides.holdout, held))
    )
    spread, owner = compute_channel_deviations(train), sides.train.subject[some]
    known = normalize_signals(train, spread)
    usual = match_signals(normalize_signals(holdout, spread), known, owner).ratios
    found = match_signals(
        normalize_signals(sides.synthetic.source_cohort.take(rows)[name], spread), known, owner
    ).ratios
    return found >= np.quantile(usual, MIN_DISTANCE_QUANTILE)


def _summarize_signals(x: np.ndarray, people: int) -> dict[str, Any] | None:
    """Mean and middle 80 % at each moment, channel by channel; None where they are of too few."""
    if len(x) < MIN_RECORDS or people < MIN_SHOWN_RECORDS:
        return None
    y = _downsample(x)
    seen = (~np.isnan(y)).sum(axis=0)
    few = seen < MIN_RECORDS
    z = np.where(few, 0.0, y)
    ends = np.where(few, np.nan, np.nanquantile(z, BAND_QUANTILES, axis=0))
    return {
        "mean": _to_lists(np.where(few, np.nan, np.nanmean(z, axis=0))),
        "low": _to_lists(ends[0]),
        "high": _to_lists(ends[1]),
    }


def _downsample(x: np.ndarray) -> np.ndarray:
    """Signals at no more moments than are drawn: every so manieth, so that spikes keep their height."""
    places = np.unique(np.rint(np.linspace(0, x.shape[2] - 1, min(MAX_POINTS, x.shape[2]))).astype(int))
    return x[..., places].astype(float)


def _downsample_to_lists(x: np.ndarray) -> list[Any]:
    return [_to_lists(one) for one in _downsample(x)]


def _to_lists(x: np.ndarray) -> list[list[float | None]]:
    """Rows of numbers of four digits, None for what is missing."""
    return [[None if np.isnan(v) else float(f"{v:.4g}") for v in row] for row in x]


def _compute_spectra(
    sides: EvaluationData, name: str, shown: list[int], rate: float
) -> dict[str, Any] | None:
    """Mean log power of each channel by frequency, of records that mostly have it."""
    found = {}
    for n, side in (("real", sides.real), ("synthetic", sides.synthetic)):
        x = side.source_cohort.take(np.arange(len(side))[:: max(1, len(side) // MAX_SUMMARY_RECORDS)])[
            name
        ][:, shown]
        mostly = compute_missing_share(x) <= MAX_MISSING_SHARE
        if mostly.sum(axis=0).min() < MIN_RECORDS or len(np.unique(side.subject)) < MIN_SHOWN_RECORDS:
            return None
        logs = np.log10(compute_power_spectrum(x) + LOG_OFFSET)
        found[n] = np.stack([logs[mostly[:, j], j].mean(axis=0) for j in range(len(shown))])
    count = found["real"].shape[1]
    edges = np.unique(np.rint(np.geomspace(1, count + 1, FREQUENCY_BINS + 1)).astype(int)) - 1
    slow = SECONDS_PER_HOUR if rate < 1 else 1
    pitch = (edges[:-1] + edges[1:] + 1) / 2 * rate * slow / sides.train.source_cohort[name].shape[2]
    means = {n: np.add.reduceat(p, edges[:-1], axis=1) / np.diff(edges) for n, p in found.items()}
    unit = "per h" if slow > 1 else "Hz" if rate != 1 else "per sample"
    return {"frequency": [float(f"{f:.4g}") for f in pitch], "unit": unit} | {
        n: _to_lists(p) for n, p in means.items()
    }


def _compute_missing_rates(sides: EvaluationData, name: str, kind: Any) -> dict[str, Any] | None:  # noqa: ANN401 - a kind of field
    """The share of places at which each channel is missing."""
    rates = {
        n: compute_missing_share(side.source_cohort[name]).mean(axis=0)
        for n, side in (("real", sides.real), ("synthetic", sides.synthetic))
    }
    if max(part.max() for part in rates.values()) < MIN_SHOWN_MISSING:
        return None
    return {"channels": [_name_channel(kind, j) for j in range(len(rates["real"]))]} | {
        n: part.round(4).tolist() for n, part in rates.items()
    }
