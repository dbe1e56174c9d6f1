"""Histories made worse on purpose: floors of the judge and planted defects are made of these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.histories import HIDDEN_CODE, Histories

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa


def map_histories(column: pa.ChunkedArray | pa.Array, change: Callable[[Histories], Histories]) -> pa.Array:
    """A column of histories after a change, in its own type."""
    return change(Histories.from_column(column)).column


def shuffle_codes(found: Histories, rng: np.random.Generator) -> Histories:
    """Every event with the code and value of any other: visits and times kept, codes independent."""
    order = rng.permutation(len(found.code))
    return replace(found, code=found.code[order], value=found.value[order])


def shuffle_visits(found: Histories, rng: np.random.Generator) -> Histories:
    """Every visit with the content of any other, at its own time: nothing holds from visit to visit."""
    size = np.bincount(found.visit_index)
    first = np.concatenate([[0], np.cumsum(size)])[:-1]
    content = rng.permutation(len(size))
    counts = size[content]
    ends = np.cumsum(counts)
    slot = np.repeat(np.arange(len(size)), counts)
    source = np.arange(len(slot)) - np.repeat(ends - counts, counts) + np.repeat(first[content], counts)
    begin = found.time[first]
    time = np.round(begin[slot] + found.time[source] - begin[content][slot], 9)
    start = np.concatenate([[0], np.cumsum(np.bincount(found.visit_patient[slot], minlength=len(found)))])
    visit = found.visit[first][slot]
    code, value = found.code[source], found.value[source]
    return replace(found, start=start, time=time, visit=visit, code=code, value=value)


def draw_uniform_histories(found: Histories, rng: np.random.Generator, widen: float = 0.0) -> Histories:
    """Codes evenly from all there are; gaps and values evenly between the least and the greatest."""
    m = len(found.code)
    code = rng.integers(max(len(found.codes), 1), size=m)
    low, high = _find_range(found.value, widen)
    measured = np.isin(code, found.code[~np.isnan(found.value)])
    value = np.where(measured, rng.uniform(low, high, m), np.nan)
    gap = np.where(
        found.visit[found.is_visit_start] == 0,
        0.0,
        rng.uniform(0, _find_range(found.days_between_visits, widen)[1], len(found.days_between_visits)),
    )
    begin = np.cumsum(gap)
    begin -= begin[np.searchsorted(found.visit_patient, found.visit_patient)]
    time = np.round(
        begin[found.visit_index] + found.time - found.time[found.is_visit_start][found.visit_index], 9
    )
    return replace(found, time=time, code=code, value=value)


def truncate_histories(found: Histories, share: float = 0.5) -> Histories:
    """Only the first part of every history, at least one visit."""
    visits = np.maximum(1, np.round(found.visit_counts * share))
    return found.select_events(found.visit < visits[found.patient])


def drop_alternate_events(found: Histories) -> Histories:
    """Every other event of each visit is lost."""
    first = np.flatnonzero(found.is_visit_start)
    return found.select_events((np.arange(len(found.code)) - first[found.visit_index]) % 2 == 0)


def append_continuation(begun: Histories, drawn: Histories, visits: np.ndarray) -> Histories:
    """Given histories, and after them what was drawn beyond their `visits` (n,), at the drawn distances."""
    later = drawn.select_events(drawn.visit >= visits[drawn.patient])
    place = begun.visit_counts[drawn.patient] - visits[drawn.patient]
    kept = drawn.visit >= visits[drawn.patient]
    shift = np.zeros(len(drawn))
    for found, sign in ((begun, 1), (drawn.select_events(~kept), -1)):
        last = np.zeros(len(drawn))
        last[found.patient[found.is_visit_start]] = found.time[
            found.is_visit_start
        ]  # the last visit of each stays
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
    return Histories(start, time, visit, code, value, codes, begun.has_only_codes)


def fill_hidden_codes(
    begun: Histories, names: np.ndarray, code: np.ndarray, value: np.ndarray
) -> Histories:
    """The same with codes in place of hidden ones, by time within visits: `code` (hidden,) of `names`."""
    rows = find_hidden_events(begun)
    codes, values = begun.code.copy(), begun.value.copy()
    codes[rows], values[rows] = len(begun.codes) + code, value
    return replace(begun, code=codes, value=values, codes=np.concatenate([begun.codes, names]))


def find_hidden_events(found: Histories) -> np.ndarray:
    """The events whose code is hidden, by visit and then time, (hidden,)."""
    rows = np.flatnonzero(np.isin(found.code, np.flatnonzero(found.codes == HIDDEN_CODE)))
    return rows[np.lexsort((found.time[rows], found.visit_index[rows]))]


def _find_range(values: np.ndarray, widen: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 0.0
    low, high = float(known.min()), float(known.max())
    return low - widen * (high - low), high + widen * (high - low)
