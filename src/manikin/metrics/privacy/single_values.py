"""Values: does an exact value that one training patient has stand in synthetic records?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import betabinom

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.permutation import compute_share_interval, sample_one_per_subject

CONFIDENCE_LEVEL = 0.999  # how surely a number of values is more than chance explains, over all fields
MIN_SUBJECTS = 20  # subjects who show what chance does
ROUNDING_SHARE = 1e-7
"""Of the spread of a field: values so near one another are equal but for rounding in 32 bits."""

COMMON_SHARE = 0.05
"""Share of strangers on a training patient's value from which on a field is recorded on a grid."""

RETURN_FACTOR = 3  # a value moved on its grid comes back so many times as often as a stranger meets it
MIN_OWN_SHARE = 0.5  # share of patients with a value of their own from which on a field tells them apart
ZERO_NULL = np.zeros(8)  # never-seen records have nothing beyond chance, by design
MAX_NAMED = 5
SOURCE = "holdout as control: Giomi et al. 2023, A unified framework for quantifying privacy risk"


class FieldHits(NamedTuple):
    """What was found in one field.

    Args:
        name: The field.
        hits: Synthetic records, one of each subject, that hold a training patient's own value.
        n: How many were looked at.
        excess: Those of them that chance does not explain.
        chance: How probable so many are.
        patients: How many training patients' own values stand in any synthetic record.
    """

    name: str
    hits: int
    n: int
    excess: int
    chance: float
    patients: int


def describe_fields(split: Split) -> str:
    """The fields, with how many patients' values stand in how many records."""
    if not compute_once(split, find_own_values):
        return "no number or time is recorded so finely that most patients have a value of their own"
    found = sorted(
        (one for one in compute_once(split, find_own_values) if one.excess), key=lambda one: -one.excess
    )
    people = len(np.unique(split.train.subject))
    lines = [
        f"{one.name}: values that only one training patient has, of {one.patients:,} of {people:,} "
        f"patients, stand in {one.hits:,} of {one.n:,} synthetic records"
        for one in found[:MAX_NAMED]
    ]
    more = f", and {len(found) - MAX_NAMED} more fields" if len(found) > MAX_NAMED else ""
    return "; ".join(lines) + more


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic records that hold an exact value of one training patient, beyond chance.",
        reading="""0 to 1; 0 is best. A number of many digits, or a moment, that one training patient
        has and nobody else is that patient's mark, wherever it stands. Asked of each number and time
        by itself, one record of each subject; the worst field counts. Chance is what never-seen
        patients do, three times over, since a value that a generator moves a little may be rounded
        back.""",
        blind_spot="""It cannot see values on a grid so coarse that strangers often meet them
        (exact_copies looks at whole records), nor levels.""",
        source=SOURCE,
    ),
    better="low",
    feature="table",
    floor="copies",
    reference="whole",
    note=describe_fields,
)
def single_values(split: Split) -> ExactResult:
    found = compute_once(split, find_own_values)
    if not found:
        return ExactResult(0.0, *compute_share_interval(0, len(split.synthetic)), ZERO_NULL, 1.0, 1.0)
    worst = max(found, key=lambda one: (one.excess / one.n, -one.chance))
    low, high = compute_share_interval(worst.excess, worst.n)
    chance = min(1.0, min(one.chance for one in found) * len(found))
    return ExactResult(worst.excess / worst.n, low, high, ZERO_NULL, chance)


def find_own_values(split: Split) -> list[FieldHits]:
    """What stands in each field that is recorded finely enough.

    Raises:
        Unsupported: Too few people show what strangers do.
    """
    if len(np.unique(split.train.subject)) + len(np.unique(split.holdout.subject)) < MIN_SUBJECTS:
        raise Unsupported(f"needs {MIN_SUBJECTS} real subjects to know how often strangers share a value")
    sides = (split.train, split.holdout, split.synthetic)
    rngs = (split.key.child("one", place).numpy() for place in range(len(sides)))
    ones = [
        sample_one_per_subject(side.subject, len(side), rng) for side, rng in zip(sides, rngs, strict=True)
    ]
    numbers = np.flatnonzero(~split.fields.is_categorical)
    count = len(numbers)
    found = [_examine_field(sides, ones, int(j), count) for j in numbers]
    return [one for one in found if one]


def _examine_field(
    sides: tuple[Sample, ...], ones: list[np.ndarray], j: int, count: int
) -> FieldHits | None:
    """One field of training, held-out and synthetic records; None: its values mark nobody."""
    train, holdout, synthetic = (side.table[:, j] for side in sides)
    seen = ~np.isnan(train)
    if not seen.any():
        return None
    ends, owners, first = _group_equal_values(train[seen], sides[0].subject[seen])
    own, held, made = (
        _count_owners(ends, owners, side[rows])
        for side, rows in zip((train, holdout, synthetic), ones, strict=True)
    )
    known, usual = len(own) + len(held), int((own == 2).sum() + (held == 1).sum())  # noqa: PLR2004 - another's
    if usual > COMMON_SHARE * known or (own == 1).mean() < MIN_OWN_SHARE:
        return None
    if not len(made):
        return None  # no synthetic record has the field
    hits, n = int((made == 1).sum()), len(made)
    strangers = min(RETURN_FACTOR * usual, known)
    law = betabinom(n, strangers + 1, known - strangers + 1)
    allowed = int(law.ppf(1 - (1 - CONFIDENCE_LEVEL) / count))
    places = _find_groups(ends, synthetic)
    marked = places[(places >= 0) & (owners[places] == 1)]
    patients = len(np.unique(first[marked]))
    chance = float(law.sf(hits - 1)) if hits else 1.0
    name = sides[0].fields.names[j]
    return FieldHits(name, hits, n, max(hits - allowed, 0), chance, patients)


def _group_equal_values(
    values: np.ndarray, subject: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups of equal values: their ends (2, k), how many people have each, and one of these."""
    order = np.argsort(values, kind="stable")
    values, subject = values[order], subject[order]
    near = ROUNDING_SHARE * np.subtract(*np.quantile(values, (0.9, 0.1)))
    fresh = np.append(True, np.diff(values) > near)
    start = np.flatnonzero(fresh)
    last = np.append(start[1:], len(values)) - 1
    group = np.cumsum(fresh) - 1
    pairs = np.unique(np.stack([group, subject]), axis=1)[0]
    ends = np.stack([values[start] - near, values[last] + near])
    return ends, np.bincount(pairs, minlength=len(start)), subject[start]


def _find_groups(ends: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The group of training values that each value belongs to, -1: none, (n,)."""
    place = np.clip(np.searchsorted(ends[0], values, side="right") - 1, 0, ends.shape[1] - 1)
    inside = (values >= ends[0][place]) & (values <= ends[1][place])
    return np.where(inside, place, -1)


def _count_owners(ends: np.ndarray, owners: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many training patients have each value that is not missing."""
    places = _find_groups(ends, values[~np.isnan(values)])
    return np.where(places >= 0, owners[places], 0)


__plugin__ = (single_values,)
