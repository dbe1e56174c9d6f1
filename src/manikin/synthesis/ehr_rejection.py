"""Plausible: diagnoses that no patient of some sex or age has are drawn again, and empty histories.

Networks learn from few examples that a man has no ovary, and forget it now and then; after few steps
they end many histories before anything happened. Where the training patients (nearly) all pass a check
of histories, those drawn shall pass it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.checks.ehr import anything_happened, codes_fit_age, codes_fit_sex
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.check import Check

HISTORY_CHECKS = (codes_fit_sex, codes_fit_age, anything_happened)
MAX_VIOLATION_SHARE = 0.001
"""Share of training patients below which those who break a check are errors of coding."""


def record_passed_checks(train: Cohort, target: Sequence[str]) -> dict[str, Any]:
    """Which checks training patients pass, as a fact of a model of these fields; none without histories.

    Example:
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> toy = generate_toy_histories(50)
        >>> record_passed_checks(toy, ["history"]), record_passed_checks(toy, ["age"])
        ({'plausible': ['codes_fit_sex', 'codes_fit_age', 'anything_happened']}, {})
    """
    if not any(isinstance(train.schema[name], Codes) for name in target):
        return {}
    return {
        "plausible": [
            check.name for check in HISTORY_CHECKS if (~check.holds(train)).mean() < MAX_VIOLATION_SHARE
        ]
    }


def find_soft_checks(facts: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks that records of a model with these facts shall pass."""
    return tuple(check for check in HISTORY_CHECKS if check.name in facts.get("plausible", ()))
