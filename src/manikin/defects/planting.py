"""Planting: what a defect is made from, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from manikin.data.cohort import Cohort


class Planting(NamedTuple):
    """What a defect is made from.

    Args:
        honest: Records without defect.
        train: Records of patients who must not come out.
        label: The field that a model would predict; None: there is none.
        rng: Random numbers.
    """

    honest: Cohort
    train: Cohort
    label: str | None
    rng: np.random.Generator


class Defect(NamedTuple):
    """How records are spoilt, and on which axis it must show."""

    make: Callable[[Planting], Cohort]
    axis: str
