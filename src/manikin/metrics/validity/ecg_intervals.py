"""Rhythm: do synthetic ECGs beat as fast, as regularly and as broadly as real ones?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once, compute_per_record
from manikin.errors import Unsupported
from manikin.schema.kinds import Signal
from manikin.signals.analysis.delineation import compute_ecg_intervals
from manikin.signals.analysis.qrs import compute_rhythm, is_ecg
from manikin.stats.marginals import compute_ks_statistic

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

RHYTHM_PARTS = ("heart rate", "RR deviation", "QRS duration")
INTERVAL_PARTS = ("RMSSD", "QRS duration", "QT interval")
MAX_DELINEATED = 200  # records of a side: each takes some hundredths of a second
MIN_SECONDS, MIN_RATE = 4.0, 50.0  # an ECG that is looked at is so long, and has so many Hz
MIN_RECORDS = 10  # records of a side with a value


@metric(
    "clinical validity",
    MetricDescription(
        """How far heart rate, deviation of RR intervals and QRS duration of ECGs lie from those of
        real ones.""",
        reading="""0 to 1; 0 is best: the Kolmogorov-Smirnov statistic of one number for each record,
        by the same simple detector of R peaks on both sides; an ECG without beats counts as beyond all
        others.""",
        blind_spot="It needs leads called as usual, four seconds and 50 Hz, and cannot see P and T waves.",
        source="Kolmogorov 1933, Smirnov 1948; R peaks: Pan and Tompkins 1985",
    ),
    better="low",
    feature="dynamics",
)
def rhythm_distance(split: Split) -> dict[str, float]:
    compute_once(split.train, _find_ecg_name)
    return _compare_parts(
        RHYTHM_PARTS,
        *(compute_per_record(side, measure_rhythm) for side in (split.holdout, split.synthetic)),
    )


@metric(
    "clinical validity",
    MetricDescription(
        "How far RMSSD, QRS duration and QT interval of ECGs lie from those of real ones, by NeuroKit2.",
        reading="""0 to 1; 0 is best: the Kolmogorov-Smirnov statistic of one number for each record,
        of its first lead; an ECG in which no wave is found counts as beyond all others.""",
        blind_spot="It cannot see the other leads.",
        source="Makowski et al. 2021, NeuroKit2; Martinez et al. 2004, wavelet delineation; "
        "Kolmogorov 1933, Smirnov 1948",
    ),
    better="low",
    feature="dynamics",
)
def interval_distance(split: Split) -> dict[str, float]:
    compute_once(split.train, _find_ecg_name)
    return _compare_parts(
        INTERVAL_PARTS,
        *(
            _select_delineated(compute_per_record(side, measure_intervals))
            for side in (split.holdout, split.synthetic)
        ),
    )


def measure_rhythm(cohort: Cohort) -> np.ndarray:
    """Heart rate, deviation of RR intervals and QRS duration of the first ECG, (n, 3)."""
    name, rate = _find_ecg(cohort)
    return compute_rhythm(cohort[name], rate)


def measure_intervals(cohort: Cohort) -> np.ndarray:
    """Whether a record was looked at, then its RMSSD, QRS duration and QT interval, (n, 4)."""
    name, rate = _find_ecg(cohort)
    rows = np.unique(np.linspace(0, len(cohort) - 1, MAX_DELINEATED).astype(int))
    found = np.zeros((len(cohort), 4))
    found[rows, 0] = 1
    found[rows, 1:] = compute_ecg_intervals(cohort[name][rows, 0], rate)
    return found


def _select_delineated(found: np.ndarray) -> np.ndarray:
    return found[found[:, 0] == 1, 1:]


def _compare_parts(parts: tuple[str, ...], real: np.ndarray, candidate: np.ndarray) -> dict[str, float]:
    found = {part: _compute_ks(real[:, j], candidate[:, j]) for j, part in enumerate(parts)}
    known = {part: value for part, value in found.items() if value is not None}
    if not known:
        raise Unsupported("too few beats in the real records")
    return known


def _find_ecg_name(train: Sample) -> str:
    """The ECG that is looked at.

    Raises:
        Unsupported: There is none that is long and fine enough.
    """
    return _find_ecg(train.source_cohort)[0]


def _find_ecg(cohort: Cohort) -> tuple[str, float]:
    for name in cohort.schema.modelled_fields:
        kind = cohort.schema[name]
        if isinstance(kind, Signal) and is_ecg(kind.channels):
            rate = kind.rate or 0.0
            if rate >= MIN_RATE and cohort[name].shape[2] >= MIN_SECONDS * rate:
                return name, rate
    raise Unsupported(f"no ECG (channels called as leads, {MIN_SECONDS:g} s and {MIN_RATE:g} Hz or more)")


def _compute_ks(real: np.ndarray, candidate: np.ndarray) -> float | None:
    """The Kolmogorov-Smirnov statistic; None where the real records have too few values."""
    if (~np.isnan(real)).sum() < MIN_RECORDS:
        return None
    a, b = (np.nan_to_num(side, nan=np.inf) for side in (real, candidate))
    return compute_ks_statistic(a, b)


__plugin__ = (rhythm_distance, interval_distance)
