"""Defects of pictures: copies in disguise, what generators do badly, and what must not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.edit import altered
from manikin.core import mapped_arrays
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import Defect, Planting, leaked, taken
from manikin.imaging.analysis.distortions import disguised
from manikin.schema.kinds import Category, Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

LEAKED = 0.05
BLUR = 1.0  # standard deviation of the Gaussian, in pixels
BOARD = 0.06  # height of a checkerboard, of the range of intensities
MARKED = 0.3  # share of pictures that bear text
MARKS = {  # three letters of five by three points
    "L": ("100", "100", "100", "100", "111"),
    "R": ("110", "101", "110", "101", "101"),
    "I": ("111", "010", "010", "010", "111"),
}


def shifted_pictures(given: Planting) -> Cohort:
    """Training pictures, moved by one pixel along every axis."""
    return _pictures(taken(given), lambda x, _: _shifted(x, 1))


def mirrored_pictures(given: Planting) -> Cohort:
    """Training pictures, each mirrored or turned and with another contrast."""
    copies = taken(given)
    turns, gains = given.rng.integers(1, 8, len(copies)), given.rng.uniform(0.6, 1.6, len(copies))

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        moved = np.stack([_turned(one, turn) for one, turn in zip(x, turns, strict=True)])
        return moved if labels else _contrasted(moved, gains)

    return _pictures(copies, change)


def leak_pictures(given: Planting) -> Cohort:
    """Honest records, of which 5 % have given way to training records as they are."""
    return leaked(given, given.train, LEAKED)


def leak_disguised_pictures(given: Planting) -> Cohort:
    """Honest records, of which 5 % gave way to training ones moved, mirrored, cropped or recoloured."""
    rng, n = given.rng, len(given.train)
    ways, sizes = rng.integers(0, 5, n), rng.uniform(0.8, 0.95, n)

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        found = np.array(x)
        for i, way in enumerate(ways):
            one = x[i : i + 1]
            if way < 2:  # noqa: PLR2004 - two ways that move
                found[i] = _shifted(one, 1)[0] if way else _turned(one[0], 1 + i % 3)
            elif way == 2:  # noqa: PLR2004 - the third way
                found[i] = _zoomed(one[0], sizes[i], nearest=labels)
            elif not labels:
                found[i] = (_contrasted(one, sizes[i : i + 1]) if i % 2 else _inverted(one, x))[0]
        return found

    return leaked(given, _pictures(given.train, change), LEAKED)


def leak_altered_pictures(given: Planting) -> Cohort:
    """Honest records, of which 5 % gave way to training ones turned, bent, cropped, noisy or compressed.

    Label maps beside the pictures stay as they are.
    """

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        return x if labels else _typed(disguised(x, given.rng), x)

    return leaked(given, _pictures(given.train, change), LEAKED)


def dropped_class(given: Planting) -> Cohort:
    """Honest records without one class of the label, others in their place."""
    label = given.label
    if label is None or not isinstance(given.honest.schema[label], Category):
        raise UsageError("dropped_class: there is no label with classes; name one with label=")
    values = given.honest[label].astype(str)
    levels, count = np.unique(values, return_counts=True)
    if len(levels) < 2:  # noqa: PLR2004 - one class cannot be dropped
        raise UsageError("dropped_class: the label has one class only")
    kept = np.flatnonzero(values != levels[count.argmin()])
    others = given.rng.choice(kept, len(values) - len(kept))
    return given.honest.take(np.concatenate([kept, others]))


def blurred_pictures(given: Planting) -> Cohort:
    """Honest pictures under a Gaussian of one pixel."""
    from scipy.ndimage import gaussian_filter

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        if labels:
            return x
        sigma = (0, 0, *(BLUR,) * (x.ndim - 2))
        return _typed(gaussian_filter(x.astype(np.float32), sigma), x)

    return _pictures(given.honest, change)


def checkerboard_pictures(given: Planting) -> Cohort:
    """Honest pictures under a faint checkerboard, as upsampling by strides leaves it."""

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        if labels:
            return x
        board = (-1.0) ** np.indices(x.shape[2:]).sum(axis=0)
        return _typed(x + BOARD * _span(x) * board, x)

    return _pictures(given.honest, change)


def marked_pictures(given: Planting) -> Cohort:
    """Honest pictures of which three in ten bear letters in a corner, as devices burn them in."""
    n = len(given.honest)
    chosen = np.flatnonzero(given.rng.random(n) < MARKED)
    letters = given.rng.choice(list(MARKS), n)

    def change(x: np.ndarray, labels: bool) -> np.ndarray:
        found = np.array(x)
        scale = max(1, min(x.shape[-2:]) // 16)
        for i in [] if labels else chosen:
            points = np.array([[int(p) for p in row] for row in MARKS[letters[i]]])
            mark = np.kron(points, np.ones((scale, scale))).astype(bool)
            corner = found[i][..., 1 : 1 + mark.shape[0], 1 : 1 + mark.shape[1]]
            corner[..., mark[: corner.shape[-2], : corner.shape[-1]]] = x.max()
        return found

    return _pictures(given.honest, change)


def mismatched_pictures(given: Planting) -> Cohort:
    """Honest records whose pictures have changed places: each is true, and none is this patient's."""
    names = _names(given.honest)
    if len(names) == len(given.honest.schema.modelled):
        raise UsageError("mismatched_pictures: the records hold nothing beside the pictures")
    order = given.rng.permutation(len(given.honest))
    return altered(
        given.honest,
        {name: mapped_arrays.column(mapped_arrays.rows(given.honest[name], order)) for name in names},
    )


def _names(cohort: Cohort) -> list[str]:
    names = [name for name in cohort.schema.modelled if isinstance(cohort.schema[name], Image)]
    if not names:
        raise UsageError("the records have no picture that could be spoilt")
    return names


def _pictures(cohort: Cohort, change: Callable[[np.ndarray, bool], np.ndarray]) -> Cohort:
    """Every picture changed; the function gets (n, channels, *grid) and whether it is a label map."""
    kinds = {name: cohort.schema[name] for name in _names(cohort)}
    maps = {name: isinstance(kind, Image) and kind.levels > 0 for name, kind in kinds.items()}
    return altered(
        cohort, {name: mapped_arrays.column(change(cohort[name], labels)) for name, labels in maps.items()}
    )


def _shifted(x: np.ndarray, by: int) -> np.ndarray:
    """Moved along every axis of the grid; the border is repeated."""
    for axis in range(2, x.ndim):
        places = np.maximum(np.arange(x.shape[axis]) - by, 0)
        x = np.take(x, places, axis=axis)
    return x


def _turned(x: np.ndarray, turn: int) -> np.ndarray:
    """One of the eight ways to lay a picture (channels, *grid); an oblong one is only turned by half."""
    x = np.flip(x, axis=-1) if turn & 1 else x
    x = np.flip(x, axis=-2) if turn & 2 else x
    return np.swapaxes(x, -1, -2) if turn & 4 and x.shape[-1] == x.shape[-2] else x


def _contrasted(x: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Another gamma for each picture, within the range of all."""
    low, span = float(x.min()), _span(x)
    power = gamma.reshape(-1, *(1,) * (x.ndim - 1))
    return _typed(low + span * np.clip((x - low) / span, 0, 1) ** power, x)


def _inverted(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    return _typed(float(known.min()) + float(known.max()) - x.astype(float), x)


def _zoomed(x: np.ndarray, share: float, *, nearest: bool) -> np.ndarray:
    """The middle share of a picture (channels, *grid), brought back to its size."""
    from scipy.ndimage import map_coordinates

    places = np.meshgrid(
        *[(np.arange(s) - (s - 1) / 2) * share + (s - 1) / 2 for s in x.shape[1:]], indexing="ij"
    )
    order = 0 if nearest else 1
    return np.stack([_typed(map_coordinates(part.astype(float), places, order=order), x) for part in x])


def _span(x: np.ndarray) -> float:
    return float(x.max()) - float(x.min()) or 1.0


def _typed(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """In the type and within the range of what it came from."""
    clipped = np.clip(values, like.min(), like.max())
    return (np.rint(clipped) if like.dtype.kind in "iu" else clipped).astype(like.dtype)


PICTURES = {
    "shifted_pictures": Defect(shifted_pictures, "privacy"),
    "mirrored_pictures": Defect(mirrored_pictures, "privacy"),
    "leak_pictures": Defect(leak_pictures, "privacy"),
    "leak_disguised_pictures": Defect(leak_disguised_pictures, "privacy"),
    "leak_altered_pictures": Defect(leak_altered_pictures, "privacy"),
    "dropped_class": Defect(dropped_class, "diversity"),
    "blurred_pictures": Defect(blurred_pictures, "fidelity"),
    "checkerboard_pictures": Defect(checkerboard_pictures, "fidelity"),
    "marked_pictures": Defect(marked_pictures, "fidelity"),
    "mismatched_pictures": Defect(mismatched_pictures, "fidelity"),
}
