"""Words in which digits stand: dates, numbers among limits, and numbers that hide in text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.errors import SchemaError
from manikin.schema.inference import datetimes, dirty_numbers, numeric
from manikin.schema.inference.censoring import are_numbers_among_limits, read_limits
from manikin.schema.kinds import Number
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from manikin.schema.inference.columns import ColumnDescription, InferredColumn

_MAX_SHOWN_LIMITS = 6


def infer_column(column: ColumnDescription) -> InferredColumn | None:
    """Numbers among limits, or dates; None: the words are levels, or free text.

    Raises:
        SchemaError: Numbers with units, thousands marks or strays, or dates that are none; the message says
            what to do.
    """
    if column.is_spelled and are_numbers_among_limits(column.present, column.plain):
        return _infer_limited_numbers(column)
    if (moments := datetimes.infer_time_column(column.name, column.present)) is not None:
        return moments
    if (reason := dirty_numbers.explain_dirty_numbers(column.present)) is not None:
        raise SchemaError(f"field {column.name!r}: {reason}")
    return None


def _infer_limited_numbers(column: ColumnDescription) -> InferredColumn | None:
    """Numbers among limits, such as "<0.01": each beyond its limit, and written back as it came."""
    words, plain = column.present, column.plain
    finding = numeric.infer_numeric_column(column.name, words.broadcast(read_limits(words, plain)))
    if not isinstance(finding.kind, Number):
        return None
    censored = words.list_values(~plain)
    many = int(words.counts[~plain].sum())
    shown = ", ".join(censored[:_MAX_SHOWN_LIMITS])
    note = Remark(f"{many} values read as limits ({shown}), beyond which nothing is known", topic="values")
    return replace(finding, kind=replace(finding.kind, censored=censored), notes=(note, *finding.notes))
