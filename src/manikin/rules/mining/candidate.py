"""A relation between fields that holds in all records, and how strongly it speaks for a rule."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from manikin.cohort.cohort import Cohort

ROWS = 50
"""Relations seen in fewer records are not proposed."""
CHANCE = 1e-3
"""The chance allowed that independent fields would give even one proposal."""


@dataclass(frozen=True)
class Candidate:
    """A relation between fields.

    Args:
        name: What the rule would be called.
        expression: What holds.
        support: In how many records it was put to the test.
        weight: The negative logarithm of its chance if the fields were independent.
        when: The records that it binds; empty: all.
    """

    name: str
    expression: str
    support: int
    weight: float
    when: str = ""


def spell(field: str) -> str:
    """A field as an expression spells it.

    Example:
        >>> spell("d.time"), spell("mean radius"), spell("lambda")
        ('d.time', '`mean radius`', '`lambda`')
    """
    parts = field.split(".")
    plain = all(re.fullmatch(r"[A-Za-z_]\w*", part) and not keyword.iskeyword(part) for part in parts)
    return field if plain else f"`{field}`"


def quantities(cohort: Cohort) -> tuple[list[str], np.ndarray]:
    """The modelled numbers and times, times in days: their names and values (n, k), NaN where missing."""
    import numpy as np

    from manikin.rules.operands import Dates, column
    from manikin.schema.kinds import Number, Time

    names = [name for name in cohort.schema.scalars if isinstance(cohort.schema[name], Number | Time)]
    found: list[Any] = [column(cohort, name) for name in names]
    arrays = [values.days if isinstance(values, Dates) else values for values in found]
    return names, np.stack(arrays, axis=1) if arrays else np.zeros((len(cohort), 0))
