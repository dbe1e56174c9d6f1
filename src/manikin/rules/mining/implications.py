"""What one level implies about other fields: a level, a gap, a zero; and levels that follow from levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.rules.expression import quote_field
from manikin.rules.mining.candidate import (
    FALSE_PROPOSAL_PROBABILITY,
    MIN_RECORDS,
    RuleCandidate,
)
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_MAX_CAUSE_LEVELS = 20
_MAX_CATEGORY_LEVELS = 50
_MIN_SHARE = 0.02
_MIN_GAP_SHARE = 0.1
"""Gaps rarer than this, or values rarer, follow from habits more often than from laws."""
_MAX_EFFECTS_PER_RULE = 12
"""One level implies at most so many things in one rule."""


@dataclass(frozen=True)
class Fact:
    """Something that is true of some records.

    Args:
        field: Of which field.
        text: The fact as an expression.
        is_true: Where it is true, (n,).
        is_false: Where it is false, (n,); neither where the value is missing.
        forbidden_values: What it rules out, as (field, value).
    """

    field: str
    text: str
    is_true: np.ndarray
    is_false: np.ndarray
    forbidden_values: frozenset[tuple[str, Any]]


def _encode_categories(cohort: Cohort) -> dict[str, np.ndarray]:
    """The places of levels, -1 where missing, of each category with at least two."""
    found = {}
    for name in cohort.schema.scalar_fields:
        kind = cohort.schema[name]
        if isinstance(kind, Category) and 2 <= len(kind.levels) <= _MAX_CATEGORY_LEVELS:  # noqa: PLR2004 - one is a constant
            values = cohort.columns[name].combine_chunks()
            codes = pc.index_in(values, pa.array(kind.levels, values.type)).fill_null(-1)
            found[name] = codes.to_numpy(zero_copy_only=False)
    return found


def _list_level_facts(cohort: Cohort, codes: dict[str, np.ndarray]) -> list[Fact]:
    facts = []
    for name, places in codes.items():
        levels = getattr(cohort.schema[name], "levels", ())
        for place, level in enumerate(levels if len(levels) <= _MAX_CAUSE_LEVELS else ()):
            if "`" in str(level):
                continue
            others = frozenset((name, other) for other in levels if other != level)
            known = places >= 0
            facts.append(
                Fact(
                    name,
                    f"{quote_field(name)} == {level!r}",
                    places == place,
                    known & (places != place),
                    others,
                )
            )
    return facts


def _list_gap_facts(cohort: Cohort) -> list[Fact]:
    facts = []
    for name in cohort.schema.scalar_fields:
        values = cohort.columns[name]
        if _MIN_GAP_SHARE < values.null_count / len(cohort) < 1 - _MIN_GAP_SHARE:
            gap = values.combine_chunks().is_null().to_numpy(zero_copy_only=False)
            text = f"missing({quote_field(name)})"
            present = getattr(cohort.schema[name], "levels", ("a value",))
            facts += [
                Fact(name, text, gap, ~gap, frozenset((name, level) for level in present)),
                Fact(name, f"not {text}", ~gap, gap, frozenset({(name, "no value")})),
            ]
    return facts


def _list_zero_facts(cohort: Cohort) -> list[Fact]:
    facts = []
    for name in cohort.schema.scalar_fields:
        if isinstance(cohort.schema[name], Number):
            values = cohort[name]
            zero = values == 0
            if 0.05 < zero.mean() < 0.95:  # noqa: PLR2004 - often, and not always
                other = ~zero & ~np.isnan(values)
                facts.append(
                    Fact(name, f"{quote_field(name)} == 0", zero, other, frozenset({(name, "not 0")}))
                )
    return facts


def mine_implications(cohort: Cohort, sample: np.ndarray) -> list[RuleCandidate]:
    """What follows from a frequent level of a category, in all records.

    Args:
        cohort: The records.
        sample: Some of their positions, (s,); only what holds there is looked at closely.
    """
    codes = _encode_categories(cohort)
    levels = _list_level_facts(cohort, codes)
    causes = [
        fact
        for fact in levels
        if fact.is_true.sum() >= max(MIN_RECORDS, _MIN_SHARE * len(cohort)) and fact.is_false.any()
    ]
    effects = [*levels, *_list_gap_facts(cohort), *_list_zero_facts(cohort)]
    effects = [fact for fact in effects if fact.is_false.mean() >= _MIN_SHARE and fact.is_true.any()]
    if not causes or not effects:
        return []
    follows = {(b, a) for a, b in _find_determined_pairs(codes)} | _find_determined_pairs(codes)
    when = np.stack([fact.is_true for fact in causes])
    broken = np.stack([fact.is_false for fact in effects])
    none = when[:, sample].astype(np.float32) @ broken[:, sample].T.astype(np.float32) == 0
    tests = max(none.size, 1)
    found = {
        i: _find_implied_effects(causes[i], effects, none[i], follows, tests) for i in range(len(causes))
    }
    kept = {i: _keep_own_effects(i, when, found) for i in found}
    return [*_mine_level_functions(cohort, codes), *_build_rules(causes, effects, kept)]


def _find_implied_effects(
    cause: Fact, effects: list[Fact], none: np.ndarray, follows: set[tuple[str, str]], tests: int
) -> dict[int, float]:
    """The effects that a cause implies, with their weights."""
    found = {}
    for k in np.flatnonzero(none):
        effect = effects[k]
        if effect.field == cause.field or (cause.field, effect.field) in follows:
            continue
        bound = int((cause.is_true & (effect.is_true | effect.is_false)).sum())
        if bound < MIN_RECORDS or (cause.is_true & effect.is_false).any():
            continue
        base = effect.is_false.sum() / (effect.is_true.sum() + effect.is_false.sum())
        weight = -bound * float(np.log1p(-min(base, 1 - 1e-9)))
        if base >= _MIN_SHARE and weight >= np.log(tests / FALSE_PROPOSAL_PROBABILITY):
            found[int(k)] = weight
    return found


def _keep_own_effects(i: int, when: np.ndarray, found: dict[int, dict[int, float]]) -> dict[int, float]:
    """The effects of a cause that no wider cause has as well."""
    wider = [j for j in found if when[j].sum() > when[i].sum() and not (when[i] & ~when[j]).any()]
    return {k: weight for k, weight in found[i].items() if not any(k in found[j] for j in wider)}


def _build_rules(
    causes: list[Fact], effects: list[Fact], kept: dict[int, dict[int, float]]
) -> list[RuleCandidate]:
    """One rule per cause; what an earlier rule already rules out is not said again."""
    ruled: set[frozenset[tuple[str, Any]]] = set()
    rules = []
    for i in sorted(kept, key=lambda i: (-len(kept[i]), -sum(kept[i].values()))):
        cause = causes[i]
        level = next(iter(_read_level(cause)))
        new = {}
        for k, weight in sorted(kept[i].items(), key=lambda item: -item[1])[:_MAX_EFFECTS_PER_RULE]:
            pairs = {frozenset({level, other}) for other in effects[k].forbidden_values}
            if not pairs <= ruled:
                new[k] = weight
                ruled |= pairs
        if new:
            text = " and ".join(effects[k].text for k in sorted(new))
            name = f"when {cause.text.replace('==', 'is').replace('`', '')}"
            rules.append(RuleCandidate(name, text, int(cause.is_true.sum()), sum(new.values()), cause.text))
    return rules


def _read_level(fact: Fact) -> set[tuple[str, Any]]:
    """The level that a fact about a category states, as (field, value)."""
    import ast

    return {(fact.field, ast.literal_eval(fact.text.rsplit(" == ", 1)[1]))}


def _find_determined_pairs(codes: dict[str, np.ndarray]) -> set[tuple[str, str]]:
    """Pairs of categories of which the first, of three levels or more, settles the second."""
    found = set()
    for a, first in codes.items():
        for b, second in codes.items():
            if (
                a != b
                and first.max() > second.max() > 0
                and first.max() > 1
                and _is_determining(first, second)
            ):
                found.add((a, b))
    return found


def _is_determining(first: np.ndarray, second: np.ndarray) -> bool:
    known = (first >= 0) & (second >= 0)
    if known.sum() < MIN_RECORDS:
        return False
    a, b = first[known], second[known]
    table = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(
        -1, b.max() + 1
    )
    single = ((table > 0).sum(axis=1) <= 1).all()
    often = (table.sum(axis=1) >= 5).sum() > (table.sum(axis=1) > 0).sum() / 2  # noqa: PLR2004 - mostly well seen
    return bool(single and often and (table.sum(axis=0) / len(a)).max() < 1 - _MIN_SHARE)


def _mine_level_functions(cohort: Cohort, codes: dict[str, np.ndarray]) -> list[RuleCandidate]:
    """Levels that follow from the finer levels of another field, such as a class from a group."""
    rules = []
    for a, b in sorted(_find_determined_pairs(codes)):
        first, second = codes[a], codes[b]
        fine, coarse = getattr(cohort.schema[a], "levels", ()), getattr(cohort.schema[b], "levels", ())
        parts = []
        for place, level in enumerate(coarse):
            inside = [fine[i] for i in np.unique(first[(second == place) & (first >= 0)])]
            if inside:
                members = (
                    f"== {inside[0]!r}" if len(inside) == 1 else f"in ({', '.join(map(repr, inside))})"
                )
                parts.append(f"({quote_field(b)} == {level!r}) == ({quote_field(a)} {members})")
        known = int(((first >= 0) & (second >= 0)).sum())
        rules.append(RuleCandidate(f"{b} follows from {a}", " and ".join(parts), known, float("inf")))
    return rules
