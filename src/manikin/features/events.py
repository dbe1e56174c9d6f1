"""Events: a history as the visits that have each code, and how it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from manikin.cohort import histories
from manikin.cohort.histories import DEATH, Histories
from manikin.contracts.feature import Feature
from manikin.ehr import cooccurrence
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

OWN, SHARED = 48, 16
"""Coordinates of the most frequent codes, one each, and of all others together."""

LEAST = 0.1
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

    names: tuple[str, ...] = ()
    own: tuple[tuple[str, ...], ...] = ()
    values: tuple[dict[str, tuple[float, float]], ...] = ()
    centre: np.ndarray | None = None
    scale: np.ndarray | None = None

    def fit(self, cohort: Cohort) -> Events:
        """Learn the frequent codes, the scale of values and of each coordinate."""
        names = tuple(histories.fields(cohort.schema))
        found = [Histories.of(cohort.columns[name]) for name in names]
        bare = Events(names, tuple(_frequent(h) for h in found), tuple(_scales(h) for h in found))
        x = bare.numbers(cohort)
        return Events(names, bare.own, bare.values, x.mean(axis=0), np.maximum(x.std(axis=0), LEAST))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = self.numbers(cohort)
        return x if self.centre is None else ((x - self.centre) / self.scale).astype(np.float32)

    def numbers(self, cohort: Cohort) -> np.ndarray:
        """The numbers as they are, float32 (n, d)."""
        parts = [
            np.column_stack([_codes(found, own), _course(found, values)])
            for name, own, values in zip(self.names, self.own, self.values, strict=True)
            for found in [Histories.of(cohort.columns[name])]
        ]
        return np.concatenate(parts, axis=1).astype(np.float32)


def _frequent(found: Histories) -> tuple[str, ...]:
    pairs = np.unique(np.stack([found.code, found.patient]), axis=1)[0]
    counts = np.bincount(pairs, minlength=len(found.codes))
    order = np.lexsort((found.codes.astype(str), -counts))[:OWN]
    return tuple(found.codes[order].tolist())


def _scales(found: Histories) -> dict[str, tuple[float, float]]:
    known = ~np.isnan(found.value)
    out: dict[str, tuple[float, float]] = {}
    names: list[str] = found.codes.tolist()
    for i in np.unique(found.code[known]).tolist():
        value = found.value[known & (found.code == i)]
        low, middle, high = np.quantile(value, (0.25, 0.5, 0.75))
        out[names[i]] = (float(middle), float((high - low) / 1.349 or value.std() or 1.0))
    return out


def _codes(found: Histories, own: tuple[str, ...]) -> np.ndarray:
    """Logarithms of how many visits have each code of its own, and signed sums of the others."""
    place = {name: i for i, name in enumerate(own)}
    marks = [_mark(name) for name in found.codes.tolist()]
    at = np.array(
        [place.get(name, len(own) + mark[0]) for name, mark in zip(found.codes, marks, strict=True)]
    )
    sign = np.array(
        [1.0 if name in place else mark[1] for name, mark in zip(found.codes, marks, strict=True)]
    )
    out = np.zeros((len(found), len(own) + SHARED))
    visits = np.unique(np.stack([found.place, found.patient, found.code]), axis=1)
    if visits.shape[1]:
        np.add.at(out, (visits[1], at[visits[2]]), sign[visits[2]])
    return np.sign(out) * np.log1p(np.abs(out))


def _mark(name: str) -> tuple[int, float]:
    """A coordinate and a sign that depend on the name of a code alone (Weinberger et al. 2009)."""
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big")
    return number // 2 % SHARED, 1.0 if number % 2 else -1.0


def _course(found: Histories, values: dict[str, tuple[float, float]]) -> np.ndarray:
    n, visits = len(found), found.visits
    events = np.diff(found.start)
    span = np.zeros(n)
    np.maximum.at(span, found.patient, found.time)
    later = found.visit[found.opens] > 0
    gaps = np.log1p(found.gap[later])
    owner, again = cooccurrence.persistence(found, len(found.codes) + 1)
    distinct = np.unique(np.stack([found.patient, found.code]), axis=1)[0]
    scale = np.array([values.get(name, (0.0, 1.0)) for name in found.codes.tolist()]).reshape(-1, 2)
    known = ~np.isnan(found.value)
    z = np.arcsinh((found.value[known] - scale[found.code[known], 0]) / scale[found.code[known], 1])
    dead = np.isin(found.code, np.flatnonzero(found.codes == DEATH))
    sizes = np.bincount(found.place)
    columns: list[Any] = [
        np.log1p(visits),
        np.log1p(events),
        *_moments(np.log1p(sizes), found.owner, n),
        np.log1p(span),
        *_moments(gaps, found.owner[later], n),
        _moments(again, owner, n)[0],
        np.bincount(distinct, minlength=n) / np.maximum(events, 1),
        np.bincount(found.patient, dead, minlength=n) > 0,
        *_moments(z, found.patient[known], n),
    ]
    return np.column_stack(columns)


def _moments(values: np.ndarray, owner: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation for each owner, 0 where there is none."""
    count = np.maximum(np.bincount(owner, minlength=n), 1)
    mean = np.bincount(owner, values, minlength=n) / count
    return mean, np.sqrt(np.maximum(np.bincount(owner, values**2, minlength=n) / count - mean**2, 0))


__plugin__ = Events
