"""Which scalar of an archive of signals says whose they are, and which is their class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.schema.kinds import Category, Number, Schema, Signal
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_SUBJECT_NAMES = ("subject", "patient", "person", "record", "recording", "group")
_LABEL_NAMES = ("label", "labels", "y", "target", "class")


def assign_roles(cohort: Cohort, declared: Schema | None) -> Cohort:
    """The cohort with the usual names of archives of signals understood, where nothing is declared.

    `record`, `patient`, ... whose values repeat is the subject: cuts of one recording are not
    independent. `y`, `target`, ... is the label.
    """
    if not any(isinstance(kind, Signal) for kind in cohort.schema.values()):
        return cohort
    kinds, notes = dict(cohort.schema), []
    free = [name for name in kinds if name not in (declared or {})]
    person = next(
        (name for name in _SUBJECT_NAMES if name in free and _has_repeated_values(cohort, name)), None
    )
    if person and cohort.schema.find_by_role("subject") is None:
        kind = kinds[person]
        step = 1.0 if pa.types.is_integer(cohort.columns[person].type) else None
        kinds[person] = (
            Number(step=step, role="subject") if isinstance(kind, Number) else replace(kind, role="subject")
        )
        notes.append(Remark("taken for the subject; a split keeps its records together", person))
    label = next(
        (name for name in _LABEL_NAMES if name in free and isinstance(kinds[name], Category)), None
    )
    if label and cohort.schema.find_by_role("label") is None:
        kinds[label] = replace(kinds[label], role="label")
    return replace(cohort, schema=Schema(kinds)).add_notes(*notes)


def _has_repeated_values(cohort: Cohort, name: str) -> bool:
    """Whether a field has no more than half as many values as records, and more than one."""
    if not isinstance(cohort.schema[name], Number | Category) or cohort.columns[name].null_count:
        return False
    count = len(np.unique(cohort.columns[name].to_numpy()))
    return 1 < count <= len(cohort) / 2
