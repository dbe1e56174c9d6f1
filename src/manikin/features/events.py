"""Events: a history as the visits that have each code, and how it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from manikin.cohort import histories
from manikin.cohort.histories import DEATH_CODE, Histories
from manikin.contracts.feature import Feature
from manikin.ehr import cooccurrence
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

N_FREQUENT, N_HASHED = 48, 16
"""Coordinates of the most frequent codes, one each, and of all others together."""

MIN_DEVIATION = 0.1
"""The least deviation by which a coordinate is scaled, so that rare codes do not decide a distance."""


@dataclass(frozen=True)
class Events(Feature):
    """In how many visits each of 48 frequent codes stands, the others hashed to 16 numbers, and the course.

    The course: visits, events, codes of a visit, days from first to last, gaps between visits, the share of
    codes that come again at the next visit, the share that are new, death, and how far measured values
    lie from their code's mean. What it cannot see: the order of visits, and rare codes one by one.

    Example:
        >>> import pyarrow as pa
        >>> from manikin.cohort.cohort import Cohort
        >>> from manikin.schema.kinds import Schema
        >>> bags = pa.table({"diagnoses": [["I10", "E11"], ["I10"], []]})
        >>> cohort = Cohort(bags, Schema(diagnoses=Codes()))
        >>> Events().fit(cohort)(cohort).shape
        (3, 30)
    """

    kinds: ClassVar[tuple[type, ...]] = (Codes,)
    version: ClassVar[str] = "events/1"

    fields: tuple[str, ...] = ()
    frequent_codes: tuple[tuple[str, ...], ...] = ()
    value_scales: tuple[dict[str, tuple[float, float]], ...] = ()
    centre: np.ndarray | None = None
    scale: np.ndarray | None = None

    def fit(self, cohort: Cohort) -> Events:
        """Learn the frequent codes, the scale of values and of each coordinate."""
        names = tuple(histories.list_history_fields(cohort.schema))
        found = [Histories.from_column(cohort.columns[name]) for name in names]
        bare = Events(
            names, tuple(_find_frequent_codes(h) for h in found), tuple(_fit_value_scales(h) for h in found)
        )
        x = bare.compute_numbers(cohort)
        return Events(
            names,
            bare.frequent_codes,
            bare.value_scales,
            x.mean(axis=0),
            np.maximum(x.std(axis=0), MIN_DEVIATION),
        )

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = self.compute_numbers(cohort)
        return x if self.centre is None else ((x - self.centre) / self.scale).astype(np.float32)

    def compute_numbers(self, cohort: Cohort) -> np.ndarray:
        """The numbers as they are, float32 (n, d)."""
        parts = [
            np.column_stack([_count_codes(found, own), _describe_course(found, values)])
            for name, own, values in zip(self.fields, self.frequent_codes, self.value_scales, strict=True)
            for found in [Histories.from_column(cohort.columns[name])]
        ]
        return np.concatenate(parts, axis=1).astype(np.float32)


def _find_frequent_codes(found: Histories) -> tuple[str, ...]:
    pairs = np.unique(np.stack([found.code, found.patient]), axis=1)[0]
    counts = np.bincount(pairs, minlength=len(found.codes))
    order = np.lexsort((found.codes.astype(str), -counts))[:N_FREQUENT]
    return tuple(found.codes[order].tolist())


def _fit_value_scales(found: Histories) -> dict[str, tuple[float, float]]:
    known = ~np.isnan(found.value)
    out: dict[str, tuple[float, float]] = {}
    names: list[str] = found.codes.tolist()
    for i in np.unique(found.code[known]).tolist():
        value = found.value[known & (found.code == i)]
        low, middle, high = np.quantile(value, (0.25, 0.5, 0.75))
        out[names[i]] = (float(middle), float((high - low) / 1.349 or value.std() or 1.0))
    return out


def _count_codes(found: Histories, own: tuple[str, ...]) -> np.ndarray:
    """Logarithms of how many visits have each code of its own, and signed sums of the others."""
    place = {name: i for i, name in enumerate(own)}
    marks = [_hash_code(name) for name in found.codes.tolist()]
    at = np.array(
        [place.get(name, len(own) + mark[0]) for name, mark in zip(found.codes, marks, strict=True)]
    )
    sign = np.array(
        [1.0 if name in place else mark[1] for name, mark in zip(found.codes, marks, strict=True)]
    )
    out = np.zeros((len(found), len(own) + N_HASHED))
    visits = np.unique(np.stack([found.visit_index, found.patient, found.code]), axis=1)
    if visits.shape[1]:
        np.add.at(out, (visits[1], at[visits[2]]), sign[visits[2]])
    return np.sign(out) * np.log1p(np.abs(out))


def _hash_code(name: str) -> tuple[int, float]:
    """A coordinate and a sign that depend on the name of a code alone (Weinberger et al. 2009)."""
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big")
    return number // 2 % N_HASHED, 1.0 if number % 2 else -1.0


def _describe_course(found: Histories, values: dict[str, tuple[float, float]]) -> np.ndarray:
    n, visits = len(found), found.visit_counts
    events = np.diff(found.start)
    span = np.zeros(n)
    np.maximum.at(span, found.patient, found.time)
    later = found.visit[found.is_visit_start] > 0
    gaps = np.log1p(found.days_between_visits[later])
    owner, again = cooccurrence.compute_persistence(found, len(found.codes) + 1)
    distinct = np.unique(np.stack([found.patient, found.code]), axis=1)[0]
    scale = np.array([values.get(name, (0.0, 1.0)) for name in found.codes.tolist()]).reshape(-1, 2)
    known = ~np.isnan(found.value)
    z = np.arcsinh((found.value[known] - scale[found.code[known], 0]) / scale[found.code[known], 1])
    dead = np.isin(found.code, np.flatnonzero(found.codes == DEATH_CODE))
    sizes = np.bincount(found.visit_index)
    columns: list[Any] = [
        np.log1p(visits),
        np.log1p(events),
        *_compute_moments(np.log1p(sizes), found.visit_patient, n),
        np.log1p(span),
        *_compute_moments(gaps, found.visit_patient[later], n),
        _compute_moments(again, owner, n)[0],
        np.bincount(distinct, minlength=n) / np.maximum(events, 1),
        np.bincount(found.patient, dead, minlength=n) > 0,
        *_compute_moments(z, found.patient[known], n),
    ]
    return np.column_stack(columns)


def _compute_moments(values: np.ndarray, owner: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation for each owner, 0 where there is none."""
    count = np.maximum(np.bincount(owner, minlength=n), 1)
    mean = np.bincount(owner, values, minlength=n) / count
    return mean, np.sqrt(np.maximum(np.bincount(owner, values**2, minlength=n) / count - mean**2, 0))


__plugin__ = Events
