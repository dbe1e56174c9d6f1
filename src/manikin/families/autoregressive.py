"""One token after the other: p(x) = prod_i p(x_o(i) | x_o(1), ..., x_o(i-1)) along an order o.

Sequences are read from left to right. The columns of a table are read in a random order,
each token telling both which column it is and which one is asked for next (sigma-GPT; Pannatier et
al., 2024, arXiv:2404.09562): one pass learns every step of an order, and any columns may be
given at sampling, because those can come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.contracts.family import Family, Optimizer
from manikin.encoding.decoding_options import OPTION_NAMES, DecodingOptions
from manikin.encoding.grammar import END
from manikin.nn.conditioning import ConditionBatch, Conditioner, ConditionSpec, EncodedCondition
from manikin.nn.history_grammar import GrammarHead, HistoryFeatures
from manikin.nn.layers import init_zero
from manikin.nn.token_layers import ConditionMapEmbedding, TokenEmbedding, TokenHeads, sample_tokens
from manikin.nn.transformer import KeyValueCache, Transformer, TransformerShape

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

RECORDS_PER_CHUNK = 1024
"""Records sampled at a time, to bound memory."""

MAX_CHUNK_TOKENS = 1 << 18
"""The same in places of histories, where these are long; of texts, with wider networks, half as many."""

MIN_UNFINISHED_SHARE = 0.75
"""Share of unfinished histories below which the finished ones are put aside."""

MAX_REDRAWS = 8
"""How often a text that is longer than asked for is drawn again."""


@final
@dataclass(frozen=True)
class Autoregressive(Family):
    """A transformer that draws one token after the other.

    Args:
        width: Features per token; None: 64 for rows of a table, 96 for histories, 160 for other sequences.
        depth: Blocks; None: 3, for histories 2, which learn more from more steps.
        heads: Attention heads.
        dropout: Share of features dropped in training.
        temperature: Of records that end early: below 1 likelier tokens are drawn still more often.
        shortest: Tokens of a text at least, its end among them.
        longest: The same at most; a text that does not end by then is drawn again a few times, then cut.

    Example:
        >>> from manikin.encoding.spec import Spec
        >>> Autoregressive().refusal(Spec(vocab=5, length=2, ranges=((0, 2), (2, 5)))) is None
        True
    """

    width: int | None = None
    depth: int | None = None
    heads: int = 4
    dropout: float = 0.1
    temperature: float = 1.0
    shortest: int = 0
    longest: int | None = None
    private: ClassVar[bool] = True
    tokens: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = OPTION_NAMES
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3, decay=0.05)

    def __post_init__(self) -> None:
        self.decoding_options.check()

    @property
    def decoding_options(self) -> DecodingOptions:
        """How tokens are drawn."""
        return DecodingOptions(self.temperature, self.shortest, self.longest)

    def refusal(self, spec: Spec) -> str | None:
        """Only tokens can be drawn one after the other, and only texts have a length to ask for."""
        if not spec.tokens:
            return "channels on a grid are no tokens; use 'diffusion', or a codec that yields tokens"
        if not self.decoding_options.has_free_length and not spec.ragged:
            return "shortest and longest are for texts; leave them out"
        return None

    def networks(self, spec: Spec, given: ConditionSpec) -> dict[str, nn.Module]:
        """One causal transformer."""
        return {"model": AutoregressiveNetwork(spec, given, self)}

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,
        spec: Spec,
        x: Tensor,
        given: ConditionBatch,
        rng: torch.Generator,
    ) -> Tensor:
        """Mean -log p of a token, in nats; for rows along a random order per record.

        Of records that end early the sum by the length of the longest: every token counts the same.
        """
        if spec.has_end_token:
            return (
                cast("AutoregressiveNetwork", nets[turn])
                .compute_sequence_nll(x.long(), given)
                .sum(dim=1)
                .mean()
                / spec.length
            )
        return nets[turn](x, choose_reading_order(spec, len(x), None, rng), given).mean()

    @torch.no_grad()
    def sample(
        self,
        nets: dict[str, nn.Module],
        spec: Spec,
        n: int,
        given: ConditionBatch,
        rng: torch.Generator,
    ) -> Tensor:
        """Tokens (n, length); in rows what is observed comes first, so all else depends on it.

        In a sequence an observed token is kept, but only the tokens after it depend on it.
        """
        reader = cast("AutoregressiveNetwork", nets["model"])
        draw, size = reader.generate_rows, RECORDS_PER_CHUNK
        if spec.has_end_token:
            draw, size = (
                partial(self._generate_records, reader),
                max(1, min(RECORDS_PER_CHUNK, MAX_CHUNK_TOKENS // (spec.length * (1 + spec.ragged)))),
            )
        starts = range(0, n, size)
        chunks = [draw(min(size, n - i), given[slice(i, i + size)], rng) for i in starts]
        return torch.cat(chunks)

    def _generate_records(
        self, reader: AutoregressiveNetwork, n: int, given: ConditionBatch, rng: torch.Generator
    ) -> Tensor:
        """Records that end early; texts that have not ended by the longest asked for are drawn again."""
        x, last = (
            reader.generate_sequences(n, given, self.decoding_options, rng),
            self.decoding_options.compute_max_length(reader.spec.length) - 1,
        )
        for _ in range(MAX_REDRAWS if self.longest else 0):
            over = (x[:, last] != END).nonzero()[:, 0]
            if not len(over):
                break
            x[over] = reader.generate_sequences(len(over), given[over], self.decoding_options, rng)
        x[:, last] = END if self.longest else x[:, last]
        return x


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
    """The law of each token given those before it in an order."""

    def __init__(self, spec: Spec, given: ConditionSpec, family: Autoregressive) -> None:
        super().__init__()
        width = family.width or (64 if spec.ranges else 96 if spec.grammar else 160)
        depth = family.depth or (2 if spec.grammar else 3)
        self.spec = spec
        self.condition = Conditioner(given, spec, width)
        self.laid = ConditionMapEmbedding(spec, self.condition.channels, width)
        self.embed = TokenEmbedding(spec, width)
        self.asked = nn.Embedding(spec.length, width) if spec.ranges else None
        vector, context = self.condition.vector, self.condition.context
        self.body = Transformer(
            TransformerShape(width, depth, family.heads, family.dropout, vector, context, not spec.ranges)
        )
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


__plugin__ = Autoregressive
