"""Diversity: does the whole variety of patients come back, and none of them over and over?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from manikin.contracts.metric import ExactResult, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.nearest_neighbors import find_nearest
from manikin.stats.subject_counts import MIN_CELL_SIZE, count_distinct_subjects, index_subjects

NEIGHBORS = 5  # neighbours that make a ball
MIN_MEMBERS = 3 * NEIGHBORS  # real records of a class that is looked at by itself
BLOCK_SIZE = 1024  # rows of a distance matrix in memory at once
MAX_RECORDS = 5000  # records of a side among which near duplicates are looked for
CLOSE_SHARE = 0.01  # the share of real records that are closer to another than is usual
HALVINGS = 2  # of the real records, averaged
DUPLICATE_DRAWS = 8  # draws of the larger side, where duplicates are counted among equally many
RARE_SHARE = 0.05  # a level in a smaller share of records is rare
TIE_TOLERANCE = 1e-4  # squared distances this close are equal: float32 rounds
NAEEM = "Naeem et al. 2020, Reliable fidelity and diversity metrics for generative models"
KYNKAANNIEMI = "Kynkäänniemi et al. 2019, Improved precision and recall metric, equations 2 and 3"


@dataclass(frozen=True)
class KnnBalls:
    """What the k-nearest-neighbour balls of one side hold of the other.

    Args:
        is_covered: Real records (n,) with a candidate in their ball.
        is_recalled: Real records (n,) in the ball of a candidate.
        ball_counts: For each candidate (m,), in how many real records' balls it lies.
    """

    is_covered: np.ndarray
    is_recalled: np.ndarray
    ball_counts: np.ndarray


@metric("diversity", better="high", source=NAEEM + ", equation 4", floor="collapsed")
def coverage(split: Split) -> float:
    """Share of real records that have a synthetic one among their five nearest neighbours' distance.

    0 to 1; the ceiling of real data is below 1. It falls when modes are lost or rare patients are
    left out, and in wide tables also when records are unrealistic.
    """
    return float(np.mean(compute_once(split, find_knn_balls).is_covered))


@metric("diversity", better="high", source=KYNKAANNIEMI, floor="collapsed")
def recall(split: Split) -> float:
    """Share of real records that lie within the five nearest neighbours' distance of a synthetic one.

    0 to 1; the ceiling of real data is below 1. Outlying synthetic records have wide balls and raise
    it: read it beside `coverage`, which does not have this fault.
    """
    return float(np.mean(compute_once(split, find_knn_balls).is_recalled))


@metric("fidelity", better="high", source=KYNKAANNIEMI)
def precision(split: Split) -> float:
    """Share of synthetic records that lie within the five nearest neighbours' distance of a real one.

    0 to 1; the ceiling of real data is below 1. It falls with records that no real patient
    resembles; it cannot see whether all patients are there: a single good record scores 1.
    """
    return float(np.mean(compute_once(split, find_knn_balls).ball_counts > 0))


@metric("fidelity", better="high", source=NAEEM + ", equation 3")
def density(split: Split) -> float:
    """How many real records' balls hold a synthetic one, over the five that are expected.

    From 0, around 1 for real data, more where records crowd in the densest part.
    """
    return float(np.mean(compute_once(split, find_knn_balls).ball_counts) / NEIGHBORS)


@metric(
    "diversity",
    better="high",
    source=NAEEM + ", equation 4, class by class",
    feature="grid",
    floor="collapsed",
)
def class_coverage(split: Split) -> float:
    """Coverage within the class of the label in which it is lowest.

    0 to 1; the ceiling of real data is below 1, being a minimum. Only records of the same class count as
    neighbours: a class that is lost scores 0, one that has lost its variety little, however well the
    others are covered. It needs 15 real records of a class in a repeat and cannot see rarer ones.
    """
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
    "diversity", better="low", source="by definition", feature="table", floor="collapsed", reference="whole"
)
def duplicate_share(split: Split) -> ExactResult:
    """Share of records that equal an earlier record of the same set in every field.

    0 to 1. Real data have duplicates too where fields are few and coarse: the ceiling says how many,
    among equally many records. It cannot see repeats with a little noise: `near_duplicate_share` does.
    """
    real = np.concatenate([split.train.table, split.holdout.table])
    n = min(len(real), len(split.synthetic))
    rng = split.key.child("duplicates").numpy()
    synthetic, known = (_count_repeats(table, n, rng) for table in (split.synthetic.table, real))
    return ExactResult.from_counts(synthetic, n, known, n, split.key)


@metric("diversity", better="low", source="by definition", floor="collapsed", reference="whole")
def near_duplicate_share(split: Split) -> ExactResult:
    """Share of records closer to another of the same set than 99 of 100 real records are.

    0 to 1, around .01 for real data. It sees few records that are repeated with a little noise. It
    cannot see that a record is repeated with much noise.
    """
    real = np.concatenate([split.train.x, split.holdout.x])
    size = min(MAX_RECORDS, len(real) // 2, len(split.synthetic))
    if size <= NEIGHBORS:
        raise Unsupported(f"needs more than {NEIGHBORS} records on each side")
    near, usual = np.mean(
        [_compute_near_shares(split, real, size, turn) for turn in range(HALVINGS)], axis=0
    )
    found = ExactResult.from_counts(near * size / 2, size / 2, usual * size / 2, size / 2, split.key)
    return replace(found, value=float(near))


@metric("diversity", better="high", source="by definition", feature="table", floor="collapsed")
def rare_level_coverage(split: Split) -> float:
    """Share of the rare levels of the real records' categories that the synthetic ones have too.

    0 to 1; the ceiling of real data is below 1. Rare is a level in less than 5 % of the records that
    five training patients have or more: those of fewer should not come back, since they may be known
    by them. It cannot see whether the rare are with the right others, nor rare quantities.
    """
    found = [_has_rare_levels(split, j) for j in np.flatnonzero(split.fields.is_categorical).tolist()]
    rare = np.concatenate(found) if found else np.zeros(0)
    if not len(rare):
        raise Unsupported("no category has a rare level")
    return float(np.mean(rare))


def find_knn_balls(split: Split) -> KnnBalls:
    """Compare each real record with each candidate, in blocks."""
    real, candidate = split.holdout, split.synthetic
    if min(len(real), len(candidate)) <= NEIGHBORS:
        raise Unsupported(f"needs more than {NEIGHBORS} records on each side")
    reach, range_ = (
        compute_once(real, compute_knn_radii, NEIGHBORS),
        compute_once(candidate, compute_knn_radii, NEIGHBORS),
    )
    covered, recalled, holding = [], [], np.zeros(len(candidate), dtype=int)
    for start in range(0, len(real), BLOCK_SIZE):
        far = compute_squared_distances(real.x[start : start + BLOCK_SIZE], candidate.x)
        inside = far <= reach[start : start + BLOCK_SIZE, None] + TIE_TOLERANCE
        covered.append(inside.any(axis=1))
        recalled.append((far <= range_ + TIE_TOLERANCE).any(axis=1))
        holding += inside.sum(axis=0)
    return KnnBalls(np.concatenate(covered), np.concatenate(recalled), holding)


def _compute_covered_share(real: Sample, candidate: Sample) -> float:
    """The share of real records with a candidate in their ball."""
    if not len(candidate):
        return 0.0
    return float(
        np.mean(
            (
                compute_squared_distances(real.x, candidate.x)
                <= compute_knn_radii(real, NEIGHBORS)[:, None] + TIE_TOLERANCE
            ).any(axis=1)
        )
    )


def compute_knn_radii(sample: Sample, k: int) -> np.ndarray:
    """The squared distance of each record to its k-th neighbour in the same sample, shape (n,)."""
    x = sample.x
    parts = [
        np.partition(compute_squared_distances(x[start : start + BLOCK_SIZE], x), k, axis=1)[:, k]
        for start in range(0, len(x), BLOCK_SIZE)
    ]
    return np.concatenate(parts)


def compute_squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, m), float32, from one matrix product."""
    far = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.maximum(far, 0, out=far)


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
