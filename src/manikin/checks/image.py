"""Checks of pictures: empty ones, Hounsfield units, field of view, sides, colours, stray masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.contracts.check import check
from manikin.schema.kinds import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.cohort.cohort import Cohort

MIN_HU = -1100.0  # HU: scanners pad with -1024, and filters overshoot a little
MIN_TISSUE_HU, MAX_TISSUE_HU = -200.0, 300.0  # HU between which soft tissue, fat and blood lie
MIN_BODY_SHARE = 0.02  # of a slice must be body
COLOUR_CHANNELS = 3
MAX_AIR_HU = -500.0  # HU, below lung near a wall and above noisy air; padding lies below
CORNER_SHARE = 1 / 16  # of each axis
MIN_AIR_CORNERS = 3  # of four corners are air where the body lies inside the field of view
SIDE_SIGNS = {"L": 1, "R": -1}


@check(Image, "Kahn et al. 2016, conformance")
def picture_not_empty(cohort: Cohort) -> np.ndarray:
    """Whether a picture has more than one value; label maps may be empty."""
    return _combine_tests(
        cohort,
        (
            x.max(axis=_list_axes(x)) > x.min(axis=_list_axes(x))
            for _, kind, x in _iterate_fields(cohort)
            if not kind.levels
        ),
    )


@check(Image, "DICOM PS3.3 C.11.1.1.2: HU; Hounsfield 1973: air -1000, water 0")
def hounsfield_units(cohort: Cohort) -> np.ndarray:
    """Whether nothing is thinner than air, and some of the picture is soft tissue; where the unit is HU."""
    return _combine_tests(
        cohort,
        (
            (x.min(axis=_list_axes(x)) >= MIN_HU)
            & (((x > MIN_TISSUE_HU) & (x < MAX_TISSUE_HU)).mean(axis=_list_axes(x)) >= MIN_BODY_SHARE)
            for _, kind, x in _iterate_fields(cohort)
            if kind.unit == "HU"
        ),
    )


@check(Image, "DICOM PS3.3 C.8.15.3.9: reconstruction field of view; Hounsfield 1973: air -1000")
def within_field_of_view(cohort: Cohort) -> np.ndarray:
    """Whether at least three of a slice's four corners are air; where the unit is HU.

    Of volumes the middle slice. Some real ones are reconstructed closer, and their rate is what counts.
    """
    planes = (
        x[:, :1].max(axis=1) if x.ndim == 4 else x[:, 0, x.shape[2] // 2]  # noqa: PLR2004 - slices
        for _, kind, x in _iterate_fields(cohort)
        if kind.unit == "HU"
    )
    return _combine_tests(
        cohort, ((_measure_corners(x) < MAX_AIR_HU).sum(axis=1) >= MIN_AIR_CORNERS for x in planes)
    )


def _measure_corners(x: np.ndarray) -> np.ndarray:
    """The median of each corner of slices (n, H, W), (n, 4)."""
    high, wide = (max(1, round(length * CORNER_SHARE)) for length in x.shape[1:])
    parts = [
        x[:, a, b] for a in (slice(high), slice(-high, None)) for b in (slice(wide), slice(-wide, None))
    ]
    return np.stack([np.median(part.reshape(len(x), -1), axis=1) for part in parts], axis=1)


@check(Image, "DICOM PS3.3 C.7.6.1.1.1: patient orientation; ACR-AAPM-SIIM mammography: display by side")
def side_as_said(cohort: Cohort) -> np.ndarray:
    """Whether a picture lies on the side that its field `laterality` says; L and R must both be there.

    Mammograms of one side have the chest wall on one side of the picture, those of the other opposite.
    Which is which the records themselves say; a record is wrong that goes against most.
    """
    if "laterality" not in cohort.schema:
        return np.ones(len(cohort), dtype=bool)
    said = np.array([SIDE_SIGNS.get(str(value), 0) for value in cohort["laterality"]])
    found = np.ones(len(cohort), dtype=bool)
    for _, kind, x in _iterate_fields(cohort):
        if not kind.levels and x.ndim == 4 and {1, -1} <= set(said):  # noqa: PLR2004 - slices
            lean = np.sign(_measure_lean(x))
            usual = np.sign(lean[said == 1].mean() - lean[said == -1].mean()) or 1.0
            found &= (said == 0) | (lean * said == usual)
    return found


def _measure_lean(x: np.ndarray) -> np.ndarray:
    """How much brighter the left half of each slice is than the right one, (n,)."""
    half = x.shape[3] // 2
    return x[..., :half].mean(axis=(1, 2, 3)) - x[..., -half:].mean(axis=(1, 2, 3))


@check(Image, "colours of skin and mucosa: Chardon et al. 1991, individual typology angle")
def colour_of_tissue(cohort: Cohort) -> np.ndarray:
    """Whether red outweighs blue over the whole of a colour picture; grey ones pass."""
    return _combine_tests(
        cohort,
        (
            x[:, 0].mean(axis=_list_axes(x)[:-1]) >= x[:, 2].mean(axis=_list_axes(x)[:-1])
            for _, kind, x in _iterate_fields(cohort)
            if not kind.levels and x.shape[1] == COLOUR_CHANNELS
        ),
    )


@check(Image, "Kahn et al. 2016, completeness")
def mask_not_empty(cohort: Cohort) -> np.ndarray:
    """Whether a label map marks anything; real ones need not either, and their rate is what counts."""
    return _combine_tests(
        cohort, (x.any(axis=_list_axes(x)) for _, kind, x in _iterate_fields(cohort) if kind.levels)
    )


@check(Image, "Kahn et al. 2016, relational conformance")
def mask_within_picture(cohort: Cohort) -> np.ndarray:
    """Whether what a label map marks lies on the picture, not on the empty ground beside it."""
    pictures = [x for _, kind, x in _iterate_fields(cohort) if not kind.levels]
    return _combine_tests(
        cohort,
        (
            _is_covered(x[:, 0] > 0, ground)
            for _, kind, x in _iterate_fields(cohort)
            if kind.levels
            for ground in pictures
            if ground.shape[2:] == x.shape[2:]
        ),
    )


def _is_covered(inside: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Whether at least half of a region lies where the picture is above its lowest value."""
    lowest = x.min(axis=_list_axes(x), keepdims=True)
    seen = (x > lowest).any(axis=1)
    axes = tuple(range(1, inside.ndim))
    return (inside & seen).sum(axis=axes) * 2 >= inside.sum(axis=axes)


def _list_axes(x: np.ndarray) -> tuple[int, ...]:
    return tuple(range(1, x.ndim))


def _iterate_fields(cohort: Cohort) -> Iterator[tuple[str, Image, np.ndarray]]:
    for name in cohort.schema.modelled_fields:
        kind = cohort.schema[name]
        if isinstance(kind, Image):
            yield name, kind, cohort[name]


def _combine_tests(cohort: Cohort, tests: Iterator[Any]) -> np.ndarray:
    found = np.ones(len(cohort), dtype=bool)
    for holds in tests:
        found &= holds
    return found


__plugin__ = (
    picture_not_empty,
    hounsfield_units,
    within_field_of_view,
    side_as_said,
    colour_of_tissue,
    mask_not_empty,
    mask_within_picture,
)
