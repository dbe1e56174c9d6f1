"""Arithmetic that holds in all records: totals, products, body-mass index, mean arterial pressure."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from manikin.rules.expression import Expression, quote_field
from manikin.rules.mining.candidate import MIN_RECORDS, RuleCandidate, read_quantities
from manikin.schema.column_names import split_name
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_MIN_DISTINCT = 8
_MIN_SPREAD_CELLS = 5
"""A field whose spread is less than so many cells of its grid agrees with too much by chance."""
_SCREENING_RECORDS = 64
_KNOWN_FORMULAS = (
    (
        "{c} from {a} and {b}",
        "abs({c} - {a} / ({b} / 100) ** 2) <= {t}",
        ("weight", "wt"),
        ("height", "ht"),
        ("bmi",),
    ),
    (
        "{c} from {a} and {b}",
        "abs({c} - {a} / {b} ** 2) <= {t}",
        ("weight", "wt"),
        ("height", "ht"),
        ("bmi",),
    ),
    (
        "{c} from {a} and {b}",
        "abs({c} - ({a} + 2 * {b}) / 3) <= {t}",
        ("systolic", "sbp", "sys", "sysbp"),
        ("diastolic", "dbp", "dia", "diabp"),
        ("map", "meanbp", "mbp"),
    ),
)
"""Name, expression, and the words by which the names of its fields are known."""


def mine_arithmetic(cohort: Cohort) -> list[RuleCandidate]:
    """Sums, products and known formulas that hold within rounding in all records.

    Fields need a spread over many cells of their recording grid, so that agreement within
    rounding is no accident.
    """
    names, x = read_quantities(cohort)
    grid = np.array([_find_grid_step(cohort, name) for name in names])
    wide = [i for i in range(len(names)) if _is_wide(x[:, i], grid[i])]
    time = np.array([isinstance(cohort.schema[name], Time) for name in names], dtype=bool)
    triples = [found for found in _find_triples(x, grid, wide, time) if _is_valid_triple(x, grid, *found)]
    return [
        *_match_known_formulas(cohort),
        *(_build_candidate(names, x, grid, *found) for found in triples),
    ]


def _find_grid_step(cohort: Cohort, name: str) -> float:
    kind = cohort.schema[name]
    if isinstance(kind, Number):
        return float(kind.step or 0)
    return 1.0


def _is_wide(values: np.ndarray, grid: float) -> bool:
    present = values[~np.isnan(values)]
    few = len(present) < MIN_RECORDS or len(np.unique(present[:1000])) < _MIN_DISTINCT
    return not few and present.std() > _MIN_SPREAD_CELLS * grid and (present == 0).mean() < 0.5  # noqa: PLR2004 - half


def _find_triples(
    x: np.ndarray, grid: np.ndarray, wide: list[int], time: np.ndarray
) -> list[tuple[str, int, int, int]]:
    """Combinations that hold in the first complete records: (sign, a, b, c) for a + b = c or a * b = c."""
    found = []
    for i, j in combinations(wide, 2):
        both = np.flatnonzero(~np.isnan(x[:, i]) & ~np.isnan(x[:, j]))[:_SCREENING_RECORDS]
        if len(both) < _SCREENING_RECORDS // 2:
            continue
        some = x[both]
        for sign, close in (("+", _match_sums(some, grid, i, j)), ("*", _match_products(some, grid, i, j))):
            hits = [c for c in wide if c not in (i, j) and close[c]]
            found += [(sign, i, j, c) for c in hits if _is_meaningful(sign, time[i], time[j], time[c])]
    return found


def _is_meaningful(sign: str, first: bool, second: bool, result: bool) -> bool:
    """A date plus a length of time is a date; dates have no other arithmetic."""
    return not (first or second or result) if sign == "*" else (first + second) == int(result)


def _match_sums(x: np.ndarray, grid: np.ndarray, i: int, j: int) -> np.ndarray:
    off = np.abs(x - (x[:, i] + x[:, j])[:, None])
    return _are_close(off, _compute_slack(grid, grid[i] + grid[j], x))


def _match_products(x: np.ndarray, grid: np.ndarray, i: int, j: int) -> np.ndarray:
    off = np.abs(x - (x[:, i] * x[:, j])[:, None])
    blur = (grid[i] * np.abs(x[:, j]) + grid[j] * np.abs(x[:, i]))[:, None]
    return _are_close(off, _compute_slack(grid, blur, x))


def _compute_slack(grid: np.ndarray, blur: np.ndarray | float, x: np.ndarray) -> np.ndarray:
    """Half a cell of each field's grid, and the error of arithmetic."""
    return 0.5 * (grid + blur) + 1e-9 * np.abs(x)


def _are_close(off: np.ndarray, slack: np.ndarray) -> np.ndarray:
    known = ~np.isnan(off)
    return (known.sum(axis=0) >= _SCREENING_RECORDS // 2) & ((off <= slack) | ~known).all(axis=0)


def _is_valid_triple(x: np.ndarray, grid: np.ndarray, sign: str, i: int, j: int, c: int) -> bool:
    keep = ~np.isnan(x[:, [i, j, c]]).any(axis=1)
    columns, cells = x[keep][:, [i, j, c]], grid[[i, j, c]]
    close = (_match_sums if sign == "+" else _match_products)(columns, cells, 0, 1)
    return keep.sum() >= MIN_RECORDS and bool(close[2])


def _build_candidate(
    names: list[str], x: np.ndarray, grid: np.ndarray, sign: str, i: int, j: int, c: int
) -> RuleCandidate:
    a, b, total = (quote_field(names[k]) for k in (i, j, c))
    keep = ~np.isnan(x[:, [i, j, c]]).any(axis=1)
    whole = (x[keep, i] + x[keep, j]) if sign == "+" else x[keep, i] * x[keep, j]
    off = _choose_tolerance(np.abs(whole - x[keep, c]), max(grid[i], grid[j], grid[c]))
    expression = f"abs({a} {sign} {b} - {total}) <= {off}"
    return RuleCandidate(
        f"{names[c]} from {names[i]} and {names[j]}", expression, int(keep.sum()), float("inf")
    )


def _choose_tolerance(off: np.ndarray, cell: float) -> float:
    """A round tolerance that all records meet."""
    worst = float(off.max())
    steps = np.array([1e-6, 0.5, 1, 1.5, 2, 5, 10, 100]) * (cell or 1e-6)
    fit = [step for step in steps if worst <= step * (1 + 1e-9)]
    return float(f"{(fit[0] if fit else worst * 1.01):.3g}")


def _match_known_formulas(cohort: Cohort) -> list[RuleCandidate]:
    """Known formulas between fields known by their names."""
    found: dict[str, RuleCandidate] = {}
    for name, expression, *words in _KNOWN_FORMULAS:
        fields = [_find_field_by_words(cohort, known) for known in words]
        if None in fields or len(set(fields)) < len(fields):
            continue
        parts = dict(zip("abc", map(str, fields), strict=True))
        candidate = _fit_known_formula(cohort, name.format(**parts), expression, parts)
        if candidate is not None:
            found.setdefault(candidate.name, candidate)
    return list(found.values())


def _find_field_by_words(cohort: Cohort, words: tuple[str, ...]) -> str | None:
    numbers = [name for name in cohort.schema.scalar_fields if isinstance(cohort.schema[name], Number)]
    return next((name for name in numbers if set(split_name(name)) & set(words)), None)


def _fit_known_formula(
    cohort: Cohort, name: str, expression: str, parts: dict[str, str]
) -> RuleCandidate | None:

    spelled = {key: quote_field(field) for key, field in parts.items()}
    known = ~np.logical_or.reduce([np.isnan(cohort[field]) for field in parts.values()])
    for tolerance in (0.01, 0.06, 0.11, 0.51, 1.0):
        rule = expression.format(**spelled, t=tolerance)
        if known.sum() >= MIN_RECORDS and Expression(rule).evaluate_condition(cohort)[known].all():
            return RuleCandidate(name, rule, int(known.sum()), float("inf"))
    return None
