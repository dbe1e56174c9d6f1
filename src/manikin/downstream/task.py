"""Task: what a downstream model predicts, from which fields, and those fields as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.errors import Unsupported

if TYPE_CHECKING:
    from manikin.contracts.split import EvaluationOptions, Sample

MAX_CLASSES = 6  # of a label; rarer ones are one class together
MAX_LEVELS = 16  # of a category that stand apart in a linear model
N_BINS = 8  # of a quantity
MAX_CODES = 31  # levels of a category that stand apart in a table of counts; the rest share one row
OUTCOME_ROLES = ("time", "event", "label")  # known only afterwards: they predict nothing


@dataclass(frozen=True)
class Design:
    """Fields as the columns of a linear model; the scales are learned from real training records.

    Args:
        columns: The predictors, positions in `Sample.table`.
        levels: For each, the levels that have a column of their own; None: a quantity.
        centre: The median of each.
        scale: A robust deviation of each, never zero.
        edges: The inner edges of the bins of each quantity, shape (7, p).
    """

    columns: tuple[int, ...]
    levels: tuple[tuple[int, ...] | None, ...]
    centre: np.ndarray
    scale: np.ndarray
    edges: np.ndarray

    @classmethod
    def fit(cls, sample: Sample, columns: tuple[int, ...]) -> Design:
        """Learn scales, bins and frequent levels."""
        kinds = sample.fields.is_categorical
        table = sample.table[:, list(columns)]
        filled = np.where(np.isnan(table).all(axis=0), 0.0, table)
        edges = np.nanquantile(filled, np.arange(1, N_BINS) / N_BINS, axis=0)
        spread = np.nanstd(filled, axis=0)
        scale = np.where(edges[-2] > edges[1], (edges[-2] - edges[1]) / 1.349, spread)
        levels = tuple(
            _find_frequent_levels(table[:, i]) if kinds[j] else None for i, j in enumerate(columns)
        )
        return cls(columns, levels, edges[N_BINS // 2 - 1], np.where(scale > 0, scale, 1.0), edges)

    def encode(self, sample: Sample) -> np.ndarray:
        """Columns float64 (n, d) of order one, without NaN: what is missing has a column of its own."""
        blocks = [self._encode_column(sample.table[:, j], i) for i, j in enumerate(self.columns)]
        return np.column_stack(blocks).astype(float)

    def assign_bins(self, sample: Sample) -> np.ndarray:
        """Fields in classes of value, codes from 0 to CODES + 1, the last for what is missing, (n, p)."""
        placed = np.empty((len(sample), len(self.columns)), dtype=int)
        for i, j in enumerate(self.columns):
            values = sample.table[:, j]
            known = np.nan_to_num(values)
            codes = np.searchsorted(self.edges[:, i], known) if self.levels[i] is None else known
            placed[:, i] = np.where(np.isnan(values), MAX_CODES + 1, np.minimum(codes, MAX_CODES))
        return placed

    def _encode_column(self, values: np.ndarray, i: int) -> np.ndarray:
        absent, levels = np.isnan(values), self.levels[i]
        if levels is None:
            scaled = np.arcsinh((values - self.centre[i]) / self.scale[i])
            return np.column_stack([np.where(absent, 0.0, scaled), absent])
        return np.column_stack([values[:, None] == np.array(levels), absent])


@dataclass(frozen=True)
class Task:
    """What is predicted.

    Args:
        label: The field.
        column: Its position in `Sample.table`.
        classes: Its levels, as codes; the last stands for all others where there are more than
            six. Empty: it is a quantity.
        design: The fields that predict it.
    """

    label: str
    column: int
    classes: tuple[float, ...]
    design: Design

    def compute_outcome(self, sample: Sample) -> np.ndarray:
        """Places among the classes, or quantities, as float (n,); NaN where missing or unknown."""
        values = sample.table[:, self.column]
        if not self.classes:
            return values
        order = np.argsort(self.classes)
        place = np.searchsorted(np.array(self.classes)[order], values).clip(0, len(order) - 1)
        found = order[place].astype(float)
        other = float(len(self.classes) - 1) if len(self.classes) == MAX_CLASSES else np.nan
        hit = np.array(self.classes)[found.astype(int)] == values
        return np.where(np.isnan(values), np.nan, np.where(hit, found, other))

    def select_labelled(self, sample: Sample) -> tuple[Sample, np.ndarray]:
        """The records whose label is known, and their outcomes (as integers where they are classes)."""
        y = self.compute_outcome(sample)
        known = ~np.isnan(y)
        return sample.take(known), y[known].astype(int) if self.classes else y[known]


def build_task(train: Sample, question: EvaluationOptions) -> Task:
    """What the card is asked to predict, from all fields that are not outcomes themselves.

    Raises:
        Unsupported: There is no label, no predictor, or only one class.
    """
    label = question.label or train.source_cohort.schema.find_by_role("label")
    if label is None:
        raise Unsupported("no label to predict; name it with --label, or give a field the role label")
    if label not in train.fields.names:
        raise Unsupported(f"label {label!r} is no field of one value per record")
    column = train.fields.names.index(label)
    return Task(
        label, column, _find_classes(train, column), Design.fit(train, find_predictors(train, label))
    )


def find_predictors(train: Sample, label: str | None) -> tuple[int, ...]:
    """The fields that may predict: neither the label nor any other outcome (roles time, event, label)."""
    schema = train.source_cohort.schema
    found = tuple(
        j
        for j, name in enumerate(train.fields.names)
        if name != label and (name not in schema or schema[name].role not in OUTCOME_ROLES)
    )
    if not found:
        raise Unsupported("no field to predict from: all others are outcomes")
    return found


def _find_classes(train: Sample, column: int) -> tuple[float, ...]:
    values = train.table[:, column]
    levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(levels) < 2:  # noqa: PLR2004 - two classes
        raise Unsupported("the label has one value only among the training records")
    if train.fields.levels[column] is None:
        return tuple(levels.tolist()) if len(levels) == 2 else ()  # noqa: PLR2004 - two classes
    kept = levels[np.sort(np.argsort(-counts, kind="stable")[:MAX_CLASSES])]
    return tuple(kept.tolist())


def _find_frequent_levels(codes: np.ndarray) -> tuple[int, ...]:
    """The codes of the most frequent levels but the first, which the intercept stands for."""
    values, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    kept = values[np.argsort(-counts, kind="stable")[1:MAX_LEVELS]]
    return tuple(sorted(int(code) for code in kept))
