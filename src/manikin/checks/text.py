"""Checks of notes: they name the age and the sex that stand beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort import demographics
from manikin.contracts.check import check
from manikin.schema.kinds import Text
from manikin.text import mentioned_demographics
from manikin.text.note_fields import texts

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

KAHN = "Kahn et al. 2016, A harmonized data quality assessment framework: relational conformance"
NEAR = 1.0  # years by which an age may be rounded, or a birthday lie between


@check(Text, KAHN)
def note_fits_age(cohort: Cohort) -> np.ndarray:
    """Whether the first age that a note names is that of its record, give or take a year."""
    named, known = mentioned_demographics.ages(texts(cohort).tolist()), demographics.ages(cohort)
    return ~(np.abs(named - known) > NEAR)


@check(Text, KAHN)
def note_fits_sex(cohort: Cohort) -> np.ndarray:
    """Whether a note speaks of a man or woman as its record does."""
    named, known = mentioned_demographics.sexes(texts(cohort).tolist()), demographics.sexes(cohort)
    return ~(np.abs(named - known) > 0)


__plugin__ = (note_fits_age, note_fits_sex)
