"""A table's rows as normal scores and level numbers.

Numbers and times pass through a piecewise-linear distribution function F: z = Phi^-1(F(value)),
so every marginal is standard normal and the way back restores the marginal exactly. F knows
two kinds of segment: *atoms*, values that at least `share` records have in common (zeros,
rounded numbers), and *stretches*, runs of rarer values pooled until they hold as many. The
ends of a stretch lie between values, never on one, so no value of a single person is stored.
Quantities that often equal one another, or never exceed one another, can be given one F in
common: then equal values have equal scores, and scores stand in the order of the values.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from manikin.codecs.table.arrow_columns import complete_columns, parse_arrow_type
from manikin.codecs.table.category import CategoryEncoder
from manikin.codecs.table.fit import fit_columns
from manikin.codecs.table.quantile_transform import QuantileTransform, fit_segments, mix_segments
from manikin.contracts.codec import Codec
from manikin.encoding.spec import Spec
from manikin.schema.kinds import Category, Number, Time

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

__all__ = [
    "CategoryEncoder",
    "QuantileTransform",
    "TableCodec",
    "fit_segments",
    "mix_segments",
    "parse_arrow_type",
]


@dataclass(frozen=True)
class TableCodec(Codec):
    """Scalar fields <-> compact rows (n, fields).

    Args:
        columns: What was learned of each field; None: not fitted.
        shared: Whether quantities that are tied to one another share one scale.
    """

    kinds: ClassVar[tuple[type, ...]] = (Number, Category, Time)
    tokens: ClassVar[bool] = False
    is_tabular: ClassVar[bool] = True
    columns: dict[str, QuantileTransform | CategoryEncoder] | None = None
    shared: bool = field(default=False, compare=False)

    @property
    def spec(self) -> Spec:
        """One channel per field."""
        return Spec(tuple(column.block for column in self._columns.values()))

    @property
    def _columns(self) -> dict[str, QuantileTransform | CategoryEncoder]:
        return self.columns or {}

    @property
    def complete_fields(self) -> frozenset[str]:
        """The fields that were never missing in training."""
        return frozenset(name for name, column in self._columns.items() if not column.optional)

    @property
    def value_ranges(self) -> dict[str, tuple[float, float]]:
        """Where the distribution of each number begins and ends."""
        return {
            name: (column.start[0], column.end[-1])
            for name, column in self._columns.items()
            if isinstance(column, QuantileTransform) and column.start
        }

    def share_scales(self) -> Self:
        """This codec, with tied quantities on one scale."""
        return replace(self, shared=True)

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn each field's distribution or levels."""
        return replace(self, columns=fit_columns(cohort, fields, shared=self.shared))

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Rows of shape (n, fields), float32."""
        x = np.empty((len(cohort), len(self._columns)), dtype=np.float32)
        for i, (name, column) in enumerate(self._columns.items()):
            x[:, i] = column.encode(cohort.columns[name], key.child(name).numpy() if key else None)
        return x

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Columns in the types of the file, numbers on their grid."""
        return {
            name: column.decode(x[:, i], key.child(name).numpy())
            for i, (name, column) in enumerate(self._columns.items())
        }

    def encode_given(
        self,
        given: Cohort,
        always: Collection[str] = (),
        *,
        infilling: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, fields), 0 where nothing is given, and where something is."""
        x = np.zeros((len(given), len(self._columns)), dtype=np.float32)
        mask = np.zeros(x.shape, dtype=bool)
        for i, (name, column) in enumerate(self._columns.items()):
            if name in given.schema:
                values = given.columns[name]
                mask[:, i] = True if name in always else ~values.is_null(nan_is_null=True).to_numpy()
                x[mask[:, i], i] = column.encode(values.filter(pa.array(mask[:, i])), None)
        return x, mask

    def complete(
        self,
        given: Cohort,
        drawn: dict[str, pa.Array],
        x: np.ndarray,
        *,
        infilling: bool = False,
    ) -> dict[str, pa.Array]:
        """Given values, and drawn ones in their gaps."""
        return complete_columns(given.columns, drawn)

    def to_dict(self) -> dict[str, Any]:
        """Per field, its segments or its levels."""
        return {name: asdict(column) for name, column in self._columns.items()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(
            {
                name: (CategoryEncoder if "levels" in s else QuantileTransform)(**s)
                for name, s in state.items()
            }
        )


__plugin__ = TableCodec
