"""Written: which fields of text are notes, and the notes of each record.

Names and numbers of persons are text too, and are never judged as notes. A note is a field of text that is
no identifier, or whose training values have several words.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.schema import column_names
from manikin.schema.kinds import Text
from manikin.text.tokenize import Running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

SURROGATE = re.compile(r"synthetic-\d{6,}")
WORDY, HIDDEN = 3, 8  # median words from which text is a note: of any field, of one said to identify
HALF = 0.5
NOTED: tuple[str | None, ...] = (None, "note")  # roles of text that is no identifier


def notes(schema: Schema) -> list[str]:
    """The fields that hold notes: text that identifies nobody."""
    return [name for name, kind in schema.items() if isinstance(kind, Text) and kind.role in NOTED]


def texts(cohort: Cohort) -> np.ndarray:
    """The notes of each record, fields with an empty line between them; "" where there are none, (n,)."""
    columns = [cohort.columns[name].to_pylist() for name in notes(cohort.schema)]
    out = np.full(len(cohort), "", dtype=object)
    if columns:
        out[:] = ["\n\n".join(filter(None, row)) for row in zip(*columns, strict=True)]
    return out


def running(cohort: Cohort) -> Running:
    """The notes of each record as one run of words."""
    return Running.of(texts(cohort).tolist())


def prose(cohort: Cohort) -> list[str]:
    """The fields of text whose values read as notes: of several words, and not called after persons."""
    return [name for name, kind in cohort.schema.items() if isinstance(kind, Text) and _reads(cohort, name)]


def surrogates(cohort: Cohort, name: str) -> bool:
    """Whether half of the values of a field are missing or surrogates, so that nothing is written there."""
    values = cohort.columns[name].to_pylist()
    return not values or bool(np.mean([not v or bool(SURROGATE.fullmatch(str(v))) for v in values]) > HALF)


def rewritten(column: pa.ChunkedArray, change: Callable[[Sequence[str]], list[str]]) -> pa.Array:
    """A column of text with what there is changed; what is missing stays so."""
    values = column.to_pylist()
    known = [i for i, value in enumerate(values) if value is not None]
    for i, text in zip(known, change([values[i] for i in known]), strict=True):
        values[i] = text
    return pa.array(values, type=column.type)


def changed(cohort: Cohort, change: Callable[[Sequence[str]], list[str]]) -> Cohort:
    """The cohort with all its notes changed."""
    fields = notes(cohort.schema)
    columns = {
        name: rewritten(column, change) if name in fields else column
        for name, column in zip(cohort.schema, cohort.columns.columns, strict=True)
    }
    return replace(cohort, columns=pa.table(columns))


def _reads(cohort: Cohort, name: str) -> bool:
    kind = cohort.schema[name]
    if kind.role not in (*NOTED, "identifier") or column_names.person(name):
        return False
    values = cohort.columns[name].drop_null().to_pylist()
    if not values or not all(isinstance(value, str) for value in values[:1]):
        return False
    median = np.median([len(value.split()) for value in values])
    return kind.role == NOTED[1] or bool(median >= (WORDY if kind.role is None else HIDDEN))
