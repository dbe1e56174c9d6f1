"""Persons: the age and the sex of each record, where fields are called so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.schema import column_names
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MALE_SPELLINGS, FEMALE_SPELLINGS = ("m", "male", "man"), ("f", "female", "woman")


def find_sex_field(cohort: Cohort) -> str | None:
    """The category that is called sex or gender."""
    found = (n for n in cohort.schema.scalar_fields if {"sex", "gender"} & set(column_names.split_name(n)))
    return next((n for n in found if isinstance(cohort.schema[n], Category)), None)


def find_age_field(cohort: Cohort) -> str | None:
    """The quantity that is called age."""
    found = (n for n in cohort.schema.scalar_fields if "age" in column_names.split_name(n))
    return next((n for n in found if isinstance(cohort.schema[n], Number)), None)


def encode_sex(cohort: Cohort) -> np.ndarray:
    """1 male, 0 female, NaN for all else, (n,).

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> sex = np.array(["M", "female", "?"], dtype=object)
        >>> encode_sex(Cohort.from_arrays({"sex": sex}, {"sex": Category()})).tolist()
        [1.0, 0.0, nan]
    """
    name = find_sex_field(cohort)
    out = np.full(len(cohort), np.nan)
    if name is not None:
        spelled = [str(value).lower() for value in cohort[name]]
        out[np.isin(spelled, MALE_SPELLINGS)], out[np.isin(spelled, FEMALE_SPELLINGS)] = 1.0, 0.0
    return out


def read_ages(cohort: Cohort) -> np.ndarray:
    """In the unit of the field, NaN where there is none, (n,)."""
    name = find_age_field(cohort)
    return np.full(len(cohort), np.nan) if name is None else cohort[name]
