"""Dynamics: signals and series as numbers of amplitude, spectrum, autocorrelation and missingness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from manikin.contracts.feature import Feature
from manikin.imaging.analysis.robust_scaler import RobustScaler
from manikin.schema.kinds import Signal
from manikin.signals.analysis.features import compute_series_features, compute_waveform_features
from manikin.signals.analysis.interpolate import compute_missing_share

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MAX_FIT_RECORDS = 2_000  # training records from which scales are learned
MIN_GAP_SHARE = 0.05  # share of missing places from which on a signal is a series with gaps
BATCH_VALUES = 1 << 22  # values looked at at once
UNMEASURED_SCALE = RobustScaler(np.zeros(()), np.ones(()))  # of what was never measured


@dataclass(frozen=True)
class Dynamics(Feature):
    """Some forty numbers for each channel of a waveform, eight for each parameter of a series with gaps.

    After catch22 (Lubba et al. 2019), with amplitudes, power in ten bands, autocorrelation at twelve lags
    and correlations between channels (`signals/analysis/features.py`). Of more than four channels eleven
    numbers stay apart and the mean of the rest is kept. Parameters of intensive care, which are mostly
    missing, have the share that is missing, level, spread, ends and rate of change. What it cannot
    see: when something happens; the encoder does.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> x = np.random.default_rng(0).standard_normal((20, 2, 64))
        >>> cohort = Cohort.from_arrays({"ecg": x}, {"ecg": Signal()})
        >>> Dynamics().fit(cohort)(cohort).shape
        (20, 89)
    """

    kinds: ClassVar[tuple[type, ...]] = (Signal,)
    version: ClassVar[str] = "dynamics/1"

    fields: tuple[tuple[str, bool], ...] = ()
    scale: RobustScaler | None = None

    def fit(self, cohort: Cohort) -> Dynamics:
        """Learn which signals have gaps, and the scale of each number."""
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MAX_FIT_RECORDS)).astype(int))
        names = [name for name in cohort.schema.modelled_fields if isinstance(cohort.schema[name], Signal)]
        fields = tuple(
            (name, bool(compute_missing_share(some[name]).mean() > MIN_GAP_SHARE)) for name in names
        )
        found = Dynamics(fields)
        numbers = found.compute_numbers(some)
        scales = [
            RobustScaler.from_vectors(known)
            if len(known := column[~np.isnan(column)])
            else UNMEASURED_SCALE
            for column in numbers.T
        ]
        centre, spread = (np.array(part) for part in zip(*scales, strict=True))
        return Dynamics(fields, RobustScaler(centre, spread))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d); what was never measured lies at the middle."""
        x = self.compute_numbers(cohort)
        return np.nan_to_num(x if self.scale is None else self.scale(x), posinf=0.0, neginf=0.0)

    def compute_numbers(self, cohort: Cohort) -> np.ndarray:
        """The numbers themselves, float32 (n, d), NaN where a parameter was never measured."""
        return np.concatenate([_compute_numbers(cohort[name], gaps) for name, gaps in self.fields], axis=1)


def _compute_numbers(x: np.ndarray, gaps: bool) -> np.ndarray:
    compute = compute_series_features if gaps else compute_waveform_features
    step = max(1, BATCH_VALUES // max(int(np.prod(x.shape[1:])), 1))
    return np.concatenate([compute(x[i : i + step]) for i in range(0, max(len(x), 1), step)])


__plugin__ = Dynamics
