"""Notes of a cohort with the labels of their entities inline, and as spans beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.cohort.edit import replace_columns
from manikin.errors import SchemaError, UsageError
from manikin.schema.kinds import Text
from manikin.text.deid.detect import Span
from manikin.text.inline_tags import extract_tags, insert_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort


def tag_entities(cohort: Cohort, field: str, spans: Sequence[Sequence[tuple[int, int, str]]]) -> Cohort:
    """The cohort with the entities of a field of notes as tags in their texts.

    Args:
        cohort: Records.
        field: The notes.
        spans: For each record its entities: start, end (exclusive, in letters) and kind.

    Raises:
        SchemaError: The field is none of text.
        UsageError: Spans that do not fit the records; the message says which record.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> notes = Cohort.from_pandas(pd.DataFrame({"note": ["No fever.", None]}), {"note": Text()})
        >>> labelled = tag_entities(notes, "note", [[(3, 8, "symptom")], []])
        >>> labelled["note"][0], untag_entities(labelled, "note")[1]
        ('No <symptom>fever</symptom>.', [[Span(start=3, end=8, kind='symptom')], []])
    """
    texts = _read_notes(cohort, field)
    if len(spans) != len(texts):
        raise UsageError(f"field {field!r}: {len(texts)} records and {len(spans)} lists of spans")

    out = []
    for row, (text, listed) in enumerate(zip(texts, spans, strict=True)):
        try:
            out.append(None if text is None else insert_tags(text, [Span(*one) for one in listed]))
        except UsageError as error:
            raise UsageError(f"field {field!r}, record {row}: {error}") from error
    return replace_columns(cohort, {field: pa.array(out, cohort.columns[field].type)})


def untag_entities(cohort: Cohort, field: str) -> tuple[Cohort, list[list[Span]]]:
    """The cohort with plain notes, and the entities of each: the inverse of `tag_entities`.

    A tag that a model wrote without its other half is taken out and labels nothing.

    Raises:
        SchemaError: The field is none of text.
    """
    found = [(None, []) if text is None else extract_tags(text) for text in _read_notes(cohort, field)]
    plain = pa.array([text for text, _ in found], cohort.columns[field].type)
    return replace_columns(cohort, {field: plain}), [spans for _, spans in found]


def _read_notes(cohort: Cohort, field: str) -> list[str | None]:
    if not isinstance(cohort.schema.get(field), Text):
        texts = ", ".join(name for name, kind in cohort.schema.items() if isinstance(kind, Text)) or "none"
        raise SchemaError(f"{field!r}: no field of text; there are: {texts}")
    return cohort.columns[field].to_pylist()
