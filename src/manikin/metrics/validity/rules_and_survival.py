"""Coherence: do records keep the rules of medicine as often as real ones do?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.scalar_matrix import read_survival
from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.core.short_lists import list_names
from manikin.errors import Unsupported
from manikin.schema.kinds import Number
from manikin.stats.permutation import compute_fisher_p_value
from manikin.stats.subject_folds import assign_subject_folds
from manikin.stats.survival_curves import compute_product_limit, compute_survival_at

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

TAIL_SHARE = 0.05  # the share of real values that make a tail
PLAUSIBLE_REACH = 0.5  # how far beyond the last real value, in lengths of the tail, a value may lie
FAR_REACH = 1.5  # from where on hardly any real value lies, so that a few synthetic ones tell
MIN_TAIL_LENGTH = 0.1  # of the real range, the shortest tail
HALVINGS = 4  # of the real records, averaged
SIGNIFICANCE_LEVEL = 0.05
MAX_NAMED = 5  # rules or fields named in a note


def describe_violated_rules(split: Split) -> str:
    """The rules that are broken most, beside how often real records break them."""
    synthetic, real = _find_violations(split.synthetic, split), _find_real_violations(split)
    excess = sorted((real[name].mean() - synthetic[name].mean(), name) for name in synthetic)
    said = [
        f"{name}: {synthetic[name].mean():.1%} (real {real[name].mean():.1%})"
        for gap, name in excess
        if gap < 0
    ]
    return "; ".join(filter(None, [list_names(said, MAX_NAMED, "; "), _describe_imposed_rules(split)]))


def _describe_imposed_rules(split: Split) -> str:
    """Which rules are not counted, because sampling enforced them."""
    names = [rule.name for rule in split.options.enforced_rules]
    return (
        f"imposed by how the records were drawn, so not counted: {list_names(names, MAX_NAMED)}"
        if names
        else ""
    )


def describe_implausible_fields(split: Split) -> str:
    """The fields with most values beyond what is plausible."""
    low, high = _find_plausible_range(
        np.concatenate([split.train.table, split.holdout.table]), split, PLAUSIBLE_REACH
    )
    outside = is_implausible(split.synthetic.table, low, high).mean(axis=0)
    worst = [j for j in np.argsort(-outside, kind="stable") if outside[j] > 0]
    return list_names((f"{split.fields.names[j]}: {outside[j]:.1%}" for j in worst), MAX_NAMED, "; ")


def remove_events(split: Split) -> Cohort:
    """The floor of survival: patients in whom the event is never observed."""
    cohort = split.synthetic.cohort
    pair, name = read_survival(cohort), cohort.schema.find_by_role("event")
    if pair is None or name is None or pair[1].all():
        raise Unsupported("no fields with the roles time and event, or no patient without an event")
    place = cohort.columns.column_names.index(name)
    never = cohort.columns[name].take(pa.array(np.full(len(cohort), np.flatnonzero(~pair[1])[0])))
    return replace(cohort, columns=cohort.columns.set_column(place, name, never))


@metric(
    "clinical validity",
    MetricDescription(
        "Share of records that break a clinical rule, minus the share of real records that do.",
        reading="-1 to 1; 0 is as in reality.",
        blind_spot="It knows only the rules that it is given.",
        source="Kahn et al. 2016, A harmonized data quality assessment framework: conformance",
    ),
    better="low",
    feature="records",
    floor="wild",
    reference="whole",
    note=describe_violated_rules,
)
def rule_violations(split: Split) -> ExactResult:
    if not split.options.rules and split.options.enforced_rules:
        raise Unsupported(_describe_imposed_rules(split))
    if not split.options.rules:
        raise Unsupported("no clinical rules were given")
    synthetic, real = (
        _compute_fault_shares(np.column_stack(list(broken.values())))
        for broken in (_find_violations(split.synthetic, split), _find_real_violations(split))
    )
    found, usual_share = _test_shares(synthetic, real, split), float(real[0])
    return replace(
        found,
        value=found.value - usual_share,
        low=found.low - usual_share,
        high=found.high - usual_share,
        null_values=found.null_values - usual_share,
    )


@metric(
    "clinical validity",
    MetricDescription(
        "Share of records with a value that cannot be, or lies far beyond every real one.",
        reading="""0 to 1. Cannot be: outside the range that the schema declares, negative where no
        real value is, or a level that no real record has where all levels have been seen. Far beyond:
        further from the most extreme real value than half of that value's own distance from the last
        twentieth, on a scale that is linear in the bulk and logarithmic in the tails. Real records are
        judged by the ranges of others.""",
        blind_spot="It looks at one field at a time and cannot see combinations: rules do.",
        source="Kahn et al. 2016, A harmonized data quality assessment framework: plausibility",
    ),
    better="low",
    feature="table",
    floor="wild",
    reference="whole",
    note=describe_implausible_fields,
)
def implausible_share(split: Split) -> ExactResult:
    synthetic, real = np.mean([_compute_outside_shares(split, turn) for turn in range(HALVINGS)], axis=0)
    return _test_shares(synthetic, real, split, overall=2)


@metric(
    "clinical validity",
    MetricDescription(
        "Mean vertical distance between the Kaplan-Meier curves of synthetic and real records.",
        reading="0 to 1, over the follow-up of the real records.",
        blind_spot="""It looks at all patients together and cannot see whether the right ones die
        early: the C-index does.""",
        source="Kaplan and Meier 1958; Norcliffe et al. 2023, SurvivalGAN, Kaplan-Meier divergence",
    ),
    better="low",
    feature="table",
    floor=remove_events,
)
def survival_distance(split: Split) -> float:
    real, candidate = (compute_once(side, _fit_kaplan_meier) for side in (split.holdout, split.synthetic))
    if not len(real[0]):
        raise Unsupported("no fields with the roles time and event")
    if not len(candidate[0]):
        return 1.0
    grid = np.linspace(0, real[0].max(), 512)
    return float(np.mean(np.abs(compute_survival_at(*real, grid) - compute_survival_at(*candidate, grid))))


def is_implausible(table: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Which values are implausible, bool (n, p); a missing one is not."""
    return (table < low) | (table > high)


def _fit_kaplan_meier(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Times and shares of survivors; empty where there is no survival pair."""
    pair = read_survival(sample.cohort)
    return (np.zeros(0), np.zeros(0)) if pair is None else compute_product_limit(*pair)


def _compute_outside_shares(split: Split, turn: int) -> np.ndarray:
    """Shares of synthetic and real records outside the ranges of half of the real ones, (2, 2 + p)."""
    sides = (split.train, split.holdout)
    real = np.concatenate([side.table for side in sides])
    rng = split.key.child("halving", turn).numpy()
    first = np.concatenate([assign_subject_folds(side.subject, 2, rng) == 0 for side in sides])
    shares = []
    for half in (first, ~first):
        ends = np.array(
            [_find_plausible_range(real[half], split, reach) for reach in (PLAUSIBLE_REACH, FAR_REACH)]
        )
        shares.append(
            [_compute_stray_shares(table, ends) for table in (split.synthetic.table, real[~half])]
        )
    return np.mean(shares, axis=0)


def _compute_fault_shares(wrong: np.ndarray) -> np.ndarray:
    """The share of records with any fault, then with each of p faults, shape (1 + p,)."""
    return np.append(wrong.any(axis=1).mean(), wrong.mean(axis=0))


def _compute_stray_shares(table: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The share of records beyond any of the ends, far beyond, and beyond those of each field, (2 + p,)."""
    near, far = (is_implausible(table, *reach) for reach in ends)
    return np.concatenate(
        [_compute_fault_shares(near)[:1], _compute_fault_shares(far)[:1], near.mean(axis=0)]
    )


def _test_shares(share: np.ndarray, usual: np.ndarray, split: Split, overall: int = 1) -> ExactResult:
    """The share of records with any fault, and how probable the worst of all shares is by chance.

    Subjects, not records, are what counts. The first shares, which are of all faults together, and
    the faults one by one spend equal parts of the error; the latter share theirs among those that
    are frequent enough to be told from chance at all (Tarone 1990).
    """
    n = len(np.unique(split.synthetic.subject))
    known = sum(len(np.unique(side.subject)) for side in (split.train, split.holdout))
    counts = [(a * n, n, b * known, known) for a, b in zip(share, usual, strict=True)]
    single = [
        c for c in counts[overall:] if compute_fisher_p_value(c[0] + c[2], n, 0, known) < SIGNIFICANCE_LEVEL
    ]
    chances = [
        *(compute_fisher_p_value(*c) for c in counts[:overall]),
        *(len(single) * compute_fisher_p_value(*c) for c in single),
    ]
    chance = (overall + 1) * min(chances)
    return replace(ExactResult.from_counts(*counts[0], split.key), p_value=min(chance, 1.0))


def _find_plausible_range(table: np.ndarray, split: Split, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest plausible value of each field by these real records, shapes (p,)."""
    closed = compute_once(split, _is_closed)
    bounds = [
        _find_plausible_ends(table[:, j], reach)
        if levels is None
        else (0, len(levels) - 1 if closed[j] else len(levels))
        for j, levels in enumerate(split.fields.levels)
    ]
    low, high = np.array(bounds, dtype=float).reshape(-1, 2).T
    for j, name in enumerate(split.fields.names):
        kind = split.train.source_cohort.schema[name]
        if isinstance(kind, Number):
            low[j] = max(low[j], -np.inf if kind.low is None else kind.low)
            high[j] = min(high[j], np.inf if kind.high is None else kind.high)
    return low, high


def _is_closed(split: Split) -> list[bool]:
    """Which categories have shown all their levels: no real record is the only one with its level.

    The share of records with a level not yet seen is about that of levels seen once (Good 1953).
    """
    found = []
    for j, levels in enumerate(split.fields.levels):
        codes = np.concatenate([side.table[:, j] for side in (split.train, split.holdout)])
        seen, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
        found.append(levels is not None and bool((counts > 1).all() and len(levels) not in seen))
    return found


def _find_plausible_ends(values: np.ndarray, reach: float) -> tuple[float, float]:
    """Beyond the last real value by `reach` times what lies between it and the last twentieth."""
    values = values[~np.isnan(values)]
    if not len(values):
        return -np.inf, np.inf
    places = (0, TAIL_SHARE, 0.25, 0.5, 0.75, 1 - TAIL_SHARE, 1)
    first, low, lower, centre, upper, high, last = np.quantile(values, places)
    scale = (upper - lower) / 1.349 or np.std(values) or 1.0
    ends = np.arcsinh((np.array([first, low, high, last]) - centre) / scale)
    least = MIN_TAIL_LENGTH * (ends[3] - ends[0])
    tails = max(ends[1] - ends[0], least), max(ends[3] - ends[2], least)
    far = ends[0] - reach * tails[0], ends[3] + reach * tails[1]
    below, above = np.sinh(far) * scale + centre
    return (max(below, 0.0) if first >= 0 else below), above


def _find_violations(side: Sample, split: Split) -> dict[str, np.ndarray]:
    return {rule.name: ~np.asarray(rule.holds(side.cohort)) for rule in split.options.rules}


def _find_real_violations(split: Split) -> dict[str, np.ndarray]:
    sides = [_find_violations(side, split) for side in (split.train, split.holdout)]
    return {name: np.concatenate([side[name] for side in sides]) for name in sides[0]}


__plugin__ = (rule_violations, implausible_share, survival_distance)
