"""Lookups: levels that follow from the levels of another field, such as a description from a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.rules.derivation import Lookup
from manikin.rules.mining.candidate import MIN_RECORDS
from manikin.schema.kinds import Category
from manikin.stats.subject_counts import MIN_CELL_SIZE

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.cohort.cohort import Cohort

_MIN_EVIDENCE = 20.0
"""Nats by which levels that agree exceed chance: one in 500 million."""
_SCREENING_RECORDS = 2000
_MAX_CATEGORIES = 150


def find_lookups(cohort: Cohort, free: Collection[str], subject: np.ndarray) -> list[Lookup]:
    """Categories of `free` whose level follows from that of another in every record with both.

    Subjects, given for each record (n,), are counted, not records. Of two fields that tell one another,
    the later one follows. Levels of fewer than five subjects are left out of the table.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> code = np.array(["I21", "I50", "J18", "J44"] * 50, dtype=object)
        >>> organ = np.array(["heart", "heart", "lung", "lung"] * 50, dtype=object)
        >>> arrays = {"code": code, "organ": organ}
        >>> cohort = Cohort.from_arrays(arrays, dict.fromkeys(arrays, Category()))
        >>> found = find_lookups(cohort, ["code", "organ"], cohort.subject)
        >>> [f"{lookup.field} {lookup}" for lookup in found]
        ['organ follows from code']
    """
    codes = _encode_categories(cohort)
    who = np.unique(subject, return_inverse=True)[1]
    found: list[Lookup] = []
    names = sorted(codes, key=lambda name: codes[name].max())
    for b in names:
        if b not in free:
            continue
        finer = [a for a in names if a != b and _can_determine(cohort, codes, a, b, found)]
        tellers = (
            a
            for a in sorted(finer, key=lambda a: codes[a].max())
            if _is_determining(codes[a], codes[b], who)
        )
        if (a := next(tellers, None)) is not None:
            found.append(_build_lookup(cohort, a, b, codes, who))
    return found


def _encode_categories(cohort: Cohort) -> dict[str, np.ndarray]:
    """The places of levels, -1 where missing, of the categories with at least two."""
    found = {}
    for name in cohort.schema.scalar_fields:
        kind = cohort.schema[name]
        if isinstance(kind, Category) and len(kind.levels) > 1 and name in cohort.schema.modelled_fields:
            values = cohort.columns[name].combine_chunks()
            places = pc.index_in(values, pa.array(kind.levels, values.type)).fill_null(-1)
            found[name] = places.to_numpy(zero_copy_only=False)
    return dict(list(found.items())[:_MAX_CATEGORIES])


def _can_determine(
    cohort: Cohort, codes: dict[str, np.ndarray], a: str, b: str, found: list[Lookup]
) -> bool:
    """Whether a field has levels enough, and does not itself follow from the other."""
    first, second = (len(np.unique(codes[name][codes[name] >= 0])) for name in (a, b))
    circle = _is_derived_from(a, b, {lookup.field: lookup.by for lookup in found})
    order = list(cohort.schema)
    return not circle and first >= second > 1 and (first > second or order.index(a) < order.index(b))


def _is_derived_from(name: str, other: str, after: dict[str, str]) -> bool:
    while name in after:
        name = after[name]
        if name == other:
            return True
    return False


def _is_determining(first: np.ndarray, second: np.ndarray, who: np.ndarray) -> bool:
    """Whether the first settles the second beyond chance."""
    known = np.flatnonzero((first >= 0) & (second >= 0))
    if len(known) < MIN_RECORDS or not _is_functional(
        first[known[:_SCREENING_RECORDS]], second[known[:_SCREENING_RECORDS]]
    ):
        return False
    if not _is_functional(first[known], second[known]):
        return False
    pairs = np.unique(np.stack([first[known], second[known], who[known]]), axis=1)
    share = np.bincount(pairs[1]) / pairs.shape[1]
    count = np.bincount(pairs[0])
    level = np.zeros(len(count), dtype=int)
    level[pairs[0]] = pairs[1]
    again = np.maximum(count - 1, 0)
    surprise = -(again * np.log(np.where(share[level] > 0, share[level], 1))).sum()
    often = count[count >= MIN_CELL_SIZE].sum() > count.sum() / 2
    return bool(often and again.sum() >= MIN_RECORDS and surprise > _MIN_EVIDENCE)


def _is_functional(first: np.ndarray, second: np.ndarray) -> bool:
    pairs = np.unique(np.stack([first, second]), axis=1)
    return len(np.unique(pairs[0])) == pairs.shape[1]


def _build_lookup(cohort: Cohort, a: str, b: str, codes: dict[str, np.ndarray], who: np.ndarray) -> Lookup:
    known = (codes[a] >= 0) & (codes[b] >= 0)
    pairs = np.unique(np.stack([codes[a][known], codes[b][known], who[known]]), axis=1)
    entries, people = np.unique(pairs[:2], axis=1, return_counts=True)
    fine, coarse = (getattr(cohort.schema[name], "levels", ()) for name in (a, b))
    kept = entries[:, people >= MIN_CELL_SIZE]
    levels = [[fine[i], coarse[j]] for i, j in kept.T]
    return Lookup(b, a, levels, int(known.sum()))
