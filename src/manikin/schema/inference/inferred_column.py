"""What a column was taken for, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from manikin.schema.kinds import Kind


@dataclass(frozen=True)
class InferredColumn:
    """A column in its physical type, its kind, and notes in words without any patient's value."""

    values: pa.Array
    kind: Kind
    notes: tuple[str, ...] = ()
