"""Segmentation: does a segmenter that learns from the records find the regions of real patients?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import Split, each, metric
from manikin.downstream.pixel_classifier import TESTED, WIDEST, boosted, exchanged, some, surrounded
from manikin.errors import Unsupported
from manikin.imaging.analysis.intensity import small
from manikin.schema.kinds import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

FEWEST = 10  # records with a region on each side
SOURCE = "Dice 1945; trained on synthetic, tested on real: Esteban et al. 2017, section 4.2"


def strayed(split: Split) -> Cohort:
    """The floor: real pictures with the label maps of other records."""
    cohort = split.synthetic.cohort
    maps = [n for n, kind in cohort.schema.items() if isinstance(kind, Image) and kind.levels]
    return exchanged(cohort, maps, split.key.child("strayed"))


@metric(
    "utility",
    better="high",
    source=SOURCE,
    feature="radiomics",
    cost="heavy",
    reference="train",
    floor=strayed,
)
def segmentation_dice(split: Split) -> float:
    """Dice on held-out patients of a pixel classifier that has learned regions from the records.

    0 to 1; the ceiling is what as many real training records reach. Boosted trees on filter responses and
    the place, on grids of at most 32 places; the mean over labels but the background, and patients who
    have one. A small classifier, the same for all sides: it ranks records and competes with no network. It
    cannot see what only a larger one would learn.
    """
    test = split.holdout.take(np.arange(min(TESTED, len(split.holdout))))
    predict = _learned(split)
    x, y = each(test, pictured), each(test, labelled)
    found = predict(x.reshape(-1, x.shape[2])).reshape(y.shape)
    scores = [_dice(found == level, y == level) for level in np.unique(y) if level]
    if not scores:
        raise Unsupported("no held-out record has a region")
    return float(np.mean(scores))


def _learned(split: Split) -> Callable[[np.ndarray], np.ndarray]:
    """A function from vectors of places to levels."""
    x, y = each(split.synthetic, pictured), each(split.synthetic, labelled)
    if (y > 0).any(axis=1).sum() < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} records have a region to learn from")
    vectors, levels = some(x, y, split.key)
    seen, target = np.unique(levels, return_inverse=True)
    if len(seen) == 1:
        return lambda new: np.full(len(new), seen[0])
    many = {"objective": "multiclass", "num_class": len(seen)} if len(seen) > 2 else {"objective": "binary"}  # noqa: PLR2004
    chances = boosted(vectors, target, many)

    def predict(new: np.ndarray) -> np.ndarray:
        p = chances(new)
        return seen[p.argmax(axis=1) if p.ndim > 1 else (p > 0.5).astype(int)]  # noqa: PLR2004 - either

    return predict


def pictured(cohort: Cohort) -> np.ndarray:
    """Filter responses at every place, (n, places, d)."""
    return surrounded(cohort[_fields(cohort)[0]])


def labelled(cohort: Cohort) -> np.ndarray:
    """The level that most of each place has, (n, places)."""
    x = cohort[_fields(cohort)[1]][:, 0]
    most = WIDEST[x.ndim - 1]
    if max(x.shape[1:]) <= most:
        return x.reshape(len(x), -1).astype(int)
    count = int(x.max()) + 1
    shares = np.stack([small(x == level, most) for level in range(count)])
    return shares.argmax(axis=0).reshape(len(x), -1)


def _fields(cohort: Cohort) -> tuple[str, str]:
    """The first picture, and the first label map on the same grid."""
    schema = cohort.schema
    kinds = {n: k for n in schema.modelled if isinstance(k := schema[n], Image)}
    for mask in (n for n, kind in kinds.items() if kind.levels):
        for picture in (n for n, kind in kinds.items() if not kind.levels):
            if cohort[mask].shape[2:] == cohort[picture].shape[2:]:
                return picture, mask
    raise Unsupported("no label map beside a picture of the same size")


def _dice(found: np.ndarray, real: np.ndarray) -> float:
    """The mean over patients who have the region."""
    both, either = (found & real).sum(axis=1), found.sum(axis=1) + real.sum(axis=1)
    there = real.any(axis=1)
    return float(np.mean(2 * both[there] / either[there]))


__plugin__ = (segmentation_dice,)
