"""Support: how many training patients stand behind what is given at sampling.

A model draws whatever it is asked for, also a man who is pregnant. What training holds is kept in coarse
counts alone: of each field, and of each pair of fields, whether nobody, somebody or enough people are
there; of numbers and times in bins of fifty people or more. No count below `MIN_CELL_SIZE` can be read
from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from manikin.cohort.level_pooling import PooledLevels
from manikin.core.arrow import pc
from manikin.schema.kinds import SCALAR_TYPES, Category
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_distinct_subjects, index_subjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.conditions import Conditions

SUBJECTS_PER_BIN = 50  # people in a bin of a number
MAX_BINS = 10
MAX_PAIR_CELLS = 4_000_000  # pairs of levels that are kept of all fields
MIN_EVIDENCE_SHARE = (
    0.05  # of given records, from which on what is said of them is evidence against a release
)
MIN_TAIL_SHARE = 0.25
MAX_SENTENCES = 3


@dataclass(frozen=True)
class TrainingSupport:
    r"""What training holds of each scalar field.

    Args:
        edges: Of numbers and times, the ends of their bins; beyond the outer ones are few people.
        levels: Of categories, their levels.
        single: Whether nobody (0), few (1) or enough (2) people are in each bin or level, and in none.
        pairs: The same of pairs of fields, as a text of digits, row by row; their names are a JSON list.
        pools: The levels that were pooled.
    """

    edges: dict[str, list[float]] = field(default_factory=dict)
    levels: dict[str, list[Any]] = field(default_factory=dict)
    single: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, str] = field(default_factory=dict)
    pools: dict[str, PooledLevels] = field(default_factory=dict)

    @classmethod
    def from_cohort(cls, train: Cohort, fields: Sequence[str], pools: dict[str, PooledLevels]) -> Self:
        """Count the people of a training cohort."""
        names = [name for name in fields if isinstance(train.schema[name], SCALAR_TYPES)]
        who = index_subjects(train.subject)
        people = len(train) if who is None else int(who.max()) + 1
        edges, levels, codes, sizes = {}, {}, {}, {}
        for name in names:
            kind, column = train.schema[name], train.columns[name]
            if isinstance(kind, Category):
                levels[name] = list(kind.levels)
            else:
                edges[name] = _compute_bin_edges(_to_numbers(column), who, people)
            codes[name] = _assign_bins(column, levels.get(name), edges.get(name))
            sizes[name] = 1 + (len(levels[name]) if name in levels else len(edges[name]) + 1)
        single = {name: _encode_counts(codes[name], who, sizes[name]) for name in names}
        pairs, cells = {}, 0
        for a, b in sorted(combinations(names, 2), key=lambda two: sizes[two[0]] * sizes[two[1]]):
            cells += sizes[a] * sizes[b]
            if cells > MAX_PAIR_CELLS:
                break
            pairs[json.dumps([a, b])] = _encode_counts(
                codes[a] * sizes[b] + codes[b], who, sizes[a] * sizes[b]
            )
        return cls(edges, levels, single, pairs, pools)

    def describe(self, given: Conditions) -> tuple[tuple[str, ...], bool]:
        """What has too few training patients behind it, in sentences; and whether that is a good part."""
        found: list[tuple[int, str]] = []
        codes = {
            name: self._assign_column_bins(name, given.get_original(name))
            for name in given.columns
            if name in self.single
        }
        for name, code in codes.items():
            found += self._describe_field(name, code, given)
        alone = {name for name in codes if self._is_rare(self.single[name], codes[name]).all()}
        for key, states in self.pairs.items():
            a, b = json.loads(key)
            # Of tables with numbers in them nearly every record would be told of.
            plain = {a, b} <= set(given.constant_fields) or {a, b} <= set(self.levels)
            if a in codes and b in codes and plain and not alone & {a, b}:
                code = codes[a] * len(self.single[b]) + codes[b]
                found += self._describe_pair(a, b, states, code, given)
        found.sort(key=lambda one: -one[0])
        lines = [text for _, text in found[:MAX_SENTENCES]]
        more = [f"and {len(found) - MAX_SENTENCES} more like these"] if len(found) > MAX_SENTENCES else []
        return (*lines, *more), bool(found and found[0][0] >= MIN_EVIDENCE_SHARE * given.n)

    def _describe_field(self, name: str, code: np.ndarray, given: Conditions) -> list[tuple[int, str]]:
        thin = self._is_rare(self.single[name], code)
        given_at = given.get_original(name).is_valid().to_numpy(zero_copy_only=False)
        pooled = np.zeros(len(code), dtype=bool)
        if name in self.levels:  # a level that is none was pooled, for others were refused
            pooled = given_at & (code == len(self.levels[name]))
            thin = thin | pooled
        if name in self.edges:  # beyond the outer ends
            thin = thin | (code == 0) | (code == len(self.single[name]) - 2)
        thin = thin & given_at  # a gap is drawn, and asks for nothing
        count = int(thin.sum())
        # Of a table the outermost values are always few people's.
        usual = (
            name in self.edges and name not in given.constant_fields and count < MIN_TAIL_SHARE * given.n
        )
        if not count or usual:
            return []
        states = self.single[name]
        states = f"{states[:-1]}1" if pooled.any() else states
        text = f"{_describe_condition(name, given, thin)}: {_describe_count(states, code[thin])}"
        learned = ", and the model took them for another level" if pooled.any() else ""
        return [(count, f"{text}{learned}")]

    def _describe_pair(
        self, a: str, b: str, states: str, code: np.ndarray, given: Conditions
    ) -> list[tuple[int, str]]:
        thin = self._is_rare(states, code)
        for name in (a, b):
            thin = thin & given.get_original(name).is_valid().to_numpy(zero_copy_only=False)
        count = int(thin.sum())
        if not count:
            return []
        other = _describe_condition(b, given, thin, counted_there=False)
        both = f"{_describe_condition(a, given, thin)} together with {other}"
        return [(count, f"{both}: {_describe_count(states, code[thin])}")]

    @staticmethod
    def _is_rare(states: str, code: np.ndarray) -> np.ndarray:
        found = np.frombuffer(states.encode(), dtype=np.uint8) - ord("0")
        return found[code] < 2  # noqa: PLR2004 - enough

    def _assign_column_bins(self, name: str, column: pa.Array) -> np.ndarray:
        return _assign_bins(pa.chunked_array([column]), self.levels.get(name), self.edges.get(name))

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON values."""
        return {**vars(self), "pools": {name: vars(pool) for name, pool in self.pools.items()}}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; of a model that kept none, nothing is known."""
        pools = {name: PooledLevels(**pool) for name, pool in state.get("pools", {}).items()}
        return cls(**{**state, "pools": pools})


def _describe_condition(
    name: str, given: Conditions, thin: np.ndarray, *, counted_there: bool = True
) -> str:
    if name in given.constant_fields:
        return f"{name} = {given.get_original(name)[0].as_py()}"
    return f"{name} in {int(thin.sum()):,} of {given.n:,} given records" if counted_there else name


def _describe_count(states: str, code: np.ndarray) -> str:
    known = np.frombuffer(states.encode(), dtype=np.uint8) - ord("0")
    if (known[code] == 0).all():
        return "no training patient stands behind it"
    return f"fewer than {MIN_CELL_SIZE} training patients stand behind it"


def _encode_counts(codes: np.ndarray, who: np.ndarray | None, size: int) -> str:
    people = count_distinct_subjects(codes, who, size)
    return "".join(np.where(people >= MIN_CELL_SIZE, "2", np.where(people > 0, "1", "0")).tolist())


def _to_numbers(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_temporal(column.type):
        moments = column.cast(pa.timestamp("us"), safe=False).to_numpy()
        return np.where(np.isnat(moments), np.nan, moments.astype("datetime64[us]").astype(float))
    return column.cast(pa.float64()).to_numpy().astype(float)


def _compute_bin_edges(values: np.ndarray, who: np.ndarray | None, people: int) -> list[float]:
    """Ends of bins: the outer ones have four people beyond them, and every bin holds fifty or so."""
    seen = ~np.isnan(values)
    values, who = values[seen], None if who is None else who[seen]
    if not len(values):
        return []
    low, high = (_find_outer_edge(sign * values, who) * sign for sign in (1, -1))
    bins = int(np.clip(people // SUBJECTS_PER_BIN, 1, MAX_BINS))
    inner = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.concatenate([[low], inner[(inner > low) & (inner < high)], [high]])).tolist()


def _find_outer_edge(values: np.ndarray, who: np.ndarray | None) -> float:
    """A value below which lie those of four people: half way from the fourth to the fifth least."""
    if who is not None:
        order = np.lexsort((values, who))
        _, first = np.unique(who[order], return_index=True)
        values = values[order][first]
    least = np.sort(values)[:MIN_CELL_SIZE]
    return float(least[-2:].mean())


def _assign_bins(
    column: pa.ChunkedArray, levels: list[Any] | None, edges: list[float] | None
) -> np.ndarray:
    """The bin or level of each record, the last for none, (n,)."""
    if levels is not None:
        known = pa.array(levels, type=column.type)
        return pc.fill_null(pc.index_in(column, known), len(levels)).to_numpy().astype(np.int64)
    values, edges = _to_numbers(column), edges or []
    # On an outer end is inside it.
    inner = np.searchsorted(edges, values, side="left")
    if edges:
        inner = np.where(values == edges[0], 1, inner)
    return np.where(np.isnan(values), len(edges) + 1, inner).astype(np.int64)
