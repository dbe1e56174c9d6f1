"""Pairs: is any single relation between two fields further off than chance explains?"""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.pair_correlations import (
    MIN_SUBJECTS,
    MatrixColumns,
    PairCorrelations,
    WorstPair,
    choose_worst,
    correlate_pairs,
)
from manikin.stats.subject_folds import assign_subject_folds

BINARY_LEVELS = 2
MAX_LEVELS = 12  # of a category that are looked at
MAX_COLUMNS = 120  # quantities and levels that are looked at
MAX_ROWS = 4_000  # records of a side
HALVINGS = 120  # of the real records, which show what chance does
STRONG_CORRELATION = 0.3  # the weakest that counts as a whole, where it is lost
SIGNIFICANCE_LEVEL = 0.05
NO_COLUMNS = (np.zeros(0), np.zeros(0), np.zeros(0))
LARGE_MEAN = 100  # means from which on digits after the point say nothing
SOURCE = "Fisher 1915, z transform; maximum statistic: Westfall and Young 1993; halves of real records"


def describe_worst_pair(split: Split) -> str:
    """The two fields, and what they have to do with each other on both sides."""
    worst, cells = compute_once(split, find_worst_pair), compute_once(split, _choose_columns)
    if worst.chance > SIGNIFICANCE_LEVEL:
        return ""
    return _describe_pair(split, cells, worst.pair)


@metric(
    "fidelity",
    MetricDescription(
        "How far the correlation of two fields is off, in the pair in which that is least by chance.",
        reading="""From 0, which is best, to 2. Correlations of ranks, and of levels as 0 or 1: a
        conditional mean or share that is drawn towards that of all shows here, where an average over
        all pairs does not. Asked is, one after another, whether a link with the label is weaker than
        in reality, whether any link is, and whether any pair differs; each by the largest of all
        standardised differences, against that between halves of the real records. It is tested by
        itself, so that fresh real records are warned of in at most 1 of 20 cards, and never fails.""",
        blind_spot="It cannot see links of three or more fields, nor one that is not monotone.",
        source=SOURCE,
    ),
    better="low",
    feature="table",
    reference="whole",
    note=describe_worst_pair,
)
def worst_pair(split: Split) -> ExactResult:
    worst = compute_once(split, find_worst_pair)
    gap, reach = abs(worst.synthetic - worst.real), 1.96 * worst.error
    floor = max(abs(worst.real), STRONG_CORRELATION, gap)
    return ExactResult(gap, max(gap - reach, 0.0), gap + reach, np.zeros(8), worst.chance, floor)


def find_worst_pair(split: Split) -> WorstPair:
    """The pair that chance explains least, of the three questions."""
    cells = compute_once(split, _choose_columns)
    if not len(cells.pairs[0]):
        raise Unsupported("no two fields whose relation rests on ten real subjects")
    rng = split.key.child("pairs").numpy()
    real, owner = _join_real(split)
    some = _draw_records(owner, rng)
    ruler = [np.sort(column[~np.isnan(column)]) for column in real.T]
    x = _build_matrix(real[some], cells, ruler)
    made = _build_matrix(split.synthetic.table[_draw_records(split.synthetic.subject, rng)], cells, ruler)
    halves = [_correlate_halves(x, owner[some], cells, rng) for _ in range(HALVINGS)]
    return choose_worst(
        correlate_pairs(x, cells), correlate_pairs(made, cells), halves, _has_label(split, cells)
    )


def _choose_columns(split: Split) -> MatrixColumns:
    """Quantities that vary, and levels that ten subjects have and ten have not; the fullest first."""
    table, owner = _join_real(split)
    found: list[tuple[int, int, float]] = []
    for j, levels in enumerate(split.fields.levels):
        column = table[:, j]
        known = ~np.isnan(column)
        codes = _find_frequent_levels(column[known]) if levels is not None else [np.nan]
        for code in codes:
            have, others = (
                _count_subjects(owner, known & part) for part in (column == code, column != code)
            )
            count = others if levels is None else min(have, others)
            varies = count >= MIN_SUBJECTS and np.ptp(column[known]) > 0
            found += [(count, j, code)] if varies else []
    found = sorted(sorted(found, key=lambda cell: -cell[0])[:MAX_COLUMNS], key=lambda cell: cell[1])
    count, field, level = (np.array(part) for part in zip(*found, strict=True)) if found else NO_COLUMNS
    return MatrixColumns(field.astype(int), level, count, int(owner.max()) + 1)


def _count_subjects(owner: np.ndarray, rows: np.ndarray) -> int:
    """How many subjects these records are of."""
    return int((np.bincount(owner[rows]) > 0).sum())


def _find_frequent_levels(codes: np.ndarray) -> list[float]:
    """The most frequent levels; of two one says all."""
    levels, counts = np.unique(codes, return_counts=True)
    frequent = levels[np.argsort(-counts, kind="stable")].tolist()
    return frequent[1:] if len(frequent) == BINARY_LEVELS else frequent[:MAX_LEVELS]


def _join_real(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """All real records, and whose they are."""
    first, second = split.train.subject, split.holdout.subject
    owner = np.unique(np.append(first, second + first.max(initial=-1) + 1), return_inverse=True)[1]
    return np.concatenate([split.train.table, split.holdout.table]), owner


def _has_label(split: Split, cells: MatrixColumns) -> np.ndarray:
    """Which pairs have the label, bool (pairs,)."""
    names, label = split.fields.names, split.options.label
    if label not in names:
        return np.zeros(len(cells.pairs[0]), dtype=bool)
    of = cells.field == names.index(label)
    first, second = cells.pairs
    return of[first] | of[second]


def _draw_records(subject: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At most so many records, of whole subjects in random order."""
    _, place = np.unique(subject, return_inverse=True)
    return np.argsort(rng.permutation(place.max(initial=-1) + 1)[place], kind="stable")[:MAX_ROWS]


def _correlate_halves(
    x: np.ndarray, owner: np.ndarray, cells: MatrixColumns, rng: np.random.Generator
) -> tuple[PairCorrelations, PairCorrelations]:
    """The links of two halves of the subjects."""
    first = assign_subject_folds(owner, 2, rng) == 0
    return correlate_pairs(x[first], cells), correlate_pairs(x[~first], cells)


def _build_matrix(table: np.ndarray, cells: MatrixColumns, ruler: list[np.ndarray]) -> np.ndarray:
    """Quantities as places among real values, 0 to 1, levels as 0 or 1, missing as NaN, (n, cells)."""
    columns = []
    for j, level in zip(cells.field.tolist(), cells.level.tolist(), strict=True):
        column = table[:, j]
        if np.isnan(level):
            low, high = (np.searchsorted(ruler[j], column, side) for side in ("left", "right"))
            made = (low + high) / (2 * len(ruler[j]))
        else:
            made = (column == level).astype(float)
        columns.append(np.where(np.isnan(column), np.nan, made))
    return np.stack(columns, axis=1)


def _describe_pair(split: Split, cells: MatrixColumns, k: int) -> str:
    """What two fields have to do with each other, in figures of ten subjects or more on the real side."""
    one, other = (side[k] for side in cells.pairs)
    if np.isnan(cells.level[one]) and not np.isnan(cells.level[other]):
        one, other = other, one  # the level first
    i, j = cells.field[[one, other]].tolist()
    name, beside = split.fields.names[i], split.fields.names[j]
    real, owner = _join_real(split)
    sides = (split.synthetic.table, real)
    if np.isnan(cells.level[one]):
        made, true = (spearmanr(side[:, i], side[:, j], nan_policy="omit")[0] for side in sides)
        return f"{name} and {beside}: rank correlation {made:.2f} (real {true:.2f})"
    inside = real[:, i] == cells.level[one]
    known = ~np.isnan(real[:, [i, j]]).any(axis=1)
    if min(_count_subjects(owner, known & part) for part in (inside, ~inside)) < MIN_SUBJECTS:
        return f"{name} and {beside}"
    group, level = float(cells.level[one]), float(cells.level[other])
    figures = [_describe_figures(side[:, i] == group, side, (i, j), level) for side in sides]
    what = f"mean {beside}" if np.isnan(level) else _spell_level(split, j, level)
    return f"{what} where {_spell_level(split, i, group)} and elsewhere: {figures[0]} (real {figures[1]})"


def _describe_figures(inside: np.ndarray, table: np.ndarray, fields: tuple[int, int], level: float) -> str:
    """The mean, or the share of a level, in a group and outside it."""
    known = ~np.isnan(table[:, list(fields)]).any(axis=1)
    values = table[:, fields[1]] if np.isnan(level) else (table[:, fields[1]] == level) * 100.0
    groups = [values[known & part] for part in (inside, ~inside)]
    unit = "" if np.isnan(level) else " %"
    return " and ".join(f"{_format_mean(group)}{unit if len(group) else ''}" for group in groups)


def _format_mean(values: np.ndarray) -> str:
    if not len(values):
        return "no record"
    mean = float(np.mean(values))
    return f"{mean:,.0f}" if abs(mean) >= LARGE_MEAN else f"{mean:.3g}"


def _spell_level(split: Split, field: int, level: float) -> str:
    levels = split.fields.levels[field] or ()
    name = split.fields.names[field]
    return f"{name} is {levels[int(level)]}" if level < len(levels) else f"{name} is another"


__plugin__ = (worst_pair,)
