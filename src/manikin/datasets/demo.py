"""Small cohorts for documentation, demonstrations and laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.core.seeds import Key
from manikin.schema.kinds import Category, Image, Kind, Number, Schema, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS_BY_WORD = {"radius": "image units", "perimeter": "image units", "area": "square image units"}


def load_demo() -> Cohort:
    """Breast cancer Wisconsin (diagnostic): 569 fine-needle aspirates, 30 measurements, the diagnosis.

    Each measurement of the cell nuclei comes as mean, standard error and worst. Lengths are in
    the units of the digitised image. Source: W. H. Wolberg, W. N. Street and O. L. Mangasarian,
    UCI Machine Learning Repository, 1995, CC BY 4.0; the copy bundled with scikit-learn.

    Example:
        >>> cohort = load_demo()
        >>> len(cohort), cohort.schema.find_by_role("label"), cohort.schema["diagnosis"].levels
        (569, 'diagnosis', ('benign', 'malignant'))
    """
    from sklearn.datasets import load_breast_cancer

    bundle: Any = load_breast_cancer(as_frame=True)
    frame = bundle.frame
    diagnosis = frame.pop("target").map({0: "malignant", 1: "benign"})
    schema: dict[str, Kind] = {name: Number(unit=_find_unit(name), low=0) for name in frame.columns}
    schema["diagnosis"] = Category(levels=("benign", "malignant"), role="label")
    return Cohort.from_pandas(frame.assign(diagnosis=diagnosis), Schema(schema))


def _find_unit(name: str) -> str:
    return next((unit for word, unit in _UNITS_BY_WORD.items() if word in name), "ratio")


def generate_multimodal_demo(n: int = 64, seed: int = 0) -> Cohort:
    """Made-up patients with age, sex, a two-lead ECG, a 2-D scan and a small 3-D volume.

    One hidden severity, which rises with age and is higher in men, sets heart rate and beat
    height in the ECG and the size of the lesion in scan and volume: whoever models them jointly
    must find it. There is no real person behind any number.

    Args:
        n: How many patients.
        seed: Same seed, same patients.

    Example:
        >>> cohort = generate_multimodal_demo(4)
        >>> [cohort[name].shape for name in ("age", "ecg", "scan", "volume")]
        [(4,), (4, 2, 128), (4, 1, 16, 16), (4, 1, 8, 8, 8)]
    """
    rng = Key(seed).child("demo").numpy()
    age = rng.normal(60, 12, n).clip(18, 95).round()
    male = rng.random(n) < 0.5  # noqa: PLR2004 - as many men as women
    severity = 1 / (1 + np.exp(-((age - 60) / 12 + 0.5 * male + 0.5 * rng.standard_normal(n))))
    arrays = {
        "age": age.astype(np.int64),
        "sex": np.where(male, "M", "F").astype(object),
        "ecg": _simulate_ecg(severity, rng),
        "scan": _simulate_lesion(severity, 16, 2, rng),
        "volume": _simulate_lesion(severity, 8, 3, rng),
    }
    return Cohort.from_arrays(arrays, _MULTIMODAL_SCHEMA)


_MULTIMODAL_SCHEMA: dict[str, Kind] = {
    "age": Number(unit="years", low=18, high=95, step=1),
    "sex": Category(levels=("F", "M")),
    "ecg": Signal(channels=("I", "II"), rate=100.0, unit="mV"),
    "scan": Image(channels=("intensity",), spacing=(1.0, 1.0)),
    "volume": Image(channels=("intensity",), spacing=(2.0, 2.0, 2.0)),
}


def _simulate_ecg(severity: np.ndarray, rng: np.random.Generator, length: int = 128) -> np.ndarray:
    """Two leads (n, 2, length) at 100 Hz: beats of 50 to 120 per minute, lower where severity is high."""
    n = len(severity)
    second = np.arange(length) / 100
    phase = (second[None, :] * (50 + 70 * severity[:, None]) / 60 + rng.random((n, 1))) % 1
    bump: Callable[[float, float], np.ndarray] = lambda at, width: np.exp(-(((phase - at) / width) ** 2))  # noqa: E731
    lead = (
        (1.2 - 0.6 * severity[:, None]) * bump(0.4, 0.02) - 0.2 * bump(0.45, 0.02) + 0.2 * bump(0.7, 0.06)
    )
    leads = np.stack([lead, 0.7 * lead], axis=1)
    return (leads + 0.02 * rng.standard_normal(leads.shape)).astype(np.float32)


def _simulate_lesion(severity: np.ndarray, side: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """Pictures (n, 1, side, ...): a bright ball near the centre whose radius grows with severity."""
    n = len(severity)
    place = (slice(None), *[None] * axes)
    line = np.linspace(-1, 1, side)
    centre = rng.uniform(-0.2, 0.2, (axes, n))
    mesh = np.meshgrid(*[line] * axes, indexing="ij")
    squares = [(grid[None] - at[place]) ** 2 for grid, at in zip(mesh, centre, strict=True)]
    distance = np.sqrt(np.sum(squares, axis=0))
    ball = 1 / (1 + np.exp(8 * (distance - 0.2 - 0.6 * severity[place])))
    return (ball + 0.05 * rng.standard_normal(ball.shape))[:, None].astype(np.float32)
