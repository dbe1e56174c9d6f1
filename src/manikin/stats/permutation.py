"""Exchange: are training records told from held-out ones? Tests by swapping who is who.

Synthetic records that only follow the distribution know nothing of who was in training: then
training and held-out records are exchangeable, whatever was computed from the synthetic ones, and
every relabelling of them is equally likely (Fisher 1935; Phipson and Smyth 2010 for the +1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import beta, fisher_exact, norm, rankdata

if TYPE_CHECKING:
    from collections.abc import Sequence

N_PERMUTATIONS = 2_000  # relabellings
MAX_CELLS = 1 << 22  # labels in memory at once


class PermutationResult(NamedTuple):
    """A statistic and what relabelling makes of it.

    Args:
        value: The statistic.
        null_values: The statistic of relabelled records, shape (draws,).
    """

    value: float
    null_values: np.ndarray

    @property
    def p_value(self) -> float:
        """How probable a value as high is; beyond the relabellings, at most the normal tail.

        Example:
            >>> PermutationResult(2.0, np.array([0.0, 1.0, 2.0])).p_value
            0.5
        """
        above = int(np.sum(self.null_values >= self.value - 1e-12))
        if above or np.std(self.null_values) == 0:
            return (above + 1) / (len(self.null_values) + 1)
        tail = norm.sf((self.value - np.mean(self.null_values)) / np.std(self.null_values))
        return float(min(max(tail, 1e-6), 1 / (len(self.null_values) + 1)))


def sample_one_per_subject(subject: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of one record of each subject, at most so many, in rising order.

    The records of a subject are not exchangeable one by one; subjects are.

    Example:
        >>> len(sample_one_per_subject(np.array([5, 5, 7, 9]), 10, np.random.default_rng(0)))
        3
    """
    order = rng.permutation(len(subject))
    _, first = np.unique(subject[order], return_index=True)
    return np.sort(rng.permutation(order[first])[:most])


def compute_share_interval(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper and Pearson 1934); of nothing found, its one-sided end.

    In closed form: `scipy.stats.binomtest` finds the same ends by a search, less exactly and more slowly.

    Example:
        >>> [round(end, 3) for end in compute_share_interval(0, 3000)]  # the rule of three
        [0.0, 0.001]
    """
    if not hits:
        return 0.0, float(1 - 0.05 ** (1 / n))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return float(beta.ppf(0.025, hits, n - hits + 1)), high


def simulate_null_share(
    hits: float, n: float, real: float, known: float, rng: np.random.Generator
) -> PermutationResult:
    """Hits among n records, against real records of which `real` among `known` are hits.

    Returns:
        The share of hits, and the shares that as many never-seen real records would have
        (beta-binomial, from Jeffreys' prior). How probable so many are says `compute_fisher_p_value`.

    Example:
        >>> found = simulate_null_share(9, 189, 1, 378, np.random.default_rng(0))
        >>> round(found.value, 3), bool(found.null_values.mean() < 0.01)
        (0.048, True)
    """
    shares = rng.beta(real + 0.5, known - real + 0.5, N_PERMUTATIONS)
    return PermutationResult(hits / n, rng.binomial(round(n), shares) / round(n))


def compute_fisher_p_value(hits: float, n: float, real: float, known: float) -> float:
    """The probability of so many hits or more, if synthetic and real records were exchanged.

    Example:
        >>> round(compute_fisher_p_value(3, 3, 0, 3), 3)  # the tea is told from the milk: 1 in 20
        0.05
    """
    if round(hits) > round(n):
        return 0.0  # asked of hits that do not all fit in
    table = [[round(hits), round(n) - round(hits)], [round(real), round(known) - round(real)]]
    found: Any = fisher_exact(table, alternative="greater")
    return float(found.pvalue)


def compute_extreme_p_value(hits: int, n: int, known: int) -> float:
    """The chance that, of n fresh subjects, so many have what none of the known ones has.

    Were all exchangeable, those with the `hits` largest values of anything would all be among the fresh
    ones with probability C(n, hits) / C(n + known, hits), whatever its distribution (Rosenbaum 1954).

    Example:
        >>> round(compute_extreme_p_value(2, 10, 90), 5), compute_extreme_p_value(0, 10, 90)
        (0.00909, 1.0)
    """
    place = np.arange(hits)
    return float(np.prod((n - place) / (n + known - place)))


def permute_labels(
    member: np.ndarray, stratum: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Relabelled members, bool (draws, n): as many in each stratum as there are."""
    found = np.empty((draws, len(member)), dtype=bool)
    for part in np.unique(stratum):
        rows = np.flatnonzero(stratum == part)
        found[:, rows] = rng.permuted(np.broadcast_to(member[rows], (draws, len(rows))), axis=1)
    return found


def permute_mean_difference(
    score: np.ndarray, member: np.ndarray, rng: np.random.Generator
) -> PermutationResult:
    """Mean score of members less that of others, score (n,)."""
    many, total = member.sum(), score.sum()
    step = max(1, MAX_CELLS // len(score))
    sums = [
        permute_labels(member, np.zeros(len(member)), min(step, N_PERMUTATIONS - start), rng) @ score
        for start in range(0, N_PERMUTATIONS, step)
    ]
    inside = np.concatenate([[score[member].sum()], *sums])
    found = inside / many - (total - inside) / (len(score) - many)
    return PermutationResult(float(found[0]), found[1:])


def permute_attack_scores(
    scores: np.ndarray,
    member: np.ndarray,
    stratum: np.ndarray,
    rates: Sequence[float],
    rng: np.random.Generator,
) -> tuple[list[PermutationResult], np.ndarray]:
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
    ranked = np.stack([_rank_within_strata(row, stratum, rng) for row in scores])
    step = max(1, MAX_CELLS // scores.shape[1])
    blocks = [_find_best_scores(ranked, member[None], rates)]
    areas = _compute_aurocs(ranked, member[None])[0]
    for start in range(0, N_PERMUTATIONS, step):
        drawn = permute_labels(member, stratum, min(step, N_PERMUTATIONS - start), rng)
        blocks.append(_find_best_scores(ranked, drawn, rates))
    found = np.concatenate(blocks)
    return [PermutationResult(float(column[0]), column[1:]) for column in found.T], areas


def _rank_within_strata(row: np.ndarray, stratum: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places within each stratum, 0 to 1; ties are broken at random for the order alone."""
    found = np.empty(len(row))
    for part in np.unique(stratum):
        rows = np.flatnonzero(stratum == part)
        found[rows] = rankdata(row[rows]) / len(rows)
    return found + rng.random(len(row)) * 1e-9


def _find_best_scores(ranked: np.ndarray, member: np.ndarray, rates: Sequence[float]) -> np.ndarray:
    found = [_compute_aurocs(ranked, member).max(axis=1)]
    found += [
        np.max([_compute_true_positive_rate(row, member, rate) for row in ranked], axis=0) for rate in rates
    ]
    return np.stack(found, axis=1)


def _compute_aurocs(ranked: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Areas under the curve, shape (draws, attacks): Mann and Whitney's count."""
    places = np.argsort(np.argsort(ranked, axis=1), axis=1) + 1.0
    inside = member.sum(axis=1, keepdims=True)
    outside = member.shape[1] - inside
    return (member @ places.T - inside * (inside + 1) / 2) / (inside * outside)


def _compute_true_positive_rate(row: np.ndarray, member: np.ndarray, rate: float) -> np.ndarray:
    """The share of members ahead of all but `rate` of the others, shape (draws,)."""
    ahead = member[:, np.argsort(-row)]
    others = np.cumsum(~ahead, axis=1)
    allowed = int(rate * others[0, -1])
    return (ahead & (others <= allowed)).sum(axis=1) / ahead.sum(axis=1)
