"""Lettering: rows of small sharp marks of one height, as text burned into a picture is.

A cheap detector without a network: thin structures that stand out from what is around them (top-hat
transform, Serra 1982), their connected components, and rows of components of one height and baseline
(Epshtein, Ofek and Wexler 2010, Detecting text in natural scenes, use the same geometry).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 40
"""Pictures with a shorter side hold no legible text."""
_STROKE = 9
"""Strokes are thinner than this many places."""
_CONTRAST = 0.3
"""By how much of the range of the picture strokes stand out."""
_LOW, _HIGH = 5, 48
"""The height of letters, in places."""
ROW, LONG = 4, 6
"""So many marks in a row are text where many pictures have them; so many are text in one picture."""
_STEADY, _ENOUGH = 0.6, 8
"""Marks in this share of so many pictures or more stand at one place."""


def longest_row(x: np.ndarray) -> int:
    """The most marks of one height and baseline side by side: `LONG` or more are text.

    Args:
        x: (channels, H, W), of any range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> longest_row(rng.normal(size=(1, 64, 64))) < LONG
        True
    """
    if min(x.shape[1:]) < SMALLEST:
        return 0
    return max(_rows(marks) for marks in both(x))


def both(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where bright and where dark thin structures stand out of (channels, H, W), bool (H, W) each."""
    grey = _scaled(x)
    return strokes(grey), strokes(1 - grey)


def steady(x: np.ndarray) -> bool:
    """Whether the same marks stand at the same place of most of n pictures (n, channels, H, W)."""
    if len(x) < _ENOUGH or min(x.shape[2:]) < SMALLEST:
        return False
    return _is_steady([both(picture) for picture in x])


def look(x: np.ndarray) -> tuple[np.ndarray, bool]:
    """The longest row of each picture of (n, channels, H, W), and whether marks are steady: both at once.

    Example:
        >>> rows, same = look(np.zeros((9, 1, 48, 48)))
        >>> rows.max(), same
        (np.int64(0), False)
    """
    if min(x.shape[2:]) < SMALLEST:
        return np.zeros(len(x), int), False
    marks = [both(picture) for picture in x]
    return np.array([max(map(_rows, pair)) for pair in marks]), len(x) >= _ENOUGH and _is_steady(marks)


def _is_steady(marks: Sequence[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Whether marks of one polarity stand at one place of most pictures."""
    shares = (np.mean([pair[side] for pair in marks], axis=0) for side in (0, 1))
    return any(_rows(share >= _STEADY) >= ROW for share in shares)


def _scaled(x: np.ndarray) -> np.ndarray:
    """The brightest channel, from 0 to 1."""
    grey = x.max(axis=0).astype(np.float32)
    low, high = float(grey.min()), float(grey.max())
    return (grey - low) / (high - low or 1.0)


def strokes(grey: np.ndarray) -> np.ndarray:
    """Where bright thin structures stand out, bool (H, W)."""
    from scipy import ndimage

    hat = grey - ndimage.grey_opening(grey, size=(_STROKE, _STROKE))
    return (hat > _CONTRAST) & (grey > 2 * _CONTRAST)


def _rows(marks: np.ndarray) -> int:
    """The most marks of one height and baseline, side by side."""
    from scipy import ndimage

    found: Any = ndimage.label(marks, structure=np.ones((3, 3)))
    labels, _ = found
    boxes = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        height, width = np.shape(labels[place])
        if not (_LOW <= height <= _HIGH and width <= 1.8 * height):
            continue
        fill = float((labels[place] == number).mean())
        if 0.15 <= fill <= 0.9 or width <= 0.4 * height:  # noqa: PLR2004 - a letter, or a straight one
            boxes.append((place[1].start, place[1].stop, place[0].start, place[0].stop))
    return _longest(sorted(boxes))


def _longest(boxes: Sequence[tuple[int, int, int, int]]) -> int:
    """The longest chain of boxes (left, right, top, bottom) that follow one another on a line."""
    best: list[int] = []
    for i, (left, _, top, bottom) in enumerate(boxes):
        height, before = bottom - top, [0]
        for j in range(i):
            _, right, upper, lower = boxes[j]
            other = lower - upper
            near = -1 <= left - right <= 0.9 * max(height, other)
            level = min(abs(bottom - lower), abs(top - upper)) <= max(1.0, 0.15 * max(height, other))
            if near and level and 0.6 <= height / other <= 1.7:  # noqa: PLR2004 - capitals and small letters
                before.append(best[j])
        best.append(1 + max(before))
    return max(best, default=0)
