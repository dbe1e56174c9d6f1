"""The contract of a codec: records to arrays and back.

A record is encoded once, whichever side of the bar it stands on in `p(target | condition)`.
Codecs know fields and files' values; families know only the spec.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from manikin.data.cohort import Cohort
    from manikin.rng import Key
    from manikin.spec import Spec


class Codec(ABC):
    """Fields of a cohort <-> one compact array, described by a spec.

    A codec is frozen: `fit` returns a fitted one. `kinds` are the kinds of field that it can
    encode; `tokens` tells whether it yields tokens rather than channels on a grid.
    """

    kinds: ClassVar[tuple[type, ...]]
    tokens: ClassVar[bool]

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """What the encoded array is made of."""

    def together(self) -> Self:
        """This codec, before `fit`, with equal values of tied quantities encoded as equal, if it can."""
        return self

    @abstractmethod
    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the encoding of `fields` from training records."""

    @property
    def complete(self) -> frozenset[str]:
        """The fields that were never missing in training, as far as the codec knows."""
        return frozenset()

    @abstractmethod
    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Records to a compact float32 array (n, channels, *grid), or int64 tokens (n, length).

        Without a key the encoding is deterministic. With one, values that the file records
        on a grid are spread at random within their cell, so that densities can be learned.

        Raises:
            SchemaError: A level that was never seen in training.
        """

    @abstractmethod
    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """A compact array to columns in the types of the file."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The fitted state in plain JSON values; no row of a patient is among them."""

    @classmethod
    @abstractmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
