"""Runs of words that enough patients share, and what follows them: all that is kept of notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.encoding.grammar import END

if TYPE_CHECKING:
    from manikin.contracts.family import FamilyState

NONE_TOKEN, GAP_TOKEN = 1, 2
"""The tokens of an absent text and of a word that too few share, as `codecs.phrases` has them."""

NGram = tuple[int, ...]
NextTokenTable = dict[NGram, tuple[np.ndarray, np.ndarray, float]]


def find_shared_ngrams(
    notes: list[list[int]], subject: list[int], longest: int, least: int
) -> list[dict[NGram, int]]:
    """Per length from 1, the runs of tokens that enough subjects have, and how often they occur.

    A run is looked at only if all but its last token is shared, which it has to be.

    Example:
        >>> find_shared_ngrams([[7, 1, 2], [7, 1, 2], [7, 1, 3]], [0, 1, 2], longest=3, least=2)[2]
        {(7, 1, 2): 2}
    """
    found: list[dict[NGram, int]] = []
    for length in range(1, longest + 1):
        counts: dict[NGram, int] = {}
        people: dict[NGram, set[int]] = {}
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


def store_ngrams(state: FamilyState, name: str, runs: list[dict[NGram, int]]) -> None:
    """Runs and how often they occur, as arrays of a state."""
    for length, counts in enumerate(runs, 1):
        if counts:
            state[f"{name}runs.{length}"] = np.array(list(counts), dtype=np.int32)
            state[f"{name}counts.{length}"] = np.array(list(counts.values()), dtype=np.float32)


def trim_note(row: list[int], start: int) -> list[int]:
    """A note from its start to its end; one that was cut has no end."""
    return [start, *row[: row.index(END) + 1]] if END in row else [start, *row]


def tabulate_next_tokens(state: FamilyState, name: str) -> NextTokenTable:
    """What follows each run, how often, and how often the run occurs."""
    found: NextTokenTable = {}
    totals: dict[NGram, float] = {}
    length = 1
    while (runs := state.get(f"{name}runs.{length}")) is not None:
        counts = state[f"{name}counts.{length}"].astype(float)
        nexts: dict[NGram, tuple[list[int], list[float]]] = {}
        for run, count in zip(map(tuple, runs.tolist()), counts.tolist(), strict=True):
            totals[run] = count
            tokens, many = nexts.setdefault(run[:-1], ([], []))
            tokens.append(run[-1])
            many.append(count)
        for run, (tokens, many) in nexts.items():
            total = totals[run] if run else sum(many)
            kept = [(t, c) for t, c in zip(tokens, many, strict=True) if run or t < int(state["start"])]
            found[run] = (np.array([t for t, _ in kept]), np.array([c for _, c in kept]), total)
        length += 1
    return found
