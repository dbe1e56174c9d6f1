"""Membership: can an attacker tell from the synthetic records who was in training?

Several attacks score every training and every held-out record; none of them knows who is who.
Records are scored against the half of the held-out ones to which they do not belong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.boosting import fit_boosted_trees
from manikin.stats.nearest_neighbors import compute_nearest_distance, find_nearest, rank_columns
from manikin.stats.permutation import PermutationResult, permute_attack_scores, sample_one_per_subject
from manikin.stats.subsample import draw_at_most

MIN_HOLDOUT = 20  # held-out records
MAX_SCORED = 1_500  # records of each side that are attacked
MAX_LEARNED = 4_000  # synthetic records that density and classifier learn from
BOOSTING_ROUNDS = 40
COMPONENTS = 4  # principal components in which densities are compared
OUTLIER_SHARE = 0.1
FALSE_POSITIVE_RATES = (0.01, 0.1)
NULL_SOURCE = "; largest of the attacks against the null distribution of the largest"
DISTANCE_SOURCE = "calibrated distance: Hilprecht et al. 2019, Monte Carlo and reconstruction attacks"
DOMIAS = "density ratio: van Breugel et al. 2023, DOMIAS, equation 2"
RATE_SOURCE = (
    "Carlini et al. 2022, Membership inference attacks from first principles, section 3" + NULL_SOURCE
)


class AttackScores(NamedTuple):
    """What attackers know of each record.

    Args:
        scores: One row for each attack, higher for those taken for members, shape (attacks, n).
        is_member: Who was in training, bool (n,).
        fold: Against which half of the held-out records it was scored, (n,).
        is_outlying: How far it lies from real records of others, (n,).
    """

    scores: np.ndarray
    is_member: np.ndarray
    fold: np.ndarray
    is_outlying: np.ndarray


class AttackData(NamedTuple):
    """What an attacker holds.

    Args:
        queries: Vectors of the records in question, shape (n, d).
        synthetic: Those of the synthetic records.
        reference: Those of real records that were not learned from.
        rng: Where attacks that draw take their random numbers from, one after the other.
    """

    queries: np.ndarray
    synthetic: np.ndarray
    reference: np.ndarray
    rng: np.random.Generator


def describe_strongest_attack(split: Split) -> str:
    """Which attack was the strongest."""
    areas = compute_once(split, _evaluate_attacks)[1]
    return f"strongest attack: {list(ATTACKS)[int(np.argmax(areas))]}"


@metric(
    "privacy",
    MetricDescription(
        "How well the best of five attacks tells training from held-out patients: area under the curve.",
        reading="""0.5: not at all; 1: always. By chance the best of several lies a little above 0.5:
        see the ceiling. Attacks: distance to the nearest synthetic record over that to the nearest
        reference record, among values and among ranks; ratio of densities; a classifier. They see
        nothing but the records and so say how much is known at least: an attacker with the model may
        know more.""",
        source=f"{DISTANCE_SOURCE}; {DOMIAS}{NULL_SOURCE}",
    ),
    better="low",
    floor="copies",
    reference="whole",
    note=describe_strongest_attack,
)
def membership_auc(split: Split) -> ExactResult:
    return _to_exact(
        compute_once(split, _evaluate_attacks)[0][0], compute_once(split, run_attacks).is_member
    )


@metric(
    "privacy",
    MetricDescription(
        "Share of training patients that the best attack finds while one in a hundred others is accused.",
        reading="""0 to 1; .01 by chance, and somewhat more for the best of several attacks. It shows
        the few who are recognised surely where most are safe.""",
        blind_spot="It cannot see who is found only with the model at hand.",
        source=RATE_SOURCE,
    ),
    better="low",
    floor="copies",
    reference="whole",
)
def membership_tpr_1(split: Split) -> ExactResult:
    return _to_exact(
        compute_once(split, _evaluate_attacks)[0][1], compute_once(split, run_attacks).is_member
    )


@metric(
    "privacy",
    MetricDescription(
        "Share of training patients that the best attack finds while one in ten others is accused.",
        reading="0 to 1; .1 by chance, and somewhat more for the best of several attacks.",
        blind_spot="It cannot see who is found only with the model at hand.",
        source=RATE_SOURCE,
    ),
    better="low",
    floor="copies",
    reference="whole",
)
def membership_tpr_10(split: Split) -> ExactResult:
    return _to_exact(
        compute_once(split, _evaluate_attacks)[0][2], compute_once(split, run_attacks).is_member
    )


@metric(
    "privacy",
    MetricDescription(
        "How well the best attack tells training from held-out patients among the most unusual tenth.",
        reading="0.5: not at all; 1: always. Unusual is who lies farthest from all real records of others.",
        blind_spot="It knows few patients and cannot see small leaks.",
        source=f"{DOMIAS}, section 5.3{NULL_SOURCE}",
    ),
    better="low",
    floor="copies",
    reference="whole",
)
def membership_auc_outliers(split: Split) -> ExactResult:
    known = compute_once(split, run_attacks)
    far = known.is_outlying >= np.quantile(known.is_outlying, 1 - OUTLIER_SHARE)
    if min(np.sum(far & known.is_member), np.sum(far & ~known.is_member)) < MIN_HOLDOUT // 4:
        raise Unsupported("too few unusual records among the held-out ones; hold out more")
    rng = split.key.child("outliers").numpy()
    found, _ = permute_attack_scores(known.scores[:, far], known.is_member[far], known.fold[far], (), rng)
    return _to_exact(found[0], known.is_member[far])


def run_attacks(split: Split) -> AttackScores:
    """Every attack on training and held-out records, in two halves."""
    holdout = _draw_records(split.holdout, split, "held")
    if len(holdout) < MIN_HOLDOUT:
        raise Unsupported(f"{len(holdout)} held-out records; an attack needs {MIN_HOLDOUT}")
    train = _draw_records(split.train, split, "members")
    halves = [_assign_halves(side, split, name) for name, side in (("train", train), ("holdout", holdout))]
    far = [_measure_distances(side, split) for side in (train, holdout)]
    parts = []
    for fold in (0, 1):
        inside, outside = (
            side.x[half == fold] for side, half in zip((train, holdout), halves, strict=True)
        )
        reference = holdout.x[halves[1] != fold]
        scores = _score_queries(np.concatenate([inside, outside]), split, reference, fold)
        member = np.repeat([True, False], [len(inside), len(outside)])
        outlying = np.concatenate([way[half == fold] for way, half in zip(far, halves, strict=True)])
        parts.append((scores, member, np.full(len(member), fold), outlying))
    return AttackScores(*(np.concatenate(column, axis=-1) for column in zip(*parts, strict=True)))


def _evaluate_attacks(split: Split) -> tuple[list[PermutationResult], np.ndarray]:
    known = compute_once(split, run_attacks)
    rng = split.key.child("relabel").numpy()
    return permute_attack_scores(known.scores, known.is_member, known.fold, FALSE_POSITIVE_RATES, rng)


def _to_exact(found: PermutationResult, member: np.ndarray) -> ExactResult:
    """The value with the spread of so many members and others, and the null of the best."""
    inside, outside = int(member.sum()), int((~member).sum())
    reach = 1.96 * max(float(np.std(found.null_values)), 0.5 / np.sqrt(12 * min(inside, outside)))
    return ExactResult(
        found.value,
        max(found.value - reach, 0.0),
        min(found.value + reach, 1.0),
        found.null_values,
        found.p_value,
    )


def _draw_records(side: Sample, split: Split, stream: str) -> Sample:
    return side.take(sample_one_per_subject(side.subject, MAX_SCORED, split.key.child(stream).numpy()))


def _assign_halves(side: Sample, split: Split, stream: str) -> np.ndarray:
    """To which half each record belongs, 0 or 1, shape (n,)."""
    return split.key.child("half", stream).numpy().permutation(len(side)) % 2


def _measure_distances(side: Sample, split: Split) -> np.ndarray:
    """How far each record lies from the training records of others, shape (n,)."""
    train = split.train
    apart = side.subject if side.source_cohort is train.source_cohort else None
    return find_nearest(side.x, train.x, train.subject, apart=apart).distances


def _score_queries(queries: np.ndarray, split: Split, reference: np.ndarray, fold: int) -> np.ndarray:
    given = AttackData(queries, split.synthetic.x, reference, split.key.child("learn", fold).numpy())
    return np.stack([attack(given) for attack in ATTACKS.values()])


def _score_nearest(given: AttackData) -> np.ndarray:
    """How near the nearest synthetic record is."""
    return -compute_nearest_distance(given.queries, given.synthetic)


def _score_relative_distance(given: AttackData) -> np.ndarray:
    """How much nearer the nearest synthetic record is than the nearest reference record."""
    near, usual = (
        np.log(compute_nearest_distance(given.queries, known) + 1e-6)
        for known in (given.synthetic, given.reference)
    )
    return usual - near


def _score_ranked(given: AttackData) -> np.ndarray:
    """The same among ranks: the attacker knows how the real values are spread."""
    n = len(given.queries)
    places = rank_columns(np.concatenate([given.queries, given.reference]))
    synthetic = rank_columns(given.synthetic)
    return _score_relative_distance(
        given._replace(queries=places[:n], synthetic=synthetic, reference=places[n:])
    )


def _score_density_ratio(given: AttackData) -> np.ndarray:
    """The logarithm of the ratio of densities of synthetic and reference records."""
    reference = given.reference
    centre = reference.mean(axis=0)
    _, _, axes = np.linalg.svd(reference - centre, full_matrices=False)
    sides = (given.queries, _draw_rows(given.synthetic, given.rng), reference)
    flat = [(x - centre) @ axes[:COMPONENTS].T for x in sides]
    scale = flat[2].std(axis=0) + 1e-6
    at, *known = (x / scale for x in flat)
    return np.subtract(*(_estimate_density(at, side) for side in known))


def _estimate_density(at: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Gaussian kernels of Scott's width (1992, equation 6.42), logarithm, shape (n,)."""
    n, d = known.shape
    width = n ** (-1 / (d + 4))
    found = [
        logsumexp(-((block[:, None] - known) ** 2).sum(axis=2) / (2 * width**2), axis=1)
        for block in np.array_split(at, max(1, len(at) * n // (1 << 20)))
    ]
    return np.concatenate(found) - np.log(n) - d * np.log(width)


def _score_classifier(given: AttackData) -> np.ndarray:
    """How surely boosted trees take a record for a synthetic one."""
    x = np.concatenate([_draw_rows(given.synthetic, given.rng), given.reference])
    fake = np.arange(len(x)) < len(x) - len(given.reference)
    parameters = {
        "objective": "binary",
        "is_unbalance": True,
        "learning_rate": 0.1,
        "num_leaves": 15,
        "min_data_in_leaf": 5,
        "feature_fraction": 0.7,
        "seed": int(given.rng.integers(2**31)),
    }
    predict = fit_boosted_trees(x, fake.astype(float), BOOSTING_ROUNDS, parameters, raw_score=True)
    return predict(given.queries)


def _draw_rows(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x[draw_at_most(len(x), MAX_LEARNED, rng)]


ATTACKS = {
    "nearest synthetic record": _score_nearest,
    "calibrated distance": _score_relative_distance,
    "calibrated distance among ranks": _score_ranked,
    "ratio of densities": _score_density_ratio,
    "classifier": _score_classifier,
}

__plugin__ = (membership_auc, membership_tpr_1, membership_tpr_10, membership_auc_outliers)
