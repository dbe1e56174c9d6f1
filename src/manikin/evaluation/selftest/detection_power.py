"""Power: which defects would this judge notice, in records of this size?

A judge that finds nothing may be content, or blind for want of records. So known defects are
planted into fresh real records, and its own tests are made of them: how often do they speak?

In each trial the training records are halved by subject. One half stands for the training records,
the other, into which the defect is planted, for the synthetic ones; the held-out records are the
ones at hand. Chance is adjusted as on the whole card (Bonferroni, which for the clearest score is
Holm's first step), and a defect is noticed if any score of its axis warns or fails.

It is a lower bound: there are half as many records as on the card, and only exact tests are made,
no attack that learns. Fields of one value, signals and pictures are tested apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from manikin.contracts.split import EvaluationOptions
from manikin.core.progress_display import show_step
from manikin.core.seeds import Key
from manikin.errors import Unsupported, UsageError
from manikin.evaluation.measuring.catalogue import select_metrics
from manikin.evaluation.measuring.measurement import measure
from manikin.evaluation.measuring.repeats import Repeats
from manikin.evaluation.measuring.views import build_views
from manikin.evaluation.score import THRESHOLDS, decide_verdict
from manikin.evaluation.selftest.cases import DEFECT_CASES, FALSE_ALARM, group_fields
from manikin.schema.kinds import Image
from manikin.stats.permutation import compute_share_interval
from manikin.stats.subsample import draw_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.metric import ExactResult, Metric
    from manikin.contracts.split import Split
    from manikin.evaluation.measuring.evaluation_data import EvaluationData
    from manikin.evaluation.scorecard import Scorecard

DEFAULT_TRIALS = 20
MAX_RECORDS = 1_000  # records of a side
MAX_IMAGES = 300  # the same, of pictures
MAX_SIGNAL_VALUES = 1 << 20  # values of all signals of a side
MIN_SIGNALS = 150  # signals of a side, however long they are
EXACT_TESTS = (  # those that look at all records once and learn nothing
    "exact_copies",
    "near_match_excess",
    "disguised_copies",
    "duplicate_share",
    "near_duplicate_share",
    "implausible_share",
    "impossible_values",
)


class ExactTest(NamedTuple):
    """One exact test in one view, and what a bad generator gets there."""

    view: str
    metric: Metric
    floor: np.ndarray


@dataclass(frozen=True, eq=False)
class SelfTest:
    """Where defects of one group of fields are planted and looked for.

    Args:
        cases: What is planted here: names of `DEFECT_CASES`.
        train: The training records, these fields and the subject alone.
        views: Training, held-out and once more training records through each feature. Features are
            fitted to all training records: that is done once, and favours neither half of them.
        key: Where random numbers come from.
    """

    cases: tuple[str, ...]
    train: Cohort
    views: dict[str, EvaluationData]
    key: Key

    @classmethod
    def from_cohorts(
        cls, kinds: tuple[type, ...], names: Sequence[str], train: Cohort, holdout: Cohort, key: Key
    ) -> SelfTest:
        """These fields of the records, of many records some."""
        subject = [name for name in [train.schema.find_by_role("subject")] if name in holdout.schema]
        kept = [*(name for name in subject if name not in names), *names]
        train, holdout = train.select(*kept), holdout.select(*kept)
        most = _limit_records(train, names)
        held, known = (
            _subsample(holdout, most, key.child("holdout")),
            _subsample(train, 2 * most, key.child("train")),
        )
        rows = tuple(name for name, planted in DEFECT_CASES.items() if planted.kinds == kinds)
        return cls(rows, known, build_views((known, held, known), EvaluationOptions()), key)

    def split_halves(self, trial: int) -> tuple[Cohort, Cohort, dict[str, EvaluationData]]:
        """Two halves of the training records, and the second in the place of synthetic ones."""
        train, fresh = self.train.split(0.5, self.key.child("half", trial).integer() % 2**31)
        sides = {
            view: replace(side, train=side.to_sample(train), synthetic=side.to_sample(fresh))
            for view, side in self.views.items()
        }
        return train, fresh, sides

    def build_tests(self) -> list[ExactTest]:
        """The tests that can be made, with their floors: a bad generator is as bad in each trial."""
        *_, sides = self.split_halves(0)
        found = []
        for view, side in sides.items():
            metrics = [metric for metric in select_metrics(view, sides) if metric.name in EXACT_TESTS]
            draws = measure(side, metrics, self.key.child("floors", view))
            told = [draw for draw in draws if draw.is_measured and draw.has_separate_floor]
            found += [ExactTest(view, draw.metric, draw.floor) for draw in told]
        return found

    def run_trial(
        self, trial: int, tests: Sequence[ExactTest], factors: Mapping[str, int]
    ) -> dict[str, bool | None]:
        """Which defects are noticed; None: these records cannot have it, or no test can be made."""
        train, fresh, sides = self.split_halves(trial)
        key = self.key.child("trial", trial)
        found = {FALSE_ALARM: _is_noticed("", sides, tests, factors, key)}
        for name in self.cases:
            seed = self.key.child(name, "plant", trial).integer() % 2**31
            try:
                bad = DEFECT_CASES[name].injector(fresh, train, seed)
            except UsageError:  # such as impossible values where no field is a quantity
                found[name] = None
                continue
            spoilt = {view: replace(side, synthetic=side.to_sample(bad)) for view, side in sides.items()}
            found[name] = _is_noticed(DEFECT_CASES[name].axis, spoilt, tests, factors, key)
        return found


def add_self_test(
    card: Scorecard,
    train: Cohort,
    holdout: Cohort,
    *,
    trials: int = DEFAULT_TRIALS,
    seed: int = 0,
    told: Callable[[int], object] = lambda _: None,
) -> Scorecard:
    """The card with a table `power`: which planted defects this judge noticed in records like these.

    Args:
        card: What was measured of the synthetic records; it says by how many scores chance is adjusted.
        train: The training records of that card.
        holdout: Its held-out records.
        trials: How often each defect is planted.
        seed: The same seed gives the same table.
        told: Called before each trial with its number, from 1.

    Returns:
        The card; each row of the table has the defect, its axis ("": it must show on none), in how
        many of the trials it was noticed, and the 95 % interval of that share (Clopper and Pearson
        1934). A defect that these fields cannot have is left out.

    Raises:
        Unsupported: The records have no field of one value, no signal and no picture.
    """
    check_testable(train)
    key = Key(seed).child("power")
    benches = [SelfTest.from_cohorts(*group, train, holdout, key) for group in group_fields(train.schema)]
    tests = [bench.build_tests() for bench in benches]
    factors = _compute_factors(card, [test for some in tests for test in some])
    seen: dict[str, list[bool | None]] = {}
    with show_step("planting defects", trials) as step:
        for trial in range(trials):
            told(trial + 1)
            found = [
                bench.run_trial(trial, some, factors) for bench, some in zip(benches, tests, strict=True)
            ]
            for name in (*DEFECT_CASES, FALSE_ALARM):
                answers = [part[name] for part in found if name in part]
                known = [answer for answer in answers if answer is not None]
                seen.setdefault(name, []).append(any(known) if known else None)
            step.advance()
    rows = [_summarize_trials(name, said) for name, said in seen.items() if None not in said]
    return replace(card, tables={**card.tables, "power": rows})


def check_testable(train: Cohort) -> None:
    """Check that defects can be planted and found in records like these.

    Raises:
        Unsupported: They have no quantity, category, time, signal or picture.
    """
    if not group_fields(train.schema):
        raise Unsupported(
            "the self-test needs a quantity, a category, a time, a signal or a picture; leave it out for "
            "these records"
        )


def _summarize_trials(name: str, seen: Sequence[bool | None]) -> dict[str, Any]:
    count = sum(map(bool, seen))
    low, high = compute_share_interval(count, len(seen))
    return {
        "defect": name,
        "axis": DEFECT_CASES[name].axis if name in DEFECT_CASES else "",
        "noticed": count,
        "trials": len(seen),
        "low": round(low, 3),
        "high": round(high, 3),
    }


def _is_noticed(
    axis: str,
    sides: dict[str, EvaluationData],
    tests: Sequence[ExactTest],
    factors: Mapping[str, int],
    key: Key,
) -> bool | None:
    """Whether a score of the axis (of any, if it is "") warns or fails; None: none can be measured."""
    splits = {view: replace(side.full_split, key=key) for view, side in sides.items()}
    made = [test for test in tests if axis in ("", test.metric.axis)]
    draws = [_run_test(test, splits[test.view]) for test in made]
    draws = [draw for draw in draws if draw.has_separate_floor]
    return any(_is_flagged(draw, factors) for draw in draws) if draws else None


def _run_test(test: ExactTest, split: Split) -> Repeats:
    """The exact test of all records, against a floor that is known."""
    found = cast("ExactResult", test.metric(split))
    value = np.array([found.value])
    return Repeats(test.metric.name, test.metric, value, found.null_values, test.floor, exact=found)


def _is_flagged(draw: Repeats, factors: Mapping[str, int]) -> bool:
    axis = draw.metric.axis
    limit = THRESHOLDS.get(draw.name, THRESHOLDS[axis])
    chance = min(1.0, draw.p_value * factors[axis])
    return decide_verdict(draw.calibrated, draw.calibrated_worst, chance, limit) in ("warn", "fail")


def _compute_factors(card: Scorecard, tests: Sequence[ExactTest]) -> dict[str, int]:
    """By how many tests chance is multiplied: axes share the error equally, and so do the scores of one.

    At least by as many as are made here.
    """
    count = Counter(score.axis for score in card.scores if score.percentile is not None)
    made = Counter(test.metric.axis for test in tests)
    axes = len(count.keys() | made.keys())
    return {axis: axes * max(count[axis], n) for axis, n in made.items()}


def _limit_records(cohort: Cohort, names: Sequence[str]) -> int:
    """How many records of a side are looked at: fewer where each is costly to compare."""
    arrays = [name for name in names if name not in cohort.schema.scalar_fields]
    if not arrays:
        return MAX_RECORDS
    if any(isinstance(cohort.schema[name], Image) for name in arrays):
        return min(MAX_RECORDS, MAX_IMAGES)
    values = sum(cohort[name][:1].size for name in arrays)
    return min(MAX_RECORDS, max(MIN_SIGNALS, MAX_SIGNAL_VALUES // values))


def _subsample(cohort: Cohort, most: int, key: Key) -> Cohort:
    if len(cohort) <= most:
        return cohort
    return cohort.take(np.sort(draw_at_most(len(cohort), most, key.numpy())))
