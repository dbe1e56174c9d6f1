"""Defects of histories: what holds from visit to visit is lost, patients come twice, or come out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.edit import altered
from manikin.cohort.histories import DEATH, Histories, fields
from manikin.ehr import corrupt
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import Defect, Planting, leaked
from manikin.schema import column_names
from manikin.schema.kinds import Category

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

LEAKED, DOUBLED, RISEN, SWAPPED = 0.05, 0.3, 0.05, 0.5  # shares of patients


def shuffled_visits(given: Planting) -> Cohort:
    """Every visit with the content of another patient's."""
    return _changed(given, lambda found: corrupt.visits_exchanged(found, given.rng))


def truncated_histories(given: Planting) -> Cohort:
    """Only the first half of every history."""
    return _changed(given, corrupt.cut_short)


def lost_events(given: Planting) -> Cohort:
    """Every other event of each visit is lost."""
    return _changed(given, corrupt.thinned)


def duplicated_patients(given: Planting) -> Cohort:
    """Three patients in ten are repeats of others."""
    n = len(given.honest)
    rows, out = np.arange(n), given.rng.permutation(n)[: round(DOUBLED * n)]
    rows[out] = given.rng.choice(np.setdiff1d(rows, out), len(out))
    return given.honest.take(rows)


def swapped_sex(given: Planting) -> Cohort:
    """Half of the patients have the sex of another, and keep their diagnoses."""
    schema = given.honest.schema
    found = (n for n in schema.scalars if {"sex", "gender"} & set(column_names.tokens(n)))
    sex = next((n for n in found if isinstance(schema[n], Category)), None)
    if sex is None:
        raise UsageError("swapped_sex: no field is called sex or gender")
    n = len(given.honest)
    rows, some = np.arange(n), given.rng.permutation(n)[: round(SWAPPED * n)]
    rows[some] = given.rng.permutation(some)
    return altered(given.honest, {sex: given.honest.columns[sex].take(pa.array(rows))})


def events_after_death(given: Planting) -> Cohort:
    """One patient in twenty dies at the start of the first visit, and goes on."""

    def risen(found: Histories) -> Histories:
        many = np.flatnonzero(np.diff(found.start) > 1)
        if not len(many):
            raise UsageError("events_after_death: nobody has two events")
        chosen = given.rng.choice(many, max(1, round(RISEN * len(many))), replace=False)
        codes = np.append(found.codes, DEATH).astype(object)
        code = found.code.copy()
        code[found.start[:-1][chosen]] = len(codes) - 1
        return replace(found, code=code, codes=codes)

    return _changed(given, risen)


def leaked_patients(given: Planting) -> Cohort:
    """Honest patients, of which one in twenty has given way to a training patient."""
    return leaked(given, given.train, LEAKED)


def _changed(given: Planting, change: Callable[[Histories], Histories]) -> Cohort:
    cohort = given.honest
    found = fields(cohort.schema)
    if not found:
        raise UsageError("there is no history that could be spoilt")
    return altered(cohort, {name: corrupt.changed(cohort.columns[name], change) for name in found})


HISTORIES = {
    "shuffled_visits": Defect(shuffled_visits, "fidelity"),
    "truncated_histories": Defect(truncated_histories, "fidelity"),
    "lost_events": Defect(lost_events, "fidelity"),
    "duplicated_patients": Defect(duplicated_patients, "diversity"),
    "swapped_sex": Defect(swapped_sex, "clinical validity"),
    "events_after_death": Defect(events_after_death, "clinical validity"),
    "leaked_patients": Defect(leaked_patients, "privacy"),
}
