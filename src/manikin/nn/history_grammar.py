"""Histories in a network: only tokens that may follow have a chance, and earlier codes are recalled.

What was coded at the last visit, or ever before, is coded again far more often than anything else.
Attention would have to learn to copy each code; two learned numbers for each code say it at once. A
matrix of low rank says which other codes follow it: a sum of log odds, as in logistic regression.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.encoding.grammar import CLOSE, CODE, END, OPEN, START, STEP, VALUE
from manikin.nn.layers import LearnedConstant, init_zero

if TYPE_CHECKING:
    from manikin.encoding.grammar import Grammar
    from manikin.nn.transformer import KeyValueCache


LINK_RANK = 32
"""Rank of the matrix of log odds from code to code."""

RECALL_SPEED = 8.0
"""How much faster than weights the numbers of recall move: some logits are of several units."""

LINK_SPEED = 4.0
"""The same for the matrix, which starts at nothing: what one code says of another is a unit at most."""


@final
@dataclass(frozen=True)
class HistoryState:
    """Where histories stand before their next token; all tensors have the same leading shape (...).

    Args:
        token: The token before.
        group: The last code at this very time of the visit, numbered from 0; -1: none.
        code: The last code.
        has_ended: Whether a code came after which nothing comes.
        visit_codes: Codes of this visit so far, (..., codes); in training nothing, for it would cost
            memory.
        last_visit_codes: Codes of the visit before.
        past_codes: Codes of all visits before.
        links: What these codes say of others, (..., RANK).
    """

    token: Tensor
    group: Tensor
    code: Tensor
    has_ended: Tensor
    visit_codes: Tensor
    last_visit_codes: Tensor
    past_codes: Tensor
    links: Tensor

    def take(self, rows: Tensor) -> HistoryState:
        """Only some histories."""
        return HistoryState(*(getattr(self, f.name)[rows] for f in fields(self)))


@final
class GrammarHead(nn.Module):
    """Logits of the next token, masked by a grammar and raised by what is recalled.

    Args:
        grammar: Of the tokens.
        width: Features per token.
    """

    def __init__(self, grammar: Grammar, width: int) -> None:
        super().__init__()
        self.grammar = grammar
        codes = len(grammar.sizes)
        self.first = grammar.starts[CODE]
        kind = torch.full((grammar.vocab + 1,), START)
        for k, (low, high) in enumerate(
            zip(grammar.starts, (*grammar.starts[1:], grammar.vocab), strict=True)
        ):
            kind[low:high] = k
        self.kind = nn.Buffer(kind, persistent=False)
        self.sizes = nn.Buffer(torch.tensor([*grammar.sizes, 0]), persistent=False)
        last = torch.zeros(codes, dtype=torch.bool)
        last[list(grammar.terminal_codes)] = True
        self.final = nn.Buffer(last, persistent=False)
        once = torch.ones(codes, dtype=torch.bool)
        once[list(grammar.repeatable_codes)] = False
        self.once = nn.Buffer(once, persistent=False)
        self.recall = LearnedConstant(2 * codes)
        init_zero(self.recall)
        self.gate = init_zero(nn.Linear(width, 2))
        self.says = nn.Linear(2 * codes, LINK_RANK, bias=False)
        nn.init.normal_(self.says.weight, std=LINK_RANK**-0.5)  # what a code says has unit length
        self.follows = init_zero(nn.Linear(LINK_RANK, codes, bias=False))
        self.kin = nn.Buffer(torch.tensor(grammar.code_groups or (0,) * codes), persistent=False)
        groups = int(self.kin.max()) + 1
        self.kin_head = init_zero(nn.Linear(width, groups))
        self.kin_link = init_zero(nn.Linear(2 * groups, LINK_RANK, bias=False))
        self.kin_onto = init_zero(nn.Linear(LINK_RANK, groups, bias=False))

    def forward(self, logits: Tensor, h: Tensor, state: HistoryState) -> Tensor:
        """Logits (..., vocab) for features (..., width) of histories in a state."""
        low, high = self.first, self.first + len(self.sizes) - 1
        known = RECALL_SPEED * self.recall(h).view(len(h), *(1,) * (h.dim() - 2), 2, -1)
        gate = self.gate(h)
        shared = self.kin_head(h) + self.kin_onto(state.links)
        codes = logits[..., low:high] + self.follows(state.links) + shared[..., self.kin]
        seen_at = (state.last_visit_codes, state.past_codes)
        for bias, strength, seen in zip(known.unbind(-2), gate.split(1, -1), seen_at, strict=True):
            codes = codes + (bias + strength) * seen
        logits = torch.cat([logits[..., :low], codes, logits[..., high:]], dim=-1)
        return logits.masked_fill(~self.is_allowed(state), -torch.inf)

    def is_allowed(self, state: HistoryState) -> Tensor:
        """Which tokens may come next, (..., vocab)."""
        kind, dead = self.kind[state.token][..., None], state.has_ended[..., None]
        size = self.sizes[state.code][..., None]
        starts = self.grammar.starts
        bins = torch.arange(self.grammar.vocab - starts[VALUE], device=kind.device)
        number = torch.arange(len(self.sizes) - 1, device=kind.device)
        inside = (kind == OPEN) | (kind == STEP)
        done = (kind == VALUE) | ((kind == CODE) & (size == 0))
        visit = torch.arange(self.grammar.opens, device=kind.device) > 0
        fresh = ~(state.visit_codes & self.once)
        codes = ((inside | (done & ~dead & (number > state.group[..., None]))) & fresh).expand(
            *kind.shape[:-1], len(number)
        )
        stuck = inside & ~codes.any(dim=-1, keepdim=True)
        return torch.cat(
            [
                (kind == END) | (kind == CLOSE) | (kind == START),
                done | stuck,
                torch.where(visit, (kind == CLOSE) & ~dead, kind == START),
                (done & ~dead).expand(*kind.shape[:-1], self.grammar.steps),
                codes,
                (kind == CODE) & (bins < size),
            ],
            dim=-1,
        )

    def create_start_state(self, n: int) -> HistoryState:
        """Before the first token of `n` histories."""
        at = self.kind.new_full((n,), self.grammar.vocab)
        none = torch.full_like(at, -1)
        nothing = torch.zeros(n, len(self.sizes) - 1, dtype=torch.bool, device=at.device)
        return HistoryState(
            at, none, none, nothing[:, 0], nothing, nothing, nothing, self._compute_links(nothing, nothing)
        )

    def advance(self, state: HistoryState, token: Tensor) -> HistoryState:
        """After one more token (n,) of each history."""
        kind, number = self.kind[token], token - self.first
        opened, coded = kind == OPEN, kind == CODE
        group = torch.where(opened | (kind == STEP), -1, torch.where(coded, number, state.group))
        code = torch.where(coded, number, state.code)
        dead = state.has_ended | (coded & self.final[number.clamp(0, len(self.final) - 1)])
        turn = opened[:, None]
        last, ever = (
            torch.where(turn, state.visit_codes, state.last_visit_codes),
            state.past_codes | (state.visit_codes & turn),
        )
        place = number.clamp(0, len(self.final) - 1)
        now = (state.visit_codes & ~turn) | (
            functional.one_hot(place, len(self.final)).bool() & coded[:, None]
        )
        return HistoryState(token, group, code, dead, now, last, ever, self._compute_links(last, ever))

    def compute_states(self, x: Tensor) -> HistoryState:
        """The states before each token of `x` (B, L), in which each visit's own codes are left out."""
        token = torch.cat([torch.full_like(x[:, :1], self.grammar.vocab), x[:, :-1]], dim=1)
        kind, number = self.kind[token], token - self.first
        coded = kind == CODE
        place = torch.arange(x.shape[1], device=x.device).expand_as(x)
        moved = torch.where((kind == OPEN) | (kind == STEP), place, -1).cummax(dim=1).values
        at = torch.where(coded, place, -1).cummax(dim=1).values
        code = torch.where(at >= 0, number.gather(1, at.clamp(min=0)), -1)
        dead = (coded & self.final[number.clamp(0, len(self.final) - 1)]).cumsum(dim=1) > 0
        last, ever, links = self._collect_visit_codes(x, token)
        nothing = torch.zeros(1, 1, 1, dtype=torch.bool, device=x.device)
        return HistoryState(
            token, torch.where(at > moved, code, -1), code, dead, nothing, last, ever, links
        )

    def _compute_links(self, last: Tensor, ever: Tensor) -> Tensor:
        seen = torch.stack([last, ever], dim=-2).to(self.says.weight.dtype)
        groups = functional.one_hot(self.kin).to(seen)
        return LINK_SPEED * (self.says(seen.flatten(-2)) + self.kin_link((seen @ groups).flatten(-2)))

    def _collect_visit_codes(self, x: Tensor, token: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Codes of the visit before each token's own, of all visits before, and what they say of others."""
        visit = (self.kind[token] == OPEN).cumsum(dim=1)
        coded = self.kind[x] == CODE
        seen = torch.zeros(len(x), int(visit.max()) + 1, len(self.final), dtype=torch.bool, device=x.device)
        row, _ = coded.nonzero(as_tuple=True)
        seen[row, visit[coded], x[coded] - self.first] = True
        ever = seen.to(torch.int8).cumsum(dim=1, dtype=torch.int16) > 0
        before = (visit - 1).clamp(min=0)
        rows = torch.arange(len(x), device=x.device)[:, None]
        return seen[rows, before], ever[rows, before], self._compute_links(seen, ever)[rows, before]


@final
class HistoryFeatures(nn.Module):
    """Features of tokens, and with them what was coded in all earlier visits and in the one before.

    Sums of features stand for bags of codes: what attention would gather code by code is there at once.

    Args:
        grammar: Of the tokens.
        width: Features per token.
    """

    def __init__(self, grammar: Grammar, width: int) -> None:
        super().__init__()
        low, high = grammar.starts[CODE], grammar.starts[VALUE]
        self.codes, self.opens = (low, high), (grammar.starts[OPEN], grammar.starts[STEP])
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.out = init_zero(nn.Linear(2 * width, width))

    def forward(self, h: Tensor, token: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Features (B, L, width) of tokens (B, L); `cache` holds the sums so far."""
        coded, opened = (((token >= a) & (token < b)) for a, b in (self.codes, self.opens))
        none = torch.zeros_like(h[:, 0])
        before, past, total = cache.sums if cache is not None and cache.sums else (none, none, none)
        sums = total[:, None] + (h * coded[..., None]).cumsum(dim=1)
        # Before the first position stand the sums at the last two openings that were seen earlier.
        known = torch.cat([before[:, None], past[:, None], sums], dim=1)
        place = torch.arange(known.shape[1], device=h.device).expand(len(h), -1)
        last = torch.where(opened, place[:, 2:], 1).cummax(dim=1).values
        at = torch.cat([place[:, :2], last], dim=1)
        previous = at.gather(1, (last - 1).clamp(min=0))
        past, before = (known.gather(1, i[..., None].expand_as(h)) for i in (last, previous))
        if cache is not None:
            cache.sums = (before[:, -1], past[:, -1], sums[:, -1])
        bags = torch.cat(
            [norm(bag) for norm, bag in zip(self.norms, (past, past - before), strict=True)], dim=-1
        )
        return h + self.out(bags)
