"""Signals on which the judge is judged: beats of ECGs, stays in intensive care."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.io import read
from manikin.schema.kinds import Category, Number, Signal

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("mitbih", "physionet2012")
BEATS = {"subject": Number(role="subject"), "label": Category(levels=(0, 1), role="label")}
AFTERWARDS = (
    "SAPS-I",
    "SOFA",
    "Length_of_stay",
    "Survival",
)  # known only at the end, or scores of all else


def signals(name: str, data: Path) -> tuple[Cohort, str]:
    """The cohort and its label.

    Beats are 0.8 s about the R peak, class 1 premature ventricular; a subject is a record. Stays are 48 h
    of 37 parameters by the hour, class 1 death in hospital.
    """
    if name == "mitbih":
        with np.load(data / "signals" / "mitbih_beats" / "mitbih_beats.npz") as archive:
            x, y, record, rate = (archive[key] for key in ("X", "y", "record", "fs"))
        schema = BEATS | {"ecg": Signal(channels=("MLII",), rate=float(rate), window=0.8, around="*")}
        arrays = {"subject": record.astype(np.int64), "label": y.astype(np.int64), "ecg": x[:, None]}
        return Cohort.from_arrays(arrays, schema), "label"
    stays = read(data / "signals" / "physionet2012_set_a" / "set-a_long.csv.gz")
    return stays.select(*(field for field in stays.schema if field not in AFTERWARDS)), "In-hospital_death"


def stretches(cohort: Cohort, count: int = 8) -> Cohort:
    """The same with stretches of each recording in the place of subjects."""
    subject = cohort["subject"].astype(np.int64)
    place = np.concatenate([np.arange(n) * count // n for n in np.unique(subject, return_counts=True)[1]])
    order = np.argsort(subject, kind="stable")
    found = np.empty_like(subject)
    found[order] = subject[order] * count + place
    arrays = {n: cohort[n] for n in cohort.schema if n != "subject"}
    return Cohort.from_arrays(
        {"subject": found, **arrays}, {**cohort.schema, "subject": Number(role="subject")}
    )
