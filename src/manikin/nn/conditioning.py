"""What is given: any part of a record, encoded once, as a network takes it in.

A condition enters a network in three ways: a modulation vector (scalars, whole pictures), a map
aligned with the target (a mask for its image, the observed part of the target itself), and
context tokens (event histories, text, pictures on another grid). Which way each part takes
follows from its spec alone.

A field in both target and condition means "any observed part of it": its values and a mask of
what is observed are an aligned map, and imputation, forecasting and in-painting are one thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn

from manikin.errors import UsageError
from manikin.nn.condition_encoders import build_encoder
from manikin.nn.layers import LearnedConstant, expand_to_grid
from manikin.nn.random_masks import draw_observation_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from manikin.encoding.spec import Spec


@dataclass(frozen=True)
class ConditionSpec:
    """What will be given.

    Args:
        parts: The spec of each part of the condition, by name.
        observed: Whether any part of the target itself may be observed.
    """

    parts: Mapping[str, Spec] = field(default_factory=dict)
    observed: bool = False

    def __bool__(self) -> bool:
        return bool(self.parts) or self.observed


@dataclass(frozen=True)
class ConditionBatch:
    """The encoded condition of a batch; every tensor has the records first.

    Args:
        parts: Compact arrays (n, channels, *grid) or tokens (n, length), by name.
        values: The target's own compact values, read only where `mask` is true.
        mask: Where the target is observed: booleans of the shape of `values`.
        kept: Per record (n,), whether its parts are shown; None: always. Training drops some,
            so that guidance can compare with and without.

    Example:
        >>> import numpy as np
        >>> given = ConditionBatch.from_arrays({"age": np.array([[70.0], [50.0]])})
        >>> len(given), len(given.repeat(3)), given[torch.tensor([1])].parts["age"].item()
        (2, 6, 50.0)
    """

    parts: Mapping[str, Tensor] = field(default_factory=dict)
    values: Tensor | None = None
    mask: Tensor | None = None
    kept: Tensor | None = None

    @classmethod
    def from_arrays(
        cls,
        parts: Mapping[str, np.ndarray] | None = None,
        values: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> ConditionBatch:
        """From the arrays that codecs give."""
        tensors = {name: _to_tensor(array) for name, array in (parts or {}).items()}
        observed = None if values is None else _to_tensor(values)
        return cls(tensors, observed, None if mask is None else torch.as_tensor(mask, dtype=torch.bool))

    def __len__(self) -> int:
        """How many records; 0 if nothing is given."""
        return next((len(tensor) for tensor in self._list_tensors() if tensor is not None), 0)

    def __bool__(self) -> bool:
        return any(tensor is not None for tensor in self._list_tensors())

    def __getitem__(self, index: Tensor | slice) -> ConditionBatch:
        """The records at these positions."""
        return self._map_tensors(lambda tensor: tensor[index])

    def to(self, device: torch.device | str) -> ConditionBatch:
        """The same on a device."""
        return self._map_tensors(lambda tensor: tensor.to(device))

    def repeat(self, times: int) -> ConditionBatch:
        """Each record `times` times, copies side by side."""
        return self._map_tensors(lambda tensor: tensor.repeat_interleave(times, dim=0))

    def drop_parts(self, kept: Tensor) -> ConditionBatch:
        """The same, with the parts shown only where `kept` (n,) is true."""
        return replace(self, kept=kept)

    def set_observed(self, values: Tensor, mask: Tensor) -> ConditionBatch:
        """The same, with these values of the target observed where `mask` is true."""
        return replace(self, values=values, mask=mask)

    def restore_observed(self, x: Tensor) -> Tensor:
        """Compact records `x` with the observed part put in its place, exactly."""
        if self.values is None or self.mask is None:
            return x
        return torch.where(self.mask, self.values.to(x.dtype), x)

    def _list_tensors(self) -> list[Tensor | None]:
        return [*self.parts.values(), self.values, self.mask, self.kept]

    def _map_tensors(self, change: Callable[[Tensor], Tensor]) -> ConditionBatch:
        parts = {name: change(tensor) for name, tensor in self.parts.items()}
        others = (getattr(self, f.name) for f in fields(self)[1:])
        return ConditionBatch(parts, *(None if tensor is None else change(tensor) for tensor in others))


@dataclass(frozen=True)
class EncodedCondition:
    """A condition as a network takes it in.

    Args:
        vector: (B, d), to modulate; None: nothing modulates.
        map: (B, c, *grid), aligned with the target, to be joined to its channels (or laid on its
            tokens); None: none.
        context: Tokens (B, K, d) to attend to; None: none.
    """

    vector: Tensor | None = None
    map: Tensor | None = None
    context: Tensor | None = None

    def take(self, rows: Tensor) -> EncodedCondition:
        """Only some of the records."""
        parts = (self.vector, self.map, self.context)
        return EncodedCondition(*(None if part is None else part[rows] for part in parts))


@final
class Conditioner(nn.Module):
    """Turns what is given into a vector, a map and a context; costs nothing if nothing is given.

    `vector` and `context` are the widths of what it yields (0: it yields none), `channels` those
    of its map, so that a network can be built to take them in.

    Args:
        given: What will be given.
        target: The spec of what is modelled; parts on its very grid become a map.
        width: The width of the vector and of the context's tokens.
    """

    def __init__(self, given: ConditionSpec, target: Spec, width: int) -> None:
        super().__init__()
        self.target = target
        self.given = given
        self.aligned = [name for name, spec in given.parts.items() if _is_aligned(spec, target)]
        self.others = [name for name in given.parts if name not in self.aligned]
        # Names of fields may hold dots, which module dictionaries refuse: hence lists.
        self.encoders = nn.ModuleList([build_encoder(given.parts[name], width) for name in self.others])
        self.absent = nn.ModuleList([LearnedConstant(width) for _ in self.others])
        self.vector = width if self.others else 0
        self.context = width if any(_is_sequence(given.parts[name]) for name in self.others) else 0
        self.channels = sum(given.parts[name].width + 1 for name in self.aligned)
        if given.observed and not target.tokens:
            self.channels += target.width + target.channels

    def forward(self, given: ConditionBatch) -> EncodedCondition:
        """The condition of a batch."""
        if not self.given:
            return EncodedCondition()
        pairs = [self._encode_part(i, name, given) for i, name in enumerate(self.others)]
        vectors = [vector for vector, _ in pairs]
        contexts = [context for _, context in pairs if context is not None]
        return EncodedCondition(
            torch.stack(vectors).sum(0) if vectors else None,
            self._build_map(given) if self.channels else None,
            torch.cat(contexts, dim=1) if contexts else None,
        )

    def mask_for_training(
        self, given: ConditionBatch, x: Tensor, rng: torch.Generator, drop: float = 0.0
    ) -> ConditionBatch:
        """The condition as training shows it.

        Where the target may be observed and nothing says which part, a random part is; and of a
        share `drop` of the records no part of the condition is shown, so that guidance can tell
        with from without.

        Args:
            given: What is given with a batch.
            x: The compact records or tokens of the batch.
            rng: Draws what is observed and dropped.
            drop: The share of records without condition, 0 to 1.
        """
        if self.given.observed and given.values is None:
            given = given.set_observed(x, draw_observation_mask(x.shape, rng))
        if self.given.parts and drop:
            given = given.drop_parts(torch.rand(len(x), generator=rng, device=rng.device) >= drop)
        return given

    def fill_defaults(self, given: ConditionBatch, n: int, device: torch.device) -> ConditionBatch:
        """The condition of `n` records to sample, with nothing observed where nothing is said.

        Raises:
            UsageError: A part is lacking, or has another number of records.
        """
        if absent := set(self.given.parts) - set(given.parts):
            message = f"given: {', '.join(sorted(absent))} lacks; the model was trained with it"
            raise UsageError(message)
        if given and len(given) != n:
            message = f"given: {len(given)} records, but {n} are asked for"
            raise UsageError(message)
        if self.given.observed and given.values is None and not self.target.tokens:
            nothing = torch.zeros(n, *self.target.shape, device=device)
            given = given.set_observed(nothing, nothing.bool())
        return given

    def _encode_part(self, i: int, name: str, given: ConditionBatch) -> tuple[Tensor, Tensor | None]:
        x = given.parts[name]
        vector, context = self.encoders[i](x)
        if given.kept is None:
            return vector, context
        absent = self.absent[i](x)
        vector = torch.where(given.kept[:, None], vector, absent)
        return vector, None if context is None else context * given.kept[:, None, None]

    def _build_map(self, given: ConditionBatch) -> Tensor:
        layers = [self._encode_aligned(name, given) for name in self.aligned]
        if self.given.observed and not self.target.tokens:
            layers.append(self._encode_observed(given))
        return torch.cat(layers, dim=1)

    def _encode_aligned(self, name: str, given: ConditionBatch) -> Tensor:
        x = self.given.parts[name].expand(given.parts[name])
        kept = torch.ones(len(x), dtype=torch.bool, device=x.device) if given.kept is None else given.kept
        shown = expand_to_grid(kept[:, None].to(x), x.dim() - 2)
        return torch.cat([x * shown, torch.ones_like(x[:, :1]) * shown], dim=1)

    def _encode_observed(self, given: ConditionBatch) -> Tensor:
        if given.values is None or given.mask is None:
            message = "given.values and given.mask: declared as observed, so they must be there"
            raise ValueError(message)
        mask = given.mask
        values = self.target.expand(torch.where(mask, given.values, torch.zeros_like(given.values)))
        return torch.cat([values * self.target.expand_mask(mask), mask.to(values)], dim=1)


def _is_sequence(spec: Spec) -> bool:
    return spec.tokens or bool(spec.grid)


def _is_aligned(spec: Spec, target: Spec) -> bool:
    return bool(spec.grid) and not spec.tokens and spec.grid == target.grid


def _to_tensor(array: np.ndarray) -> Tensor:
    tensor: Any = torch.as_tensor(array)
    return tensor.float() if tensor.is_floating_point() else tensor.long()
