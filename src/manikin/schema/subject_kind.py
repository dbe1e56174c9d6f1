"""The kind of a field that says whose a record is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.schema.kinds import Number

if TYPE_CHECKING:
    from manikin.schema.kinds import Kind

SUBJECT_NUMBER = Number(step=1, role="subject")
"""Running numbers of subjects."""


def to_subject_kind(kind: Kind, dtype: pa.DataType) -> Kind:
    """The kind of a column of subjects, by its type: numbers have no unit and no range, all else stays.

    Example:
        >>> from manikin.schema.kinds import Text
        >>> to_subject_kind(Number(high=90), pa.int64()), to_subject_kind(Text(), pa.string()).role
        (Number(unit=None, low=None, high=None, step=1, role='subject', missing=(), censored=()), 'subject')
    """
    if pa.types.is_integer(dtype):
        return SUBJECT_NUMBER
    return Number(role="subject") if pa.types.is_floating(dtype) else replace(kind, role="subject")
