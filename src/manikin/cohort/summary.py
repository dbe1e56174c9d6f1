"""What a cohort holds, field by field, in words; no value but levels, and ends that five patients reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.value_ranges import count_rare_levels, find_range
from manikin.schema.kinds import Category, Codes, Image, Kind, Number, Signal, Text, Time
from manikin.schema.remark import list_remarks

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_MAX_SHOWN_LEVELS = 6


@dataclass(frozen=True)
class FieldSummary:
    """One field as `manikin inspect` shows it.

    Args:
        field: Its name.
        kind: Its kind, "ordered" where levels have an order.
        detail: The unit, the possible range, the recording grid and the range that was seen (its ends are
            reached by five patients), or the levels.
        missing: The share of records without a value, 0 to 1.
        role: Its role; empty: none.
        notes: What was noticed on reading.
    """

    field: str
    kind: str
    detail: str
    missing: float
    role: str
    notes: tuple[str, ...]


def summarize_fields(cohort: Cohort) -> list[FieldSummary]:
    """One row per field, in the order of the columns.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> frame = pd.DataFrame({"sex": ["F", "M"] * 20, "weight_kg": [61.5, None, 72.0, 80.2] * 10})
        >>> for row in summarize_fields(Cohort.from_pandas(frame)):
        ...     print(row.field, "|", row.kind, "|", row.detail, "|", row.missing)
        sex | category | F, M | 0.0
        weight_kg | number | kg, at least 0, in steps of 0.1, seen 61.5 to 80.2 | 0.25
    """
    return [_summarize_field(cohort, name, kind) for name, kind in cohort.schema.items()]


def _summarize_field(cohort: Cohort, name: str, kind: Kind) -> FieldSummary:
    notes = tuple(remark.text for remark in list_remarks(cohort.notes, name))
    ordered = isinstance(kind, Category) and kind.ordered
    share = cohort.columns[name].null_count / max(len(cohort), 1)
    called = f"ordered {kind.name}" if ordered else kind.name
    seen = _describe_range(cohort, name) if isinstance(kind, Number) else ""
    detail = ", ".join(part for part in (_describe_values(kind), seen) if part)
    rare = _describe_rare_levels(cohort, name) if isinstance(kind, Category) else ()
    return FieldSummary(name, called, detail, share, kind.role or "", (*notes, *rare))


def _describe_range(cohort: Cohort, name: str) -> str:
    ends = find_range(cohort, name)
    return f"seen {ends[0]:g} to {ends[1]:g}" if ends else ""


def _describe_rare_levels(cohort: Cohort, name: str) -> tuple[str, ...]:
    """That levels are rare, in a sentence."""
    few, levels = count_rare_levels(cohort, name)
    if not few:
        return ()
    stands = "levels stands" if few == 1 else "levels stand"
    return (f"{few:,} of {levels:,} {stands} in fewer than five patients, who may be known by it",)


def _describe_values(kind: Kind) -> str:
    match kind:
        case Number():
            low = "" if kind.low is None else f"at least {kind.low:g}"
            high = "" if kind.high is None else f"at most {kind.high:g}"
            step = "" if kind.step is None else f"in steps of {kind.step:g}"
            return ", ".join(part for part in (kind.unit or "", low, high, step) if part)
        case Category():
            return _describe_levels(kind)
        case Time():
            return f"to the {kind.unit}" + (f", {kind.format}" if kind.format else "")
        case Codes():
            return kind.system or ""
        case Signal() | Image():
            return ", ".join(kind.channels)
        case Text():
            return ""


def _describe_levels(kind: Category) -> str:
    shown = ", ".join(str(level) for level in kind.levels[:_MAX_SHOWN_LEVELS])
    more = len(kind.levels) - _MAX_SHOWN_LEVELS
    return f"{shown}, and {more} more levels" if more > 0 else shown


def describe_sample(real: Cohort, synthetic: Cohort) -> str:
    """How many records there are, with a warning where patients with several became patients of one."""
    rows, made = (np.unique(side.subject, return_counts=True)[1] for side in (real, synthetic))
    count = f"{len(synthetic):,} synthetic records"
    if made.max(initial=1) > 1:
        return f"{count} of {len(made):,} patients"
    if rows.max(initial=1) == 1:
        return count
    low, high = int(rows.min()), int(rows.max())
    each = f"{low} rows each" if low == high else f"{low} to {high} rows each"
    return f"{count} (warning: {len(rows):,} subjects with {each}: these are single-row patients)"
