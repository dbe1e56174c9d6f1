"""Obey: records that break a clinical rule, or lack a value that was asked for, are drawn again.

Rejection sampling field by field: only the fields that a broken rule speaks of are drawn anew,
given all others; where that does not help, the whole record. What is accepted therefore follows
the model's own law given that the rules hold (approximately, after redrawing parts).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core.progress_display import show_step
from manikin.errors import RuleError

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.core.progress_display import Step
    from manikin.core.seeds import Key

MAX_ATTEMPTS = 60
"""Attempts before a record is given up."""

MAX_FIELD_ATTEMPTS = 10
"""Attempts at the offending fields alone, before the whole record is drawn anew."""

MAX_STRICT_GAP_ATTEMPTS = 40
"""Attempts after which a value may be there that was missing at first."""

MAX_BLOCK_CELLS = 1 << 24
"""About how many places of encoded records stand in memory together: long histories are mostly padding."""

MIN_BLOCK_RECORDS = 8192
"""Records that are drawn together at least."""

DrawFunction = Callable[[np.ndarray, np.ndarray, np.ndarray, "Key"], np.ndarray]
DecodeFunction = Callable[[np.ndarray, np.ndarray, "Key"], "Cohort"]


@dataclass(frozen=True)
class RejectionSampler:
    """What drawn records must meet.

    Args:
        fields: The fields of the encoded record, in order of its channels.
        rules: Clinical rules: `name`, `fields`, `holds(cohort) -> bool (n,)`.
        draw: (rows, values, mask, key) -> encoded records for those row numbers.
        decode: (rows, encoded, key) -> cohort with given and drawn fields.
        can_redraw_fields: Whether single fields can be drawn given the others.
        violation_counts: Filled while sampling: how many records broke each rule and check when first
            drawn.
        field_channels: For each field the channels that are drawn again to change it; empty: that of its
            own place.
        soft_checks: Further checks, `holds(cohort) -> bool (n,)`: records that break one are drawn again a
            few times and then left as they are, because what is given of them may break it.
    """

    fields: tuple[str, ...]
    rules: Sequence[Any]
    draw: DrawFunction
    decode: DecodeFunction
    can_redraw_fields: bool
    soft_checks: Sequence[Any] = ()
    field_channels: Mapping[str, list[int]] = field(default_factory=dict)
    violation_counts: dict[str, int] = field(default_factory=dict)

    def sample(self, values: np.ndarray, mask: np.ndarray, wanted: np.ndarray, key: Key) -> pa.Table:
        """Records for every row of `values`: kept where `mask`, present where `wanted`.

        Raises:
            RuleError: A rule is still broken after all attempts; the message says how often.
        """
        n, size = len(values), max(MIN_BLOCK_RECORDS, MAX_BLOCK_CELLS // max(1, values[:1].size))
        with show_step(f"sampling {n:,} records", n) as step:
            if n <= size:
                return self._sample_block(np.arange(n), values, mask, wanted, key, step)
            blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
            keys = [key.child("block", b.start) for b in blocks]
            return pa.concat_tables(
                self._sample_block(np.arange(n)[b], values[b], mask[b], wanted[b], block, step)
                for b, block in zip(blocks, keys, strict=True)
            )

    def _sample_block(
        self, at: np.ndarray, values: np.ndarray, mask: np.ndarray, wanted: np.ndarray, key: Key, step: Step
    ) -> pa.Table:
        """Records for the rows `at` of what is given."""
        rows, first = np.arange(len(values)), np.zeros((len(values), 0), dtype=bool)
        x = self.draw(at, values, mask, key.child("draw"))
        done: list[tuple[np.ndarray, pa.Table]] = []
        for attempt in range(MAX_ATTEMPTS):
            cohort = self.decode(at[rows], x[rows], key.child("decode", attempt))
            bad = self._find_bad_cells(
                cohort, wanted[rows], self.soft_checks if attempt < MAX_FIELD_ATTEMPTS else ()
            )
            if attempt == 0:
                first = self._find_gaps(cohort)
                self._count_violations(cohort)
            bad |= self._find_changed_gaps(cohort, first[rows], lenient=attempt > MAX_STRICT_GAP_ATTEMPTS)
            fine = np.logical_not(bad.any(axis=1))
            done.append((rows[fine], cohort.columns.filter(pa.array(fine))))
            step.advance(int(fine.sum()))
            if fine.all() or not self._can_redraw(bad, mask[rows], fine, cohort):
                break
            rows, bad = rows[~fine], bad[~fine]
            keep = mask[rows] | (~bad if self.can_redraw_fields and attempt < MAX_FIELD_ATTEMPTS else False)
            x[rows] = self.draw(
                at[rows],
                np.where(mask[rows] | ~keep, values[rows], x[rows]),
                keep,
                key.child("again", attempt),
            )
        else:
            cohort = self.decode(at[rows], x[rows], key.child("decode", MAX_ATTEMPTS))
            self._raise_if_broken(cohort, len(values))
            done.append((rows, cohort.columns))
        order = np.argsort(np.concatenate([kept for kept, _ in done]), kind="stable")
        return pa.concat_tables([table for _, table in done]).take(pa.array(order))

    @property
    def _needed_fields(self) -> list[str]:
        """The drawn fields whose value a rule needs."""
        needed = {name for rule in self.rules for name in getattr(rule, "needed", ())}
        return [name for name in self.fields if name in needed]

    def _find_gaps(self, cohort: Cohort) -> np.ndarray:
        """Which of the fields that rules need are missing (n, fields)."""
        gaps = [cohort.columns[name].is_null(nan_is_null=True).to_numpy() for name in self._needed_fields]
        return np.stack(gaps, axis=1) if gaps else np.zeros((len(cohort), 0), dtype=bool)

    def _find_changed_gaps(self, cohort: Cohort, first: np.ndarray, *, lenient: bool) -> np.ndarray:
        """The cells to draw again because a value is missing that was there at first, or the reverse.

        A record that lacks a value meets a rule by that alone: without this, rules would be met by
        losing values.
        """
        gaps = self._find_gaps(cohort)
        changed = gaps & ~first if lenient else gaps != first
        torn = np.zeros((len(cohort), self._n_channels), dtype=bool)
        for i, name in enumerate(self._needed_fields):
            torn[np.ix_(changed[:, i], np.array(self._find_channels(name)))] = True
        return torn

    @property
    def _n_channels(self) -> int:
        return max(
            (i + 1 for cells in self.field_channels.values() for i in cells), default=len(self.fields)
        )

    def _find_channels(self, name: str) -> list[int]:
        return self.field_channels[name] if self.field_channels else [self.fields.index(name)]

    def _count_violations(self, cohort: Cohort) -> None:
        """Remember how many records broke each rule and check when they were first drawn."""
        for rule in (*self.rules, *self.soft_checks):
            self.violation_counts[rule.name] = self.violation_counts.get(rule.name, 0) + int(
                (~rule.holds(cohort)).sum()
            )

    def _find_bad_cells(self, cohort: Cohort, wanted: np.ndarray, wishes: Sequence[Any]) -> np.ndarray:
        """The cells (n, fields) that need drawing again; a rule on no drawn field marks the row."""
        bad = np.zeros((len(cohort), self._n_channels), dtype=bool)
        for wish in wishes:
            names = [name for name in self.fields if name in getattr(wish, "fields", ())]
            cells = sorted({i for name in names for i in self._find_channels(name)}) or range(
                self._n_channels
            )
            bad[np.ix_(~wish.holds(cohort), np.array(cells))] = True
        for i, name in enumerate(self.fields):
            if wanted[:, i].any():
                lacking = wanted[:, i] & cohort.columns[name].is_null(nan_is_null=True).to_numpy()
                bad[np.ix_(lacking, np.array(self._find_channels(name)))] = True
        for rule in self.rules:
            broken = ~rule.holds(cohort)
            speaks = {i for name in self.fields if name in rule.fields for i in self._find_channels(name)}
            bad[np.ix_(broken, sorted(speaks) or range(self._n_channels))] = True
        return bad

    def _can_redraw(self, bad: np.ndarray, mask: np.ndarray, fine: np.ndarray, cohort: Cohort) -> bool:
        """Whether drawing again can help: some cell of every bad record is free."""
        stuck = ~fine & mask.all(axis=1)
        if stuck.any():
            names = [rule.name for rule in self.rules if (~rule.holds(cohort))[stuck].any()]
            broken = f"{int(stuck.sum())} records break {', '.join(names)}"
            message = f"{broken} by what is given; nothing is left to draw"
            raise RuleError(message)
        return bool(bad.any())

    def _raise_if_broken(self, cohort: Cohort, n: int) -> None:
        for rule in self.rules:
            broken = int((~rule.holds(cohort)).sum())
            if broken:
                message = (
                    f"rule {rule.name!r}: {broken} of {n} records still break it after "
                    f"{MAX_ATTEMPTS} attempts each, so the model can hardly meet it: "
                    "check the rule against the training records"
                )
                raise RuleError(message)
