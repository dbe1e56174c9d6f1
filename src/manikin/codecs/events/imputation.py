"""Unknown events: codes and values found by a model, put where the given histories lack them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.ehr import corrupt
from manikin.encoding.grammar import CODE, OPEN, STEP, VALUE
from manikin.errors import Unsupported, UsageError

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories
    from manikin.encoding.grammar import Grammar


def impute_hidden_events(
    begun: Histories,
    drawn: Histories,
    given: np.ndarray,
    x: np.ndarray,
    grammar: Grammar,
    lost: np.ndarray,
) -> Histories:
    """Given histories with what was found in place of hidden codes and values; empty ones are those drawn.

    Args:
        begun: The given histories.
        drawn: What was drawn, decoded from `x`: the given events that the model knows, and those found.
        given: The tokens of the given histories (n, length), in which `vocab` stands for what is hidden.
        x: The tokens that were drawn (n, length).
        grammar: Of the tokens.
        lost: The given events whose value is hidden, in the order of tokens.

    Raises:
        UsageError: An event to be found lies beyond what the model reads, or after a death.
    """
    before, after = _locate_events(given, grammar), _locate_events(x, grammar)
    before, unvalued = before[:, :3], before[before[:, 3] == 1, :3]
    unknown = before[before[:, 2] == grammar.vocab]
    here = np.isin(after[:, 0], before[:, 0])
    new = np.flatnonzero(here & ~np.isin(_compute_event_keys(after), _compute_event_keys(before)))
    hidden = corrupt.find_hidden_events(begun)
    if len(hidden) != len(unknown) or not np.array_equal(after[new, :2], unknown[:, :2]):
        raise UsageError(
            f"{len(hidden)} events have no code, and not all of them can be found: some come after a "
            "death, or beyond what the model reads of a history (mk.codecs.Events(longest=...))"
        )
    measured = np.flatnonzero(np.isin(_compute_event_keys(after), _compute_event_keys(unvalued)))
    if not len(lost) == len(unvalued) == len(measured):
        raise UsageError(
            f"{len(lost)} events lack their value, and not all of them can be found: some lie beyond what "
            "the model reads of a history (mk.codecs.Events(longest=...))"
        )
    whole = corrupt.fill_hidden_codes(begun, drawn.codes, drawn.code[new], drawn.value[new])
    whole.value[lost] = drawn.value[measured]
    return corrupt.append_continuation(whole, drawn, np.where(np.diff(begun.start) > 0, x.shape[1], 0))


def raise_if_hidden(name: str, x: np.ndarray, grammar: Grammar) -> None:
    """Check that tokens (n, length) of a given field hide nothing.

    Raises:
        Unsupported: They do.
    """
    if (x == grammar.vocab).any():
        raise Unsupported(
            f"{name!r} is given with events that have no code, or lack the value that their code always "
            "had; only 'masked' finds them, 'autoregressive' goes on where a history stops: leave these "
            "events out"
        )


def count_visits(x: np.ndarray, grammar: Grammar) -> np.ndarray:
    """The visits that tokens (n, length) open, (n,)."""
    first, last = (grammar.starts[kind] for kind in (OPEN, STEP))
    return ((x >= first) & (x < last)).sum(axis=1)


def _locate_events(x: np.ndarray, grammar: Grammar) -> np.ndarray:
    """Of each event the row, the number of the time, the token of the code, whether its value is hidden."""
    starts = grammar.starts
    moved = (x >= starts[OPEN]) & (x < starts[CODE])
    named = (x >= starts[CODE]) & (x < starts[VALUE])
    measured = named & (np.array(grammar.sizes)[np.clip(x - starts[CODE], 0, len(grammar.sizes) - 1)] > 0)
    blank = x == grammar.vocab
    lost = np.zeros_like(blank)
    lost[:, :-1] = measured[:, :-1] & blank[:, 1:]
    coded = named | blank
    coded[:, 1:] &= ~lost[:, :-1]
    group = np.cumsum(moved, axis=1)
    row, at = np.nonzero(coded)
    return np.stack([row, group[row, at], x[row, at], lost[row, at]], axis=1).astype(np.int64)


def _compute_event_keys(events: np.ndarray) -> np.ndarray:
    """One number for each row, time and token."""
    return (events[:, 0] << 40) + (events[:, 1] << 20) + events[:, 2]
