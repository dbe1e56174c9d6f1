"""Grammar: which token may follow which in a history, so that every sample is a possible one.

A history is visits, each opened by a token that says how long after the one before, and closed. In a
visit come codes, in rising order where their time is one, then steps in time with more codes; a measured
code is followed by the bin of its value. Tokens are numbered: end, close, opens, steps, codes, values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

END, CLOSE, OPEN, STEP, CODE, VALUE, START = range(7)
"""The kinds of token; END and CLOSE are also their tokens, START stands before the first one."""


@final
@dataclass(frozen=True)
class Grammar:
    """How many tokens of each kind there are, and what is particular to some codes.

    Args:
        opens: Bins of the time from visit to visit; the first of them opens the first visit.
        steps: Bins of time within a visit.
        sizes: For each code, how many bins its value has; 0: it has no value.
        repeatable_codes: Codes that may come again in a visit, at a later time.
        terminal_codes: Codes after which nothing comes.
        code_groups: For each code the number of its relatives, such as a chapter of ICD; empty: none has
            any.

    Example:
        >>> grammar = Grammar(opens=2, steps=1, sizes=(0, 3), repeatable_codes=(), terminal_codes=())
        >>> grammar.starts, grammar.vocab
        ((0, 1, 2, 4, 5, 7), 10)
    """

    opens: int
    steps: int
    sizes: tuple[int, ...]
    repeatable_codes: tuple[int, ...] = ()
    terminal_codes: tuple[int, ...] = ()
    code_groups: tuple[int, ...] = ()

    @property
    def starts(self) -> tuple[int, ...]:
        """The first token of each kind, END to VALUE."""
        codes = 2 + self.opens + self.steps
        return END, CLOSE, 2, 2 + self.opens, codes, codes + len(self.sizes)

    @property
    def vocab(self) -> int:
        """How many tokens there are."""
        return self.starts[VALUE] + max(self.sizes, default=0)
