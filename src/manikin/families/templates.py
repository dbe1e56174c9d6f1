"""Phrases that several patients share, joined anew: the model of notes where there are few of them.

A note is written word by word. What may follow is read from the longest run of words before it that, with
what follows, at least `anonymous` patients share: whole sentences where these are shared, as in reports of
normal findings, and a few words where they are not. What longer runs leave open goes to words that only
shorter ones know (back-off; Katz, 1987). What is given with the record raises the words
that its bearers write more often. For a word that too few share another stands in. Nothing that fewer share
is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from manikin.errors import Unsupported
from manikin.family import Progress, State, Statistical
from manikin.grammar import END

if TYPE_CHECKING:
    from manikin.rng import Key
    from manikin.spec import Spec

NONE, GAP = 1, 2
"""The tokens of an absent text and of a word that too few share, as `codecs.phrases` has them."""

USUAL = 0.5
"""Share of all words that the most usual make up: those never stand in for another word."""

Gram = tuple[int, ...]
Table = dict[Gram, tuple[np.ndarray, np.ndarray, float]]


@final
@dataclass(frozen=True)
class Templates(Statistical):
    """Shared phrases, chosen by the record.

    Args:
        order: Words before that decide what follows, at most.
        anonymous: Patients that must share a run of words.
        bearers: Of these, those with one value of a given field before it raises what follows.
        conditioned: Words before that decide together with a given field, at most.
        weight: Occurrences for which all that a run leaves open counts at least.
        stress: The power of what a given field says; above 1 notes say it more plainly than real ones.
        once: Words in a row that a note does not write twice.

    Example:
        >>> from manikin.spec import Spec
        >>> Templates().refusal(Spec(vocab=5, length=4, ranges=((0, 5),) * 4, ragged=True)) is None
        True
    """

    order: int = 4
    anonymous: int = 5
    bearers: int = 2
    conditioned: int = 2
    weight: float = 0.05
    stress: float = 1.3
    once: int = 6
    tokens: ClassVar[bool] = True
    codec: ClassVar[str | None] = "phrases"

    def refusal(self, spec: Spec) -> str | None:
        """Only notes: tokens that end early, without a grammar."""
        if spec.ragged and spec.ranges:
            return None
        return "templates are for notes; use 'autoregressive' for other tokens, 'trees' for tables"

    def learn(
        self,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,  # noqa: ARG002 - counting draws nothing
        progress: Progress,
    ) -> State:
        """Runs of words that enough patients share, alone and by the value of each given field."""
        start = spec.ranges[-1][1]
        notes = [_ended(row, start) for row in x[:, given:].tolist()]
        state: State = {"start": np.array(start), "given": np.array(given)}
        parts = {f"{i}.{value}.": x[:, i] == value for i in range(given) for value in np.unique(x[:, i])}
        whole = shared(notes, subject.tolist(), self.order + 1, self.anonymous)
        _keep(state, "", whole)
        for done, (name, rows) in enumerate(parts.items(), 1):
            mine = [note for note, here in zip(notes, rows.tolist(), strict=True) if here]
            runs = shared(mine, subject[rows].tolist(), self.conditioned + 1, self.bearers)
            _keep(
                state,
                name,
                [{r: n for r, n in a.items() if r in b} for a, b in zip(runs, whole, strict=False)],
            )
            progress(done / len(parts))
        progress(1.0)
        return state

    def draw(self, state: State, spec: Spec, x: np.ndarray, observed: np.ndarray, key: Key) -> np.ndarray:
        """Notes word by word.

        Raises:
            Unsupported: The beginning of a note is given, whose words may not be among those shared.
        """
        given = int(state["given"])
        if observed[:, given:].any():
            raise Unsupported("templates do not continue a text that is given; use 'autoregressive'")
        writer = _Writer(self, state, spec.ranges[-1][1])
        out, rng = x.copy(), key.numpy()
        for row in range(len(x)):
            out[row, given:] = writer.write(x[row, :given].tolist(), x.shape[1] - given, rng)
        return out


def shared(notes: list[list[int]], subject: list[int], longest: int, least: int) -> list[dict[Gram, int]]:
    """Per length from 1, the runs of tokens that enough subjects have, and how often they occur.

    A run is looked at only if all but its last token is shared, which it has to be.

    Example:
        >>> shared([[7, 1, 2], [7, 1, 2], [7, 1, 3]], [0, 1, 2], longest=3, least=2)[2]
        {(7, 1, 2): 2}
    """
    found: list[dict[Gram, int]] = []
    for length in range(1, longest + 1):
        counts: dict[Gram, int] = {}
        people: dict[Gram, set[int]] = {}
        before = found[-1] if found else None
        for note, whose in zip(notes, subject, strict=True):
            for end in range(length, len(note) + 1):
                run = tuple(note[end - length : end])
                if before is not None and run[:-1] not in before:
                    continue
                counts[run] = counts.get(run, 0) + 1
                known = people.setdefault(run, set())
                if len(known) < least:
                    known.add(whose)
        found.append({run: n for run, n in counts.items() if len(people[run]) >= least})
        if not found[-1]:
            break
    return found


def _keep(state: State, name: str, runs: list[dict[Gram, int]]) -> None:
    """Runs and how often they occur, as arrays of a state."""
    for length, counts in enumerate(runs, 1):
        if counts:
            state[f"{name}runs.{length}"] = np.array(list(counts), dtype=np.int32)
            state[f"{name}counts.{length}"] = np.array(list(counts.values()), dtype=np.float32)


def _ended(row: list[int], start: int) -> list[int]:
    """A note from its start to its end; one that was cut has no end."""
    return [start, *row[: row.index(END) + 1]] if END in row else [start, *row]


@final
class _Writer:
    """Laws of the next word, from the runs of a state."""

    def __init__(self, family: Templates, state: State, size: int) -> None:
        self.family, self.size = family, size
        self.whole = _table(state, "")
        self.base = self._first(self.whole, np.full(size, 1.0 / size))
        order = np.argsort(-self.base, kind="stable")
        self.usual = order[: np.searchsorted(np.cumsum(self.base[order]), USUAL)]
        names = {name.rpartition("runs.")[0] for name in state if "runs." in name}
        self.parts = {name: _table(state, name) for name in sorted(names) if name}
        self.shares = {name: self._first(table, self.base) for name, table in self.parts.items()}

    def write(self, given: list[int], length: int, rng: np.random.Generator) -> np.ndarray:
        """One note (length,), END after its end."""
        here = [name for i, value in enumerate(given) if (name := f"{i}.{value}.") in self.parts]
        run, out, once = [self.size], np.full(length, END), self.family.once
        seen: dict[Gram, set[int]] = {}
        for place in range(length):
            recent = tuple(run[1 - once :])
            law = self._law(run, here)
            law[list(seen.get(recent, ()))] = 0.0
            token = _drawn(law, rng)
            out[place] = _drawn(self._other(here), rng) if token == GAP else token
            if token == END:
                break
            seen.setdefault(recent, set()).update({token} if len(recent) == once - 1 else ())
            run.append(token)
        return out

    def _law(self, run: list[int], given: list[str]) -> np.ndarray:
        """The shares of the next token (tokens,), not normalised."""
        order, fewer = self.family.order, self.family.conditioned
        p = self._after([self.whole], self.base, run, order)
        if not given:
            return p
        plain = np.maximum(self._after([self.whole], self.base, run, fewer), 1e-12)
        for name in given:
            told = self._after([self.parts[name], self.whole], self.shares[name], run, fewer)
            p = p * (told / plain) ** self.family.stress
        return p

    def _other(self, given: list[str]) -> np.ndarray:
        """The shares of words that stand in for one that too few share: none of the most usual."""
        p = self.base.copy()
        for name in given:
            p = p * self.shares[name] / np.maximum(self.base, 1e-12)
        p[: GAP + 1] = 0.0
        if (p > 0).sum() > len(self.usual):
            p[self.usual] = 0.0
        return p

    def _after(self, tables: list[Table], base: np.ndarray, run: list[int], order: int) -> np.ndarray:
        """Katz's back-off: what a longer run leaves open goes to words that only shorter ones know."""
        p, left, known = np.zeros(len(base)), 1.0, np.zeros(len(base), dtype=bool)
        for length in range(min(order, len(run)), 0, -1):
            for table in tables:
                found = table.get(tuple(run[-length:]))
                if found is None:
                    continue
                tokens, counts, total = found
                fresh = ~known[tokens]
                new = counts[fresh]
                whole = max(total - counts[~fresh].sum(), new.sum()) + self.family.weight
                p[tokens[fresh]] = left * new / whole
                left *= 1 - new.sum() / whole
                known[tokens] = True
        rest = np.where(known, 0.0, base)
        return p + rest * (left / max(rest.sum(), 1e-12))

    def _first(self, table: Table, base: np.ndarray) -> np.ndarray:
        """The shares of tokens without any word before, beside those of all records."""
        tokens, counts, total = table.get((), (np.zeros(0, dtype=int), np.zeros(0), 0.0))
        weight = self.family.weight * 10
        p = base * weight
        p[tokens] += counts
        return p / max(total + weight, 1e-12)


def _drawn(p: np.ndarray, rng: np.random.Generator) -> int:
    """A token by its share; END where none has any."""
    ends = np.cumsum(p)
    return int(np.searchsorted(ends, rng.random() * ends[-1], side="right")) if ends[-1] > 0 else END


def _table(state: State, name: str) -> Table:
    """What follows each run, how often, and how often the run occurs."""
    table: Table = {}
    totals: dict[Gram, float] = {}
    length = 1
    while (runs := state.get(f"{name}runs.{length}")) is not None:
        counts = state[f"{name}counts.{length}"].astype(float)
        nexts: dict[Gram, tuple[list[int], list[float]]] = {}
        for run, count in zip(map(tuple, runs.tolist()), counts.tolist(), strict=True):
            totals[run] = count
            tokens, many = nexts.setdefault(run[:-1], ([], []))
            tokens.append(run[-1])
            many.append(count)
        for run, (tokens, many) in nexts.items():
            total = totals[run] if run else sum(many)
            kept = [(t, c) for t, c in zip(tokens, many, strict=True) if run or t < int(state["start"])]
            table[run] = (np.array([t for t, _ in kept]), np.array([c for _, c in kept]), total)
        length += 1
    return table


__plugin__ = Templates
