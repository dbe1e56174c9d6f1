"""The demonstration cohorts."""

import numpy as np

from manikin.datasets.demo import generate_multimodal_demo, load_demo
from manikin.schema.kinds import Category, Number


def test_breast_cancer():
    cohort = load_demo()
    assert (len(cohort), len(cohort.schema)) == (569, 31)
    assert cohort.schema["diagnosis"] == Category(("benign", "malignant"), role="label")
    assert (cohort["diagnosis"] == "malignant").sum() == 212
    assert cohort.schema["mean radius"] == Number(unit="image units", low=0, step=0.001)
    assert len(cohort.schema.modelled_fields) == 31


def test_the_parts_of_made_up_patients_depend_on_one_another():
    cohort = generate_multimodal_demo(400, seed=3)
    lesion = cohort["scan"].mean(axis=(1, 2, 3))
    assert np.corrcoef(cohort["age"], lesion)[0, 1] > 0.5
    assert np.corrcoef(lesion, cohort["volume"].mean(axis=(1, 2, 3, 4)))[0, 1] > 0.8
    assert np.corrcoef(lesion, np.ptp(cohort["ecg"], axis=2)[:, 0])[0, 1] < -0.5
    men = cohort["sex"] == "M"
    assert lesion[men].mean() > lesion[~men].mean()


def test_same_seed_same_patients():
    first, again, other = (generate_multimodal_demo(8, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first.schema)
    assert not np.array_equal(first["ecg"], other["ecg"])
