"""Irregular measurements on a regular grid: the mean of each cell, NaN where nothing was measured."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from manikin.core import arrow

if TYPE_CHECKING:
    from manikin.schema.kinds import Signal

SECONDS_PER_HOUR = 3600.0
_DEFAULT_CELLS, _MAX_CELLS = 48, 1000
_CELLS_PER_BLOCK = 1 << 22


@final
@dataclass(frozen=True)
class Measurements:
    """Measurements of all subjects.

    Args:
        subject: Whose, as numbers from 0, (n,).
        parameter: Of what, as numbers from 0, (n,).
        time: When, in seconds, (n,).
        value: How much, (n,).
    """

    subject: np.ndarray
    parameter: np.ndarray
    time: np.ndarray
    value: np.ndarray


def choose_time_grid(points: Measurements, kind: Signal) -> tuple[float, int]:
    """The seconds of a cell and how many there are: as declared, else hourly, of 48 hours at most.

    Series that span less than 8 hours get cells as long as the middle time between two measurements.
    """
    span = float(points.time.max(initial=0.0))
    step = (
        1 / kind.rate
        if kind.rate
        else SECONDS_PER_HOUR
        if span >= 8 * SECONDS_PER_HOUR
        else _compute_median_interval(points, span)
    )
    if kind.window:
        return step, max(1, round(kind.window / step))
    whole = int(np.ceil(span / step - 1e-9))
    return step, max(
        1, whole if kind.rate else min(whole, _DEFAULT_CELLS if step == SECONDS_PER_HOUR else _MAX_CELLS)
    )


def _compute_median_interval(points: Measurements, span: float) -> float:
    """The middle time between the measurements of a subject."""
    order = np.lexsort((points.time, points.subject))
    apart = np.diff(points.time[order])[np.diff(points.subject[order]) == 0]
    apart = apart[apart > 0]
    return float(np.median(apart)) if len(apart) else max(span, 1.0) / _DEFAULT_CELLS


def average_on_grid(
    points: Measurements, subjects: int, parameters: int, step: float, cells: int
) -> tuple[np.ndarray, str]:
    """Values on the grid, (subjects, parameters, cells), and a note on what that did.

    A measurement at the very end of the last cell belongs to it.
    """
    cell = np.floor(points.time / step + 1e-9).astype(np.int64)
    cell[(cell == cells) & (points.time <= cells * step * (1 + 1e-9))] = cells - 1
    inside = (cell >= 0) & (cell < cells)
    x = arrow.allocate_array((subjects, parameters, cells), np.float32)
    several = filled = 0
    order = np.argsort(points.subject, kind="stable")
    order = order[inside[order]]
    each = max(1, _CELLS_PER_BLOCK // (parameters * cells))
    bounds = np.searchsorted(points.subject[order], np.arange(0, subjects + each, each))
    for block, (first, last) in enumerate(itertools.pairwise(bounds)):
        rows, start = order[first:last], block * each
        size = (min(each, subjects - start), parameters, cells)
        place = ((points.subject[rows] - start) * parameters + points.parameter[rows]) * cells + cell[rows]
        count = np.bincount(place, minlength=int(np.prod(size)))
        total = np.bincount(place, weights=points.value[rows], minlength=int(np.prod(size)))
        mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        x[start : start + size[0]] = mean.reshape(size)
        several, filled = several + int((count > 1).sum()), filled + int((count > 0).sum())
    return x, _describe_grid(several, filled, x.size, int((~inside).sum()))


def _describe_grid(several: int, filled: int, size: int, outside: int) -> str:
    note = f"{1 - filled / max(size, 1):.1%} of the cells hold no measurement"
    if several:
        note += f"; {several / max(filled, 1):.1%} of the others ({several}) hold the mean of several"
    return note + (f"; {outside} measurements outside the grid are left out" if outside else "")
