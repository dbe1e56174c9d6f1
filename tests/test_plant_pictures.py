"""Planted defects of pictures: each does what it says, and keeps schema, types and number of records."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.contracts.metric import AXES
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.images import IMAGE_DEFECTS
from manikin.evaluation.selftest.defects.tabular import plant
from manikin.schema.kinds import Category, Image


def cohort(n, seed):
    rng = np.random.default_rng(seed)
    arrays = {
        "scan": rng.integers(0, 200, (n, 1, 16, 16), dtype=np.uint8),
        "mask": (rng.random((n, 1, 16, 16)) < 0.2).astype(np.uint8),
        "label": rng.integers(0, 3, n),
    }
    schema = {"scan": Image(), "mask": Image(levels=2), "label": Category(levels=(0, 1, 2), role="label")}
    return Cohort.from_arrays(arrays, schema)


@pytest.fixture(scope="module")
def sides():
    return cohort(60, 0), cohort(40, 1)


@pytest.mark.parametrize("defect", IMAGE_DEFECTS)
def test_schema_types_size_and_seed_are_kept(defect, sides):
    train, fresh = sides
    first, second = (plant(fresh, defect, 3, train=train) for _ in range(2))
    assert first.schema == fresh.schema
    assert first.columns.schema.types == fresh.columns.schema.types
    assert len(first) == len(fresh)
    assert first.columns.equals(second.columns)
    assert not first.columns.equals(fresh.columns)
    assert set(np.unique(first["mask"])) <= {0, 1}
    assert IMAGE_DEFECTS[defect].axis in AXES


def test_a_shifted_picture_is_a_training_picture_one_pixel_on(sides):
    train, fresh = sides
    known = {x[0, :-1, :-1].tobytes() for x in train["scan"]}
    assert {x[0, 1:, 1:].tobytes() for x in plant(fresh, "shifted_pictures", train=train)["scan"]} <= known


def test_one_in_twenty_pictures_is_leaked(sides):
    train, fresh = sides
    known = {x.tobytes() for x in train["scan"]}
    assert sum(x.tobytes() in known for x in plant(fresh, "leak_pictures", train=train)["scan"]) == 2


def test_the_rarest_class_is_dropped(sides):
    values, counts = np.unique(sides[1]["label"], return_counts=True)
    left = set(plant(sides[1], "dropped_class", train=sides[0])["label"])
    assert left == set(values) - {values[counts.argmin()]}


def test_masks_stay_with_their_pictures_when_these_change_places(sides):
    fresh = sides[1]
    planted = plant(fresh, "mismatched_pictures")
    pairs = {(a.tobytes(), b.tobytes()) for a, b in zip(fresh["scan"], fresh["mask"], strict=True)}
    assert {
        (a.tobytes(), b.tobytes()) for a, b in zip(planted["scan"], planted["mask"], strict=True)
    } == pairs


def test_a_table_has_no_picture_to_spoil(sides):
    with pytest.raises(UsageError, match="no picture"):
        plant(sides[1].select("label"), "blurred_pictures")
