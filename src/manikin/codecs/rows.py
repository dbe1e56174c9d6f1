"""A table's rows as tokens: levels stay levels, numbers become bins of equal share.

Each column has tokens of its own, so the vocabulary is the sum over columns. A number's bins
are runs of the segments of its distribution function (`codecs.table`): a value that many
records share is a token by itself, rarer values are pooled, missing is one token more. On the
way back the rank is drawn uniformly within the bin, so a bin gives back the distribution it
holds and never the value of one record. Values within a bin look the same to a model:
relations finer than a bin are lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
from scipy.special import ndtr, ndtri

from manikin.codecs.table import CategoryEncoder, QuantileTransform, TableCodec
from manikin.contracts.codec import Codec
from manikin.encoding.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key


@final
@dataclass(frozen=True)
class RowsCodec(Codec):
    """Scalar fields <-> one token per field, int64 (n, fields).

    Args:
        bins: About how many bins a number gets.
        crowd: Subjects for each bin, so that small tables get fewer bins.
        table: The fitted encoding of the columns.
        edges: Per number, the cumulated share of records at the ends of its bins, from 0 to 1.
    """

    kinds: ClassVar[tuple[type, ...]] = TableCodec.kinds
    tokens: ClassVar[bool] = True
    is_tabular: ClassVar[bool] = True
    bins: int = 100
    crowd: int = 15
    table: TableCodec = field(default_factory=TableCodec)
    edges: dict[str, list[float]] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        """The range of tokens of each field, one after the other."""
        ends = np.cumsum([0, *map(self._count_tokens, self._columns)]).tolist()
        return Spec(vocab=ends[-1], length=len(ends) - 1, ranges=tuple(pairwise(ends)))

    @property
    def complete_fields(self) -> frozenset[str]:
        """The fields that were never missing in training."""
        return self.table.complete_fields

    @property
    def value_ranges(self) -> dict[str, tuple[float, float]]:
        """Where the distribution of each number begins and ends."""
        return self.table.value_ranges

    @property
    def _columns(self) -> dict[str, QuantileTransform | CategoryEncoder]:
        return self.table.columns or {}

    def _count_tokens(self, name: str) -> int:
        column = self._columns[name]
        if isinstance(column, CategoryEncoder):
            return column.block.levels
        return len(self.edges[name]) - 1 + column.optional

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the columns' encoding and the bins of the numbers."""
        table = TableCodec().fit(cohort, fields)
        bins = max(1, min(self.bins, len(np.unique(cohort.subject)) // self.crowd))
        columns = (table.columns or {}).items()
        edges = {
            name: pool_segments(c.upper, bins) for name, c in columns if isinstance(c, QuantileTransform)
        }
        return replace(self, table=table, edges=edges)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, fields); no bin splits a value, so the key changes nothing."""
        return self._to_tokens(self.table.encode(cohort))

    def encode_given(
        self,
        given: Cohort,
        always: Collection[str] = (),
        *,
        infilling: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (n, fields), 0 where nothing is given, and where something is."""
        x, mask = self.table.encode_given(given, always)
        return np.where(mask, self._to_tokens(x), 0), mask

    def complete(
        self,
        given: Cohort,
        drawn: dict[str, pa.Array],
        x: np.ndarray,
        *,
        infilling: bool = False,
    ) -> dict[str, pa.Array]:
        """Given values, and drawn ones in their gaps."""
        return self.table.complete(given, drawn, x)

    def _to_tokens(self, x: np.ndarray) -> np.ndarray:
        """The tokens of compact rows (n, fields)."""
        tokens = np.empty(x.shape, dtype=np.int64)
        for i, (name, (start, _)) in enumerate(zip(self._columns, self.spec.ranges, strict=True)):
            tokens[:, i] = start + self._to_bins(name, x[:, i])
        return tokens

    def _to_bins(self, name: str, x: np.ndarray) -> np.ndarray:
        if name not in self.edges:
            return x.astype(np.int64)
        ends = self.edges[name][1:]
        bins = np.searchsorted(ends, ndtr(x.astype(float)))
        return np.where(np.isnan(x), len(ends), np.minimum(bins, len(ends) - 1))

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Columns in the types of the file; numbers are drawn within their bins."""
        rows = np.empty(x.shape)
        for i, (name, (start, _)) in enumerate(zip(self._columns, self.spec.ranges, strict=True)):
            rows[:, i] = self._to_scores(name, x[:, i] - start, key)
        return self.table.decode(rows, key.child("table"))

    def _to_scores(self, name: str, tokens: np.ndarray, key: Key) -> np.ndarray:
        if name not in self.edges:
            return tokens.astype(float)
        edges = np.array([*self.edges[name], np.nan])  # missing: between the last edge and NaN
        share = key.child(name).numpy().random(len(tokens))
        return ndtri(edges[tokens] + share * (edges[tokens + 1] - edges[tokens]))

    def to_dict(self) -> dict[str, Any]:
        """The columns' encoding and the bins' ends."""
        sizes = {"bins": self.bins, "crowd": self.crowd}
        return {**sizes, "table": self.table.to_dict(), "edges": self.edges}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**state, "table": TableCodec.from_dict(state["table"])})


def pool_segments(upper: list[float], bins: int) -> list[float]:
    """The edges of about `bins` bins of equal share, each a run of whole segments.

    A segment that alone holds the share of a bin or more, a value that many have in common,
    keeps a bin to itself.

    Args:
        upper: The cumulated share at the end of each segment, ascending to 1.
        bins: How many bins; values that many share may make it more, up to twice as many.

    Example:
        >>> pool_segments([0.1, 0.2, 0.25, 0.75, 0.85, 1.0], bins=4)
        [0.0, 0.25, 0.75, 1.0]
    """
    share, edges, before = 1 / bins - 1e-9, [0.0], 0.0
    for end in upper:
        if end - before >= share and before > edges[-1]:
            edges.append(before)
        if end - edges[-1] >= share:
            edges.append(end)
        before = end
    return edges if not upper or edges[-1] == upper[-1] else [*edges, upper[-1]]


__plugin__ = RowsCodec
