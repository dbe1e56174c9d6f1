"""Propose clinical rules: hard constraints that hold in all the data and are not trivial."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.core.seeds import Key
from manikin.rules.mining.arithmetic import mine_arithmetic
from manikin.rules.mining.implications import mine_implications
from manikin.rules.mining.orderings import mine_orderings
from manikin.rules.rule import Rule

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.rules.mining.candidate import RuleCandidate

_SAMPLE_SIZE = 2000
_MAX_PROPOSED = 12
"""So many orderings, and so many implications, are proposed at most: the strongest."""


def propose_rules(cohort: Cohort) -> list[Rule]:
    """Rules that hold in every record of a cohort, for a person to confirm.

    Orderings between akin quantities; sums, products and known formulas; what a level implies
    about other fields; levels that follow from others. Each must be most unlikely if the fields
    were independent (the chance of a single false proposal is kept below 0.001). It cannot tell
    a law from a habit of this data set: read them before use.

    Example:
        >>> import numpy as np
        >>> from manikin.schema.kinds import Number
        >>> rng = np.random.default_rng(0)
        >>> low = rng.normal(80, 10, 500).round()
        >>> arrays = {"diastolic": low, "systolic": low + rng.integers(5, 60, 500)}
        >>> from manikin.cohort.cohort import Cohort
        >>> cohort = Cohort.from_arrays(arrays, {name: Number(unit="mmHg", step=1) for name in arrays})
        >>> [str(rule) for rule in propose_rules(cohort)]
        ['diastolic < systolic']
    """
    sample = Key(0).child("propose").numpy().permutation(len(cohort))[:_SAMPLE_SIZE]
    sums = mine_arithmetic(cohort)
    pairs = _select_strongest(mine_orderings(cohort, sample))
    implied = _select_strongest(mine_implications(cohort, sample))
    return _rename_duplicates([_build_rule(found) for found in (*sums, *pairs, *implied)])


def _select_strongest(found: list[RuleCandidate]) -> list[RuleCandidate]:
    return sorted(found, key=lambda candidate: -candidate.weight)[:_MAX_PROPOSED]


def _build_rule(found: RuleCandidate) -> Rule:
    source = (
        f"holds in all {found.support} records that bear on it; proposed from the data, to be confirmed"
    )
    return Rule(found.name, found.expression, source, found.when, found.support)


def _rename_duplicates(rules: list[Rule]) -> list[Rule]:
    """Rules with names that do not repeat."""
    seen: dict[str, int] = {}
    named = []
    for rule in rules:
        seen[rule.name] = seen.get(rule.name, 0) + 1
        named.append(rule if seen[rule.name] == 1 else replace(rule, name=f"{rule.name} {seen[rule.name]}"))
    return named
