"""How the rows of a patient follow one another, besides what models have learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from manikin.panels.layout import PanelLayout
from manikin.panels.row_encoding import RowEncoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.panels.panel_rows import PanelRows
    from manikin.panels.training_tables import PanelTables
    from manikin.schema.kinds import Schema


@dataclass(frozen=True)
class RowProcess:
    """What holds of the rows of all patients.

    Args:
        encoding: How rows become what is learned.
        gaps: Varying fields that are missing in some rows.
        medians: Of features that were never missing in training, for drawn patients that lack them.
        certain_ends: After how many rows every training patient has another (False), or none (True).
        longest: The most rows that a patient is given.
        mean_rows: How many rows training patients have on average.
        truncated: How many of them had more than the longest.
        lasting_identifiers: Identifiers with one value in a patient.
        is_sorted_by_order: Whether the file has the rows of all patients in their order, not patient by
            patient.
    """

    encoding: RowEncoding
    gaps: frozenset[str] = frozenset()
    medians: Mapping[str, float] = field(default_factory=dict)
    certain_ends: Mapping[int, bool] = field(default_factory=dict)
    longest: int = 1
    mean_rows: float = 1.0
    truncated: int = 0
    lasting_identifiers: tuple[str, ...] = ()
    is_sorted_by_order: bool = False

    @classmethod
    def find(
        cls, cohort: Cohort, rows: PanelRows, tables: PanelTables, encoding: RowEncoding, longest: int
    ) -> Self:
        """What the training rows show."""
        layout = encoding.layout
        hidden = [
            n for n in cohort.schema if n not in cohort.schema.modelled_fields and n != layout.subject
        ]
        return cls(
            encoding,
            tables.gaps,
            tables.compute_medians(),
            tables.find_certain_ends(),
            longest,
            float(np.minimum(rows.sizes, longest).mean()),
            int((rows.sizes > longest).sum()),
            tuple(name for name in hidden if _is_lasting(cohort, name)),
            _is_sorted_by_order(rows, layout.order),
        )

    @property
    def layout(self) -> PanelLayout:
        """How the table lies."""
        return self.encoding.layout

    @property
    def schema(self) -> Schema:
        """The fields of the table."""
        return self.encoding.schema

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON values; of training patients only what several have in common."""
        return {
            "layout": self.layout.to_dict(),
            "ticks": dict(self.encoding.ticks),
            "gaps": sorted(self.gaps),
            "medians": dict(self.medians),
            "certain_ends": [[count, ended] for count, ended in self.certain_ends.items()],
            "longest": self.longest,
            "mean_rows": round(self.mean_rows, 2),
            "truncated": self.truncated,
            "lasting_identifiers": list(self.lasting_identifiers),
            "is_sorted_by_order": self.is_sorted_by_order,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], schema: Schema, types: Mapping[str, pa.DataType]) -> Self:
        """The inverse of `to_dict`."""
        layout = PanelLayout.from_dict(state["layout"])
        return cls(
            RowEncoding(layout, schema, types, state["ticks"]),
            frozenset(state["gaps"]),
            state["medians"],
            {int(count): bool(ended) for count, ended in state["certain_ends"]},
            state["longest"],
            state["mean_rows"],
            state["truncated"],
            tuple(state["lasting_identifiers"]),
            state["is_sorted_by_order"],
        )


def _is_lasting(cohort: Cohort, name: str) -> bool:
    """Whether an identifier has one value in each subject."""
    column = cohort.columns[name].combine_chunks().dictionary_encode(null_encoding="encode").indices
    pairs = np.unique(np.stack([cohort.subject, column.to_numpy()]), axis=1)
    return len(np.unique(pairs[0])) == pairs.shape[1]


def _is_sorted_by_order(rows: PanelRows, order: str) -> bool:
    """Whether rows stand in their order across patients, and not patient by patient."""
    if not order or len(rows.patient) == rows.count:
        return False
    place = np.argsort(rows.source)
    patient, moment = rows.patient[place], rows.values[order][place]
    blocks = int((np.diff(patient) != 0).sum()) + 1
    return blocks > rows.count and bool((np.diff(moment) >= 0).all())
