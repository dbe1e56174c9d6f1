"""Signals: memory, links between channels, missingness over time, and how well the next value is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once, compute_per_record
from manikin.errors import Unsupported
from manikin.schema.kinds import Signal
from manikin.signals.analysis.interpolate import compute_missing_share, interpolate_gaps
from manikin.signals.analysis.spectrum import choose_lags, compute_autocorrelation, correlate_channels

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

Windows = tuple[np.ndarray, np.ndarray, np.ndarray]
MAX_CHANNELS = 24  # the first ones, whose pairs are looked at
FORECAST_LAGS = 12  # places from which the next value is told
RIDGE = 1e-3  # over the mean eigenvalue
MAX_LEARNED = 10_000  # places from which a forecast is learned
TIME_BINS = 24
MIN_MISSING_SHARE = 0.001  # of the places of all records must be missing
NI = "Ni et al. 2020, Conditional Sig-Wasserstein GANs, section 5: ACF and correlation metrics"
YOON = "Yoon et al. 2019, Time-series generative adversarial networks, section 5: predictive score"


@metric(
    "fidelity",
    MetricDescription(
        "How far the autocorrelation of synthetic signals lies from that of real ones.",
        reading="""0 to 2; 0 is best. The mean autocorrelation of each channel at up to 12 lags, from
        one place to half the length, the mean difference over these.""",
        blind_spot="""It sees shuffled time, another pace and noise; it cannot see amplitudes, or how
        much records differ: spectrum_distance does.""",
        source=NI,
    ),
    better="low",
    feature="dynamics",
)
def autocorrelation_distance(split: Split) -> float:
    real, candidate = (
        compute_per_record(side, compute_lagged_autocorrelation).mean(axis=0)
        for side in (split.holdout, split.synthetic)
    )
    return float(np.abs(real - candidate).mean())


@metric(
    "fidelity",
    MetricDescription(
        "How far the correlations between the channels of synthetic signals lie from those of real ones.",
        reading="""0 to 2; 0 is best. Within each record at the same time, the mean over records of
        each pair of the first 24 channels, then the mean difference over pairs.""",
        blind_spot="""It sees swapped or inverted leads; it cannot see that one channel follows another
        later.""",
        source=NI,
    ),
    better="low",
    feature="dynamics",
)
def channel_correlation_distance(split: Split) -> float:
    real, candidate = (
        compute_per_record(side, compute_channel_correlations).mean(axis=0)
        for side in (split.holdout, split.synthetic)
    )
    return float(np.abs(real - candidate).mean())


@metric(
    "fidelity",
    MetricDescription(
        "Mean difference, over the parameters of a series, in how often they are missing.",
        reading="""0 to 1; 0 is best. The share of all places at which a parameter has no value; for
        each parameter in all records, and in all parameters at each of up to 24 stretches of time.""",
        blind_spot="It cannot see which records lack what: c2st_auc[dynamics] does.",
        source="difference of proportions",
    ),
    better="low",
    feature="dynamics",
    floor="complete",
)
def missing_rate_distance(split: Split) -> float:
    compute_once(split.train, _raise_if_no_gaps)
    real, candidate = (
        compute_per_record(side, compute_missing_shares).mean(axis=0)
        for side in (split.holdout, split.synthetic)
    )
    return float(np.abs(real - candidate).mean())


@metric(
    "utility",
    MetricDescription(
        "Mean error at real patients' next values of forecasts that were learned from the records.",
        reading="""From 0, in standard deviations of the training records; the ceiling is what as many
        real records teach. After the predictive score of Yoon et al., with a linear forecast from the
        last 12 places of all channels in place of a recurrent network, so that it has no chance in it.
        Values that are missing are crossed by lines and not asked for.""",
        blind_spot="It cannot see what a linear forecast does not use.",
        source=YOON,
    ),
    better="low",
    feature="dynamics",
    cost="heavy",
    reference="train",
)
def forecast_error(split: Split) -> float:
    scales = compute_once(split.train, _fit_scales)
    taught, asked = (compute_once(side, _cut_windows, scales) for side in (split.synthetic, split.holdout))
    return float(
        np.mean([_compute_forecast_error(_fit_forecast(taught[name]), asked[name]) for name in scales])
    )


def compute_lagged_autocorrelation(cohort: Cohort) -> np.ndarray:
    """Autocorrelation at a few lags, channel by channel, (n, channels * lags)."""
    found = [compute_autocorrelation(x)[..., choose_lags(x.shape[2])] for x in _list_signals(cohort)]
    return np.concatenate([part.reshape(len(part), -1) for part in found], axis=1)


def compute_channel_correlations(cohort: Cohort) -> np.ndarray:
    """The correlation of each pair of channels, (n, pairs)."""
    found = np.concatenate([correlate_channels(x, MAX_CHANNELS) for x in _list_signals(cohort)], axis=1)
    if not found.shape[1]:
        raise Unsupported("the signals have one channel only")
    return found


def compute_missing_shares(cohort: Cohort) -> np.ndarray:
    """The share of missing places of each channel, then of each stretch of time, (n, d)."""
    found = []
    for x in _list_signals(cohort):
        parts = np.array_split(np.isnan(x).mean(axis=1), min(TIME_BINS, x.shape[2]), axis=1)
        found += [compute_missing_share(x), np.column_stack([part.mean(axis=1) for part in parts])]
    return np.concatenate(found, axis=1)


def _list_signals(cohort: Cohort) -> list[np.ndarray]:
    return [cohort[name] for name in _list_signal_names(cohort)]


def _list_signal_names(cohort: Cohort) -> list[str]:
    return [name for name in cohort.schema.modelled_fields if isinstance(cohort.schema[name], Signal)]


def _raise_if_no_gaps(train: Sample) -> None:
    """Check that values are missing.

    Raises:
        Unsupported: None is.
    """
    if compute_per_record(train, compute_missing_shares).mean() < MIN_MISSING_SHARE:
        raise Unsupported("the signals have no gaps")


def _fit_scales(train: Sample) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The mean and deviation of each channel, (channels, 1), where there is a next value to tell."""
    found = {}
    for name in _list_signal_names(train.source_cohort):
        x = train.cohort[name].astype(np.float64)
        if x.shape[2] <= FORECAST_LAGS:
            continue
        known = ~np.isnan(x)
        count = np.maximum(known.sum(axis=(0, 2)), 1)[:, None]
        mean = np.nan_to_num(x).sum(axis=(0, 2))[:, None] / count
        square = np.where(known, (x - mean) ** 2, 0).sum(axis=(0, 2))[:, None] / count
        found[name] = mean, np.where(square > 0, np.sqrt(square), 1.0)
    if not found:
        raise Unsupported(f"the signals have {FORECAST_LAGS} places or fewer")
    return found


def _cut_windows(sample: Sample, scales: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, Windows]:
    """For each field the values before, the values after, and which of these were observed."""
    return {name: _cut_field(sample.cohort[name], *ends) for name, ends in scales.items()}


def _cut_field(x: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> Windows:
    never = np.isnan(x).all(axis=2, keepdims=True)
    z = np.where(never, 0.0, (interpolate_gaps(x) - mean) / spread)
    pace = max(1, len(z) * (z.shape[2] - FORECAST_LAGS) // MAX_LEARNED)
    ends = np.arange(FORECAST_LAGS, z.shape[2], pace)
    before = np.stack([z[..., end - FORECAST_LAGS : end] for end in ends], axis=1).reshape(
        len(z) * len(ends), -1
    )
    after = np.moveaxis(z[..., ends], 2, 1).reshape(-1, z.shape[1])
    known = np.moveaxis(~np.isnan(x)[..., ends], 2, 1).reshape(-1, z.shape[1])
    return np.column_stack([before, np.ones(len(before))]), after, known


def _fit_forecast(windows: Windows) -> np.ndarray:
    """Weights of a ridge regression of the values after on those before, (1 + channels * 12, channels)."""
    x, y, _ = windows
    square = x.T @ x
    penalty = RIDGE * np.trace(square) / len(square)
    return np.linalg.solve(square + penalty * np.eye(len(square)), x.T @ y)


def _compute_forecast_error(weights: np.ndarray, windows: Windows) -> float:
    before, after, known = windows
    return float(np.abs(before @ weights - after)[known].mean()) if known.any() else 0.0


__plugin__ = (
    autocorrelation_distance,
    channel_correlation_distance,
    missing_rate_distance,
    forecast_error,
)
