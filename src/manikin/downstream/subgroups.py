"""Groups: how fields divide the records into groups of patients that are compared apart.

Groups are the levels of the fields that are named, quantities being cut at their quartiles, and
the intersections of two such fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.split import compute_once
from manikin.errors import Unsupported

if TYPE_CHECKING:
    from manikin.contracts.split import Sample, Split

MAX_LEVELS = 12  # of a field that make groups, the most frequent
MAX_UNCUT_VALUES = 4  # values of a quantity that are groups as they are


@dataclass(frozen=True)
class Grouping:
    """How a field divides the records.

    Args:
        field: Its name.
        column: Its position in `Sample.table`.
        names: What the groups are called.
        codes: The level of each group; empty: a quantity.
        edges: The inner edges of the groups of a quantity; a value on an edge is below it.
    """

    field: str
    column: int
    names: tuple[str, ...]
    codes: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()

    def assign_groups(self, sample: Sample) -> np.ndarray:
        """The group of each record, (n,); -1: none."""
        values = sample.table[:, self.column]
        if not self.codes:
            return np.where(np.isnan(values), -1, np.searchsorted(self.edges, values))
        hit = values[:, None] == np.array(self.codes)
        return np.where(hit.any(axis=1), hit.argmax(axis=1), -1)


def build_groupings(train: Sample, split: Split) -> tuple[Grouping, ...]:
    """The fields by which records are compared apart, as the training records divide them.

    Raises:
        Unsupported: None is named, and none has the role "sensitive".
    """
    schema = train.source_cohort.schema
    sensitive = [n for n in train.fields.names if n in schema and schema[n].role == "sensitive"]
    named = split.options.subgroups or sensitive
    if not named:
        raise Unsupported('no subgroups; name fields with --subgroup, or give them the role "sensitive"')
    return tuple(_build_grouping(train, field) for field in named)


def build_group_masks(side: Sample, split: Split) -> dict[str, np.ndarray]:
    """Who of a side belongs to which group, bool (n,) each: levels, and intersections of two fields."""
    found = compute_once(split.train, build_groupings, split)
    single = [
        [(f"{cut.field} {name}", cut.assign_groups(side) == k) for k, name in enumerate(cut.names)]
        for cut in found
    ]
    crossed = [
        (f"{a[0]}, {b[0]}", a[1] & b[1])
        for one, other in combinations(single, 2)
        for a, b in product(one, other)
    ]
    return dict([*[group for one in single for group in one], *crossed])


def _build_grouping(train: Sample, field: str) -> Grouping:
    column = train.fields.names.index(field)
    levels, values = train.fields.levels[column], train.table[:, column]
    seen, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if levels is None and len(seen) > MAX_UNCUT_VALUES:
        edges = np.unique(np.quantile(values[~np.isnan(values)], (0.25, 0.5, 0.75)))
        spelt = [f"{edge:.4g}" for edge in edges]
        names = [f"to {spelt[0]}", *[f"over {a} to {b}" for a, b in pairwise(spelt)]]
        return Grouping(field, column, (*names, f"over {spelt[-1]}"), edges=tuple(edges.tolist()))
    codes = seen[np.sort(np.argsort(-counts, kind="stable")[:MAX_LEVELS])]
    spelt = [f"= {code:g}" if levels is None else f"= {levels[int(code)]}" for code in codes]
    return Grouping(field, column, tuple(spelt), tuple(codes.tolist()))
