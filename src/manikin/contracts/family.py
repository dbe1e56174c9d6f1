"""The contracts of a family of generative models.

A family is a frozen dataclass of hyperparameters with pure methods: the configuration *is*
the object. What is learned lives outside it, in networks or in a state of plain arrays.
Two contracts: `Family` trains networks through the one training loop, which sees it as an `Objective`;
`StatisticalFamily` learns directly from an encoded table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor, nn

    from manikin.contracts.codec import CodecRequest
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec

FamilyState = dict[str, "np.ndarray"]
ProgressCallback = Callable[[float], None]  # told the share that is done, 0 to 1


@dataclass(frozen=True)
class Optimizer:
    """AdamW settings; they belong to the family because adversarial losses need their own."""

    rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    decay: float = 0.0
    warmup: int = 100


@dataclass(frozen=True)
class Networks:
    """The networks of a family for data of one spec: a subclass has a field for each.

    Args:
        spec: What their records are made of.
    """

    spec: Spec

    @property
    def by_name(self) -> dict[str, nn.Module]:
        """The networks by the names of their fields, under which weights are saved."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "spec"}


Network = TypeVar("Network", bound="nn.Module")
AnyNetworks = TypeVar("AnyNetworks", bound=Networks)


@dataclass(frozen=True)
class SingleNetwork(Networks, Generic[Network]):
    """The one network of a family with a single player.

    Args:
        model: The network.
    """

    model: Network


@dataclass(frozen=True)
class Batch:
    """What a loss is computed from.

    Args:
        x: Compact records (B, channels, *grid), or tokens (B, length).
        given: What is given with each of them.
        rng: What is drawn is drawn from it.
        player: Whose loss it is, one of `turns`.
    """

    x: Tensor
    given: ConditionBatch
    rng: torch.Generator
    player: str = "model"


class Objective(ABC, Generic[AnyNetworks]):
    """Networks and what they are trained for.

    `turns` is the cycle of players that the loop lets step in order, one optimiser each; empty, nothing is
    learned.
    """

    turns: ClassVar[tuple[str, ...]] = ("model",)
    optimizer: ClassVar[Optimizer] = Optimizer()

    @abstractmethod
    def build_networks(self, spec: Spec, given: ConditionSpec) -> AnyNetworks:
        """Fresh networks, one for each player of `turns` (others are allowed beside them)."""

    @abstractmethod
    def compute_loss(self, nets: AnyNetworks, batch: Batch) -> Tensor:
        """The scalar loss of one player on a batch."""


class BaseFamily(ABC):
    """What both contracts ask of a family.

    `tokens` tells whether it wants tokens rather than channels on a grid; `is_for_notes` whether it models
    nothing but notes; `sampling` which options concern sampling alone, so that they may change after it.
    """

    tokens: ClassVar[bool] = False
    is_for_notes: ClassVar[bool] = False
    sampling: ClassVar[frozenset[str]] = frozenset()

    @property
    def codec_request(self) -> CodecRequest | None:
        """What it asks of its codec, where the kinds of fields do not tell; None: nothing."""
        return None

    @abstractmethod
    def refusal(self, spec: Spec) -> str | None:
        """Why this family cannot model such data, with the alternative named; None: it can."""


class Family(BaseFamily, Objective[AnyNetworks]):
    """A family with networks: `Family[SingleNetwork[MyNetwork]]` where there is one.

    `private` tells whether its networks give exact per-sample gradients (`exact`: for some data);
    `is_infilling` whether of a given history it finds what is hidden, rather than what comes after it.
    """

    private: ClassVar[bool] = False
    is_infilling: ClassVar[bool] = False

    def exact(self, spec: Spec) -> bool:
        """Whether its networks for such data give exact gradients of each record, as privacy needs."""
        return self.private

    @abstractmethod
    def sample(self, nets: AnyNetworks, n: int, given: ConditionBatch, rng: torch.Generator) -> Tensor:
        """`n` compact records; where `given` holds observed values, they are kept exactly."""


class StatisticalFamily(BaseFamily):
    """A family without networks, for encoded tables (n, channels), or tokens (n, length).

    Missing values are NaN in continuous channels and a level of their own in categorical ones. In tokens
    the given fields come first. `has_equalities` tells whether it keeps equalities and orders, and so wants
    tied quantities on one scale, rather than each as standard normal.
    """

    has_equalities: ClassVar[bool] = False

    @abstractmethod
    def learn(
        self,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,
        progress: ProgressCallback,
    ) -> FamilyState:
        """Learn from compact records (n, channels) of subjects (n,).

        The first `given` channels are only conditions. Where patients are counted, not records,
        `subject` tells them apart.
        """

    @abstractmethod
    def draw(
        self,
        state: FamilyState,
        spec: Spec,
        x: np.ndarray,
        observed: np.ndarray,
        key: Key,
    ) -> np.ndarray:
        """Complete records: `x` (n, channels) is kept where `observed` (same shape) and drawn elsewhere."""
