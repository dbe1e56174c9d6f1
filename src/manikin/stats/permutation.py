"""Exchange: are training records told from held-out ones? Tests by swapping who is who.

Synthetic records that only follow the distribution know nothing of who was in training: then
training and held-out records are exchangeable, whatever was computed from the synthetic ones, and
every relabelling of them is equally likely (Fisher 1935; Phipson and Smyth 2010 for the +1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import beta, hypergeom, norm, rankdata

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAWS = 2_000  # relabellings
CELLS = 1 << 22  # labels in memory at once


class Swapped(NamedTuple):
    """A statistic and what relabelling makes of it.

    Args:
        value: The statistic.
        null: The statistic of relabelled records, shape (draws,).
    """

    value: float
    null: np.ndarray

    @property
    def chance(self) -> float:
        """How probable a value as high is; beyond the relabellings, at most the normal tail.

        Example:
            >>> Swapped(2.0, np.array([0.0, 1.0, 2.0])).chance
            0.5
        """
        above = int(np.sum(self.null >= self.value - 1e-12))
        if above or np.std(self.null) == 0:
            return (above + 1) / (len(self.null) + 1)
        tail = norm.sf((self.value - np.mean(self.null)) / np.std(self.null))
        return float(min(max(tail, 1e-6), 1 / (len(self.null) + 1)))


def one_each(subject: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of one record of each subject, at most so many, in rising order.

    The records of a subject are not exchangeable one by one; subjects are.

    Example:
        >>> len(one_each(np.array([5, 5, 7, 9]), 10, np.random.default_rng(0)))
        3
    """
    order = rng.permutation(len(subject))
    _, first = np.unique(subject[order], return_index=True)
    return np.sort(rng.permutation(order[first])[:most])


def share(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper and Pearson 1934); of nothing found, its one-sided end.

    Example:
        >>> [round(end, 3) for end in share(0, 3000)]  # the rule of three
        [0.0, 0.001]
    """
    if not hits:
        return 0.0, float(1 - 0.05 ** (1 / n))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return float(beta.ppf(0.025, hits, n - hits + 1)), high


def usual(hits: float, n: float, real: float, known: float, rng: np.random.Generator) -> Swapped:
    """Hits among n records, against real records of which `real` among `known` are hits.

    Returns:
        The share of hits, and the shares that as many never-seen real records would have
        (beta-binomial, from Jeffreys' prior). How probable so many are says `fisher`.

    Example:
        >>> found = usual(9, 189, 1, 378, np.random.default_rng(0))
        >>> round(found.value, 3), bool(found.null.mean() < 0.01)
        (0.048, True)
    """
    shares = rng.beta(real + 0.5, known - real + 0.5, DRAWS)
    return Swapped(hits / n, rng.binomial(round(n), shares) / round(n))


def fisher(hits: float, n: float, real: float, known: float) -> float:
    """The probability of so many hits or more, if synthetic and real records were exchanged.

    Example:
        >>> round(fisher(3, 3, 0, 3), 3)  # the tea is told from the milk: 1 in 20
        0.05
    """
    total = round(n) + round(known)
    return float(hypergeom.sf(round(hits) - 1, total, round(hits) + round(real), round(n)))


def outermost(hits: int, n: int, known: int) -> float:
    """The chance that, of n fresh subjects, so many have what none of the known ones has.

    Were all exchangeable, those with the `hits` largest values of anything would all be among the fresh
    ones with probability C(n, hits) / C(n + known, hits), whatever its distribution (Rosenbaum 1954).

    Example:
        >>> round(outermost(2, 10, 90), 5), outermost(0, 10, 90)
        (0.00909, 1.0)
    """
    place = np.arange(hits)
    return float(np.prod((n - place) / (n + known - place)))


def labels(member: np.ndarray, stratum: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Relabelled members, bool (draws, n): as many in each stratum as there are."""
    found = np.empty((draws, len(member)), dtype=bool)
    for part in np.unique(stratum):
        rows = np.flatnonzero(stratum == part)
        found[:, rows] = rng.permuted(np.broadcast_to(member[rows], (draws, len(rows))), axis=1)
    return found


def difference(score: np.ndarray, member: np.ndarray, rng: np.random.Generator) -> Swapped:
    """Mean score of members less that of others, score (n,)."""
    many, total = member.sum(), score.sum()
    step = max(1, CELLS // len(score))
    sums = [
        labels(member, np.zeros(len(member)), min(step, DRAWS - start), rng) @ score
        for start in range(0, DRAWS, step)
    ]
    inside = np.concatenate([[score[member].sum()], *sums])
    found = inside / many - (total - inside) / (len(score) - many)
    return Swapped(float(found[0]), found[1:])


def attacks(
    scores: np.ndarray,
    member: np.ndarray,
    stratum: np.ndarray,
    rates: Sequence[float],
    rng: np.random.Generator,
) -> tuple[list[Swapped], np.ndarray]:
    """The best of several attacks, against the null distribution of the best.

    Args:
        scores: One row for each attack, higher for members, shape (attacks, n).
        member: Who was in training, bool (n,).
        stratum: Records are relabelled within their stratum, and ranked within it, (n,).
        rates: False positive rates at which the true positive rate is read.
        rng: Where relabellings come from.

    Returns:
        The largest area under the curve, then the largest true positive rate at each of `rates`;
        and the area of each attack, shape (attacks,).
    """
    ranked = np.stack([_ranked(row, stratum, rng) for row in scores])
    step = max(1, CELLS // scores.shape[1])
    blocks = [_best(ranked, member[None], rates)]
    areas = _areas(ranked, member[None])[0]
    for start in range(0, DRAWS, step):
        drawn = labels(member, stratum, min(step, DRAWS - start), rng)
        blocks.append(_best(ranked, drawn, rates))
    found = np.concatenate(blocks)
    return [Swapped(float(column[0]), column[1:]) for column in found.T], areas


def _ranked(row: np.ndarray, stratum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places within each stratum, 0 to 1; ties are broken at random for the order alone."""
    found = np.empty(len(row))
    for part in np.unique(stratum):
        rows = np.flatnonzero(stratum == part)
        found[rows] = rankdata(row[rows]) / len(rows)
    return found + rng.random(len(row)) * 1e-9


def _best(ranked: np.ndarray, member: np.ndarray, rates: Sequence[float]) -> np.ndarray:
    found = [_areas(ranked, member).max(axis=1)]
    found += [np.max([_caught(row, member, rate) for row in ranked], axis=0) for rate in rates]
    return np.stack(found, axis=1)


def _areas(ranked: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Areas under the curve, shape (draws, attacks): Mann and Whitney's count."""
    places = np.argsort(np.argsort(ranked, axis=1), axis=1) + 1.0
    inside = member.sum(axis=1, keepdims=True)
    outside = member.shape[1] - inside
    return (member @ places.T - inside * (inside + 1) / 2) / (inside * outside)


def _caught(row: np.ndarray, member: np.ndarray, rate: float) -> np.ndarray:
    """The share of members ahead of all but `rate` of the others, shape (draws,)."""
    ahead = member[:, np.argsort(-row)]
    others = np.cumsum(~ahead, axis=1)
    allowed = int(rate * others[0, -1])
    return (ahead & (others <= allowed)).sum(axis=1) / ahead.sum(axis=1)
