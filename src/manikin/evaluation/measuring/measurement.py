"""The judge's one loop: draw, measure synthetic, fresh and bad records alike, again and again."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from manikin.contracts.metric import ExactResult
from manikin.contracts.split import Split
from manikin.core.progress_display import show_step
from manikin.errors import Unsupported, UsageError
from manikin.evaluation.measuring.floors import find_floor
from manikin.evaluation.measuring.repeats import Repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from manikin.contracts.metric import Floor, Metric
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import EvaluationData

REPEATS_BY_COST = {"light": 50, "heavy": 20}
FLOOR_REPEATS_BY_COST = {"light": 12, "heavy": 4}
LARGE_REPEAT_SIZE = 2_000  # records in one repeat from which on half of the light repeats are enough


@dataclass
class MetricRepeats:
    """What one metric gave, part by part: {part: {repeat: number}} for each kind of candidate."""

    value: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    fresh: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    floor: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    reason: str = ""


def measure(sides: EvaluationData, metrics: Sequence[Metric], key: Key) -> list[Repeats]:
    """Every metric in every repeat.

    Args:
        sides: All records, through the feature that these metrics read.
        metrics: What to measure.
        key: Where draws come from; the same key gives the same numbers, on any number of cores.

    Returns:
        At least one for each metric, in their order.
    """
    repeated = [metric for metric in metrics if metric.plan.reference != "whole"]
    once = [metric for metric in metrics if metric.plan.reference == "whole"]
    steps = max((REPEATS_BY_COST[metric.plan.cost] for metric in repeated), default=0) + len(once)
    with (
        show_step("judging", steps) as step,
        threadpool_limits(1),
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        whole = pool.submit(measure_exact, sides, once, key.child("whole"), step.advance)
        if len(sides.train) > LARGE_REPEAT_SIZE:
            whole.result()  # before the others: of large tables both at a time need more memory
        found = {**_run_repeats(sides, repeated, key, pool, step.advance), **whole.result()}
    return [draws for metric in metrics for draws in found[metric]]


def measure_exact(
    sides: EvaluationData, metrics: Sequence[Metric], key: Key, done: Callable[[], object] = lambda: None
) -> dict[Metric, list[Repeats]]:
    """The metrics that look at all records at once: the synthetic ones, then the bad generators'."""
    split = Split(sides.train, sides.holdout, sides.synthetic, sides.question, key)
    rows = key.child("floor").numpy().integers(len(sides.holdout), size=len(sides.synthetic))
    like = replace(split, synthetic=sides.holdout.take(rows), memo={})
    with threadpool_limits(1):
        found = {metric: _run_exact_test(metric, split) for metric in metrics}
        bad: dict[object, Split] = {}
        for metric, answer in found.items():
            name = metric.plan.floor
            if isinstance(answer, ExactResult) and answer.floor is None:
                if name not in bad:
                    bad[name] = replace(split, synthetic=sides.to_sample(find_floor(name)(like)), memo={})
                worst = _run_exact_test(metric, bad[name])
                found[metric] = worst if isinstance(worst, str) else replace(answer, floor=worst.value)
            done()
    return {metric: [_to_repeats(metric, answer)] for metric, answer in found.items()}


def _run_exact_test(metric: Metric, split: Split) -> ExactResult | str:
    """The test, or why it cannot be made."""
    try:
        answer = metric(split)
    except Unsupported as error:
        return str(error)
    if not isinstance(answer, ExactResult):
        message = f'metric {metric.name!r} asks for "whole" and returns no Exact'
        raise UsageError(message)
    return answer


def _to_repeats(metric: Metric, answer: ExactResult | str) -> Repeats:
    none = np.zeros(0)
    if isinstance(answer, str):
        return Repeats(metric.name, metric, none, none, none, answer)
    marks = np.array([answer.floor], dtype=float)
    return Repeats(metric.name, metric, np.array([answer.value]), answer.null_values, marks, exact=answer)


def _run_repeats(
    sides: EvaluationData,
    metrics: Sequence[Metric],
    key: Key,
    pool: ThreadPoolExecutor,
    done: Callable[[], object],
) -> dict[Metric, list[Repeats]]:
    few = (
        {**REPEATS_BY_COST, "light": REPEATS_BY_COST["heavy"] + 4}
        if len(sides.holdout) // 2 > LARGE_REPEAT_SIZE
        else REPEATS_BY_COST
    )
    plans = [(metric, few[metric.plan.cost], FLOOR_REPEATS_BY_COST[metric.plan.cost]) for metric in metrics]
    found = [MetricRepeats() for _ in metrics]

    def repeat(r: int) -> None:
        due = [
            (metric, r < low, into)
            for (metric, high, low), into in zip(plans, found, strict=True)
            if r < high
        ]
        for reference in sorted({metric.plan.reference for metric, *_ in due}):
            _run_repeat(r, sides, [d for d in due if d[0].plan.reference == reference], key)
        done()

    list(pool.map(repeat, range(max((high for _, high, _ in plans), default=0))))
    return {metric: list(_split_parts(metric, into)) for metric, into in zip(metrics, found, strict=True)}


def _run_repeat(
    r: int, sides: EvaluationData, due: list[tuple[Metric, bool, MetricRepeats]], key: Key
) -> None:
    synthetic, fresh = sides.draw(due[0][0].plan.reference, r, key)
    bad: dict[object, Split | None] = {}
    for metric, marked, into in due:
        _record_values(into.value, r, metric, synthetic, into)
        _record_values(into.fresh, r, metric, fresh, into)
        name = metric.plan.floor
        if marked and name not in bad:
            bad[name] = _generate_floor(name, fresh, sides, into)
        if marked and (split := bad[name]):
            _record_values(into.floor, r, metric, split, into)


def _generate_floor(name: Floor, fresh: Split, sides: EvaluationData, into: MetricRepeats) -> Split | None:
    """The same split with a bad generator's records; None where it cannot make any."""
    try:
        return replace(fresh, synthetic=sides.to_sample(find_floor(name)(fresh)), memo={})
    except Unsupported as error:
        into.reason = into.reason or str(error)
        return None


def _record_values(
    to: dict[str, dict[int, float]], r: int, metric: Metric, split: Split, into: MetricRepeats
) -> None:
    try:
        found = metric(split)
    except Unsupported as error:
        into.reason = str(error)
        return
    if isinstance(found, ExactResult):
        message = f'metric {metric.name!r} returns an Exact: declare reference="whole"'
        raise UsageError(message)
    parts = {"": found} if isinstance(found, int | float) else found
    for part, number in parts.items():
        if isfinite(number):
            to[part][r] = float(number)


def _split_parts(metric: Metric, into: MetricRepeats) -> Iterable[Repeats]:
    """One set of draws for each part; a pair of repeats counts if all of it was measured."""
    for part in into.value or {"": {}}:
        value, fresh = into.value[part], into.fresh[part]
        found = value.keys() & fresh.keys()
        both = sorted(r for r in found if r ^ 1 in found)
        draws = Repeats(
            f"{metric.name}[{part}]" if part else metric.name,
            metric,
            np.array([value[r] for r in both]),
            np.array([fresh[r] for r in both]),
            np.array([number for _, number in sorted(into.floor[part].items())]),
        )
        yield draws if draws.is_measured else replace(draws, reason=into.reason)
