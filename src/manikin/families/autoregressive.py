"""One token after the other: p(x) = prod_i p(x_o(i) | x_o(1), ..., x_o(i-1)) along an order o.

Sequences are read from left to right. The columns of a table are read in a random order,
each token telling both which column it is and which one is asked for next (sigma-GPT; Pannatier et
al., 2024, arXiv:2404.09562): one pass learns every step of an order, and any columns may be
given at sampling, because those can come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor

from manikin.contracts.family import Batch, Family, Optimizer, SingleNetwork
from manikin.encoding.decoding_options import OPTION_NAMES, HasDecodingOptions
from manikin.encoding.grammar import END
from manikin.nn.autoregressive_network import AutoregressiveNetwork, choose_reading_order
from manikin.nn.transformer import choose_transformer_shape

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec

RECORDS_PER_CHUNK = 1024
"""Records sampled at a time, to bound memory."""

MAX_CHUNK_TOKENS = 1 << 18
"""The same in places of histories, where these are long; of texts, with wider networks, half as many."""

MAX_REDRAWS = 8
"""How often a text that is longer than asked for is drawn again."""


@final
@dataclass(frozen=True)
class Autoregressive(HasDecodingOptions, Family[SingleNetwork[AutoregressiveNetwork]]):
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

    def refusal(self, spec: Spec) -> str | None:
        """Only tokens can be drawn one after the other, and only texts have a length to ask for."""
        if not spec.tokens:
            return "channels on a grid are no tokens; use 'diffusion', or a codec that yields tokens"
        if not self.decoding_options.has_free_length and not spec.ragged:
            return "shortest and longest are for texts; leave them out"
        return None

    def build_networks(self, spec: Spec, given: ConditionSpec) -> SingleNetwork[AutoregressiveNetwork]:
        """One causal transformer."""
        shape = choose_transformer_shape(spec, self.width, self.depth, self.heads, self.dropout)
        return SingleNetwork(spec, AutoregressiveNetwork(spec, given, shape))

    def compute_loss(self, nets: SingleNetwork[AutoregressiveNetwork], batch: Batch) -> Tensor:
        """Mean -log p of a token, in nats; for rows along a random order per record.

        Of records that end early the sum by the length of the longest: every token counts the same.
        """
        net, spec, x = nets.model, nets.spec, batch.x
        if spec.has_end_token:
            return net.compute_sequence_nll(x.long(), batch.given).sum(dim=1).mean() / spec.length
        return net(x, choose_reading_order(spec, len(x), None, batch.rng), batch.given).mean()

    @torch.no_grad()
    def sample(
        self,
        nets: SingleNetwork[AutoregressiveNetwork],
        n: int,
        given: ConditionBatch,
        rng: torch.Generator,
    ) -> Tensor:
        """Tokens (n, length); in rows what is observed comes first, so all else depends on it.

        In a sequence an observed token is kept, but only the tokens after it depend on it.
        """
        net, spec = nets.model, nets.spec
        draw = partial(self._generate_records, net) if spec.has_end_token else net.generate_rows
        size = self._choose_chunk_size(spec)
        chunks = [slice(i, min(i + size, n)) for i in range(0, n, size)]
        return torch.cat([draw(rows.stop - rows.start, given[rows], rng) for rows in chunks])

    @staticmethod
    def _choose_chunk_size(spec: Spec) -> int:
        if not spec.has_end_token:
            return RECORDS_PER_CHUNK
        tokens = MAX_CHUNK_TOKENS // 2 if spec.ragged else MAX_CHUNK_TOKENS
        return max(1, min(RECORDS_PER_CHUNK, tokens // spec.length))

    def _generate_records(
        self, net: AutoregressiveNetwork, n: int, given: ConditionBatch, rng: torch.Generator
    ) -> Tensor:
        """Records that end early; texts that have not ended by the longest asked for are drawn again."""
        options = self.decoding_options
        x = net.generate_sequences(n, given, options, rng)
        if options.longest is None:
            return x
        last = options.compute_max_length(net.spec.length) - 1
        for _ in range(MAX_REDRAWS):
            over = (x[:, last] != END).nonzero()[:, 0]
            if not len(over):
                break
            x[over] = net.generate_sequences(len(over), given[over], options, rng)
        x[:, last] = END
        return x


__plugin__ = Autoregressive
