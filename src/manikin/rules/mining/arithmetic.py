"""Arithmetic that holds in all records: totals, products, body-mass index, mean arterial pressure."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from manikin.rules.mining.candidate import ROWS, Candidate, quantities, spell
from manikin.schema.column_names import tokens
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_DISTINCT = 8
_SPREAD = 5
"""A field whose spread is less than so many cells of its grid agrees with too much by chance."""
_FIRST = 64
_FORMULAS = (
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


def arithmetic(cohort: Cohort) -> list[Candidate]:
    """Sums, products and known formulas that hold within rounding in all records.

    Fields need a spread over many cells of their recording grid, so that agreement within
    rounding is no accident.
    """
    names, x = quantities(cohort)
    grid = np.array([_grid(cohort, name) for name in names])
    wide = [i for i in range(len(names)) if _wide(x[:, i], grid[i])]
    time = np.array([isinstance(cohort.schema[name], Time) for name in names], dtype=bool)
    triples = [found for found in _triples(x, grid, wide, time) if _holds(x, grid, *found)]
    return [*_named(cohort), *(_candidate(names, x, grid, *found) for found in triples)]


def _grid(cohort: Cohort, name: str) -> float:
    kind = cohort.schema[name]
    if isinstance(kind, Number):
        return float(kind.step or 0)
    return 1.0


def _wide(values: np.ndarray, grid: float) -> bool:
    present = values[~np.isnan(values)]
    few = len(present) < ROWS or len(np.unique(present[:1000])) < _DISTINCT
    return not few and present.std() > _SPREAD * grid and (present == 0).mean() < 0.5  # noqa: PLR2004 - half


def _triples(
    x: np.ndarray, grid: np.ndarray, wide: list[int], time: np.ndarray
) -> list[tuple[str, int, int, int]]:
    """Combinations that hold in the first complete records: (sign, a, b, c) for a + b = c or a * b = c."""
    found = []
    for i, j in combinations(wide, 2):
        both = np.flatnonzero(~np.isnan(x[:, i]) & ~np.isnan(x[:, j]))[:_FIRST]
        if len(both) < _FIRST // 2:
            continue
        some = x[both]
        for sign, close in (("+", _sum(some, grid, i, j)), ("*", _product(some, grid, i, j))):
            hits = [c for c in wide if c not in (i, j) and close[c]]
            found += [(sign, i, j, c) for c in hits if _meaningful(sign, time[i], time[j], time[c])]
    return found


def _meaningful(sign: str, first: bool, second: bool, result: bool) -> bool:
    """A date plus a length of time is a date; dates have no other arithmetic."""
    return not (first or second or result) if sign == "*" else (first + second) == int(result)


def _sum(x: np.ndarray, grid: np.ndarray, i: int, j: int) -> np.ndarray:
    off = np.abs(x - (x[:, i] + x[:, j])[:, None])
    return _close(off, _slack(grid, grid[i] + grid[j], x))


def _product(x: np.ndarray, grid: np.ndarray, i: int, j: int) -> np.ndarray:
    off = np.abs(x - (x[:, i] * x[:, j])[:, None])
    blur = (grid[i] * np.abs(x[:, j]) + grid[j] * np.abs(x[:, i]))[:, None]
    return _close(off, _slack(grid, blur, x))


def _slack(grid: np.ndarray, blur: np.ndarray | float, x: np.ndarray) -> np.ndarray:
    """Half a cell of each field's grid, and the error of arithmetic."""
    return 0.5 * (grid + blur) + 1e-9 * np.abs(x)


def _close(off: np.ndarray, slack: np.ndarray) -> np.ndarray:
    known = ~np.isnan(off)
    return (known.sum(axis=0) >= _FIRST // 2) & ((off <= slack) | ~known).all(axis=0)


def _holds(x: np.ndarray, grid: np.ndarray, sign: str, i: int, j: int, c: int) -> bool:
    keep = ~np.isnan(x[:, [i, j, c]]).any(axis=1)
    columns, cells = x[keep][:, [i, j, c]], grid[[i, j, c]]
    close = (_sum if sign == "+" else _product)(columns, cells, 0, 1)
    return keep.sum() >= ROWS and bool(close[2])


def _candidate(
    names: list[str], x: np.ndarray, grid: np.ndarray, sign: str, i: int, j: int, c: int
) -> Candidate:
    a, b, total = (spell(names[k]) for k in (i, j, c))
    keep = ~np.isnan(x[:, [i, j, c]]).any(axis=1)
    whole = (x[keep, i] + x[keep, j]) if sign == "+" else x[keep, i] * x[keep, j]
    off = _tolerance(np.abs(whole - x[keep, c]), max(grid[i], grid[j], grid[c]))
    expression = f"abs({a} {sign} {b} - {total}) <= {off}"
    return Candidate(
        f"{names[c]} from {names[i]} and {names[j]}", expression, int(keep.sum()), float("inf")
    )


def _tolerance(off: np.ndarray, cell: float) -> float:
    """A round tolerance that all records meet."""
    worst = float(off.max())
    steps = np.array([1e-6, 0.5, 1, 1.5, 2, 5, 10, 100]) * (cell or 1e-6)
    fit = [step for step in steps if worst <= step * (1 + 1e-9)]
    return float(f"{(fit[0] if fit else worst * 1.01):.3g}")


def _named(cohort: Cohort) -> list[Candidate]:
    """Known formulas between fields known by their names."""
    found: dict[str, Candidate] = {}
    for name, expression, *words in _FORMULAS:
        fields = [_called(cohort, known) for known in words]
        if None in fields or len(set(fields)) < len(fields):
            continue
        parts = dict(zip("abc", map(str, fields), strict=True))
        candidate = _formula(cohort, name.format(**parts), expression, parts)
        if candidate is not None:
            found.setdefault(candidate.name, candidate)
    return list(found.values())


def _called(cohort: Cohort, words: tuple[str, ...]) -> str | None:
    numbers = [name for name in cohort.schema.scalars if isinstance(cohort.schema[name], Number)]
    return next((name for name in numbers if set(tokens(name)) & set(words)), None)


def _formula(cohort: Cohort, name: str, expression: str, parts: dict[str, str]) -> Candidate | None:
    from manikin.rules.expression import Expression

    spelled = {key: spell(field) for key, field in parts.items()}
    known = ~np.logical_or.reduce([np.isnan(cohort[field]) for field in parts.values()])
    for tolerance in (0.01, 0.06, 0.11, 0.51, 1.0):
        rule = expression.format(**spelled, t=tolerance)
        if known.sum() >= ROWS and Expression(rule).truth(cohort)[known].all():
            return Candidate(name, rule, int(known.sum()), float("inf"))
    return None
