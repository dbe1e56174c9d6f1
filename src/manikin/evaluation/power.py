"""Power: which defects would this judge notice, in records of this size?

A judge that finds nothing may be content, or blind for want of records. So known defects are
planted into fresh real records, and its own tests are made of them: how often do they speak?

In each trial the training records are halved by subject. One half stands for the training records,
the other, into which the defect is planted, for the synthetic ones; the held-out records are the
ones at hand. Chance is adjusted as on the whole card (Bonferroni, which for the clearest score is
Holm's first step), and a defect is noticed if any score of its axis warns or fails.

It is a lower bound: there are half as many records as on the card, and only tests that take
milliseconds are made, no attack that learns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from manikin.data.scalars import Scalars
from manikin.defects import DEFECTS, plant
from manikin.errors import Unsupported, UsageError
from manikin.evaluation.draws import Draws
from manikin.evaluation.evaluate import all_metrics
from manikin.evaluation.loop import measure
from manikin.evaluation.protocol import LIMITS, verdict
from manikin.evaluation.sides import Sides
from manikin.exchange import share
from manikin.features.table import Table
from manikin.metric import Question
from manikin.rng import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from manikin.data.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard
    from manikin.metric import Exact, Metric, Split

    Plant = Callable[[Cohort, Cohort, int], Cohort]

TRIALS = 20
MOST = 1_000  # records of a side
TESTS = {
    "privacy": ("exact_copies", "near_match_excess"),
    "diversity": ("duplicate_share", "near_duplicate_share"),
    "clinical validity": ("implausible_share",),
}


class Planted(NamedTuple):
    """A defect, and the axis on which it must show; "": on none."""

    axis: str
    make: Plant


def _named(defect: str) -> Planted:
    return Planted(DEFECTS[defect].axis, lambda fresh, train, seed: plant(fresh, defect, seed, train=train))


def _nearly(fresh: Cohort, train: Cohort, seed: int) -> Cohort:
    return plant(fresh, "leak_3", seed, train=plant(train, "jittered_copies", seed))


PLANTED: dict[str, Planted] = {  # what is said of the records that a defect is planted into
    "3 % are copies of training patients": _named("leak_3"),
    "3 % are training patients, each value moved by 1 % of its standard deviation": Planted(
        "privacy", _nearly
    ),
    "3 % are copies of the most unusual training patients": _named("leak_outliers"),
    "all are training patients, each value moved by half a standard deviation": _named("shifted_copies"),
    "30 % repeat another record": _named("duplicated_rows"),
    "5 % have an impossible value": _named("implausible_values"),
    "nothing is planted: a false alarm": Planted("", lambda fresh, _train, _seed: fresh),
}


def self_tested(
    card: Scorecard, train: Cohort, holdout: Cohort, *, trials: int = TRIALS, seed: int = 0
) -> Scorecard:
    """The card with a table `power`: which planted defects this judge noticed in records like these.

    Args:
        card: What was measured of the synthetic records; it says by how many scores chance is adjusted.
        train: The training records of that card.
        holdout: Its held-out records.
        trials: How often each defect is planted.
        seed: The same seed gives the same table.

    Returns:
        The card; each row of the table has the defect, its axis ("": it must show on none), in how
        many of the trials it was noticed, and the 95 % interval of that share (Clopper and Pearson
        1934). A defect that these fields cannot have is left out.

    Raises:
        Unsupported: The records have no field of one value.
    """
    testable(train)
    key = Key(seed).child("power")
    holdout = _few(holdout, MOST, key.child("holdout"))
    train = _few(train, 2 * MOST, key.child("train"))
    halves = [train.split(0.5, key.child("half", r).integer() % 2**31) for r in range(trials)]
    factors = _factors(card)
    rows = [_row(name, halves, holdout, factors, key.child(name)) for name in PLANTED]
    return replace(card, tables={**card.tables, "power": [row for row in rows if row]})


def testable(train: Cohort) -> None:
    """Check that defects can be planted and found in records like these.

    Raises:
        Unsupported: They have no quantity, category or time.
    """
    if not set(train.schema.scalars) & set(train.schema.modelled):
        raise Unsupported(
            "the self-test needs a quantity, a category or a time; leave it out for these records"
        )


def _row(
    name: str,
    halves: list[tuple[Cohort, Cohort]],
    holdout: Cohort,
    factors: Mapping[str, int],
    key: Key,
) -> dict[str, Any] | None:
    """One defect in all trials; None where these records cannot have it, or no test can be made."""
    axis, make = PLANTED[name]
    seeds = [key.child("plant", r).integer() % 2**31 for r in range(len(halves))]
    try:
        spoilt = [make(fresh, train, seed) for (train, fresh), seed in zip(halves, seeds, strict=True)]
    except UsageError:
        return None  # such as impossible values where no field is a quantity
    floors: dict[str, np.ndarray] = {}  # a bad generator is as bad in each trial
    seen = [
        _noticed(axis, (train, holdout, bad), factors, floors, key.child(r))
        for r, ((train, _), bad) in enumerate(zip(halves, spoilt, strict=True))
    ]
    if None in seen:
        return None
    count = sum(map(bool, seen))
    low, high = share(count, len(seen))
    return {
        "defect": name,
        "axis": axis,
        "noticed": count,
        "trials": len(seen),
        "low": round(low, 3),
        "high": round(high, 3),
    }


def _noticed(
    axis: str,
    cohorts: tuple[Cohort, Cohort, Cohort],
    factors: Mapping[str, int],
    floors: dict[str, np.ndarray],
    key: Key,
) -> bool | None:
    """Whether a score of the axis (of any, if it is "") warns or fails; None: none can be measured."""
    names = TESTS[axis] if axis else [name for names in TESTS.values() for name in names]
    asked = [metric for metric in all_metrics() if metric.name in names]
    train = cohorts[0]
    sides = Sides.of(Table().fit(train), Scalars.fit(train), cohorts, Question())
    if not floors:
        floors |= {draw.name: draw.floor for draw in measure(sides, asked, key) if draw.measured}
    split = replace(sides.whole, key=key)
    draws = [_draws(metric, split, floors[metric.name]) for metric in asked if metric.name in floors]
    draws = [draw for draw in draws if draw.separate]
    return any(_speaks(draw, factors) for draw in draws) if draws else None


def _draws(metric: Metric, split: Split, floor: np.ndarray) -> Draws:
    """The exact test of all records, against a floor that is known."""
    found = cast("Exact", metric(split))
    return Draws(metric.name, metric, np.array([found.value]), found.null, floor, exact=found)


def _speaks(draw: Draws, factors: Mapping[str, int]) -> bool:
    axis = draw.metric.axis
    limit = LIMITS.get(draw.name, LIMITS[axis])
    chance = min(1.0, draw.chance * factors[axis])
    return verdict(draw.calibrated, draw.worst, chance, limit) in ("warn", "fail")


def _factors(card: Scorecard) -> dict[str, int]:
    """By how many tests chance is multiplied: axes share the error equally, and so do the scores of one.

    At least by as many as are made here.
    """
    count = Counter(score.axis for score in card.scores if score.percentile is not None)
    axes = len(count.keys() | TESTS.keys())
    return {axis: axes * max(count[axis], len(names)) for axis, names in TESTS.items()}


def _few(cohort: Cohort, most: int, key: Key) -> Cohort:
    if len(cohort) <= most:
        return cohort
    return cohort.take(np.sort(key.numpy().choice(len(cohort), most, replace=False)))
