"""Membership: can an attacker tell from the synthetic records who was in training?

Several attacks score every training and every held-out record; none of them knows who is who.
Records are scored against the half of the held-out ones to which they do not belong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from manikin.contracts.metric import Exact, Sample, Split, metric, once
from manikin.errors import Unsupported
from manikin.stats.nearest_neighbors import distance, neighbours, ranks
from manikin.stats.permutation import Swapped, attacks, one_each

FEWEST = 20  # held-out records
SCORED = 1_500  # records of each side that are attacked
LEARNED = 4_000  # synthetic records that density and classifier learn from
COMPONENTS = 4  # principal components in which densities are compared
OUTLYING = 0.1
RATES = (0.01, 0.1)
NULL = "; largest of the attacks against the null distribution of the largest"
DISTANCE = "calibrated distance: Hilprecht et al. 2019, Monte Carlo and reconstruction attacks"
DOMIAS = "density ratio: van Breugel et al. 2023, DOMIAS, equation 2"
RATE = "Carlini et al. 2022, Membership inference attacks from first principles, section 3" + NULL


class Attacked(NamedTuple):
    """What attackers know of each record.

    Args:
        scores: One row for each attack, higher for those taken for members, shape (attacks, n).
        member: Who was in training, bool (n,).
        fold: Against which half of the held-out records it was scored, (n,).
        outlying: How far it lies from real records of others, (n,).
    """

    scores: np.ndarray
    member: np.ndarray
    fold: np.ndarray
    outlying: np.ndarray


def strongest(split: Split) -> str:
    """Which attack was the strongest."""
    areas = once(split, _all)[1]
    return f"strongest attack: {ATTACKS[int(np.argmax(areas))][0]}"


@metric(
    "privacy",
    better="low",
    source=f"{DISTANCE}; {DOMIAS}{NULL}",
    floor="copies",
    reference="whole",
    note=strongest,
)
def membership_auc(split: Split) -> Exact:
    """How well the best of five attacks tells training from held-out patients: area under the curve.

    0.5: not at all; 1: always. By chance the best of several lies a little above 0.5: see the
    ceiling. Attacks: distance to the nearest synthetic record over that to the nearest reference
    record, among values and among ranks; ratio of densities; a classifier. They see nothing but
    the records and so say how much is known at least: an attacker with the model may know more.
    """
    return _exact(once(split, _all)[0][0], once(split, attacked).member)


@metric("privacy", better="low", source=RATE, floor="copies", reference="whole")
def membership_tpr_1(split: Split) -> Exact:
    """Share of training patients that the best attack finds while one in a hundred others is accused.

    0 to 1; .01 by chance, and somewhat more for the best of several attacks. It shows the few who
    are recognised surely where most are safe. It cannot see who is found only with the model at hand.
    """
    return _exact(once(split, _all)[0][1], once(split, attacked).member)


@metric("privacy", better="low", source=RATE, floor="copies", reference="whole")
def membership_tpr_10(split: Split) -> Exact:
    """Share of training patients that the best attack finds while one in ten others is accused.

    0 to 1; .1 by chance, and somewhat more for the best of several attacks. It cannot see who is
    found only with the model at hand.
    """
    return _exact(once(split, _all)[0][2], once(split, attacked).member)


@metric("privacy", better="low", source=f"{DOMIAS}, section 5.3{NULL}", floor="copies", reference="whole")
def membership_auc_outliers(split: Split) -> Exact:
    """How well the best attack tells training from held-out patients among the most unusual tenth.

    0.5: not at all; 1: always. Unusual is who lies farthest from all real records of others. It
    knows few patients and cannot see small leaks.
    """
    known = once(split, attacked)
    far = known.outlying >= np.quantile(known.outlying, 1 - OUTLYING)
    if min(np.sum(far & known.member), np.sum(far & ~known.member)) < FEWEST // 4:
        raise Unsupported("too few unusual records among the held-out ones; hold out more")
    rng = split.key.child("outliers").numpy()
    found, _ = attacks(known.scores[:, far], known.member[far], known.fold[far], (), rng)
    return _exact(found[0], known.member[far])


def attacked(split: Split) -> Attacked:
    """Every attack on training and held-out records, in two halves."""
    holdout = _some(split.holdout, split, "held")
    if len(holdout) < FEWEST:
        raise Unsupported(f"{len(holdout)} held-out records; an attack needs {FEWEST}")
    train = _some(split.train, split, "members")
    halves = [_halved(side, split, name) for name, side in (("train", train), ("holdout", holdout))]
    far = [_far(side, split) for side in (train, holdout)]
    parts = []
    for fold in (0, 1):
        inside, outside = (
            side.x[half == fold] for side, half in zip((train, holdout), halves, strict=True)
        )
        reference = holdout.x[halves[1] != fold]
        scores = _scored(np.concatenate([inside, outside]), split, reference, fold)
        member = np.repeat([True, False], [len(inside), len(outside)])
        outlying = np.concatenate([way[half == fold] for way, half in zip(far, halves, strict=True)])
        parts.append((scores, member, np.full(len(member), fold), outlying))
    return Attacked(*(np.concatenate(column, axis=-1) for column in zip(*parts, strict=True)))


def _all(split: Split) -> tuple[list[Swapped], np.ndarray]:
    known = once(split, attacked)
    rng = split.key.child("relabel").numpy()
    return attacks(known.scores, known.member, known.fold, RATES, rng)


def _exact(found: Swapped, member: np.ndarray) -> Exact:
    """The value with the spread of so many members and others, and the null of the best."""
    inside, outside = int(member.sum()), int((~member).sum())
    reach = 1.96 * max(float(np.std(found.null)), 0.5 / np.sqrt(12 * min(inside, outside)))
    return Exact(
        found.value, max(found.value - reach, 0.0), min(found.value + reach, 1.0), found.null, found.chance
    )


def _some(side: Sample, split: Split, stream: str) -> Sample:
    return side.take(one_each(side.subject, SCORED, split.key.child(stream).numpy()))


def _halved(side: Sample, split: Split, stream: str) -> np.ndarray:
    """To which half each record belongs, 0 or 1, shape (n,)."""
    return split.key.child("half", stream).numpy().permutation(len(side)) % 2


def _far(side: Sample, split: Split) -> np.ndarray:
    """How far each record lies from the training records of others, shape (n,)."""
    train = split.train
    apart = side.subject if side.whole is train.whole else None
    return neighbours(side.x, train.x, train.subject, apart=apart).first


def _scored(queries: np.ndarray, split: Split, reference: np.ndarray, fold: int) -> np.ndarray:
    rng = split.key.child("learn", fold).numpy()
    return np.stack([attack(queries, split.synthetic.x, reference, rng) for _, attack in ATTACKS])


def _nearer(queries: np.ndarray, synthetic: np.ndarray, reference: np.ndarray, _: object) -> np.ndarray:
    """How much nearer the nearest synthetic record is than the nearest reference record."""
    return np.log(distance(queries, reference) + 1e-6) - np.log(distance(queries, synthetic) + 1e-6)


def _nearest(queries: np.ndarray, synthetic: np.ndarray, _: np.ndarray, __: object) -> np.ndarray:
    """How near the nearest synthetic record is."""
    return -distance(queries, synthetic)


def _ranked(queries: np.ndarray, synthetic: np.ndarray, reference: np.ndarray, _: object) -> np.ndarray:
    """The first attack among ranks: the attacker knows how the real values are spread."""
    known = np.concatenate([queries, reference])
    places = ranks(known)
    return _nearer(places[: len(queries)], ranks(synthetic), places[len(queries) :], _)


def _denser(
    queries: np.ndarray, synthetic: np.ndarray, reference: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The logarithm of the ratio of densities of synthetic and reference records."""
    centre = reference.mean(axis=0)
    _, _, axes = np.linalg.svd(reference - centre, full_matrices=False)
    flat = [(x - centre) @ axes[:COMPONENTS].T for x in (queries, _drawn(synthetic, rng), reference)]
    scale = flat[2].std(axis=0) + 1e-6
    at, *sides = (x / scale for x in flat)
    return np.subtract(*(_density(at, side) for side in sides))


def _density(at: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Gaussian kernels of Scott's width (1992, equation 6.42), logarithm, shape (n,)."""
    from scipy.special import logsumexp

    n, d = known.shape
    width = n ** (-1 / (d + 4))
    found = [
        logsumexp(-((block[:, None] - known) ** 2).sum(axis=2) / (2 * width**2), axis=1)
        for block in np.array_split(at, max(1, len(at) * n // (1 << 20)))
    ]
    return np.concatenate(found) - np.log(n) - d * np.log(width)


def _classified(
    queries: np.ndarray, synthetic: np.ndarray, reference: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """How surely boosted trees take a record for a synthetic one."""
    import lightgbm

    x = np.concatenate([_drawn(synthetic, rng), reference])
    fake = np.arange(len(x)) < len(x) - len(reference)
    settings = {
        "objective": "binary",
        "is_unbalance": True,
        "learning_rate": 0.1,
        "num_leaves": 15,
        "min_data_in_leaf": 5,
        "feature_fraction": 0.7,
        "max_bin": 63,
        "num_threads": 1,
        "seed": int(rng.integers(2**31)),
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    trees = lightgbm.train(settings, lightgbm.Dataset(x, fake.astype(float), params=settings), 40)
    return np.asarray(trees.predict(queries, raw_score=True, num_threads=1))


def _drawn(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x if len(x) <= LEARNED else x[rng.choice(len(x), LEARNED, replace=False)]


ATTACKS = (
    ("nearest synthetic record", _nearest),
    ("calibrated distance", _nearer),
    ("calibrated distance among ranks", _ranked),
    ("ratio of densities", _denser),
    ("classifier", _classified),
)

__plugin__ = (membership_auc, membership_tpr_1, membership_tpr_10, membership_auc_outliers)
