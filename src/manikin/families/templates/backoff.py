"""The next word of a note, by back-off from longer to shorter runs and by the record."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, final

import numpy as np

from manikin.encoding.grammar import END
from manikin.families.templates.ngrams import GAP_TOKEN, tabulate_next_tokens

if TYPE_CHECKING:
    from manikin.contracts.family import FamilyState
    from manikin.encoding.decoding_options import DecodingOptions
    from manikin.families.templates.ngrams import NextTokenTable, NGram

FREQUENT_WORD_SHARE = 0.5
"""Share of all words that the most usual make up: those never stand in for another word."""

BACKOFF_WEIGHT = 0.05
"""Occurrences for which all that a run leaves open counts at least."""

NO_REPEAT_NGRAM_SIZE = 6
"""Words in a row that a note does not write twice."""

MAX_CONDITIONED_WORDS = 2
"""Words before that decide together with a given field, at most."""

MAX_CACHED_SHARES = 1 << 23
"""Shares that are remembered at most, for runs that come again."""


@final
class BackoffWriter:
    """Laws of the next word, from the runs of a state.

    Args:
        state: What `Templates` have learned.
        size: How many words there are; the number after the last one stands for the start of a note.
        order: Words before that decide what follows, at most.
        stress: The power of what a given field says.
    """

    def __init__(self, state: FamilyState, size: int, order: int, stress: float) -> None:
        self.size, self.order, self.stress = size, order, stress
        self.whole = tabulate_next_tokens(state, "")
        self.base = self._compute_unigram_shares(self.whole, np.full(size, 1.0 / size))
        by_share = np.argsort(-self.base, kind="stable")
        self.usual = by_share[: np.searchsorted(np.cumsum(self.base[by_share]), FREQUENT_WORD_SHARE)]
        names = {name.rpartition("runs.")[0] for name in state if "runs." in name}
        self.parts = {name: tabulate_next_tokens(state, name) for name in sorted(names) if name}
        self.shares = {
            name: self._compute_unigram_shares(known, self.base) for name, known in self.parts.items()
        }
        keep = lru_cache(maxsize=max(1, MAX_CACHED_SHARES // len(self.base)))
        self._plain, self._raised, self._stand = (
            keep(self._compute_plain_shares),
            keep(self._compute_field_ratio),
            keep(self._compute_substitute_shares),
        )

    def write_note(
        self, given: list[int], length: int, options: DecodingOptions, rng: np.random.Generator
    ) -> np.ndarray:
        """One note (length,), END after its end; one that is longer than asked for has none."""
        here = tuple(name for i, value in enumerate(given) if (name := f"{i}.{value}.") in self.parts)
        run, out = [self.size], np.full(length, END)
        seen: dict[NGram, set[int]] = {}
        for place in range(options.compute_max_length(length)):
            recent = tuple(run[1 - NO_REPEAT_NGRAM_SIZE :])
            law = self._compute_next_shares(tuple(run[-self.order :]), here)
            if recent in seen:
                law[list(seen[recent])] = 0.0
            if place + 1 < options.shortest:
                law[END] = 0.0
            if options.temperature != 1:
                law = (law / max(law.max(), 1e-300)) ** (1 / options.temperature)
            token = draw_token(law, rng)
            out[place] = (
                draw_token(_exclude_last_word(self._stand(here), out[:place]), rng)
                if token == GAP_TOKEN
                else token
            )
            if token == END:
                break
            if len(recent) == NO_REPEAT_NGRAM_SIZE - 1:
                seen.setdefault(recent, set()).add(token)
            run.append(token)
        return out

    def _compute_next_shares(self, run: NGram, given: tuple[str, ...]) -> np.ndarray:
        """The shares of the next token (tokens,), not normalised."""
        while run and run not in self.whole:  # equal to what its end says, which comes more often
            run = run[1:]
        p, few = self._plain(run).copy(), run[-MAX_CONDITIONED_WORDS:]
        found = [self._raised(name, few) for name in given]
        for ratio, _ in found:
            p *= ratio
        if len(found) > 1:  # each makes room for what it has not seen: that of the best known one is enough
            rooms = np.stack([room for _, room in found])
            p *= rooms.min(axis=0) / rooms.prod(axis=0)
        return p

    def _compute_plain_shares(self, run: NGram) -> np.ndarray:
        """The shares of the next token in all notes."""
        return self._back_off([self.whole], self.base, run, self.order)[0]

    def _compute_field_ratio(self, name: str, run: NGram) -> tuple[np.ndarray, np.ndarray]:
        """How much more often each token follows in notes with one value of a given field; and its room.

        Of fewer notes less is known: what did not follow in them has more room, which is part of the ratio.
        """
        plain, usual = self._back_off([self.whole], self.base, run, MAX_CONDITIONED_WORDS)
        told, left = self._back_off(
            [self.parts[name], self.whole], self.shares[name], run, MAX_CONDITIONED_WORDS
        )
        ratio, room = told / np.maximum(plain, 1e-12), np.maximum(left / np.maximum(usual, 1e-12), 1.0)
        return ratio**self.stress, room**self.stress

    def _compute_substitute_shares(self, given: tuple[str, ...]) -> np.ndarray:
        """The shares of words that stand in for one that too few share: none of the most usual."""
        p = self.base.copy()
        for name in given:
            p = p * self.shares[name] / np.maximum(self.base, 1e-12)
        p[: GAP_TOKEN + 1] = 0.0
        if (p > 0).sum() > len(self.usual):
            p[self.usual] = 0.0
        return p

    def _back_off(
        self, tables: list[NextTokenTable], base: np.ndarray, run: NGram, order: int
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
                whole = max(total - counts[~fresh].sum(), new.sum()) + BACKOFF_WEIGHT
                p[tokens[fresh]], room[tokens[fresh]] = left * new / whole, left
                left *= 1 - new.sum() / whole
                known[tokens] = True
        rest = np.where(known, 0.0, base)
        return p + rest * (left / max(rest.sum(), 1e-12)), np.where(known, room, left)

    def _compute_unigram_shares(self, table: NextTokenTable, base: np.ndarray) -> np.ndarray:
        """The shares of tokens without any word before, beside those of all records."""
        tokens, counts, total = table.get((), (np.zeros(0, dtype=int), np.zeros(0), 0.0))
        weight = BACKOFF_WEIGHT * 10
        p = base * weight
        p[tokens] += counts
        return p / max(total + weight, 1e-12)


def _exclude_last_word(p: np.ndarray, written: np.ndarray) -> np.ndarray:
    """The shares of words that stand in, without the one just written, where there are others."""
    if not len(written) or p[written[-1]] == p.sum():
        return p
    p = p.copy()
    p[written[-1]] = 0.0
    return p


def draw_token(p: np.ndarray, rng: np.random.Generator) -> int:
    """A token by its share; END where none has any."""
    ends = np.cumsum(p)
    return int(np.searchsorted(ends, rng.random() * ends[-1], side="right")) if ends[-1] > 0 else END
