"""Histories: the timed events of many patients as flat arrays, and as one Arrow column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema.history_type import EVENT_TYPE, is_history_type
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from manikin.schema.kinds import Schema

BIRTH_CODE, DEATH_CODE = "MEDS_BIRTH", "MEDS_DEATH"
"""What MEDS calls birth and death (Medical Event Data Standard 0.4)."""

HIDDEN_CODE = "\0?"
"""Stands for the code of an event where it is not known; in a column it is null."""

VISIT_GAP_DAYS = 1.0
"""Days without an event that part two visits, where nothing else does."""


@final
@dataclass(frozen=True, eq=False)
class Histories:
    """The events of n patients, one after the other.

    Args:
        start: Where each patient's events start, and where the last ones end, (n + 1,).
        time: Days since the patient's first event, (m,).
        visit: The patient's visit, numbered from 0, (m,).
        code: Which of `codes`, (m,).
        value: What was measured, NaN where nothing was, (m,).
        codes: The vocabulary, (k,) of text.
        has_only_codes: Whether only codes are known: bags without times, visits and values.

    Example:
        >>> from manikin.schema.history_type import HISTORY_TYPE
        >>> events = [{"time": 0.0, "visit": 0, "code": "I10"}, {"time": 30.0, "visit": 1, "code": "E11"}]
        >>> found = Histories.from_column(pa.chunked_array([pa.array([events, []], HISTORY_TYPE)]))
        >>> len(found), found.codes[found.code].tolist(), found.visit_counts.tolist()
        (2, ['I10', 'E11'], [2, 0])
    """

    start: np.ndarray
    time: np.ndarray
    visit: np.ndarray
    code: np.ndarray
    value: np.ndarray
    codes: np.ndarray
    has_only_codes: bool = False

    @classmethod
    def from_column(cls, column: pa.ChunkedArray | pa.Array, *, hidden: bool = False) -> Histories:
        """The histories of a column; a missing one is empty, a list of codes is one visit.

        Args:
            column: Of histories, or of lists of codes.
            hidden: Whether an event may lack its code, which is `HIDDEN_CODE` then.

        Raises:
            SchemaError: An event lacks its code, and none may.
        """
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        whole = whole if isinstance(whole, pa.Array) else pa.array([], column.type)
        lengths = pc.list_value_length(whole).fill_null(0).to_numpy(zero_copy_only=False)
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        events, m = whole.flatten(), int(start[-1])
        bare = not pa.types.is_struct(events.type)
        named = events if bare else events.field("code")
        if named.null_count and not hidden:
            raise SchemaError(
                f"{named.null_count} events have no code; leave them out, or give them to a model of "
                "'masked' that has the history in target and condition: it finds them"
            )
        coded = named.fill_null(HIDDEN_CODE).dictionary_encode()
        code = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        names = np.array(coded.dictionary.to_pylist(), dtype=object)
        if bare:
            return cls(
                start,
                np.zeros(m),
                np.zeros(m, np.int64),
                code,
                np.full(m, np.nan),
                names,
                has_only_codes=True,
            )
        time, visit, value = (
            events.field(name).to_numpy(zero_copy_only=False) for name in ("time", "visit", "value")
        )
        return cls(start, time.astype(float), visit.astype(np.int64), code, value.astype(float), names)

    @property
    def column(self) -> pa.Array:
        """The histories as a column of Arrow."""
        codes = pa.DictionaryArray.from_arrays(
            pa.array(self.code, pa.int32()), pa.array(self.codes.tolist(), pa.string())
        )
        start = pa.array(self.start, pa.int32())
        text = codes.cast(pa.string())
        if HIDDEN_CODE in self.codes:
            text = pc.if_else(pc.equal(text, HIDDEN_CODE), pa.scalar(None, pa.string()), text)
        if self.has_only_codes:
            return pa.ListArray.from_arrays(start, text)
        fields = [
            pa.array(self.time, pa.float64()),
            pa.array(self.visit, pa.int32()),
            text,
            pa.array(self.value, pa.float64(), from_pandas=True),
        ]
        events = pa.StructArray.from_arrays(
            fields, fields=[EVENT_TYPE.field(i) for i in range(len(fields))]
        )
        return pa.ListArray.from_arrays(start, events)

    def __len__(self) -> int:
        return len(self.start) - 1

    @cached_property
    def patient(self) -> np.ndarray:
        """Whose each event is, (m,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @cached_property
    def is_visit_start(self) -> np.ndarray:
        """Which events are the first of a visit, (m,)."""
        first = np.ones(len(self.code), dtype=bool)
        first[1:] = (np.diff(self.patient) != 0) | (np.diff(self.visit) != 0)
        return first

    @cached_property
    def visit_index(self) -> np.ndarray:
        """The visit of each event, numbered from 0 over all patients, (m,)."""
        return np.cumsum(self.is_visit_start) - 1

    @property
    def visit_patient(self) -> np.ndarray:
        """Whose each visit is, (visits,)."""
        return self.patient[self.is_visit_start]

    @property
    def visit_counts(self) -> np.ndarray:
        """How many visits each patient has, (n,)."""
        return np.bincount(self.visit_patient, minlength=len(self))

    @property
    def days_between_visits(self) -> np.ndarray:
        """Days from the start of the visit before to that of each, 0 for first ones, (visits,)."""
        begin, first = self.time[self.is_visit_start], self.visit[self.is_visit_start] == 0
        return np.where(first, 0.0, np.maximum(np.diff(begin, prepend=0.0), 0.0))

    @property
    def days_between_events(self) -> np.ndarray:
        """Days since the event before in the same visit, 0 for first ones, (m,)."""
        return np.where(self.is_visit_start, 0.0, np.round(np.diff(self.time, prepend=0.0), 9))

    def recode(self, codes: np.ndarray) -> Histories:
        """The same events numbered by another vocabulary; -1 where it lacks a code."""
        place = {name: i for i, name in enumerate(codes.tolist())}
        index = np.array([place.get(name, -1) for name in self.codes.tolist()], dtype=np.int64)
        return replace(self, code=index[self.code] if len(index) else self.code, codes=codes)

    def take(self, rows: np.ndarray) -> Histories:
        """The patients at these positions."""
        counts = np.diff(self.start)[rows]
        start = np.concatenate([[0], np.cumsum(counts)])
        events = np.arange(start[-1]) + np.repeat(self.start[:-1][rows] - start[:-1], counts)
        time, visit, code, value = (x[events] for x in (self.time, self.visit, self.code, self.value))
        return replace(self, start=start, time=time, visit=visit, code=code, value=value)

    def select_events(self, kept: np.ndarray) -> Histories:
        """Only the events where the mask `kept` (m,) is true; visits are numbered anew."""
        start = np.concatenate([[0], np.cumsum(np.bincount(self.patient[kept], minlength=len(self)))])
        time, visit, code, value = (x[kept] for x in (self.time, self.visit, self.code, self.value))
        return replace(self, start=start, time=time, visit=visit, code=code, value=value).renumber_visits()

    def renumber_visits(self) -> Histories:
        """The same with the visits of each patient numbered from 0 without gaps."""
        place, owner = self.visit_index, self.visit_patient
        first = np.searchsorted(owner, np.arange(len(self)))
        return replace(self, visit=place - first[self.patient])


def is_repeated_event(found: Histories, time: np.ndarray | None) -> np.ndarray:
    """Which events repeat the code of one before of the same visit (and time)."""
    keys = [found.visit_index, found.code, *([time] if time is not None else [])]
    order = np.lexsort((np.arange(len(found.code)), *keys[::-1]))
    same = np.ones(len(order), dtype=bool)
    for key in keys:
        same[1:] &= np.diff(key[order]) == 0
    same[:1] = False
    out = np.zeros(len(order), dtype=bool)
    out[order] = same
    return out


def list_history_fields(schema: Schema) -> list[str]:
    """The modelled fields that are histories or bags of codes."""
    return [name for name in schema.modelled_fields if isinstance(schema[name], Codes)]


def extract_histories(columns: pa.Table, schema: Schema) -> Histories:
    """The first field of histories of a table."""
    return Histories.from_column(columns[list_history_fields(schema)[0]])


def to_event_arrays(column: pa.ChunkedArray) -> np.ndarray:
    """One array of events for each patient, its fields time, visit, code and value, (n,) of objects.

    A code that is not known is None. Of bags without times, one list of codes for each patient.
    """
    if not is_history_type(column.type):
        bags = np.empty(len(column), dtype=object)
        bags[:] = column.to_pylist()
        return bags
    found = Histories.from_column(column, hidden=True)
    named = np.array([None if code == HIDDEN_CODE else code for code in found.codes.tolist()], dtype=object)
    dtype = [("time", float), ("visit", int), ("code", object), ("value", float)]
    events = np.empty(len(found.code), dtype=dtype)
    for name, values in zip(
        ("time", "visit", "code", "value"),
        (found.time, found.visit, named[found.code], found.value),
        strict=True,
    ):
        events[name] = values
    out = np.empty(len(found), dtype=object)
    for i, (low, high) in enumerate(zip(found.start[:-1], found.start[1:], strict=True)):
        out[i] = events[low:high]
    return out
