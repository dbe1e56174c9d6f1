"""Shape: where the regions of a label map lie, how large and how compact they are."""

from __future__ import annotations

import numpy as np

MAX_LABELS = 8  # labels that are described one by one, the background left out
FEATURES_PER_LABEL = 8


def compute_shape_features(x: np.ndarray, count: int) -> np.ndarray:
    """Vectors float32 (n, 8 * labels) of label maps (n, 1, *grid).

    For each label but the background: share of the grid, pieces, centre along two axes, spread
    along two axes (IBSI 3.1: axis lengths from the moments), compactness (border over what a ball
    of that size would have) and whether it is there at all. A label that is absent has zeros.

    Args:
        x: Levels.
        count: How many levels there are, the background among them.
    """
    blocks = [_describe_region(x[:, 0] == level) for level in range(1, min(count, MAX_LABELS + 1))]
    return (
        np.concatenate(blocks, axis=1).astype(np.float32) if blocks else np.zeros((len(x), 0), np.float32)
    )


def _describe_region(inside: np.ndarray) -> np.ndarray:
    n, grid = len(inside), inside.shape[1:]
    axes = tuple(range(1, inside.ndim))
    area = inside.sum(axis=axes)
    some = np.maximum(area, 1)
    along = [_project_region(inside, axis) for axis in axes[-2:]]
    centres = [profile @ place / some for profile, place in along]
    squares = [profile @ place**2 / some for profile, place in along]
    spreads = [np.sqrt(np.maximum(s - c**2, 0)) for s, c in zip(squares, centres, strict=True)]
    border = np.sum([np.diff(inside, axis=axis).sum(axis=axes) for axis in axes], axis=0)
    power = (len(grid) - 1) / len(grid)
    there = area > 0
    columns = [
        np.sqrt(area / np.prod(grid)),
        _count_pieces(inside),
        *[np.where(there, c, 0.0) for c in centres],
        *[np.where(there, s, 0.0) for s in spreads],
        border / some**power / 4,
        there,
    ]
    return np.column_stack(columns).reshape(n, FEATURES_PER_LABEL)


def _project_region(inside: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """How much of a region lies at each place of an axis (n, side), and these places from -1 to 1."""
    others = tuple(a for a in range(1, inside.ndim) if a != axis)
    return inside.sum(axis=others), np.linspace(-1, 1, inside.shape[axis])


def _count_pieces(inside: np.ndarray) -> np.ndarray:
    """The logarithm of one more than the number of connected pieces, (n,)."""
    from scipy.ndimage import label

    counts = []
    for one in inside:
        _, count = label(one)  # type: ignore[misc] - a pair where no output is given
        counts.append(count)
    return np.log1p(counts)
