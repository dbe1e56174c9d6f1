"""Defects of histories: what holds from visit to visit is lost, patients come twice, or come out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.edit import replace_columns
from manikin.cohort.histories import DEATH_CODE, Histories, list_history_fields
from manikin.ehr import corrupt
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import Defect, DefectInput, inject_leaks
from manikin.schema import column_names
from manikin.schema.kinds import Category

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

LEAKED_SHARE, DUPLICATED_SHARE, EARLY_DEATH_SHARE, SWAPPED_SHARE = 0.05, 0.3, 0.05, 0.5
"""Shares of patients."""


def shuffle_visits(given: DefectInput) -> Cohort:
    """Every visit with the content of another patient's."""
    return _alter_histories(given, lambda found: corrupt.shuffle_visits(found, given.rng))


def truncate_histories(given: DefectInput) -> Cohort:
    """Only the first half of every history."""
    return _alter_histories(given, corrupt.truncate_histories)


def drop_events(given: DefectInput) -> Cohort:
    """Every other event of each visit is lost."""
    return _alter_histories(given, corrupt.drop_alternate_events)


def duplicate_patients(given: DefectInput) -> Cohort:
    """Three patients in ten are repeats of others."""
    n = len(given.cohort)
    rows, out = np.arange(n), given.rng.permutation(n)[: round(DUPLICATED_SHARE * n)]
    rows[out] = given.rng.choice(np.setdiff1d(rows, out), len(out))
    return given.cohort.take(rows)


def swap_sex(given: DefectInput) -> Cohort:
    """Half of the patients have the sex of another, and keep their diagnoses."""
    schema = given.cohort.schema
    found = (n for n in schema.scalar_fields if {"sex", "gender"} & set(column_names.split_name(n)))
    sex = next((n for n in found if isinstance(schema[n], Category)), None)
    if sex is None:
        raise UsageError("swapped_sex: no field is called sex or gender")
    n = len(given.cohort)
    rows, some = np.arange(n), given.rng.permutation(n)[: round(SWAPPED_SHARE * n)]
    rows[some] = given.rng.permutation(some)
    return replace_columns(given.cohort, {sex: given.cohort.columns[sex].take(pa.array(rows))})


def add_early_death(given: DefectInput) -> Cohort:
    """One patient in twenty dies at the start of the first visit, and goes on."""

    def risen(found: Histories) -> Histories:
        many = np.flatnonzero(np.diff(found.start) > 1)
        if not len(many):
            raise UsageError("events_after_death: nobody has two events")
        chosen = given.rng.choice(many, max(1, round(EARLY_DEATH_SHARE * len(many))), replace=False)
        codes = np.append(found.codes, DEATH_CODE).astype(object)
        code = found.code.copy()
        code[found.start[:-1][chosen]] = len(codes) - 1
        return replace(found, code=code, codes=codes)

    return _alter_histories(given, risen)


def leak_patients(given: DefectInput) -> Cohort:
    """Honest patients, of which one in twenty has given way to a training patient."""
    return inject_leaks(given, given.train, LEAKED_SHARE)


def _alter_histories(given: DefectInput, change: Callable[[Histories], Histories]) -> Cohort:
    cohort = given.cohort
    found = list_history_fields(cohort.schema)
    if not found:
        raise UsageError("there is no history that could be spoilt")
    return replace_columns(
        cohort, {name: corrupt.map_histories(cohort.columns[name], change) for name in found}
    )


HISTORY_DEFECTS = {
    "shuffled_visits": Defect(shuffle_visits, "fidelity"),
    "truncated_histories": Defect(truncate_histories, "fidelity"),
    "lost_events": Defect(drop_events, "fidelity"),
    "duplicated_patients": Defect(duplicate_patients, "diversity"),
    "swapped_sex": Defect(swap_sex, "clinical validity"),
    "events_after_death": Defect(add_early_death, "clinical validity"),
    "leaked_patients": Defect(leak_patients, "privacy"),
}
