"""The contract of a codec: records to arrays and back.

A record is encoded once, whichever side of the bar it stands on in `p(target | condition)`.
Codecs know fields and files' values; families know only the spec.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, final

import numpy as np

from manikin.core.arrow import pc
from manikin.encoding.grammar import END
from manikin.errors import NotFitted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pyarrow as pa
    import torch
    from torch import Tensor, nn

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec

Network = TypeVar("Network", bound="nn.Module")


class CodecRequest:
    """What a family asks of its codec, where the kinds of fields do not tell.

    A request is a frozen dataclass; its fields are options of the codec that serves it.
    """


@final
@dataclass(frozen=True)
class PretrainedTokens(CodecRequest):
    """A text as tokens of the tokenizer of a language model that others have trained, under a prompt.

    Args:
        model: A folder in the layout of Hugging Face, or a name on its hub.
        longest: Tokens of a text at most; None: as many as the longest has.
        shots: Training records shown with their notes in each prompt.
    """

    model: str
    longest: int | None
    shots: int = 0


@final
@dataclass(frozen=True)
class SharedPhrases(CodecRequest):
    """Notes as words that several patients share, behind the values that are given with them."""


class Codec(ABC):
    """Fields of a cohort <-> one compact array, described by a spec.

    A codec is frozen: `fit` returns a fitted one. `kinds` are the kinds of field that it can
    encode; `tokens` tells whether it yields tokens rather than channels on a grid. Of several codecs for
    the same fields that with the greatest `min_length` is taken of which a record has as many places.
    `serves` is the kind of request that it answers; its kinds may then be none.
    `is_tabular` tells whether its fields are columns of a table: a gap among given ones is then to be
    filled by a value, never by a gap.
    """

    kinds: ClassVar[tuple[type, ...]]
    tokens: ClassVar[bool]
    min_length: ClassVar[int] = 0
    serves: ClassVar[type[CodecRequest] | None] = None
    is_tabular: ClassVar[bool] = False

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """What the encoded array is made of."""

    def share_scales(self) -> Self:
        """This codec, before `fit`, with equal values of tied quantities encoded as equal, if it can."""
        return self

    def condition_on(self, given: Sequence[str]) -> Self:
        """This codec, before `fit`, told which fields are given with each record."""
        return self

    def choose_condition_codecs(self, cohort: Cohort, given: Sequence[str]) -> dict[str, Codec] | None:
        """Fitted codecs of what is given, where this one, fitted, wants others than the kinds tell."""
        return None

    @abstractmethod
    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the encoding of `fields` from training records."""

    @property
    def fit_report(self) -> dict[str, Any]:
        """What became of the records on the way, in plain numbers: it is kept with the model."""
        return {}

    @property
    def code_names(self) -> tuple[str, ...]:
        """The codes of histories that it knows."""
        return ()

    @property
    def value_ranges(self) -> dict[str, tuple[float, float]]:
        """The least and the greatest number of each field in training, as far as the codec knows."""
        return {}

    @property
    def complete_fields(self) -> frozenset[str]:
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

    def encode_given(
        self,
        given: Cohort,
        always: Collection[str] = (),
        *,
        infilling: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Encoded records of which a part is given, and where it is; both of the shape of `encode`.

        Args:
            given: One or more of the fields, empty where nothing is given.
            always: Fields whose gaps are given as well, as the value "missing".
            infilling: Whether what a record lacks within will be found, rather than what comes after it.

        Raises:
            Unsupported: A record lacks something within that will not be found.
        """
        x = self.encode(given)
        if not self.spec.has_end_token:
            return x, ~np.isnan(x)
        (column,) = given.columns.columns
        begun = pc.is_valid(column).to_numpy()
        return x, (x != END) & begun[:, None]

    def complete(
        self,
        given: Cohort,
        drawn: dict[str, pa.Array],
        x: np.ndarray,
        *,
        infilling: bool = False,
    ) -> dict[str, pa.Array]:
        """Decoded columns with what is given of them as it stands, to the last digit.

        Args:
            given: One or more of the fields, as for `encode_given`.
            drawn: What was decoded from `x`.
            x: The encoded records, in which what is given was kept.
            infilling: As for `encode_given`.
        """
        return drawn

    def reconcile_given(self, columns: dict[str, pa.Array], given: Cohort) -> dict[str, pa.Array]:
        """Decoded columns, made to agree with the fields that were given with each record."""
        return columns

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The fitted state in plain JSON values; no row of a patient is among them."""

    @classmethod
    @abstractmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""


class TrainableCodec(ABC, Generic[Network]):
    """What a codec that encodes through a network has beside `Codec`.

    After `fit` it knows its fields but cannot encode: its network is trained by the one training loop, then
    handed to `attach_network`. `from_dict` leaves one with fresh weights, to be filled from a file.

    Attributes:
        source: The fitted codec whose compact arrays the network takes in and gives back.
        network: The network; None: there is none yet.
    """

    source: Codec
    network: Network | None

    @property
    @abstractmethod
    def downsampling_factors(self) -> tuple[int, ...]:
        """Places of each axis of the source that one place of the encoded array stands for."""

    @abstractmethod
    def build_network(self) -> Network:
        """A fresh network."""

    @abstractmethod
    def compute_loss(self, network: Network, x: Tensor, rng: torch.Generator) -> Tensor:
        """The scalar loss of the network on compact records `x` of the source."""

    @abstractmethod
    def attach_network(self, network: Network, x: np.ndarray) -> Self:
        """This codec with a trained network; `x` are the source's compact training records."""

    def build_blank_network(self) -> Network:
        """A network whose weights are to be replaced: no random stream moves."""
        import torch

        with torch.random.fork_rng(devices=[]):
            return self.build_network()

    @property
    def trained_network(self) -> Network:
        """The network.

        Raises:
            NotFitted: It was not trained yet.
        """
        if self.network is None:
            name = type(self).__name__
            message = f"this {name} has learned nothing yet: give it to a Synthesizer, whose fit trains it"
            raise NotFitted(message)
        return self.network
