"""Histories: codes, visits and what holds from visit to visit; after HALO (Theodorou et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import ks_2samp

from manikin.cohort import histories
from manikin.contracts.metric import ExactResult, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.downstream import next_visit
from manikin.ehr import cooccurrence, similarity
from manikin.errors import Unsupported
from manikin.stats.nearest_neighbors import MATCH_LEVELS, assess_near_matches
from manikin.stats.permutation import compute_share_interval

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories
    from manikin.ehr.cooccurrence import SparseMatrix

MIN_OBSERVATIONS = 20  # pairs of visits, or values of a code, that say anything
RARE_SHARE = 0.02  # share of patients below which a code is rare
MAX_QUERIES, MAX_SEARCHED = 2_000, 4_000  # real and synthetic patients whose codes are compared
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
    real, candidate = (
        _compute_code_shares(*compute_once(side, _encode_histories, split.train))
        for side in _pick_sides(split)
    )
    spread = float(((real - real.mean()) ** 2).sum())
    return 1.0 - float(((real - candidate) ** 2).sum()) / spread


@metric("fidelity", better="high", source=HALO, feature="events", floor="independent")
def code_pairs(split: Split) -> float:
    """R² of how often each two codes stand in the same visit, over all pairs that occur.

    Up to 1, which is best; for rare pairs real patients agree with each other no better than the ceiling
    says. It cannot see what follows from visit to visit.
    """
    return cooccurrence.compute_share_r2(
        *(compute_once(side, _compute_code_pairs, split.train) for side in _pick_sides(split))
    )


@metric("fidelity", better="high", source=HALO, feature="events", floor="exchanged")
def successive_codes(split: Split) -> float:
    """R² of how often one code follows another (or itself) from a visit to the next.

    Up to 1, which is best. The floor are visits exchanged between patients, which every measure of single
    visits takes for real.
    """
    return cooccurrence.compute_share_r2(
        *(compute_once(side, _compute_successive_codes, split.train) for side in _pick_sides(split))
    )


@metric(
    "fidelity", better="low", source="by definition; Choi et al. 2016", feature="events", floor="exchanged"
)
def code_persistence(split: Split) -> float:
    """How far the share of a visit's codes that come again at the next is from that of real patients.

    0 to 1; 0 is best. It sees chronic disease that is forgotten from visit to visit, which counts of codes
    cannot see, and histories that only repeat themselves.
    """
    real, candidate = (compute_once(side, _compute_persistence, split.train) for side in _pick_sides(split))
    return abs(real - candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="cut_short")
def visit_count_distance(split: Split) -> float:
    """How far the distribution of visits per patient lies from the real one.

    0 to 1; 0 is best. It cannot see when the visits are.
    """
    real, candidate = (compute_once(side, _read_histories).visit_counts for side in _pick_sides(split))
    return _compute_ks(real, candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="cut_short")
def visit_length_distance(split: Split) -> float:
    """How far the distribution of events per visit lies from the real one.

    0 to 1; 0 is best. It cannot see which codes they are.
    """
    real, candidate = (
        np.bincount(compute_once(side, _read_histories).visit_index) for side in _pick_sides(split)
    )
    return _compute_ks(real, candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="uniform")
def visit_gap_distance(split: Split) -> float:
    """How far the distribution of days from visit to visit lies from the real one.

    0 to 1; 0 is best. It cannot see whether long gaps follow long ones.
    """
    real, candidate = (_list_visit_gaps(compute_once(side, _read_histories)) for side in _pick_sides(split))
    if len(real) < MIN_OBSERVATIONS or len(candidate) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} visits follow another one")
    if np.ptp(real) == 0:
        raise Unsupported("all visits are equally far apart: the records have no times")
    return _compute_ks(real, candidate)


@metric("fidelity", better="low", source=KS, feature="events", floor="uniform")
def code_values(split: Split) -> float:
    """How far the values of each measured code are distributed from the real ones, the mean over codes.

    0 to 1; 0 is best. Codes with fewer than 20 values on either side are left out. It cannot see how
    values go together, or how they change in a patient.
    """
    real, candidate = (
        _group_values(*compute_once(side, _encode_histories, split.train)) for side in _pick_sides(split)
    )
    both = [c for c in real if c in candidate]
    if not both:
        raise Unsupported(f"no code has {MIN_OBSERVATIONS} measured values on both sides")
    found = [_compute_ks(real[c], candidate[c]) for c in both]
    return float(np.mean(found))


@metric("diversity", better="high", source=HALO, feature="events", floor="collapsed")
def rare_codes(split: Split) -> float:
    """Share of the codes of fewer than 2 in 100 real patients that some synthetic patient has too.

    0 to 1; the ceiling of real data is below 1. Codes that fewer patients share than the model's
    threshold are left out by it on purpose, for the sake of privacy.
    """
    real, candidate = (compute_once(side, _count_patients, split.train) for side in _pick_sides(split))
    rare = (real > 0) & (real < RARE_SHARE * len(split.holdout))
    if rare.sum() < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} codes are rare")
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
    asked = compute_once(split.train, _find_next_visit_task)
    made, real = (
        next_visit.build_design(*compute_once(side, _encode_histories, split.train), asked)
        for side in (split.synthetic, split.holdout)
    )
    if min(len(made[0]), len(real[0])) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} patients have a second visit")
    return next_visit.compute_transfer_auroc(made, real)


@metric("privacy", better="low", source=JACCARD, feature="events", floor="copies", reference="whole")
def near_histories(split: Split) -> ExactResult:
    """Share of synthetic patients whose codes are those of one training patient, beyond chance.

    0 to 1; 0 is best. Two patients are near where they share most of their codes, each counted with how
    many visits have it, whatever the order and the times; a match is far nearer to one training patient
    than to any other, and rarer among never-seen real patients than 1 in 100. It cannot see copies
    of a few visits.
    """
    train, holdout, synthetic = (
        compute_once(side, _count_visits, split.train)
        for side in (split.train, split.holdout, split.synthetic)
    )
    owner, rng = split.train.subject, split.key.child("histories").numpy()
    if len(np.unique(owner)) < 3 or train.shape[0] + holdout.shape[0] < MIN_OBSERVATIONS:  # noqa: PLR2004
        raise Unsupported(f"needs {MIN_OBSERVATIONS} real patients to know how close strangers come")
    some, held = (rng.permutation(x.shape[0])[:MAX_QUERIES] for x in (train, holdout))
    new = rng.permutation(synthetic.shape[0])[:MAX_SEARCHED]
    own = similarity.find_nearest(train[some], train, owner, owner[some])
    other = similarity.find_nearest(holdout[held], train, owner, None)
    near, real = (
        similarity.find_nearest(synthetic[new], train, owner, None),
        np.concatenate([own.ratios, other.ratios]),
    )
    chance, excess = assess_near_matches([(near, real, 0.0)])
    m = len(new)
    floor = 1 - float(np.mean(real >= 1)) - MATCH_LEVELS[-1]
    return ExactResult(excess / m, *compute_share_interval(excess, m), np.zeros(8), chance, floor)


def _compute_ks(a: np.ndarray, b: np.ndarray) -> float:
    found: Any = ks_2samp(a, b, method="asymp")
    return float(found.statistic)


def _pick_sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _read_whole(sample: Sample) -> Histories:
    if _read_whole not in sample.shared_cache:
        sample.shared_cache[_read_whole] = histories.extract_histories(
            sample.source_cohort.columns, sample.source_cohort.schema
        )
    return sample.shared_cache[_read_whole]


def _read_histories(sample: Sample) -> Histories:
    return _read_whole(sample).take(sample.rows)


def _list_codes(train: Sample) -> np.ndarray:
    return _read_whole(train).codes


def _encode_histories(sample: Sample, train: Sample) -> tuple[Histories, int]:
    """A side's histories by the codes of training, and how many there are; others count as one more."""
    codes = compute_once(train, _list_codes)
    return compute_once(sample, _read_histories).recode(codes), len(codes) + 1


def _compute_code_shares(found: Histories, width: int) -> np.ndarray:
    x = cooccurrence.to_visit_indicators(found, width)
    return np.asarray(x.mean(axis=0)).ravel()


def _compute_code_pairs(sample: Sample, train: Sample) -> SparseMatrix:
    return cooccurrence.compute_cooccurrence(*compute_once(sample, _encode_histories, train))


def _compute_successive_codes(sample: Sample, train: Sample) -> SparseMatrix:
    found, width = compute_once(sample, _encode_histories, train)
    if len(cooccurrence.find_consecutive_visits(found)[0]) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} visits follow another one")
    return cooccurrence.compute_transitions(found, width)


def _compute_persistence(sample: Sample, train: Sample) -> float:
    _, again = cooccurrence.compute_persistence(*compute_once(sample, _encode_histories, train))
    if len(again) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} visits follow another one")
    return float(again.mean())


def _list_visit_gaps(found: Histories) -> np.ndarray:
    return found.days_between_visits[found.visit[found.is_visit_start] > 0]


def _group_values(found: Histories, width: int) -> dict[int, np.ndarray]:
    known = ~np.isnan(found.value) & (found.code >= 0)
    code, value = found.code[known], found.value[known]
    counts = np.bincount(code, minlength=width)
    return {int(c): value[code == c] for c in np.flatnonzero(counts >= MIN_OBSERVATIONS)}


def _count_patients(sample: Sample, train: Sample) -> np.ndarray:
    """How many patients have each code, (codes,)."""
    found, width = compute_once(sample, _encode_histories, train)
    pairs = np.unique(np.stack([found.code, found.patient]), axis=1)[0]
    return np.bincount(pairs[pairs >= 0], minlength=width)


def _find_next_visit_task(train: Sample) -> next_visit.NextVisitTask:
    found, width = compute_once(train, _encode_histories, train)
    asked = next_visit.choose_task(found, width)
    if asked is None:
        raise Unsupported("no code stands in 5 to 60 % of the visits that follow another")
    return asked


def _count_visits(sample: Sample, train: Sample) -> SparseMatrix:
    return cooccurrence.count_visits_per_code(*compute_once(sample, _encode_histories, train))


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
