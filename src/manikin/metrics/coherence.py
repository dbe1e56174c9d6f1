"""Coherence: do records keep the rules of medicine as often as real ones do?"""

from __future__ import annotations

import numpy as np

from manikin.data.scalars import survival
from manikin.data.schema import Number
from manikin.errors import Unsupported
from manikin.metric import Sample, Split, metric, once

TAIL = 0.05  # the share of real values that make a tail
WIDER = 0.1  # how far beyond the real range, as a share of it, a value may lie at least
SHOWN = 5  # rules or fields named in a note


def violated(split: Split) -> str:
    """The rules that are broken most, beside how often real records break them."""
    real, synthetic = (_broken(side, split) for side in (split.holdout, split.synthetic))
    excess = {
        name: (synthetic[name].mean(), real[name].mean())
        for name in synthetic
        if synthetic[name].mean() > real[name].mean()
    }
    worst = sorted(excess, key=lambda name: excess[name][1] - excess[name][0])[:SHOWN]
    return "; ".join(f"{name}: {excess[name][0]:.1%} (real {excess[name][1]:.1%})" for name in worst)


def implausible_fields(split: Split) -> str:
    """The fields with most values beyond what is plausible."""
    outside = beyond(split).mean(axis=0)
    worst = np.argsort(-outside, kind="stable")[:SHOWN]
    return "; ".join(f"{split.fields.names[j]}: {outside[j]:.1%}" for j in worst if outside[j] > 0)


@metric(
    "clinical validity",
    better="low",
    source="Kahn et al. 2016, A harmonized data quality assessment framework: conformance",
    floor="wild",
    reference="real",
    note=violated,
)
def rule_violations(split: Split) -> float:
    """Share of records that break a clinical rule, minus the share of real records that do.

    -1 to 1; 0 is as in reality. It knows only the rules that it is given.
    """
    if not split.question.rules:
        raise Unsupported("no clinical rules were given")
    return _any_broken(split.synthetic, split) - once(split.holdout, _any_broken, split)


@metric(
    "clinical validity",
    better="low",
    source="Kahn et al. 2016, A harmonized data quality assessment framework: plausibility",
    feature="table",
    floor="wild",
    reference="real",
    note=implausible_fields,
)
def implausible_share(split: Split) -> float:
    """Share of records with a value that cannot be, or lies far beyond every real one.

    0 to 1. Cannot be: outside the range or the levels that the schema declares, or negative where
    no real value is. Far beyond: further from the most extreme real value than that is from the
    last twentieth of them, on a scale that is linear in the bulk and logarithmic in the tails. It
    looks at one field at a time and cannot see combinations: rules do.
    """
    return float(np.mean(beyond(split).any(axis=1)))


@metric(
    "clinical validity",
    better="low",
    source="Kaplan and Meier 1958; Norcliffe et al. 2023, SurvivalGAN, Kaplan-Meier divergence",
    feature="table",
    floor="uniform",
)
def survival_distance(split: Split) -> float:
    """Mean vertical distance between the Kaplan-Meier curves of synthetic and real records.

    0 to 1, over the follow-up of the real records. It looks at all patients together and cannot see
    whether the right ones die early: the C-index does.
    """
    real, candidate = (once(side, kaplan_meier) for side in (split.holdout, split.synthetic))
    if not len(real[0]):
        raise Unsupported("no fields with the roles time and event")
    if not len(candidate[0]):
        return 1.0
    grid = np.linspace(0, real[0].max(), 512)
    return float(np.mean(np.abs(survivors(*real, grid) - survivors(*candidate, grid))))


def beyond(split: Split) -> np.ndarray:
    """Which values of the candidate are implausible, bool (n, p)."""
    low, high = once(split.holdout, _plausible)
    table = split.synthetic.table
    return (table < low) | (table > high)


def kaplan_meier(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """The product-limit estimate: the times of events and the share that survives each.

    Example:
        >>> time, event = np.array([1.0, 2, 2, 3]), np.array([True, True, False, True])
        >>> product_limit(time, event)
        (array([1., 2., 3.]), array([0.75, 0.5 , 0.  ]))
    """
    pair = survival(sample.cohort)
    return (np.zeros(0), np.zeros(0)) if pair is None else product_limit(*pair)


def product_limit(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kaplan and Meier 1958, equation 2b; records without a time are left out."""
    event, time = event[~np.isnan(time)], time[~np.isnan(time)]
    times, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place, weights=event, minlength=len(times))
    risk = np.bincount(place, minlength=len(times))[::-1].cumsum()[::-1]
    return times, np.cumprod(1 - deaths / np.maximum(risk, 1))


def survivors(times: np.ndarray, share: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """A Kaplan-Meier curve read at the times of a grid."""
    return np.concatenate([[1.0], share])[np.searchsorted(times, grid, side="right")]


def _plausible(real: Sample) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest plausible value of each field, shapes (p,)."""
    bounds = [_ends(real.table[:, j], levels) for j, levels in enumerate(real.fields.levels)]
    low, high = np.array(bounds, dtype=float).reshape(-1, 2).T
    for j, name in enumerate(real.fields.names):
        kind = real.whole.schema[name]
        if isinstance(kind, Number):
            low[j] = max(low[j], -np.inf if kind.low is None else kind.low)
            high[j] = min(high[j], np.inf if kind.high is None else kind.high)
    return low, high


def _ends(values: np.ndarray, levels: tuple[str, ...] | None) -> tuple[float, float]:
    """Beyond the last real value by as much again as lies between it and its tail's quantile."""
    values = values[~np.isnan(values)]
    if levels is not None or not len(values):
        return (0, len(levels) - 1) if levels is not None else (-np.inf, np.inf)
    first, low, centre, high, last = np.quantile(values, (0, TAIL, 0.5, 1 - TAIL, 1))
    scale = (np.quantile(values, 0.75) - np.quantile(values, 0.25)) / 1.349 or np.std(values) or 1.0
    ends = np.arcsinh((np.array([first, low, high, last]) - centre) / scale)
    least = WIDER * (ends[3] - ends[0])
    far = ends[[0, 3]] + [-max(ends[1] - ends[0], least), max(ends[3] - ends[2], least)]
    below, above = np.sinh(far) * scale + centre
    return (max(below, 0.0) if first >= 0 else below), above


def _broken(side: Sample, split: Split) -> dict[str, np.ndarray]:
    return {rule.name: ~np.asarray(rule.holds(side.cohort)) for rule in split.question.rules}


def _any_broken(side: Sample, split: Split) -> float:
    return float(np.mean(np.any(list(_broken(side, split).values()), axis=0)))


__plugin__ = (rule_violations, implausible_share, survival_distance)
