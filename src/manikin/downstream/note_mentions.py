"""Mentions: which fields of a record its note spells out, beyond those of other records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.cohort import to_object_array
from manikin.cohort.scalar_matrix import normalize_level
from manikin.contracts.split import Sample, compute_per_record
from manikin.errors import Unsupported
from manikin.text.note_fields import read_notes
from manikin.text.tokenize import tokenize

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort


def _list_words(cohort: Cohort) -> np.ndarray:
    return to_object_array([frozenset(tokenize(text)) for text in read_notes(cohort)])


MIN_NOTES = 20  # notes whose record has a value, of fewer nothing is said
MAX_RECORDS = 1_000  # training records in which is looked
MIN_MENTION_LIFT = 0.05
"""Share of training notes that name their own value rather than another's, for a field to be asked for."""


def find_mentioned_fields(train: Sample) -> list[int]:
    """The fields whose own values training notes spell out more often than those of others.

    Raises:
        Unsupported: There is none.
    """
    few = train.take(np.arange(len(train))[:: max(1, len(train) // MAX_RECORDS)])
    names = train.fields.names
    fields = [j for j in range(len(names)) if names[j] in train.source_cohort.schema]
    lifts = compute_mention_lifts(few, fields)
    found = [j for j, lift in zip(fields, lifts, strict=True) if lift >= MIN_MENTION_LIFT]
    if not found:
        raise Unsupported("the notes name no value of their records")
    return found


def compute_mention_lifts(sample: Sample, fields: list[int]) -> list[float]:
    """How much more often notes spell out the values of their own record, for each of some fields."""
    said = compute_per_record(sample, _list_words)
    return [_compute_lift(said, _spell_values(sample, j)) for j in fields]


def _compute_lift(said: np.ndarray, values: list[list[str]]) -> float:
    """How much more often notes have the words of their own value than of the next record's."""
    known = [i for i, value in enumerate(values) if value]
    if len(known) < MIN_NOTES:
        return 0.0
    own = np.mean([said[i].issuperset(values[i]) for i in known])
    other = np.mean([said[i].issuperset(values[j]) for i, j in zip(known, np.roll(known, 1), strict=True)])
    return float(own - other)


def _spell_values(sample: Sample, j: int) -> list[list[str]]:
    """The words that spell the value of each record; none where it is missing."""
    levels: Any = sample.fields.levels[j]
    values = sample.table[:, j]
    if levels is None:
        return [[] if np.isnan(v) else [normalize_level(float(v))] for v in values]
    known = [tokenize(level) for level in levels] + [[]]
    return [[] if np.isnan(v) else known[min(int(v), len(levels))] for v in values]
