"""Codes of histories: do synthetic patients have the rare ones too?"""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.downstream.history_codes import encode_histories
from manikin.errors import Unsupported

MIN_CODES = 20  # rare codes, of fewer nothing is said
RARE_SHARE = 0.02  # share of patients below which a code is rare
HALO = "Theodorou et al. 2023, HALO, Synthesize high-dimensional longitudinal EHR, section Evaluation"


@metric(
    "diversity",
    MetricDescription(
        "Share of the codes of fewer than 2 in 100 real patients that some synthetic patient has too.",
        reading="""0 to 1; the ceiling of real data is below 1. Codes that fewer patients share than
        the model's threshold are left out by it on purpose, for the sake of privacy.""",
        source=HALO,
    ),
    better="high",
    feature="events",
    floor="collapsed",
)
def rare_codes(split: Split) -> float:
    sides = split.holdout, split.synthetic
    real, candidate = (compute_once(side, _count_patients, split.train) for side in sides)
    rare = (real > 0) & (real < RARE_SHARE * len(split.holdout))
    if rare.sum() < MIN_CODES:
        raise Unsupported(f"fewer than {MIN_CODES} codes are rare")
    return float((candidate[rare] > 0).mean())


def _count_patients(sample: Sample, train: Sample) -> np.ndarray:
    """How many patients have each code, (codes,)."""
    found, width = compute_once(sample, encode_histories, train)
    pairs = np.unique(np.stack([found.code, found.patient]), axis=1)[0]
    return np.bincount(pairs[pairs >= 0], minlength=width)


__plugin__ = (rare_codes,)
