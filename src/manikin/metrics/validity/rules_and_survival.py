"""Coherence: do records keep the rules of medicine as often as real ones do?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.scalar_matrix import survival
from manikin.contracts.metric import Exact, Sample, Split, metric, once
from manikin.core.short_lists import list_names
from manikin.errors import Unsupported
from manikin.schema.kinds import Number
from manikin.stats.permutation import fisher

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

TAIL = 0.05  # the share of real values that make a tail
BEYOND = 0.5  # how far beyond the last real value, in lengths of the tail, a value may lie
FAR = 1.5  # from where on hardly any real value lies, so that a few synthetic ones tell
WIDER = 0.1  # of the real range, the shortest tail
HALVINGS = 4  # of the real records, averaged
ERROR = 0.05
SHOWN = 5  # rules or fields named in a note


def violated(split: Split) -> str:
    """The rules that are broken most, beside how often real records break them."""
    synthetic, real = _broken(split.synthetic, split), _real_broken(split)
    excess = sorted((real[name].mean() - synthetic[name].mean(), name) for name in synthetic)
    said = [
        f"{name}: {synthetic[name].mean():.1%} (real {real[name].mean():.1%})"
        for gap, name in excess
        if gap < 0
    ]
    return "; ".join(filter(None, [list_names(said, SHOWN, "; "), _imposed(split)]))


def _imposed(split: Split) -> str:
    """Which rules are not counted, because sampling enforced them."""
    names = [rule.name for rule in split.question.imposed]
    return (
        f"imposed by how the records were drawn, so not counted: {list_names(names, SHOWN)}"
        if names
        else ""
    )


def implausible_fields(split: Split) -> str:
    """The fields with most values beyond what is plausible."""
    low, high = _plausible(np.concatenate([split.train.table, split.holdout.table]), split, BEYOND)
    outside = beyond(split.synthetic.table, low, high).mean(axis=0)
    worst = [j for j in np.argsort(-outside, kind="stable") if outside[j] > 0]
    return list_names((f"{split.fields.names[j]}: {outside[j]:.1%}" for j in worst), SHOWN, "; ")


def immortal(split: Split) -> Cohort:
    """The floor of survival: patients in whom the event is never observed."""
    cohort = split.synthetic.cohort
    pair, name = survival(cohort), cohort.schema.named("event")
    if pair is None or name is None or pair[1].all():
        raise Unsupported("no fields with the roles time and event, or no patient without an event")
    place = cohort.columns.column_names.index(name)
    never = cohort.columns[name].take(pa.array(np.full(len(cohort), np.flatnonzero(~pair[1])[0])))
    return replace(cohort, columns=cohort.columns.set_column(place, name, never))


@metric(
    "clinical validity",
    better="low",
    source="Kahn et al. 2016, A harmonized data quality assessment framework: conformance",
    feature="records",
    floor="wild",
    reference="whole",
    note=violated,
)
def rule_violations(split: Split) -> Exact:
    """Share of records that break a clinical rule, minus the share of real records that do.

    -1 to 1; 0 is as in reality. It knows only the rules that it is given.
    """
    if not split.question.rules and split.question.imposed:
        raise Unsupported(_imposed(split))
    if not split.question.rules:
        raise Unsupported("no clinical rules were given")
    synthetic, real = (
        _shares(np.column_stack(list(broken.values())))
        for broken in (_broken(split.synthetic, split), _real_broken(split))
    )
    found, usual_share = _counted(synthetic, real, split), float(real[0])
    return replace(
        found,
        value=found.value - usual_share,
        low=found.low - usual_share,
        high=found.high - usual_share,
        null=found.null - usual_share,
    )


@metric(
    "clinical validity",
    better="low",
    source="Kahn et al. 2016, A harmonized data quality assessment framework: plausibility",
    feature="table",
    floor="wild",
    reference="whole",
    note=implausible_fields,
)
def implausible_share(split: Split) -> Exact:
    """Share of records with a value that cannot be, or lies far beyond every real one.

    0 to 1. Cannot be: outside the range that the schema declares, negative where no real value is, or
    a level that no real record has where all levels have been seen. Far beyond: further from the
    most extreme real value than half of that value's own distance from the last twentieth, on a
    scale that is linear in the bulk and logarithmic in the tails. Real records are judged by the
    ranges of others. It looks at one field at a time and cannot see combinations: rules do.
    """
    synthetic, real = np.mean([_outside(split, turn) for turn in range(HALVINGS)], axis=0)
    return _counted(synthetic, real, split, overall=2)


@metric(
    "clinical validity",
    better="low",
    source="Kaplan and Meier 1958; Norcliffe et al. 2023, SurvivalGAN, Kaplan-Meier divergence",
    feature="table",
    floor=immortal,
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


def beyond(table: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Which values are implausible, bool (n, p); a missing one is not."""
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


def _outside(split: Split, turn: int) -> np.ndarray:
    """Shares of synthetic and real records outside the ranges of half of the real ones, (2, 2 + p)."""
    sides = (split.train, split.holdout)
    real = np.concatenate([side.table for side in sides])
    rng = split.key.child("halving", turn).numpy()
    first = np.concatenate([_half(side, rng) for side in sides])
    shares = []
    for half in (first, ~first):
        ends = np.array([_plausible(real[half], split, reach) for reach in (BEYOND, FAR)])
        shares.append([_strays(table, ends) for table in (split.synthetic.table, real[~half])])
    return np.mean(shares, axis=0)


def _shares(wrong: np.ndarray) -> np.ndarray:
    """The share of records with any fault, then with each of p faults, shape (1 + p,)."""
    return np.append(wrong.any(axis=1).mean(), wrong.mean(axis=0))


def _strays(table: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The share of records beyond any of the ends, far beyond, and beyond those of each field, (2 + p,)."""
    near, far = (beyond(table, *reach) for reach in ends)
    return np.concatenate([_shares(near)[:1], _shares(far)[:1], near.mean(axis=0)])


def _half(side: Sample, rng: np.random.Generator) -> np.ndarray:
    """About half of the subjects, as bool (n,)."""
    _, subject = np.unique(side.subject, return_inverse=True)
    return (rng.permutation(subject.max() + 1) % 2 == 0)[subject]


def _counted(share: np.ndarray, usual: np.ndarray, split: Split, overall: int = 1) -> Exact:
    """The share of records with any fault, and how probable the worst of all shares is by chance.

    Subjects, not records, are what counts. The first shares, which are of all faults together, and
    the faults one by one spend equal parts of the error; the latter share theirs among those that
    are frequent enough to be told from chance at all (Tarone 1990).
    """
    n = len(np.unique(split.synthetic.subject))
    known = sum(len(np.unique(side.subject)) for side in (split.train, split.holdout))
    counts = [(a * n, n, b * known, known) for a, b in zip(share, usual, strict=True)]
    single = [c for c in counts[overall:] if fisher(c[0] + c[2], n, 0, known) < ERROR]
    chances = [*(fisher(*c) for c in counts[:overall]), *(len(single) * fisher(*c) for c in single)]
    chance = (overall + 1) * min(chances)
    return replace(Exact.counted(*counts[0], split.key), chance=min(chance, 1.0))


def _plausible(table: np.ndarray, split: Split, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest plausible value of each field by these real records, shapes (p,)."""
    closed = once(split, _closed)
    bounds = [
        _ends(table[:, j], reach) if levels is None else (0, len(levels) - 1 if closed[j] else len(levels))
        for j, levels in enumerate(split.fields.levels)
    ]
    low, high = np.array(bounds, dtype=float).reshape(-1, 2).T
    for j, name in enumerate(split.fields.names):
        kind = split.train.whole.schema[name]
        if isinstance(kind, Number):
            low[j] = max(low[j], -np.inf if kind.low is None else kind.low)
            high[j] = min(high[j], np.inf if kind.high is None else kind.high)
    return low, high


def _closed(split: Split) -> list[bool]:
    """Which categories have shown all their levels: no real record is the only one with its level.

    The share of records with a level not yet seen is about that of levels seen once (Good 1953).
    """
    found = []
    for j, levels in enumerate(split.fields.levels):
        codes = np.concatenate([side.table[:, j] for side in (split.train, split.holdout)])
        seen, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
        found.append(levels is not None and bool((counts > 1).all() and len(levels) not in seen))
    return found


def _ends(values: np.ndarray, reach: float) -> tuple[float, float]:
    """Beyond the last real value by `reach` times what lies between it and the last twentieth."""
    values = values[~np.isnan(values)]
    if not len(values):
        return -np.inf, np.inf
    places = (0, TAIL, 0.25, 0.5, 0.75, 1 - TAIL, 1)
    first, low, lower, centre, upper, high, last = np.quantile(values, places)
    scale = (upper - lower) / 1.349 or np.std(values) or 1.0
    ends = np.arcsinh((np.array([first, low, high, last]) - centre) / scale)
    least = WIDER * (ends[3] - ends[0])
    tails = max(ends[1] - ends[0], least), max(ends[3] - ends[2], least)
    far = ends[0] - reach * tails[0], ends[3] + reach * tails[1]
    below, above = np.sinh(far) * scale + centre
    return (max(below, 0.0) if first >= 0 else below), above


def _broken(side: Sample, split: Split) -> dict[str, np.ndarray]:
    return {rule.name: ~np.asarray(rule.holds(side.cohort)) for rule in split.question.rules}


def _real_broken(split: Split) -> dict[str, np.ndarray]:
    sides = [_broken(side, split) for side in (split.train, split.holdout)]
    return {name: np.concatenate([side[name] for side in sides]) for name in sides[0]}


__plugin__ = (rule_violations, implausible_share, survival_distance)
