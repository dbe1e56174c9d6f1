"""The directions of the axes of pictures and volumes, as three letters, and turns from one to another.

"LPS" says that columns run to the patient's left, rows to the back (posterior) and slices upwards
(superior): an axial picture as most viewers show it. The letters are those of NIfTI, in the order of its
axes (x, y, z); arrays have the reverse order (D, H, W).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_AXIS_ENDS = (("L", "R"), ("P", "A"), ("S", "I"))
_PLANE_NAMES = {
    "S": "axial",
    "I": "axial",
    "L": "sagittal",
    "R": "sagittal",
    "A": "coronal",
    "P": "coronal",
}
_MAX_ANISOTROPY = 1.05
_SPATIAL_AXES = 3


def to_axis_codes(axes: Sequence[float]) -> str:
    """The letters of the six direction cosines of (0020,0037); "" without them.

    The third is that of the normal, along which slices are sorted.

    Example:
        >>> to_axis_codes([1, 0, 0, 0, 1, 0]), to_axis_codes([-1, 0, 0, 0, -1, 0])
        ('LPS', 'RAS')
        >>> to_axis_codes([0, 1, 0, 0, 0, -1])
        'PIR'
    """
    if len(axes) != 2 * _SPATIAL_AXES:
        return ""
    row, column = np.array(axes[:_SPATIAL_AXES], float), np.array(axes[_SPATIAL_AXES:], float)
    found = []
    for way in (row, column, np.cross(row, column)):
        axis = next(
            (
                int(i)
                for i in np.argsort(-np.abs(way), kind="stable")
                if _AXIS_ENDS[i][0] not in _find_taken_axes(found)
            ),
            0,
        )
        found.append(_AXIS_ENDS[axis][0 if way[axis] > 0 else 1])
    return "".join(found)


def _find_taken_axes(found: Sequence[str]) -> set[str]:
    """The first letters of the axes that are taken."""
    return {ends[0] for ends in _AXIS_ENDS if set(ends) & set(found)}


def find_plane(code: str) -> str:
    """In which plane slices lie.

    Example:
        >>> find_plane("LPS"), find_plane("PIR"), find_plane("LIA"), find_plane("")
        ('axial', 'sagittal', 'coronal', 'unknown')
    """
    return _PLANE_NAMES.get(code[-1:], "unknown")


def to_cosines(code: str) -> np.ndarray:
    """The directions of columns, rows and slices in patient coordinates, (3, 3): one in each row.

    Example:
        >>> to_cosines("RAS").tolist()
        [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    ways = np.zeros((3, 3))
    for row, letter in enumerate(code):
        axis = next(i for i, ends in enumerate(_AXIS_ENDS) if letter in ends)
        ways[row, axis] = 1.0 if letter == _AXIS_ENDS[axis][0] else -1.0
    return ways


def can_turn(code: str, target: str, spacing: Sequence[float], *, deep: bool) -> bool:
    """Whether flips, or a change of axes that loses nothing, bring one orientation to another.

    Planes are changed only in volumes whose places are as long as wide and high.

    Example:
        >>> can_turn("RAS", "LPS", (3, 1, 1), deep=True), can_turn("PIR", "LPS", (3, 1, 1), deep=True)
        (True, False)
    """
    if not code or not target:
        return False
    if find_plane(code) == find_plane(target):
        return True
    return deep and len(spacing) == _SPATIAL_AXES and max(spacing) <= _MAX_ANISOTROPY * min(spacing)


def plan_turn(code: str, target: str, *, deep: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How the axes of an array change places, and which of the new ones are reversed.

    Args:
        code: Its orientation.
        target: That to which it is turned.
        deep: Whether it is (channels, D, H, W), else (channels, H, W).

    Example:
        >>> plan_turn("RAS", "LPS", deep=True), plan_turn("PLS", "LPS", deep=False)
        (((0, 1, 2, 3), (2, 3)), ((0, 2, 1), ()))
    """
    axis = lambda letter: next(i for i, ends in enumerate(_AXIS_ENDS) if letter in ends)  # noqa: E731 - short
    n = _SPATIAL_AXES if deep else 2
    mine, theirs = code[:n][::-1], target[:n][::-1]  # in the order of arrays
    places = tuple(next(i for i, mark in enumerate(mine) if axis(mark) == axis(t)) for t in theirs)
    flips = tuple(i + 1 for i, place in enumerate(places) if mine[place] != theirs[i])
    return (0, *(place + 1 for place in places)), flips


def turn_array(x: np.ndarray, code: str, target: str) -> np.ndarray:
    """A picture (channels, H, W) or volume (channels, D, H, W) in another orientation; no value changes.

    Example:
        >>> turn_array(np.arange(4).reshape(1, 2, 2), "RAS", "LPS").tolist()
        [[[3, 2], [1, 0]]]
    """
    order, flips = plan_turn(code, target, deep=x.ndim > _SPATIAL_AXES)
    return np.ascontiguousarray(np.flip(x.transpose(order), flips))


def turn_sizes(sizes: Sequence[float], code: str, target: str) -> tuple[float, ...]:
    """Sizes or steps along the grid after the turn."""
    if not sizes:
        return ()
    order, _ = plan_turn(code, target, deep=len(sizes) == _SPATIAL_AXES)
    return tuple(sizes[place - 1] for place in order[1:])
