"""Propose clinical rules: hard constraints that hold in all the data and are not trivial."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.core.seeds import Key
from manikin.rules.mining.arithmetic import arithmetic
from manikin.rules.mining.implications import implications
from manikin.rules.mining.orderings import orderings
from manikin.rules.rule import Rule

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.rules.mining.candidate import Candidate

_SAMPLE = 2000
_KEPT = 12
"""So many orderings, and so many implications, are proposed at most: the strongest."""


def propose(cohort: Cohort) -> list[Rule]:
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
        >>> [str(rule) for rule in propose(cohort)]
        ['diastolic < systolic']
    """
    sample = Key(0).child("propose").numpy().permutation(len(cohort))[:_SAMPLE]
    sums = arithmetic(cohort)
    pairs = _strongest(orderings(cohort, sample))
    implied = _strongest(implications(cohort, sample))
    return _unique([_rule(found) for found in (*sums, *pairs, *implied)])


def _strongest(found: list[Candidate]) -> list[Candidate]:
    return sorted(found, key=lambda candidate: -candidate.weight)[:_KEPT]


def _rule(found: Candidate) -> Rule:
    source = (
        f"holds in all {found.support} records that bear on it; proposed from the data, to be confirmed"
    )
    return Rule(found.name, found.expression, source, found.when, found.support)


def _unique(rules: list[Rule]) -> list[Rule]:
    """Rules with names that do not repeat."""
    seen: dict[str, int] = {}
    named = []
    for rule in rules:
        seen[rule.name] = seen.get(rule.name, 0) + 1
        named.append(rule if seen[rule.name] == 1 else replace(rule, name=f"{rule.name} {seen[rule.name]}"))
    return named
