"""What one level implies about other fields: a level, a gap, a zero; and levels that follow from levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.rules.mining.candidate import CHANCE, ROWS, Candidate, spell
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_LEVELS = 20
_GROUPS = 50
_RARE = 0.02
_GAP = 0.1
"""Gaps rarer than this, or values rarer, follow from habits more often than from laws."""
_TOGETHER = 12
"""One level implies at most so many things in one rule."""


@dataclass(frozen=True)
class Fact:
    """Something that is true of some records.

    Args:
        field: Of which field.
        text: The fact as an expression.
        true: Where it is true, (n,).
        false: Where it is false, (n,); neither where the value is missing.
        forbids: What it rules out, as (field, value).
    """

    field: str
    text: str
    true: np.ndarray
    false: np.ndarray
    forbids: frozenset[tuple[str, Any]]


def _codes(cohort: Cohort) -> dict[str, np.ndarray]:
    """The places of levels, -1 where missing, of each category with at least two."""
    found = {}
    for name in cohort.schema.scalars:
        kind = cohort.schema[name]
        if isinstance(kind, Category) and 2 <= len(kind.levels) <= _GROUPS:  # noqa: PLR2004 - one is a constant
            values = cohort.columns[name].combine_chunks()
            codes = pc.index_in(values, pa.array(kind.levels, values.type)).fill_null(-1)
            found[name] = codes.to_numpy(zero_copy_only=False)
    return found


def _level_facts(cohort: Cohort, codes: dict[str, np.ndarray]) -> list[Fact]:
    facts = []
    for name, places in codes.items():
        levels = getattr(cohort.schema[name], "levels", ())
        for place, level in enumerate(levels if len(levels) <= _LEVELS else ()):
            if "`" in str(level):
                continue
            others = frozenset((name, other) for other in levels if other != level)
            known = places >= 0
            facts.append(
                Fact(
                    name, f"{spell(name)} == {level!r}", places == place, known & (places != place), others
                )
            )
    return facts


def _gap_facts(cohort: Cohort) -> list[Fact]:
    facts = []
    for name in cohort.schema.scalars:
        values = cohort.columns[name]
        if _GAP < values.null_count / len(cohort) < 1 - _GAP:
            gap = values.combine_chunks().is_null().to_numpy(zero_copy_only=False)
            text = f"missing({spell(name)})"
            present = getattr(cohort.schema[name], "levels", ("a value",))
            facts += [
                Fact(name, text, gap, ~gap, frozenset((name, level) for level in present)),
                Fact(name, f"not {text}", ~gap, gap, frozenset({(name, "no value")})),
            ]
    return facts


def _zero_facts(cohort: Cohort) -> list[Fact]:
    facts = []
    for name in cohort.schema.scalars:
        if isinstance(cohort.schema[name], Number):
            values = cohort[name]
            zero = values == 0
            if 0.05 < zero.mean() < 0.95:  # noqa: PLR2004 - often, and not always
                other = ~zero & ~np.isnan(values)
                facts.append(Fact(name, f"{spell(name)} == 0", zero, other, frozenset({(name, "not 0")})))
    return facts


def implications(cohort: Cohort, sample: np.ndarray) -> list[Candidate]:
    """What follows from a frequent level of a category, in all records.

    Args:
        cohort: The records.
        sample: Some of their positions, (s,); only what holds there is looked at closely.
    """
    codes = _codes(cohort)
    levels = _level_facts(cohort, codes)
    causes = [
        fact for fact in levels if fact.true.sum() >= max(ROWS, _RARE * len(cohort)) and fact.false.any()
    ]
    effects = [*levels, *_gap_facts(cohort), *_zero_facts(cohort)]
    effects = [fact for fact in effects if fact.false.mean() >= _RARE and fact.true.any()]
    if not causes or not effects:
        return []
    follows = {(b, a) for a, b in _determined(codes)} | _determined(codes)
    when = np.stack([fact.true for fact in causes])
    broken = np.stack([fact.false for fact in effects])
    none = when[:, sample].astype(np.float32) @ broken[:, sample].T.astype(np.float32) == 0
    tests = max(none.size, 1)
    found = {i: _implied(causes[i], effects, none[i], follows, tests) for i in range(len(causes))}
    kept = {i: _own(i, when, found) for i in found}
    return [*_functions(cohort, codes), *_grouped(causes, effects, kept)]


def _implied(
    cause: Fact, effects: list[Fact], none: np.ndarray, follows: set[tuple[str, str]], tests: int
) -> dict[int, float]:
    """The effects that a cause implies, with their weights."""
    found = {}
    for k in np.flatnonzero(none):
        effect = effects[k]
        if effect.field == cause.field or (cause.field, effect.field) in follows:
            continue
        bound = int((cause.true & (effect.true | effect.false)).sum())
        if bound < ROWS or (cause.true & effect.false).any():
            continue
        base = effect.false.sum() / (effect.true.sum() + effect.false.sum())
        weight = -bound * float(np.log1p(-min(base, 1 - 1e-9)))
        if base >= _RARE and weight >= np.log(tests / CHANCE):
            found[int(k)] = weight
    return found


def _own(i: int, when: np.ndarray, found: dict[int, dict[int, float]]) -> dict[int, float]:
    """The effects of a cause that no wider cause has as well."""
    wider = [j for j in found if when[j].sum() > when[i].sum() and not (when[i] & ~when[j]).any()]
    return {k: weight for k, weight in found[i].items() if not any(k in found[j] for j in wider)}


def _grouped(causes: list[Fact], effects: list[Fact], kept: dict[int, dict[int, float]]) -> list[Candidate]:
    """One rule per cause; what an earlier rule already rules out is not said again."""
    ruled: set[frozenset[tuple[str, Any]]] = set()
    rules = []
    for i in sorted(kept, key=lambda i: (-len(kept[i]), -sum(kept[i].values()))):
        cause = causes[i]
        level = next(iter(_level(cause)))
        new = {}
        for k, weight in sorted(kept[i].items(), key=lambda item: -item[1])[:_TOGETHER]:
            pairs = {frozenset({level, other}) for other in effects[k].forbids}
            if not pairs <= ruled:
                new[k] = weight
                ruled |= pairs
        if new:
            text = " and ".join(effects[k].text for k in sorted(new))
            name = f"when {cause.text.replace('==', 'is').replace('`', '')}"
            rules.append(Candidate(name, text, int(cause.true.sum()), sum(new.values()), cause.text))
    return rules


def _level(fact: Fact) -> set[tuple[str, Any]]:
    """The level that a fact about a category states, as (field, value)."""
    import ast

    return {(fact.field, ast.literal_eval(fact.text.rsplit(" == ", 1)[1]))}


def _determined(codes: dict[str, np.ndarray]) -> set[tuple[str, str]]:
    """Pairs of categories of which the first, of three levels or more, settles the second."""
    found = set()
    for a, first in codes.items():
        for b, second in codes.items():
            if a != b and first.max() > second.max() > 0 and first.max() > 1 and _settles(first, second):
                found.add((a, b))
    return found


def _settles(first: np.ndarray, second: np.ndarray) -> bool:
    known = (first >= 0) & (second >= 0)
    if known.sum() < ROWS:
        return False
    a, b = first[known], second[known]
    table = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(
        -1, b.max() + 1
    )
    single = ((table > 0).sum(axis=1) <= 1).all()
    often = (table.sum(axis=1) >= 5).sum() > (table.sum(axis=1) > 0).sum() / 2  # noqa: PLR2004 - mostly well seen
    return bool(single and often and (table.sum(axis=0) / len(a)).max() < 1 - _RARE)


def _functions(cohort: Cohort, codes: dict[str, np.ndarray]) -> list[Candidate]:
    """Levels that follow from the finer levels of another field, such as a class from a group."""
    rules = []
    for a, b in sorted(_determined(codes)):
        first, second = codes[a], codes[b]
        fine, coarse = getattr(cohort.schema[a], "levels", ()), getattr(cohort.schema[b], "levels", ())
        parts = []
        for place, level in enumerate(coarse):
            inside = [fine[i] for i in np.unique(first[(second == place) & (first >= 0)])]
            if inside:
                members = (
                    f"== {inside[0]!r}" if len(inside) == 1 else f"in ({', '.join(map(repr, inside))})"
                )
                parts.append(f"({spell(b)} == {level!r}) == ({spell(a)} {members})")
        known = int(((first >= 0) & (second >= 0)).sum())
        rules.append(Candidate(f"{b} follows from {a}", " and ".join(parts), known, float("inf")))
    return rules
