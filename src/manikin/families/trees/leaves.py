"""Leaves: the training values that a record may take, and how one of them is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from manikin.families.trees.columns import follow, levels_of, owned, shared

if TYPE_CHECKING:
    from manikin.family import State
    from manikin.spec import Block

REACH = 0.1  # the farthest that smoothing moves a value, in normal scores
WIDTH = 0.15  # the distance within which an observed number agrees with one of a leaf
PROBES = 16  # values of a leaf that an observed value is compared with
TOUCH = 1e-5  # numbers so near one another, in normal scores, are equal
SPLITS = ("left", "right", "feature", "threshold", "start")


@dataclass(frozen=True)
class Leaves:
    """The leaf that each record falls into: `size` values from `start` on.

    Args:
        values: The values of all leaves of all trees, one leaf after another, ascending in each.
        same: Which of them equalled the partner of their record.
        start, size: Of each record (n,).
        trend: What is added to a value (n,).
        partner: The value of each record that it may equal (n,), NaN where there is none.
        scale: From the scale of the partner to that of the values.
    """

    values: np.ndarray
    same: np.ndarray
    start: np.ndarray
    size: np.ndarray
    trend: np.ndarray
    partner: np.ndarray
    scale: np.ndarray

    @classmethod
    def find(
        cls,
        state: State,
        j: int,
        seen: np.ndarray,
        partner: np.ndarray,
        scale: np.ndarray,
        rng: np.random.Generator,
    ) -> Self:
        """Send each record, known by its predictors, down one tree of column `j`."""
        count = int(state[f"{j}.trees"])
        which = rng.integers(count, size=len(seen))
        start, size = np.empty(len(seen), dtype=int), np.empty(len(seen), dtype=int)
        shift, values, same = 0, [], []
        for t in range(count):
            tree = {k: state[f"{j}.{t}.{k}"] for k in SPLITS}
            mine = np.flatnonzero(which == t)
            leaf = leaf_of(tree, seen[mine])
            start[mine] = tree["start"][leaf] + shift
            size[mine] = tree["start"][leaf + 1] - tree["start"][leaf]
            values.append(state[f"{j}.{t}.values"])
            same.append(state.get(f"{j}.{t}.same", np.zeros(len(values[-1]), dtype=np.uint8)))
            shift += len(values[-1])
        trend = follow(state[f"{j}.trend"], seen)
        return cls(np.concatenate(values), np.concatenate(same) > 0, start, size, trend, partner, scale)

    def take(self, rows: np.ndarray) -> Self:
        """The leaves of some records."""
        parts = {name: getattr(self, name)[rows] for name in ("start", "size", "trend", "partner")}
        return replace(self, **parts)

    def draw(self, block: Block, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One value of each leaf; which are the partner's, and which equal it by accident.

        Numbers are moved up to half way to a neighbour, and less where that would lead to the partner.
        """
        values = self.values[at := self.start + (rng.random(len(self.start)) * self.size).astype(int)]
        if levels_of(block):
            none = np.zeros(len(at), dtype=bool)
            return values, none, none
        first, last = self.start, self.start + self.size - 1
        step = np.where(at == first, 1, np.where(at == last, -1, rng.choice([-1, 1], size=len(at))))
        beside = self.values[np.minimum(at + step, last)]
        move = rng.random(len(at)) / 2 * np.clip(beside - values, -2 * REACH, 2 * REACH)
        moved = shared(self.trend + values + np.nan_to_num(move).astype(values.dtype), self.scale)
        same = self.same[at] & ~np.isnan(self.partner)
        if not self.same.any():
            return moved, same, same
        there = shared(self.trend + values, self.scale)
        nearer = np.abs(moved - self.partner) < np.abs(moved - there)
        less = there + rng.random(len(at)) / 2 * (self.partner - there)
        drawn = np.where(same, self.partner, np.where(nearer, less, moved))
        return drawn, same, ~same & (np.abs(there - self.partner) < TOUCH)

    def agreement(
        self, given: np.ndarray, block: Block, rng: np.random.Generator, sides: int = 2
    ) -> tuple[np.ndarray, np.ndarray]:
        """How likely each leaf makes a given value: the share of its values that agree with it.

        And the share of these that agree as equals of the partner. They count double where the partner
        was drawn on one of the two `sides` of the given value only, as it meets half of the width.
        """
        at = self.start[:, None] + (rng.random((len(given), PROBES)) * self.size[:, None]).astype(int)
        partner = (owned(self.partner, self.scale) - self.trend)[:, None]
        same = self.same[at] & ~np.isnan(partner)
        probes = np.where(same, partner, self.values[at])
        value = (owned(given, self.scale) - self.trend)[:, None]
        width = 0.5 if levels_of(block) else WIDTH
        agree = (np.abs(probes - value) < width) | (np.isnan(probes) & np.isnan(value))
        counted = np.where(same, 2 / sides, 1) * agree
        return counted.mean(axis=1) + 1e-3, (counted * same).sum(axis=1) / np.maximum(
            counted.sum(axis=1), 1
        )


def leaf_of(tree: State, seen: np.ndarray) -> np.ndarray:
    """The node in which each record ends."""
    node = np.zeros(len(seen), dtype=np.int64)
    inside = np.flatnonzero(tree["left"][node] >= 0)
    while len(inside):
        here = node[inside]
        smaller = seen[inside, tree["feature"][here]] <= tree["threshold"][here]
        node[inside] = np.where(smaller, tree["left"][here], tree["right"][here])
        inside = inside[tree["left"][node[inside]] >= 0]
    return node


def resample(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions that keep the particles of each record (rows of `weight`) in proportion to it."""
    n, copies = weight.shape
    upper = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1) + np.arange(n)[:, None]
    asked = rng.random((n, copies)) + np.arange(n)[:, None]
    return np.minimum(np.searchsorted(upper.ravel(), asked.ravel()), n * copies - 1)
