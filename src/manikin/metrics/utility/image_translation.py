"""Translation: is one picture of a patient told from another as well as with real pairs?"""

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
from manikin.imaging.analysis.similarity import compute_psnr
from manikin.schema.kinds import Image
from manikin.stats.downsample import downsample

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

MIN_RECORDS = 10  # records to learn from
SOURCE = "PSNR; trained on synthetic, tested on real: Esteban et al. 2017, section 4.2"


def shuffle_targets(split: Split) -> Cohort:
    """The floor: real pictures with the second picture of other records."""
    cohort = split.synthetic.cohort
    return permute_images(cohort, _find_fields(cohort)[1:], split.key.child("estranged"))


@metric(
    "utility",
    MetricDescription(
        "PSNR of held-out patients' second picture, told from their first by what the records teach.",
        reading="""In dB; more is better; the ceiling is what as many real training records reach.
        Boosted trees on filter responses and the place, on grids of at most 32 places; the mean over
        patients, with the range of the held-out pictures as the signal. The first two pictures of
        values on one grid count, channels averaged.""",
        blind_spot="""A small regression, the same for all sides: it cannot see what only a larger one
        would learn, nor detail finer than its grid.""",
        source=SOURCE,
    ),
    better="high",
    feature="radiomics",
    cost="heavy",
    reference="train",
    floor=shuffle_targets,
)
def translation_psnr(split: Split) -> float:
    test = split.holdout.take(np.arange(min(MAX_TEST_PATIENTS, len(split.holdout))))
    predict = _fit_translator(split)
    x, y = compute_per_record(test, extract_pixel_features), compute_per_record(test, extract_target_pixels)
    span = float(np.ptp(y))
    if not span:
        raise Unsupported("the held-out second pictures are all of one value")
    return float(compute_psnr(predict(x.reshape(-1, x.shape[2])).reshape(y.shape), y, span).mean())


def _fit_translator(split: Split) -> Callable[[np.ndarray], np.ndarray]:
    """A regression from vectors of places to values of the second picture."""
    x, y = (
        compute_per_record(split.synthetic, extract_pixel_features),
        compute_per_record(split.synthetic, extract_target_pixels),
    )
    if len(x) < MIN_RECORDS:
        raise Unsupported(f"fewer than {MIN_RECORDS} records to learn from")
    return fit_place_model(*draw_places(x, y, split.key), {"objective": "regression"})


def extract_pixel_features(cohort: Cohort) -> np.ndarray:
    """Filter responses at every place of the first picture, (n, places, d)."""
    return compute_pixel_features(cohort[_find_fields(cohort)[0]])


def extract_target_pixels(cohort: Cohort) -> np.ndarray:
    """The second picture at the same places, (n, places)."""
    x = cohort[_find_fields(cohort)[1]].astype(np.float32).mean(axis=1)
    return downsample(x, MAX_AXIS_PLACES[x.ndim - 1]).reshape(len(x), -1)


def _find_fields(cohort: Cohort) -> tuple[str, str]:
    """The first two pictures of values on one grid."""
    schema = cohort.schema
    kinds = [n for n in schema.modelled_fields if isinstance(k := schema[n], Image) and not k.levels]
    for i, first in enumerate(kinds):
        for second in kinds[i + 1 :]:
            if cohort[first].shape[2:] == cohort[second].shape[2:]:
                return first, second
    raise Unsupported("no two pictures of the same size")


__plugin__ = (translation_psnr,)
