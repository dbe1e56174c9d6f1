"""Formulas that hold in every complete record: sums, differences, ratios, ages, converted units."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.rules.expression import quote_field
from manikin.rules.mining.agreement import (
    SCREENING_RECORDS,
    FormulaMatch,
    Quantities,
    bound_rounding_error,
    match_expressions,
)
from manikin.rules.mining.totals import find_totals
from manikin.rules.operands import read_operand
from manikin.schema.kinds import Category, Number, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from manikin.cohort.cohort import Cohort
    from manikin.rules.derivation import Formula

_MAX_PRODUCT_QUANTITIES, _MAX_SUM_QUANTITIES = 40, 120
"""With more quantities only sums are looked for; with still more only formulas of dates and totals."""
_SUM_TEMPLATES = ("{a} + {b}", "{a} - {b}")
_PRODUCT_TEMPLATES = (
    "{a} * {b}", "{a} / {b}", "100 * {a} / {b}", "{a} / {b} ** 2", "{a} / ({b} / 100) ** 2",
    "({a} + 2 * {b}) / 3", "({a} + {b}) / 2",
)  # fmt: skip
_SYMMETRIC_TEMPLATES = ("{a} + {b}", "{a} * {b}", "({a} + {b}) / 2")
_SCREENING_RECORDS, _MIN_RANK_CORRELATION = 1000, 0.9
_MIN_LINE_CORRELATION = 0.999
"""Correlation below which two quantities are not on a line."""
_UNARY_TEMPLATES = ("{a}", "log({a})", "log({a}) / log(10)", "sqrt({a})")
_UNIT_FACTORS = ("", " * 24", " * 1440", " * 86400", " / 7", " / 365.25", " / 365", " / 30.4375", " + 1")


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
    known = Quantities.from_cohort(cohort)
    groups: dict[frozenset[str], list[FormulaMatch]] = {}
    for found in (
        *_find_unary_formulas(known, free),
        *_find_date_formulas(known, free),
        *_find_pair_formulas(known, free),
    ):
        formula = found.formula
        groups.setdefault(frozenset((formula.field, *formula.operands)), []).append(found)
    gaps = {name: cohort.columns[name].null_count for name in cohort.schema.scalar_fields}
    place = {name: i for i, name in enumerate(cohort.schema)}

    def rank(found: FormulaMatch) -> tuple[Any, ...]:
        name = found.formula.field
        late = isinstance(cohort.schema[name], Time)
        return (
            -round(found.exact_share, 2),
            -gaps[name],
            not late,
            -place[name],
            len(found.formula.expression),
        )

    best = [sorted(group, key=rank) for group in groups.values()]
    best.sort(key=lambda group: (len(group[0].formula.operands), *rank(group[0])))
    chosen: list[Formula] = []
    for group in best:
        chosen += [found.formula for found in group if can_add(found.formula, chosen)][:1]
    for formula in find_totals(cohort, [name for name in free if name not in {f.field for f in chosen}]):
        if can_add(formula, chosen):
            chosen.append(formula)
    return [
        replace(formula, lead=_rank_operands(cohort, formula)) for formula in sort_by_dependency(chosen)
    ]


def can_add(formula: Any, others: list[Any]) -> bool:  # noqa: ANN401 - any derivation
    """Whether a derivation gives a field that no other gives, and goes round in no circle with them."""
    if formula.field in {other.field for other in others}:
        return False
    after = {other.field: set(other.operands) for other in others}
    reach, new = set(formula.operands), set(formula.operands)
    while new:
        new = {name for field in new for name in after.get(field, ())} - reach
        reach |= new
    return formula.field not in reach


def sort_by_dependency(chosen: list[Any]) -> list[Any]:
    """Derivations, each after those that give its operands."""
    left, done = list(chosen), []
    while left:
        waiting = {formula.field for formula in left}
        ready = [formula for formula in left if not waiting & set(formula.operands)]
        done += ready
        left = [formula for formula in left if formula not in ready]
    return done


def _find_unary_formulas(known: Quantities, free: Collection[str]) -> Iterator[FormulaMatch]:
    """Copies, converted units, logarithms, and years of dates."""
    for i, j in np.argwhere(_are_monotone(known.x)).tolist():
        if known.names[j] not in free or known.is_time[j] > known.is_time[i]:
            continue
        a = quote_field(known.names[i])
        if known.is_time[i] and not known.is_time[j]:
            yield from match_expressions(known, [f"year({a})"], (i,), j)
        elif lines := _fit_lines(known, i, j):
            yield from match_expressions(known, lines, (i,), j)
        elif not known.is_time[i]:
            yield from match_expressions(
                known, [text.format(a=a) for text in _UNARY_TEMPLATES[1:]], (i,), j
            )


def _are_monotone(x: np.ndarray) -> np.ndarray:
    """Which pairs of different columns (k, k) are nearly in one order, or in opposite orders."""
    some = x[:: max(1, len(x) // _SCREENING_RECORDS)]
    order = np.argsort(np.argsort(some, axis=0), axis=0).astype(float)
    seen = ~np.isnan(some)
    rank = np.where(seen, order - np.where(seen, order, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1), 0)
    both = seen.astype(float)
    scale = np.sqrt((rank**2).T @ both * (both.T @ (rank**2)))
    near = np.abs(rank.T @ rank) > _MIN_RANK_CORRELATION * np.maximum(scale, 1e-9)
    return near & ~np.eye(x.shape[1], dtype=bool)


def _fit_lines(known: Quantities, i: int, j: int) -> list[str]:
    """The straight line from one quantity to another, with few digits and more; empty: there is none."""
    both = np.flatnonzero(~np.isnan(known.x[:, [i, j]]).any(axis=1))
    a, b = known.x[both, i], known.x[both, j]
    if (
        len(both) < SCREENING_RECORDS // 2
        or np.ptp(a) == 0
        or np.ptp(b) == 0
        or abs(np.corrcoef(a, b)[0, 1]) < _MIN_LINE_CORRELATION
    ):
        return []
    exact = 1.0 if known.is_time[i] else float(np.polyfit(a - a.mean(), b, 1)[0])
    found = []
    for digits in (3, 5, 7, 10):
        slope = float(f"{exact:.{digits}g}")
        shift = float(f"{np.median(b - slope * a):.{digits + 2}g}")
        text = (
            quote_field(known.names[i]) if slope == 1 else f"{slope:.10g} * {quote_field(known.names[i])}"
        )
        shifted = abs(shift) >= max(known.grid_steps[j], 1e-9) / 2
        found.append(f"{text} + {shift:.10g}".replace("+ -", "- ") if shifted else text)
    return list(dict.fromkeys(found))


def _find_date_formulas(known: Quantities, free: Collection[str]) -> Iterator[FormulaMatch]:
    """Lengths of time between two dates, and ages."""
    dates = np.flatnonzero(known.is_time)
    spans = [j for j in np.flatnonzero(~known.is_time).tolist() if known.names[j] in free]
    for i, j in permutations(dates.tolist(), 2):
        both = known.x[:, j] - known.x[:, i]
        if not np.nanmean(both) > 0:
            continue
        a, b = quote_field(known.names[i]), quote_field(known.names[j])
        texts = [f"({b} - {a}){unit}" if unit else f"{b} - {a}" for unit in _UNIT_FACTORS]
        for c in spans:
            yield from match_expressions(
                known, [f"years({a}, {b})", f"floor({b}) - floor({a})", *texts], (i, j), c
            )


def _find_pair_formulas(known: Quantities, free: Collection[str]) -> Iterator[FormulaMatch]:
    """Sums, products and ratios of two."""
    k = len(known.names)
    if k > _MAX_SUM_QUANTITIES:
        return
    for i, j in permutations(range(k), 2):
        both = np.flatnonzero(~np.isnan(known.x[:, [i, j]]).any(axis=1))[:SCREENING_RECORDS]
        if len(both) < SCREENING_RECORDS // 2:
            continue
        dated = known.is_time[i] or known.is_time[j]
        for text in (
            *_SUM_TEMPLATES,
            *(() if dated or k > _MAX_PRODUCT_QUANTITIES else _PRODUCT_TEMPLATES),
        ):
            if text in _SYMMETRIC_TEMPLATES and i > j:
                continue
            near = _are_near(known, text, i, j, both)
            for c in np.flatnonzero(near):
                if (
                    c not in (i, j)
                    and known.names[c] in free
                    and _is_meaningful(text, known.is_time, i, j, int(c))
                ):
                    expression = text.format(a=quote_field(known.names[i]), b=quote_field(known.names[j]))
                    yield from match_expressions(known, [expression], (i, j), int(c))


def _are_near(known: Quantities, text: str, i: int, j: int, rows: np.ndarray) -> np.ndarray:
    """Which quantities (k,) agree with a combination of two in the given records, within roundings."""
    work = _get_function(text)
    x, cell = known.x[rows], np.where(known.is_time, 0.0, known.grid_steps)
    with np.errstate(all="ignore"):
        made = work(x[:, i], x[:, j])
        blur = bound_rounding_error(work, [x[:, i], x[:, j]], cell[[i, j]])
    off = np.abs(x - made[:, None])
    seen = ~np.isnan(off)
    close = (off <= 0.5 * known.grid_steps + blur[:, None] + 1e-9 * np.abs(x) + 1e-9) | ~seen
    return (seen.sum(axis=0) >= SCREENING_RECORDS // 2) & close.all(axis=0)


def _get_function(text: str) -> Callable[..., np.ndarray]:
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


def _is_meaningful(text: str, time: np.ndarray, i: int, j: int, c: int) -> bool:
    """Whether a date plus or minus a length of time is a date (differences: `_find_date_formulas`)."""
    if text == "{a} + {b}":
        return int(time[i]) + int(time[j]) == int(time[c])
    return bool(time[i] == time[c]) and not time[j]


def _rank_operands(cohort: Cohort, formula: Formula) -> tuple[str, ...]:
    """The operands, that first which goes most with the field."""
    names = [n for n in formula.operands if isinstance(cohort.schema[n], Number | Time | Category)]

    def numbers(name: str) -> np.ndarray:
        values = read_operand(cohort, name)
        return getattr(values, "days", values)

    y = numbers(formula.field)
    weights = {name: _compute_correlation(numbers(name), y) for name in names}
    return tuple(sorted(weights, key=lambda name: -weights[name]))


def _compute_correlation(a: np.ndarray, b: np.ndarray) -> float:
    seen = ~np.isnan(a) & ~np.isnan(b)
    if seen.sum() < 3 or np.ptp(a[seen]) == 0 or np.ptp(b[seen]) == 0:  # noqa: PLR2004 - no line without three
        return 0.0
    return abs(float(np.corrcoef(a[seen], b[seen])[0, 1]))
