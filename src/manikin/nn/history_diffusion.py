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

from manikin.nn.event_slots import NONE, Slots
from manikin.nn.history_decoder import CODES, LEADS, VALUES
from manikin.nn.token_layers import sampled

if TYPE_CHECKING:
    from manikin.nn.conditioning import Condition, Given
    from manikin.nn.history_decoder import Filler

SHARES = (0.25, 0.5, 0.25)
"""How often each part is trained; all where no code has a value go to the others."""

PLACES = 1 << 16
"""Events drawn at a time, to bound memory."""


def bound(filler: Filler, x: Tensor, given: Given, rng: torch.Generator) -> Tensor:
    """A bound on -log p of histories as tokens (B, L): (B,), in nats."""
    condition, whole = filler.condition(given), Slots.of(x, filler.grammar).shuffled(rng)
    shares = torch.tensor(SHARES, device=x.device)[: VALUES + bool(filler.bins.any())]
    shares = shares / shares.sum()
    part = torch.multinomial(shares, len(x), replacement=True, generator=rng)
    cells = _cells(filler, whole, part)
    hidden, weight = _hidden(cells, rng)
    seen = _seen(filler, whole, part, hidden, rng)
    row, at = hidden.nonzero(as_tuple=True)
    h = filler.look(seen, condition)[row, at]
    nll = _nll(filler, seen, whole, part[row], h, row, at) * weight[row] / shares[part[row]]
    return filler.counted(condition, whole.there.sum(dim=1)).index_add(0, row, nll)


def _cells(filler: Filler, whole: Slots, part: Tensor) -> Tensor:
    """The places of the part of each history that is to be learned, (B, E)."""
    first = torch.arange(whole.code.shape[1], device=part.device) == 0
    cells = torch.stack([whole.there & ~first, whole.there, filler.valued(whole)])
    return cells[part, torch.arange(len(part), device=part.device)]


def _hidden(cells: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Some of the cells, k of m with k uniform on 1, ..., m; and m / k."""
    offset = torch.rand(1, generator=rng, device=cells.device)
    share = (torch.arange(len(cells), device=cells.device) / len(cells) + offset) % 1
    share = share[torch.rand(len(cells), generator=rng, device=cells.device).argsort()]
    m = cells.sum(dim=1)
    k = (share * m).long().clamp(max=(m - 1).clamp(min=0)) + 1
    return _order(cells, rng) < torch.where(m > 0, k, 0)[:, None], m / k


def _order(cells: Tensor, rng: torch.Generator) -> Tensor:
    """The numbers 0, 1, ... in a random order over the cells of each history, greater ones elsewhere."""
    chance = torch.rand(cells.shape, generator=rng, device=cells.device)
    return (chance + ~cells).argsort(dim=1).argsort(dim=1)


def _seen(filler: Filler, whole: Slots, part: Tensor, hidden: Tensor, rng: torch.Generator) -> Slots:
    """What is left to see: what comes later is hidden, but that values of known codes may be known."""
    token, there, part = filler.grammar.vocab, whole.there, part[:, None]
    lead = whole.lead.masked_fill(hidden & (part == LEADS), token)
    code = whole.code.masked_fill(there & ((part == LEADS) | (hidden & (part == CODES))), token)
    alone = torch.rand(part.shape, generator=rng, device=part.device) < 0.5  # noqa: PLR2004 - one half
    unknown = torch.where(part == CODES, alone & filler.valued(whole), hidden & (part == VALUES))
    value = whole.value.masked_fill(there & ((code == token) | unknown), token)
    return replace(whole, lead=lead, code=code, value=value)


def _nll(
    filler: Filler, seen: Slots, whole: Slots, part: Tensor, h: Tensor, row: Tensor, at: Tensor
) -> Tensor:
    """-log p of each hidden place (M,)."""
    nll = h.new_zeros(len(h))
    for which, truth in ((LEADS, whole.lead), (CODES, whole.code), (VALUES, whole.value)):
        mine = part == which
        rows, places = row[mine], at[mine]
        logits, start = _logits(filler, seen, which, h[mine], rows, places)
        loss = functional.cross_entropy(logits.float(), truth[rows, places] - start, reduction="none")
        nll = nll.masked_scatter(mine, loss.to(nll))
    return nll


def _logits(
    filler: Filler, seen: Slots, part: int, h: Tensor, row: Tensor, at: Tensor
) -> tuple[Tensor, int]:
    """Logits of what may stand at some places of one part (M, choices), and the first choice's token."""
    if part == LEADS:
        return filler.lead(h), 0
    if part == VALUES:
        return filler.value(h, seen.code[row, at]), filler.first + len(filler.bins)
    possible = filler.possible(seen, row, at)
    return filler.code(h, seen, row, at).masked_fill(~possible, -torch.inf), filler.first


def histories(
    filler: Filler, n: int, given: Given, length: int, steps: int, rng: torch.Generator
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
    slots = _begun(filler, given, _counts(filler, condition, n, rng))
    counts, x = slots.there.sum(dim=1), torch.zeros(n, length, dtype=torch.long, device=rng.device)
    order = counts.argsort()
    for rows in order.split(max(1, min(n, PLACES // max(1, slots.code.shape[1])))):
        some = slots.take(rows).short(int(counts[rows].max()))
        for part, share in enumerate(SHARES):
            some = _found(filler, some, condition.take(rows), part, max(1, round(share * steps)), rng)
        x[rows] = some.tokens(filler.grammar, length)
    return x


def _counts(filler: Filler, condition: Condition, n: int, rng: torch.Generator) -> Tensor:
    """How many events histories have, (n,)."""
    at = sampled(filler.counts(condition, n), rng)
    low, high = filler.edges[at], filler.edges[at + 1]
    return low + (torch.rand(n, generator=rng, device=low.device) * (high - low)).long()


def _begun(filler: Filler, given: Given, counts: Tensor) -> Slots:
    """Slots of which all is hidden but what leads to the first, or but what is given of a history."""
    if given.mask is None or given.values is None:
        return Slots.hidden(counts, filler.grammar).opened(filler.grammar)
    known = Slots.of(torch.where(given.mask, given.values, 0), filler.grammar)
    observed = given.mask.any(dim=1)
    slots = Slots.hidden(torch.where(observed, known.there.sum(dim=1), counts), filler.grammar)
    width = known.code.shape[1]
    for old, new in ((known.lead, slots.lead), (known.code, slots.code), (known.value, slots.value)):
        new[observed, :width] = old[observed]
    return slots.opened(filler.grammar)


def _found(
    filler: Filler, slots: Slots, condition: Condition, part: int, steps: int, rng: torch.Generator
) -> Slots:
    """The same with the hidden places of one part found, some in each pass, in a random order."""
    hidden = _unknown(filler, slots, part)
    order, m = _order(hidden, rng), hidden.sum(dim=1, keepdim=True)
    passes = min(steps, int(m.max()) if m.numel() else 0)
    for i in range(passes):
        now = hidden & (order * passes // m.clamp(min=1) == i)
        if now.any():
            h = filler.look(slots, condition)
            slots = _drawn(filler, slots, part, now, h, rng)
    return slots


def _unknown(filler: Filler, slots: Slots, part: int) -> Tensor:
    """Which places of a part are hidden, (B, E)."""
    token = filler.grammar.vocab
    if part == VALUES:
        return filler.valued(slots) & (slots.value == token)
    return slots.there & ((slots.lead if part == LEADS else slots.code) == token)


def _drawn(filler: Filler, slots: Slots, part: int, now: Tensor, h: Tensor, rng: torch.Generator) -> Slots:
    """The same with places found; codes one of each visit at a time, for they exclude each other."""
    turn = _turns(filler, slots, now) if part == CODES else now.long() - 1
    for i in range(int(turn.max()) + 1):
        row, at = (now & (turn == i)).nonzero(as_tuple=True)
        logits, start = _logits(filler, slots, part, h[row, at], row, at)
        can = logits.isfinite().any(dim=1)
        row, at, token = row[can], at[can], sampled(logits[can], rng) + start
        slots = slots.put(("lead", "code", "value")[part], row, at, token)
    found = slots.there & (slots.code != filler.grammar.vocab)
    return replace(slots, value=slots.value.masked_fill(found & ~filler.valued(slots), NONE))


def _turns(filler: Filler, slots: Slots, now: Tensor) -> Tensor:
    """The number of each place among those of its visit that are found together, (B, E); -1 elsewhere."""
    visit, count = slots.visit(filler.grammar), now.long().cumsum(dim=1)
    first = torch.ones_like(now)
    first[:, 1:] = visit[:, 1:] != visit[:, :-1]
    before = torch.where(first, count - now.long(), 0).cummax(dim=1).values
    return torch.where(now, count - before - 1, -1)
