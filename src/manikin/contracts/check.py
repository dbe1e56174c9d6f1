"""The contract of a check: a named test of clinical plausibility that needs no real data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from manikin.cohort.cohort import Cohort


@dataclass(frozen=True)
class Check:
    """A function from a cohort to one truth value per record, and where it comes from.

    It answers to `name`, `fields` and `holds(cohort)`, as a rule does, so the judge counts both alike.

    Args:
        holds: `(cohort) -> bool (n,)`; True: plausible.
        kind: The kind of field that it looks at; the judge asks it of cohorts with such a field.
        source: The standard or paper that it follows.
    """

    holds: Callable[[Cohort], np.ndarray]
    kind: type
    source: str

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.holds.__name__

    @property
    def fields(self) -> tuple[str, ...]:
        """No names of fields: it finds them by their kind."""
        return ()


def check(kind: type, source: str) -> Callable[[Callable[[Cohort], np.ndarray]], Check]:
    """Make a function a check.

    A module in `checks/` lists its checks as `__plugin__ = (first, second)`.

    Example:
        >>> import numpy as np
        >>> from manikin.schema.kinds import Signal
        >>> @check(Signal, "IEC 60601-2-25")
        ... def finite(cohort):
        ...     return np.isfinite(cohort["ecg"]).all(axis=(1, 2))
        >>> finite.name, finite.source
        ('finite', 'IEC 60601-2-25')
    """
    return lambda holds: Check(holds, kind, source)
