"""Agreement: whether an expression gives a quantity in every complete record, within roundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.rules.derivation import Formula, find_grid_step
from manikin.rules.expression import Expression
from manikin.rules.mining.candidate import MIN_RECORDS, read_quantities
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


SCREENING_RECORDS = 64
"""Complete records on which expressions are sorted out before they are looked at closely."""
_MIN_DISTINCT = 8
_MIN_SPREAD_CELLS = 5
"""Agreement within rounding says nothing of a field that spreads over less than so many roundings."""


@dataclass(frozen=True)
class Quantities:
    """The numbers and times of a cohort in which formulas are looked for.

    Args:
        names: Their names, k.
        x: Their values (n, k), times in days, NaN where missing.
        grid_steps: Their recording grids (k,), times in days.
        is_time: Which are times (k,).
        cohort: Where they stand.
    """

    names: list[str]
    x: np.ndarray
    grid_steps: np.ndarray
    is_time: np.ndarray
    cohort: Cohort

    @classmethod
    def from_cohort(cls, cohort: Cohort) -> Quantities:
        """Those that spread over many cells of their recording grid."""
        names, x = read_quantities(cohort)
        cell = np.array([find_grid_step(cohort.schema[name]) for name in names])
        kept = [i for i in range(len(names)) if _is_wide(x[:, i], cell[i])]
        time = np.array([isinstance(cohort.schema[name], Time) for name in names], dtype=bool)
        return cls([names[i] for i in kept], x[:, kept], cell[kept], time[kept], cohort)


@dataclass(frozen=True)
class FormulaMatch:
    """A formula that holds, and how exactly.

    Args:
        formula: What holds.
        exact_share: The share of records in which the computed value is the very value that is recorded.
    """

    formula: Formula
    exact_share: float


def _is_wide(values: np.ndarray, cell: float) -> bool:
    present = values[~np.isnan(values)]
    few = len(present) < MIN_RECORDS or len(np.unique(present[:1000])) < _MIN_DISTINCT
    return not few and present.std() > _MIN_SPREAD_CELLS * cell and (present == 0).mean() < 0.5  # noqa: PLR2004 - half


def bound_rounding_error(
    work: Callable[..., np.ndarray], parts: list[np.ndarray], cell: np.ndarray
) -> np.ndarray:
    """How far the roundings of the parts can move what is made of them (n,)."""
    total = np.zeros(len(parts[0]))
    for place, half in enumerate(cell / 2):
        if half:
            ends = [
                work(*(p + s * half if q == place else p for q, p in enumerate(parts))) for s in (-1, 1)
            ]
            total += np.nan_to_num(np.abs(ends[1] - ends[0]) / 2, nan=np.inf)
    return total


def match_expressions(
    known: Quantities, texts: list[str], operands: tuple[int, ...], c: int
) -> Iterator[FormulaMatch]:
    """The first of some expressions that gives quantity `c` in every complete record."""
    whole = np.flatnonzero(~np.isnan(known.x[:, [*operands, c]]).any(axis=1))
    if len(whole) < MIN_RECORDS:
        return
    glance, every = (known.cohort.take(rows) for rows in (whole[:SCREENING_RECORDS], whole))
    for text in texts:
        if _test_expression(known, text, operands, c, glance, whole[:SCREENING_RECORDS]) is None:
            continue
        found = _test_expression(known, text, operands, c, every, whole)
        if found is not None:
            down, exact = found
            yield FormulaMatch(Formula(known.names[c], text, down, support=len(whole)), exact)
            return


def _test_expression(
    known: Quantities, text: str, operands: tuple[int, ...], c: int, cohort: Cohort, rows: np.ndarray
) -> tuple[bool, float] | None:
    """Whether the result is rounded down, and how often it is exact; None: the expression does not hold."""
    y, cell = known.x[rows, c], known.grid_steps[c]
    made = Expression(text).evaluate_number(cohort)
    if not np.isfinite(made).all():
        return None
    off, dust = made - y, 1e-9 * np.abs(y) + 1e-9
    blur = np.zeros(len(y))
    if not known.is_time[list(operands)].any() and "log" not in text and "sqrt" not in text:
        blur = _bound_expression_error(known, text, operands, rows)
    slack = 0.5 * cell + blur + dust
    if np.median(slack) * _MIN_SPREAD_CELLS > y.std() or y.std() == 0:
        return None
    if (np.abs(off) <= slack).all():
        return False, float((np.abs(off) <= 0.5 * cell + dust).mean())
    if cell and ((off >= -dust) & (off < cell - dust)).all():
        return True, 1.0
    return None


def _bound_expression_error(
    known: Quantities, text: str, operands: tuple[int, ...], rows: np.ndarray
) -> np.ndarray:

    names = [known.names[i] for i in operands]

    def work(*parts: np.ndarray) -> np.ndarray:
        return Expression(text).evaluate_number(
            Cohort.from_arrays(dict(zip(names, parts, strict=True)), dict.fromkeys(names, Number()))
        )

    return bound_rounding_error(
        work, [known.x[rows, i] for i in operands], known.grid_steps[list(operands)]
    )
