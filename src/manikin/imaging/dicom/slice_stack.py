"""Slices along their normal: copies and repetitions told apart, gaps, and even grids on request."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from manikin.imaging.dicom.slice import Slice

_MAX_GAP_DEVIATION = 0.01
"""Gaps that differ by more than this share of the usual gap are uneven."""


def drop_duplicates(slices: Iterable[Slice]) -> tuple[list[Slice], list[str]]:
    """Every SOP instance once, as a copy from an archive or a file sent twice stands twice."""
    known: dict[str, Slice] = {}
    copies = 0
    for piece in slices:
        name = piece.identity.instance or str(piece.path)
        copies += name in known
        known.setdefault(name, piece)
    note = f"{copies} files repeat the SOP instance of another and are read once"
    return list(known.values()), [note] if copies else []


def split_repetitions(group: list[Slice]) -> tuple[list[list[Slice]], str]:
    """Slices at one position as repetitions, each a volume of its own; and a note on what is left."""
    most = _count_repetitions(group)
    if most == 1:
        return [group], ""
    parts: dict[object, list[Slice]] = {}
    for piece in group:
        parts.setdefault(piece.tags.repeat_key, []).append(piece)
    if len(parts) == 1 and not any(piece.position for piece in group):
        return [[piece] for piece in group], ""
    if len(parts) > 1 and max(map(_count_repetitions, parts.values())) == 1:
        return list(parts.values()), ""
    counts = Counter(round(piece.height, 3) for piece in group)
    doubled = sum(count > 1 for count in counts.values())
    ranked = _rank_slices(group)
    if set(counts.values()) == {most}:
        return ranked, f"{most} slices at each position, taken for {most} repetitions by their numbers"
    return ranked[:1], (
        f"two slices at one position ({doubled} of {len(counts)} positions): the first by number is kept, "
        f"{len(group) - len(counts)} left out"
    )


def _count_repetitions(group: Sequence[Slice]) -> int:
    return max(Counter(round(piece.height, 3) for piece in group).values())


def _rank_slices(group: Sequence[Slice]) -> list[list[Slice]]:
    """The first slice of every position, the second, ..., by their numbers in the series."""
    seen: Counter[float] = Counter()
    ranks: list[list[Slice]] = []
    for piece in sorted(group, key=lambda piece: (piece.instance_number, piece.path.name)):
        place = round(piece.height, 3)
        if seen[place] == len(ranks):
            ranks.append([])
        ranks[seen[place]].append(piece)
        seen[place] += 1
    return ranks


def count_uneven_gaps(heights: Sequence[float]) -> int:
    """How many gaps differ from the usual one.

    Example:
        >>> count_uneven_gaps([0, 1, 2, 4]), count_uneven_gaps([0, 1, 2, 3])
        (1, 0)
    """
    gaps = np.abs(np.diff(heights))
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    return int((np.abs(gaps - usual) > _MAX_GAP_DEVIATION * max(usual, 1e-6)).sum())


def resample_evenly(x: np.ndarray, heights: Sequence[float]) -> np.ndarray:
    """A volume (channels, D, H, W) at heights in even steps of the usual gap, interpolated linearly.

    Example:
        >>> resample_evenly(np.array([0.0, 1.0, 3.0]).reshape(1, 3, 1, 1), [0, 1, 3]).ravel().tolist()
        [0.0, 1.5, 3.0]
        >>> x = np.array([0.0, 1.0, 2.0, 4.0]).reshape(1, 4, 1, 1)
        >>> resample_evenly(x, [0, 1, 2, 4]).ravel().tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    known = np.array(heights, float)
    grid = np.linspace(known[0], known[-1], count_even_slices(heights))
    below = np.clip(np.searchsorted(known, grid, side="right") - 1, 0, len(known) - 2)
    share = ((grid - known[below]) / np.diff(known)[below])[:, None, None]
    y = x[:, below] * (1 - share) + x[:, below + 1] * share
    return (np.rint(y) if x.dtype.kind in "iu" else y).astype(x.dtype)


def count_even_slices(heights: Sequence[float]) -> int:
    """How many slices there are at even steps of the usual gap."""
    gaps = np.abs(np.diff(heights))
    return round(abs(heights[-1] - heights[0]) / float(np.median(gaps))) + 1
