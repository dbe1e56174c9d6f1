"""Levels that fewer than five training patients have, and that synthetic records bear all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.kinds import IDENTITY_ROLES, Category
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_distinct_subjects, index_subjects

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MIN_SUBJECTS = 10
"""Of so few patients every level is rare."""


def describe_rare_levels(train: Cohort, synthetic: Cohort) -> list[str]:
    """One sentence for each category whose rare levels came out: how many, never which.

    Args:
        train: The records that the generator may have learned from.
        synthetic: Those that are judged, with the same fields.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> jobs = ["nurse"] * 20 + ["farmer"] * 20
        >>> train = Cohort.from_pandas(pd.DataFrame({"job": [*jobs, "bishop"]}))
        >>> describe_rare_levels(train, Cohort.from_pandas(pd.DataFrame({"job": ["nurse", "bishop"]})))
        ['job: 1 level that fewer than 5 training patients have stands in 1 of 2 synthetic records']
    """
    who = index_subjects(train.subject)
    if len(np.unique(train.subject)) < MIN_SUBJECTS:
        return []
    found = []
    for name, kind in train.schema.items():
        if isinstance(kind, Category) and kind.role not in IDENTITY_ROLES and name in synthetic.schema:
            levels, bearing = _count_rare_levels(train, synthetic, name, who)
            several = f"{levels} levels that" if levels > 1 else "1 level that"
            stand = "stand" if levels > 1 else "stands"
            if levels:
                found.append(
                    f"{name}: {several} fewer than {MIN_CELL_SIZE} training patients have {stand} in "
                    f"{bearing} of {len(synthetic)} synthetic records"
                )
    return found


def _count_rare_levels(
    train: Cohort, synthetic: Cohort, name: str, who: np.ndarray | None
) -> tuple[int, int]:
    """How many rare levels came out, and how many records bear one."""
    coded = train.columns[name].combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    people = count_distinct_subjects(codes, who, len(coded.dictionary))
    rare = coded.dictionary.filter(pa.array((people > 0) & (people < MIN_CELL_SIZE))).cast(pa.string())
    words = synthetic.columns[name].combine_chunks().cast(pa.string())
    bearing = words.filter(pc.is_in(words, rare))
    return len(bearing.unique()), len(bearing)
