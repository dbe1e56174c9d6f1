"""What a rule compares: fields as numbers, days, or places among levels."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import RuleError
from manikin.schema.kinds import Category, Number, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_ONE_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class CategoryOperand:
    """A category of text: the place of each record's level, -1 where missing."""

    field: str
    codes: np.ndarray
    levels: tuple[Any, ...]
    ordered: bool

    def find_position(self, level: Any) -> int:  # noqa: ANN401 - a constant of the expression
        """Where a level stands among all."""
        if not isinstance(level, str | int | float):  # a whole column of numbers or dates
            raise RuleError(f"field {self.field!r} holds text; compare it with a level or a field of text")
        if level not in self.levels:
            known = ", ".join(map(str, self.levels[:12]))
            raise RuleError(f"field {self.field!r} has no level {level!r}; it has {known}")
        return self.levels.index(level)


@dataclass(frozen=True)
class DateOperand:
    """A field of dates, as days since 1970."""

    days: np.ndarray


def count_completed_years(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Birthdays between two dates, given in days since 1970, as an age is counted (n,).

    Example:
        >>> count_completed_years(np.array([0.0, 0.0]), np.array([364.0, 365.0])).tolist()
        [0.0, 1.0]
    """
    (first, birthday), (last, day) = _split_date(start), _split_date(end)
    whole = last - first - (day < birthday)
    return np.where(np.isnan(start) | np.isnan(end), np.nan, whole)


def extract_year(days: np.ndarray) -> np.ndarray:
    """The year of a date, given in days since 1970 (n,)."""
    return np.where(np.isnan(days), np.nan, _split_date(days)[0] + 1970.0)


def _split_date(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The year of each day, and its place in the year as month and day, (n,) each."""
    dates = np.floor(np.nan_to_num(np.atleast_1d(days))).astype(np.int64).astype("datetime64[D]")
    years, months = dates.astype("datetime64[Y]"), dates.astype("datetime64[M]")
    month = (months - years.astype("datetime64[M]")).astype(int)
    return years.astype(int), month * 32 + (dates - months.astype("datetime64[D]")).astype(int)


def is_missing(cohort: Cohort, name: str) -> np.ndarray:
    """Which records lack a field, (n,) of booleans."""
    return cohort.columns[name].combine_chunks().is_null(nan_is_null=True).to_numpy(zero_copy_only=False)


def read_operand(cohort: Cohort, name: str) -> Any:  # noqa: ANN401 - numbers, dates or levels
    """A field as numbers (n,), as days, or as places among levels.

    Raises:
        RuleError: The field is of a kind that a rule cannot use.
    """
    kind, values = cohort.schema[name], cohort.columns[name].combine_chunks()
    match kind:
        case Number():
            return cohort[name]
        case Time():
            since = cohort[name].astype("datetime64[us]") - np.datetime64(0, "us")
            return DateOperand(np.where(np.isnat(since), np.nan, since / _ONE_DAY))
        case Category() if values.null_count == len(values):
            return np.full(len(values), np.nan)  # whatever its type: no value says what it is
        case Category() if not pa.types.is_string(values.type):
            return values.cast(pa.float64()).to_numpy(zero_copy_only=False)
        case Category():
            codes = pc.index_in(values, pa.array(kind.levels, pa.string())).fill_null(-1)
            return CategoryOperand(name, codes.to_numpy(zero_copy_only=False), kind.levels, kind.ordered)
    raise RuleError(f"field {name!r} is {kind.name}; a rule compares numbers, categories and times")


def align_operands(a: Any, b: Any, op: ast.cmpop, text: str) -> tuple[Any, Any]:  # noqa: ANN401 - any column
    """Both sides of a comparison as numbers.

    Raises:
        RuleError: They cannot be compared.
    """
    order = not isinstance(op, ast.Eq | ast.NotEq)
    if isinstance(a, CategoryOperand) or isinstance(b, CategoryOperand):
        return _align_levels(a, b, text, order=order)
    dates = isinstance(a, DateOperand) or isinstance(b, DateOperand)
    return tuple(_to_days(side, text) if dates else _require_number(side, text) for side in (a, b))  # pyright: ignore[reportReturnType]


def _align_levels(a: Any, b: Any, text: str, *, order: bool) -> tuple[Any, Any]:  # noqa: ANN401 - columns or constants
    if order and any(isinstance(side, CategoryOperand) and not side.ordered for side in (a, b)):
        raise RuleError(f"{text!r}: the levels have no order; declare ordered = true in schema.toml")
    if isinstance(a, CategoryOperand) and isinstance(b, CategoryOperand):
        if order and a.levels != b.levels:
            raise RuleError(f"{text!r}: the two fields do not have the same levels")
        place = np.array([*(a.levels.index(level) if level in a.levels else -2 for level in b.levels), -1])
        return a.codes, place[b.codes]
    return (
        (a.codes, a.find_position(b)) if isinstance(a, CategoryOperand) else (b.find_position(a), b.codes)
    )


def _to_days(side: Any, text: str) -> Any:  # noqa: ANN401 - a column or a constant
    if isinstance(side, DateOperand):
        return side.days
    if not isinstance(side, str):
        return _require_number(side, text)
    try:
        return (np.datetime64(side, "us") - np.datetime64(0, "us")) / _ONE_DAY
    except ValueError as error:
        raise RuleError(f"{text!r}: {side!r} is no date; write YYYY-MM-DD") from error


def _require_number(side: Any, text: str) -> Any:  # noqa: ANN401 - a column or a constant
    if isinstance(side, str):
        raise RuleError(f"{text!r}: {side!r} is text, and what it is compared with is a number")
    return side
