"""Blocks: what the channels of an encoded array are, and how a network's output becomes one.

Each block knows its *compact* form (one channel per quantity), its *expanded* form (what networks
see) and three verbs that turn raw network output into data: `link` a differentiable sample
(adversarial networks), `nll` a likelihood and `draw` a draw from it (variational ones). Shapes are
(B, channels, *grid); torch is imported only when a verb is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LOG_SCALE_RANGE = (-5.0, 3.0)
"""Least and greatest logarithm of a learned standard deviation: a likelihood stays finite."""

RELAXATION_TEMPERATURE = 0.5
"""Of the relaxed draws of `link` (Jang et al., 2017): their gradient, not their value, depends on it."""


@final
@dataclass(frozen=True)
class Continuous:
    """`n` real quantities, roughly standard normal; `optional` ones may be NaN.

    Their likelihood is a normal law with a learned standard deviation.
    """

    n: int = 1
    optional: bool = False

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n * (1 + self.optional)

    @property
    def raw(self) -> int:
        """Channels of a likelihood's parameters: mean, log standard deviation, logit of missing."""
        return self.n * (2 + self.optional)

    def expand(self, x: Tensor) -> Tensor:
        """Compact -> values, then flags."""
        import torch

        if not self.optional:
            return x
        missing = x.isnan()
        return torch.cat([x.masked_fill(missing, 0.0), missing.to(x.dtype)], dim=1)

    def collapse(self, x: Tensor) -> Tensor:
        """Values and flags -> compact."""
        if not self.optional:
            return x
        return x[:, : self.n].masked_fill(x[:, self.n :] > 0.5, math.nan)  # noqa: PLR2004 - nearer 1 than 0

    def expand_mask(self, mask: Tensor) -> Tensor:
        """A value and its flag are observed together."""
        return mask.repeat(1, 1 + self.optional, *[1] * (mask.dim() - 2))

    def draw_relaxed(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """(B, width, *grid) -> a differentiable expanded sample."""
        import torch

        if not self.optional:
            return raw
        flag = _draw_relaxed_binary(raw[:, self.n :], rng)
        return torch.cat([raw[:, : self.n] * (1 - flag), flag], dim=1)

    def nll(self, raw: Tensor, x: Tensor) -> Tensor:
        """-log p(x) per quantity, in nats; the value of a missing quantity counts nothing."""
        from torch.nn import functional

        mean, log_scale = raw[:, : self.n], raw[:, self.n : 2 * self.n].clamp(*LOG_SCALE_RANGE)
        missing = x.isnan()
        z = (x.masked_fill(missing, 0.0) - mean) * (-log_scale).exp()
        values = (0.5 * z**2 + log_scale + 0.5 * math.log(2 * math.pi)).masked_fill(missing, 0.0)
        if not self.optional:
            return values
        logits = raw[:, 2 * self.n :]
        flags = functional.binary_cross_entropy_with_logits(logits, missing.to(logits), reduction="none")
        return values + flags

    def mean(self, raw: Tensor) -> Tensor:
        """The expanded mean of the likelihood: values, then probabilities of missing."""
        import torch

        if not self.optional:
            return raw[:, : self.n]
        return torch.cat([raw[:, : self.n], raw[:, 2 * self.n :].sigmoid()], dim=1)

    def draw(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """One compact draw per record."""
        mean, log_scale = raw[:, : self.n], raw[:, self.n : 2 * self.n].clamp(*LOG_SCALE_RANGE)
        x = mean + log_scale.exp() * _draw_normal(mean, rng)
        if not self.optional:
            return x
        return x.masked_fill(_draw_uniform(mean, rng) < raw[:, 2 * self.n :].sigmoid(), math.nan)


@final
@dataclass(frozen=True)
class Positive:
    """`n` quantities that are never negative, such as gaps of time; `optional` ones may be NaN.

    Continuous in log(1 + x).
    """

    n: int = 1
    optional: bool = False

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self._log_block.width

    @property
    def raw(self) -> int:
        """Channels of a likelihood's parameters."""
        return self._log_block.raw

    @property
    def _log_block(self) -> Continuous:
        return Continuous(self.n, self.optional)

    def expand(self, x: Tensor) -> Tensor:
        """Compact -> log(1 + values), then flags."""
        return self._log_block.expand(x.log1p())

    def collapse(self, x: Tensor) -> Tensor:
        """Log(1 + values) and flags -> compact."""
        return self._log_block.collapse(x).expm1().clamp(min=0)

    def expand_mask(self, mask: Tensor) -> Tensor:
        """A value and its flag are observed together."""
        return self._log_block.expand_mask(mask)

    def draw_relaxed(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """(B, width, *grid) -> a differentiable expanded sample, its values above 0."""
        import torch
        from torch.nn import functional

        return self._log_block.draw_relaxed(
            torch.cat([functional.softplus(raw[:, : self.n]), raw[:, self.n :]], dim=1), rng
        )

    def nll(self, raw: Tensor, x: Tensor) -> Tensor:
        """-log p(log(1 + x)) per quantity, in nats."""
        return self._log_block.nll(raw, x.log1p())

    def mean(self, raw: Tensor) -> Tensor:
        """The expanded mean of the likelihood."""
        return self._log_block.mean(raw)

    def draw(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """One compact draw per record."""
        return self._log_block.draw(raw, rng).expm1().clamp(min=0)


@final
@dataclass(frozen=True)
class Categorical:
    """`n` quantities with the same `levels`, numbered 0 to levels - 1."""

    levels: int
    n: int = 1

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n * self.levels

    @property
    def raw(self) -> int:
        """Channels of a likelihood's parameters: one logit per level."""
        return self.width

    def expand(self, x: Tensor) -> Tensor:
        """Level numbers -> one-hot."""
        from torch.nn import functional

        return functional.one_hot(x.long(), self.levels).movedim(-1, 2).flatten(1, 2).to(x.dtype)

    def collapse(self, x: Tensor) -> Tensor:
        """The level with the greatest channel."""
        return self._split_levels(x).argmax(dim=2).to(x.dtype)

    def expand_mask(self, mask: Tensor) -> Tensor:
        """All levels of a quantity are observed together."""
        return mask.repeat_interleave(self.levels, dim=1)

    def draw_relaxed(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """A one-hot draw with the gradient of its relaxation (straight-through Gumbel-softmax)."""
        logits = self._split_levels(raw)
        gumbel = -(-_draw_uniform(logits, rng).log()).log()
        soft = ((logits + gumbel) / RELAXATION_TEMPERATURE).softmax(dim=2)
        hard = soft.new_zeros(soft.shape).scatter_(2, soft.argmax(dim=2, keepdim=True), 1.0)
        return (hard + (soft - soft.detach())).flatten(1, 2)

    def nll(self, raw: Tensor, x: Tensor) -> Tensor:
        """-log p(x) per quantity, in nats."""
        chosen = self._split_levels(raw).log_softmax(dim=2).gather(2, x.long().unsqueeze(2))
        return -chosen.squeeze(2)

    def mean(self, raw: Tensor) -> Tensor:
        """The probabilities of the levels."""
        return self._split_levels(raw).softmax(dim=2).flatten(1, 2)

    def draw(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """One compact draw per record (the Gumbel-max trick)."""
        logits = self._split_levels(raw)
        gumbel = -(-_draw_uniform(logits, rng).log()).log()
        return (logits + gumbel).argmax(dim=2).to(raw.dtype)

    def _split_levels(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (self.n, self.levels))


@final
@dataclass(frozen=True)
class Binary:
    """`n` yes/no quantities, 0 or 1 (multi-hot codes, flags)."""

    n: int = 1

    @property
    def width(self) -> int:
        """Channels of the expanded form."""
        return self.n

    @property
    def raw(self) -> int:
        """Channels of a likelihood's parameters: one logit each."""
        return self.n

    def expand(self, x: Tensor) -> Tensor:
        """The same: 0 or 1."""
        return x

    def collapse(self, x: Tensor) -> Tensor:
        """To the nearer of 0 and 1."""
        return (x > 0.5).to(x.dtype)  # noqa: PLR2004 - nearer 1 than 0

    def expand_mask(self, mask: Tensor) -> Tensor:
        """The same."""
        return mask

    def draw_relaxed(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """A 0/1 draw with the gradient of its relaxation."""
        return _draw_relaxed_binary(raw, rng)

    def nll(self, raw: Tensor, x: Tensor) -> Tensor:
        """-log p(x) per quantity, in nats."""
        from torch.nn import functional

        return functional.binary_cross_entropy_with_logits(raw, x, reduction="none")

    def mean(self, raw: Tensor) -> Tensor:
        """The probabilities of 1."""
        return raw.sigmoid()

    def draw(self, raw: Tensor, rng: torch.Generator) -> Tensor:
        """One compact draw per record."""
        return (_draw_uniform(raw, rng) < raw.sigmoid()).to(raw.dtype)


Block = Continuous | Positive | Categorical | Binary


def _draw_normal(like: Tensor, rng: torch.Generator) -> Tensor:
    import torch

    return torch.randn(like.shape, generator=rng, device=like.device)


def _draw_uniform(like: Tensor, rng: torch.Generator) -> Tensor:
    import torch

    return torch.rand(like.shape, generator=rng, device=like.device).clamp(1e-7, 1 - 1e-7)


def _draw_relaxed_binary(logits: Tensor, rng: torch.Generator) -> Tensor:
    u = _draw_uniform(logits, rng)
    soft = ((logits + u.log() - (-u).log1p()) / RELAXATION_TEMPERATURE).sigmoid()
    return (soft > 0.5).to(soft) + (soft - soft.detach())  # noqa: PLR2004 - nearer 1 than 0
