"""What is learned from a panel: for every row what came before it, and whether another follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from manikin.panels.history_features import COUNT_FIELD, PatientHistories
from manikin.stats.subject_counts import MIN_CELL_SIZE

if TYPE_CHECKING:
    from manikin.panels.panel_rows import PanelRows
    from manikin.panels.row_encoding import RowEncoding

MIN_CERTAIN_PATIENTS = 20
"""Patients who all have another row after so many rows, or none, from whom on it is a rule."""


@dataclass(frozen=True)
class PanelTables:
    """Features of the rows so far, with the row that comes next, and with whether one comes.

    Args:
        features: Before each row but the first, each (m,).
        targets: These rows, encoded, each (m,).
        patients: Whose they are, (m,).
        stop_features: After each row, each (n,).
        is_last: Whether it is the last of its patient, (n,).
        stop_patients: Whose it is, (n,).
        gaps: Varying fields that are missing in some rows.
    """

    features: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]
    patients: np.ndarray
    stop_features: dict[str, np.ndarray]
    is_last: np.ndarray
    stop_patients: np.ndarray
    gaps: frozenset[str]

    @classmethod
    def build(cls, encoding: RowEncoding, rows: PanelRows, longest: int) -> Self:
        """The tables of the rows of all patients, of each the `longest` first ones."""
        gaps = frozenset(n for n in encoding.layout.varying if np.isnan(rows.values[n]).any())
        layout, sizes = encoding.layout, np.minimum(rows.sizes, longest)
        static = {name: rows.get_first_known(name) for name in layout.static}
        histories = PatientHistories.start(layout, encoding.schema, static, gaps, rows.count)
        x = np.column_stack([rows.values[name] for name in layout.varying])
        start = np.searchsorted(rows.patient, np.arange(rows.count))
        before, after, steps, whose, whose_stop, last = [], [], [], [], [], []
        for place in range(int(sizes.max(initial=0))):
            who = np.flatnonzero(sizes > place)
            now = x[start[who] + place]
            if place:
                before.append(histories.compute_features(who))
                steps.append(encoding.encode(histories, who, now))
                whose.append(who)
            histories.append(who, now)
            after.append(histories.compute_features(who))
            last.append(rows.sizes[who] == place + 1)
            whose_stop.append(who)
        return cls(
            _concatenate(before),
            _concatenate(steps),
            np.concatenate(whose),
            _concatenate(after),
            np.concatenate(last),
            np.concatenate(whose_stop),
            gaps,
        )

    def find_certain_ends(self) -> dict[int, bool]:
        """After how many rows every patient has another (False) or none (True), if twenty had so many."""
        count, found = self.stop_features[COUNT_FIELD].astype(int), {}
        for number in np.unique(count):
            ended = self.is_last[count == number]
            if len(ended) >= MIN_CERTAIN_PATIENTS and (ended.all() or not ended.any()):
                found[int(number)] = bool(ended.all())
        return found

    def compute_medians(self) -> dict[str, float]:
        """The median of each feature that was never missing before a row, nor after one."""
        return {
            name: float(np.median(values))
            for name, values in self.features.items()
            if not (np.isnan(values).any() or np.isnan(self.stop_features[name]).any())
        }


def choose_longest(sizes: np.ndarray) -> int:
    """The most rows that a synthetic patient is given: as many as five training patients have."""
    return int(np.sort(sizes)[-min(MIN_CELL_SIZE, len(sizes))])


def _concatenate(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
