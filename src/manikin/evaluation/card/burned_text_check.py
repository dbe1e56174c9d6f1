"""Text burned into the pictures that were learned: on the card, and held until a person has looked."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from manikin.imaging.analysis.burned_in_text import find_flagged_fields

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.card.results import EvaluationResults

BURNED_IN_KEY = "burned_in"
"""Under which a card holds what was found."""
FINDING_NAME = "burned_in_text"
"""The finding that holds a card whose training pictures may bear text."""
REMEDY = (
    'look at the training pictures; where none bears text, write burned_in = "none" under the field in '
    "their schema.toml and judge again; else blank it (manikin deidentify) and learn again"
)


def find_burned_text(train: Cohort) -> dict[str, dict[str, Any]]:
    """The fields of training pictures into which text may be burned: how many, of how many, and why."""
    return {name: asdict(found) for name, found in find_flagged_fields(train).items()}


def describe_burned_text(card: EvaluationResults) -> str:
    """Why a card is held, in counts of pictures; "" where it is not."""
    found = card.about.get(BURNED_IN_KEY) or {}
    parts = [f"{state['records']:,} of {state['of']:,} of {name!r}" for name, state in found.items()]
    if not parts:
        return ""
    said = "and nobody said that a person looked at them"
    return f"text may be burned into training pictures ({', '.join(parts)}), {said}"
