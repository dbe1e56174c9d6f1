"""Columns beside notes that identify: which they are, and surrogates for them that agree with the notes."""

# ruff: noqa: E501

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.inference.textual import is_free_text
from manikin.schema.kinds import IDENTITY_ROLES, Category, Number, Text, Time
from manikin.schema.name_lists import read_names
from manikin.text.deid.detect import detect_identifiers
from manikin.text.deid.known_identifiers import split_name
from manikin.text.deid.truecase import fold_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind

_MIN_KIND_SHARE = 0.6  # of the values are of one kind
_KNOWN_NAMES = frozenset(fold_case(name) for name in read_names("women", "men", "families"))
_FULL_NAME = re.compile(r"[A-ZÀ-ÞŁØ][\w'’.-]*(?:,? [A-Za-zÀ-ÿŁØ][\w'’.-]*){1,3}")


class IdentifyingColumn(NamedTuple):
    """A column that identifies.

    Args:
        field: Its name.
        kind: What it holds: "name", "place", "address", "phone", "email", "url", "id", "date", "age".
    """

    field: str
    kind: str


def find_identifying_columns(cohort: Cohort, notes: Sequence[str] = ()) -> tuple[IdentifyingColumn, ...]:
    """The columns that identify by their role, their name or their values, other than notes and fields of time.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> frame = pd.DataFrame({"surname": ["Doe", "Roe"], "mrn": ["A55-123", "B77-456"], "x": [1.5, 2.5]})
        >>> [(column.field, column.kind) for column in find_identifying_columns(Cohort.from_pandas(frame))]
        [('surname', 'name'), ('mrn', 'id')]
    """
    found = (
        (name, _classify_column(cohort, name, kind))
        for name, kind in cohort.schema.items()
        if name not in notes
    )
    return tuple(IdentifyingColumn(name, kind) for name, kind in found if kind)


def _classify_column(cohort: Cohort, name: str, kind: Kind) -> str | None:  # noqa: PLR0911 - a list of looks
    column = cohort.columns[name]
    if isinstance(kind, Time) or kind.role in ("label", "note") or is_free_text(name, column):
        return None
    said = "_".join(column_names.split_name(name))
    if column_names.is_subject_id(name) and kind.role is None:
        return "id"
    if isinstance(kind, Number) and kind.role in IDENTITY_ROLES:
        return "id"
    if isinstance(kind, Number):
        return (
            "age"
            if _has_old_ages(name, column)
            else "id"
            if kind.role is None and said in ("mrn", "ssn")
            else None
        )
    if not isinstance(kind, Text | Category) or not (
        pa.types.is_string(column.type) or pa.types.is_integer(column.type)
    ):
        return None
    if column_names.may_name_person(name):
        return "name"
    by_name = column_names.find_identifier_kind(name)
    values = [str(value) for value in column.to_pylist() if value is not None][:200]
    if column_names.is_birth_date(name) and by_name is None:
        return "date"
    if by_name and (by_name != "id" or any(any(map(str.isdigit, value)) for value in values)):
        return by_name
    return _classify_values(values) or ("id" if kind.role in IDENTITY_ROLES else None)


def _has_old_ages(name: str, column: pa.ChunkedArray) -> bool:
    """Whether numbers are ages in years of which some are above 89."""
    oldest = (
        pc.max(column).as_py()
        if column_names.split_name(name)[-1:] == ("age",)
        or column_names.split_name(name) == ("age", "years")
        else None
    )
    return oldest is not None and 89 < oldest <= 125  # noqa: PLR2004 - 45 CFR 164.514(b)(2)(i)(C); months would be more


def _classify_values(values: list[str]) -> str | None:
    """What values are by themselves: each a telephone number, an address, or the name of a person."""
    if not values:
        return None
    kinds: Counter[str] = Counter()
    for value in values:
        spans = detect_identifiers(value)
        whole = [span.kind for span in spans if span.end - span.start == len(value.strip())]
        parts = [fold_case(word) for word in split_name(value)]
        named = (
            bool(_FULL_NAME.fullmatch(value))
            and len(parts) > 1
            and sum(part in _KNOWN_NAMES for part in parts) > 0
        )
        kinds.update({"name"} if named else whole)
    kind, hits = kinds.most_common(1)[0] if kinds else ("", 0)
    return (
        kind
        if kind in ("name", "phone", "email", "url", "address", "id")
        and hits >= _MIN_KIND_SHARE * len(values)
        else None
    )
