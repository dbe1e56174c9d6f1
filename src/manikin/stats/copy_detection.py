"""Copy detection: how near never-seen real records come to training records, and which records come nearer.

A record is a match where it is nearer to one training record than strangers come: by the distance itself,
or by its ratio to the distance to the nearest other subject. Real records may have twins (the next slice of
a scan, a picture stored twice): those that lie far below the tail of all others do not shape the tail, so a
pair of twins hides no copy; but they count as what chance may do, so that twins accuse nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.stats.nearest_neighbors import Near

if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL, LEAST = 0.25, 12  # share of the real records from which a tail is learned, and how many at least
TWINS, ODD = 0.2, 0.005  # share of real records that may be twins; how improbable their nearness must be
SURE = 1.0  # standard errors by which the rate of a tail is taken lower
EXPECTED = 0.03  # matches among as many strangers as there are candidates
LENIENT = 0.01  # share of strangers within the second limit, which weaker likenesses of many cross
TWIN = 1e-7  # the same within the third: so near that ten of one patient are no chance
WEIGHTS = (0.7, 0.15, 0.15)  # shares of the error for the three limits
SIGNIFICANT = 0.05
TINY = 1e-6


class Tail(NamedTuple):
    """The lower tail of distances: below `edge` a share `share` * (x / edge) ** rate of strangers lies.

    Args:
        edge: Where it begins; 0: there is no tail.
        rate: How fast it thins out.
        share: Of strangers below the edge.
        twins: Real records that lie below the tail and were left out.
    """

    edge: float
    rate: float
    share: float
    twins: int

    def reach(self, level: float) -> float:
        """The distance below which a share `level` of strangers lies; less than 0: nowhere."""
        if self.edge <= 0:
            return -1.0
        return self.edge * min(1.0, level / self.share) ** (1 / self.rate)


class Compared(NamedTuple):
    """Records of one side that were looked up among those of another.

    Args:
        near: Their neighbours, shape (n,).
        references: How many records they were compared with.
        own: Where the same records stand among the references; None: they are others.
    """

    near: Near
    references: int
    own: np.ndarray | None = None

    @property
    def pairs(self) -> float:
        """How many pairs were compared, each counted once."""
        n = len(self.near.place)
        return n * (self.references - n / 2) if self.own is not None else n * self.references

    def count(self, limits: tuple[float, float], *, each: bool = False) -> int:
        """How many references are matched; how many records match, if `each`."""
        hits = is_within(self.near, limits)
        if self.own is None:
            return int(hits.sum()) if each else len(np.unique(self.near.place[hits]))
        both = np.sort(np.stack([self.own[hits], self.near.place[hits]]), axis=0)
        return np.unique(both, axis=1).shape[1]


class Matches(NamedTuple):
    """Which candidates match a training record, and whether chance explains as many.

    Args:
        hits: Which they are, bool (m,).
        chance: The probability that as many never-seen real records have so many.
        real: How many pairs of records match that the generator never learned from together.
        limits: The distance and the ratio at or below which a record matches.
    """

    hits: np.ndarray
    chance: float
    real: int
    limits: tuple[float, float]


def fit_tail(x: np.ndarray) -> Tail:
    """The tail of distances or ratios, by Hill's estimator (1975); twins are left out.

    Where records lie evenly in d dimensions, the distance to the nearest to the power d is uniform near 0.

    Args:
        x: Of real records, shape (n,).

    Example:
        >>> x = np.random.default_rng(0).random(400) ** (1 / 6)
        >>> found = fit_tail(np.concatenate([x, [0.01, 0.02, 0.02]]))
        >>> found.twins, bool(4 < found.rate < 8)
        (3, True)
    """
    x = np.sort(np.maximum(x, TINY))
    count = min(max(LEAST, int(TAIL * len(x))), len(x) - 2)
    if count < 3:  # noqa: PLR2004 - no tail
        return Tail(0.0, 1.0, 1.0, 0)
    most = min(int(TWINS * len(x)), len(x) - 2 - count)
    twins = next((j for j in range(most, 0, -1) if _odd(x[j - 1 : j + count])), 0)
    part = x[twins : twins + count + 1]
    rate = 1 / max(float(np.mean(np.log(part[-1] / part[:-1]))), TINY)
    return Tail(float(part[-1]), rate * (1 - SURE / np.sqrt(count)), count / (len(x) - twins), twins)


def judge_matches(candidates: Compared, usual: Near, controls: Sequence[Compared]) -> Matches:
    """Which candidates match, and the chance of so many, by what controls do within the same limits.

    Three limits are tried: one that hardly a stranger crosses; a lenient one, for many weak likenesses;
    one for twins. Matches of one training record count once, for one candidate that is often repeated may
    be near it by chance; twins count each.

    Args:
        candidates: Synthetic records among training records.
        usual: The neighbours of real records among training records of other people.
        controls: Real records among those of other people, and synthetic ones among held-out records.
    """
    near, tails = candidates.near, (fit_tail(usual.first), fit_tail(usual.ratio))
    total = sum(control.pairs for control in controls)

    def look(level: float) -> tuple[float, Matches]:
        each = level == TWIN
        limits = (tails[0].reach(level / 2), tails[1].reach(level / 2))
        real = sum(control.count(limits, each=each) for control in controls)
        chance = _chance(candidates.count(limits, each=each), candidates.pairs, real, total)
        return chance, Matches(is_within(near, limits), chance, real, limits)

    strict = min(EXPECTED / max(len(near.place), 1), LENIENT / 2)
    looks = [look(level) for level in (strict, LENIENT, TWIN)]
    chances = [min(1.0, chance / weight) for (chance, _), weight in zip(looks, WEIGHTS, strict=True)]
    weak = chances[1] < min(SIGNIFICANT, chances[0], chances[2])
    return (looks[1] if weak else looks[0])[1]._replace(chance=min(chances))


def is_within(near: Near, limits: tuple[float, float]) -> np.ndarray:
    """Which records lie within a limit of the distance or of the ratio."""
    return (near.first <= limits[0]) | (near.ratio <= limits[1])


def join_neighbours(*parts: Near) -> Near:
    """The neighbours of several sets of queries, one after the other."""
    return Near(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _odd(x: np.ndarray) -> bool:
    """Whether the first of some rising distances is too small to be of the same tail as the others."""
    rate = 1 / max(float(np.mean(np.log(x[-1] / x[1:-1]))), TINY)
    return 1 - (1 - (x[0] / x[-1]) ** rate) ** (len(x) - 1) < ODD


def _chance(count: int, pairs: float, real: int, known: float) -> float:
    """The probability of so many matches or more among some pairs, where `real` of `known` others match.

    Negative binomial: Poisson, with Jeffreys' prior on the rate.
    """
    from scipy.stats import nbinom

    return float(nbinom.sf(count - 1, real + 0.5, known / (known + pairs))) if count else 1.0
