"""Sequential conditional trees: each column is drawn from the leaves of trees on those before it.

p(x) = prod_j p(x_j | x_<j), every factor a small forest (Reiter, "Using CART to generate partially
synthetic, public use microdata", 2005; Meinshausen, "Quantile regression forests", 2006). A value is
drawn by sending the record down one tree of the factor, chosen at random, and taking a value of its
leaf, moved towards a neighbour in the same leaf so that it repeats nobody's. Each tree learns its
splits from one half of the records and fills its leaves with all. Where patients have several records
a leaf holds so many patients, and a value moves towards that of another patient. What holds in all
records (one quantity never exceeds another, a value is missing exactly where another is) holds in all
drawn ones, and equality with an earlier column is drawn as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from manikin.contracts.family import Progress, State, Statistical
from manikin.families.trees.constraints import Facts
from manikin.families.trees.design import (
    EMPTY,
    channels,
    follow,
    levels_of,
    own_scale,
    owned,
    predictors,
    scores_of,
    target_of,
    trend_of,
)
from manikin.families.trees.leaves import Leaves, find_others, leaf_of, merge_leaves, resample
from manikin.stats.equalities import Ties, ties
from manikin.stats.subject_counts import index_subjects

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Block, Spec

LEAF = (30, 100)  # the least and the most patients that a leaf is given by default
ROWS = 20_000  # records from which one tree learns its splits, at most
CHUNK = 2_000  # records completed at a time when they need particles
ATTEMPTS = 20  # draws from a leaf before a value that breaks a fact is moved instead


@dataclass(frozen=True)
class Trees(Statistical):
    """Sequential conditional trees, the default family for tables.

    Args:
        leaf: Patients in a leaf; larger leaves are more private and less faithful. None: the square root
            of the number of patients, as is usual for nearest neighbours, within 30 and 100.
        trees: Trees per column; large tables get fewer, as `work` allows.
        work: Records x columns^2 that the trees of one fit may visit, which bounds its time.
        particles: Attempts per record when a value is observed behind one that is drawn.
    """

    tied: ClassVar[bool] = True
    leaf: int | None = None
    trees: int = 10
    work: float = 1e8
    particles: int = 32

    def refusal(self, spec: Spec) -> str | None:
        """Trees need rows; on grids and tokens they name the alternative."""
        if spec.tokens:
            return "trees split rows, not sequences of tokens; use 'autoregressive' or 'masked'"
        return "trees split rows, not grids; use 'diffusion', 'vae' or 'gan'" if spec.grid else None

    def learn(
        self,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,
        progress: Progress,
    ) -> State:
        """Grow the forest of every column; columns do not wait for each other."""
        from joblib import Parallel, delayed

        blocks = channels(spec)
        known = _ties(x, blocks)
        order = _order(blocks, given, known)
        count = int(np.clip(self.work / (min(len(x), 2 * ROWS) * len(order) ** 2), 1, self.trees))
        who = index_subjects(subject)
        own = {int(j): own_scale(x[:, j]) for j in np.flatnonzero(known.joined.any(axis=0))}
        tasks = [
            delayed(self._factor)(
                x,
                order[:at],
                Facts.find(x, blocks, order[:at], j, known, who),
                (own, who),
                count,
                key.child("column", j),
            )
            for at, j in enumerate(order)
            if at >= given
        ]
        state: State = {"order": np.array(order), "given": np.array(given)}
        state |= {f"{j}.own": scale for j, scale in own.items()}
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
        order, blocks, given = state["order"].tolist(), channels(spec), int(state["given"])
        own = {j: state[f"{j}.own"] for j in order if f"{j}.own" in state}
        # What is not drawn yet is NaN, which breaks no bound; what is observed bounds what comes before it.
        rows = np.repeat(np.where(observed, x, np.nan).astype(np.float32), copies, axis=0)
        kept = np.repeat(observed, copies, axis=0)
        for at, j in enumerate(order[given:], given):
            rng = key.child("column", j).numpy()
            facts = Facts.load(state, blocks, j)
            scores = {i: state[f"{j}.score.{i}"] for i in order[:at] if levels_of(blocks[i])}
            seen = predictors(rows, order[:at], scores, own)
            leaves = Leaves.find(state, j, seen, facts.partner(rows), own.get(j, EMPTY), rng)
            rows[:, j] = np.where(kept[:, j], rows[:, j], _drawn(leaves, facts, rows, rng))
            if copies > 1 and kept[:, j].any():
                earlier = Facts.load(state, blocks, facts.same) if facts.same in order[given:at] else None
                weight = _weighed(leaves, facts, earlier, rows, kept, rng)
                rows = rows[resample(weight.reshape(-1, copies), rng)]
        return rows[::copies]

    def _factor(
        self,
        x: np.ndarray,
        before: list[int],
        facts: Facts,
        known: tuple[dict[int, np.ndarray], np.ndarray | None],
        count: int,
        key: Key,
    ) -> State:
        """The forest of a column on the columns `before` it, as plain arrays.

        `known` are the own scales of columns, and to whom each record belongs where people have several.
        """
        j, blocks, (own, who) = facts.j, facts.blocks, known
        block, same, values = blocks[j], x[:, j] == facts.partner(x), owned(x[:, j], own.get(j, EMPTY))
        target = target_of(values, same, block, key.child("target").numpy())
        scores = {i: scores_of(x[:, i], blocks[i], target) for i in before if levels_of(blocks[i])}
        seen = predictors(x, before, scores, own)
        state = {f"{j}.score.{i}": score for i, score in scores.items()} | facts.state()
        trend = trend_of(seen, values, block, key.child("trend").numpy())
        rest = values - follow(trend, seen)
        if trend.any():
            target = target_of(rest, same, block, key.child("target").numpy())
        count = count if before else 1
        for t in range(count):
            tree = self._grow(seen, target, who, key.child("tree", t).numpy())
            leaf = leaf_of(tree, seen)
            by_leaf = np.lexsort((rest, leaf))
            tree["values"] = rest[by_leaf]
            if who is not None and not levels_of(block):
                tree |= find_others(x[by_leaf, j], rest[by_leaf], leaf[by_leaf], who[by_leaf])
            tree["start"] = np.searchsorted(leaf[by_leaf], np.arange(len(tree["left"]) + 1))
            if same.any():
                tree["same"] = same[by_leaf].astype(np.uint8)
            state.update({f"{j}.{t}.{name}": array for name, array in tree.items()})
        return {**state, f"{j}.trees": np.array(count), f"{j}.trend": trend}

    def _grow(
        self, seen: np.ndarray, target: np.ndarray, who: np.ndarray | None, rng: np.random.Generator
    ) -> State:
        """The splits of one tree, learned from half of the records, or from those of half of the people."""
        n = len(seen)
        if seen.shape[1] == 0:
            return {name: np.array([-1]) for name in ("left", "right", "feature", "threshold")}
        from sklearn.tree import DecisionTreeRegressor

        people = n if who is None else int(who.max()) + 1
        crowd = self.leaf or np.clip(np.sqrt(people), *LEAF)
        order = rng.permutation(people)[: max(people // 2, 1)]
        chosen = (order if who is None else np.flatnonzero(np.isin(who, order)))[:ROWS]
        leaf = max(2, round(crowd * len(chosen) / n))
        grown = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=int(rng.integers(2**31)))
        tree = grown.fit(seen[chosen], target[chosen]).tree_
        names = {"left": "children_left", "right": "children_right", "feature": "feature"}
        found = {k: getattr(tree, v) for k, v in names.items()} | {"threshold": tree.threshold}
        return found if who is None else merge_leaves(found, seen, who, round(crowd))


def _drawn(leaves: Leaves, facts: Facts, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A value of each leaf that breaks no fact: others are drawn again, then moved within the bounds."""
    block = facts.blocks[facts.j]
    drawn, same, strange = leaves.draw(block, rng)
    drawn = facts.tell(rows, drawn)
    for _ in range(ATTEMPTS):
        wrong = np.flatnonzero(strange | ~facts.allow(rows, drawn))
        if not len(wrong):
            break
        again, equal, touching = leaves.take(wrong).draw(block, rng)
        # Whether it equals its partner was decided by the first draw: only the value is drawn again.
        drawn[wrong], strange[wrong] = again, touching | (equal & ~same[wrong])
    drawn = facts.tell(rows, drawn)
    astray = (strange & ~np.isnan(drawn)) | ~facts.allow(rows, drawn)
    return np.where(astray, facts.confine(rows, drawn, rng), drawn)


def _weighed(
    leaves: Leaves,
    facts: Facts,
    earlier: Facts | None,
    rows: np.ndarray,
    kept: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """How well each record (n,) agrees with what is observed of a column.

    A partner drawn `earlier` comes near the observed value but never meets it: where they are near
    because they are equal, it takes the value.
    """
    j, seen = facts.j, kept[:, facts.j]
    bounded = facts.same in (*facts.floor, *facts.ceiling)
    sides = 1 if earlier is not None and bounded else 2
    likely, equal = leaves.agreement(rows[:, j], facts.blocks[j], rng, sides)
    if earlier is not None:
        meets = seen & ~kept[:, earlier.j] & (rng.random(len(rows)) < equal)
        meets &= earlier.allow(rows, rows[:, j])
        rows[meets, earlier.j] = rows[meets, j]
    return np.where(seen, likely * np.where(facts.allow(rows, rows[:, j]), 1, 1e-3), 1.0)


def _ties(x: np.ndarray, blocks: list[Block]) -> Ties:
    """What holds between the numbers, placed among all columns."""
    numbers = np.array([j for j, block in enumerate(blocks) if not levels_of(block)], dtype=int)
    found, k = ties(x[:, numbers]), len(blocks)
    equal, below = np.zeros((k, k)), np.zeros((k, k), dtype=bool)
    equal[np.ix_(numbers, numbers)], below[np.ix_(numbers, numbers)] = found
    return Ties(equal, below)


def _order(blocks: list[Block], given: int, known: Ties) -> list[int]:
    """The given columns, then categories from few levels to many, then numbers.

    Numbers that may be equal stand together, those first that never exceed the next: so each time of a
    history follows the one it may equal.
    """
    sizes = [levels_of(block) or np.inf for block in blocks]
    beside = (known.equal > 0) | np.eye(len(blocks), dtype=bool)
    first, lower = beside.argmax(axis=1), known.below.sum(axis=0)
    return [
        *range(given),
        *sorted(range(given, len(blocks)), key=lambda j: (sizes[j], first[j], lower[j], j)),
    ]


def _out_of_order(observed: np.ndarray, order: list[int]) -> bool:
    """Whether a value is observed behind one that is not."""
    kept = observed[:, order]
    return bool((kept[:, 1:] & ~np.logical_and.accumulate(kept, axis=1)[:, :-1]).any())


__plugin__ = Trees
