"""Diversity: does the whole variety of patients come back, and none of them over and over?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.knn_balls import (
    TIE_TOLERANCE,
    KnnBalls,
    compute_knn_radii,
    compute_squared_distances,
)
from manikin.stats.nearest_neighbors import find_nearest
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_distinct_subjects, index_subjects

NEIGHBORS = 5  # neighbours that make a ball
MIN_MEMBERS = 3 * NEIGHBORS  # real records of a class that is looked at by itself
MAX_RECORDS = 5000  # records of a side among which near duplicates are looked for
CLOSE_SHARE = 0.01  # the share of real records that are closer to another than is usual
HALVINGS = 2  # of the real records, averaged
DUPLICATE_DRAWS = 8  # draws of the larger side, where duplicates are counted among equally many
RARE_SHARE = 0.05  # a level in a smaller share of records is rare
NAEEM = "Naeem et al. 2020, Reliable fidelity and diversity metrics for generative models"
KYNKAANNIEMI = "Kynkäänniemi et al. 2019, Improved precision and recall metric, equations 2 and 3"


@metric(
    "diversity",
    MetricDescription(
        "Share of real records that have a synthetic one among their five nearest neighbours' distance.",
        reading="""0 to 1; the ceiling of real data is below 1. It falls when modes are lost or rare
        patients are left out, and in wide tables also when records are unrealistic.""",
        source=NAEEM + ", equation 4",
    ),
    better="high",
    floor="collapsed",
)
def coverage(split: Split) -> float:
    return float(np.mean(compute_once(split, _find_knn_balls).is_covered))


@metric(
    "diversity",
    MetricDescription(
        "Share of real records that lie within the five nearest neighbours' distance of a synthetic one.",
        reading="""0 to 1; the ceiling of real data is below 1. Outlying synthetic records have wide
        balls and raise it: read it beside coverage, which does not have this fault.""",
        source=KYNKAANNIEMI,
    ),
    better="high",
    floor="collapsed",
)
def recall(split: Split) -> float:
    return float(np.mean(compute_once(split, _find_knn_balls).is_recalled))


@metric(
    "fidelity",
    MetricDescription(
        "Share of synthetic records that lie within the five nearest neighbours' distance of a real one.",
        reading="0 to 1; the ceiling of real data is below 1.",
        blind_spot="""It falls with records that no real patient resembles; it cannot see whether all
        patients are there: a single good record scores 1.""",
        source=KYNKAANNIEMI,
    ),
    better="high",
)
def precision(split: Split) -> float:
    return float(np.mean(compute_once(split, _find_knn_balls).ball_counts > 0))


@metric(
    "fidelity",
    MetricDescription(
        "How many real records' balls hold a synthetic one, over the five that are expected.",
        reading="From 0, around 1 for real data, more where records crowd in the densest part.",
        source=NAEEM + ", equation 3",
    ),
    better="high",
)
def density(split: Split) -> float:
    return float(np.mean(compute_once(split, _find_knn_balls).ball_counts) / NEIGHBORS)


@metric(
    "diversity",
    MetricDescription(
        "Coverage within the class of the label in which it is lowest.",
        reading="""0 to 1; the ceiling of real data is below 1, being a minimum. Only records of the
        same class count as neighbours: a class that is lost scores 0, one that has lost its variety
        little, however well the others are covered.""",
        blind_spot="It needs 15 real records of a class in a repeat and cannot see rarer ones.",
        source=NAEEM + ", equation 4, class by class",
    ),
    better="high",
    feature="grid",
    floor="collapsed",
)
def class_coverage(split: Split) -> float:
    names, label = split.fields.names, split.options.label
    column = names.index(label) if label in names else -1
    if column < 0 or split.fields.levels[column] is None:
        raise Unsupported("no label with classes; name it with --label")
    real, candidate = (side.table[:, column] for side in (split.holdout, split.synthetic))
    levels, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    large = levels[counts >= MIN_MEMBERS]
    if not len(large):
        raise Unsupported(f"no class has {MIN_MEMBERS} real records in a repeat")
    found = [
        _compute_covered_share(split.holdout.take(real == k), split.synthetic.take(candidate == k))
        for k in large
    ]
    return min(found)


@metric(
    "diversity",
    MetricDescription(
        "Share of records that equal an earlier record of the same set in every field.",
        reading="""0 to 1. Real data have duplicates too where fields are few and coarse: the ceiling
        says how many, among equally many records.""",
        blind_spot="It cannot see repeats with a little noise: near_duplicate_share does.",
        source="by definition",
    ),
    better="low",
    feature="table",
    floor="collapsed",
    reference="whole",
)
def duplicate_share(split: Split) -> ExactResult:
    real = np.concatenate([split.train.table, split.holdout.table])
    n = min(len(real), len(split.synthetic))
    rng = split.key.child("duplicates").numpy()
    synthetic, known = (_count_repeats(table, n, rng) for table in (split.synthetic.table, real))
    return ExactResult.from_counts(synthetic, n, known, n, split.key)


@metric(
    "diversity",
    MetricDescription(
        "Share of records closer to another of the same set than 99 of 100 real records are.",
        reading="""0 to 1, around .01 for real data. It sees few records that are repeated with a
        little noise.""",
        blind_spot="It cannot see that a record is repeated with much noise.",
        source="by definition",
    ),
    better="low",
    floor="collapsed",
    reference="whole",
)
def near_duplicate_share(split: Split) -> ExactResult:
    real = np.concatenate([split.train.x, split.holdout.x])
    size = min(MAX_RECORDS, len(real) // 2, len(split.synthetic))
    if size <= NEIGHBORS:
        raise Unsupported(f"needs more than {NEIGHBORS} records on each side")
    near, usual = np.mean(
        [_compute_near_shares(split, real, size, turn) for turn in range(HALVINGS)], axis=0
    )
    found = ExactResult.from_counts(near * size / 2, size / 2, usual * size / 2, size / 2, split.key)
    return replace(found, value=float(near))


@metric(
    "diversity",
    MetricDescription(
        "Share of the rare levels of the real records' categories that the synthetic ones have too.",
        reading="""0 to 1; the ceiling of real data is below 1. Rare is a level in less than 5 % of the
        records that five training patients have or more: those of fewer should not come back, since
        they may be known by them.""",
        blind_spot="It cannot see whether the rare are with the right others, nor rare quantities.",
        source="by definition",
    ),
    better="high",
    feature="table",
    floor="collapsed",
)
def rare_level_coverage(split: Split) -> float:
    found = [_has_rare_levels(split, j) for j in np.flatnonzero(split.fields.is_categorical).tolist()]
    rare = np.concatenate(found) if found else np.zeros(0)
    if not len(rare):
        raise Unsupported("no category has a rare level")
    return float(np.mean(rare))


def _find_knn_balls(split: Split) -> KnnBalls:
    """Compare each real record with each candidate."""
    real, candidate = split.holdout, split.synthetic
    if min(len(real), len(candidate)) <= NEIGHBORS:
        raise Unsupported(f"needs more than {NEIGHBORS} records on each side")
    radii = compute_once(real, _compute_radii), compute_once(candidate, _compute_radii)
    return KnnBalls.from_samples(real.x, candidate.x, *radii)


def _compute_radii(sample: Sample) -> np.ndarray:
    return compute_knn_radii(sample.x, NEIGHBORS)


def _compute_covered_share(real: Sample, candidate: Sample) -> float:
    """The share of real records with a candidate in their ball."""
    if not len(candidate):
        return 0.0
    far = compute_squared_distances(real.x, candidate.x)
    return float(np.mean((far <= _compute_radii(real)[:, None] + TIE_TOLERANCE).any(axis=1)))


def _count_repeats(table: np.ndarray, n: int, rng: np.random.Generator) -> float:
    """How many of n rows could be left out without losing any; the mean over draws of n."""
    rows = np.ascontiguousarray(np.nan_to_num(table, nan=np.inf) + 0.0)
    turns = 1 if len(rows) == n else DUPLICATE_DRAWS
    return float(
        np.mean([n - len(np.unique(rows[rng.permutation(len(rows))[:n]], axis=0)) for _ in range(turns)])
    )


def _compute_near_shares(split: Split, real: np.ndarray, size: int, turn: int) -> tuple[float, float]:
    """The shares of synthetic and of real records that are closer than usual among other real ones."""
    rng = split.key.child("near", turn).numpy()
    order, chosen = rng.permutation(len(real)), rng.permutation(len(split.synthetic))[:size]
    shown, other, synthetic = (
        _find_closest_distances(x)
        for x in (real[order[:size]], real[order[-size:]], split.synthetic.x[chosen])
    )
    usual = np.quantile(shown, CLOSE_SHARE)
    return float(np.mean(synthetic <= usual)), float(np.mean(other <= usual))


def _find_closest_distances(x: np.ndarray) -> np.ndarray:
    """The distance of each record to the nearest other one, shape (n,)."""
    each = np.arange(len(x))
    return find_nearest(x, x, each, each).distances


def _has_rare_levels(split: Split, j: int) -> np.ndarray:
    """For each rare level that the real records have, whether the synthetic ones have it."""
    size = len(split.fields.levels[j] or ()) + 1
    known, real, synthetic = (
        _count_codes(side.table[:, j], size) for side in (split.train, split.holdout, split.synthetic)
    )
    codes = np.nan_to_num(split.train.table[:, j], nan=-1).astype(int)
    enough = count_distinct_subjects(codes, compute_once(split.train, _index_owners), size) >= MIN_CELL_SIZE
    rare = (known + real < RARE_SHARE * (len(split.train) + len(split.holdout))) & (real > 0)
    return synthetic[rare & enough] > 0


def _index_owners(train: Sample) -> np.ndarray | None:
    """The number of the subject of each record, (n,), from 0 on; None: each is another person's."""
    return index_subjects(train.subject)


def _count_codes(codes: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(codes[~np.isnan(codes)].astype(int), minlength=size)


__plugin__ = (
    coverage,
    recall,
    precision,
    density,
    class_coverage,
    duplicate_share,
    near_duplicate_share,
    rare_level_coverage,
)
