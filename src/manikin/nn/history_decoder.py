"""A network that finds hidden parts of histories, in any order: what leads to events, codes, values.

It looks both ways, and gives a chance to nothing that could not stand there: a code that the visit has
already, one after which nothing comes before the last events, a value that its code does not have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.encoding.grammar import CODE, OPEN, STEP, VALUE
from manikin.nn.conditioning import Conditioner
from manikin.nn.event_slots import SAME_TIME
from manikin.nn.history_grammar import RECALL_SPEED
from manikin.nn.layers import LearnedConstant, init_zero
from manikin.nn.token_layers import INIT_STD
from manikin.nn.transformer import Transformer

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionSpec, EncodedCondition
    from manikin.nn.event_slots import EventSlots
    from manikin.nn.transformer import TransformerShape

PARTS = LEADS, CODES, VALUES = range(3)
"""What is found, in this order: a code depends on all visits, a value on all codes."""

COUNT_BINS = 64
"""About how many bins the number of a patient's events has."""

POSITION_FEATURES, DISTANT_EVENTS = 12, 16.0
"""Numbers that say where an event stands, and how many events are far."""

NEIGHBOR_VISITS = (0, -1, 1, None)
"""The visits whose codes are summed: an event's own, the ones before and after, all."""

RECALL_VISITS = ("before", "after", "any")
"""Where a code may stand besides: at the visit before, at the one after, at any other."""


@final
class HistoryDecoder(nn.Module):
    """The law of each hidden part given all that is not hidden.

    Args:
        spec: Tokens with a grammar.
        given: What is given with each history.
        shape: The size of the transformer.
    """

    def __init__(self, spec: Spec, given: ConditionSpec, shape: TransformerShape) -> None:
        super().__init__()
        if spec.grammar is None:
            raise ValueError("spec: it has no grammar")
        width, grammar = shape.width, spec.grammar
        self.grammar, self.first = grammar, grammar.starts[CODE]
        self.condition = Conditioner(given, spec, width)
        vector, context = self.condition.vector, self.condition.context
        self.embed = nn.Embedding(grammar.vocab + len(PARTS), width)
        nn.init.normal_(self.embed.weight, std=INIT_STD)
        self.spot = nn.Sequential(nn.Linear(POSITION_FEATURES, width), nn.GELU(), nn.Linear(width, width))
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.bags = init_zero(nn.Linear(len(NEIGHBOR_VISITS) * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in NEIGHBOR_VISITS)
        self.body = Transformer(replace(shape, vector=vector, context=context))
        codes, values = len(grammar.sizes), max(grammar.vocab - grammar.starts[VALUE], 1)
        laws = [nn.Linear(width, size) for size in (self.first, codes, values)]
        for law in laws:
            nn.init.normal_(law.weight, std=INIT_STD)
        self.laws = nn.ModuleList(laws)
        self.recall = init_zero(LearnedConstant(len(RECALL_VISITS) * codes))
        self.gate = init_zero(nn.Linear(width, len(RECALL_VISITS)))
        self.edges = nn.Buffer(_compute_count_edges(spec.length), persistent=False)
        self.sizes = LearnedConstant(len(self.edges) - 1)
        self.sized = init_zero(nn.Linear(vector, len(self.edges) - 1)) if vector else None
        self._register_rules()

    def _register_rules(self) -> None:
        grammar = self.grammar
        self.bins = nn.Buffer(torch.tensor(grammar.sizes), persistent=False)
        once, last = (
            torch.ones(len(grammar.sizes), dtype=torch.bool),
            torch.zeros(len(grammar.sizes)).bool(),
        )
        once[list(grammar.repeatable_codes)] = False
        last[list(grammar.terminal_codes)] = True
        self.once, self.last = nn.Buffer(once, persistent=False), nn.Buffer(last, persistent=False)
        lead = torch.zeros(self.first, dtype=torch.bool)
        lead[[SAME_TIME, *range(grammar.starts[OPEN] + 1, self.first)]] = True
        self.leads = nn.Buffer(lead, persistent=False)

    def compute_features(self, slots: EventSlots, condition: EncodedCondition) -> Tensor:
        """Features (B, E, width) of events of which parts are hidden."""
        parts = (slots.lead, slots.code, slots.value)
        found = [self._embed_part(part, tokens) for part, tokens in enumerate(parts)]
        h = sum(found, self.spot(self._compute_positions(slots)))
        h = h + self.mix(h)
        h = h + self.bags(self._sum_codes(slots, found[CODES]))
        there = slots.is_event | ~slots.is_event.any(dim=1, keepdim=True)
        vector, context = condition.vector, condition.context
        return self.body(h, causal=False, vector=vector, context=context, there=there)

    def _embed_part(self, part: int, tokens: Tensor) -> Tensor:
        """Embeddings (B, E, width) of leads, codes or values; each part has a mask token of its own."""
        mask_token = self.grammar.vocab + part
        return self.embed(tokens.masked_fill(tokens == self.grammar.vocab, mask_token))

    def _compute_positions(self, slots: EventSlots) -> Tensor:
        """How far events stand from either end, and from the visits opened about them, (B, E, SPOTS)."""
        there, width = slots.is_event, slots.is_event.shape[1]
        count = there.sum(dim=1, keepdim=True)
        place = torch.arange(width, device=there.device).expand_as(there)
        opened = (slots.lead >= self.grammar.starts[OPEN]) & (slots.lead < self.grammar.starts[STEP])
        before = torch.where(opened, place, 0).cummax(dim=1).values
        after = torch.where(opened, place, count).flip(1).cummin(dim=1).values.flip(1)
        after = functional.pad(after[:, 1:], (0, 1), value=width).minimum(count)
        spots = (
            count.expand_as(place),
            place,
            count - place,
            place - before,
            after - place,
            after - before,
        )
        x = torch.stack([spot.clamp(min=0) for spot in spots], dim=-1).float()
        return torch.cat([x.log1p(), x / DISTANT_EVENTS], dim=-1)

    def _sum_codes(self, slots: EventSlots, codes: Tensor) -> Tensor:
        """Sums of the codes known of this visit, the ones beside it and all, (B, E, bags x width)."""
        known = slots.is_event & (slots.code != self.grammar.vocab)
        visit = slots.number_visits(self.grammar)
        at = (visit + 1)[..., None].expand_as(codes)  # room for those before the first
        sums = codes.new_zeros(len(codes), visit.shape[1] + 3, codes.shape[2])
        sums = sums.scatter_add(1, at, codes * known[..., None])
        total = sums.sum(dim=1, keepdim=True).expand_as(codes)
        near = (sums.gather(1, at + step) for step in NEIGHBOR_VISITS[:-1])
        return torch.cat([norm(bag) for norm, bag in zip(self.norms, (*near, total), strict=True)], dim=-1)

    def compute_lead_logits(self, h: Tensor) -> Tensor:
        """Logits (M, tokens) of what leads to an event, for features (M, width)."""
        return self.laws[LEADS](h).masked_fill(~self.leads, -torch.inf)

    def compute_code_logits(self, h: Tensor, slots: EventSlots, row: Tensor, at: Tensor) -> Tensor:
        """Logits (M, codes) of the codes at some places, before what cannot stand there is ruled out."""
        visit = slots.number_visits(self.grammar)
        away = visit[row] - visit[row, at][:, None]
        known = (slots.is_event & (slots.code != self.grammar.vocab))[row]
        places = (known & (away == -1), known & (away == 1), known & (away != 0))
        biases = RECALL_SPEED * self.recall.row.view(len(RECALL_VISITS), -1)
        logits = self.laws[CODES](h)
        for bias, strength, where in zip(biases, self.gate(h).split(1, -1), places, strict=True):
            logits = logits + (bias + strength) * self._has_code(slots.code[row], where)
        return logits

    def is_possible(self, slots: EventSlots, row: Tensor, at: Tensor) -> Tensor:
        """Which codes can stand at some places, given all that are known, (M, codes)."""
        visit, group = slots.number_visits(self.grammar)[row], slots.time_groups[row]
        place = torch.arange(len(row), device=row.device)
        known = (slots.is_event & (slots.code != self.grammar.vocab))[row]
        code = slots.code[row]
        number = (code - self.first).clamp(0, len(self.bins) - 1)
        near = self.once[number] & (visit == visit[place, at][:, None])
        taken = self._has_code(code, known & (near | (group == group[place, at][:, None])))
        ended = (known & self.last[number]).any(dim=1)
        early = group[place, at] < torch.where(slots.is_event[row], group, 0).amax(dim=1)
        return ~taken & ~(self.last & (ended | early)[:, None])

    def _has_code(self, code: Tensor, where: Tensor) -> Tensor:
        """Which codes stand in a row of events (M, E) where it says so, (M, codes)."""
        number = torch.where(where, code - self.first, len(self.bins))
        out = torch.zeros(len(code), len(self.bins) + 1, dtype=torch.bool, device=code.device)
        return out.scatter_(1, number, value=True)[:, :-1]

    def compute_value_logits(self, h: Tensor, code: Tensor) -> Tensor:
        """Logits (M, bins) of the values of known codes (M,)."""
        logits = self.laws[VALUES](h)
        bins = torch.arange(logits.shape[1], device=h.device)
        return logits.masked_fill(bins >= self.bins[code - self.first][:, None], -torch.inf)

    def has_value(self, slots: EventSlots) -> Tensor:
        """Which events have a code that has a value, (B, E)."""
        known = slots.is_event & (slots.code != self.grammar.vocab)
        return known & (self.bins[(slots.code - self.first).clamp(0, len(self.bins) - 1)] > 0)

    def compute_count_logits(self, condition: EncodedCondition, n: int) -> Tensor:
        """Logits (n, bins) of the number of events."""
        logits = self.sizes.row.expand(n, -1)
        if self.sized is None or condition.vector is None:
            return logits
        return logits + self.sized(condition.vector)

    def compute_count_nll(self, condition: EncodedCondition, counts: Tensor) -> Tensor:
        """-log p of how many events there are, up to their place in a bin, (B,)."""
        at = torch.bucketize(counts, self.edges, right=True) - 1
        return functional.cross_entropy(
            self.compute_count_logits(condition, len(counts)), at, reduction="none"
        )


def _compute_count_edges(length: int) -> Tensor:
    """The least numbers of events of each bin, and one beyond the greatest: few to a bin where small."""
    return (
        torch.cat([torch.zeros(1), torch.logspace(0, 1, COUNT_BINS, base=length).round()]).unique().long()
    )
