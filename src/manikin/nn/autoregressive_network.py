"""A transformer that reads tokens in an order and gives the law of each given those before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.encoding.grammar import END
from manikin.nn.conditioning import Conditioner
from manikin.nn.history_grammar import GrammarHead, HistoryFeatures
from manikin.nn.layers import init_zero
from manikin.nn.token_layers import ConditionMapEmbedding, TokenEmbedding, TokenHeads, sample_tokens
from manikin.nn.transformer import KeyValueCache, Transformer

if TYPE_CHECKING:
    from manikin.encoding.decoding_options import DecodingOptions
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec, EncodedCondition
    from manikin.nn.transformer import TransformerShape

MIN_UNFINISHED_SHARE = 0.75
"""Share of unfinished histories below which the finished ones are put aside."""


def choose_reading_order(spec: Spec, n: int, observed: Tensor | None, rng: torch.Generator) -> Tensor:
    """The positions in the order of reading (n, length): those observed (n, length) come first.

    Example:
        >>> from manikin.encoding.spec import Spec
        >>> rng = torch.Generator().manual_seed(0)
        >>> row = Spec(vocab=3, length=3, ranges=((0, 1), (1, 2), (2, 3)))
        >>> choose_reading_order(row, 1, torch.tensor([[False, False, True]]), rng)[0, 0].item()
        2
    """
    if not spec.ranges:
        return torch.arange(spec.length, device=rng.device).expand(n, -1)
    rank = torch.rand(n, spec.length, generator=rng, device=rng.device)
    return (rank if observed is None else rank - observed.to(rank)).argsort(dim=1)


@final
class AutoregressiveNetwork(nn.Module):
    """The law of each token given those before it in an order.

    Args:
        spec: Tokens of a row, a sequence, a text or a history.
        given: What is given with each record.
        shape: The size of the transformer.
    """

    def __init__(self, spec: Spec, given: ConditionSpec, shape: TransformerShape) -> None:
        super().__init__()
        width, self.spec = shape.width, spec
        self.condition = Conditioner(given, spec, width)
        self.laid = ConditionMapEmbedding(spec, self.condition.channels, width)
        self.embed = TokenEmbedding(spec, width)
        self.asked = nn.Embedding(spec.length, width) if spec.ranges else None
        vector, context = self.condition.vector, self.condition.context
        self.body = Transformer(replace(shape, vector=vector, context=context))
        self.heads = TokenHeads(spec, width)
        self.said = init_zero(nn.Linear(vector, spec.vocab, bias=False)) if vector and spec.ragged else None
        self.ruled = GrammarHead(spec.grammar, width) if spec.grammar else None
        self.course = HistoryFeatures(spec.grammar, width) if spec.grammar else None

    def forward(self, x: Tensor, order: Tensor, given: ConditionBatch) -> Tensor:
        """-log p of each token of `x` (B, L), read in `order` (B, L): (B, L), in nats."""
        read = x.gather(1, order)
        token = self._shift_right(self.spec.vocab, read)
        seen = self._shift_right(self.spec.length, order)
        h = self.compute_features(token, seen, order, self.laid(self.condition(given)))
        back = order.argsort(dim=1)[..., None].expand_as(h)
        return self.heads.nll(h.gather(1, back), x)

    def compute_features(
        self,
        token: Tensor,
        seen: Tensor,
        asked: Tensor,
        condition: EncodedCondition,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Features (B, L, width) for the positions `asked`, having read `token` at `seen` before each."""
        h = self.embed(token, seen)
        h = h if self.course is None else self.course(h, token, cache)
        h = h if self.asked is None else h + self.asked(asked)
        if condition.map is not None:
            h = h + condition.map.gather(1, asked[..., None].expand_as(h))
        vector, context = condition.vector, condition.context
        return self.body(h, causal=True, vector=vector, context=context, cache=cache)

    def generate_rows(self, n: int, given: ConditionBatch, rng: torch.Generator) -> Tensor:
        """`n` records of tokens (n, length), what is observed kept."""
        order, cache = choose_reading_order(self.spec, n, given.mask, rng), KeyValueCache()
        condition = self.laid(self.condition(given))
        x = given.restore_observed(torch.zeros_like(order))
        token, seen = (torch.full_like(order[:, :1], end) for end in (self.spec.vocab, self.spec.length))
        for asked in order.split(1, dim=1):
            h = self.compute_features(token, seen, asked, condition, cache)
            drawn = self.heads.draw(h[:, 0], asked[:, 0], rng)
            x = given.restore_observed(x.scatter(1, asked, drawn[:, None]))
            token, seen = x.gather(1, asked), asked
        return x

    def compute_sequence_nll(self, x: Tensor, given: ConditionBatch) -> Tensor:
        """-log p of each token of `x` (B, L), 0 after the end of a record: (B, longest), in nats.

        Under a grammar nothing but END may follow END; else what follows it is left out here.
        """
        real = int((x != END).sum(dim=1).max()) + 1
        x = x[:, :real]
        order = choose_reading_order(self.spec, len(x), None, torch.Generator(x.device))[:, :real]
        condition = self.laid(self.condition(given))
        h = self.compute_features(self._shift_right(self.spec.vocab, x), order, order, condition)
        logits = self._compute_logits(h, condition)
        if self.ruled is not None:
            logits = self.ruled(logits, h, self.ruled.compute_states(x))
        nll = functional.cross_entropy(logits.flatten(0, 1), x.flatten(), reduction="none").view_as(x)
        return nll * ((x == END).cumsum(dim=1) - (x == END).long() == 0)

    def generate_sequences(
        self, n: int, given: ConditionBatch, manner: DecodingOptions, rng: torch.Generator
    ) -> Tensor:
        """`n` records that end early, as tokens (n, length), what is observed kept.

        Each step costs those unfinished.
        """
        cache, condition, rows = (
            KeyValueCache(),
            self.laid(self.condition(given)),
            torch.arange(n, device=rng.device),
        )
        token = torch.full_like(rows, self.spec.vocab)
        state = None if self.ruled is None else self.ruled.create_start_state(n)
        x = given.restore_observed(torch.zeros(n, self.spec.length, dtype=torch.long, device=rng.device))
        for i in range(manner.compute_max_length(self.spec.length)):
            last = token[:, None]
            h = self.compute_features(last, last, last, condition, cache)
            logits, h = self._compute_logits(h, condition)[:, 0], h[:, 0]
            if self.ruled is not None and state is not None:
                logits = self.ruled(logits, h, state)
            if i + 1 < manner.shortest:
                logits[:, END] = -torch.inf
            drawn = sample_tokens(logits / manner.temperature, rng).masked_fill(token == END, END)
            if given.mask is not None:
                drawn = torch.where(given.mask[rows, i], x[rows, i], drawn)
            x[rows, i] = drawn
            if self.ruled is not None and state is not None:
                state = self.ruled.advance(state, drawn)
            token, alive = drawn, drawn != END
            if not alive.any():
                break
            if alive.float().mean() < MIN_UNFINISHED_SHARE:
                rows, token, cache = rows[alive], token[alive], cache.take(alive)
                condition, state = condition.take(alive), state and state.take(alive)
        return x

    def _compute_logits(self, h: Tensor, condition: EncodedCondition) -> Tensor:
        """Logits (B, L, vocab) of the next token for features (B, L, width).

        In texts the condition speaks for words by itself, too: which words belong to it is learned in far
        fewer steps than how they follow one another.
        """
        logits = self.heads.compute_logits(h, 0)
        if self.said is None or condition.vector is None:
            return logits
        return logits + self.said(condition.vector)[:, None]

    @staticmethod
    def _shift_right(first: int, x: Tensor) -> Tensor:
        return torch.cat([torch.full_like(x[:, :1], first), x[:, :-1]], dim=1)
