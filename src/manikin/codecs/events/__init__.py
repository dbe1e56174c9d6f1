"""Histories as tokens: visits opened and closed, codes, steps in time, and bins of what was measured.

Gaps between visits, steps within them and the values of each code are binned like the columns of a table:
no bin gives back the value of one record. A code that few patients have could point at them: it gives
way to its parent in the hierarchy (ICD, ATC) where enough patients share that, else it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from manikin.codecs.events.imputation import count_visits, impute_hidden_events, raise_if_hidden
from manikin.codecs.events.number_bins import NumberBins, decode_values, encode_values, fit_value_bins
from manikin.cohort.histories import DEATH_CODE, Histories, is_repeated_event
from manikin.contracts.codec import Codec
from manikin.ehr.corrupt import append_continuation
from manikin.ehr.vocabulary import (
    build_vocabulary,
    find_recurring_codes,
    group_codes,
    is_after_end,
    map_to_vocabulary,
)
from manikin.encoding.grammar import CODE, OPEN, STEP, VALUE, Grammar
from manikin.encoding.spec import Spec
from manikin.errors import SchemaError
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key

GAP_BINS = 20
"""Bins of the gaps between visits, and of steps within them."""


@final
@dataclass(frozen=True)
class Events(Codec):
    """One field of histories <-> tokens (n, length), int32, whose grammar is part of the spec.

    Args:
        anonymous: Patients that must share a code; rarer ones give way to a parent or are left out.
        longest: Tokens of a record at most; longer histories are cut after a visit.
        name: The field.
        codes: The vocabulary: those after which nothing comes last, the others by system and frequency.
        known: Tokens of the longest history, what may come again (`again`), what ends a history (`last`),
            whether codes are all that is known (`bare`).
        times: The bins of gaps between visits ("open") and of steps within them ("step").
        values: The bins of the values of each code that has any.
        facts: How many codes there are, how many were too rare, what was cut or came after death.
    """

    kinds: ClassVar[tuple[type, ...]] = (Codes,)
    tokens: ClassVar[bool] = True
    anonymous: int = 5
    longest: int = 1024
    name: str = ""
    codes: tuple[str, ...] = ()
    known: dict[str, Any] = field(default_factory=dict)
    times: dict[str, NumberBins] = field(default_factory=dict)
    values: dict[str, NumberBins] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def grammar(self) -> Grammar:
        """What may follow what."""
        opens, steps = (self.times[name].count if name in self.times else 0 for name in ("open", "step"))
        sizes = tuple(self.values[code].count if code in self.values else 0 for code in self.codes)
        again, last = tuple(self.known["again"]), tuple(self.known["last"])
        return Grammar(opens + 1, steps, sizes, again, last, group_codes(self.codes))

    @property
    def spec(self) -> Spec:
        """Tokens with a grammar."""
        grammar = self.grammar
        return Spec(vocab=grammar.vocab, length=self.known["length"], grammar=grammar)

    @property
    def fit_report(self) -> dict[str, Any]:
        """How many codes there are, how many were too rare, what was cut or came after death."""
        return self.facts

    @property
    def code_names(self) -> tuple[str, ...]:
        """The vocabulary."""
        return self.codes

    @property
    def complete_fields(self) -> frozenset[str]:
        """A history is never missing: it may be empty."""
        return frozenset({self.name})

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn the vocabulary, the bins, and which codes come again in a visit."""
        (name,) = fields
        found = Histories.from_column(cohort.columns[name])
        if not len(found.code):
            raise SchemaError(f"field {name!r}: no patient has an event")
        codes, facts = build_vocabulary(found, cohort.subject, self.anonymous)
        if not codes:
            raise SchemaError(
                f"field {name!r}: no code is shared by {self.anonymous} patients; give more patients, or "
                "Synthesizer(codec=mk.codecs.Events(anonymous=1)) where none of them can be hurt"
            )
        last = [i for i, code in enumerate(codes) if code == DEATH_CODE]
        first = replace(
            self, name=name, codes=codes, known={"again": [], "last": last, "bare": found.has_only_codes}
        )
        kept = first.map_to_vocabulary(found)
        endless = replace(first, known={**first.known, "last": []})
        facts["events_after_death"] = len(endless.map_to_vocabulary(found).code) - len(kept.code)
        later, step = kept.visit[kept.is_visit_start] > 0, kept.days_between_events
        gaps = {"open": kept.days_between_visits[later], "step": step[step > 0]}
        times = {name: NumberBins.fit(days, GAP_BINS) for name, days in gaps.items() if len(days)}
        again = find_recurring_codes(kept, cohort.subject, self.anonymous)
        values = fit_value_bins(kept, cohort.subject, self.anonymous)
        known = {**first.known, "again": again, "length": 2}
        whole = replace(first, known=known, times=times, values=values)
        ends = whole._count_tokens(kept)  # noqa: SLF001 - its own
        known["length"] = int(min(ends.max(initial=1), self.longest - 1)) + 1
        cut = ~whole._is_within_length(kept, ends)  # noqa: SLF001 - its own
        facts |= {"longest": known["length"], "histories": len(found), "events": len(kept.code)}
        facts |= {"cut_histories": len(np.unique(kept.patient[cut])), "cut_events": int(cut.sum())}
        return replace(whole, known=known, facts=facts)

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Tokens (n, length), int32; END fills the rest. What is too rare or too long is left out.

        The token of a hidden code is the size of the vocabulary, and so is that of a value that is missing
        where it never was in training.
        """
        found = self.map_to_vocabulary(Histories.from_column(cohort.columns[self.name], hidden=True))
        named = np.append(self.grammar.starts[CODE] + np.arange(len(self.codes)), self.grammar.vocab)
        open_, step, close, valued = self._mark_events(found)
        counts = 1 + open_ + step + close + valued
        place = self._count_tokens(found) - counts
        fits = self._is_within_length(found, place + counts)
        starts, between_visits = self.grammar.starts, found.days_between_visits[found.visit_index]
        x = np.zeros((len(found), self.known["length"]), dtype=np.int32)
        for mark, at, token in (
            (open_, place, starts[OPEN] + self._encode_gaps("open", between_visits, found)),
            (step, place, starts[STEP] + self._encode_gaps("step", found.days_between_events, None)),
            (np.ones_like(open_), place + open_ + step, named[found.code]),
            (valued, place + open_ + step + 1, self._encode_values(found)),
            (close, place + counts - 1, np.ones_like(place)),
        ):
            rows = np.flatnonzero(mark.astype(bool) & fits)
            x[found.patient[rows], at[rows]] = token[rows]
        return x

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Histories: gaps and values are drawn within their bins."""
        starts = self.grammar.starts
        ended = np.cumsum(x == 0, axis=1) > 0
        row, at = np.nonzero(~ended)
        token = x[row, at].astype(np.int64)
        kind = np.searchsorted(np.array(starts), token, side="right") - 1
        gap = np.zeros(len(token))
        later = (kind == OPEN) & (token > starts[OPEN])
        gap[later] = self._decode_gaps("open", token[later] - starts[OPEN] - 1, key)
        moved = kind == STEP
        gap[moved] = self._decode_gaps("step", token[moved] - starts[STEP], key)
        coded = np.flatnonzero(kind == CODE)
        opened = kind == OPEN
        first = np.searchsorted(row, np.arange(len(x)))[row]
        visit = np.cumsum(opened)
        visit = visit - (visit - opened)[first] - 1
        begun = _sum_since(np.where(opened, gap, 0.0), first)
        place = np.maximum.accumulate(np.where(opened, np.arange(len(row)), 0))
        within = _sum_since(np.where(moved, gap, 0.0), place)
        time = np.round(begun + within, 9)
        code = token[coded] - starts[CODE]
        chosen = np.append(token, 0)[coded + 1] - starts[VALUE]
        value = decode_values(self.values, self.codes, code, chosen, key)
        start = np.concatenate([[0], np.cumsum(np.bincount(row[coded], minlength=len(x)))])
        names = np.array(self.codes, dtype=object)
        bare = self.known["bare"]
        found = Histories(start, time[coded], visit[coded], code, value, names, has_only_codes=bare)
        return {self.name: found.renumber_visits().column}

    def encode_given(
        self, given: Cohort, always: Collection[str] = (), *, infilling: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Tokens of given histories up to their ends, and where they are.

        Raises:
            Unsupported: Codes or values are hidden that will not be found.
        """
        x, mask = super().encode_given(given, always)
        if not infilling:
            raise_if_hidden(self.name, x, self.grammar)
        return x, mask

    def complete(
        self, given: Cohort, drawn: dict[str, pa.Array], x: np.ndarray, *, infilling: bool = False
    ) -> dict[str, pa.Array]:
        """Given histories as they stand; what is hidden of them, or comes after them, is drawn."""
        if self.name not in given.schema:
            return drawn
        begun = Histories.from_column(given.columns[self.name], hidden=True)
        opened, found = self.encode(given), Histories.from_column(drawn[self.name])
        if infilling:
            lost = self.find_missing_values(begun)
            whole = impute_hidden_events(begun, found, opened, x, self.grammar, lost)
        else:
            whole = append_continuation(begun, found, count_visits(opened, self.grammar))
        return drawn | {self.name: whole.column}

    def map_to_vocabulary(self, found: Histories) -> Histories:
        """The events by this vocabulary, in the order of tokens; what no code stands for is left out."""
        found = map_to_vocabulary(found, self.codes)
        order = np.lexsort((found.code, found.time, found.visit_index))
        found = replace(found, time=found.time[order], code=found.code[order], value=found.value[order])
        again = np.zeros(len(self.codes) + 1, dtype=bool)
        again[[*self.known["again"], -1]] = True
        twice = is_repeated_event(found, found.time) & (found.code < len(self.codes))
        if "length" in self.known:
            twice |= is_repeated_event(found, None) & ~again[found.code]
        found = found.select_events(~twice)
        return found.select_events(~is_after_end(found, self.known["last"]))

    def _mark_events(self, found: Histories) -> tuple[np.ndarray, ...]:
        """Which events open a visit, follow a step in time, close a visit, have a value, (m,)."""
        opens = found.is_visit_start
        step = (found.days_between_events > 0) & ("step" in self.times)
        close = np.append(opens[1:], True)[: len(opens)]
        valued = np.array([code in self.values for code in (*self.codes, None)])[found.code]
        return opens.astype(int), step.astype(int), close.astype(int), valued.astype(int)

    def _count_tokens(self, found: Histories) -> np.ndarray:
        """How many tokens of its history there are up to the last one of each event, (m,)."""
        return _sum_since(np.sum(self._mark_events(found), axis=0) + 1, found.start[:-1][found.patient])

    def _is_within_length(self, found: Histories, ends: np.ndarray) -> np.ndarray:
        """Which events are kept: those of visits that end before the record does."""
        over = np.zeros(found.visit_index.max(initial=-1) + 1, dtype=bool)
        over[found.visit_index[ends > self.known["length"] - 1]] = True
        return ~over[found.visit_index]

    def _encode_gaps(self, name: str, gaps: np.ndarray, found: Histories | None) -> np.ndarray:
        """Bins; of gaps between visits 0 is that before the first one."""
        if name not in self.times:
            return np.zeros(len(gaps), dtype=np.int64)
        token = self.times[name].encode(gaps)
        return token if found is None else np.where(found.visit == 0, 0, token + 1)

    def _decode_gaps(self, name: str, bins: np.ndarray, key: Key) -> np.ndarray:
        if name not in self.times or not len(bins):
            return np.zeros(len(bins))
        return self.times[name].decode(bins, key.child(name))

    def _encode_values(self, found: Histories) -> np.ndarray:
        """Tokens of values; of those lost that of a hidden code."""
        tokens = self.grammar.starts[VALUE] + encode_values(self.values, found)
        return np.where(self._is_value_missing(found), self.grammar.vocab, tokens)

    def _is_value_missing(self, found: Histories) -> np.ndarray:
        """Which events lack the value that their code always had in training, (m,)."""
        complete = {code for code, bins in self.values.items() if bins.is_complete}
        always = [code in complete for code in found.codes.tolist()]
        return np.isnan(found.value) & np.array(always, dtype=bool)[found.code]

    def find_missing_values(self, found: Histories) -> np.ndarray:
        """The events that lack the value that their code always had in training, in the order of tokens."""
        kept = self.map_to_vocabulary(replace(found, value=np.arange(len(found.code), dtype=float)))
        rows = kept.value.astype(np.int64)
        return rows[self._is_value_missing(replace(kept, value=found.value[rows]))]

    def to_dict(self) -> dict[str, Any]:
        """Options, vocabulary and bins."""
        plain = {name: getattr(self, name) for name in ("anonymous", "longest", "name", "known", "facts")}
        times = {name: bins.to_dict() for name, bins in self.times.items()}
        values = {name: bins.to_dict() for name, bins in self.values.items()}
        return {**plain, "codes": list(self.codes), "times": times, "values": values}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        bins = {
            part: {name: NumberBins.from_dict(bins) for name, bins in state[part].items()}
            for part in ("times", "values")
        }
        return cls(**{**state, **bins, "codes": tuple(state["codes"])})


def _sum_since(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The sum of values from position `first` on, for each position."""
    total = np.cumsum(values)
    return total - (total - values)[first]


__plugin__ = Events
