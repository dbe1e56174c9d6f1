"""Leaves: the training values that a record may take, and how one of them is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from manikin.families.trees.design import apply_trend, count_levels, to_own_scale, to_shared_scale
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_distinct_subjects, count_sharing_subjects

if TYPE_CHECKING:
    from manikin.contracts.family import FamilyState
    from manikin.encoding.spec import Block

MAX_SMOOTHING_SHIFT = 0.1  # the farthest that smoothing moves a value, in normal scores
AGREEMENT_WIDTH = 0.15  # the distance within which an observed number agrees with one of a leaf
MIN_SHIFT_SHARE = 0.2  # of the way to a neighbour, the least that a value moves
N_PROBES = 16  # values of a leaf that an observed value is compared with
EQUALITY_TOLERANCE = 1e-5  # numbers so near one another, in normal scores, are equal
TREE_ARRAYS = ("left", "right", "feature", "threshold", "start")


@dataclass(frozen=True)
class Leaves:
    """The leaf that each record falls into: `size` values from `start` on.

    Args:
        values: The values of all leaves of all trees, one leaf after another, ascending in each.
        is_partner_value: Which of them equalled the partner of their record.
        start, size: Of each record (n,).
        trend: What is added to a value (n,).
        partner: The value of each record that it may equal (n,), NaN where there is none.
        scale: From the scale of the partner to that of the values.
        neighbors: Where patients have several records, the nearest values below and above of another
            patient in the leaf, (2, values), NaN where there is none; None: the neighbours in the leaf.
    """

    values: np.ndarray
    is_partner_value: np.ndarray
    start: np.ndarray
    size: np.ndarray
    trend: np.ndarray
    partner: np.ndarray
    scale: np.ndarray
    neighbors: np.ndarray | None = None

    @classmethod
    def find(
        cls,
        state: FamilyState,
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
            tree = {k: state[f"{j}.{t}.{k}"] for k in TREE_ARRAYS}
            mine = np.flatnonzero(which == t)
            leaf = find_leaves(tree, seen[mine])
            start[mine] = tree["start"][leaf] + shift
            size[mine] = tree["start"][leaf + 1] - tree["start"][leaf]
            values.append(state[f"{j}.{t}.values"])
            same.append(state.get(f"{j}.{t}.same", np.zeros(len(values[-1]), dtype=np.uint8)))
            beside += [state[f"{j}.{t}.beside"]] if f"{j}.{t}.beside" in state else []
            shift += len(values[-1])
        trend = apply_trend(state[f"{j}.trend"], seen)
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
        if count_levels(block):
            none = np.zeros(len(at), dtype=bool)
            return values, none, none
        beside = self._choose_neighbors(at, rng)
        # Rounded to its grid, a value that hardly moved would be what it was.
        way = MIN_SHIFT_SHARE + (0.5 - MIN_SHIFT_SHARE) * rng.random(len(at))
        move = way * np.clip(beside - values, -2 * MAX_SMOOTHING_SHIFT, 2 * MAX_SMOOTHING_SHIFT)
        moved = to_shared_scale(self.trend + values + np.nan_to_num(move).astype(values.dtype), self.scale)
        same = self.is_partner_value[at] & ~np.isnan(self.partner)
        if not self.is_partner_value.any():
            return moved, same, same
        there = to_shared_scale(self.trend + values, self.scale)
        nearer = np.abs(moved - self.partner) < np.abs(moved - there)
        less = there + rng.random(len(at)) / 2 * (self.partner - there)
        drawn = np.where(same, self.partner, np.where(nearer, less, moved))
        return drawn, same, ~same & (np.abs(there - self.partner) < EQUALITY_TOLERANCE)

    def _choose_neighbors(self, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The value towards which each of the values at these places may move, on either side."""
        up = rng.choice([-1, 1], size=len(at))
        if self.neighbors is not None:
            below, above = self.neighbors[:, at]
            either = np.where(up > 0, above, below)
            return np.where(np.isnan(either), np.where(up > 0, below, above), either)
        first, last = self.start, self.start + self.size - 1
        step = np.where(at == first, 1, np.where(at == last, -1, up))
        either = self.values[np.minimum(at + step, last)]
        # Gaps stand behind the greatest value, which would stay as it is beside them.
        return np.where(np.isnan(either), self.values[np.maximum(at - 1, first)], either)

    def compute_agreement(
        self, given: np.ndarray, block: Block, rng: np.random.Generator, sides: int = 2
    ) -> tuple[np.ndarray, np.ndarray]:
        """How likely each leaf makes a given value: the share of its values that agree with it.

        And the share of these that agree as equals of the partner. They count double where the partner
        was drawn on one of the two `sides` of the given value only, as it meets half of the width.
        """
        at = self.start[:, None] + (rng.random((len(given), N_PROBES)) * self.size[:, None]).astype(int)
        partner = (to_own_scale(self.partner, self.scale) - self.trend)[:, None]
        same = self.is_partner_value[at] & ~np.isnan(partner)
        probes = np.where(same, partner, self.values[at])
        value = (to_own_scale(given, self.scale) - self.trend)[:, None]
        width = 0.5 if count_levels(block) else AGREEMENT_WIDTH
        agree = (np.abs(probes - value) < width) | (np.isnan(probes) & np.isnan(value))
        counted = np.where(same, 2 / sides, 1) * agree
        return counted.mean(axis=1) + 1e-3, (counted * same).sum(axis=1) / np.maximum(
            counted.sum(axis=1), 1
        )


def find_leaves(tree: FamilyState, seen: np.ndarray) -> np.ndarray:
    """The node in which each record ends."""
    node = np.zeros(len(seen), dtype=np.int64)
    inside = np.flatnonzero(tree["left"][node] >= 0)
    while len(inside):
        here = node[inside]
        smaller = seen[inside, tree["feature"][here]] <= tree["threshold"][here]
        node[inside] = np.where(smaller, tree["left"][here], tree["right"][here])
        inside = inside[tree["left"][node[inside]] >= 0]
    return node


def merge_leaves(tree: FamilyState, seen: np.ndarray, who: np.ndarray, least: int) -> FamilyState:
    """A tree whose leaves each hold so many people: thinner ones are joined with what stands beside them.

    Args:
        tree: Its splits, as plain arrays.
        seen: The predictors of all records (n, predictors).
        who: To whom each belongs, codes from 0, (n,).
        least: People in a leaf.
    """
    left, right, threshold = (tree[name].copy() for name in ("left", "right", "threshold"))
    inner = np.flatnonzero(left >= 0)
    parent = np.zeros(len(left), dtype=int)
    parent[left[inner]] = parent[right[inner]] = inner
    while True:
        found = {**tree, "left": left, "right": right, "threshold": threshold}
        leaf = find_leaves(found, seen)
        held = count_distinct_subjects(leaf, who, len(left))
        thin = np.flatnonzero((held > 0) & (held < least))
        thin = thin[thin > 0]  # there is nothing beside the root
        if not len(thin):
            return found
        above = parent[thin]
        both = (left[left[above]] < 0) & (left[right[above]] < 0)
        left[above[both]] = right[above[both]] = -1
        # What stands beside a thin leaf keeps its splits: all records of the parent go there.
        threshold[above[~both]] = np.where(left[above[~both]] == thin[~both], -np.inf, np.inf)


def find_neighbors(z: np.ndarray, values: np.ndarray, leaf: np.ndarray, who: np.ndarray) -> FamilyState:
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
    free, sides = count_sharing_subjects(z, who) >= MIN_CELL_SIZE, []
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
