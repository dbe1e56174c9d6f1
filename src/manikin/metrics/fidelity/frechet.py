"""Frechet and kernel distance: are pictures or signals spread like real ones in the space of a feature?"""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported

MIN_RECORDS = 12  # records on each side
MAX_RECORDS = 2_000  # records of a side whose kernels are computed
HEUSEL = "Heusel et al. 2017, equation 6; covariances shrunken as by Ledoit and Wolf 2004"
BINKOWSKI = "Bińkowski et al. 2018, Demystifying MMD GANs, sections 3 and 4; unbiased"


@metric(
    "fidelity",
    MetricDescription(
        "Frechet distance between Gaussians fitted to synthetic and to held-out records' vectors.",
        reading="""From 0; real records are above 0 and more so the fewer they are: compare with the
        ceiling, at the same number, and never with figures of another feature.""",
        blind_spot="""It sees means and covariances, so blur, artefacts and lost variety; it cannot see
        a few copied patients.""",
        source=HEUSEL,
    ),
    better="low",
    feature="grid",
    floor="superimposed",
)
def frechet_distance(split: Split) -> float:
    _raise_if_few(split)
    (m, a), (n, b) = (compute_once(side, fit_gaussian) for side in (split.holdout, split.synthetic))
    root = _compute_root(a)
    middle = np.linalg.eigvalsh(root @ b @ root)
    trace = np.trace(a) + np.trace(b) - 2 * np.sqrt(np.maximum(middle, 0)).sum()
    return float(max(((m - n) ** 2).sum() + trace, 0.0))


@metric(
    "fidelity",
    MetricDescription(
        "Squared maximum mean discrepancy under the kernel (x·y / d + 1)³: the kernel inception distance.",
        reading="Around 0 for real records, whatever their number; it may be below 0 by chance.",
        blind_spot="It sees moments up to the third; it cannot see a few copied patients.",
        source=BINKOWSKI,
    ),
    better="low",
    feature="grid",
    floor="superimposed",
)
def kernel_distance(split: Split) -> float:
    _raise_if_few(split)
    x, y = (side.x[:MAX_RECORDS].astype(float) for side in (split.holdout, split.synthetic))
    within = [_average_off_diagonal(_compute_kernel(side, side)) for side in (x, y)]
    return float(sum(within) - 2 * _compute_kernel(x, y).mean())


def fit_gaussian(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and shrunken covariance (d, d) of the vectors.

    Ledoit and Wolf 2004, section 3: towards a multiple of the identity, by as much as the error of
    the sample covariance asks for.
    """
    x = sample.x.astype(float)
    n, d = x.shape
    z = x - x.mean(axis=0)
    cov = z.T @ z / n
    scale = np.trace(cov) / d
    spread = ((cov - scale * np.eye(d)) ** 2).sum()
    error = ((z**2).sum(axis=1) ** 2).sum() / n**2 - (cov**2).sum() / n
    weight = min(max(error, 0.0) / max(spread, 1e-12), 1.0)
    return x.mean(axis=0), (1 - weight) * cov + weight * scale * np.eye(d)


def _compute_root(cov: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh(cov)
    return (axes * np.sqrt(np.maximum(values, 0))) @ axes.T


def _compute_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _average_off_diagonal(kernel: np.ndarray) -> float:
    """The mean off the diagonal."""
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


def _raise_if_few(split: Split) -> None:
    fewest = min(len(split.holdout), len(split.synthetic))
    if fewest < MIN_RECORDS:
        raise Unsupported(f"{fewest} records on one side; it needs {MIN_RECORDS}")


__plugin__ = (frechet_distance, kernel_distance)
