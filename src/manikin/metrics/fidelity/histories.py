"""Histories: codes, visits and what holds from visit to visit; after HALO (Theodorou et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.downstream import next_visit
from manikin.downstream.history_codes import encode_histories, read_histories
from manikin.ehr import cooccurrence, similarity
from manikin.errors import Unsupported
from manikin.stats.marginals import compute_ks_statistic
from manikin.stats.nearest_neighbors import MATCH_LEVELS, assess_near_matches
from manikin.stats.permutation import compute_share_interval

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories
    from manikin.ehr.cooccurrence import SparseMatrix

MIN_OBSERVATIONS = 20  # pairs of visits, or values of a code, that say anything
HALO = "Theodorou et al. 2023, HALO, Synthesize high-dimensional longitudinal EHR, section Evaluation"
KS = "Kolmogorov-Smirnov distance: Massey 1951"
JACCARD = "Jaccard 1912; ratio of distances: Lowe 2004, section 7.1; tail: Hill 1975"
ESTEBAN = "Esteban et al. 2017, section 4.2; next visit: Choi et al. 2016, Doctor AI"


@metric(
    "fidelity",
    MetricDescription(
        "R² of how often each code stands in a visit, synthetic against real.",
        reading="Up to 1, which is best.",
        blind_spot="""It cannot see which codes stand together, or come again: visits shuffled between
        patients score as real ones, so it is the least that one may ask.""",
        source=HALO,
    ),
    better="high",
    feature="events",
    floor="uniform",
)
def code_prevalence(split: Split) -> float:
    real, candidate = (
        _compute_code_shares(*compute_once(side, encode_histories, split.train))
        for side in _pick_sides(split)
    )
    spread = float(((real - real.mean()) ** 2).sum())
    return 1.0 - float(((real - candidate) ** 2).sum()) / spread


@metric(
    "fidelity",
    MetricDescription(
        "R² of how often each two codes stand in the same visit, over all pairs that occur.",
        reading="""Up to 1, which is best; for rare pairs real patients agree with each other no better
        than the ceiling says.""",
        blind_spot="It cannot see what follows from visit to visit.",
        source=HALO,
    ),
    better="high",
    feature="events",
    floor="independent",
)
def code_pairs(split: Split) -> float:
    return cooccurrence.compute_share_r2(
        *(compute_once(side, _compute_code_pairs, split.train) for side in _pick_sides(split))
    )


@metric(
    "fidelity",
    MetricDescription(
        "R² of how often one code follows another (or itself) from a visit to the next.",
        reading="""Up to 1, which is best. The floor are visits exchanged between patients, which every
        measure of single visits takes for real.""",
        source=HALO,
    ),
    better="high",
    feature="events",
    floor="exchanged",
)
def successive_codes(split: Split) -> float:
    return cooccurrence.compute_share_r2(
        *(compute_once(side, _compute_successive_codes, split.train) for side in _pick_sides(split))
    )


@metric(
    "fidelity",
    MetricDescription(
        "How far the share of a visit's codes that come again at the next is from that of real patients.",
        reading="0 to 1; 0 is best.",
        blind_spot="""It sees chronic disease that is forgotten from visit to visit, which counts of
        codes cannot see, and histories that only repeat themselves.""",
        source="by definition; Choi et al. 2016",
    ),
    better="low",
    feature="events",
    floor="exchanged",
)
def code_persistence(split: Split) -> float:
    real, candidate = (compute_once(side, _compute_persistence, split.train) for side in _pick_sides(split))
    return abs(real - candidate)


@metric(
    "fidelity",
    MetricDescription(
        "How far the distribution of visits per patient lies from the real one.",
        reading="0 to 1; 0 is best.",
        blind_spot="It cannot see when the visits are.",
        source=KS,
    ),
    better="low",
    feature="events",
    floor="cut_short",
)
def visit_count_distance(split: Split) -> float:
    real, candidate = (compute_once(side, read_histories).visit_counts for side in _pick_sides(split))
    return compute_ks_statistic(real, candidate)


@metric(
    "fidelity",
    MetricDescription(
        "How far the distribution of events per visit lies from the real one.",
        reading="0 to 1; 0 is best.",
        blind_spot="It cannot see which codes they are.",
        source=KS,
    ),
    better="low",
    feature="events",
    floor="cut_short",
)
def visit_length_distance(split: Split) -> float:
    sides = (compute_once(side, read_histories).visit_index for side in _pick_sides(split))
    return compute_ks_statistic(*map(np.bincount, sides))


@metric(
    "fidelity",
    MetricDescription(
        "How far the distribution of days from visit to visit lies from the real one.",
        reading="0 to 1; 0 is best.",
        blind_spot="It cannot see whether long gaps follow long ones.",
        source=KS,
    ),
    better="low",
    feature="events",
    floor="uniform",
)
def visit_gap_distance(split: Split) -> float:
    real, candidate = (_list_visit_gaps(compute_once(side, read_histories)) for side in _pick_sides(split))
    if len(real) < MIN_OBSERVATIONS or len(candidate) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} visits follow another one")
    if np.ptp(real) == 0:
        raise Unsupported("all visits are equally far apart: the records have no times")
    return compute_ks_statistic(real, candidate)


@metric(
    "fidelity",
    MetricDescription(
        "How far the values of each measured code are distributed from the real ones, the mean over codes.",
        reading="0 to 1; 0 is best. Codes with fewer than 20 values on either side are left out.",
        blind_spot="It cannot see how values go together, or how they change in a patient.",
        source=KS,
    ),
    better="low",
    feature="events",
    floor="uniform",
)
def code_values(split: Split) -> float:
    real, candidate = (
        _group_values(*compute_once(side, encode_histories, split.train)) for side in _pick_sides(split)
    )
    both = [c for c in real if c in candidate]
    if not both:
        raise Unsupported(f"no code has {MIN_OBSERVATIONS} measured values on both sides")
    return float(np.mean([compute_ks_statistic(real[c], candidate[c]) for c in both]))


@metric(
    "utility",
    MetricDescription(
        "How well models that learn from the records tell the codes of a real patient's last visit.",
        reading="""0.5 for a guess, 1 is best: the area under the ROC curve, the mean over six codes
        that 5 to 60 % of last visits have, predicted linearly from the codes of the visits before.""",
        blind_spot="It cannot see values and gaps.",
        source=ESTEBAN,
    ),
    better="high",
    feature="events",
    cost="heavy",
    reference="train",
    floor="exchanged",
)
def next_visit_auroc(split: Split) -> float:
    asked = compute_once(split.train, _find_next_visit_task)
    made, real = (
        next_visit.build_design(*compute_once(side, encode_histories, split.train), asked)
        for side in (split.synthetic, split.holdout)
    )
    if min(len(made[0]), len(real[0])) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} patients have a second visit")
    return next_visit.compute_transfer_auroc(made, real)


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic patients whose codes are those of one training patient, beyond chance.",
        reading="""0 to 1; 0 is best. Two patients are near where they share most of their codes, each
        counted with how many visits have it, whatever the order and the times; a match is far nearer
        to one training patient than to any other, and rarer among never-seen real patients than 1 in
        100.""",
        blind_spot="It cannot see copies of a few visits.",
        source=JACCARD,
    ),
    better="low",
    feature="events",
    floor="copies",
    reference="whole",
)
def near_histories(split: Split) -> ExactResult:
    train, holdout, synthetic = (
        compute_once(side, _count_visits, split.train)
        for side in (split.train, split.holdout, split.synthetic)
    )
    owner, rng = split.train.subject, split.key.child("histories").numpy()
    if len(np.unique(owner)) < 3 or train.shape[0] + holdout.shape[0] < MIN_OBSERVATIONS:  # noqa: PLR2004
        raise Unsupported(f"needs {MIN_OBSERVATIONS} real patients to know how close strangers come")
    near, real = similarity.compare_patients(train, holdout, synthetic, owner, rng)
    chance, excess = assess_near_matches([(near, real, 0.0)])
    m = len(near.positions)
    floor = 1 - float(np.mean(real >= 1)) - MATCH_LEVELS[-1]
    return ExactResult(excess / m, *compute_share_interval(excess, m), np.zeros(8), chance, floor)


def _pick_sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _compute_code_shares(found: Histories, width: int) -> np.ndarray:
    return np.asarray(cooccurrence.to_visit_indicators(found, width).mean(axis=0)).ravel()


def _compute_code_pairs(sample: Sample, train: Sample) -> SparseMatrix:
    return cooccurrence.compute_cooccurrence(*compute_once(sample, encode_histories, train))


def _compute_successive_codes(sample: Sample, train: Sample) -> SparseMatrix:
    found, width = compute_once(sample, encode_histories, train)
    if len(cooccurrence.find_consecutive_visits(found)[0]) < MIN_OBSERVATIONS:
        raise Unsupported(f"fewer than {MIN_OBSERVATIONS} visits follow another one")
    return cooccurrence.compute_transitions(found, width)


def _compute_persistence(sample: Sample, train: Sample) -> float:
    _, again = cooccurrence.compute_persistence(*compute_once(sample, encode_histories, train))
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


def _find_next_visit_task(train: Sample) -> next_visit.NextVisitTask:
    return next_visit.choose_task(*compute_once(train, encode_histories, train))


def _count_visits(sample: Sample, train: Sample) -> SparseMatrix:
    return cooccurrence.count_visits_per_code(*compute_once(sample, encode_histories, train))


__plugin__ = (
    code_prevalence,
    code_pairs,
    successive_codes,
    code_persistence,
    visit_count_distance,
    visit_length_distance,
    visit_gap_distance,
    code_values,
    next_visit_auroc,
    near_histories,
)
