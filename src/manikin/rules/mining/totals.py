"""Totals: a number that is the sum of three or more others in every complete record, as scores are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.rules.derivation import Formula
from manikin.rules.expression import quote_field
from manikin.rules.mining.candidate import MIN_RECORDS
from manikin.rules.operands import read_operand
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.cohort.cohort import Cohort

_MAX_FIELDS = 150
_MAX_RECORDS = 2000
_MAX_COEFFICIENT_ERROR = 1e-4
_MIN_PARTS = 3


def find_totals(cohort: Cohort, free: Collection[str]) -> list[Formula]:
    """Sums of three or more numbers, or numbers less others, that give a field of `free`.

    Found by least squares on the complete records: each coefficient must come out as 1, -1 or 0.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> rng = np.random.default_rng(0)
        >>> items = {name: rng.integers(0, 5, 300) * 1.0 for name in ("eyes", "verbal", "motor")}
        >>> arrays = {**items, "total": sum(items.values())}
        >>> cohort = Cohort.from_arrays(arrays, dict.fromkeys(arrays, Number(step=1)))
        >>> [f"{formula.field} = {formula}" for formula in find_totals(cohort, ["total"])]
        ['total = eyes + verbal + motor']
    """
    names = [name for name in cohort.schema.scalar_fields if _can_be_part(cohort, name)]
    if not _MIN_PARTS < len(names) <= _MAX_FIELDS:
        return []
    x = np.column_stack([read_operand(cohort, name) for name in names])
    found = []
    for j in range(len(names) - 1, -1, -1):  # a total stands after its parts
        if names[j] in free and names[j] not in {name for formula in found for name in formula.operands}:
            found += _fit_total(names, x, j, {formula.field for formula in found})
    return found


def _can_be_part(cohort: Cohort, name: str) -> bool:
    kind, dtype = cohort.schema[name], cohort.columns[name].type
    number = isinstance(kind, Number) or (isinstance(kind, Category) and pa.types.is_integer(dtype))
    return number and cohort.columns[name].null_count < len(cohort) / 2


def _fit_total(names: list[str], x: np.ndarray, j: int, done: set[str]) -> list[Formula]:
    others = [i for i in range(len(names)) if i != j and names[i] not in done]
    seen = ~np.isnan(x[:, j])
    # Parts are missing where the total is: fields that cost many records are left out first.
    others = [i for i in others if np.isnan(x[seen, i]).mean() < 0.2]  # noqa: PLR2004 - a fifth
    rows = np.flatnonzero(seen & ~np.isnan(x[:, others]).any(axis=1))[:_MAX_RECORDS]
    if len(rows) < max(MIN_RECORDS, 2 * len(others)) or x[rows, j].std() == 0:
        return []
    scale = np.maximum(x[rows][:, others].std(axis=0), 1e-12)
    design = np.column_stack([x[rows][:, others] / scale, np.ones(len(rows))])
    weight, _, rank, _ = np.linalg.lstsq(design, x[rows, j], rcond=None)
    slopes = weight[:-1] / scale
    if rank < design.shape[1] and not _are_whole(slopes):
        return []
    signs = np.round(slopes).astype(int)
    if not _are_whole(slopes) or abs(signs).max(initial=0) != 1 or np.count_nonzero(signs) < _MIN_PARTS:
        return []
    return _build_formula(
        names, x, j, [(int(s), others[i]) for i, s in enumerate(signs) if s], float(weight[-1])
    )


def _are_whole(slopes: np.ndarray) -> bool:
    return bool((np.abs(slopes - np.round(slopes)) < _MAX_COEFFICIENT_ERROR).all())


def _build_formula(
    names: list[str], x: np.ndarray, j: int, parts: list[tuple[int, int]], shift: float
) -> list[Formula]:
    """The formula, if it holds in every complete record."""
    shift = float(f"{shift:.6g}") if abs(shift) > 1e-6 else 0.0  # noqa: PLR2004 - an error of arithmetic
    made = shift + sum(sign * x[:, i] for sign, i in parts)
    seen = ~np.isnan(made) & ~np.isnan(x[:, j])
    if seen.sum() < MIN_RECORDS or (np.abs(made - x[:, j])[seen] > 1e-6 * (1 + np.abs(x[seen, j]))).any():
        return []
    text = " ".join(f"{'+' if sign > 0 else '-'} {quote_field(names[i])}" for sign, i in parts)
    text = text.removeprefix("+ ") + (f" + {shift:g}".replace("+ -", "- ") if shift else "")
    return [Formula(names[j], text, support=int(seen.sum()))]
