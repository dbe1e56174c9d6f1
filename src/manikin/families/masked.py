"""Masked diffusion: tokens are hidden at random and found again from those that are left.

The absorbing-state diffusion of discrete data (Austin et al., 2021, arXiv:2107.03006): with a share t
hidden, the loss of the hidden tokens weighs 1 / t, which bounds -log p (Sahoo et al., 2024,
arXiv:2406.07524, eq. 8). Hiding exactly k of L tokens, k uniform, is the same bound with less
noise (Hoogeboom et al., 2022, arXiv:2110.02037, eq. 5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor

from manikin.contracts.family import Batch, Family, Optimizer, SingleNetwork
from manikin.encoding.decoding_options import OPTION_NAMES, DecodingOptions, HasDecodingOptions
from manikin.nn.history_decoder import HistoryDecoder
from manikin.nn.history_diffusion import compute_nll_bound, sample_histories
from manikin.nn.masked_network import MaskedNetwork, draw_ranks
from manikin.nn.transformer import choose_transformer_shape

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec

RECORDS_PER_CHUNK = 1024
"""Records sampled at a time, to bound memory."""

MaskedNetworks = SingleNetwork[MaskedNetwork | HistoryDecoder]


@final
@dataclass(frozen=True)
class Masked(HasDecodingOptions, Family[MaskedNetworks]):
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

    def build_networks(self, spec: Spec, given: ConditionSpec) -> MaskedNetworks:
        """One transformer that looks both ways."""
        shape = choose_transformer_shape(spec, self.width, self.depth, self.heads, self.dropout)
        network = MaskedNetwork if spec.grammar is None else HistoryDecoder
        return SingleNetwork(spec, network(spec, given, shape))

    def compute_loss(self, nets: MaskedNetworks, batch: Batch) -> Tensor:
        """The bound on -log p per token, in nats; of histories by the length of the longest."""
        net, spec, x, rng = nets.model, nets.spec, batch.x, batch.rng
        if isinstance(net, HistoryDecoder):
            return compute_nll_bound(net, x.long(), batch.given, rng).mean() / spec.length
        count = draw_hidden_counts(len(x), spec.length, rng)
        hidden = draw_ranks(x.shape, rng) < count
        nll = net(x.masked_fill(hidden, spec.vocab), x, batch.given)
        return ((nll * hidden).sum(dim=1, keepdim=True) / count).mean()

    @torch.no_grad()
    def sample(self, nets: MaskedNetworks, n: int, given: ConditionBatch, rng: torch.Generator) -> Tensor:
        """Tokens (n, length); all that is filled in depends on what is observed."""
        net, spec = nets.model, nets.spec
        if isinstance(net, HistoryDecoder):
            return sample_histories(net, n, given, spec.length, self.steps, rng)
        step, options = 1 if spec.ranges else math.ceil(spec.length / self.steps), self.decoding_options
        chunks = [slice(i, min(i + RECORDS_PER_CHUNK, n)) for i in range(0, n, RECORDS_PER_CHUNK)]
        drawn = (
            net.generate_records(rows.stop - rows.start, given[rows], step, options, rng) for rows in chunks
        )
        return torch.cat(list(drawn))


def draw_hidden_counts(n: int, length: int, rng: torch.Generator) -> Tensor:
    """How many tokens to hide in each record (n, 1): uniform on 1, ..., length, evenly over a batch."""
    offset = torch.rand(1, generator=rng, device=rng.device)
    share = (torch.arange(n, device=rng.device) / n + offset) % 1
    return (share * length).floor().long().clamp(max=length - 1)[:, None] + 1


__plugin__ = Masked
