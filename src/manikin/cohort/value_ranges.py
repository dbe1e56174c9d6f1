"""Ranges: between what values a quantity was seen, and how many levels hardly any patient has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.schema.kinds import IDENTITY_ROLES
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_distinct_subjects, index_subjects

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort


def find_range(cohort: Cohort, name: str) -> tuple[float, float] | None:
    """The lowest and highest value that five patients reach, so that neither is one person's.

    None where fewer than ten patients have a value, and of numbers that say who somebody is.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> find_range(Cohort.from_pandas(pd.DataFrame({"age": range(20, 80)})), "age")
        (24.0, 75.0)
    """
    column = cohort.columns[name]
    if cohort.schema[name].role in IDENTITY_ROLES:
        return None
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    values = np.asarray(column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(), dtype=float)
    known = np.isfinite(values)
    values, subject = values[known], cohort.subject[known]
    if len(np.unique(subject)) < 2 * MIN_CELL_SIZE:
        return None
    order = np.argsort(values, kind="stable")
    return _find_reached_value(values[order], subject[order]), _find_reached_value(
        values[order[::-1]], subject[order[::-1]]
    )


def _find_reached_value(values: np.ndarray, subject: np.ndarray) -> float:
    """The first of ordered values by which five subjects have been met."""
    _, first = np.unique(subject, return_index=True)
    return float(values[np.sort(first)[MIN_CELL_SIZE - 1]])


def count_rare_levels(cohort: Cohort, name: str) -> tuple[int, int]:
    """How many levels stand in fewer than five patients, and how many levels there are.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> sex = ["F", "M"] * 20 + ["other"]
        >>> count_rare_levels(Cohort.from_pandas(pd.DataFrame({"sex": sex})), "sex")
        (1, 3)
    """
    levels = cohort.columns[name].combine_chunks().dictionary_encode()
    codes = levels.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    counts = count_distinct_subjects(codes, index_subjects(cohort.subject), len(levels.dictionary))
    return int(np.sum((counts > 0) & (counts < MIN_CELL_SIZE))), int(np.sum(counts > 0))
