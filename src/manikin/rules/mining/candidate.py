"""A relation between fields that holds in all records, and how strongly it speaks for a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from manikin.rules.operands import DateOperand, read_operand
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    import numpy as np

    from manikin.cohort.cohort import Cohort

MIN_RECORDS = 50
"""Relations seen in fewer records are not proposed."""
FALSE_PROPOSAL_PROBABILITY = 1e-3
"""The chance allowed that independent fields would give even one proposal."""


@dataclass(frozen=True)
class RuleCandidate:
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


def read_quantities(cohort: Cohort) -> tuple[list[str], np.ndarray]:
    """The modelled numbers and times, times in days: their names and values (n, k), NaN where missing."""
    import numpy as np

    names = [name for name in cohort.schema.scalar_fields if isinstance(cohort.schema[name], Number | Time)]
    found: list[Any] = [read_operand(cohort, name) for name in names]
    arrays = [values.days if isinstance(values, DateOperand) else values for values in found]
    return names, np.stack(arrays, axis=1) if arrays else np.zeros((len(cohort), 0))
