"""Planting: what a defect is made from, what it is, and training records among honest ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort


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


def taken(given: Planting) -> Cohort:
    """As many training records as there are honest ones."""
    n = len(given.honest)
    return given.train.take(given.rng.choice(len(given.train), n, replace=n > len(given.train)))


def leaked(given: Planting, leaks: Cohort, share: float) -> Cohort:
    """Honest records, of which this share has given way to others, two at least."""
    n = len(given.honest)
    count = min(max(2, round(share * n)), len(leaks), n)
    rows = np.arange(n)
    rows[given.rng.choice(n, count, replace=False)] = n + given.rng.choice(len(leaks), count, replace=False)
    both = pa.concat_tables([given.honest.columns, leaks.columns.cast(given.honest.columns.schema)])
    return replace(given.honest, columns=both).take(rows)
