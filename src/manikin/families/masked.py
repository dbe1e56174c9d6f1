"""Masked diffusion: tokens are hidden at random and found again from those that are left.

The absorbing-state diffusion of discrete data (Austin et al., 2021, arXiv:2107.03006): with a share t
hidden, the loss of the hidden tokens weighs 1 / t, which bounds -log p (Sahoo et al., 2024,
arXiv:2406.07524, eq. 8). Hiding exactly k of L tokens, k uniform, is the same bound with less
noise (Hoogeboom et al., 2022, arXiv:2110.02037, eq. 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast, final

import torch
from torch import Tensor, nn

from manikin.contracts.family import Family, Optimizer
from manikin.encoding.decoding_options import OPTION_NAMES, DecodingOptions
from manikin.encoding.grammar import END
from manikin.nn.conditioning import ConditionBatch, Conditioner, ConditionSpec, EncodedCondition
from manikin.nn.history_decoder import HistoryDecoder
from manikin.nn.history_diffusion import compute_nll_bound, sample_histories
from manikin.nn.token_layers import ConditionMapEmbedding, TokenEmbedding, TokenHeads, sample_tokens
from manikin.nn.transformer import Transformer, TransformerShape

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

RECORDS_PER_CHUNK = 1024
"""Records sampled at a time, to bound memory."""


@final
@dataclass(frozen=True)
class Masked(Family):
    """A transformer that sees the whole record and fills in what is hidden.

    Histories are filled in as events whose codes have no order within a time, so that no pass can break
    their grammar.

    Args:
        width: Features per token; None: 64 for rows of a table, 96 for histories, 160 for other sequences.
        depth: Blocks; None: 3, for histories 2.
        heads: Attention heads.
        dropout: Share of features dropped in training.
        steps: Passes in which a sequence is filled in; tokens of one pass do not see each other.
            Rows of a table take one token per pass.
        temperature: Of texts: below 1 likelier tokens are drawn still more often.
        shortest: Tokens of a text at least, its end among them.
        longest: The same at most.

    Example:
        >>> from manikin.encoding.spec import Continuous, Spec
        >>> "diffusion" in Masked().refusal(Spec((Continuous(),)))
        True
    """

    width: int | None = None
    depth: int | None = None
    heads: int = 4
    dropout: float = 0.1
    steps: int = 64
    temperature: float = 1.0
    shortest: int = 0
    longest: int | None = None
    private: ClassVar[bool] = True
    tokens: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = OPTION_NAMES | {"steps"}
    is_infilling: ClassVar[bool] = True
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3, decay=0.05)

    def __post_init__(self) -> None:
        self.decoding_options.check()

    @property
    def decoding_options(self) -> DecodingOptions:
        """How tokens are drawn."""
        return DecodingOptions(self.temperature, self.shortest, self.longest)

    def refusal(self, spec: Spec) -> str | None:
        """Only tokens can be hidden, and only texts are drawn in another manner than they were learned."""
        if not spec.tokens:
            return "channels on a grid are no tokens; use 'diffusion', or a codec that yields tokens"
        if self.decoding_options != DecodingOptions() and not spec.ragged:
            return "temperature, shortest and longest are for texts; leave them out"
        return None

    def exact(self, spec: Spec) -> bool:
        """Not of histories: only the events that are hidden go through the last layers."""
        return spec.grammar is None

    def networks(self, spec: Spec, given: ConditionSpec) -> dict[str, nn.Module]:
        """One transformer that looks both ways."""
        if spec.grammar is None:
            return {"model": MaskedNetwork(spec, given, self)}
        shape = TransformerShape(self.width or 96, self.depth or 2, self.heads, self.dropout)
        return {"model": HistoryDecoder(spec, given, shape)}

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,
        spec: Spec,
        x: Tensor,
        given: ConditionBatch,
        rng: torch.Generator,
    ) -> Tensor:
        """The bound on -log p per token, in nats; of histories by the length of the longest."""
        if spec.grammar is not None:
            return (
                compute_nll_bound(cast("HistoryDecoder", nets[turn]), x.long(), given, rng).mean()
                / spec.length
            )
        count = draw_hidden_counts(len(x), spec.length, rng)
        hidden = draw_ranks(x.shape, rng) < count
        nll = nets[turn](x.masked_fill(hidden, spec.vocab), x, given)
        return ((nll * hidden).sum(dim=1, keepdim=True) / count).mean()

    @torch.no_grad()
    def sample(
        self,
        nets: dict[str, nn.Module],
        spec: Spec,
        n: int,
        given: ConditionBatch,
        rng: torch.Generator,
    ) -> Tensor:
        """Tokens (n, length); all that is filled in depends on what is observed."""
        if spec.grammar is not None:
            return sample_histories(
                cast("HistoryDecoder", nets["model"]), n, given, spec.length, self.steps, rng
            )
        finder = cast("MaskedNetwork", nets["model"])
        step = 1 if spec.ranges else -(-spec.length // self.steps)
        starts = range(0, n, RECORDS_PER_CHUNK)
        chunks = [
            finder.generate_records(
                min(RECORDS_PER_CHUNK, n - i),
                given[slice(i, i + RECORDS_PER_CHUNK)],
                step,
                self.decoding_options,
                rng,
            )
            for i in starts
        ]
        return torch.cat(chunks)


def draw_hidden_counts(n: int, length: int, rng: torch.Generator) -> Tensor:
    """How many tokens to hide in each record (n, 1): uniform on 1, ..., length, evenly over a batch."""
    offset = torch.rand(1, generator=rng, device=rng.device)
    share = (torch.arange(n, device=rng.device) / n + offset) % 1
    return (share * length).floor().long().clamp(max=length - 1)[:, None] + 1


def draw_ranks(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """The numbers 0, ..., L - 1 in a random order for each record: (n, L)."""
    return torch.rand(shape, generator=rng, device=rng.device).argsort(dim=1)


@final
class MaskedNetwork(nn.Module):
    """The law of each hidden token given all that is not hidden."""

    def __init__(self, spec: Spec, given: ConditionSpec, family: Masked) -> None:
        super().__init__()
        width = family.width or (64 if spec.ranges else 160)
        self.spec = spec
        self.condition = Conditioner(given, spec, width)
        self.laid = ConditionMapEmbedding(spec, self.condition.channels, width)
        self.embed = TokenEmbedding(spec, width)
        vector, context = self.condition.vector, self.condition.context
        self.body = Transformer(
            TransformerShape(
                width, family.depth or 3, family.heads, family.dropout, vector, context, not spec.ranges
            )
        )
        self.heads = TokenHeads(spec, width)

    def forward(self, seen: Tensor, x: Tensor, given: ConditionBatch) -> Tensor:
        """-log p of each token of `x` (B, L) given `seen`, hidden tokens being `vocab`: (B, L)."""
        return self.heads.nll(self.compute_features(seen, self.laid(self.condition(given))), x)

    def compute_features(self, seen: Tensor, condition: EncodedCondition) -> Tensor:
        """Features (B, L, width) of tokens of which some are hidden."""
        place = torch.arange(seen.shape[1], device=seen.device).expand_as(seen)
        vector, context = condition.vector, condition.context
        h = self.embed(seen, place)
        h = h if condition.map is None else h + condition.map
        return self.body(h, causal=False, vector=vector, context=context)

    def generate_records(
        self, n: int, given: ConditionBatch, step: int, manner: DecodingOptions, rng: torch.Generator
    ) -> Tensor:
        """`n` records of tokens (n, length), found `step` at a time in a random order."""
        hidden = torch.full((n, self.spec.length), self.spec.vocab, device=rng.device)
        hidden[:, manner.compute_max_length(self.spec.length) - 1 :] = (
            END if manner.longest else self.spec.vocab
        )
        x = given.restore_observed(hidden)
        # What is observed has the last ranks, so that no pass is spent on it.
        order = draw_ranks(x.shape, rng).masked_fill(x != self.spec.vocab, self.spec.length).argsort(dim=1)
        rank = order.argsort(dim=1)
        condition = self.laid(self.condition(given))
        for first in range(0, int((x == self.spec.vocab).sum(dim=1).max()), step):
            now = (x == self.spec.vocab) & (rank >= first) & (rank < first + step)
            h, place = self.compute_features(x, condition)[now], now.nonzero()[:, 1]
            x[now] = (
                self._draw_note_tokens(h, place, manner, rng)
                if self.spec.has_end_token
                else self.heads.draw(h, place, rng)
            )
        return x

    def _draw_note_tokens(
        self, h: Tensor, place: Tensor, manner: DecodingOptions, rng: torch.Generator
    ) -> Tensor:
        """Tokens (M,) of texts for features (M, width) at positions (M,)."""
        logits = self.heads.compute_logits(h, 0) / manner.temperature
        logits[place + 1 < manner.shortest, END] = -torch.inf
        return sample_tokens(logits, rng)


__plugin__ = Masked
