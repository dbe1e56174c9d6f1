"""Rows of patients, sorted by patient and order, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort.edit import to_floats
from manikin.schema.kinds import Category

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see


@dataclass(frozen=True)
class PanelRows:
    """Rows sorted by patient and order, fields as numbers.

    Args:
        values: Each field as float64 (n,), NaN where missing; a level is its place among the levels, a time
            in microseconds since 1970.
        patient: Whose a row is, codes from 0, ascending, (n,).
        place: The number of the row among those of its patient, from 0, (n,).
        source: The position of each row in the cohort, (n,).
    """

    values: dict[str, np.ndarray]
    patient: np.ndarray
    place: np.ndarray
    source: np.ndarray

    @classmethod
    def from_cohort(cls, cohort: Cohort, order: str, fields: tuple[str, ...]) -> Self:
        """The rows of a cohort by patient and order; without order: the file's."""
        _, first, who = np.unique(cohort.subject, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=int)
        rank[np.argsort(first, kind="stable")] = np.arange(len(first))
        who = rank[who]
        moment = read_values(cohort, order) if order else np.zeros(len(cohort))
        source = np.lexsort((np.arange(len(cohort)), moment, who))
        patient = who[source]
        start = np.searchsorted(patient, np.arange(len(first)))
        place = np.arange(len(patient)) - start[patient]
        return cls({n: read_values(cohort, n)[source] for n in fields}, patient, place, source)

    @property
    def count(self) -> int:
        """How many patients there are."""
        return int(self.patient[-1]) + 1 if len(self.patient) else 0

    @property
    def sizes(self) -> np.ndarray:
        """How many rows each patient has, (patients,)."""
        return np.bincount(self.patient, minlength=self.count)

    def get_values(self, name: str) -> np.ndarray:
        """A field of all rows, (n,)."""
        return self.values[name]

    def compute_steps(self, name: str) -> np.ndarray:
        """From each known value of a patient to the next known one, (k,)."""
        known = ~np.isnan(self.values[name])
        values, patient = self.values[name][known], self.patient[known]
        return np.diff(values)[patient[1:] == patient[:-1]]

    def count_changing(self, name: str) -> int:
        """In how many patients a field has two values."""
        known = ~np.isnan(self.values[name])
        values, patient = self.values[name][known], self.patient[known]
        wrong = (patient[1:] == patient[:-1]) & (values[1:] != values[:-1])
        return len(np.unique(patient[1:][wrong]))

    def count_repeated(self, name: str) -> int:
        """In how many patients a field is known twice."""
        known = ~np.isnan(self.values[name])
        return int((np.bincount(self.patient[known], minlength=self.count) > 1).sum())

    def count_tied(self, name: str) -> int:
        """In how many patients two rows have the same value."""
        same = (np.diff(self.values[name]) == 0) & (self.patient[1:] == self.patient[:-1])
        return len(np.unique(self.patient[1:][same]))

    def get_first_known(self, name: str) -> np.ndarray:
        """The first known value of each patient, (patients,); NaN where there is none."""
        found = np.full(self.count, np.nan)
        known = np.flatnonzero(~np.isnan(self.values[name]))[::-1]
        found[self.patient[known]] = self.values[name][known]
        return found

    def get_last_known(self, name: str) -> np.ndarray:
        """The last known value of each patient, (patients,); NaN where there is none."""
        found = np.full(self.count, np.nan)
        known = np.flatnonzero(~np.isnan(self.values[name]))
        found[self.patient[known]] = self.values[name][known]
        return found


def read_values(cohort: Cohort, name: str) -> np.ndarray:
    """A field as float64 (n,), NaN where missing; a level as its place among the levels of the schema."""
    kind, column = cohort.schema[name], cohort.columns[name]
    if not isinstance(kind, Category):
        return to_floats(column.combine_chunks())
    index = pc.index_in(column.combine_chunks(), pa.array(list(kind.levels), type=column.type))
    return index.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)
