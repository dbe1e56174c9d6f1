"""Histories hidden and found again, part by part: first what leads to events, then codes, then values.

Each part is masked diffusion by itself: exactly k of its m places are hidden, k uniform, and the loss of
those hidden, times m / k, bounds -log p (Hoogeboom et al., 2022, arXiv:2110.02037, eq. 5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from manikin.nn.event_slots import NO_VALUE, EventSlots
from manikin.nn.history_decoder import CODES, LEADS, VALUES
from manikin.nn.token_layers import sample_tokens

if TYPE_CHECKING:
    from manikin.nn.conditioning import ConditionBatch, EncodedCondition
    from manikin.nn.history_decoder import HistoryDecoder

PART_SHARES = (0.25, 0.5, 0.25)
"""How often each part is trained; all where no code has a value go to the others."""

MAX_EVENTS = 1 << 16
"""Events drawn at a time, to bound memory."""

NEVER = -1
"""The turn of a place that is not found in a pass."""


def compute_nll_bound(
    filler: HistoryDecoder, x: Tensor, given: ConditionBatch, rng: torch.Generator
) -> Tensor:
    """A bound on -log p of histories as tokens (B, L): (B,), in nats."""
    condition, whole = filler.condition(given), EventSlots.from_tokens(x, filler.grammar).shuffle(rng)
    shares = torch.tensor(PART_SHARES, device=x.device)[: VALUES + bool(filler.bins.any())]
    shares = shares / shares.sum()
    part = torch.multinomial(shares, len(x), replacement=True, generator=rng)
    cells = _find_cells(filler, whole, part)
    hidden, weight = _choose_hidden(cells, rng)
    seen = _mask_slots(filler, whole, part, hidden, rng)
    row, at = hidden.nonzero(as_tuple=True)
    h = filler.compute_features(seen, condition)[row, at]
    nll = _compute_nll(filler, seen, whole, part[row], h, row, at) * weight[row] / shares[part[row]]
    return filler.compute_count_nll(condition, whole.is_event.sum(dim=1)).index_add(0, row, nll)


def _find_cells(filler: HistoryDecoder, whole: EventSlots, part: Tensor) -> Tensor:
    """The places of the part of each history that is to be learned, (B, E)."""
    first = torch.arange(whole.code.shape[1], device=part.device) == 0
    cells = torch.stack([whole.is_event & ~first, whole.is_event, filler.has_value(whole)])
    return cells[part, torch.arange(len(part), device=part.device)]


def _choose_hidden(cells: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Some of the cells, k of m with k uniform on 1, ..., m; and m / k."""
    offset = torch.rand(1, generator=rng, device=cells.device)
    share = (torch.arange(len(cells), device=cells.device) / len(cells) + offset) % 1
    share = share[torch.rand(len(cells), generator=rng, device=cells.device).argsort()]
    m = cells.sum(dim=1)
    k = (share * m).long().clamp(max=(m - 1).clamp(min=0)) + 1
    return _draw_order(cells, rng) < torch.where(m > 0, k, 0)[:, None], m / k


def _draw_order(cells: Tensor, rng: torch.Generator) -> Tensor:
    """The numbers 0, 1, ... in a random order over the cells of each history, greater ones elsewhere."""
    chance = torch.rand(cells.shape, generator=rng, device=cells.device)
    return (chance + ~cells).argsort(dim=1).argsort(dim=1)


def _mask_slots(
    filler: HistoryDecoder, whole: EventSlots, part: Tensor, hidden: Tensor, rng: torch.Generator
) -> EventSlots:
    """What is left to see: what comes later is hidden, but that values of known codes may be known."""
    token, there, part = filler.grammar.vocab, whole.is_event, part[:, None]
    lead = whole.lead.masked_fill(hidden & (part == LEADS), token)
    code = whole.code.masked_fill(there & ((part == LEADS) | (hidden & (part == CODES))), token)
    alone = torch.rand(part.shape, generator=rng, device=part.device) < 0.5  # noqa: PLR2004 - one half
    unknown = torch.where(part == CODES, alone & filler.has_value(whole), hidden & (part == VALUES))
    value = whole.value.masked_fill(there & ((code == token) | unknown), token)
    return replace(whole, lead=lead, code=code, value=value)


def _compute_nll(
    filler: HistoryDecoder,
    seen: EventSlots,
    whole: EventSlots,
    part: Tensor,
    h: Tensor,
    row: Tensor,
    at: Tensor,
) -> Tensor:
    """-log p of each hidden place (M,)."""
    nll = h.new_zeros(len(h))
    for which, truth in ((LEADS, whole.lead), (CODES, whole.code), (VALUES, whole.value)):
        mine = part == which
        rows, places = row[mine], at[mine]
        logits, start = _compute_logits(filler, seen, which, h[mine], rows, places)
        loss = functional.cross_entropy(logits.float(), truth[rows, places] - start, reduction="none")
        nll = nll.masked_scatter(mine, loss.to(nll))
    return nll


def _compute_logits(
    filler: HistoryDecoder, seen: EventSlots, part: int, h: Tensor, row: Tensor, at: Tensor
) -> tuple[Tensor, int]:
    """Logits of what may stand at some places of one part (M, choices), and the first choice's token."""
    if part == LEADS:
        return filler.compute_lead_logits(h), 0
    if part == VALUES:
        return filler.compute_value_logits(h, seen.code[row, at]), filler.first + len(filler.bins)
    possible = filler.is_possible(seen, row, at)
    return filler.compute_code_logits(h, seen, row, at).masked_fill(~possible, -torch.inf), filler.first


def sample_histories(
    filler: HistoryDecoder, n: int, given: ConditionBatch, length: int, steps: int, rng: torch.Generator
) -> Tensor:
    """`n` histories as tokens (n, length); of given ones what is hidden is found, the rest stays.

    Args:
        filler: The network.
        n: How many.
        given: What is given; of histories tokens, in which `vocab` stands for a hidden code.
        length: Tokens of a record.
        steps: Passes in which all is found; what one pass finds does not see each other.
        rng: Draws.
    """
    condition = filler.condition(given)
    slots = _start_slots(filler, given, _draw_counts(filler, condition, n, rng))
    counts, x = slots.is_event.sum(dim=1), torch.zeros(n, length, dtype=torch.long, device=rng.device)
    order = counts.argsort()
    for rows in order.split(max(1, min(n, MAX_EVENTS // max(1, slots.code.shape[1])))):
        some = slots.take(rows).truncate(int(counts[rows].max()))
        for part, share in enumerate(PART_SHARES):
            some = _fill_part(filler, some, condition.take(rows), part, max(1, round(share * steps)), rng)
        x[rows] = some.to_tokens(filler.grammar, length)
    return x


def _draw_counts(
    filler: HistoryDecoder, condition: EncodedCondition, n: int, rng: torch.Generator
) -> Tensor:
    """How many events histories have, (n,)."""
    at = sample_tokens(filler.compute_count_logits(condition, n), rng)
    low, high = filler.edges[at], filler.edges[at + 1]
    return low + (torch.rand(n, generator=rng, device=low.device) * (high - low)).long()


def _start_slots(filler: HistoryDecoder, given: ConditionBatch, counts: Tensor) -> EventSlots:
    """Slots of which all is hidden but what leads to the first, or but what is given of a history."""
    if given.mask is None or given.values is None:
        return EventSlots.from_counts(counts, filler.grammar).open_first_visit(filler.grammar)
    known = EventSlots.from_tokens(torch.where(given.mask, given.values, 0), filler.grammar)
    observed = given.mask.any(dim=1)
    slots = EventSlots.from_counts(torch.where(observed, known.is_event.sum(dim=1), counts), filler.grammar)
    width = known.code.shape[1]
    for old, new in ((known.lead, slots.lead), (known.code, slots.code), (known.value, slots.value)):
        new[observed, :width] = old[observed]
    return slots.open_first_visit(filler.grammar)


def _fill_part(
    filler: HistoryDecoder,
    slots: EventSlots,
    condition: EncodedCondition,
    part: int,
    steps: int,
    rng: torch.Generator,
) -> EventSlots:
    """The same with the hidden places of one part found, some in each pass, in a random order."""
    hidden = _is_hidden(filler, slots, part)
    order, m = _draw_order(hidden, rng), hidden.sum(dim=1, keepdim=True)
    passes = min(steps, int(m.max()) if m.numel() else 0)
    for i in range(passes):
        now = hidden & (order * passes // m.clamp(min=1) == i)
        if now.any():
            h = filler.compute_features(slots, condition)
            slots = _draw_places(filler, slots, part, now, h, rng)
    return slots


def _is_hidden(filler: HistoryDecoder, slots: EventSlots, part: int) -> Tensor:
    """Which places of a part are hidden, (B, E)."""
    token = filler.grammar.vocab
    if part == VALUES:
        return filler.has_value(slots) & (slots.value == token)
    return slots.is_event & ((slots.lead if part == LEADS else slots.code) == token)


def _draw_places(
    filler: HistoryDecoder, slots: EventSlots, part: int, now: Tensor, h: Tensor, rng: torch.Generator
) -> EventSlots:
    """The same with places found; codes one of each visit at a time, for they exclude each other."""
    turn = _number_turns(filler, slots, now) if part == CODES else torch.where(now, 0, NEVER)
    for i in range(int(turn.max()) + 1):
        row, at = (turn == i).nonzero(as_tuple=True)
        logits, start = _compute_logits(filler, slots, part, h[row, at], row, at)
        can = logits.isfinite().any(dim=1)
        row, at, token = row[can], at[can], sample_tokens(logits[can], rng) + start
        slots = slots.set_tokens(("lead", "code", "value")[part], row, at, token)
    found = slots.is_event & (slots.code != filler.grammar.vocab)
    return replace(slots, value=slots.value.masked_fill(found & ~filler.has_value(slots), NO_VALUE))


def _number_turns(filler: HistoryDecoder, slots: EventSlots, now: Tensor) -> Tensor:
    """The turn of each place among those of its visit that are found together, (B, E), or `NEVER`."""
    visit, count = slots.number_visits(filler.grammar), now.long().cumsum(dim=1)
    first = torch.ones_like(now)
    first[:, 1:] = visit[:, 1:] != visit[:, :-1]
    before = torch.where(first, count - now.long(), 0).cummax(dim=1).values
    return torch.where(now, count - before - 1, NEVER)
