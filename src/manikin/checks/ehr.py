"""Checks of histories: death comes last, time goes on, codes fit sex and age, nothing stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort import demographics
from manikin.cohort.histories import DEATH_CODE, Histories, is_repeated_event, list_history_fields
from manikin.contracts.check import check
from manikin.ehr import icd
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

KAHN_SOURCE = "Kahn et al. 2016, A harmonized data quality assessment framework: "
DAYS_PER_YEAR = 365.25
TIME_TOLERANCE = 1e-9  # days; less is an error of arithmetic
MIN_PREGNANCY_AGE, MAX_PREGNANCY_AGE, MAX_NEWBORN_AGE = 9, 60, 1.0
"""Years: of pregnant patients, and of newborns."""


@check(Codes, KAHN_SOURCE + "temporal plausibility")
def nothing_after_death(cohort: Cohort) -> np.ndarray:
    """Whether death is the last thing that happens to a patient."""

    def broken(found: Histories) -> np.ndarray:
        dead = np.isin(found.code, np.flatnonzero(found.codes == DEATH_CODE))
        last = np.full(len(found), np.inf)
        last[found.patient[dead]] = found.time[dead]
        later = found.time > last[found.patient] + TIME_TOLERANCE
        position = np.full(len(found), len(found.code))
        position[found.patient[dead]] = np.flatnonzero(dead)
        return later | (found.visit_index > _find_visits(found, position)[found.patient])

    return _has_valid_events(cohort, broken)


@check(Codes, KAHN_SOURCE + "temporal plausibility")
def time_goes_on(cohort: Cohort) -> np.ndarray:
    """Whether no visit begins before the one before it, and no event precedes one before it in a visit."""

    def broken(found: Histories) -> np.ndarray:
        back = np.diff(found.time, prepend=0.0) < -TIME_TOLERANCE
        begin = found.time[found.is_visit_start]
        early = (np.diff(begin, prepend=0.0) < -TIME_TOLERANCE) & (found.visit[found.is_visit_start] > 0)
        return (
            (back & ~found.is_visit_start)
            | (early[found.visit_index] & found.is_visit_start)
            | ~(found.time >= 0)
        )

    return _has_valid_events(cohort, broken)


@check(Codes, KAHN_SOURCE + "uniqueness")
def no_repeated_code(cohort: Cohort) -> np.ndarray:
    """Whether no code stands twice at the same time of a visit."""
    return _has_valid_events(cohort, lambda found: is_repeated_event(found, found.time))


@check(Codes, KAHN_SOURCE + "completeness")
def anything_happened(cohort: Cohort) -> np.ndarray:
    """Whether a patient has an event; of some data everybody has, since nobody else is in them."""
    holds = np.ones(len(cohort), dtype=bool)
    for name in list_history_fields(cohort.schema):
        holds &= np.diff(Histories.from_column(cohort.columns[name]).start) > 0
    return holds


@check(Codes, "ICD-10 (WHO) and ICD-9-CM: chapters of one sex")
def codes_fit_sex(cohort: Cohort) -> np.ndarray:
    """Whether no man has a diagnosis of women alone, and no woman one of men alone; by ICD."""
    sex = demographics.encode_sex(cohort)
    male, female = sex == 1, sex == 0

    def broken(found: Histories) -> np.ndarray:
        return (_is_about(found, "female") & male[found.patient]) | (
            _is_about(found, "male") & female[found.patient]
        )

    return _has_valid_events(cohort, broken)


@check(Codes, "ICD-10 (WHO) and ICD-9-CM: chapters of pregnancy and of the perinatal period")
def codes_fit_age(cohort: Cohort) -> np.ndarray:
    """Whether pregnancies fall between 9 and 60 years, and diagnoses of newborns into the first; by ICD."""
    first = demographics.read_ages(cohort)

    def broken(found: Histories) -> np.ndarray:
        now = first[found.patient] + found.time / DAYS_PER_YEAR
        pregnant, newborn = (
            _is_about(found, "pregnancy"),
            _is_about(found, "newborn") & ~_is_about(found, "pregnancy"),
        )
        return (pregnant & ((now < MIN_PREGNANCY_AGE) | (now > MAX_PREGNANCY_AGE))) | (
            newborn & (now > MAX_NEWBORN_AGE)
        )

    return _has_valid_events(cohort, broken)


def _is_about(found: Histories, whom: str) -> np.ndarray:
    return np.isin(
        found.code,
        [i for i, code in enumerate(found.codes.tolist()) if whom in icd.list_patient_groups(code)],
    )


def _find_visits(found: Histories, position: np.ndarray) -> np.ndarray:
    """The visit of each of these events; beyond all visits where there is none."""
    return np.append(found.visit_index, len(found.code))[position]


def _has_valid_events(cohort: Cohort, broken: Callable[[Histories], np.ndarray]) -> np.ndarray:
    """Whether no event of a patient is broken, over all fields of histories."""
    holds = np.ones(len(cohort), dtype=bool)
    for name in list_history_fields(cohort.schema):
        found = Histories.from_column(cohort.columns[name])
        holds[found.patient[broken(found)]] = False
    return holds


__plugin__ = (nothing_after_death, time_goes_on, no_repeated_code, codes_fit_sex, codes_fit_age)
