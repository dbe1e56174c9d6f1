"""What is checked of training records before anything is learned from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.cohort.cohort import Cohort
from manikin.cohort.unclear_fields import raise_if_unclear
from manikin.errors import UsageError
from manikin.schema.inference.fallback_kinds import limit_missing_spellings
from manikin.synthesis.note_preparation import mark_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def prepare_training_records(
    train: Cohort | pd.DataFrame, target: str | Sequence[str] | None, condition: str | Sequence[str]
) -> Cohort:
    """The training records as a cohort, with the prose that is asked for as notes.

    Args:
        train: Records of people.
        target: The fields to model; None: all but those of the condition.
        condition: The fields that will be given.

    Raises:
        UsageError: Fewer than two records.
        SchemaError: A field that would be learned or given may tell persons apart.
    """
    train = train if isinstance(train, Cohort) else Cohort.from_pandas(train)
    if len(train) < 2:  # noqa: PLR2004 - one record has no distribution
        raise UsageError(f"{len(train)} training record: 2 are needed, and a few hundred to be of use")
    sides = [(side,) if isinstance(side, str) else tuple(side) for side in (target or (), condition)]
    raise_if_unclear(train, None if target is None else (*sides[0], *sides[1]))
    train = replace(train, schema=limit_missing_spellings(train.schema))
    return mark_notes(train, target, condition)
