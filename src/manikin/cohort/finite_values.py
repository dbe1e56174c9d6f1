"""Extremes: values of signals and pictures that no instrument gives, found by field and record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.core import arrow
from manikin.errors import SchemaError
from manikin.schema.kinds import Image, Signal
from manikin.schema.limits import MAX_ABS_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from manikin.cohort.cohort import Cohort


def raise_if_extreme(cohort: Cohort, names: Iterable[str], side: str = "") -> None:
    """Check that signals and pictures hold no infinite value and none beyond 1e15; missing is NaN.

    Args:
        cohort: The records.
        names: The fields that are looked at; others than signals and pictures are passed over.
        side: What the records are called in the message.

    Raises:
        SchemaError: They do; the message names the field, the first such record and how many there are.
    """
    for name in names:
        if not isinstance(cohort.schema[name], Signal | Image) or (x := cohort[name]).dtype.kind != "f":
            continue
        axes = tuple(range(1, x.ndim))
        parts = [(np.abs(block) > MAX_ABS_VALUE).any(axis=axes) for block in arrow.iterate_blocks(x)]
        bad = np.flatnonzero(np.concatenate(parts)) if parts else np.zeros(0)
        if len(bad):
            message = (
                f"{f'{side}: ' if side else ''}field {name!r}: values that are infinite or beyond "
                f"{MAX_ABS_VALUE:g}, in {len(bad)} of {len(x):,} records, "
                f"first in record {bad[0]} (from 0); leave these records out, "
                "or mark the values as missing (NaN)"
            )
            raise SchemaError(message)
