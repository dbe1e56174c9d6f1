"""Histories: codes, visits and what holds from visit to visit; after HALO (Theodorou et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import ks_2samp

from manikin.cohort import histories
from manikin.contracts.metric import Exact, Sample, Split, metric, once
from manikin.downstream import next_visit
from manikin.ehr import cooccurrence, similarity
from manikin.errors import Unsupported
from manikin.stats.nearest_neighbors import LEVELS, matched
from manikin.stats.permutation import share

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories
    from manikin.ehr.cooccurrence import Sparse

FEWEST = 20  # pairs of visits, or values of a code, that say anything
RARE = 0.02  # share of patients below which a code is rare
QUERIES, SEARCHED = 2_000, 4_000  # real and synthetic patients whose codes are compared
HALO = "Theodorou et al. 2023, HALO, Synthesize high-dimensional longitudinal EHR, section Evaluation"
KS = "Kolmogorov-Smirnov distance: Massey 1951"
JACCARD = "Jaccard 1912; ratio of distances: Lowe 2004, section 7.1; tail: Hill 1975"
ESTEBAN = "Esteban et al. 2017, section 4.2; next visit: Choi et al. 2016, Doctor AI"


@metric("fidelity", better="high", source=HALO, feature="events", floor="uniform")
def code_prevalence(split: Split) -> float:
    """R² of how often each code stands in a visit, synthetic against real.

    Up to 1, which is best. It cannot see which codes stand together, or come again: visits shuffled
    between patients score as real ones, so it is the least that one may ask.
    """
    real, candidate = (_shares(*once(side, _coded, split.train)) for side in _sides(split))
    spread = float(((real - real.mean()) ** 2).sum())
    return 1.0 - float(((real - candidate) ** 2).sum()) / spread


@metric("fidelity", better="high", source=HALO, feature="events", floor="independent")
def code_pairs(split: Split) -> float:
    """R² of how often each two codes stand in the same visit, over all pairs that occur.

    Up to 1, which is best; for rare pairs real patients agree with each other no better than the ceiling
    says. It cannot see what follows from visit to visit.
    """
    return cooccurrence.agreement(*(once(side, _together, split.train) for side in _sides(split)))


@metric("fidelity", better="high", source=HALO, feature="events", floor="exchanged")
def successive_codes(split: Split) -> float:
    """R² of how often one code follows another (or itself) from a visit to the next.

    Up to 1, which is best. The floor are visits exchanged between patients, which every measure of single
    visits takes for real.
    """
    return cooccurrence.agreement(*(once(side, _successive, split.train) for side in _sides(split)))


@metric(
    "fidelity", better="low", source="by definition; Choi et al. 2016", feature="events", floor="exchanged"
)
def code_persistence(split: Split) -> float:
    """How far the share of a visit's codes that come again at the next is from that of real patients.

    0 to 1; 0 is best. It sees chronic disease that is forgotten from visit to visit, which counts of codes
    cannot see, and histories that only repeat themselves.
    """
    real, candidate = (once(side, _persistence, split.train) for side in _sides(split))
    return abs(real - candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="cut_short")
def visit_count_distance(split: Split) -> float:
    """How far the distribution of visits per patient lies from the real one.

    0 to 1; 0 is best. It cannot see when the visits are.
    """
    real, candidate = (once(side, _found).visits for side in _sides(split))
    return _apart(real, candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="cut_short")
def visit_length_distance(split: Split) -> float:
    """How far the distribution of events per visit lies from the real one.

    0 to 1; 0 is best. It cannot see which codes they are.
    """
    real, candidate = (np.bincount(once(side, _found).place) for side in _sides(split))
    return _apart(real, candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="uniform")
def visit_gap_distance(split: Split) -> float:
    """How far the distribution of days from visit to visit lies from the real one.

    0 to 1; 0 is best. It cannot see whether long gaps follow long ones.
    """
    real, candidate = (_gaps(once(side, _found)) for side in _sides(split))
    if len(real) < FEWEST or len(candidate) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} visits follow another one")
    if np.ptp(real) == 0:
        raise Unsupported("all visits are equally far apart: the records have no times")
    return _apart(real, candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="uniform")
def code_values(split: Split) -> float:
    """How far the values of each measured code are distributed from the real ones, the mean over codes.

    0 to 1; 0 is best. Codes with fewer than 20 values on either side are left out. It cannot see how
    values go together, or how they change in a patient.
    """
    real, candidate = (_values(*once(side, _coded, split.train)) for side in _sides(split))
    both = [c for c in real if c in candidate]
    if not both:
        raise Unsupported(f"no code has {FEWEST} measured values on both sides")
    found = [_apart(real[c], candidate[c]) for c in both]
    return float(np.mean(found))


@metric("diversity", better="high", source=HALO, feature="events", floor="collapsed")
def rare_codes(split: Split) -> float:
    """Share of the codes of fewer than 2 in 100 real patients that some synthetic patient has too.

    0 to 1; the ceiling of real data is below 1. Codes that fewer patients share than the model's
    threshold are left out by it on purpose, for the sake of privacy.
    """
    real, candidate = (once(side, _patients, split.train) for side in _sides(split))
    rare = (real > 0) & (real < RARE * len(split.holdout))
    if rare.sum() < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} codes are rare")
    return float((candidate[rare] > 0).mean())


@metric(
    "utility",
    better="high",
    source=ESTEBAN,
    feature="events",
    cost="heavy",
    reference="train",
    floor="exchanged",
)
def next_visit_auroc(split: Split) -> float:
    """How well models that learn from the records tell the codes of a real patient's last visit.

    0.5 for a guess, 1 is best: the area under the ROC curve, the mean over six codes that 5 to 60 % of last
    visits have, predicted linearly from the codes of the visits before. It cannot see values and gaps.
    """
    asked = once(split.train, _asked)
    made, real = (
        next_visit.task(*once(side, _coded, split.train), asked)
        for side in (split.synthetic, split.holdout)
    )
    if min(len(made[0]), len(real[0])) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} patients have a second visit")
    return next_visit.tested(made, real)


@metric("privacy", better="low", source=JACCARD, feature="events", floor="copies", reference="whole")
def near_histories(split: Split) -> Exact:
    """Share of synthetic patients whose codes are those of one training patient, beyond chance.

    0 to 1; 0 is best. Two patients are near where they share most of their codes, each counted with how
    many visits have it, whatever the order and the times; a match is far nearer to one training patient
    than to any other, and rarer among never-seen real patients than 1 in 100. It cannot see copies
    of a few visits.
    """
    train, holdout, synthetic = (
        once(side, _counted, split.train) for side in (split.train, split.holdout, split.synthetic)
    )
    owner, rng = split.train.subject, split.key.child("histories").numpy()
    if len(np.unique(owner)) < 3 or train.shape[0] + holdout.shape[0] < FEWEST:  # noqa: PLR2004
        raise Unsupported(f"needs {FEWEST} real patients to know how close strangers come")
    some, held = (rng.permutation(x.shape[0])[:QUERIES] for x in (train, holdout))
    new = rng.permutation(synthetic.shape[0])[:SEARCHED]
    own = similarity.nearest(train[some], train, owner, owner[some])
    other = similarity.nearest(holdout[held], train, owner, None)
    near, real = (
        similarity.nearest(synthetic[new], train, owner, None),
        np.concatenate([own.ratio, other.ratio]),
    )
    chance, excess = matched([(near, real, 0.0)])
    m = len(new)
    floor = 1 - float(np.mean(real >= 1)) - LEVELS[-1]
    return Exact(excess / m, *share(excess, m), np.zeros(8), chance, floor)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    found: Any = ks_2samp(a, b, method="asymp")
    return float(found.statistic)


def _sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _whole(sample: Sample) -> Histories:
    if _whole not in sample.common:
        sample.common[_whole] = histories.histories(sample.whole)
    return sample.common[_whole]


def _found(sample: Sample) -> Histories:
    return _whole(sample).take(sample.rows)


def _vocabulary(train: Sample) -> np.ndarray:
    return _whole(train).codes


def _coded(sample: Sample, train: Sample) -> tuple[Histories, int]:
    """A side's histories by the codes of training, and how many there are; others count as one more."""
    codes = once(train, _vocabulary)
    return once(sample, _found).recoded(codes), len(codes) + 1


def _shares(found: Histories, width: int) -> np.ndarray:
    x = cooccurrence.bags(found, width)
    return np.asarray(x.mean(axis=0)).ravel()


def _together(sample: Sample, train: Sample) -> Sparse:
    return cooccurrence.together(*once(sample, _coded, train))


def _successive(sample: Sample, train: Sample) -> Sparse:
    found, width = once(sample, _coded, train)
    if len(cooccurrence.following(found)[0]) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} visits follow another one")
    return cooccurrence.successive(found, width)


def _persistence(sample: Sample, train: Sample) -> float:
    _, again = cooccurrence.persistence(*once(sample, _coded, train))
    if len(again) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} visits follow another one")
    return float(again.mean())


def _gaps(found: Histories) -> np.ndarray:
    return found.gap[found.visit[found.opens] > 0]


def _values(found: Histories, width: int) -> dict[int, np.ndarray]:
    known = ~np.isnan(found.value) & (found.code >= 0)
    code, value = found.code[known], found.value[known]
    counts = np.bincount(code, minlength=width)
    return {int(c): value[code == c] for c in np.flatnonzero(counts >= FEWEST)}


def _patients(sample: Sample, train: Sample) -> np.ndarray:
    """How many patients have each code, (codes,)."""
    found, width = once(sample, _coded, train)
    pairs = np.unique(np.stack([found.code, found.patient]), axis=1)[0]
    return np.bincount(pairs[pairs >= 0], minlength=width)


def _asked(train: Sample) -> next_visit.Asked:
    found, width = once(train, _coded, train)
    asked = next_visit.asked(found, width)
    if asked is None:
        raise Unsupported("no code stands in 5 to 60 % of the visits that follow another")
    return asked


def _counted(sample: Sample, train: Sample) -> Sparse:
    return cooccurrence.visits_of(*once(sample, _coded, train))


__plugin__ = (
    code_prevalence,
    code_pairs,
    successive_codes,
    code_persistence,
    visit_count_distance,
    visit_length_distance,
    visit_gap_distance,
    code_values,
    rare_codes,
    next_visit_auroc,
    near_histories,
)
