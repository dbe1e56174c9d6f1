"""Histories made worse on purpose: floors of the judge and planted defects are made of these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.histories import HIDDEN, Histories

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa


def changed(column: pa.ChunkedArray | pa.Array, change: Callable[[Histories], Histories]) -> pa.Array:
    """A column of histories after a change, in its own type."""
    return change(Histories.of(column)).column


def codes_shuffled(found: Histories, rng: np.random.Generator) -> Histories:
    """Every event with the code and value of any other: visits and times kept, codes independent."""
    order = rng.permutation(len(found.code))
    return replace(found, code=found.code[order], value=found.value[order])


def visits_exchanged(found: Histories, rng: np.random.Generator) -> Histories:
    """Every visit with the content of any other, at its own time: nothing holds from visit to visit."""
    size = np.bincount(found.place)
    first = np.concatenate([[0], np.cumsum(size)])[:-1]
    content = rng.permutation(len(size))
    counts = size[content]
    ends = np.cumsum(counts)
    slot = np.repeat(np.arange(len(size)), counts)
    source = np.arange(len(slot)) - np.repeat(ends - counts, counts) + np.repeat(first[content], counts)
    begin = found.time[first]
    time = np.round(begin[slot] + found.time[source] - begin[content][slot], 9)
    start = np.concatenate([[0], np.cumsum(np.bincount(found.owner[slot], minlength=len(found)))])
    visit = found.visit[first][slot]
    code, value = found.code[source], found.value[source]
    return replace(found, start=start, time=time, visit=visit, code=code, value=value)


def uniform(found: Histories, rng: np.random.Generator, widen: float = 0.0) -> Histories:
    """Codes evenly from all there are; gaps and values evenly between the least and the greatest."""
    m = len(found.code)
    code = rng.integers(max(len(found.codes), 1), size=m)
    low, high = _span(found.value, widen)
    measured = np.isin(code, found.code[~np.isnan(found.value)])
    value = np.where(measured, rng.uniform(low, high, m), np.nan)
    gap = np.where(
        found.visit[found.opens] == 0, 0.0, rng.uniform(0, _span(found.gap, widen)[1], len(found.gap))
    )
    begin = np.cumsum(gap)
    begin -= begin[np.searchsorted(found.owner, found.owner)]
    time = np.round(begin[found.place] + found.time - found.time[found.opens][found.place], 9)
    return replace(found, time=time, code=code, value=value)


def cut_short(found: Histories, share: float = 0.5) -> Histories:
    """Only the first part of every history, at least one visit."""
    visits = np.maximum(1, np.round(found.visits * share))
    return found.where(found.visit < visits[found.patient])


def thinned(found: Histories) -> Histories:
    """Every other event of each visit is lost."""
    first = np.flatnonzero(found.opens)
    return found.where((np.arange(len(found.code)) - first[found.place]) % 2 == 0)


def continued(begun: Histories, drawn: Histories, visits: np.ndarray) -> Histories:
    """Given histories, and after them what was drawn beyond their `visits` (n,), at the drawn distances."""
    later = drawn.where(drawn.visit >= visits[drawn.patient])
    place = begun.visits[drawn.patient] - visits[drawn.patient]
    kept = drawn.visit >= visits[drawn.patient]
    shift = np.zeros(len(drawn))
    for found, sign in ((begun, 1), (drawn.where(~kept), -1)):
        last = np.zeros(len(drawn))
        last[found.patient[found.opens]] = found.time[found.opens]  # the last visit of each stays
        shift += sign * last
    codes = np.concatenate([begun.codes, drawn.codes])
    patient = np.concatenate([begun.patient, later.patient])
    time = np.concatenate([begun.time, np.round(later.time + shift[later.patient], 9)])
    visit = np.concatenate([begun.visit, (drawn.visit + place)[kept]])
    code = np.concatenate([begun.code, later.code + len(begun.codes)])
    value = np.concatenate([begun.value, later.value])
    order = np.lexsort((np.arange(len(patient)), visit, patient))
    start = np.concatenate([[0], np.cumsum(np.bincount(patient, minlength=len(begun)))])
    time, visit, code, value = (x[order] for x in (time, visit, code, value))
    return Histories(start, time, visit, code, value, codes, begun.bare)


def filled(begun: Histories, names: np.ndarray, code: np.ndarray, value: np.ndarray) -> Histories:
    """The same with codes in place of hidden ones, by time within visits: `code` (hidden,) of `names`."""
    rows = hidden(begun)
    codes, values = begun.code.copy(), begun.value.copy()
    codes[rows], values[rows] = len(begun.codes) + code, value
    return replace(begun, code=codes, value=values, codes=np.concatenate([begun.codes, names]))


def hidden(found: Histories) -> np.ndarray:
    """The events whose code is hidden, by visit and then time, (hidden,)."""
    rows = np.flatnonzero(np.isin(found.code, np.flatnonzero(found.codes == HIDDEN)))
    return rows[np.lexsort((found.time[rows], found.place[rows]))]


def _span(values: np.ndarray, widen: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 0.0
    low, high = float(known.min()), float(known.max())
    return low - widen * (high - low), high + widen * (high - low)
