"""Sequential conditional trees: each column is drawn from the leaves of trees on those before it.

p(x) = prod_j p(x_j | x_<j), every factor a small forest (Reiter, "Using CART to generate partially
synthetic, public use microdata", 2005; Meinshausen, "Quantile regression forests", 2006). A value is
drawn by sending the record down one tree of the factor, chosen at random, and taking a value of its
leaf, moved towards a neighbour in the same leaf so that it repeats nobody's. Each tree learns its
splits from one half of the records and fills its leaves with all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.family import Progress, State, Statistical
from manikin.spec import Binary, Block, Categorical, Spec

if TYPE_CHECKING:
    from manikin.rng import Key

ABSENT = -9.0  # where a tree looks for a missing number: below every normal score
DIMENSIONS = 8  # a category of more levels is projected to so many targets
SHRINKAGE = 10  # records of weight that the overall mean has in the score of a level
REACH = 0.1  # the farthest that smoothing moves a value, in normal scores
WIDTH = 0.15  # the distance within which an observed number agrees with one of a leaf
PROBES = 16  # values of a leaf that an observed value is compared with
TRUST = 0.1  # a straight line is followed where it leaves less than this share of the variance
LEAF = (30, 100)  # the least and the most records that a leaf is given by default
ROWS = 20_000  # records from which one tree learns its splits, at most
CHUNK = 2_000  # records completed at a time when they need particles


@dataclass(frozen=True)
class Trees(Statistical):
    """Sequential conditional trees, the default family for tables.

    Args:
        leaf: Records in a leaf; larger leaves are more private and less faithful. None: the square root
            of the number of records, as is usual for nearest neighbours, within 30 and 100.
        trees: Trees per column; large tables get fewer, as `work` allows.
        work: Records x columns^2 that the trees of one fit may visit, which bounds its time.
        particles: Attempts per record when a value is observed behind one that is drawn.
    """

    leaf: int | None = None
    trees: int = 10
    work: float = 1e8
    particles: int = 32

    def refusal(self, spec: Spec) -> str | None:
        """Trees need rows; on grids and tokens they name the alternative."""
        if spec.tokens:
            return "trees split rows, not sequences of tokens; use 'autoregressive' or 'masked'"
        return "trees split rows, not grids; use 'diffusion', 'vae' or 'gan'" if spec.grid else None

    def learn(self, spec: Spec, x: np.ndarray, given: int, key: Key, progress: Progress) -> State:
        """Grow the forest of every column; columns do not wait for each other."""
        from joblib import Parallel, delayed

        order, blocks = _order(spec, given), _channels(spec)
        count = int(np.clip(self.work / (min(len(x), 2 * ROWS) * len(order) ** 2), 1, self.trees))
        tasks = [
            delayed(self._factor)(x, blocks, order[:at], j, count, key.child("column", j))
            for at, j in enumerate(order)
            if at >= given
        ]
        state: State = {"order": np.array(order), "given": np.array(given)}
        grown: Any = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks)
        for done, factor in enumerate(grown, 1):
            state |= factor
            progress(done / len(tasks))
        return state

    def draw(self, state: State, spec: Spec, x: np.ndarray, observed: np.ndarray, key: Key) -> np.ndarray:
        """Complete rows; values observed behind drawn ones are met by a particle filter."""
        order = state["order"].tolist()
        if not _out_of_order(observed, order):
            return self._complete(state, spec, x, observed, 1, key)
        spans = [slice(start, start + CHUNK) for start in range(0, len(x), CHUNK)]
        parts = [
            self._complete(state, spec, x[s], observed[s], self.particles, key.child(s.start))
            for s in spans
        ]
        return np.concatenate(parts)

    def _complete(
        self, state: State, spec: Spec, x: np.ndarray, observed: np.ndarray, copies: int, key: Key
    ) -> np.ndarray:
        order, blocks, given = state["order"].tolist(), _channels(spec), int(state["given"])
        rows = np.repeat(x.astype(np.float32), copies, axis=0)
        kept = np.repeat(observed, copies, axis=0)
        for at, j in enumerate(order[given:], given):
            rng = key.child("column", j).numpy()
            leaves = _Leaves.find(state, blocks, rows, order[:at], j, rng)
            drawn = leaves.draw(blocks[j], rng)
            rows[:, j] = np.where(kept[:, j], rows[:, j], drawn)
            if copies > 1 and kept[:, j].any():
                weight = np.where(kept[:, j], leaves.agreement(rows[:, j], blocks[j], rng), 1.0)
                rows = rows[_resample(weight.reshape(-1, copies), rng)]
        return rows[::copies]

    def _factor(
        self, x: np.ndarray, blocks: list[Block], before: list[int], j: int, count: int, key: Key
    ) -> State:
        """The forest of column `j` on the columns `before` it, as plain arrays."""
        target = _target(x[:, j], blocks[j], key.child("target").numpy())
        scores = {i: _scores(x[:, i], blocks[i], target) for i in before if _levels(blocks[i])}
        seen = _predictors(x, before, scores)
        count = count if before else 1
        state = {f"{j}.score.{i}": score for i, score in scores.items()}
        trend = _trend(seen, x[:, j], blocks[j], key.child("trend").numpy())
        state[f"{j}.trend"] = trend
        rest = x[:, j] - _follow(trend, seen)
        if trend.any():
            target = _target(rest, blocks[j], key.child("target").numpy())
        for t in range(count):
            tree = self._grow(seen, target, key.child("tree", t).numpy())
            leaf = _leaf(tree, seen)
            by_leaf = np.lexsort((rest, leaf))
            tree["values"] = rest[by_leaf]
            tree["start"] = np.searchsorted(leaf[by_leaf], np.arange(len(tree["left"]) + 1))
            state.update({f"{j}.{t}.{name}": array for name, array in tree.items()})
        return {**state, f"{j}.trees": np.array(count)}

    def _grow(self, seen: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> State:
        """The splits of one tree, learned from half of the records."""
        n = len(seen)
        if seen.shape[1] == 0:
            return {name: np.array([-1]) for name in ("left", "right", "feature", "threshold")}
        from sklearn.tree import DecisionTreeRegressor

        chosen = rng.permutation(n)[: min(max(n // 2, 1), ROWS)]
        leaf = max(2, round((self.leaf or np.clip(np.sqrt(n), *LEAF)) * len(chosen) / n))
        grown = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=int(rng.integers(2**31)))
        tree = grown.fit(seen[chosen], target[chosen]).tree_
        names = {"left": "children_left", "right": "children_right", "feature": "feature"}
        return {k: getattr(tree, v) for k, v in names.items()} | {"threshold": tree.threshold}


@dataclass(frozen=True)
class _Leaves:
    """The leaf that each record falls into: `size` values from `start` on."""

    values: np.ndarray
    start: np.ndarray
    size: np.ndarray
    trend: np.ndarray

    @classmethod
    def find(
        cls,
        state: State,
        blocks: list[Block],
        rows: np.ndarray,
        before: list[int],
        j: int,
        rng: np.random.Generator,
    ) -> _Leaves:
        scores = {i: state[f"{j}.score.{i}"] for i in before if _levels(blocks[i])}
        seen = _predictors(rows, before, scores)
        count = int(state[f"{j}.trees"])
        which = rng.integers(count, size=len(rows))
        start, size = np.empty(len(rows), dtype=int), np.empty(len(rows), dtype=int)
        shift, values = 0, []
        for t in range(count):
            tree = {k: state[f"{j}.{t}.{k}"] for k in ("left", "right", "feature", "threshold", "start")}
            mine = np.flatnonzero(which == t)
            leaf = _leaf(tree, seen[mine])
            start[mine] = tree["start"][leaf] + shift
            size[mine] = tree["start"][leaf + 1] - tree["start"][leaf]
            values.append(state[f"{j}.{t}.values"])
            shift += len(values[-1])
        return cls(np.concatenate(values), start, size, _follow(state[f"{j}.trend"], seen))

    def draw(self, block: Block, rng: np.random.Generator) -> np.ndarray:
        """One value of each leaf, numbers moved up to half way to a neighbour."""
        values = self.values[at := self.start + (rng.random(len(self.start)) * self.size).astype(int)]
        if _levels(block):
            return values
        first, last = self.start, self.start + self.size - 1
        step = np.where(at == first, 1, np.where(at == last, -1, rng.choice([-1, 1], size=len(at))))
        beside = self.values[np.minimum(at + step, last)]
        move = rng.random(len(at)) / 2 * np.clip(beside - values, -2 * REACH, 2 * REACH)
        return self.trend + values + np.nan_to_num(move).astype(values.dtype)

    def agreement(self, given: np.ndarray, block: Block, rng: np.random.Generator) -> np.ndarray:
        """How likely each leaf makes a given value: the share of its values that agree with it."""
        at = self.start[:, None] + (rng.random((len(given), PROBES)) * self.size[:, None]).astype(int)
        probes, value = self.values[at], (given - self.trend)[:, None]
        width = 0.5 if _levels(block) else WIDTH
        agree = (np.abs(probes - value) < width) | (np.isnan(probes) & np.isnan(value))
        return agree.mean(axis=1) + 1e-3


def _resample(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions that keep the particles of each record (rows of `weight`) in proportion to it."""
    n, copies = weight.shape
    upper = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1) + np.arange(n)[:, None]
    asked = rng.random((n, copies)) + np.arange(n)[:, None]
    return np.minimum(np.searchsorted(upper.ravel(), asked.ravel()), n * copies - 1)


def _leaf(tree: State, seen: np.ndarray) -> np.ndarray:
    """The node in which each record ends."""
    node = np.zeros(len(seen), dtype=np.int64)
    inside = np.flatnonzero(tree["left"][node] >= 0)
    while len(inside):
        here = node[inside]
        smaller = seen[inside, tree["feature"][here]] <= tree["threshold"][here]
        node[inside] = np.where(smaller, tree["left"][here], tree["right"][here])
        inside = inside[tree["left"][node[inside]] >= 0]
    return node


def _target(values: np.ndarray, block: Block, rng: np.random.Generator) -> np.ndarray:
    """What the splits of a column explain: (n, d), least squares on one-hot levels being Gini."""
    levels = _levels(block)
    if not levels:
        absent = np.isnan(values)
        filled = np.where(absent, 0.0, values)[:, None]
        return np.column_stack([filled, 2.0 * absent]) if absent.any() else filled
    code = np.eye(levels) if levels <= DIMENSIONS else rng.standard_normal((levels, DIMENSIONS))
    return code[values.astype(int)]


def _scores(values: np.ndarray, block: Block, target: np.ndarray) -> np.ndarray:
    """The levels of a predictor on one line: the main axis of the target's means per level.

    For one target this order contains the best split of all (Breiman et al., CART, 1984, 9.4).
    """
    code, levels = values.astype(int), _levels(block)
    held = np.bincount(code, minlength=levels)
    sums = np.stack([np.bincount(code, weights=t, minlength=levels) for t in target.T], axis=1)
    mean = target.mean(axis=0)
    apart = (sums + SHRINKAGE * mean) / (held[:, None] + SHRINKAGE) - mean
    _, axes = np.linalg.eigh(apart.T @ (apart * held[:, None]))
    return (apart @ axes[:, -1]).astype(np.float32)


def _predictors(x: np.ndarray, before: list[int], scores: dict[int, np.ndarray]) -> np.ndarray:
    seen = np.empty((len(x), len(before)), dtype=np.float32)
    for at, i in enumerate(before):
        values = x[:, i]
        seen[:, at] = scores[i][values.astype(int)] if i in scores else np.nan_to_num(values, nan=ABSENT)
    return seen


def _trend(seen: np.ndarray, values: np.ndarray, block: Block, rng: np.random.Generator) -> np.ndarray:
    """Slopes of a number on its predictors, where a straight line tells most of it; else zeros.

    Leaves of correlated numbers are too coarse to hold their ratio; around the line they are not.
    Whether the line is trusted is decided on the half of the records that did not fit it.
    """
    flat = np.zeros(1 + seen.shape[1], dtype=np.float32)
    known = rng.permutation(np.flatnonzero(~np.isnan(values)))
    if _levels(block) or len(known) < 4 * len(flat) or len(flat) == 1:
        return flat
    design = np.column_stack([np.where(seen == ABSENT, 0, seen), np.ones(len(seen))])[known]
    y, half = values[known], len(known) // 2
    a, b = design[:half].astype(float), y[:half]
    slopes = np.linalg.solve(a.T @ a + half * 1e-3 * np.eye(len(flat)), a.T @ b)
    left = np.var(y[half:] - design[half:] @ slopes)
    return slopes.astype(np.float32) if left < TRUST * np.var(y[half:]) else flat


def _follow(trend: np.ndarray, seen: np.ndarray) -> np.ndarray:
    if not trend.any():
        return np.zeros(len(seen), dtype=np.float32)
    return np.where(seen == ABSENT, 0, seen) @ trend[:-1] + trend[-1]


def _order(spec: Spec, given: int) -> list[int]:
    """The given columns, then categories from few levels to many, then numbers."""
    levels = [_levels(block) or np.inf for block in _channels(spec)]
    return [*range(given), *sorted(range(given, len(levels)), key=levels.__getitem__)]


def _out_of_order(observed: np.ndarray, order: list[int]) -> bool:
    """Whether a value is observed behind one that is not."""
    kept = observed[:, order]
    return bool((kept[:, 1:] & ~np.logical_and.accumulate(kept, axis=1)[:, :-1]).any())


def _channels(spec: Spec) -> list[Block]:
    return [block for block in spec.blocks for _ in range(block.n)]


def _levels(block: Block) -> int:
    match block:
        case Categorical():
            return block.levels
        case Binary():
            return 2
        case _:
            return 0


__plugin__ = Trees
