"""Evidence: what stands on the card beside its scores; aggregated figures, never a real patient's row."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.data.digest import digest

if TYPE_CHECKING:
    from manikin.data.cohort import Cohort
    from manikin.evaluation.draws import Draws
    from manikin.evaluation.sides import Sides
    from manikin.metric import Question
    from manikin.rng import Key

SIDES = ("train", "holdout", "synthetic")


def about(
    cohorts: tuple[Cohort, ...], question: Question, seed: int, subsampled: list[str]
) -> dict[str, Any]:
    """Sizes, what was asked, fingerprints and versions."""
    sides = dict(zip(SIDES, cohorts, strict=True))
    return {
        "label": question.label,
        "subgroups": list(question.subgroups),
        "seed": seed,
        "fields": len(cohorts[0].schema),
        "records": {side: len(cohort) for side, cohort in sides.items()},
        "subjects": {side: len(np.unique(cohort.subject)) for side, cohort in sides.items()},
        "hashes": {side: digest(cohort) for side, cohort in sides.items()},
        "versions": {"manikin": version("manikin"), "python": platform.python_version()},
        "subsampled": subsampled,
    }


def plots(sides: Sides, draws: list[Draws], key: Key) -> dict[str, Any]:
    """Plain numbers to draw."""
    return {}


def tables(sides: Sides, key: Key) -> dict[str, Any]:
    """Plain."""
    return {}
