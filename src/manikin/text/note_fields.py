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
from manikin.text.tokenize import TokenStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

SURROGATE_PATTERN = re.compile(r"synthetic-\d{6,}")
MIN_NOTE_WORDS, MIN_IDENTIFIER_WORDS = (
    3,
    8,
)  # median words from which text is a note: of any field, of one said to identify
MAX_SURROGATE_SHARE = 0.5
NOTE_ROLES: tuple[str | None, ...] = (None, "note")  # roles of text that is no identifier


def list_note_fields(schema: Schema) -> list[str]:
    """The fields that hold notes: text that identifies nobody."""
    return [name for name, kind in schema.items() if isinstance(kind, Text) and kind.role in NOTE_ROLES]


def read_notes(cohort: Cohort) -> np.ndarray:
    """The notes of each record, fields with an empty line between them; "" where there are none, (n,)."""
    columns = [cohort.columns[name].to_pylist() for name in list_note_fields(cohort.schema)]
    out = np.full(len(cohort), "", dtype=object)
    if columns:
        out[:] = ["\n\n".join(filter(None, row)) for row in zip(*columns, strict=True)]
    return out


def tokenize_notes(cohort: Cohort) -> TokenStream:
    """The notes of each record as one run of words."""
    return TokenStream.from_notes(read_notes(cohort).tolist())


def detect_note_fields(cohort: Cohort) -> list[str]:
    """The fields of text whose values read as notes: of several words, and not called after persons."""
    return [
        name
        for name, kind in cohort.schema.items()
        if isinstance(kind, Text) and _is_note_like(cohort, name)
    ]


def is_mostly_surrogates(cohort: Cohort, name: str) -> bool:
    """Whether half of the values of a field are missing or surrogates, so that nothing is written there."""
    values = cohort.columns[name].to_pylist()
    return not values or bool(
        np.mean([not v or bool(SURROGATE_PATTERN.fullmatch(str(v))) for v in values]) > MAX_SURROGATE_SHARE
    )


def rewrite_column(column: pa.ChunkedArray, change: Callable[[Sequence[str]], list[str]]) -> pa.Array:
    """A column of text with what there is changed; what is missing stays so."""
    values = column.to_pylist()
    known = [i for i, value in enumerate(values) if value is not None]
    for i, text in zip(known, change([values[i] for i in known]), strict=True):
        values[i] = text
    return pa.array(values, type=column.type)


def rewrite_notes(cohort: Cohort, change: Callable[[Sequence[str]], list[str]]) -> Cohort:
    """The cohort with all its notes changed."""
    fields = list_note_fields(cohort.schema)
    columns = {
        name: rewrite_column(column, change) if name in fields else column
        for name, column in zip(cohort.schema, cohort.columns.columns, strict=True)
    }
    return replace(cohort, columns=pa.table(columns))


def _is_note_like(cohort: Cohort, name: str) -> bool:
    kind = cohort.schema[name]
    if kind.role not in (*NOTE_ROLES, "identifier") or column_names.is_direct_identifier(name):
        return False
    values = cohort.columns[name].drop_null().to_pylist()
    if not values or not all(isinstance(value, str) for value in values[:1]):
        return False
    median = np.median([len(value.split()) for value in values])
    return kind.role == NOTE_ROLES[1] or bool(
        median >= (MIN_NOTE_WORDS if kind.role is None else MIN_IDENTIFIER_WORDS)
    )
