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

from manikin.contracts.metric import Exact, Split
from manikin.core.progress_display import show_step
from manikin.errors import Unsupported, UsageError
from manikin.evaluation.measuring.floors import floor
from manikin.evaluation.measuring.repeats import Draws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from manikin.contracts.metric import Floor, Metric
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import Sides

REPEATS = {"light": 50, "heavy": 20}
FLOORS = {"light": 12, "heavy": 4}
LARGE = 2_000  # records in one repeat from which on half of the light repeats are enough


@dataclass
class Measured:
    """What one metric gave, part by part: {part: {repeat: number}} for each kind of candidate."""

    value: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    fresh: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    floor: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    reason: str = ""


def measure(sides: Sides, metrics: Sequence[Metric], key: Key) -> list[Draws]:
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
    steps = max((REPEATS[metric.plan.cost] for metric in repeated), default=0) + len(once)
    with (
        show_step("judging", steps) as step,
        threadpool_limits(1),
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        whole = pool.submit(at_once, sides, once, key.child("whole"), step.advance)
        if len(sides.train) > LARGE:
            whole.result()  # before the others: of large tables both at a time need more memory
        found = {**_repeated(sides, repeated, key, pool, step.advance), **whole.result()}
    return [draws for metric in metrics for draws in found[metric]]


def at_once(
    sides: Sides, metrics: Sequence[Metric], key: Key, done: Callable[[], object] = lambda: None
) -> dict[Metric, list[Draws]]:
    """The metrics that look at all records at once: the synthetic ones, then the bad generators'."""
    split = Split(sides.train, sides.holdout, sides.synthetic, sides.question, key)
    rows = key.child("floor").numpy().integers(len(sides.holdout), size=len(sides.synthetic))
    like = replace(split, synthetic=sides.holdout.take(rows), memo={})
    with threadpool_limits(1):
        found = {metric: _asked(metric, split) for metric in metrics}
        bad: dict[object, Split] = {}
        for metric, answer in found.items():
            name = metric.plan.floor
            if isinstance(answer, Exact) and answer.floor is None:
                if name not in bad:
                    bad[name] = replace(split, synthetic=sides.see(floor(name)(like)), memo={})
                worst = _asked(metric, bad[name])
                found[metric] = worst if isinstance(worst, str) else replace(answer, floor=worst.value)
            done()
    return {metric: [_outcome(metric, answer)] for metric, answer in found.items()}


def _asked(metric: Metric, split: Split) -> Exact | str:
    """The test, or why it cannot be made."""
    try:
        answer = metric(split)
    except Unsupported as error:
        return str(error)
    if not isinstance(answer, Exact):
        message = f'metric {metric.name!r} asks for "whole" and returns no Exact'
        raise UsageError(message)
    return answer


def _outcome(metric: Metric, answer: Exact | str) -> Draws:
    none = np.zeros(0)
    if isinstance(answer, str):
        return Draws(metric.name, metric, none, none, none, answer)
    marks = np.array([answer.floor], dtype=float)
    return Draws(metric.name, metric, np.array([answer.value]), answer.null, marks, exact=answer)


def _repeated(
    sides: Sides,
    metrics: Sequence[Metric],
    key: Key,
    pool: ThreadPoolExecutor,
    done: Callable[[], object],
) -> dict[Metric, list[Draws]]:
    few = {**REPEATS, "light": REPEATS["heavy"] + 4} if len(sides.holdout) // 2 > LARGE else REPEATS
    plans = [(metric, few[metric.plan.cost], FLOORS[metric.plan.cost]) for metric in metrics]
    found = [Measured() for _ in metrics]

    def repeat(r: int) -> None:
        due = [
            (metric, r < low, into)
            for (metric, high, low), into in zip(plans, found, strict=True)
            if r < high
        ]
        for reference in sorted({metric.plan.reference for metric, *_ in due}):
            _repeat(r, sides, [d for d in due if d[0].plan.reference == reference], key)
        done()

    list(pool.map(repeat, range(max((high for _, high, _ in plans), default=0))))
    return {metric: list(_parts(metric, into)) for metric, into in zip(metrics, found, strict=True)}


def _repeat(r: int, sides: Sides, due: list[tuple[Metric, bool, Measured]], key: Key) -> None:
    synthetic, fresh = sides.draw(due[0][0].plan.reference, r, key)
    bad: dict[object, Split | None] = {}
    for metric, marked, into in due:
        _note(into.value, r, metric, synthetic, into)
        _note(into.fresh, r, metric, fresh, into)
        name = metric.plan.floor
        if marked and name not in bad:
            bad[name] = _bad(name, fresh, sides, into)
        if marked and (split := bad[name]):
            _note(into.floor, r, metric, split, into)


def _bad(name: Floor, fresh: Split, sides: Sides, into: Measured) -> Split | None:
    """The same split with a bad generator's records; None where it cannot make any."""
    try:
        return replace(fresh, synthetic=sides.see(floor(name)(fresh)), memo={})
    except Unsupported as error:
        into.reason = into.reason or str(error)
        return None


def _note(to: dict[str, dict[int, float]], r: int, metric: Metric, split: Split, into: Measured) -> None:
    try:
        found = metric(split)
    except Unsupported as error:
        into.reason = str(error)
        return
    if isinstance(found, Exact):
        message = f'metric {metric.name!r} returns an Exact: declare reference="whole"'
        raise UsageError(message)
    parts = {"": found} if isinstance(found, int | float) else found
    for part, number in parts.items():
        if isfinite(number):
            to[part][r] = float(number)


def _parts(metric: Metric, into: Measured) -> Iterable[Draws]:
    """One set of draws for each part; a pair of repeats counts if all of it was measured."""
    for part in into.value or {"": {}}:
        value, fresh = into.value[part], into.fresh[part]
        found = value.keys() & fresh.keys()
        both = sorted(r for r in found if r ^ 1 in found)
        draws = Draws(
            f"{metric.name}[{part}]" if part else metric.name,
            metric,
            np.array([value[r] for r in both]),
            np.array([fresh[r] for r in both]),
            np.array([number for _, number in sorted(into.floor[part].items())]),
        )
        yield draws if draws.measured else replace(draws, reason=into.reason)
