"""Rejection sampling: records that break a rule, or lack a value that was asked for, are drawn again.

Only the fields that a broken rule speaks of are drawn anew, given all others; where that does not help, the
whole record. What is accepted therefore follows the model's own law given that the rules hold
(approximately, after redrawing parts).

Checks of histories are tried for, too: networks learn from few examples that a man has no ovary, and forget
it now and then; after few steps they end many histories before anything happened. Where the training
patients (nearly) all pass such a check, those drawn shall pass it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from manikin.checks.ehr import anything_happened, codes_fit_age, codes_fit_sex
from manikin.core.progress_display import show_step
from manikin.errors import RuleError
from manikin.schema.kinds import Codes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.check import Check
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

HISTORY_CHECKS = (codes_fit_sex, codes_fit_age, anything_happened)
MAX_VIOLATION_SHARE = 0.001
"""Share of training patients below which those who break a check are errors of coding."""


class Proposal(Protocol):
    """What draws records, again and again."""

    @property
    def can_redraw_fields(self) -> bool:
        """Whether single fields can be drawn given the others."""
        ...

    def draw(self, rows: np.ndarray, values: np.ndarray, mask: np.ndarray, key: Key) -> np.ndarray:
        """Encoded records for those row numbers, `values` where `mask`."""
        ...

    def decode(self, rows: np.ndarray, x: np.ndarray, key: Key) -> Cohort:
        """Encoded records of those row numbers, with given and drawn fields."""
        ...


@dataclass(frozen=True)
class Requirements:
    """What drawn records must meet.

    Args:
        fields: The fields that are drawn.
        field_channels: For each the channels of the encoded record that are drawn again to change it.
        rules: Clinical rules: `name`, `fields`, `holds(cohort) -> bool (n,)`.
        soft_checks: Further checks: records that break one are drawn again a few times and then left as
            they are, because what is given of them may break it.
    """

    fields: tuple[str, ...]
    field_channels: Mapping[str, list[int]]
    rules: Sequence[Any]
    soft_checks: Sequence[Any] = ()

    @property
    def n_channels(self) -> int:
        """How many channels are drawn."""
        return 1 + max(channel for channels in self.field_channels.values() for channel in channels)

    @property
    def needed_fields(self) -> list[str]:
        """The drawn fields whose value a rule needs."""
        needed = {name for rule in self.rules for name in getattr(rule, "needed", ())}
        return [name for name in self.fields if name in needed]

    def find_bad_cells(self, cohort: Cohort, wanted: np.ndarray, *, check: bool) -> np.ndarray:
        """The cells (n, channels) that need drawing again; what speaks of no drawn field marks the row.

        Args:
            cohort: Drawn records.
            wanted: Which fields must not be missing (n, fields).
            check: Whether the soft checks count.
        """
        bad = np.zeros((len(cohort), self.n_channels), dtype=bool)
        for rule in (*self.rules, *(self.soft_checks if check else ())):
            bad[np.ix_(~rule.holds(cohort), self._find_channels(rule.fields))] = True
        for i, name in enumerate(self.fields):
            if wanted[:, i].any():
                lacking = wanted[:, i] & cohort.columns[name].is_null(nan_is_null=True).to_numpy()
                bad[np.ix_(lacking, self._find_channels([name]))] = True
        return bad

    def _find_channels(self, fields: Collection[str]) -> np.ndarray:
        """The channels of those fields that are drawn; all, if none is."""
        found = {i for name in self.fields if name in fields for i in self.field_channels[name]}
        return np.array(sorted(found) or range(self.n_channels))

    def find_gaps(self, cohort: Cohort) -> np.ndarray:
        """Which of the needed fields are missing (n, fields)."""
        gaps = [cohort.columns[name].is_null(nan_is_null=True).to_numpy() for name in self.needed_fields]
        return np.stack(gaps, axis=1) if gaps else np.zeros((len(cohort), 0), dtype=bool)

    def find_changed_gaps(self, cohort: Cohort, first: np.ndarray, *, lenient: bool) -> np.ndarray:
        """The cells (n, channels) to draw again because a value is missing that was there, or the reverse.

        A record that lacks a value meets a rule by that alone: without this, rules would be met by
        losing values.

        Args:
            cohort: Drawn records.
            first: The gaps of these when they were first drawn (n, needed fields).
            lenient: Whether a value may be there that was missing.
        """
        gaps = self.find_gaps(cohort)
        changed = gaps & ~first if lenient else gaps != first
        torn = np.zeros((len(cohort), self.n_channels), dtype=bool)
        for i, name in enumerate(self.needed_fields):
            torn[np.ix_(changed[:, i], self._find_channels([name]))] = True
        return torn

    def count_violations(self, cohort: Cohort) -> Counter[str]:
        """How many records break the rules and checks of each name."""
        counts = Counter[str]()
        for rule in (*self.rules, *self.soft_checks):
            counts[rule.name] += int((~rule.holds(cohort)).sum())
        return counts

    def raise_if_stuck(self, cohort: Cohort, stuck: np.ndarray) -> None:
        """Raise where records (n,) break a rule by what is given alone.

        Raises:
            RuleError: One does.
        """
        if stuck.any():
            names = [rule.name for rule in self.rules if (~rule.holds(cohort))[stuck].any()]
            broken = f"{int(stuck.sum())} records break {', '.join(names)}"
            raise RuleError(f"{broken} by what is given; nothing is left to draw")

    def raise_if_broken(self, cohort: Cohort, n: int) -> None:
        """Raise where one of the last of `n` records breaks a rule.

        Raises:
            RuleError: One does.
        """
        for rule in self.rules:
            if broken := int((~rule.holds(cohort)).sum()):
                message = (
                    f"rule {rule.name!r}: {broken} of {n} records still break it after "
                    f"{MAX_ATTEMPTS} attempts each, so the model can hardly meet it: "
                    "check the rule against the training records"
                )
                raise RuleError(message)


def sample_by_rejection(
    proposal: Proposal, requirements: Requirements, asked: tuple[np.ndarray, ...], key: Key
) -> tuple[pa.Table, Counter[str]]:
    """Records that meet all requirements, and how many broke each rule and check when first drawn.

    Args:
        proposal: Draws records and decodes them.
        requirements: What they must meet.
        asked: Encoded values (n, channels, ...), where they are kept (same shape), and which fields must
            not be missing (n, fields).
        key: Where all randomness comes from.

    Raises:
        RuleError: A rule is still broken after all attempts; the message says how often.
    """
    n, size = len(asked[0]), max(MIN_BLOCK_RECORDS, MAX_BLOCK_CELLS // max(1, asked[0][:1].size))
    tables, counts = list[pa.Table](), Counter[str]()
    with show_step(f"sampling {n:,} records", n) as step:
        for start in range(0, n, size):
            rows = slice(start, min(start + size, n))
            block = key if n <= size else key.child("block", start)
            some = tuple(part[rows] for part in asked)
            table, broken = _sample_block(proposal, requirements, start, some, block, step)
            tables.append(table)
            counts += broken
    return pa.concat_tables(tables), counts


def _sample_block(
    proposal: Proposal,
    requirements: Requirements,
    start: int,
    asked: tuple[np.ndarray, ...],
    key: Key,
    step: Step,
) -> tuple[pa.Table, Counter[str]]:
    """Records for the rows of what is given from `start` on."""
    values, mask, wanted = asked
    rows = np.arange(len(values))
    at = rows + start
    x = proposal.draw(at, values, mask, key.child("draw"))
    cohort = proposal.decode(at, x, key.child("decode", 0))
    first, counts = requirements.find_gaps(cohort), requirements.count_violations(cohort)
    done: list[tuple[np.ndarray, pa.Table]] = []
    for attempt in range(MAX_ATTEMPTS):
        by_field = attempt < MAX_FIELD_ATTEMPTS
        bad = requirements.find_bad_cells(cohort, wanted[rows], check=by_field)
        lenient = attempt > MAX_STRICT_GAP_ATTEMPTS
        bad |= requirements.find_changed_gaps(cohort, first[rows], lenient=lenient)
        fine = ~bad.any(axis=1)
        done.append((rows[fine], cohort.columns.filter(pa.array(fine))))
        step.advance(int(fine.sum()))
        if fine.all():
            break
        requirements.raise_if_stuck(cohort, np.logical_not(fine) & mask[rows].all(axis=1))
        rows, bad = rows[~fine], bad[~fine]
        keep = mask[rows] | (~bad if by_field and proposal.can_redraw_fields else False)
        kept = np.where(mask[rows] | ~keep, values[rows], x[rows])
        x[rows] = proposal.draw(at[rows], kept, keep, key.child("again", attempt))
        cohort = proposal.decode(at[rows], x[rows], key.child("decode", attempt + 1))
    else:
        requirements.raise_if_broken(cohort, len(values))
        done.append((rows, cohort.columns))
    order = np.argsort(np.concatenate([kept for kept, _ in done]), kind="stable")
    return pa.concat_tables([table for _, table in done]).take(pa.array(order)), counts


def record_passed_checks(train: Cohort, target: Sequence[str]) -> dict[str, Any]:
    """Which checks training patients pass, as a fact of a model of these fields; none without histories.

    Example:
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> toy = generate_toy_histories(50)
        >>> record_passed_checks(toy, ["history"]), record_passed_checks(toy, ["age"])
        ({'plausible': ['codes_fit_sex', 'codes_fit_age', 'anything_happened']}, {})
    """
    if not any(isinstance(train.schema[name], Codes) for name in target):
        return {}
    return {
        "plausible": [
            check.name for check in HISTORY_CHECKS if (~check.holds(train)).mean() < MAX_VIOLATION_SHARE
        ]
    }


def find_soft_checks(facts: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks that records of a model with these facts shall pass."""
    return tuple(check for check in HISTORY_CHECKS if check.name in facts.get("plausible", ()))
