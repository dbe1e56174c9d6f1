"""Copy detection: how near never-seen real records come to training records, and which records come nearer.

A record is a match where it is nearer to one training record than strangers come: by the distance itself,
or by its ratio to the distance to the nearest other subject. Real records may have twins (the next slice of
a scan, a picture stored twice): those that lie far below the tail of all others do not shape the tail, so a
pair of twins hides no copy; but they count as what chance may do, so that twins accuse nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import nbinom

from manikin.stats.nearest_neighbors import NearestNeighbors

if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL_SHARE, MIN_TAIL_RECORDS = 0.25, 12
"""Share of the real records from which a tail is learned, and how many at least."""

MAX_TWIN_SHARE, OUTLIER_PROBABILITY = 0.2, 0.005
"""Share of real records that may be twins; how improbable their nearness must be."""

RATE_STANDARD_ERRORS = 1.0  # standard errors by which the rate of a tail is taken lower
EXPECTED_MATCHES = 0.03  # matches among as many strangers as there are candidates
LENIENT_LEVEL = 0.01  # share of strangers within the second limit, which weaker likenesses of many cross
TWIN_LEVEL = 1e-7  # the same within the third: so near that ten of one patient are no chance
ERROR_SHARES = (0.7, 0.15, 0.15)  # shares of the error for the three limits
SIGNIFICANCE_LEVEL = 0.05
MIN_DISTANCE = 1e-6


class Tail(NamedTuple):
    """The lower tail of distances: below `edge` a share `share` * (x / edge) ** rate of strangers lies.

    Args:
        edge: Where it begins; 0: there is no tail.
        rate: How fast it thins out.
        share: Of strangers below the edge.
        twin_count: Real records that lie below the tail and were left out.
    """

    edge: float
    rate: float
    share: float
    twin_count: int

    def compute_limit(self, level: float) -> float:
        """The distance below which a share `level` of strangers lies; less than 0: nowhere."""
        if self.edge <= 0:
            return -1.0
        return self.edge * min(1.0, level / self.share) ** (1 / self.rate)


class NeighborComparison(NamedTuple):
    """Records of one side that were looked up among those of another.

    Args:
        neighbors: Their neighbours, shape (n,).
        reference_count: How many records they were compared with.
        own_positions: Where the same records stand among the references; None: they are others.
    """

    neighbors: NearestNeighbors
    reference_count: int
    own_positions: np.ndarray | None = None

    @property
    def pair_count(self) -> float:
        """How many pairs were compared, each counted once."""
        n = len(self.neighbors.positions)
        return (
            n * (self.reference_count - n / 2)
            if self.own_positions is not None
            else n * self.reference_count
        )

    def count_matches(self, limits: tuple[float, float], *, each: bool = False) -> int:
        """How many references are matched; how many records match, if `each`."""
        hits = is_within(self.neighbors, limits)
        if self.own_positions is None:
            return int(hits.sum()) if each else len(np.unique(self.neighbors.positions[hits]))
        both = np.sort(np.stack([self.own_positions[hits], self.neighbors.positions[hits]]), axis=0)
        return np.unique(both, axis=1).shape[1]


class Matches(NamedTuple):
    """Which candidates match a training record, and whether chance explains as many.

    Args:
        hits: Which they are, bool (m,).
        p_value: The probability that as many never-seen real records have so many.
        real_match_count: How many pairs of records match that the generator never learned from together.
        limits: The distance and the ratio at or below which a record matches.
    """

    hits: np.ndarray
    p_value: float
    real_match_count: int
    limits: tuple[float, float]


def fit_tail(x: np.ndarray) -> Tail:
    """The tail of distances or ratios, by Hill's estimator (1975); twins are left out.

    Where records lie evenly in d dimensions, the distance to the nearest to the power d is uniform near 0.

    Args:
        x: Of real records, shape (n,).

    Example:
        >>> x = np.random.default_rng(0).random(400) ** (1 / 6)
        >>> found = fit_tail(np.concatenate([x, [0.01, 0.02, 0.02]]))
        >>> found.twin_count, bool(4 < found.rate < 8)
        (3, True)
    """
    x = np.sort(np.maximum(x, MIN_DISTANCE))
    count = min(max(MIN_TAIL_RECORDS, int(TAIL_SHARE * len(x))), len(x) - 2)
    if count < 3:  # noqa: PLR2004 - no tail
        return Tail(0.0, 1.0, 1.0, 0)
    most = min(int(MAX_TWIN_SHARE * len(x)), len(x) - 2 - count)
    twins = next((j for j in range(most, 0, -1) if _is_outlier(x[j - 1 : j + count])), 0)
    part = x[twins : twins + count + 1]
    rate = 1 / max(float(np.mean(np.log(part[-1] / part[:-1]))), MIN_DISTANCE)
    return Tail(
        float(part[-1]), rate * (1 - RATE_STANDARD_ERRORS / np.sqrt(count)), count / (len(x) - twins), twins
    )


def judge_matches(
    candidates: NeighborComparison, usual: NearestNeighbors, controls: Sequence[NeighborComparison]
) -> Matches:
    """Which candidates match, and the chance of so many, by what controls do within the same limits.

    Three limits are tried: one that hardly a stranger crosses; a lenient one, for many weak likenesses;
    one for twins. Matches of one training record count once, for one candidate that is often repeated may
    be near it by chance; twins count each.

    Args:
        candidates: Synthetic records among training records.
        usual: The neighbours of real records among training records of other people.
        controls: Real records among those of other people, and synthetic ones among held-out records.
    """
    near, tails = candidates.neighbors, (fit_tail(usual.distances), fit_tail(usual.ratios))
    total = sum(control.pair_count for control in controls)

    def look(level: float) -> tuple[float, Matches]:
        each = level == TWIN_LEVEL
        limits = (tails[0].compute_limit(level / 2), tails[1].compute_limit(level / 2))
        real = sum(control.count_matches(limits, each=each) for control in controls)
        chance = _compute_p_value(
            candidates.count_matches(limits, each=each), candidates.pair_count, real, total
        )
        return chance, Matches(is_within(near, limits), chance, real, limits)

    strict = min(EXPECTED_MATCHES / max(len(near.positions), 1), LENIENT_LEVEL / 2)
    looks = [look(level) for level in (strict, LENIENT_LEVEL, TWIN_LEVEL)]
    chances = [min(1.0, chance / weight) for (chance, _), weight in zip(looks, ERROR_SHARES, strict=True)]
    weak = chances[1] < min(SIGNIFICANCE_LEVEL, chances[0], chances[2])
    return (looks[1] if weak else looks[0])[1]._replace(p_value=min(chances))


def is_within(near: NearestNeighbors, limits: tuple[float, float]) -> np.ndarray:
    """Which records lie within a limit of the distance or of the ratio."""
    return (near.distances <= limits[0]) | (near.ratios <= limits[1])


def join_neighbors(*parts: NearestNeighbors) -> NearestNeighbors:
    """The neighbours of several sets of queries, one after the other."""
    return NearestNeighbors(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _is_outlier(x: np.ndarray) -> bool:
    """Whether the first of some rising distances is too small to be of the same tail as the others."""
    rate = 1 / max(float(np.mean(np.log(x[-1] / x[1:-1]))), MIN_DISTANCE)
    return 1 - (1 - (x[0] / x[-1]) ** rate) ** (len(x) - 1) < OUTLIER_PROBABILITY


def _compute_p_value(count: int, pairs: float, real: int, known: float) -> float:
    """The probability of so many matches or more among some pairs, where `real` of `known` others match.

    Negative binomial: Poisson, with Jeffreys' prior on the rate.
    """
    return float(nbinom.sf(count - 1, real + 0.5, known / (known + pairs))) if count else 1.0
