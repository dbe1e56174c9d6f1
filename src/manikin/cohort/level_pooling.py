"""Pooling: levels that too few people share are replaced by others of their field.

A level of one or two patients names them. Their records stay, but for that one value: it becomes the level
beside it where levels have an order, a level that stands for all others where there is one, the commonest
code that begins alike where levels are codes, and else a level drawn by its share. No level is invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.scalar_matrix import normalize_level
from manikin.schema.kinds import Category, Schema
from manikin.schema.remark import Remark
from manikin.stats.subject_counts import count_distinct_subjects, index_subjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Level

OTHER_LEVEL_PATTERN = re.compile(
    r"^(all )?(other|others|other/unknown|unspecified|andere|sonstige|autre|autres|otro|otros)$"
)
CODE_PATTERN = re.compile(r"^[A-Za-z]{0,2}\d[\w.]*$")
MIN_COMMON_PREFIX = 3  # letters that two codes of one category begin with
HASH_BYTES = 2  # of a mark: so short that many words bear the same, and none can be told from it


@dataclass(frozen=True)
class PooledLevels:
    """The levels of one field that were pooled.

    Args:
        levels: How many levels the records had.
        records: How many records had a pooled one.
        stands: The place among the kept levels of what stands for each pooled one, by a mark of 16 bits
            that 1 in 65,536 words bears: who holds a model cannot read the pooled levels in it.
    """

    levels: int
    records: int
    stands: dict[str, int] = field(default_factory=dict)
    pooled: int = 0

    def find_position(self, level: Any) -> int | None:  # noqa: ANN401 - a level is text, a number or a boolean
        """The place of the level that stands for a pooled one; None: it was not pooled.

        Example:
            >>> levels = PooledLevels(3, 2, {hash_level("sickle"): 1})
            >>> levels.find_position("sickle"), PooledLevels(3, 2).find_position("sickle")
            (1, None)
        """
        return self.stands.get(hash_level(level))


def hash_level(level: Any) -> str:  # noqa: ANN401 - as above
    """A short mark of a level."""
    return blake2b(normalize_level(level).encode(), digest_size=HASH_BYTES).hexdigest()


def pool_levels(
    cohort: Cohort, fields: Sequence[str], least: int
) -> tuple[Cohort, dict[str, PooledLevels]]:
    """The cohort without levels that fewer than `least` subjects share, and what became of these.

    Args:
        cohort: Training records.
        fields: Categories among these are looked at.
        least: Subjects who must share a level; 1 or less: every level stays. So it does where there are
            not even twice as many subjects.
    """
    columns = {name: cohort.columns[name] for name in cohort.schema}
    kinds, pools, who = dict(cohort.schema), {}, index_subjects(cohort.subject)
    if count_subjects(cohort) < 2 * least:  # no field could keep two levels
        return cohort, {}
    for name in fields:
        kind = cohort.schema[name]
        if least < 2 or not isinstance(kind, Category):  # noqa: PLR2004 - one person is one
            continue
        codes, people = _count_level_people(cohort, name, kind, who)
        rare = (people > 0) & (people < least)
        if not rare.any():
            continue
        kept = np.flatnonzero(~rare)
        stands = _choose_replacements(kind, people, rare, kept)
        place = np.where(rare, stands, np.cumsum(~rare) - 1)
        levels = tuple(kind.levels[i] for i in kept)
        columns[name] = _replace_levels(columns[name], codes, place, levels)
        kinds[name] = replace(kind, levels=levels)
        marks = {hash_level(kind.levels[i]): int(stands[i]) for i in np.flatnonzero(rare)}
        gone = int(np.isin(codes, np.flatnonzero(rare)).sum())
        pools[name] = PooledLevels(int((people > 0).sum()), gone, marks, int(rare.sum()))
    if not pools:
        return cohort, {}
    table = pa.table(columns)
    whose = None if cohort.subject_codes is None else (table, cohort.subject)
    return replace(cohort, columns=table, schema=Schema(kinds), subject_codes=whose), pools


def count_subjects(cohort: Cohort) -> int:
    """How many subjects the records are of."""
    return len(np.unique(cohort.subject))


def describe_pool(name: str, pool: PooledLevels, least: int) -> Remark:
    """What became of the rare levels of a field, in words.

    Example:
        >>> describe_pool("dx", PooledLevels(3694, 4028, {}, 2618), 5)
        'dx: 2,618 of 3,694 levels, each of fewer than 5 patients, were pooled with others (4,028 records)'
    """
    many = pool.pooled > 1
    whose = f"{'each of' if many else 'of'} fewer than {least} patients, {'were' if many else 'was'}"
    what = "pooled with others" if pool.pooled < pool.levels else "left out, which leaves the field empty"
    records = f"{pool.records:,} record{'' if pool.records == 1 else 's'}"
    return Remark(f"{pool.pooled:,} of {pool.levels:,} levels, {whose} {what} ({records})", name)


def _count_level_people(
    cohort: Cohort, name: str, kind: Category, who: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The level of each record (n,), -1 where it is missing, and how many people have each level."""
    column = cohort.columns[name].combine_chunks()
    known = pa.array(list(kind.levels), type=column.type)
    codes = pa.compute.index_in(column, known).fill_null(-1).to_numpy(zero_copy_only=False)  # type: ignore[attr-defined]
    return codes, count_distinct_subjects(codes, who, len(kind.levels))


def _replace_levels(
    column: pa.ChunkedArray, codes: np.ndarray, place: np.ndarray, levels: tuple[Level, ...]
) -> pa.Array:
    moved = np.append(place, -1)[codes]
    known = pa.array(list(levels) or [None], type=column.type)
    return known.take(pa.array(np.maximum(moved, 0), mask=moved < 0))


def _choose_replacements(
    kind: Category, people: np.ndarray, rare: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """The place among the kept levels of what stands for each level, -1: nothing can."""
    stands = np.full(len(people), -1)
    there = np.flatnonzero(people[kept] > 0)  # of the kept ones those that somebody has
    if not len(there):
        return stands
    names = [str(kind.levels[i]) for i in kept]
    other = next((i for i in there if OTHER_LEVEL_PATTERN.match(names[i].strip().casefold())), None)
    share = np.cumsum(people[kept][there]) / people[kept][there].sum()
    for i in np.flatnonzero(rare):
        if kind.ordered:
            far = np.abs(kept[there] - i)
            stands[i] = there[np.lexsort((-people[kept][there], far))[0]]
        elif other is not None:
            stands[i] = other
        else:
            alike = _find_similar_codes(str(kind.levels[i]), names, there)
            if alike:
                stands[i] = max(alike, key=lambda at: people[kept][at])
            else:
                drawn = int(hash_level(f"drawn {kind.levels[i]}"), 16) / 256**HASH_BYTES
                stands[i] = there[min(np.searchsorted(share, drawn, side="right"), len(there) - 1)]
    return stands


def _find_similar_codes(level: str, names: list[str], there: np.ndarray) -> list[int]:
    """The kept codes that begin as a code does, with the longest beginning in common."""
    if not CODE_PATTERN.match(level):
        return []
    for length in range(len(level), MIN_COMMON_PREFIX - 1, -1):
        if found := [int(i) for i in there if names[i].startswith(level[:length])]:
            return found
    return []
