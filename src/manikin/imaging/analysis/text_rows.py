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

MIN_SIDE = 40
"""Pictures with a shorter side hold no legible text."""
_MAX_STROKE_WIDTH = 9
"""Strokes are thinner than this many places."""
_MIN_CONTRAST = 0.3
"""By how much of the range of the picture strokes stand out."""
_MIN_HEIGHT, _MAX_HEIGHT = 5, 48
"""The height of letters, in places."""
MIN_SHARED_ROW, MIN_TEXT_ROW = 4, 6
"""So many marks in a row are text where many pictures have them; so many are text in one picture."""
_STEADY_SHARE, _MIN_IMAGES = 0.6, 8
"""Marks in this share of so many pictures or more stand at one place."""


def measure_longest_row(x: np.ndarray) -> int:
    """The most marks of one height and baseline side by side: `MIN_TEXT_ROW` or more are text.

    Args:
        x: (channels, H, W), of any range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> measure_longest_row(rng.normal(size=(1, 64, 64))) < MIN_TEXT_ROW
        True
    """
    if min(x.shape[1:]) < MIN_SIDE:
        return 0
    return max(_measure_row(marks) for marks in detect_strokes(x))


def detect_strokes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where bright and where dark thin structures stand out of (channels, H, W), bool (H, W) each."""
    grey = _normalize_brightness(x)
    return detect_bright_strokes(grey), detect_bright_strokes(1 - grey)


def has_steady_marks(x: np.ndarray) -> bool:
    """Whether the same marks stand at the same place of most of n pictures (n, channels, H, W)."""
    if len(x) < _MIN_IMAGES or min(x.shape[2:]) < MIN_SIDE:
        return False
    return _has_steady_row([detect_strokes(picture) for picture in x])


def scan_images(x: np.ndarray) -> tuple[np.ndarray, bool]:
    """The longest row of each picture of (n, channels, H, W), and whether marks are steady: both at once.

    Example:
        >>> rows, same = scan_images(np.zeros((9, 1, 48, 48)))
        >>> rows.max(), same
        (np.int64(0), False)
    """
    if min(x.shape[2:]) < MIN_SIDE:
        return np.zeros(len(x), int), False
    marks = [detect_strokes(picture) for picture in x]
    return np.array([max(map(_measure_row, pair)) for pair in marks]), len(
        x
    ) >= _MIN_IMAGES and _has_steady_row(marks)


def _has_steady_row(marks: Sequence[tuple[np.ndarray, np.ndarray]]) -> bool:
    """Whether marks of one polarity stand at one place of most pictures."""
    shares = (np.mean([pair[side] for pair in marks], axis=0) for side in (0, 1))
    return any(_measure_row(share >= _STEADY_SHARE) >= MIN_SHARED_ROW for share in shares)


def _normalize_brightness(x: np.ndarray) -> np.ndarray:
    """The brightest channel, from 0 to 1."""
    grey = x.max(axis=0).astype(np.float32)
    low, high = float(grey.min()), float(grey.max())
    return (grey - low) / (high - low or 1.0)


def detect_bright_strokes(grey: np.ndarray) -> np.ndarray:
    """Where bright thin structures stand out, bool (H, W)."""
    from scipy import ndimage

    hat = grey - ndimage.grey_opening(grey, size=(_MAX_STROKE_WIDTH, _MAX_STROKE_WIDTH))
    return (hat > _MIN_CONTRAST) & (grey > 2 * _MIN_CONTRAST)


def _measure_row(marks: np.ndarray) -> int:
    """The most marks of one height and baseline, side by side."""
    from scipy import ndimage

    found: Any = ndimage.label(marks, structure=np.ones((3, 3)))
    labels, _ = found
    boxes = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        height, width = np.shape(labels[place])
        if not (_MIN_HEIGHT <= height <= _MAX_HEIGHT and width <= 1.8 * height):
            continue
        fill = float((labels[place] == number).mean())
        if 0.15 <= fill <= 0.9 or width <= 0.4 * height:  # noqa: PLR2004 - a letter, or a straight one
            boxes.append((place[1].start, place[1].stop, place[0].start, place[0].stop))
    return _measure_chain(sorted(boxes))


def _measure_chain(boxes: Sequence[tuple[int, int, int, int]]) -> int:
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
