"""Pictures on which the judge is judged: digits, chest X-rays, breast ultrasound, moles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.io import read
from manikin.schema.kinds import Category, Image
from manikin.stats.downsample import downsample

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("digits", "pneumoniamnist", "busi", "ph2")
FOLDERS = {"busi": ("ultrasound_busi", "label"), "ph2": ("dermoscopy_ph2", "diagnosis")}
SIDE = 64


def pictures(name: str, data: Path) -> tuple[Cohort, str]:
    """The cohort and its label."""
    if name == "digits":
        from sklearn.datasets import load_digits

        digits = load_digits()
        return labelled(digits.images[:, None].astype(np.uint8), digits.target), "label"
    if name == "pneumoniamnist":
        with np.load(next((data / "imaging" / "xray_pneumoniamnist").glob("*.npz"))) as archive:
            parts = ("train", "val", "test")
            x, y = (
                np.concatenate([archive[f"{part}_{key}"] for part in parts]) for key in ("images", "labels")
            )
        return labelled(x[:, None], y[:, 0]), "label"
    folder, label = FOLDERS[name]
    return reduced(read(data / "imaging" / folder), label), label


def labelled(x: np.ndarray, y: np.ndarray) -> Cohort:
    levels = tuple(int(level) for level in np.unique(y))
    schema = {"image": Image(), "label": Category(levels=levels, role="label")}
    return Cohort.from_arrays({"image": x, "label": y.astype(np.int64)}, schema)


def reduced(cohort: Cohort, label: str) -> Cohort:
    """Pictures and masks of 64 x 64 places."""
    arrays, schema = {}, {}
    for name, kind in cohort.schema.items():
        if isinstance(kind, Image):
            x = cohort[name]
            flat = downsample(x.reshape(-1, *x.shape[2:]), SIDE).reshape(*x.shape[:2], SIDE, SIDE)
            arrays[name] = (flat >= 0.5 if kind.levels else np.rint(flat)).astype(np.uint8)  # noqa: PLR2004
            schema[name] = Image(channels=kind.channels, levels=kind.levels)
        elif name == label:
            arrays[name], schema[name] = cohort[name], kind
    return Cohort.from_arrays(arrays, schema)
