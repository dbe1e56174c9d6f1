"""What is known of a patient before the next row: the last values, those before, means, and time left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.schema.kinds import Category, Kind, Number, Schema, Time

if TYPE_CHECKING:
    from manikin.panels.layout import PanelLayout

COUNT_FIELD = "row (count)"
"""The name of the feature that counts the rows so far."""


@dataclass
class PatientHistories:
    """Summaries of the rows so far of k patients; rows are appended one for each patient at a time.

    Args:
        layout: Of the table.
        schema: Of the table.
        static: The static fields of the patients, each (k,).
        gaps: Varying fields that are missing in some rows, whose age is a feature.
        last: The last known value of each varying field, (k, fields).
        before: The known value before it.
        total: The sum of the known values.
        known: How many they are.
        since: The rows since the last known value.
        count: The rows so far, (k,).
    """

    layout: PanelLayout
    schema: Schema
    static: dict[str, np.ndarray]
    gaps: frozenset[str]
    last: np.ndarray
    before: np.ndarray
    total: np.ndarray
    known: np.ndarray
    since: np.ndarray
    count: np.ndarray

    @classmethod
    def start(
        cls,
        layout: PanelLayout,
        schema: Schema,
        static: dict[str, np.ndarray],
        gaps: frozenset[str],
        size: int,
    ) -> PatientHistories:
        """Patients without rows."""
        shape = (size, len(layout.varying))
        nothing, zero = np.full(shape, np.nan), np.zeros(shape)
        return cls(
            layout,
            schema,
            static,
            gaps,
            nothing,
            nothing.copy(),
            zero,
            zero.copy(),
            zero.copy(),
            np.zeros(size),
        )

    def append(self, who: np.ndarray, rows: np.ndarray) -> None:
        """One more row (m, varying fields) of each of some patients (m,)."""
        seen = ~np.isnan(rows)
        self.before[who] = np.where(seen, self.last[who], self.before[who])
        self.last[who] = np.where(seen, rows, self.last[who])
        self.total[who] += np.where(seen, rows, 0)
        self.known[who] += seen
        self.since[who] = np.where(seen, 0, self.since[who] + 1)
        self.count[who] += 1

    def compute_features(self, who: np.ndarray) -> dict[str, np.ndarray]:
        """The features of some patients (m,), each (m,); a level is its place among the levels."""
        found = {name: values[who] for name, values in self.static.items()}
        found[COUNT_FIELD] = self.count[who]
        mean = self.total[who] / np.where(self.known[who] > 0, self.known[who], np.nan)
        for j, name in enumerate(self.layout.varying):
            last, before = self.last[who, j], self.before[who, j]
            monotone = name in self.layout.monotone
            found[f"{name} (last)"] = last
            found[f"{name} (before)"] = last - before if monotone else before
            if not monotone and has_mean(self.schema[name]):
                found[f"{name} (mean)"] = mean[:, j]
            if name in self.gaps:
                found[f"{name} (rows since)"] = self.since[who, j]
            for other in self.layout.bounds.get(name, ()):
                found[f"{name} (left to {other})"] = self.static[other][who] - last
        return found

    @staticmethod
    def build_kinds(layout: PanelLayout, schema: Schema, gaps: frozenset[str]) -> dict[str, Kind]:
        """What the features are."""
        found: dict[str, Kind] = {name: schema[name] for name in layout.static}
        found[COUNT_FIELD] = Number(step=1)
        for name in layout.varying:
            kind: Any = schema[name]
            plain = (
                replace(kind, role=None, missing=(), static=False)
                if isinstance(kind, Category)
                else Number()
            )
            found[f"{name} (last)"] = found[f"{name} (before)"] = plain
            if name not in layout.monotone and has_mean(kind):
                found[f"{name} (mean)"] = Number()
            if name in gaps:
                found[f"{name} (rows since)"] = Number(step=1)
            for other in layout.bounds.get(name, ()):
                found[f"{name} (left to {other})"] = Number()
        return found


def has_mean(kind: Kind) -> bool:
    """Whether values of a kind have a mean: quantities, levels in an order, and two levels."""
    if isinstance(kind, Category):
        return kind.ordered or len(kind.levels) == 2  # noqa: PLR2004 - yes and no
    return not isinstance(kind, Time)
