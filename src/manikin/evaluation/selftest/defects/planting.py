"""Planting: what a defect is made from, what it is, and training records among honest ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort


class DefectInput(NamedTuple):
    """What a defect is made from.

    Args:
        cohort: Records without defect.
        train: Records of patients who must not come out.
        label: The field that a model would predict; None: there is none.
        rng: Random numbers.
    """

    cohort: Cohort
    train: Cohort
    label: str | None
    rng: np.random.Generator


class Defect(NamedTuple):
    """How records are spoilt, and on which axis it must show."""

    injector: Callable[[DefectInput], Cohort]
    axis: str


def copy_training_records(given: DefectInput) -> Cohort:
    """As many training records as there are honest ones."""
    n = len(given.cohort)
    return given.train.take(given.rng.choice(len(given.train), n, replace=n > len(given.train)))


def inject_leaks(given: DefectInput, leaks: Cohort, share: float) -> Cohort:
    """Honest records, of which this share has given way to others, two at least."""
    n = len(given.cohort)
    count = min(max(2, round(share * n)), len(leaks), n)
    rows = np.arange(n)
    rows[given.rng.choice(n, count, replace=False)] = n + given.rng.choice(len(leaks), count, replace=False)
    both = pa.concat_tables([given.cohort.columns, leaks.columns.cast(given.cohort.columns.schema)])
    return replace(given.cohort, columns=both).take(rows)
