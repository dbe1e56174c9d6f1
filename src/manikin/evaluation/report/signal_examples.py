"""Traces: what signals look like, class by class, beside aggregates of the real ones; never a real record.

Single synthetic signals are shown unless they lie suspiciously near a training one: a copy is a real
patient's too. Of real signals the mean and the middle 80 % at each moment are shown, where a class has
twenty records of five subjects or more, their mean spectra, and how often each parameter is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.evaluation.report.histograms import SMALL
from manikin.schema.kinds import Category, Signal
from manikin.signals.analysis.interpolate import share
from manikin.signals.analysis.shift_matching import deviations, levelled, matches
from manikin.signals.analysis.spectrum import power

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.contracts.metric import Sample
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import Sides

GROUPS, FIELDS, CHANNELS = 4, 2, 3  # that are drawn
TRACES, DRAWN = 4, 24  # signals of a class; those from which they are chosen
POINTS, PITCHES = 240, 40  # along the axes of traces and of spectra
FEWEST = 20  # records of a side, below which it is not summarised
ENTERED = 2_000  # records of a class that enter a summary
BAND = (0.1, 0.9)
CONTROL, KNOWN = 100, 2_000  # held-out signals that say how near is usual; training signals looked at
USUAL = 0.1  # share of held-out signals that are as near, below which a signal is not shown
HALF, TINY, HOUR = 0.5, 1e-12, 3_600
GONE = 0.001  # share of places from which on it is shown how much is missing


def traces(sides: Sides, key: Key) -> list[dict[str, Any]]:
    """For each signal its classes, spectra and gaps, as plain numbers.

    Args:
        sides: All records, through any feature.
        key: Which signals are shown.
    """
    schema = sides.synthetic.whole.schema
    names = [name for name in schema.modelled if isinstance(schema[name], Signal)]
    return [_field(sides, name, key.child("traces", name)) for name in names[:FIELDS]]


def _field(sides: Sides, name: str, key: Key) -> dict[str, Any]:
    kind = sides.train.whole.schema[name]
    rate = (kind.rate if isinstance(kind, Signal) else None) or 1.0
    x = sides.synthetic.whole[name]
    shown = _shown(sides.real.whole[name])
    channels = [_called(kind, j) for j in shown]
    return {
        "field": name,
        "channels": channels,
        "unit": getattr(kind, "unit", None),
        "time": [0.0, *_spell(x.shape[2] / rate, timed=getattr(kind, "rate", None) is not None)],
        "groups": [
            {"group": group} | _group(sides, name, group, shown, key)
            for group in _groups(sides.synthetic.whole, sides.question.label)
        ],
        "spectra": _spectra(sides, name, shown, rate),
        "missing": _missing(sides, name, kind),
    }


def _spell(length: float, *, timed: bool) -> tuple[float, str]:
    """A span of time and its unit."""
    if not timed:
        return length, "samples"
    for unit, seconds in (("d", 259_200.0), ("h", 10_800.0), ("min", 300.0)):
        size = {"d": 86_400.0, "h": 3_600.0, "min": 60.0}[unit]
        if length >= seconds:
            return round(length / size, 3), unit
    return round(length, 4), "s"


def _shown(x: np.ndarray) -> list[int]:
    """The channels that are drawn: those with the most values, in their order."""
    gone = share(x).mean(axis=0)
    return sorted(np.argsort(gone, kind="stable")[:CHANNELS].tolist())


def _called(kind: Any, j: int) -> str:  # noqa: ANN401 - a kind of field
    return kind.channels[j] if len(kind.channels) > j else f"channel {j + 1}"


def _groups(cohort: Cohort, label: str | None) -> list[str]:
    """The most frequent levels of the label; "" for all records, where there is none."""
    if label is None or not isinstance(cohort.schema[label], Category):
        return [""]
    levels, counts = np.unique(cohort[label].astype(str), return_counts=True)
    return [f"{label} {level}" for level in sorted(levels[np.argsort(-counts, kind="stable")[:GROUPS]])]


def _within(sample: Sample, label: str | None, group: str) -> np.ndarray:
    """The positions of the records of a group."""
    if not group or label is None:
        return np.arange(len(sample))
    return np.flatnonzero(np.char.add(f"{label} ", sample.whole[label].astype(str)) == group)


def _group(sides: Sides, name: str, group: str, shown: list[int], key: Key) -> dict[str, Any]:
    label = sides.question.label
    rows = {
        n: _within(side, label, group) for n, side in (("real", sides.real), ("synthetic", sides.synthetic))
    }
    rng = key.child(group).numpy()
    drawn = np.sort(rng.permutation(rows["synthetic"])[:DRAWN])
    strangers = drawn[_strangers(sides, name, drawn, key)][:TRACES] if len(drawn) else drawn
    entered = {n: np.sort(rng.permutation(found)[:ENTERED]) for n, found in rows.items()}
    people = len(np.unique(sides.real.subject[rows["real"]]))
    return {
        "traces": _thin(sides.synthetic.whole.take(strangers)[name][:, shown]),
        "real": _summary(sides.real.whole.take(entered["real"])[name][:, shown], people),
        "synthetic": _summary(sides.synthetic.whole.take(entered["synthetic"])[name][:, shown], SMALL),
    }


def _strangers(sides: Sides, name: str, rows: np.ndarray, key: Key) -> np.ndarray:
    """Which synthetic signals are no nearer to a training signal than nine in ten held-out ones are."""
    rng = key.child("known").numpy()
    some = rng.permutation(len(sides.train))[:KNOWN]
    held = rng.permutation(len(sides.holdout))[:CONTROL]
    train, holdout = (
        side.whole.take(part)[name] for side, part in ((sides.train, some), (sides.holdout, held))
    )
    spread, owner = deviations(train), sides.train.subject[some]
    known = levelled(train, spread)
    usual = matches(levelled(holdout, spread), known, owner).ratio
    found = matches(levelled(sides.synthetic.whole.take(rows)[name], spread), known, owner).ratio
    return found >= np.quantile(usual, USUAL)


def _summary(x: np.ndarray, people: int) -> dict[str, Any] | None:
    """Mean and middle 80 % at each moment, channel by channel; None where they are of too few."""
    if len(x) < FEWEST or people < SMALL:
        return None
    y = _even(x)
    seen = (~np.isnan(y)).sum(axis=0)
    few = seen < FEWEST
    z = np.where(few, 0.0, y)
    ends = np.where(few, np.nan, np.nanquantile(z, BAND, axis=0))
    return {
        "mean": _listed(np.where(few, np.nan, np.nanmean(z, axis=0))),
        "low": _listed(ends[0]),
        "high": _listed(ends[1]),
    }


def _even(x: np.ndarray) -> np.ndarray:
    """Signals at no more moments than are drawn: every so manieth, so that spikes keep their height."""
    places = np.unique(np.rint(np.linspace(0, x.shape[2] - 1, min(POINTS, x.shape[2]))).astype(int))
    return x[..., places].astype(float)


def _thin(x: np.ndarray) -> list[Any]:
    return [_listed(one) for one in _even(x)]


def _listed(x: np.ndarray) -> list[list[float | None]]:
    """Rows of numbers of four digits, None for what is missing."""
    return [[None if np.isnan(v) else float(f"{v:.4g}") for v in row] for row in x]


def _spectra(sides: Sides, name: str, shown: list[int], rate: float) -> dict[str, Any] | None:
    """Mean log power of each channel by frequency, of records that mostly have it."""
    found = {}
    for n, side in (("real", sides.real), ("synthetic", sides.synthetic)):
        x = side.whole.take(np.arange(len(side))[:: max(1, len(side) // ENTERED)])[name][:, shown]
        mostly = share(x) <= HALF
        if mostly.sum(axis=0).min() < FEWEST or len(np.unique(side.subject)) < SMALL:
            return None
        logs = np.log10(power(x) + TINY)
        found[n] = np.stack([logs[mostly[:, j], j].mean(axis=0) for j in range(len(shown))])
    count = found["real"].shape[1]
    edges = np.unique(np.rint(np.geomspace(1, count + 1, PITCHES + 1)).astype(int)) - 1
    slow = HOUR if rate < 1 else 1
    pitch = (edges[:-1] + edges[1:] + 1) / 2 * rate * slow / sides.train.whole[name].shape[2]
    means = {n: np.add.reduceat(p, edges[:-1], axis=1) / np.diff(edges) for n, p in found.items()}
    unit = "per h" if slow > 1 else "Hz" if rate != 1 else "per sample"
    return {"frequency": [float(f"{f:.4g}") for f in pitch], "unit": unit} | {
        n: _listed(p) for n, p in means.items()
    }


def _missing(sides: Sides, name: str, kind: Any) -> dict[str, Any] | None:  # noqa: ANN401 - a kind of field
    """The share of places at which each channel is missing."""
    rates = {
        n: share(side.whole[name]).mean(axis=0)
        for n, side in (("real", sides.real), ("synthetic", sides.synthetic))
    }
    if max(part.max() for part in rates.values()) < GONE:
        return None
    return {"channels": [_called(kind, j) for j in range(len(rates["real"]))]} | {
        n: part.round(4).tolist() for n, part in rates.items()
    }
