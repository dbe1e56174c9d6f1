"""What a column was taken for, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from manikin.schema.remark import Remark

if TYPE_CHECKING:
    import pyarrow as pa

    from manikin.schema.kinds import Kind


NO_VALUE = Remark("no value at all", topic="values")


@dataclass(frozen=True)
class InferredColumn:
    """A column in its physical type, its kind, and notes in words without any patient's value.

    A note that holds only while the column is a quantity or a category is a `Remark` on its "values".
    """

    values: pa.Array
    kind: Kind
    notes: tuple[str, ...] = ()
