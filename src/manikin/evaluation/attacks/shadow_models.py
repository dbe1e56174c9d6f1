"""Shadow: an attack by fitting the generator again and again, with and without each patient.

Attacks on the synthetic records alone see only what these records show. Who can run the
generator knows more: what its records look like with a certain patient in training, and without
(Stadler et al. 2022, Synthetic data: anonymisation groundhog day, algorithm 1). From 16 fits or
more, the ratio of the likelihoods of the two tells members (Carlini et al. 2022, Membership
inference attacks from first principles, algorithm 1, "LiRA").

The judge imports no generator: the caller gives `refit(cohort, seed) -> synthetic cohort`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import t as student

from manikin.contracts.metric import MetricDescription
from manikin.core.seeds import Key
from manikin.errors import UsageError
from manikin.evaluation.score import UNDECIDED_NOTE, Score, Thresholds, decide_verdict
from manikin.features.table import Table
from manikin.stats.nearest_neighbors import MAX_CELLS
from manikin.stats.prediction_scores import compute_binary_auroc
from manikin.stats.subject_folds import assign_subject_folds

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

    Refit = Callable[[Cohort, int], Cohort]

MIN_REFITS = 8  # fits: three pairs to learn from, one to attack
NEIGHBOR_COUNTS = (1, 5)  # the distances that are watched
FALSE_POSITIVE_RATES = (0.01, 0.1)
MAX_ATTACKED_RECORDS = 2_000  # records under attack; the fits learn from halves of all
SOURCE = "Carlini et al. 2022, Membership inference attacks from first principles, algorithm 1"
SCORE_DESCRIPTIONS = {
    "shadow_auc": MetricDescription(
        "How surely one who can run the generator tells who was learned from.",
        reading="""The generator is fitted again and again with and without each patient. 0.5: a
        training patient is told from another no better than by a coin; 1: always.""",
        blind_spot="It cannot see what better attacks, or more fits, would find.",
        source=SOURCE,
    ),
    "shadow_tpr_1": MetricDescription(
        "Share of training patients that this attack finds at one false alarm in a hundred.",
        reading="""0.01 is chance; 1: all are found. It looks at the patients who are most exposed, not
        at the average.""",
        blind_spot="It cannot see a single exposed patient among thousands.",
        source=SOURCE,
    ),
    "shadow_tpr_10": MetricDescription(
        "Share of training patients that this attack finds at ten false alarms in a hundred.",
        reading="0.1 is chance; 1: all are found.",
        blind_spot="It cannot see a single exposed patient among thousands.",
        source=SOURCE,
    ),
}
THRESHOLDS = {  # in calibrated scores, with what they mean: no generator that learns is at chance for ever
    "shadow_auc": Thresholds(0.9, 0.8),  # areas of 0.55 and 0.60
    "shadow_tpr_1": Thresholds(0.99, 0.96),  # shares of 0.02 and 0.05
    "shadow_tpr_10": Thresholds(0.94, 0.89),  # shares of 0.15 and 0.2
}


@dataclass(frozen=True, eq=False)
class ShadowAttack:
    """What fits with and without each patient told.

    Args:
        membership: Who was in training in each fit, bool (refits, n).
        log_ratios: The log-likelihood ratio that a record was, shape (refits, n).
    """

    membership: np.ndarray
    log_ratios: np.ndarray

    def compute_auroc(self) -> np.ndarray:
        """The area under the curve of each fit, shape (refits,): 0.5 nothing is told, 1 everything."""
        fits = zip(self.membership, self.log_ratios, strict=True)
        return np.array([compute_binary_auroc(score, member) for member, score in fits])

    def compute_tpr(self, rate: float) -> np.ndarray:
        """The share of members found at this false positive rate, in each fit, shape (refits,)."""
        found = []
        for member, score in zip(self.membership, self.log_ratios, strict=True):
            others = np.sort(score[~member])[::-1]
            found.append(np.mean(score[member] > others[int(rate * len(others))]))
        return np.array(found)


class Interval(NamedTuple):
    """A mean over fits, its 95 % interval, and the probability of as much by chance."""

    value: float
    low: float
    high: float
    p_value: float


def run_shadow_attack(refit: Refit, train: Cohort, *, refits: int = 16, seed: int = 0) -> ShadowAttack:
    """Fit on random halves of the records, and attack each fit with what the others taught.

    Fits come in pairs whose training halves are each other's complement, so that each patient is
    in one of the two. The pair under attack teaches nothing.

    Args:
        refit: `(cohort, seed) -> synthetic cohort`: fits a generator as the one that is judged was
            fitted, and draws from it.
        train: The records that the judged generator learned from.
        refits: How many fits, even, 8 at least; 16 to 64 are usual. Each takes as long as a fit.
        seed: Fit k is given a seed of its own.

    Raises:
        UsageError: The number of fits is odd or too small.
    """
    check_refit_count(refits)
    key = Key(seed).child("shadow")
    feature = Table().fit(train)
    attacked = np.sort(key.child("attacked").numpy().permutation(len(train))[:MAX_ATTACKED_RECORDS])
    x = feature(train)[attacked]
    inside = np.concatenate([_split_pair(train, key.child("pair", k)) for k in range(refits // 2)])
    seen = []
    for k, member in enumerate(inside):
        drawn = refit(train.take(member), key.child("fit", k).integer() % 2**31)
        seen.append(_compute_statistics(x, feature(drawn)))
    inside = inside[:, attacked]
    return ShadowAttack(inside, _compute_log_ratios(np.stack(seen), inside))


def check_refit_count(refits: int) -> None:
    """Check the number of fits.

    Raises:
        UsageError: It is odd, or too small to learn from.
    """
    if refits < MIN_REFITS or refits % 2:
        message = f"{refits} shadow fits; give an even number, {MIN_REFITS} at least"
        raise UsageError(message)


def compute_shadow_scores(refit: Refit, train: Cohort, *, refits: int = 16, seed: int = 0) -> list[Score]:
    """The attack as scores of the axis privacy: `shadow_auc`, `shadow_tpr_1` and `shadow_tpr_10`.

    Args:
        refit: As in `run_shadow_attack`; the `refit` of a fitted `Synthesizer` is one.
        train: The records that the judged generator learned from.
        refits: How many fits.
        seed: The same seed attacks alike.

    Returns:
        Three scores, for `mk.Scorecard.with_scores`.
    """
    found = run_shadow_attack(refit, train, refits=refits, seed=seed)
    parts = [("shadow_auc", found.compute_auroc(), 0.5)]
    parts += [
        (f"shadow_tpr_{round(100 * rate)}", found.compute_tpr(rate), rate) for rate in FALSE_POSITIVE_RATES
    ]
    return [
        _to_score(name, average_over_fits(draws, chance), chance, refits) for name, draws, chance in parts
    ]


def average_over_fits(draws: np.ndarray, null: float) -> Interval:
    """The mean over fits, by Student's t on pairs: the two fits of a pair are not independent."""
    pairs = draws.reshape(-1, 2).mean(axis=1)
    mean, error = float(pairs.mean()), float(pairs.std(ddof=1) / np.sqrt(len(pairs)))
    reach = float(student.ppf(0.975, len(pairs) - 1)) * error
    if error == 0:
        return Interval(mean, mean, mean, float(mean <= null))
    chance = float(student.sf((mean - null) / error, len(pairs) - 1))
    return Interval(mean, max(mean - reach, 0.0), min(mean + reach, 1.0), chance)


def _to_score(name: str, found: Interval, null: float, refits: int) -> Score:
    calibrated, worst = ((1 - end) / (1 - null) for end in (found.value, found.high))
    said = decide_verdict(
        calibrated, worst, found.p_value * len((None, *FALSE_POSITIVE_RATES)), THRESHOLDS[name]
    )
    told = f"{refits} fits with and without each patient: {_describe_result(name, found.value, null)}"
    note = UNDECIDED_NOTE if said == "not assessed" else told
    return Score(
        name,
        "privacy",
        found.value,
        found.low,
        found.high,
        floor=1.0,
        ceiling=null,
        calibrated=calibrated,
        better="low",
        verdict=said,
        note=note,
    )


def _describe_result(name: str, value: float, null: float) -> str:
    """What was found, for people.

    Example:
        >>> _describe_result("shadow_tpr_1", 0.0231, 0.01)
        '2.3 % of training patients were found at 1 % false alarms'
    """
    if name == "shadow_auc":
        return (
            f"a training patient was told from another in {100 * value:.0f} % of pairs, by chance in 50 %"
        )
    return f"{100 * value:.1f} % of training patients were found at {100 * null:.0f} % false alarms"


def _split_pair(train: Cohort, key: Key) -> np.ndarray:
    """Two complementary halves, bool (2, n); the records of a subject stay together."""
    half = assign_subject_folds(train.subject, 2, key.numpy()) == 0
    return np.stack([half, ~half])


def _compute_statistics(x: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The logarithm of the mean distance of each record to its nearest few, (n, statistics)."""
    found = np.empty((len(x), len(NEIGHBOR_COUNTS)))
    step = max(1, MAX_CELLS // max(len(drawn), 1))
    most = min(max(NEIGHBOR_COUNTS), len(drawn)) - 1
    for start in range(0, len(x), step):
        far = cdist(x[start : start + step], drawn)
        near = np.sort(np.partition(far, most, axis=1)[:, : most + 1], axis=1)
        for j, k in enumerate(NEIGHBOR_COUNTS):
            found[start : start + step, j] = np.log(near[:, :k].mean(axis=1) + 1e-6)
    return found - found.mean(axis=0)


def _compute_log_ratios(seen: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Log-likelihood ratios (refits, n) from statistics (refits, n, statistics).

    Gaussians of one variance for all records, as is advised where fits are few (Carlini et al. 2022,
    section 4.3); a record's own effect is shrunk to the mean effect of all (empirical Bayes).
    """
    found = np.empty(inside.shape)
    for k in range(0, len(seen), 2):
        rest = np.r_[0:k, k + 2 : len(seen)]
        member, told = inside[rest][..., None], seen[rest]
        with_, without = (_average_chosen(told, chosen) for chosen in (member, ~member))
        left = told - np.where(member, with_, without)
        noise = (left**2).sum(axis=(0, 1)) / (left.shape[0] - 2) / left.shape[1] + 1e-12
        effect = _shrink_effects(with_ - without, 4 * noise / len(rest))
        middle = (with_ + without) / 2
        found[k : k + 2] = (effect / noise * (seen[k : k + 2] - middle)).sum(axis=2)
    return found


def _average_chosen(told: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return (told * chosen).sum(axis=0) / chosen.sum(axis=0)


def _shrink_effects(effect: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Effects (n, statistics), of sampling variance `error`, towards their mean."""
    mean, spread = effect.mean(axis=0), effect.var(axis=0)
    own = np.maximum(spread - error, 0.0) / np.maximum(spread, 1e-12)
    return mean + own * (effect - mean)
