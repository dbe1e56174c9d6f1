"""Segmentation: does a segmenter that learns from the records find the regions of real patients?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Split, compute_per_record
from manikin.downstream.pixel_classifier import (
    MAX_AXIS_PLACES,
    MAX_TEST_PATIENTS,
    compute_pixel_features,
    draw_places,
    fit_place_model,
    permute_images,
)
from manikin.errors import Unsupported
from manikin.schema.kinds import Image
from manikin.stats.downsample import downsample

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

MIN_RECORDS = 10  # records with a region on each side
SOURCE = "Dice 1945; trained on synthetic, tested on real: Esteban et al. 2017, section 4.2"


def shuffle_masks(split: Split) -> Cohort:
    """The floor: real pictures with the label maps of other records."""
    cohort = split.synthetic.cohort
    maps = [n for n, kind in cohort.schema.items() if isinstance(kind, Image) and kind.levels]
    return permute_images(cohort, maps, split.key.child("strayed"))


@metric(
    "utility",
    MetricDescription(
        "Dice on held-out patients of a pixel classifier that has learned regions from the records.",
        reading="""0 to 1; the ceiling is what as many real training records reach. Boosted trees on
        filter responses and the place, on grids of at most 32 places; the mean over labels but the
        background, and patients who have one. A small classifier, the same for all sides: it ranks
        records and competes with no network.""",
        blind_spot="It cannot see what only a larger one would learn.",
        source=SOURCE,
    ),
    better="high",
    feature="radiomics",
    cost="heavy",
    reference="train",
    floor=shuffle_masks,
)
def segmentation_dice(split: Split) -> float:
    test = split.holdout.take(np.arange(min(MAX_TEST_PATIENTS, len(split.holdout))))
    predict = _fit_segmenter(split)
    x, y = compute_per_record(test, extract_pixel_features), compute_per_record(test, extract_pixel_labels)
    found = predict(x.reshape(-1, x.shape[2])).reshape(y.shape)
    scores = [_compute_dice(found == level, y == level) for level in np.unique(y) if level]
    if not scores:
        raise Unsupported("no held-out record has a region")
    return float(np.mean(scores))


def _fit_segmenter(split: Split) -> Callable[[np.ndarray], np.ndarray]:
    """A function from vectors of places to levels."""
    x, y = (
        compute_per_record(split.synthetic, extract_pixel_features),
        compute_per_record(split.synthetic, extract_pixel_labels),
    )
    if (y > 0).any(axis=1).sum() < MIN_RECORDS:
        raise Unsupported(f"fewer than {MIN_RECORDS} records have a region to learn from")
    vectors, levels = draw_places(x, y, split.key)
    seen, target = np.unique(levels, return_inverse=True)
    if len(seen) == 1:
        return lambda new: np.full(len(new), seen[0])
    many = {"objective": "multiclass", "num_class": len(seen)} if len(seen) > 2 else {"objective": "binary"}  # noqa: PLR2004
    chances = fit_place_model(vectors, target, many)

    def predict(new: np.ndarray) -> np.ndarray:
        p = chances(new)
        return seen[p.argmax(axis=1) if p.ndim > 1 else (p > 0.5).astype(int)]  # noqa: PLR2004 - either

    return predict


def extract_pixel_features(cohort: Cohort) -> np.ndarray:
    """Filter responses at every place, (n, places, d)."""
    return compute_pixel_features(cohort[_find_fields(cohort)[0]])


def extract_pixel_labels(cohort: Cohort) -> np.ndarray:
    """The level that most of each place has, (n, places)."""
    x = cohort[_find_fields(cohort)[1]][:, 0]
    most = MAX_AXIS_PLACES[x.ndim - 1]
    if max(x.shape[1:]) <= most:
        return x.reshape(len(x), -1).astype(int)
    count = int(x.max()) + 1
    shares = np.stack([downsample(x == level, most) for level in range(count)])
    return shares.argmax(axis=0).reshape(len(x), -1)


def _find_fields(cohort: Cohort) -> tuple[str, str]:
    """The first picture, and the first label map on the same grid."""
    schema = cohort.schema
    kinds = {n: k for n in schema.modelled_fields if isinstance(k := schema[n], Image)}
    for mask in (n for n, kind in kinds.items() if kind.levels):
        for picture in (n for n, kind in kinds.items() if not kind.levels):
            if cohort[mask].shape[2:] == cohort[picture].shape[2:]:
                return picture, mask
    raise Unsupported("no label map beside a picture of the same size")


def _compute_dice(found: np.ndarray, real: np.ndarray) -> float:
    """The mean over patients who have the region."""
    both, either = (found & real).sum(axis=1), found.sum(axis=1) + real.sum(axis=1)
    there = real.any(axis=1)
    return float(np.mean(2 * both[there] / either[there]))


__plugin__ = (segmentation_dice,)
