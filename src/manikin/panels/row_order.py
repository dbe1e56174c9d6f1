"""The field by which the rows of a patient are ordered: visit number, date, age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.panels.panel_rows import PanelRows
from manikin.schema.column_names import split_name
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MIN_KEPT_SHARE = 0.99
"""Of the patients with several rows, in whom the rows rise by the field that orders them."""

ORDER_WORDS = (
    frozenset(
        [
            "visit",
            "exam",
            "period",
            "cycle",
            "wave",
            "seq",
            "sequence",
            "session",
            "round",
            "occasion",
            "tour",
            "nr",
        ]
    ),
    frozenset(
        [
            "date",
            "datetime",
            "time",
            "timestamp",
            "day",
            "days",
            "week",
            "weeks",
            "month",
            "months",
            "year",
            "years",
            "hour",
            "hours",
        ]
    ),
    frozenset(["age"]),
)
"""Words in the names of fields that order rows, the strongest first."""


def find_order(cohort: Cohort) -> str:
    """The field by which the rows of a patient are ordered; empty: there is none.

    The field with the role "order"; else one that rises from row to row in nearly all patients, as the file
    has them; else one that is named so and distinct within nearly all. Of several the one named best.
    """
    if (declared := cohort.schema.find_by_role("order")) is not None:
        return declared
    names = [
        name
        for name in cohort.schema.modelled_fields
        if isinstance(cohort.schema[name], Number | Time) and cohort.columns[name].null_count == 0
    ]
    rows = PanelRows.from_cohort(cohort, "", tuple(names))
    several = int((rows.sizes > 1).sum())
    rises, distinct = [], []
    for name in names:
        wrong = (np.diff(rows.values[name]) <= 0) & (rows.patient[1:] == rows.patient[:-1])
        if len(np.unique(rows.patient[1:][wrong])) <= (1 - MIN_KEPT_SHARE) * several:
            rises.append(name)
        pairs = np.unique(np.stack([rows.patient, rows.values[name]]), axis=1)
        repeated = np.bincount(rows.patient, minlength=rows.count) - np.bincount(
            pairs[0].astype(int), minlength=rows.count
        )
        if (repeated > 0).sum() <= (1 - MIN_KEPT_SHARE) * several and rank_order_name(name) < len(
            ORDER_WORDS
        ):
            distinct.append(name)
    for found in (rises, distinct):
        if found:
            return min(found, key=lambda n: (rank_order_name(n), names.index(n)))
    return ""


def rank_order_name(name: str) -> int:
    """How well a name says that a field orders rows: 0 best.

    Example:
        >>> [rank_order_name(n) for n in ("visit_no", "exam date", "age", "bmi")]
        [0, 0, 2, 3]
    """
    words = {word.lower() for word in split_name(name)}
    return next((i for i, known in enumerate(ORDER_WORDS) if words & known), len(ORDER_WORDS))
