"""Leaves: the training values that a record may take, and how one of them is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from manikin.families.trees.design import follow, levels_of, owned, shared
from manikin.stats.subject_counts import ENOUGH, count_people, count_sharers

if TYPE_CHECKING:
    from manikin.contracts.family import State
    from manikin.encoding.spec import Block

REACH = 0.1  # the farthest that smoothing moves a value, in normal scores
WIDTH = 0.15  # the distance within which an observed number agrees with one of a leaf
NEAREST = 0.2  # of the way to a neighbour, the least that a value of one patient among several rows moves
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
        beside: Where patients have several records, the nearest values below and above of another
            patient in the leaf, (2, values), NaN where there is none; None: the neighbours in the leaf.
    """

    values: np.ndarray
    same: np.ndarray
    start: np.ndarray
    size: np.ndarray
    trend: np.ndarray
    partner: np.ndarray
    scale: np.ndarray
    beside: np.ndarray | None = None

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
        shift, values, same, beside = 0, [], [], []
        for t in range(count):
            tree = {k: state[f"{j}.{t}.{k}"] for k in SPLITS}
            mine = np.flatnonzero(which == t)
            leaf = leaf_of(tree, seen[mine])
            start[mine] = tree["start"][leaf] + shift
            size[mine] = tree["start"][leaf + 1] - tree["start"][leaf]
            values.append(state[f"{j}.{t}.values"])
            same.append(state.get(f"{j}.{t}.same", np.zeros(len(values[-1]), dtype=np.uint8)))
            beside += [state[f"{j}.{t}.beside"]] if f"{j}.{t}.beside" in state else []
            shift += len(values[-1])
        trend = follow(state[f"{j}.trend"], seen)
        others = np.concatenate(beside, axis=1) if beside else None
        return cls(
            np.concatenate(values), np.concatenate(same) > 0, start, size, trend, partner, scale, others
        )

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
        beside = self._beside(at, rng)
        way = rng.random(len(at)) / 2
        if self.beside is not None:  # rounded to its grid, a value that hardly moved would be what it was
            way = NEAREST + (1 - 2 * NEAREST) * way
        move = way * np.clip(beside - values, -2 * REACH, 2 * REACH)
        moved = shared(self.trend + values + np.nan_to_num(move).astype(values.dtype), self.scale)
        same = self.same[at] & ~np.isnan(self.partner)
        if not self.same.any():
            return moved, same, same
        there = shared(self.trend + values, self.scale)
        nearer = np.abs(moved - self.partner) < np.abs(moved - there)
        less = there + rng.random(len(at)) / 2 * (self.partner - there)
        drawn = np.where(same, self.partner, np.where(nearer, less, moved))
        return drawn, same, ~same & (np.abs(there - self.partner) < TOUCH)

    def _beside(self, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The value towards which each of the values at these places may move, on either side."""
        up = rng.choice([-1, 1], size=len(at))
        if self.beside is not None:
            below, above = self.beside[:, at]
            either = np.where(up > 0, above, below)
            return np.where(np.isnan(either), np.where(up > 0, below, above), either)
        first, last = self.start, self.start + self.size - 1
        step = np.where(at == first, 1, np.where(at == last, -1, up))
        either = self.values[np.minimum(at + step, last)]
        # Gaps stand behind the greatest value, which would stay as it is beside them.
        return np.where(np.isnan(either), self.values[np.maximum(at - 1, first)], either)

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


def merge_leaves(tree: State, seen: np.ndarray, who: np.ndarray, least: int) -> State:
    """A tree whose leaves each hold so many people: thinner ones are joined with what stands beside them.

    Args:
        tree: Its splits, as plain arrays.
        seen: The predictors of all records (n, predictors).
        who: To whom each belongs, codes from 0, (n,).
        least: People in a leaf.
    """
    left, right = tree["left"].copy(), tree["right"].copy()
    inner = np.flatnonzero(left >= 0)
    parent = np.zeros(len(left), dtype=int)
    parent[left[inner]] = parent[right[inner]] = inner
    while True:
        found = {**tree, "left": left, "right": right}
        leaf = leaf_of(found, seen)
        held = count_people(leaf, who, len(left))
        thin = np.flatnonzero((held > 0) & (held < least))
        thin = thin[thin > 0]  # there is nothing beside the root
        if not len(thin):
            return found
        left[parent[thin]] = right[parent[thin]] = -1


def find_others(z: np.ndarray, values: np.ndarray, leaf: np.ndarray, who: np.ndarray) -> State:
    """For each value of the leaves, the nearest ones below and above that may blur it.

    They are another person's, and other values, since a person's own would leave it as it is; a value
    that enough people have in common is nobody's, and may stay where it is.

    Args:
        z: The column, (n,), one leaf after another, ascending in each.
        values: What the leaves hold of it, (n,).
        leaf: The leaf of each value.
        who: To whom it belongs, codes from 0.
    """
    fresh = np.append(True, (leaf[1:] != leaf[:-1]) | ~(values[1:] == values[:-1]))
    run = np.cumsum(fresh) - 1
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(values)) - 1
    free, sides = count_sharers(z, who) >= ENOUGH, []
    for edge, step in ((first, -1), (last, 1)):
        place = np.where(free, np.arange(len(values)), edge[run]) + step
        inside = np.clip(place, 0, len(values) - 1)
        while True:
            here = (place == inside) & (leaf[inside] == leaf)
            own = here & (who[inside] == who) & ~free
            if not own.any():
                break
            place = np.where(own, place + step, place)
            inside = np.clip(place, 0, len(values) - 1)
        sides.append(np.where(here, values[inside], np.nan))
    return {"beside": np.stack(sides).astype(values.dtype)}


def resample(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions that keep the particles of each record (rows of `weight`) in proportion to it."""
    n, copies = weight.shape
    upper = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1) + np.arange(n)[:, None]
    asked = rng.random((n, copies)) + np.arange(n)[:, None]
    return np.minimum(np.searchsorted(upper.ravel(), asked.ravel()), n * copies - 1)
