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

from manikin.contracts.family import FamilyState, ProgressCallback, StatisticalFamily
from manikin.families.trees.constraints import ColumnConstraints
from manikin.families.trees.design import (
    EMPTY_SCALE,
    apply_trend,
    build_predictors,
    build_split_target,
    count_levels,
    fit_own_scale,
    fit_trend,
    list_channel_blocks,
    score_levels,
    to_own_scale,
)
from manikin.families.trees.leaves import Leaves, find_leaves, find_neighbors, merge_leaves, resample
from manikin.stats.equalities import ColumnRelations, find_relations
from manikin.stats.subject_counts import index_subjects

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Block, Spec

LEAF_SIZE_LIMITS = (30, 100)  # the least and the most patients that a leaf is given by default
MAX_SPLIT_RECORDS = 20_000  # records from which one tree learns its splits, at most
RECORDS_PER_CHUNK = 2_000  # records completed at a time when they need particles
MAX_LEAF_DRAWS = 20  # draws from a leaf before a value that breaks a fact is moved instead


@dataclass(frozen=True)
class Trees(StatisticalFamily):
    """Sequential conditional trees, the default family for tables.

    Args:
        leaf: Patients in a leaf; larger leaves are more private and less faithful. None: the square root
            of the number of patients, as is usual for nearest neighbours, within 30 and 100.
        trees: Trees per column; large tables get fewer, as `work` allows.
        work: Records x columns^2 that the trees of one fit may visit, which bounds its time.
        trend: The R^2 from which on a straight line through the earlier columns is followed, around which
            leaves hold what is left.
        particles: Attempts per record when a value is observed behind one that is drawn.
    """

    has_equalities: ClassVar[bool] = True
    leaf: int | None = None
    trees: int = 10
    work: float = 1e8
    particles: int = 32
    trend: float = 0.9

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
        progress: ProgressCallback,
    ) -> FamilyState:
        """Grow the forest of every column; columns do not wait for each other."""
        from joblib import Parallel, delayed

        blocks = list_channel_blocks(spec)
        known = _find_relations(x, blocks)
        order = _order_columns(blocks, given, known)
        count = int(
            np.clip(self.work / (min(len(x), 2 * MAX_SPLIT_RECORDS) * len(order) ** 2), 1, self.trees)
        )
        who = index_subjects(subject)
        own = {int(j): fit_own_scale(x[:, j]) for j in np.flatnonzero(known.is_related.any(axis=0))}
        tasks = [
            delayed(self._fit_column)(
                x,
                order[:at],
                ColumnConstraints.find(x, blocks, order[:at], j, known, who),
                (own, who),
                count,
                key.child("column", j),
            )
            for at, j in enumerate(order)
            if at >= given
        ]
        state: FamilyState = {"order": np.array(order), "given": np.array(given)}
        state |= {f"{j}.own": scale for j, scale in own.items()}
        grown: Any = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks)
        for done, factor in enumerate(grown, 1):
            state |= factor
            progress(done / len(tasks))
        return state

    def draw(
        self, state: FamilyState, spec: Spec, x: np.ndarray, observed: np.ndarray, key: Key
    ) -> np.ndarray:
        """Complete rows; values observed behind drawn ones are met by a particle filter."""
        order = state["order"].tolist()
        if not _is_out_of_order(observed, order):
            return self._complete_rows(state, spec, x, observed, 1, key)
        spans = [slice(start, start + RECORDS_PER_CHUNK) for start in range(0, len(x), RECORDS_PER_CHUNK)]
        parts = [
            self._complete_rows(state, spec, x[s], observed[s], self.particles, key.child(s.start))
            for s in spans
        ]
        return np.concatenate(parts)

    def _complete_rows(
        self, state: FamilyState, spec: Spec, x: np.ndarray, observed: np.ndarray, copies: int, key: Key
    ) -> np.ndarray:
        order, blocks, given = state["order"].tolist(), list_channel_blocks(spec), int(state["given"])
        own = {j: state[f"{j}.own"] for j in order if f"{j}.own" in state}
        # What is not drawn yet is NaN, which breaks no bound; what is observed bounds what comes before it.
        rows = np.repeat(np.where(observed, x, np.nan).astype(np.float32), copies, axis=0)
        kept = np.repeat(observed, copies, axis=0)
        for at, j in enumerate(order[given:], given):
            rng = key.child("column", j).numpy()
            facts = ColumnConstraints.from_state(state, blocks, j)
            scores = {i: state[f"{j}.score.{i}"] for i in order[:at] if count_levels(blocks[i])}
            seen = build_predictors(rows, order[:at], scores, own)
            leaves = Leaves.find(
                state, j, seen, facts.get_partner_values(rows), own.get(j, EMPTY_SCALE), rng
            )
            rows[:, j] = np.where(kept[:, j], rows[:, j], _draw_values(leaves, facts, rows, rng))
            if copies > 1 and kept[:, j].any():
                earlier = (
                    ColumnConstraints.from_state(state, blocks, facts.equal_column)
                    if facts.equal_column in order[given:at]
                    else None
                )
                weight = _compute_weights(leaves, facts, earlier, rows, kept, rng)
                rows = rows[resample(weight.reshape(-1, copies), rng)]
        return rows[::copies]

    def _fit_column(
        self,
        x: np.ndarray,
        before: list[int],
        facts: ColumnConstraints,
        known: tuple[dict[int, np.ndarray], np.ndarray | None],
        count: int,
        key: Key,
    ) -> FamilyState:
        """The forest of a column on the columns `before` it, as plain arrays.

        `known` are the own scales of columns, and to whom each record belongs where people have several.
        """
        j, blocks, (own, who) = facts.column, facts.blocks, known
        block, same, values = (
            blocks[j],
            x[:, j] == facts.get_partner_values(x),
            to_own_scale(x[:, j], own.get(j, EMPTY_SCALE)),
        )
        target = build_split_target(values, same, block, key.child("target").numpy())
        scores = {i: score_levels(x[:, i], blocks[i], target) for i in before if count_levels(blocks[i])}
        seen = build_predictors(x, before, scores, own)
        state = {f"{j}.score.{i}": score for i, score in scores.items()} | facts.to_state()
        trend = fit_trend(seen, values, block, self.trend, key.child("trend").numpy())
        rest = values - apply_trend(trend, seen)
        if trend.any():
            target = build_split_target(rest, same, block, key.child("target").numpy())
        count = count if before else 1
        for t in range(count):
            tree = self._grow_tree(seen, target, who, key.child("tree", t).numpy())
            leaf = find_leaves(tree, seen)
            by_leaf = np.lexsort((rest, leaf))
            tree["values"] = rest[by_leaf]
            if who is not None and not count_levels(block):
                tree |= find_neighbors(x[by_leaf, j], rest[by_leaf], leaf[by_leaf], who[by_leaf])
            tree["start"] = np.searchsorted(leaf[by_leaf], np.arange(len(tree["left"]) + 1))
            if same.any():
                tree["same"] = same[by_leaf].astype(np.uint8)
            state.update({f"{j}.{t}.{name}": array for name, array in tree.items()})
        return {**state, f"{j}.trees": np.array(count), f"{j}.trend": trend}

    def _grow_tree(
        self, seen: np.ndarray, target: np.ndarray, who: np.ndarray | None, rng: np.random.Generator
    ) -> FamilyState:
        """The splits of one tree, learned from half of the records, or from those of half of the people."""
        n = len(seen)
        if seen.shape[1] == 0:
            return {name: np.array([-1]) for name in ("left", "right", "feature", "threshold")}
        from sklearn.tree import DecisionTreeRegressor

        people = n if who is None else int(who.max()) + 1
        crowd = self.leaf or np.clip(np.sqrt(people), *LEAF_SIZE_LIMITS)
        order = rng.permutation(people)[: max(people // 2, 1)]
        chosen = (order if who is None else np.flatnonzero(np.isin(who, order)))[:MAX_SPLIT_RECORDS]
        leaf = max(2, round(crowd * len(chosen) / n))
        grown = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=int(rng.integers(2**31)))
        tree = grown.fit(seen[chosen], target[chosen]).tree_
        names = {"left": "children_left", "right": "children_right", "feature": "feature"}
        found = {k: getattr(tree, v) for k, v in names.items()} | {"threshold": tree.threshold}
        return found if who is None else merge_leaves(found, seen, who, round(crowd))


def _draw_values(
    leaves: Leaves, facts: ColumnConstraints, rows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A value of each leaf that breaks no fact: others are drawn again, then moved within the bounds."""
    block = facts.blocks[facts.column]
    drawn, same, strange = leaves.draw(block, rng)
    drawn = facts.impose_levels(rows, drawn)
    for _ in range(MAX_LEAF_DRAWS):
        wrong = np.flatnonzero(strange | ~facts.is_allowed(rows, drawn))
        if not len(wrong):
            break
        again, equal, touching = leaves.take(wrong).draw(block, rng)
        # Whether it equals its partner was decided by the first draw: only the value is drawn again.
        drawn[wrong], strange[wrong] = again, touching | (equal & ~same[wrong])
    drawn = facts.impose_levels(rows, drawn)
    astray = (strange & ~np.isnan(drawn)) | ~facts.is_allowed(rows, drawn)
    return np.where(astray, facts.move_within_bounds(rows, drawn, rng), drawn)


def _compute_weights(
    leaves: Leaves,
    facts: ColumnConstraints,
    earlier: ColumnConstraints | None,
    rows: np.ndarray,
    kept: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """How well each record (n,) agrees with what is observed of a column.

    A partner drawn `earlier` comes near the observed value but never meets it: where they are near
    because they are equal, it takes the value.
    """
    j, seen = facts.column, kept[:, facts.column]
    bounded = facts.equal_column in (*facts.floor_columns, *facts.ceiling_columns)
    sides = 1 if earlier is not None and bounded else 2
    likely, equal = leaves.compute_agreement(rows[:, j], facts.blocks[j], rng, sides)
    if earlier is not None:
        meets = seen & ~kept[:, earlier.column] & (rng.random(len(rows)) < equal)
        meets &= earlier.is_allowed(rows, rows[:, j])
        rows[meets, earlier.column] = rows[meets, j]
    return np.where(seen, likely * np.where(facts.is_allowed(rows, rows[:, j]), 1, 1e-3), 1.0)


def _find_relations(x: np.ndarray, blocks: list[Block]) -> ColumnRelations:
    """What holds between the numbers, placed among all columns."""
    numbers = np.array([j for j, block in enumerate(blocks) if not count_levels(block)], dtype=int)
    found, k = find_relations(x[:, numbers]), len(blocks)
    equal, below = np.zeros((k, k)), np.zeros((k, k), dtype=bool)
    equal[np.ix_(numbers, numbers)], below[np.ix_(numbers, numbers)] = found
    return ColumnRelations(equal, below)


def _order_columns(blocks: list[Block], given: int, known: ColumnRelations) -> list[int]:
    """The given columns, then categories from few levels to many, then numbers.

    Numbers that may be equal stand together, those first that never exceed the next: so each time of a
    history follows the one it may equal.
    """
    sizes = [count_levels(block) or np.inf for block in blocks]
    beside = (known.equal_share > 0) | np.eye(len(blocks), dtype=bool)
    first, lower = beside.argmax(axis=1), known.is_below.sum(axis=0)
    return [
        *range(given),
        *sorted(range(given, len(blocks)), key=lambda j: (sizes[j], first[j], lower[j], j)),
    ]


def _is_out_of_order(observed: np.ndarray, order: list[int]) -> bool:
    """Whether a value is observed behind one that is not."""
    kept = observed[:, order]
    return bool((kept[:, 1:] & ~np.logical_and.accumulate(kept, axis=1)[:, :-1]).any())


__plugin__ = Trees
