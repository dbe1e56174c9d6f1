"""The next word of a note, by back-off from longer to shorter runs and by the record."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, final

import numpy as np

from manikin.encoding.grammar import END
from manikin.families.templates.ngrams import GAP, tabled

if TYPE_CHECKING:
    from manikin.contracts.family import State
    from manikin.families.templates import Templates
    from manikin.families.templates.ngrams import Gram, Table

USUAL = 0.5
"""Share of all words that the most usual make up: those never stand in for another word."""

WEIGHT = 0.05
"""Occurrences for which all that a run leaves open counts at least."""

ONCE = 6
"""Words in a row that a note does not write twice."""

CONDITIONED = 2
"""Words before that decide together with a given field, at most."""

REMEMBERED = 1 << 23
"""Shares that are remembered at most, for runs that come again."""


@final
class Writer:
    """Laws of the next word, from the runs of a state."""

    def __init__(self, family: Templates, state: State, size: int) -> None:
        self.family, self.size = family, size
        self.whole = tabled(state, "")
        self.base = self._first(self.whole, np.full(size, 1.0 / size))
        order = np.argsort(-self.base, kind="stable")
        self.usual = order[: np.searchsorted(np.cumsum(self.base[order]), USUAL)]
        names = {name.rpartition("runs.")[0] for name in state if "runs." in name}
        self.parts = {name: tabled(state, name) for name in sorted(names) if name}
        self.shares = {name: self._first(known, self.base) for name, known in self.parts.items()}
        keep = lru_cache(maxsize=max(1, REMEMBERED // len(self.base)))
        self._plain, self._raised, self._stand = keep(self._follows), keep(self._ratio), keep(self._other)

    def write(self, given: list[int], length: int, rng: np.random.Generator) -> np.ndarray:
        """One note (length,), END after its end; one that is too long for the manner has none."""
        here = tuple(name for i, value in enumerate(given) if (name := f"{i}.{value}.") in self.parts)
        run, out, manner = [self.size], np.full(length, END), self.family.manner
        seen: dict[Gram, set[int]] = {}
        for place in range(manner.most(length)):
            recent = tuple(run[1 - ONCE :])
            law = self._law(tuple(run[-self.family.order :]), here)
            if recent in seen:
                law[list(seen[recent])] = 0.0
            if place + 1 < manner.shortest:
                law[END] = 0.0
            law = (
                law
                if manner.temperature == 1
                else (law / max(law.max(), 1e-300)) ** (1 / manner.temperature)
            )
            token = drawn(law, rng)
            out[place] = drawn(_another(self._stand(here), out[:place]), rng) if token == GAP else token
            if token == END:
                break
            if len(recent) == ONCE - 1:
                seen.setdefault(recent, set()).add(token)
            run.append(token)
        return out

    def _law(self, run: Gram, given: tuple[str, ...]) -> np.ndarray:
        """The shares of the next token (tokens,), not normalised."""
        while run and run not in self.whole:  # equal to what its end says, which comes more often
            run = run[1:]
        p, few = self._plain(run).copy(), run[-CONDITIONED:]
        found = [self._raised(name, few) for name in given]
        for ratio, _ in found:
            p *= ratio
        if len(found) > 1:  # each makes room for what it has not seen: that of the best known one is enough
            rooms = np.stack([room for _, room in found])
            p *= rooms.min(axis=0) / rooms.prod(axis=0)
        return p

    def _follows(self, run: Gram) -> np.ndarray:
        """The shares of the next token in all notes."""
        return self._after([self.whole], self.base, run, self.family.order)[0]

    def _ratio(self, name: str, run: Gram) -> tuple[np.ndarray, np.ndarray]:
        """How much more often each token follows in notes with one value of a given field; and its room.

        Of fewer notes less is known: what did not follow in them has more room, which is part of the ratio.
        """
        plain, usual = self._after([self.whole], self.base, run, CONDITIONED)
        told, left = self._after([self.parts[name], self.whole], self.shares[name], run, CONDITIONED)
        ratio, room = told / np.maximum(plain, 1e-12), np.maximum(left / np.maximum(usual, 1e-12), 1.0)
        return ratio**self.family.stress, room**self.family.stress

    def _other(self, given: tuple[str, ...]) -> np.ndarray:
        """The shares of words that stand in for one that too few share: none of the most usual."""
        p = self.base.copy()
        for name in given:
            p = p * self.shares[name] / np.maximum(self.base, 1e-12)
        p[: GAP + 1] = 0.0
        if (p > 0).sum() > len(self.usual):
            p[self.usual] = 0.0
        return p

    def _after(
        self, tables: list[Table], base: np.ndarray, run: Gram, order: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Katz's back-off: what a longer run leaves open goes to words that only shorter ones know.

        Returns:
            The share of each token, and how much longer runs had left open for it.
        """
        p, left, known = np.zeros(len(base)), 1.0, np.zeros(len(base), dtype=bool)
        room = np.ones(len(base))
        for length in range(min(order, len(run)), 0, -1):
            for table in tables:
                found = table.get(run[-length:])
                if found is None:
                    continue
                tokens, counts, total = found
                fresh = ~known[tokens]
                new = counts[fresh]
                whole = max(total - counts[~fresh].sum(), new.sum()) + WEIGHT
                p[tokens[fresh]], room[tokens[fresh]] = left * new / whole, left
                left *= 1 - new.sum() / whole
                known[tokens] = True
        rest = np.where(known, 0.0, base)
        return p + rest * (left / max(rest.sum(), 1e-12)), np.where(known, room, left)

    def _first(self, table: Table, base: np.ndarray) -> np.ndarray:
        """The shares of tokens without any word before, beside those of all records."""
        tokens, counts, total = table.get((), (np.zeros(0, dtype=int), np.zeros(0), 0.0))
        weight = WEIGHT * 10
        p = base * weight
        p[tokens] += counts
        return p / max(total + weight, 1e-12)


def _another(p: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The shares of words that stand in, without the one just written, where there are others."""
    if not len(written) or p[written[-1]] == p.sum():
        return p
    p = p.copy()
    p[written[-1]] = 0.0
    return p


def drawn(p: np.ndarray, rng: np.random.Generator) -> int:
    """A token by its share; END where none has any."""
    ends = np.cumsum(p)
    return int(np.searchsorted(ends, rng.random() * ends[-1], side="right")) if ends[-1] > 0 else END
