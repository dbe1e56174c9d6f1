"""Checks of notes: they name the age and the sex that stand beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort import demographics
from manikin.contracts.check import check
from manikin.schema.kinds import Text
from manikin.text import mentioned_demographics
from manikin.text.note_fields import read_notes

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

KAHN_SOURCE = "Kahn et al. 2016, A harmonized data quality assessment framework: relational conformance"
AGE_TOLERANCE = 1.0  # years by which an age may be rounded, or a birthday lie between


@check(Text, KAHN_SOURCE)
def note_fits_age(cohort: Cohort) -> np.ndarray:
    """Whether the first age that a note names is that of its record, give or take a year."""
    named, known = (
        mentioned_demographics.extract_ages(read_notes(cohort).tolist()),
        demographics.read_ages(cohort),
    )
    return ~(np.abs(named - known) > AGE_TOLERANCE)


@check(Text, KAHN_SOURCE)
def note_fits_sex(cohort: Cohort) -> np.ndarray:
    """Whether a note speaks of a man or woman as its record does."""
    named, known = (
        mentioned_demographics.extract_sexes(read_notes(cohort).tolist()),
        demographics.encode_sex(cohort),
    )
    return ~(np.abs(named - known) > 0)


__plugin__ = (note_fits_age, note_fits_sex)
