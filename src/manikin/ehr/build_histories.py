"""Events in any order as histories: visits are numbered, events sorted, and each kept once."""

from __future__ import annotations

import numpy as np

from manikin.cohort.histories import DEATH_CODE, VISIT_GAP_DAYS, Histories


def build_histories(
    place: np.ndarray,
    time: np.ndarray,
    visit: np.ndarray,
    code: np.ndarray,
    value: np.ndarray,
    names: np.ndarray,
    n: int,
) -> Histories:
    """Histories from events in any order: by patient, start of the visit, time and code, each once.

    Example:
        >>> found = build_histories(
        ...     np.zeros(3, int), np.array([5.0, 0, 0.5]), np.full(3, -1), np.arange(3), np.ones(3),
        ...     np.array(["a", "b", "c"], dtype=object), 1,
        ... )
        >>> found.code.tolist(), found.visit.tolist()
        ([1, 2, 0], [0, 0, 1])
    """
    label = _number_visits(place, time, visit)
    begin = np.full(label.max(initial=-1) + 1, np.inf)
    np.minimum.at(begin, label, time)
    dead = names[code] == DEATH_CODE
    spelling = np.argsort(np.argsort(names.astype(str), kind="stable"))[code]
    order = np.lexsort((spelling, dead, time, label, begin[label], place))
    place, time, label, code, value = (x[order] for x in (place, time, label, code, value))
    same = np.zeros(len(code), dtype=bool)
    same[1:] = np.all([np.diff(x) == 0 for x in (place, time, label, code)], axis=0)
    place, time, label, code, value = (x[~same] for x in (place, time, label, code, value))
    start = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=n))])
    used, code = np.unique(code, return_inverse=True)
    return Histories(start, time, label, code, value, names[used]).select_events(
        np.ones(len(code), dtype=bool)
    )


def _number_visits(place: np.ndarray, time: np.ndarray, visit: np.ndarray) -> np.ndarray:
    """A number for each visit; events of none belong to the one they fall into, or part after a day."""
    keys, label = np.unique(np.stack([place, visit]), axis=1, return_inverse=True)
    low, high = np.full(keys.shape[1], np.inf), np.full(keys.shape[1], -np.inf)
    np.minimum.at(low, label, time)
    np.maximum.at(high, label, time)
    known = np.flatnonzero(keys[1] >= 0)
    order = known[np.lexsort((low[known], keys[0][known]))]
    free = np.flatnonzero(visit < 0)
    free = free[np.lexsort((time[free], place[free]))]
    if len(order) and len(free):
        spans = np.stack([keys[0][order], low[order]])
        at = _find_last_before(spans, np.stack([place[free], time[free]]))
        mine = order[np.maximum(at, 0)]
        inside = (at >= 0) & (keys[0][mine] == place[free]) & (time[free] <= high[mine])
        label[free[inside]] = mine[inside]
        free = free[~inside]
    parts = np.ones(len(free), dtype=bool)
    parts[1:] = (np.diff(place[free]) != 0) | (np.diff(time[free]) > VISIT_GAP_DAYS)
    label[free] = keys.shape[1] + np.cumsum(parts) - 1
    return label


def _find_last_before(spans: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where the last (patient, time) of `spans` that is not after each wanted one stands; -1: nowhere."""
    both = np.concatenate([spans, wanted], axis=1)
    order = np.lexsort((np.arange(both.shape[1]), both[1], both[0]))
    before = np.cumsum(order < spans.shape[1]) - 1
    place = np.empty(both.shape[1], dtype=np.int64)
    place[order] = before
    return place[spans.shape[1] :]
