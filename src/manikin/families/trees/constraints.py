"""Facts: what the columns before a column say of it without exception, or in one word.

A leaf mixes tens of records, so it blurs what holds in every single one: that a time never exceeds
another, that it equals another, that a value is missing exactly where another is. Such facts are
found once, before the trees, and every draw keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from manikin.families.trees.design import count_levels, encode_levels

if TYPE_CHECKING:
    from manikin.contracts.family import FamilyState
    from manikin.encoding.spec import Block
    from manikin.stats.equalities import ColumnRelations

MIN_EVIDENCE_NATS = 9.0  # nats by which a level told without exception exceeds chance: 1 in 8,000
NO_COLUMN = -1
BOUND_MARGIN = 0.1  # normal scores from a bound, where no value of the leaf lies within it


@dataclass(frozen=True)
class ColumnConstraints:
    """What is known of column `column`.

    Args:
        blocks: The blocks of all columns.
        column: The column.
        equal_column: The column that it equals in a part of the records; `NO_COLUMN`: none.
        floor, ceiling: Columns that it never falls below, and that it never exceeds, wherever they stand.
        determined_levels: Per level (of a number: 1, missing) the column that tells it, and which levels
            of that column have it in all records; the others have it in none.
    """

    blocks: list[Block]
    column: int
    equal_column: int
    floor_columns: list[int]
    ceiling_columns: list[int]
    determined_levels: dict[int, tuple[int, np.ndarray]]

    @classmethod
    def find(
        cls,
        x: np.ndarray,
        blocks: list[Block],
        before: list[int],
        j: int,
        known: ColumnRelations,
        who: np.ndarray | None = None,
    ) -> Self:
        """The facts of column `column` given those `before` it, from what is `known` of all columns.

        Evidence is counted in people: `who` has each record (n,); None: each is another's.
        """
        equal = {i: known.equal_share[i, j] for i in before if known.equal_share[i, j]}
        return cls(
            blocks,
            j,
            max(equal, key=equal.__getitem__, default=NO_COLUMN),
            np.flatnonzero(known.is_below[:, j]).tolist(),
            np.flatnonzero(known.is_below[j]).tolist(),
            _find_determined_levels(x, blocks, before, j, len(x) if who is None else int(who.max()) + 1),
        )

    @classmethod
    def from_state(cls, state: FamilyState, blocks: list[Block], j: int) -> Self:
        """The inverse of `to_state`."""
        told = {
            int(level): (int(i), state[f"{j}.told.{level}"].astype(bool))
            for level, i in state[f"{j}.told"].reshape(-1, 2)
        }
        floor, ceiling = (state[f"{j}.{side}"].tolist() for side in ("floor", "ceiling"))
        return cls(blocks, j, int(state[f"{j}.same"]), floor, ceiling, told)

    def to_state(self) -> FamilyState:
        """As plain arrays."""
        j, told = self.column, [(level, i) for level, (i, _) in self.determined_levels.items()]
        return {
            f"{j}.same": np.array(self.equal_column),
            f"{j}.floor": np.array(self.floor_columns, dtype=int),
            f"{j}.ceiling": np.array(self.ceiling_columns, dtype=int),
            f"{j}.told": np.array(told, dtype=int).ravel(),
            **{
                f"{j}.told.{level}": sure.astype(np.uint8)
                for level, (_, sure) in self.determined_levels.items()
            },
        }

    def get_partner_values(self, rows: np.ndarray) -> np.ndarray:
        """The values that the column may equal (n,), NaN where there is none."""
        return (
            rows[:, self.equal_column]
            if self.equal_column != NO_COLUMN
            else np.full(len(rows), np.nan, dtype=rows.dtype)
        )

    def is_allowed(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Which values (n,) contradict no fact, given the columns of the records that are known."""
        fine = np.ones(len(values), dtype=bool)
        for i in self.floor_columns:
            fine &= ~(values < rows[:, i])
        for i in self.ceiling_columns:
            fine &= ~(values > rows[:, i])
        code, _ = encode_levels(values, self.blocks[self.column])
        for level in self.determined_levels:
            fine &= (code == level) == self._is_determined(rows, level)
        return fine

    def impose_levels(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The values with the levels and gaps that earlier columns demand."""
        for level in self.determined_levels:
            demanded = level if count_levels(self.blocks[self.column]) else np.nan
            values = np.where(self._is_determined(rows, level), demanded, values).astype(values.dtype)
        return values

    def move_within_bounds(
        self, rows: np.ndarray, values: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Values anywhere between the bounds, or near the only one; as they are where there is none."""
        if not self.floor_columns and not self.ceiling_columns:
            return values
        none = np.full((len(rows), 1), np.nan)
        low = np.fmax.reduce(np.concatenate([none, rows[:, self.floor_columns]], axis=1), axis=1)
        high = np.fmin.reduce(np.concatenate([none, rows[:, self.ceiling_columns]], axis=1), axis=1)
        low, high = (
            np.where(np.isnan(low), high - BOUND_MARGIN, low),
            np.where(np.isnan(high), low + BOUND_MARGIN, high),
        )
        within = low + rng.random(len(rows)) * (high - low)
        return np.where(np.isnan(within) | np.isnan(values), values, within).astype(values.dtype)

    def _is_determined(self, rows: np.ndarray, level: int) -> np.ndarray:
        i, sure = self.determined_levels[level]
        return sure[encode_levels(rows[:, i], self.blocks[i])[0]]


def _find_determined_levels(
    x: np.ndarray, blocks: list[Block], before: list[int], j: int, people: int
) -> dict[int, tuple[int, np.ndarray]]:
    """The levels of column `j` that hold exactly where a column has certain levels.

    Every level of the teller is free to say yes or no, so chance tells with log 2 nats for each.
    """
    code, size = encode_levels(x[:, j], blocks[j])
    share = np.bincount(code, minlength=size) / len(x)
    surprise = -people * (_compute_share_log(share) + _compute_share_log(1 - share))
    if not count_levels(blocks[j]):
        surprise[0] = 0  # that a number is there says no more than that it is not missing
    found: dict[int, tuple[int, np.ndarray]] = {}
    for i in sorted(before, key=lambda i: count_levels(blocks[i])):
        if not (surprise > MIN_EVIDENCE_NATS).any():
            break
        first, rows = encode_levels(x[:, i], blocks[i])
        table = np.bincount(first * size + code, minlength=rows * size).reshape(rows, size)
        held = table.sum(axis=1, keepdims=True)
        pure = ((table == 0) | (table == held)).all(axis=0)
        enough = surprise > MIN_EVIDENCE_NATS + np.log(2) * np.count_nonzero(held)
        for level in np.flatnonzero(pure & enough):
            found[int(level)] = (i, table[:, level] > 0)
            surprise[level] = 0
    return found


def _compute_share_log(share: np.ndarray) -> np.ndarray:
    """The share times its logarithm, 0 at 0."""
    return share * np.log(np.where(share > 0, share, 1))
