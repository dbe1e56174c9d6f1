"""Formulas that hold in every complete record: sums, differences, ratios, ages, converted units."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.rules.mining.agreement import FIRST, Found, Quantities, blurred, checked
from manikin.rules.mining.candidate import spell
from manikin.rules.mining.totals import totals
from manikin.rules.operands import column
from manikin.schema.kinds import Category, Number, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from manikin.cohort.cohort import Cohort
    from manikin.rules.derivation import Formula

_MANY, _TOO_MANY = 40, 120
"""With more quantities only sums are looked for; with still more only formulas of dates and totals."""
_PLAIN = ("{a} + {b}", "{a} - {b}")
_OTHERS = (
    "{a} * {b}", "{a} / {b}", "100 * {a} / {b}", "{a} / {b} ** 2", "{a} / ({b} / 100) ** 2",
    "({a} + 2 * {b}) / 3", "({a} + {b}) / 2",
)  # fmt: skip
_BOTH_WAYS = ("{a} + {b}", "{a} * {b}", "({a} + {b}) / 2")
_GLANCE, _NEARLY = 1000, 0.9
_STRAIGHT = 0.999
"""Correlation below which two quantities are not on a line."""
_UNARY = ("{a}", "log({a})", "log({a}) / log(10)", "sqrt({a})")
_UNITS = ("", " * 24", " * 1440", " * 86400", " / 7", " / 365.25", " / 365", " / 30.4375", " + 1")


def find_formulas(cohort: Cohort, free: Collection[str]) -> list[Formula]:
    """Formulas that give a field of `free` in every complete record, each after those that it needs.

    A formula holds where no record is further off than its roundings explain. It is looked for among fields
    that spread over many cells of their grid, in 50 records at least, so that agreement is no accident.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> rng = np.random.default_rng(0)
        >>> a, b = rng.integers(0, 90, 200) * 1.0, rng.integers(0, 70, 200) * 1.0
        >>> cohort = Cohort.from_arrays({"a": a, "b": b, "c": a + b}, dict.fromkeys("abc", Number(step=1)))
        >>> [f"{formula.field} = {formula}" for formula in find_formulas(cohort, ["a", "b", "c"])]
        ['c = a + b']
    """
    known = Quantities.of(cohort)
    groups: dict[frozenset[str], list[Found]] = {}
    for found in (*_unary(known, free), *_dated(known, free), *_pairs(known, free)):
        formula = found.formula
        groups.setdefault(frozenset((formula.field, *formula.operands)), []).append(found)
    gaps = {name: cohort.columns[name].null_count for name in cohort.schema.scalars}
    place = {name: i for i, name in enumerate(cohort.schema)}

    def rank(found: Found) -> tuple[Any, ...]:
        name = found.formula.field
        late = isinstance(cohort.schema[name], Time)
        return (-round(found.exact, 2), -gaps[name], not late, -place[name], len(found.formula.expression))

    best = [sorted(group, key=rank) for group in groups.values()]
    best.sort(key=lambda group: (len(group[0].formula.operands), *rank(group[0])))
    chosen: list[Formula] = []
    for group in best:
        chosen += [found.formula for found in group if fits(found.formula, chosen)][:1]
    for formula in totals(cohort, [name for name in free if name not in {f.field for f in chosen}]):
        chosen += [formula] * fits(formula, chosen)
    return [replace(formula, lead=_lead(cohort, formula)) for formula in ordered(chosen)]


def fits(formula: Any, others: list[Any]) -> bool:  # noqa: ANN401 - any derivation
    """Whether a derivation gives a field that no other gives, and goes round in no circle with them."""
    if formula.field in {other.field for other in others}:
        return False
    after = {other.field: set(other.operands) for other in others}
    reach, new = set(formula.operands), set(formula.operands)
    while new:
        new = {name for field in new for name in after.get(field, ())} - reach
        reach |= new
    return formula.field not in reach


def ordered(chosen: list[Any]) -> list[Any]:
    """Derivations, each after those that give its operands."""
    left, done = list(chosen), []
    while left:
        waiting = {formula.field for formula in left}
        ready = [formula for formula in left if not waiting & set(formula.operands)]
        done += ready
        left = [formula for formula in left if formula not in ready]
    return done


def _unary(known: Quantities, free: Collection[str]) -> Iterator[Found]:
    """Copies, converted units, logarithms, and years of dates."""
    for i, j in np.argwhere(_monotone(known.x)).tolist():
        if known.names[j] not in free or known.time[j] > known.time[i]:
            continue
        a = spell(known.names[i])
        if known.time[i] and not known.time[j]:
            yield from checked(known, [f"year({a})"], (i,), j)
        elif lines := _lines(known, i, j):
            yield from checked(known, lines, (i,), j)
        elif not known.time[i]:
            yield from checked(known, [text.format(a=a) for text in _UNARY[1:]], (i,), j)


def _monotone(x: np.ndarray) -> np.ndarray:
    """Which pairs of different columns (k, k) are nearly in one order, or in opposite orders."""
    some = x[:: max(1, len(x) // _GLANCE)]
    order = np.argsort(np.argsort(some, axis=0), axis=0).astype(float)
    seen = ~np.isnan(some)
    rank = np.where(seen, order - np.where(seen, order, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 0)
    both = seen.astype(float)
    scale = np.sqrt((rank**2).T @ both * (both.T @ (rank**2)))
    near = np.abs(rank.T @ rank) > _NEARLY * np.maximum(scale, 1e-9)
    return near & ~np.eye(x.shape[1], dtype=bool)


def _lines(known: Quantities, i: int, j: int) -> list[str]:
    """The straight line from one quantity to another, with few digits and more; empty: there is none."""
    both = np.flatnonzero(~np.isnan(known.x[:, [i, j]]).any(axis=1))
    a, b = known.x[both, i], known.x[both, j]
    if (
        len(both) < FIRST // 2
        or np.ptp(a) == 0
        or np.ptp(b) == 0
        or abs(np.corrcoef(a, b)[0, 1]) < _STRAIGHT
    ):
        return []
    exact = 1.0 if known.time[i] else float(np.polyfit(a - a.mean(), b, 1)[0])
    found = []
    for digits in (3, 5, 7, 10):
        slope = float(f"{exact:.{digits}g}")
        shift = float(f"{np.median(b - slope * a):.{digits + 2}g}")
        text = spell(known.names[i]) if slope == 1 else f"{slope:.10g} * {spell(known.names[i])}"
        shifted = abs(shift) >= max(known.grid[j], 1e-9) / 2
        found.append(f"{text} + {shift:.10g}".replace("+ -", "- ") if shifted else text)
    return list(dict.fromkeys(found))


def _dated(known: Quantities, free: Collection[str]) -> Iterator[Found]:
    """Lengths of time between two dates, and ages."""
    dates = np.flatnonzero(known.time)
    spans = [j for j in np.flatnonzero(~known.time).tolist() if known.names[j] in free]
    for i, j in permutations(dates.tolist(), 2):
        both = known.x[:, j] - known.x[:, i]
        if not np.nanmean(both) > 0:
            continue
        a, b = spell(known.names[i]), spell(known.names[j])
        texts = [f"({b} - {a}){unit}" if unit else f"{b} - {a}" for unit in _UNITS]
        for c in spans:
            yield from checked(known, [f"years({a}, {b})", f"floor({b}) - floor({a})", *texts], (i, j), c)


def _pairs(known: Quantities, free: Collection[str]) -> Iterator[Found]:
    """Sums, products and ratios of two."""
    k = len(known.names)
    if k > _TOO_MANY:
        return
    for i, j in permutations(range(k), 2):
        both = np.flatnonzero(~np.isnan(known.x[:, [i, j]]).any(axis=1))[:FIRST]
        if len(both) < FIRST // 2:
            continue
        dated = known.time[i] or known.time[j]
        for text in (*_PLAIN, *(() if dated or k > _MANY else _OTHERS)):
            if text in _BOTH_WAYS and i > j:
                continue
            near = _near(known, text, i, j, both)
            for c in np.flatnonzero(near):
                if (
                    c not in (i, j)
                    and known.names[c] in free
                    and _meaningful(text, known.time, i, j, int(c))
                ):
                    expression = text.format(a=spell(known.names[i]), b=spell(known.names[j]))
                    yield from checked(known, [expression], (i, j), int(c))


def _near(known: Quantities, text: str, i: int, j: int, rows: np.ndarray) -> np.ndarray:
    """Which quantities (k,) agree with a combination of two in the given records, within roundings."""
    work = _function(text)
    x, cell = known.x[rows], np.where(known.time, 0.0, known.grid)
    with np.errstate(all="ignore"):
        made = work(x[:, i], x[:, j])
        blur = blurred(work, [x[:, i], x[:, j]], cell[[i, j]])
    off = np.abs(x - made[:, None])
    seen = ~np.isnan(off)
    close = (off <= 0.5 * known.grid + blur[:, None] + 1e-9 * np.abs(x) + 1e-9) | ~seen
    return (seen.sum(axis=0) >= FIRST // 2) & close.all(axis=0)


def _function(text: str) -> Callable[..., np.ndarray]:
    plain: dict[str, Callable[..., np.ndarray]] = {
        "{a} + {b}": lambda a, b: a + b,
        "{a} - {b}": lambda a, b: a - b,
        "{a} * {b}": lambda a, b: a * b,
        "{a} / {b}": lambda a, b: a / b,
        "100 * {a} / {b}": lambda a, b: 100 * a / b,
        "{a} / {b} ** 2": lambda a, b: a / b**2,
        "{a} / ({b} / 100) ** 2": lambda a, b: a / (b / 100) ** 2,
        "({a} + 2 * {b}) / 3": lambda a, b: (a + 2 * b) / 3,
        "({a} + {b}) / 2": lambda a, b: (a + b) / 2,
    }
    return plain[text]


def _meaningful(text: str, time: np.ndarray, i: int, j: int, c: int) -> bool:
    """A date plus or minus a length of time is a date; the difference of two is one in `_dated`."""
    if text == "{a} + {b}":
        return int(time[i]) + int(time[j]) == int(time[c])
    return bool(time[i] == time[c]) and not time[j]


def _lead(cohort: Cohort, formula: Formula) -> tuple[str, ...]:
    """The operands, that first which goes most with the field."""
    names = [n for n in formula.operands if isinstance(cohort.schema[n], Number | Time | Category)]

    def numbers(name: str) -> np.ndarray:
        values = column(cohort, name)
        return getattr(values, "days", values)

    y = numbers(formula.field)
    weights = {name: _correlation(numbers(name), y) for name in names}
    return tuple(sorted(weights, key=lambda name: -weights[name]))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    seen = ~np.isnan(a) & ~np.isnan(b)
    if seen.sum() < 3 or np.ptp(a[seen]) == 0 or np.ptp(b[seen]) == 0:  # noqa: PLR2004 - no line without three
        return 0.0
    return abs(float(np.corrcoef(a[seen], b[seen])[0, 1]))
