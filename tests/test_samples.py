"""Sample grids: synthetic pictures only, class by class, and never a copy of a training picture."""

import base64
import io

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.evaluation.evaluate import evaluate
from manikin.evaluation.measuring.views import build_views
from manikin.evaluation.report.image_examples import collect_image_examples, encode_png
from manikin.schema.kinds import Category, Image


def cohort(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 255, (n, 1, 16, 16), dtype=np.uint8)
    arrays = {"scan": x, "mask": (x > 128).astype(np.uint8), "label": rng.integers(0, 2, n)}
    schema = {"scan": Image(), "mask": Image(levels=2), "label": Category(levels=(0, 1), role="label")}
    return Cohort.from_arrays(arrays, schema)


TRAIN, HOLDOUT, FRESH = cohort(60, 0), cohort(40, 1), cohort(40, 2)


def decoded(row):
    from PIL import Image as Picture

    data = base64.b64decode(row["png"].removeprefix("data:image/png;base64,"))
    return np.asarray(Picture.open(io.BytesIO(data)))


def test_a_png_says_what_was_written():
    from PIL import Image as Picture

    x = np.random.default_rng(0).integers(0, 255, (5, 7, 3), dtype=np.uint8)
    assert (np.asarray(Picture.open(io.BytesIO(encode_png(x)))) == x).all()


def test_there_is_a_row_for_each_class_with_words_for_those_who_do_not_see():
    found = collect_image_examples(
        build_views((TRAIN, HOLDOUT, FRESH), EvaluationOptions("label"))["radiomics"], Key(0)
    )
    assert [row["group"] for row in found] == ["label 0", "label 1"]
    assert found[0]["alt"] == "8 synthetic pictures, scan, label 0, with the outline of mask"
    assert decoded(found[0]).shape == (18, 8 * 18, 3)


def test_copies_of_training_pictures_are_not_shown():
    half = np.arange(40) < 20
    mixed = Cohort.from_arrays(
        {
            name: np.where(half.reshape(-1, *(1,) * (FRESH[name].ndim - 1)), TRAIN[name][:40], FRESH[name])
            for name in ("scan", "mask")
        }
        | {"label": FRESH["label"].astype(int)},
        FRESH.schema,
    )
    found = collect_image_examples(
        build_views((TRAIN, HOLDOUT, mixed), EvaluationOptions())["radiomics"], Key(0)
    )
    tiles = decoded(found[0]).reshape(18, -1, 18, 3).transpose(1, 0, 2, 3)[:, 1:-1, 1:-1]
    known = TRAIN["scan"][:40, 0].astype(int)
    for tile in tiles:
        grey = (tile[..., 0] == tile[..., 1]) & (tile[..., 1] == tile[..., 2])
        differs = [np.abs(tile[..., 0].astype(int) - one)[grey].mean() for one in known]
        assert min(differs) > 10


@pytest.fixture(scope="module")
def card():
    return evaluate(FRESH, TRAIN, HOLDOUT, label="label")


def test_a_card_of_pictures_has_no_field_for_each_coordinate(card):
    assert set(card.plots["marginals"]) == {"label"}
    assert {row["field"] for row in card.tables["columns"]} == {"label"}


def test_the_page_shows_synthetic_pictures_and_stays_small(card, tmp_path):
    card.to_html(tmp_path / "card.html")
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3  # one on the first screen, one of each class below
    assert "synthetic pictures, scan, label 1" in page
    assert len(page) < 2_000_000
