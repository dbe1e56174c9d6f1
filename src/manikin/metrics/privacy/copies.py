"""Copies: are training patients among the synthetic records, as they are or slightly changed?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from scipy.stats import betabinom, poisson

from manikin.contracts.metric import ExactResult, MetricDescription, SuspectedCopy, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.coincidence import estimate_agreement, estimate_coincidence
from manikin.stats.nearest_neighbors import (
    CONFIDENCE_LEVEL,
    MATCH_LEVELS,
    NearestNeighbors,
    assess_near_matches,
    find_near_matches,
    find_nearest,
    rank_columns,
)
from manikin.stats.permutation import compute_share_interval

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_RECORDS = 20  # real records
MAX_QUERIES = 4_000  # real records that show what is usual
MAX_SEARCHED = 20_000  # synthetic records that are looked up
ZERO_NULL = np.zeros(8)  # never-seen records have nothing beyond chance, by design
SOURCE = "holdout as control: Giomi et al. 2023, A unified framework for quantifying privacy risk"
LOWE = "ratio of distances: Lowe 2004, section 7.1; tail: Hill 1975; " + SOURCE


class NullRates(NamedTuple):
    """What never-seen real records do to training records.

    Args:
        records: How many real records were compared.
        single_matches: How many of them equal one training record and no other.
        match_probability: How probable that is for one record at least, where none was seen.
    """

    records: int
    single_matches: int
    match_probability: float


def describe_copies(split: Split) -> str:
    """How many synthetic records are copies, and how many of them chance explains."""
    return _describe_matches(split, "training")


def describe_holdout_copies(split: Split) -> str:
    """How many synthetic records are held-out patients."""
    said = _describe_matches(compute_once(split, _swap_sides), "held-out")
    if not cast("ExactResult", held_out_copies(split)).value:
        return said
    return f"{said}; either the generator has seen the holdout, or these are real records"


def _describe_matches(split: Split, whose: str) -> str:
    match = compute_once(split, _match_equal)
    hits, m = int((match >= 0).sum()), len(match)
    if not hits:
        return ""
    allowed = _bound_matches(compute_once(split, _measure_null_rates), m)[0]
    return f"{hits} of {m} synthetic records equal one {whose} record; chance explains up to {allowed}"


def list_equal_records(split: Split) -> list[SuspectedCopy]:
    """The records that equal a training record, where they are more than chance explains."""
    if not split.train.table.shape[1] or not cast("ExactResult", exact_copies(split)).value:
        return []
    match = compute_once(split, _match_equal)
    return [SuspectedCopy(int(i), int(match[i]), "", 0.0) for i in np.flatnonzero(match >= 0)]


def list_near_records(split: Split) -> list[SuspectedCopy]:
    """The records that `near_match_excess` counts, each with its training record."""
    *_, new = _draw_queries(split)
    spaces = [] if has_too_few_records(split) else compute_once(split, _compare_spaces)
    found: dict[int, SuspectedCopy] = {}
    for (near, *_), hits in zip(spaces, find_near_matches(spaces), strict=True):
        for i in np.flatnonzero(hits):
            ratio = round(float(near.ratios[i]), 4)
            found.setdefault(int(new[i]), SuspectedCopy(int(new[i]), int(near.positions[i]), "", ratio))
    return list(found.values())


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic records that equal one training record, beyond what chance explains.",
        reading="""0 to 1; 0 is best. Equal in every modelled field to one training record and to no
        other: who shares all values with others is not singled out. Chance is what never-seen records
        do: held-out ones against training, and training records against those of other subjects.""",
        blind_spot="It cannot see a copy in which one value is changed: near_match_excess does.",
        source=SOURCE,
    ),
    better="low",
    feature="table",
    floor="copies",
    reference="whole",
    note=describe_copies,
    suspected_copies=list_equal_records,
)
def exact_copies(split: Split) -> ExactResult:
    usual, match = compute_once(split, _measure_null_rates), compute_once(split, _match_equal)
    allowed, tail = _bound_matches(usual, len(split.synthetic))
    spread = float(np.mean(_count_owners(split.train) == 1))
    return _test_matches(match, allowed, tail, spread)


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic records that equal one held-out record, beyond what chance explains.",
        reading="""0 to 1; 0 is best. Whoever was held out is a real patient too. Such copies say that
        the generator has seen the holdout, or that somebody gave real records for synthetic ones, and
        then no score of privacy holds, for held-out patients are what training patients are compared
        with. Equal as in exact_copies.""",
        blind_spot="It cannot see a copy in which one value is changed.",
        source=SOURCE,
    ),
    better="low",
    feature="table",
    floor="copies",
    reference="whole",
    note=describe_holdout_copies,
)
def held_out_copies(split: Split) -> ExactResult:
    return cast("ExactResult", exact_copies(compute_once(split, _swap_sides)))


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic records that are near matches of a training patient, beyond chance.",
        reading="""0 to 1; 0 is best. A near match is far closer to one training record than to any
        other: so much closer that only 1 in 100, 1,000 or 10,000 never-seen real records is, by the
        tail of their own distances, whichever shows most. Looked for among the values and among their
        ranks, so that a shift, another unit or a little noise hides nothing. Of more than 20,000
        synthetic records so many are looked up.""",
        blind_spot="""It cannot see copies that are turned, mirrored or mixed with others;
        membership_auc sees some of these.""",
        source=LOWE,
    ),
    better="low",
    floor="copies",
    reference="whole",
    suspected_copies=list_near_records,
)
def near_match_excess(split: Split) -> ExactResult:
    if has_too_few_records(split):
        raise Unsupported(f"needs {MIN_RECORDS} real records to know how close strangers come")
    spaces = compute_once(split, _compare_spaces)
    chance, excess = assess_near_matches(spaces)
    m = len(spaces[0][0].positions)
    floor = 1 - max(float(np.mean(real >= 1)) for _, real, _ in spaces) - MATCH_LEVELS[-1]
    return ExactResult(excess / m, *compute_share_interval(excess, m), ZERO_NULL, chance, floor)


def has_too_few_records(split: Split) -> bool:
    """Whether there are too few real records or training patients to know how close strangers come."""
    return len(split.train) + len(split.holdout) < MIN_RECORDS or len(np.unique(split.train.subject)) < 3  # noqa: PLR2004


def _compare_spaces(split: Split) -> list[tuple[NearestNeighbors, np.ndarray, float]]:
    """Synthetic records beside training, the ratios of real records, and how probable equals are."""
    usual = compute_once(split, _measure_null_rates) if split.train.table.shape[1] else NullRates(1, 0, 0.0)
    return [
        (*compute_once(split, space), usual.match_probability)
        for space in (_compare_values, _compare_ranks)
    ]


def _test_matches(
    match: np.ndarray, allowed: int, tail: Callable[[int], float], floor: float
) -> ExactResult:
    """Matched synthetic records, those beyond the number that chance allows, and how probable they are."""
    m, hits = len(match), int((match >= 0).sum())
    beyond = max(hits - allowed, 0)
    low, high = compute_share_interval(beyond, m)
    distinct = len(np.unique(match[match >= 0]))
    return ExactResult(beyond / m, low, high, ZERO_NULL, tail(distinct), max(floor - allowed / m, 0.0))


def _bound_matches(usual: NullRates, m: int) -> tuple[int, Callable[[int], float]]:
    """The number of m records that chance may match, and the probability of so many or more."""
    if usual.single_matches:
        law = betabinom(m, usual.single_matches + 1, usual.records - usual.single_matches)
    else:
        law = poisson(m * usual.match_probability)
    return int(law.ppf(CONFIDENCE_LEVEL)), lambda hits: float(law.sf(hits - 1)) if hits else 1.0


def _match_equal(split: Split) -> np.ndarray:
    """The training record that each synthetic one equals, if it is the only one; else -1, shape (m,)."""
    return _look_up_rows(split.train, _to_row_keys(split.synthetic.table))


def _swap_sides(split: Split) -> Split:
    """The same with training and held-out records in each other's place."""
    return replace(split, train=split.holdout, holdout=split.train, memo={})


def _measure_null_rates(split: Split) -> NullRates:
    """Held-out records against training, and training records against those of other subjects."""
    train, holdout = split.train, split.holdout
    twice = compute_once(train, _count_owners) == 2  # noqa: PLR2004 - itself and one other
    single = int((_look_up_rows(train, _to_row_keys(holdout.table)) >= 0).sum()) + int(twice.sum())
    expected = min(
        estimate_agreement(train.table, train.subject, split.key.child("agree").numpy()),
        estimate_coincidence(train.table, split.key.child("hash").numpy()),
    )
    return NullRates(len(train) + len(holdout), single, expected)


def _to_row_keys(table: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(np.nan_to_num(table, nan=np.inf) + 0.0)
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * max(rows.shape[1], 1)))).ravel()


def _index_distinct_rows(train: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows, where each stands first, and how many subjects have it."""
    rows, first, place = np.unique(_to_row_keys(train.table), return_index=True, return_inverse=True)
    pairs = np.unique(np.stack([place, train.subject]), axis=1)[0]
    return rows, first, np.bincount(pairs, minlength=len(rows))[place]


def _count_owners(train: Sample) -> np.ndarray:
    """How many subjects have a record equal to each, shape (n,)."""
    return compute_once(train, _index_distinct_rows)[2]


def _look_up_rows(train: Sample, wanted: np.ndarray) -> np.ndarray:
    rows, first, subjects = compute_once(train, _index_distinct_rows)
    place = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    index = first[place]
    return np.where((rows[place] == wanted) & (subjects[index] == 1), index, -1)


def _compare_values(split: Split) -> tuple[NearestNeighbors, np.ndarray]:
    """Synthetic records beside training, and the ratios of real records, values as they are."""
    return _find_neighbors(split, split.train.x, split.synthetic.x, split.holdout.x)


def _compare_ranks(split: Split) -> tuple[NearestNeighbors, np.ndarray]:
    """The same among ranks; each side is ranked by itself."""
    rng = split.key.child("ranks").numpy()
    return _find_neighbors(
        split, *(rank_columns(side.x, rng) for side in (split.train, split.synthetic, split.holdout))
    )


def _find_neighbors(
    split: Split, train: np.ndarray, synthetic: np.ndarray, holdout: np.ndarray
) -> tuple[NearestNeighbors, np.ndarray]:
    owner, (some, held, new) = split.train.subject, _draw_queries(split)
    own = find_nearest(train[some], train, owner, apart=owner[some])
    other = find_nearest(holdout[held], train, owner)
    return find_nearest(synthetic[new], train, owner), np.concatenate([own.ratios, other.ratios])


def _draw_queries(split: Split) -> list[np.ndarray]:
    """Which training, held-out and synthetic records are looked up."""
    rng = split.key.child("queries").numpy()
    sides = ((split.train, MAX_QUERIES), (split.holdout, MAX_QUERIES), (split.synthetic, MAX_SEARCHED))
    return [rng.permutation(len(side))[:most] for side, most in sides]


__plugin__ = (exact_copies, held_out_copies, near_match_excess)
