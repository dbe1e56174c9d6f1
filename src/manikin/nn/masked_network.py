"""A transformer that sees all tokens of a record but the hidden ones, and gives the law of each hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn

from manikin.encoding.grammar import END
from manikin.nn.conditioning import Conditioner
from manikin.nn.token_layers import ConditionMapEmbedding, TokenEmbedding, TokenHeads, sample_tokens
from manikin.nn.transformer import Transformer

if TYPE_CHECKING:
    from manikin.encoding.decoding_options import DecodingOptions
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec, EncodedCondition
    from manikin.nn.transformer import TransformerShape


def draw_ranks(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """The numbers 0, ..., L - 1 in a random order for each record: (n, L)."""
    return torch.rand(shape, generator=rng, device=rng.device).argsort(dim=1)


@final
class MaskedNetwork(nn.Module):
    """The law of each hidden token given all that is not hidden.

    Args:
        spec: Tokens of a row, a sequence or a text.
        given: What is given with each record.
        shape: The size of the transformer.
    """

    def __init__(self, spec: Spec, given: ConditionSpec, shape: TransformerShape) -> None:
        super().__init__()
        width, self.spec = shape.width, spec
        self.condition = Conditioner(given, spec, width)
        self.laid = ConditionMapEmbedding(spec, self.condition.channels, width)
        self.embed = TokenEmbedding(spec, width)
        vector, context = self.condition.vector, self.condition.context
        self.body = Transformer(replace(shape, vector=vector, context=context))
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
