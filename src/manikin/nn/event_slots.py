"""Slots: a history as its events, each with what leads to it, a code and a value; any may be hidden.

Tokens in a row have to be found from left to right, or one that is not there yet shifts all that follow.
Slots have no such order: visits close by themselves, codes of one time are a set, and so whatever is found
in whatever order can be written down as tokens that the grammar allows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor
from torch.nn import functional

from manikin.encoding.grammar import CLOSE, CODE, END, OPEN, STEP, VALUE

if TYPE_CHECKING:
    from manikin.encoding.grammar import Grammar

SAME_TIME, NO_VALUE = CLOSE, END
"""What leads to an event at the time of the one before; the value of a code that has none."""


@final
@dataclass(frozen=True)
class EventSlots:
    """The events of some histories, (B, E) each; the token `vocab` of a grammar stands for what is hidden.

    Args:
        lead: Tokens that open a visit or step in time before an event, else SAME.
        code: Tokens of codes.
        value: Tokens of values, or NONE.
        is_event: Whether there is an event; padding follows the last one.

    Example:
        >>> from manikin.encoding.grammar import Grammar
        >>> grammar = Grammar(opens=2, steps=0, sizes=(0, 3))
        >>> x = torch.tensor([[2, 4, 5, 6, 1, 3, 4, 1, 0]])
        >>> slots = EventSlots.from_tokens(x, grammar)
        >>> slots.lead.tolist(), slots.code.tolist(), slots.value.tolist()
        ([[2, 1, 3]], [[4, 5, 4]], [[0, 6, 0]])
        >>> torch.equal(slots.to_tokens(grammar, 9), x)
        True
    """

    lead: Tensor
    code: Tensor
    value: Tensor
    is_event: Tensor

    @classmethod
    def from_tokens(cls, x: Tensor, grammar: Grammar) -> EventSlots:
        """The events of tokens (B, L), in which hidden codes are `vocab`, and so are hidden values."""
        low, high = grammar.starts[CODE], grammar.starts[VALUE]
        named = (x >= low) & (x < high)
        sizes = torch.tensor(grammar.sizes, device=x.device)
        measured = named & (sizes[(x - low).clamp(0, len(sizes) - 1)] > 0)
        behind = functional.pad(measured, (1, 0))[:, :-1]  # where a value stands, known or not
        coded = named | ((x == grammar.vocab) & ~behind)
        row, at = coded.nonzero(as_tuple=True)
        place = coded.cumsum(dim=1)[row, at] - 1
        code, before = x[row, at], x[row, at - 1]
        after = x[row, (at + 1).clamp(max=x.shape[1] - 1)]
        slots = cls.from_counts(coded.sum(dim=1), grammar)
        slots.lead[row, place] = torch.where(
            (before >= grammar.starts[OPEN]) & (before < low), before, SAME_TIME
        )
        slots.code[row, place] = code
        known = torch.where(measured[row, at], after, NO_VALUE)
        slots.value[row, place] = torch.where(code == grammar.vocab, grammar.vocab, known)
        return slots

    @classmethod
    def from_counts(cls, counts: Tensor, grammar: Grammar) -> EventSlots:
        """So many events (B,) of which nothing is known."""
        place = torch.arange(int(counts.max()) if len(counts) else 0, device=counts.device)
        there = place < counts[:, None]
        blank = torch.where(there, grammar.vocab, NO_VALUE)
        return cls(torch.where(there, grammar.vocab, SAME_TIME), blank, blank.clone(), there)

    def take(self, rows: Tensor) -> EventSlots:
        """Only some histories."""
        return EventSlots(*(getattr(self, f.name)[rows] for f in fields(self)))

    def truncate(self, width: int) -> EventSlots:
        """The first events."""
        return EventSlots(*(getattr(self, f.name)[:, :width] for f in fields(self)))

    def set_tokens(self, part: str, row: Tensor, at: Tensor, token: Tensor) -> EventSlots:
        """The same with tokens of a part at some places."""
        x = getattr(self, part).clone()
        x[row, at] = token
        return replace(self, **{part: x})

    def open_first_visit(self, grammar: Grammar) -> EventSlots:
        """The same, each history begun by what opens a first visit."""
        lead = self.lead.clone()
        lead[:, :1] = torch.where(self.is_event[:, :1], grammar.starts[OPEN], SAME_TIME)
        return replace(self, lead=lead)

    def number_visits(self, grammar: Grammar) -> Tensor:
        """The visit of each event, from 1 on, (B, E); hidden leads open none."""
        return ((self.lead >= grammar.starts[OPEN]) & (self.lead < grammar.starts[STEP])).cumsum(dim=1)

    @property
    def time_groups(self) -> Tensor:
        """The time of each event, numbered from 1 on, (B, E)."""
        return (self.lead != SAME_TIME).cumsum(dim=1)

    def shuffle(self, rng: torch.Generator) -> EventSlots:
        """The same with the events of each time in a random order, for they have none."""
        chance = torch.rand(self.code.shape, generator=rng, device=self.code.device)
        order = (self.time_groups + chance + 2 * self.code.shape[1] * ~self.is_event).argsort(dim=1)
        return replace(self, code=self.code.gather(1, order), value=self.value.gather(1, order))

    def to_tokens(self, grammar: Grammar, length: int) -> Tensor:
        """Tokens (B, length) in the order that the grammar wants; visits that do not fit are left out.

        So are events that are not there, or whose code was not found.
        """
        slots, visit = self._sort_events(grammar)
        near = functional.pad(visit, (0, 1), value=-1)
        close = slots.is_event & (near[:, 1:] != visit)
        counts = torch.stack([slots.lead != SAME_TIME, slots.is_event, slots.value != NO_VALUE, close])
        ends = (counts & slots.is_event).sum(dim=0).cumsum(dim=1)
        last = torch.where(close, ends, length * 9).flip(1).cummin(dim=1).values.flip(1)
        x = torch.zeros(len(visit), length, dtype=torch.long, device=visit.device)
        tokens = (slots.lead, slots.code, slots.value, torch.full_like(visit, CLOSE))
        place = ends
        for token, present in reversed(list(zip(tokens, counts, strict=True))):
            place = place - (present & slots.is_event).long()
            row, at = (present & slots.is_event & (last < length)).nonzero(as_tuple=True)
            x[row, place[row, at]] = token[row, at]
        return x

    def _sort_events(self, grammar: Grammar) -> tuple[EventSlots, Tensor]:
        """Found events by time and code, each visit and time led to by its first one; and their visits."""
        kept = self.is_event & (self.code != grammar.vocab)
        group, visit = self.time_groups, self.number_visits(grammar)
        order = (group * (grammar.vocab + 1) + self.code + (1 << 40) * ~kept).argsort(dim=1)
        lead, group, visit, there = (x.gather(1, order) for x in (self._find_leads(), group, visit, kept))
        first = torch.ones_like(there)
        first[:, 1:] = group[:, 1:] != group[:, :-1]
        opens = torch.ones_like(there)
        opens[:, 1:] = visit[:, 1:] != visit[:, :-1]
        starts = self._find_openings(grammar).gather(1, visit.clamp(min=1) - 1)
        lead = torch.where(opens, starts, torch.where(first, lead, SAME_TIME))
        lead[:, :1] = grammar.starts[OPEN]
        code, value = (x.gather(1, order) for x in (self.code, self.value))
        visit = torch.where(there, visit, -1)
        return EventSlots(torch.where(there, lead, SAME_TIME), code, value, there), visit

    def _find_leads(self) -> Tensor:
        """What leads to the time of each event, (B, E)."""
        place = torch.arange(self.lead.shape[1], device=self.lead.device).expand_as(self.lead)
        return self.lead.gather(1, torch.where(self.lead != SAME_TIME, place, 0).cummax(dim=1).values)

    def _find_openings(self, grammar: Grammar) -> Tensor:
        """What opens each visit, (B, visits at most E)."""
        opened = self.is_event & (self.lead >= grammar.starts[OPEN]) & (self.lead < grammar.starts[STEP])
        row, at = opened.nonzero(as_tuple=True)
        out = torch.full_like(self.lead, grammar.starts[OPEN])
        out[row, self.number_visits(grammar)[row, at] - 1] = self.lead[row, at]
        return out
