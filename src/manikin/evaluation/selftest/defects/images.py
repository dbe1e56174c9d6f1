"""Defects of pictures: copies in disguise, what generators do badly, and what must not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from manikin.cohort.edit import replace_columns
from manikin.core import arrow
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import (
    Defect,
    DefectInput,
    copy_training_records,
    inject_leaks,
)
from manikin.imaging.analysis.distortions import distort_images
from manikin.schema.kinds import Category, Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

LEAKED_SHARE = 0.05
BLUR_SD = 1.0  # standard deviation of the Gaussian, in pixels
CHECKERBOARD_HEIGHT = 0.06  # height of a checkerboard, of the range of intensities
MARKED_SHARE = 0.3  # share of pictures that bear text
LETTER_BITMAPS = {  # three letters of five by three points
    "L": ("100", "100", "100", "100", "111"),
    "R": ("110", "101", "110", "101", "101"),
    "I": ("111", "010", "010", "010", "111"),
}


def shift_images(given: DefectInput) -> Cohort:
    """Training pictures, moved by one pixel along every axis."""
    return _alter_images(copy_training_records(given), lambda x, _: _shift_grid(x, 1))


def mirror_images(given: DefectInput) -> Cohort:
    """Training pictures, each mirrored or turned and with another contrast."""
    copies = copy_training_records(given)
    turns, gains = given.rng.integers(1, 8, len(copies)), given.rng.uniform(0.6, 1.6, len(copies))

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        moved = np.stack([_reorient(one, turn) for one, turn in zip(x, turns, strict=True)])
        return moved if labels else _change_contrast(moved, gains)

    return _alter_images(copies, change)


def leak_images(given: DefectInput) -> Cohort:
    """Honest records, of which 5 % have given way to training records as they are."""
    return inject_leaks(given, given.train, LEAKED_SHARE)


def leak_disguised_images(given: DefectInput) -> Cohort:
    """Honest records, of which 5 % gave way to training ones moved, mirrored, cropped or recoloured."""
    rng, n = given.rng, len(given.train)
    ways, sizes = rng.integers(0, 5, n), rng.uniform(0.8, 0.95, n)

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        found = np.array(x)
        for i, way in enumerate(ways):
            one = x[i : i + 1]
            if way < 2:  # noqa: PLR2004 - two ways that move
                found[i] = _shift_grid(one, 1)[0] if way else _reorient(one[0], 1 + i % 3)
            elif way == 2:  # noqa: PLR2004 - the third way
                found[i] = _zoom(one[0], sizes[i], nearest=labels)
            elif not labels:
                found[i] = (_change_contrast(one, sizes[i : i + 1]) if i % 2 else _invert(one, x))[0]
        return found

    return inject_leaks(given, _alter_images(given.train, change), LEAKED_SHARE)


def leak_altered_images(given: DefectInput) -> Cohort:
    """Honest records, of which 5 % gave way to training ones turned, bent, cropped, noisy or compressed.

    Label maps beside the pictures stay as they are.
    """

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        return x if labels else _cast_like(distort_images(x, given.rng), x)

    return inject_leaks(given, _alter_images(given.train, change), LEAKED_SHARE)


def drop_class(given: DefectInput) -> Cohort:
    """Honest records without one class of the label, others in their place."""
    label = given.label
    if label is None or not isinstance(given.cohort.schema[label], Category):
        raise UsageError("dropped_class: there is no label with classes; name one with label=")
    values = given.cohort[label].astype(str)
    levels, count = np.unique(values, return_counts=True)
    if len(levels) < 2:  # noqa: PLR2004 - one class cannot be dropped
        raise UsageError("dropped_class: the label has one class only")
    kept = np.flatnonzero(values != levels[count.argmin()])
    others = given.rng.choice(kept, len(values) - len(kept))
    return given.cohort.take(np.concatenate([kept, others]))


def blur_images(given: DefectInput) -> Cohort:
    """Honest pictures under a Gaussian of one pixel."""

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        if labels:
            return x
        sigma = (0, 0, *(BLUR_SD,) * (x.ndim - 2))
        return _cast_like(gaussian_filter(x.astype(np.float32), sigma), x)

    return _alter_images(given.cohort, change)


def add_checkerboard(given: DefectInput) -> Cohort:
    """Honest pictures under a faint checkerboard, as upsampling by strides leaves it."""

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        if labels:
            return x
        board = (-1.0) ** np.indices(x.shape[2:]).sum(axis=0)
        return _cast_like(x + CHECKERBOARD_HEIGHT * _compute_range(x) * board, x)

    return _alter_images(given.cohort, change)


def burn_in_letters(given: DefectInput) -> Cohort:
    """Honest pictures of which three in ten bear letters in a corner, as devices burn them in."""
    n = len(given.cohort)
    chosen = np.flatnonzero(given.rng.random(n) < MARKED_SHARE)
    letters = given.rng.choice(list(LETTER_BITMAPS), n)

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        found = np.array(x)
        scale = max(1, min(x.shape[-2:]) // 16)
        for i in [] if labels else chosen:
            points = np.array([[int(p) for p in row] for row in LETTER_BITMAPS[letters[i]]])
            mark = np.kron(points, np.ones((scale, scale))).astype(bool)
            corner = found[i][..., 1 : 1 + mark.shape[0], 1 : 1 + mark.shape[1]]
            corner[..., mark[: corner.shape[-2], : corner.shape[-1]]] = x.max()
        return found

    return _alter_images(given.cohort, change)


def shuffle_images(given: DefectInput) -> Cohort:
    """Honest records whose pictures have changed places: each is true, and none is this patient's."""
    names = _list_image_fields(given.cohort)
    if len(names) == len(given.cohort.schema.modelled_fields):
        raise UsageError("mismatched_pictures: the records hold nothing beside the pictures")
    order = given.rng.permutation(len(given.cohort))
    return replace_columns(
        given.cohort,
        {name: arrow.to_column(arrow.take_rows(given.cohort[name], order)) for name in names},
    )


def _list_image_fields(cohort: Cohort) -> list[str]:
    names = [name for name in cohort.schema.modelled_fields if isinstance(cohort.schema[name], Image)]
    if not names:
        raise UsageError("the records have no picture that could be spoilt")
    return names


def _alter_images(cohort: Cohort, change: Callable[[np.ndarray, bool], np.ndarray]) -> Cohort:
    """Every picture changed; the function gets (n, channels, *grid) and whether it is a label map."""
    kinds = {name: cohort.schema[name] for name in _list_image_fields(cohort)}
    maps = {name: isinstance(kind, Image) and kind.levels > 0 for name, kind in kinds.items()}
    return replace_columns(
        cohort,
        {name: arrow.to_column(change(cohort[name], labels)) for name, labels in maps.items()},
    )


def _shift_grid(x: np.ndarray, by: int) -> np.ndarray:
    """Moved along every axis of the grid; the border is repeated."""
    for axis in range(2, x.ndim):
        places = np.maximum(np.arange(x.shape[axis]) - by, 0)
        x = np.take(x, places, axis=axis)
    return x


def _reorient(x: np.ndarray, turn: int) -> np.ndarray:
    """One of the eight ways to lay a picture (channels, *grid); an oblong one is only turned by half."""
    x = np.flip(x, axis=-1) if turn & 1 else x
    x = np.flip(x, axis=-2) if turn & 2 else x
    return np.swapaxes(x, -1, -2) if turn & 4 and x.shape[-1] == x.shape[-2] else x


def _change_contrast(x: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Another gamma for each picture, within the range of all."""
    low, span = float(x.min()), _compute_range(x)
    power = gamma.reshape(-1, *(1,) * (x.ndim - 1))
    return _cast_like(low + span * np.clip((x - low) / span, 0, 1) ** power, x)


def _invert(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    return _cast_like(float(known.min()) + float(known.max()) - x.astype(float), x)


def _zoom(x: np.ndarray, share: float, *, nearest: bool) -> np.ndarray:
    """The middle share of a picture (channels, *grid), brought back to its size."""
    places = np.meshgrid(
        *[(np.arange(s) - (s - 1) / 2) * share + (s - 1) / 2 for s in x.shape[1:]], indexing="ij"
    )
    order = 0 if nearest else 1
    return np.stack([_cast_like(map_coordinates(part.astype(float), places, order=order), x) for part in x])


def _compute_range(x: np.ndarray) -> float:
    return float(x.max()) - float(x.min()) or 1.0


def _cast_like(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """In the type and within the range of what it came from."""
    clipped = np.clip(values, like.min(), like.max())
    return (np.rint(clipped) if like.dtype.kind in "iu" else clipped).astype(like.dtype)


IMAGE_DEFECTS = {
    "shifted_pictures": Defect(shift_images, "privacy"),
    "mirrored_pictures": Defect(mirror_images, "privacy"),
    "leak_pictures": Defect(leak_images, "privacy"),
    "leak_disguised_pictures": Defect(leak_disguised_images, "privacy"),
    "leak_altered_pictures": Defect(leak_altered_images, "privacy"),
    "dropped_class": Defect(drop_class, "diversity"),
    "blurred_pictures": Defect(blur_images, "fidelity"),
    "checkerboard_pictures": Defect(add_checkerboard, "fidelity"),
    "marked_pictures": Defect(burn_in_letters, "fidelity"),
    "mismatched_pictures": Defect(shuffle_images, "fidelity"),
}
